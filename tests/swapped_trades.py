"""Trades with freqtrade's methods and with the faster ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from drawn_trades import make, told
from freqkernels import runtime
from freqkernels.bridge.objects import (
    precision,
    trade_changes,
    trade_orders,
    trade_values,
    utc_dates,
)
from freqkernels.bridge.objects.swaps import swapped

SWAPS = (
    *(*precision.SWAPS, *trade_values.SWAPS, *trade_changes.SWAPS),
    *(*trade_orders.SWAPS, *utc_dates.SWAPS),
)


@contextmanager
def ours(backend: str = "compiled") -> Iterator[None]:
    with runtime.use_backend(backend), swapped(SWAPS):
        yield


def outcome(act: Callable[[], Any]) -> Any:
    try:
        return told(act())
    except Exception as error:
        return told(error)


def same(plan: Any, act: Callable[[Any], Any], backend: str = "compiled") -> Any:
    """What ``act`` makes of equal trades, with freqtrade's methods and with ours."""
    results = []
    for place in (ExitStack(), ours(backend)):
        trade = make(plan)
        with place:
            results.append((outcome(lambda trade=trade: act(trade)), told(trade)))
    assert results[1] == results[0]
    return results[0]


READERS: dict[str, Callable[[Any], Any]] = {
    name: lambda trade, name=name: getattr(trade, name)
    for name in (
        *("open_orders", "has_open_orders", "nr_of_successful_entries", "nr_of_successful_exits"),
        *("nr_of_successful_buys", "nr_of_successful_sells", "_date_last_filled_utc"),
        *("date_last_filled_utc", "date_entry_fill_utc"),
    )
}
READERS |= {
    "select_filled_or_open_orders": lambda trade: trade.select_filled_or_open_orders(),
    "select_filled_orders": lambda trade: [
        trade.select_filled_orders(side) for side in (None, "buy", "sell", "stoploss", "")
    ],
    "select_order": lambda trade: [
        trade.select_order(side, is_open, filled)
        for side in (None, "buy", "sell", "")
        for is_open in (None, True, False, 0)
        for filled in (False, True)
    ],
}
