"""Strategies whose signals stand in the candles; loaded by freqtrade's own resolver."""

from typing import Any

import pandas as pd
from freqtrade.strategy import IStrategy

WISH = "wish_"  # a column wish_enter_long becomes the signal column enter_long


def grant(dataframe: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """Fill signal columns where the table says something about them."""
    for name in names:
        if f"{WISH}{name}" in dataframe.columns:
            wish = dataframe[f"{WISH}{name}"]
            if name.endswith("_tag"):
                told = wish.map(lambda tag: tag != "")
                dataframe[name] = dataframe[name].astype(object).where(~told, wish)
            else:
                dataframe[name] = wish
    return dataframe


class Table(IStrategy):
    """Long only."""

    INTERFACE_VERSION = 3
    timeframe = "5m"
    minimal_roi = {"0": 100.0}  # noqa: RUF012
    stoploss = -0.99
    startup_candle_count = 0
    protections: list[dict[str, Any]] = []  # noqa: RUF012

    def populate_indicators(
        self, dataframe: pd.DataFrame, metadata: dict[str, Any]
    ) -> pd.DataFrame:
        return dataframe

    def populate_entry_trend(
        self, dataframe: pd.DataFrame, metadata: dict[str, Any]
    ) -> pd.DataFrame:
        return grant(dataframe, ("enter_long", "enter_short", "enter_tag"))

    def populate_exit_trend(
        self, dataframe: pd.DataFrame, metadata: dict[str, Any]
    ) -> pd.DataFrame:
        return grant(dataframe, ("exit_long", "exit_short", "exit_tag"))


class TableShort(Table):
    """Both directions, futures."""

    can_short = True


class Leverage5(TableShort):
    """Five times."""

    def leverage(self, *args: Any, **kwargs: Any) -> float:
        return 5.0


class Leverage3(TableShort):
    """Three times, as an int."""

    def leverage(self, *args: Any, **kwargs: Any) -> float:
        return 3


class Leverage100(TableShort):
    """More than any pair has."""

    def leverage(self, *args: Any, **kwargs: Any) -> float:
        return 100.0


class LeverageHalf(TableShort):
    """Less than there is."""

    def leverage(self, *args: Any, **kwargs: Any) -> float:
        return 0.5


class TableAsked(Table):
    """Callbacks that answer what the table says, by name; those it does not name say nothing."""

    def answer(self, name: str, default: Any) -> Any:
        return self.config["table"].get(name, default)

    def custom_exit(self, *args: Any, **kwargs: Any) -> Any:
        return self.answer("custom_exit", {}).get(kwargs["current_rate"])

    def custom_entry_price(self, *args: Any, **kwargs: Any) -> float:
        return self.answer("custom_entry_price", kwargs["proposed_rate"])

    def confirm_trade_exit(self, *args: Any, **kwargs: Any) -> bool:
        return kwargs["exit_reason"] not in self.answer("refuse_exit", ())

    def confirm_trade_entry(self, *args: Any, **kwargs: Any) -> bool:
        return self.answer("confirm_trade_entry", True)

    def adjust_order_price(self, *args: Any, **kwargs: Any) -> float | None:
        side = "entry" if kwargs["is_entry"] else "exit"
        return self.answer(f"adjust_{side}_price", kwargs["current_order_rate"])
