"""The strategies of random cases: settings and signals are handed in, nothing is computed.

Read by freqtrade's resolver, as any strategy file is.
"""

from datetime import datetime
from typing import Any, ClassVar

from freqtrade.strategy import IStrategy
from pandas import DataFrame


class Fuzzed(IStrategy):  # type: ignore[misc]  # freqtrade is untyped
    """No callbacks.

    ``config["fuzzed"]`` holds attributes; ``fuzzed_columns`` holds, by pair, the signal columns.
    """

    INTERFACE_VERSION = 3
    fuzzed_columns: dict[str, dict[str, Any]]

    def __init__(self, config: dict[str, Any]) -> None:
        for name, value in config["fuzzed"].items():
            setattr(self, name, value)
        super().__init__(config)

    def populate_indicators(self, dataframe: DataFrame, metadata: dict[str, str]) -> DataFrame:
        """None."""
        return dataframe

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict[str, str]) -> DataFrame:
        """The entry columns of the case."""
        return self._hand_out(dataframe, metadata["pair"], "enter_")

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict[str, str]) -> DataFrame:
        """The exit columns of the case."""
        return self._hand_out(dataframe, metadata["pair"], "exit_")

    def _hand_out(self, dataframe: DataFrame, pair: str, prefix: str) -> DataFrame:
        for name, values in self.fuzzed_columns[pair].items():
            if name.startswith(prefix):
                dataframe[name] = values
        return dataframe


class FuzzedLeverage(Fuzzed):
    """Leverage that depends on the arguments alone; ``fuzzed_leverage`` says how."""

    fuzzed_leverage: ClassVar[dict[str, Any]] = {"by": "constant", "value": 1.0}

    def leverage(
        self, current_rate: float, max_leverage: float, entry_tag: str | None, side: str, **_: Any
    ) -> Any:
        """A number, float or int."""
        rule = self.fuzzed_leverage
        if rule["by"] == "side":
            return rule[side]
        if rule["by"] == "rate":
            return 1.0 + current_rate % rule["modulus"]
        if rule["by"] == "limit":
            return max_leverage
        if rule["by"] == "tag":
            return rule["value"] if entry_tag else 1
        return rule["value"]


class FuzzedExits(Fuzzed):
    """Exits at a profit, by callback."""

    def custom_exit(self, current_profit: float, **_: Any) -> str | None:
        """A reason one percent away from the entry."""
        return "far enough" if abs(current_profit) > 0.01 else None


class FuzzedStops(Fuzzed):
    """A stop that follows the profit, by callback."""

    use_custom_stoploss = True

    def custom_stoploss(self, current_profit: float, after_fill: bool, **_: Any) -> float | None:
        """Two percent once there is a profit."""
        return -0.02 if current_profit > 0.005 and not after_fill else None


class FuzzedConfirmation(Fuzzed):
    """Trades in some minutes only."""

    def confirm_trade_entry(self, current_time: datetime, **_: Any) -> bool:
        """Even minutes."""
        return current_time.minute % 2 == 0

    def confirm_trade_exit(self, current_time: datetime, **_: Any) -> bool:
        """No multiples of four."""
        return current_time.minute % 4 != 0


class FuzzedPrices(Fuzzed):
    """Entries and exits at better prices than the open, so that orders wait."""

    def custom_entry_price(self, proposed_rate: float, side: str, **_: Any) -> float:
        """0.4 percent better."""
        return proposed_rate * (1.004 if side == "short" else 0.996)

    def custom_exit_price(self, trade: Any, proposed_rate: float, **_: Any) -> float:
        """0.3 percent better."""
        return proposed_rate * (0.997 if trade.is_short else 1.003)


class FuzzedPositions(Fuzzed):
    """Adds at a loss, sells a half at a profit."""

    position_adjustment_enable = True

    def adjust_trade_position(self, trade: Any, current_profit: float, **_: Any) -> float | None:
        """Half of the stake, in either direction."""
        stake: float = trade.stake_amount
        if current_profit < -0.005 and trade.nr_of_successful_entries < 3:
            return stake / 2
        if current_profit > 0.01 and trade.nr_of_successful_exits < 1:
            return -stake / 2
        return None
