"""Closed trades since a date, as protections ask for them after each exit.

Trades are closed in the order of time, so those after a date are the end of the list. Whoever
changes the date of a closed trade is the strategy, and its code runs in callbacks only: what was
read of the list between two of them holds until the next one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from itertools import islice
from operator import attrgetter, le
from typing import Any

from freqkernels.bridge.objects import callbacks
from freqkernels.bridge.objects.swaps import Swap
from freqkernels.bridge.targets import Target

_TRADE_MODEL = "freqtrade.persistence.trade_model"
_close_date = attrgetter("close_date")


class ClosedTrades:
    """The dates of closed trades, as far as they are in order."""

    def __init__(self) -> None:
        self._trades: list[Any] = []
        self._dates: list[Any] = []
        self._calls = -1
        self._in_order = True

    def after(self, trades: list[Any], date: datetime) -> list[Any] | None:
        """Trades that were closed after a date, None if they are not in the order of time.

        :param trades: all closed trades.
        :param date: the date.
        """
        if (
            trades is not self._trades
            or len(trades) != len(self._dates)
            or callbacks.calls.count != self._calls
        ):
            self._read(trades)
        if not self._in_order:
            return None
        try:
            return trades[bisect_right(self._dates, date) :]
        except TypeError:  # with a time zone here, and without one there
            return None

    def _read(self, trades: list[Any]) -> None:
        dates = list(map(_close_date, trades))
        known = len(self._dates)
        same = self._in_order and dates[:known] == self._dates
        self._trades, self._dates, self._calls = trades, dates, callbacks.calls.count
        self._in_order = _are_in_order(dates, known - 1 if same and known else 0)


def _are_in_order(dates: list[Any], start: int) -> bool:
    """Whether these are dates, none of them before the one before, from a position on."""
    if any(type(date) is not datetime for date in islice(dates, start, None)):
        return False
    try:
        return all(map(le, islice(dates, start, None), islice(dates, start + 1, None)))
    except TypeError:
        return False


def get_trades_proxy(original: staticmethod[..., Any]) -> staticmethod[..., Any]:
    """The replacement of ``LocalTrade.get_trades_proxy``."""
    from freqtrade.persistence import LocalTrade

    genuine: Callable[..., Any] = original.__func__
    closed = ClosedTrades()

    @wraps(genuine)
    def fast(
        *, pair: Any = None, is_open: Any = None, open_date: Any = None, close_date: Any = None
    ) -> Any:
        if (
            is_open is False
            and not open_date
            and type(close_date) is datetime
            and callbacks.calls.known
            and not callbacks.calls.running
        ):
            found = closed.after(LocalTrade.bt_trades, close_date)
            if found is not None:
                return [trade for trade in found if trade.pair == pair] if pair else found
        return genuine(pair=pair, is_open=is_open, open_date=open_date, close_date=close_date)

    return staticmethod(fast)


SWAPS: tuple[Swap, ...] = (
    Swap(
        Target(
            "LocalTrade.get_trades_proxy",
            _TRADE_MODEL,
            "LocalTrade.get_trades_proxy",
            {"": "bridge.objects.closed_trades.get_trades_proxy"},
        )
    ),
)
"""What this module replaces."""
