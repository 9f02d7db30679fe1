"""The strategy's settings in the course of a run: callbacks may change them."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from operator import attrgetter
from typing import Any

from freqkernels.bridge.engine.callbacks import own_callbacks
from freqkernels.bridge.engine.settings import (
    strategy_settings_support,
    timeouts_support,
)
from freqkernels.simulation.structs import Struct, roi_steps

#: What freqtrade calls on each row of an open trade, and the setting that has it do so.
EVERY_ROW = {
    "custom_exit": "use_exit_signal",
    "custom_sell": "use_exit_signal",
    "custom_roi": "use_custom_roi",
    "adjust_trade_position": "position_adjustment_enable",
}
#: What freqtrade calls on each row while an entry order waits.
WAITING = frozenset(
    ["check_entry_timeout", "check_buy_timeout", "adjust_order_price", "adjust_entry_price"]
)
_NAMES = (
    "stoploss",
    "trailing_stop",
    "trailing_stop_positive",
    "trailing_stop_positive_offset",
    "trailing_only_offset_is_reached",
    "use_exit_signal",
    "exit_profit_only",
    "exit_profit_offset",
    "ignore_roi_if_entry_signal",
    "max_open_trades",
    "use_custom_stoploss",
    "use_custom_roi",
    "position_adjustment_enable",
    "ignore_buying_expired_candle_after",
)
_values_of = attrgetter(*_NAMES)
_CALLBACKS = (*EVERY_ROW, *WAITING, "bot_loop_start")


class Settings:
    """What the walk through a run goes by, and whether it is still so.

    :param strategy: the strategy object.
    :param rules: makes the struct of the rules from the settings as they are.
    """

    def __init__(self, strategy: Any, rules: Callable[[], Struct]) -> None:
        self._strategy = strategy
        self._rules = rules
        self._seen: tuple[Any, ...] = ()
        self._tables: tuple[Any, Any] = ({}, None)
        self._own: frozenset[str] = frozenset()
        self.has_changed()

    def has_changed(self) -> bool:
        """Whether something is not what it was when this was asked the last time."""
        strategy = self._strategy
        own = vars(strategy)
        seen = (*_values_of(strategy), *map(own.get, _CALLBACKS))
        tables = strategy.minimal_roi, strategy.config.get("unfilledtimeout")
        if seen == self._seen and tables == self._tables:
            return False
        self._seen = seen
        self._tables = deepcopy(tables)
        self._own = own_callbacks(strategy)
        return True

    @property
    def are_usual(self) -> bool:
        """Whether the walk can go by them; freqtrade has to see everything otherwise."""
        return bool(
            strategy_settings_support(self._strategy) and timeouts_support(self._strategy.config)
        )

    def structs(self) -> tuple[Struct, Struct]:
        """The rules and the steps of ``minimal_roi``."""
        return self._rules(), roi_steps(self._strategy.minimal_roi)

    def watched(self) -> tuple[bool, bool, bool, bool]:
        """Whether each candle, each row of an open trade, each entry signal, each row of a
        waiting entry order is an event."""
        if not self.are_usual:
            return "bot_loop_start" in self._own, True, True, True
        strategy = self._strategy
        every_row = bool(strategy.use_custom_stoploss) or any(
            name in self._own and getattr(strategy, setting) for name, setting in EVERY_ROW.items()
        )
        every_wait = not self._own.isdisjoint(WAITING)
        return "bot_loop_start" in self._own, every_row, False, every_wait
