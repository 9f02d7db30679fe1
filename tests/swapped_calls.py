"""One call with faster functions in freqtrade's places, and one without."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from freqtrade.persistence import PairLocks, Trade
from freqtrade.persistence.usedb_context import FtNoDBContext

from freqkernels.bridge.objects.swaps import Swap, swapped


@contextmanager
def no_database() -> Iterator[None]:
    """No database, no trades, no locks, before and after."""
    with FtNoDBContext("5m"):
        Trade.reset_trades()
        PairLocks.reset_locks()
        try:
            yield
        finally:
            Trade.reset_trades()
            PairLocks.reset_locks()


def same(ours: Any, theirs: Any) -> None:
    """Equal in value and type, to the last bit."""
    assert (type(ours), repr(ours)) == (type(theirs), repr(theirs))


def outcome(function: Callable[[], Any]) -> Any:
    """What a call returns or raises, in words."""
    try:
        value = function()
    except Exception as error:
        return type(error), str(error)
    return type(value), repr(value)


def both(swaps: tuple[Swap, ...], function: Callable[[], Any]) -> tuple[Any, Any]:
    """What a function gives with our functions in place, and without."""
    before = [getattr(*_place(swap)) for swap in swaps]
    with swapped(swaps):
        assert all(
            getattr(*_place(swap)) is not old for swap, old in zip(swaps, before, strict=True)
        )
        ours = outcome(function)
    return ours, outcome(function)


def _place(swap: Swap) -> tuple[Any, str]:
    holder: Any = importlib.import_module(swap.target.module)
    *path, name = swap.target.qualname.split(".")
    for part in path:
        holder = getattr(holder, part)
    return holder, name
