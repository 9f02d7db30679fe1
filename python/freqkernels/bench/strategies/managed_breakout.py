"""Buys breakouts and manages each trade by callbacks: stake, entry price, stoploss, exit."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

import talib.abstract as ta
from freqtrade.persistence import Trade
from freqtrade.strategy import IStrategy, stoploss_from_absolute
from pandas import DataFrame


class ManagedBreakout(IStrategy):  # type: ignore[misc]  # freqtrade is untyped
    """Enters on a new high and hands the trade to callbacks.

    The stake shrinks where the market moves more, the stoploss follows at a distance of the
    average true range, losers are reduced once, stale trades are closed, and a pair that was
    stopped out rests for two hours.
    """

    INTERFACE_VERSION = 3
    timeframe = "5m"
    startup_candle_count = 100
    process_only_new_candles = True

    minimal_roi: ClassVar[dict[str, float]] = {"0": 0.08}
    stoploss = -0.08
    use_custom_stoploss = True
    position_adjustment_enable = True

    stop_distance = 3.0  # in average true ranges
    stale_after = timedelta(hours=12)
    rest_after_stop = timedelta(hours=2)

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, str]) -> DataFrame:
        """Range of the last four hours, average true range and trend strength."""
        dataframe["highest"] = ta.MAX(dataframe["high"], timeperiod=48)
        dataframe["atr"] = ta.ATR(dataframe, timeperiod=14)
        dataframe["adx"] = ta.ADX(dataframe, timeperiod=14)
        dataframe["ema"] = ta.EMA(dataframe, timeperiod=100)
        return dataframe

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, str]) -> DataFrame:
        """A close above the highest price of the four hours before, in a market with a trend."""
        breakout = dataframe["close"] > dataframe["highest"].shift(1)
        trending = (dataframe["adx"] > 22) & (dataframe["close"] > dataframe["ema"])
        dataframe.loc[breakout & trending, ["enter_long", "enter_tag"]] = (1, "breakout")
        return dataframe

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict[str, str]) -> DataFrame:
        """Out when the price falls through the average."""
        fallen = dataframe["close"] < dataframe["ema"] * 0.995
        dataframe.loc[fallen, ["exit_long", "exit_tag"]] = (1, "below_average")
        return dataframe

    def _last(self, pair: str, column: str) -> float:
        dataframe, _ = self.dp.get_analyzed_dataframe(pair, self.timeframe)
        return float(dataframe[column].iloc[-1])

    def custom_stake_amount(
        self,
        pair: str,
        current_time: datetime,
        current_rate: float,
        proposed_stake: float,
        min_stake: float | None,
        max_stake: float,
        leverage: float,
        entry_tag: str | None,
        side: str,
        **kwargs: Any,
    ) -> float:
        """Half of the stake where the average true range is above one percent of the price."""
        hectic = self._last(pair, "atr") > 0.01 * current_rate
        return proposed_stake / 2 if hectic else proposed_stake

    def custom_entry_price(
        self,
        pair: str,
        trade: Trade | None,
        current_time: datetime,
        proposed_rate: float,
        entry_tag: str | None,
        side: str,
        **kwargs: Any,
    ) -> float:
        """A limit a little below the open; an order that is not filled is cancelled."""
        return proposed_rate * 0.9995

    def confirm_trade_entry(
        self,
        pair: str,
        order_type: str,
        amount: float,
        rate: float,
        time_in_force: str,
        current_time: datetime,
        entry_tag: str | None,
        side: str,
        **kwargs: Any,
    ) -> bool:
        """No entry more than two percent above the average."""
        return rate < self._last(pair, "ema") * 1.02

    def custom_stoploss(
        self,
        pair: str,
        trade: Trade,
        current_time: datetime,
        current_rate: float,
        current_profit: float,
        after_fill: bool,
        **kwargs: Any,
    ) -> float | None:
        """Follow the price at a distance of some average true ranges."""
        stop = current_rate - self.stop_distance * self._last(pair, "atr")
        return float(stoploss_from_absolute(stop, current_rate, False, trade.leverage))

    def adjust_trade_position(
        self,
        trade: Trade,
        current_time: datetime,
        current_rate: float,
        current_profit: float,
        min_stake: float | None,
        max_stake: float,
        current_entry_rate: float,
        current_exit_rate: float,
        current_entry_profit: float,
        current_exit_profit: float,
        **kwargs: Any,
    ) -> float | tuple[float | None, str | None] | None:
        """Sell half of a trade that has lost one percent, once."""
        if current_profit < -0.01 and trade.nr_of_successful_exits == 0:
            return -trade.stake_amount / 2, "reduce_loser"
        return None

    def custom_exit(
        self,
        pair: str,
        trade: Trade,
        current_time: datetime,
        current_rate: float,
        current_profit: float,
        **kwargs: Any,
    ) -> str | bool | None:
        """Close what went nowhere for half a day."""
        age = current_time - trade.open_date_utc
        return "stale" if age > self.stale_after and abs(current_profit) < 0.005 else None

    def confirm_trade_exit(
        self,
        pair: str,
        trade: Trade,
        order_type: str,
        amount: float,
        rate: float,
        time_in_force: str,
        exit_reason: str,
        current_time: datetime,
        **kwargs: Any,
    ) -> bool:
        """Let a pair rest that is stopped out with a loss."""
        if "stop" in exit_reason and trade.calc_profit_ratio(rate) < 0:
            self.lock_pair(pair, current_time + self.rest_after_stop, reason="stopped out")
        return True
