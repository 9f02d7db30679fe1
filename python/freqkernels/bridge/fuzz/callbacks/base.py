"""What the strategies of cases with callbacks inherit: signals from outside, a log of calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from freqkernels.bridge.fuzz.callbacks.record import Record
from freqkernels.bridge.fuzz.callbacks.visible import trade_groups
from freqkernels.bridge.fuzz.strategies.fuzzed import Fuzzed

_MOST_KEPT = 3
_LATE = 12


class Calling:
    """An object that can be called as a method of a strategy.

    :param strategy: the strategy.
    :param function: what to call with it.
    """

    def __init__(self, strategy: Any, function: Callable[..., Any]) -> None:
        self.strategy, self.function = strategy, function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(self.strategy, *args, **kwargs)


class Called(Fuzzed):
    """A strategy that logs what its callbacks are called with and what they can see."""

    fuzzed_record: Record
    #: A timeframe larger than that of the case, whose candles can be asked for.
    fuzzed_larger: str
    fuzzed_calls = 0

    def __init__(self, config: dict[str, Any]) -> None:
        # What a callback changes in them must not reach the next strategy.
        self.order_types = dict(Fuzzed.order_types)
        self.order_time_in_force = dict(Fuzzed.order_time_in_force)
        super().__init__(config)

    def bot_start(self, **kwargs: Any) -> None:
        """Before the first backtest."""
        self.fuzzed_record = Record()
        self.fuzzed_kept: list[Any] = []
        self.fuzzed_calls = 0

    def seen(self, callback: str, given: dict[str, Any], *, look: bool = True) -> None:
        """Log a call.

        :param callback: name of the callback.
        :param given: its local variables.
        :param look: whether to look at trades and orders.
        """
        self.fuzzed_calls += 1
        if self.fuzzed_calls == _LATE:
            self.set_late()
        extra = given.get("kwargs", {})
        arguments = {k: v for k, v in given.items() if k not in {"self", "kwargs", "__class__"}}
        self.fuzzed_record.call(self, callback, {**arguments, **extra}, look=look)

    def set_late(self) -> None:
        """Set callbacks that the strategy does not have from the beginning."""

    def toss(self, step: str, every: int) -> bool:
        """Whether to do a step now; see :meth:`Record.toss`."""
        return self.fuzzed_record.toss(step, every)

    def look(self, *values: Any) -> None:
        """Note values."""
        self.fuzzed_record.look(*values)

    def keep(self, trade: Any) -> None:
        """Keep a trade that a callback was given, beyond the call."""
        self.fuzzed_kept = [*self.fuzzed_kept[1 - _MOST_KEPT :], trade]

    def look_at_kept(self) -> None:
        """Note the trades that were kept, as they are now."""
        for trade in self.fuzzed_kept:
            self.look(dict(trade_groups(trade, "kept")))
