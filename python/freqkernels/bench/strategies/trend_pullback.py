"""Buys short dips in a rising market. No callbacks: signals, ROI table and stoploss decide."""

from typing import ClassVar

import talib.abstract as ta
from freqtrade.strategy import IStrategy
from pandas import DataFrame


class TrendPullback(IStrategy):  # type: ignore[misc]  # freqtrade is untyped
    """Enters when the price has dipped while the averages point up, leaves when it has recovered.

    Everything that decides on a trade stands in a column or in a class attribute, so a backtest
    never has to call back into this file while it simulates.
    """

    INTERFACE_VERSION = 3
    timeframe = "5m"
    startup_candle_count = 200
    process_only_new_candles = True

    minimal_roi: ClassVar[dict[str, float]] = {"0": 0.04, "60": 0.02, "240": 0.01, "720": 0.0}
    stoploss = -0.06
    trailing_stop = True
    trailing_stop_positive = 0.01
    trailing_stop_positive_offset = 0.02
    trailing_only_offset_is_reached = True

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, str]) -> DataFrame:
        """Trend by two averages, strength by ADX, dips by RSI and Bollinger bands."""
        dataframe["ema_fast"] = ta.EMA(dataframe, timeperiod=50)
        dataframe["ema_slow"] = ta.EMA(dataframe, timeperiod=200)
        dataframe["adx"] = ta.ADX(dataframe, timeperiod=14)
        dataframe["rsi"] = ta.RSI(dataframe, timeperiod=14)
        bands = ta.BBANDS(dataframe, timeperiod=20, nbdevup=2.0, nbdevdn=2.0)
        dataframe["band_low"] = bands["lowerband"]
        dataframe["band_high"] = bands["upperband"]
        return dataframe

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, str]) -> DataFrame:
        """A dip below the lower band, or a weak RSI, in a rising market that is traded."""
        rising = (dataframe["ema_fast"] > dataframe["ema_slow"]) & (dataframe["volume"] > 0)
        below_band = rising & (dataframe["close"] < dataframe["band_low"])
        weak = rising & (dataframe["rsi"] < 35) & (dataframe["adx"] > 20)
        dataframe.loc[weak, ["enter_long", "enter_tag"]] = (1, "weak_rsi")
        dataframe.loc[below_band, ["enter_long", "enter_tag"]] = (1, "below_band")
        return dataframe

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict[str, str]) -> DataFrame:
        """Out when the price stands above the upper band with a high RSI."""
        recovered = (dataframe["rsi"] > 68) & (dataframe["close"] > dataframe["band_high"])
        dataframe.loc[recovered, ["exit_long", "exit_tag"]] = (1, "recovered")
        return dataframe
