"""Trades both directions on futures, with a leverage that depends on the market."""

from datetime import datetime
from typing import Any, ClassVar

import talib.abstract as ta
from freqtrade.strategy import IStrategy
from pandas import DataFrame


class FuturesSwing(IStrategy):  # type: ignore[misc]  # freqtrade is untyped
    """Long and short on crossings of MACD, in the direction of the longer trend.

    Needs ``trading_mode: futures``. One callback, ``leverage``; funding fees and liquidation
    prices come from freqtrade.
    """

    INTERFACE_VERSION = 3
    timeframe = "5m"
    can_short = True
    startup_candle_count = 200
    process_only_new_candles = True

    minimal_roi: ClassVar[dict[str, float]] = {"0": 0.06, "120": 0.03, "480": 0.01}
    stoploss = -0.08

    calm_leverage = 5.0
    hectic_leverage = 2.0

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, str]) -> DataFrame:
        """MACD for the turns, an average for the trend, the normalised range for the leverage."""
        macd = ta.MACD(dataframe, fastperiod=12, slowperiod=26, signalperiod=9)
        dataframe["macd"] = macd["macd"]
        dataframe["macd_signal"] = macd["macdsignal"]
        dataframe["ema"] = ta.EMA(dataframe, timeperiod=200)
        dataframe["natr"] = ta.NATR(dataframe, timeperiod=48)
        return dataframe

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, str]) -> DataFrame:
        """MACD crosses its signal against a short countermove, in the direction of the trend."""
        above = dataframe["macd"] > dataframe["macd_signal"]
        before = above.shift(1, fill_value=False)
        rising = dataframe["close"] > dataframe["ema"]
        turned_up = above & ~before & rising & (dataframe["macd"] < 0)
        turned_down = ~above & before & ~rising & (dataframe["macd"] > 0)
        dataframe.loc[turned_up, ["enter_long", "enter_tag"]] = (1, "turned_up")
        dataframe.loc[turned_down, ["enter_short", "enter_tag"]] = (1, "turned_down")
        return dataframe

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict[str, str]) -> DataFrame:
        """Out when the price crosses the average against the trade."""
        far = 0.01 * dataframe["ema"]
        dataframe.loc[dataframe["close"] < dataframe["ema"] - far, "exit_long"] = 1
        dataframe.loc[dataframe["close"] > dataframe["ema"] + far, "exit_short"] = 1
        return dataframe

    def leverage(
        self,
        pair: str,
        current_time: datetime,
        current_rate: float,
        proposed_leverage: float,
        max_leverage: float,
        entry_tag: str | None,
        side: str,
        **kwargs: Any,
    ) -> float:
        """Less leverage where the market moves more than half a percent a candle."""
        dataframe, _ = self.dp.get_analyzed_dataframe(pair, self.timeframe)
        hectic = dataframe["natr"].iloc[-1] > 0.5
        return min(self.hectic_leverage if hectic else self.calm_leverage, max_leverage)
