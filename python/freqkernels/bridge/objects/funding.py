"""Funding fees of an open trade, each added once."""

from __future__ import annotations

import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from math import isfinite, isnan
from typing import Any

import numpy as np

from freqkernels.bridge.engine.funding import funding_of
from freqkernels.bridge.objects.swaps import Swap
from freqkernels.bridge.targets import Target
from freqkernels.runtime import Support

_EXCHANGE = "freqtrade.exchange.exchange"
_COMPENSATED = sys.version_info >= (3, 12)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBERS = (float, int, np.float64)
# Sums that are begun; more of them only after many thousand trades.
_MOST_SUMS = 4096


class _RunningSum:
    """Fees of one position from a time on: what ``sum()`` has in hand after each of them.

    :param first: position of the first fee.
    """

    __slots__ = ("compensation", "first", "last", "total")

    def __init__(self, first: int) -> None:
        self.first = self.last = first
        self.total = self.compensation = 0.0

    def add_until(self, last: int, fees: Any, amount: Any) -> None:
        """Add the fees that have become due."""
        total, compensation = self.total, self.compensation
        for fee in (fees[self.last : last] * amount).tolist():
            new = total + fee
            if _COMPENSATED:
                large = abs(total) >= abs(fee)
                compensation += (total - new) + fee if large else (fee - new) + total
            total = new
        self.last, self.total, self.compensation = last, total, compensation

    def result(self) -> float:
        """What ``sum()`` returns."""
        if self.compensation and isfinite(self.compensation):
            return self.total + self.compensation
        return self.total


class _Fees:
    """The fees of one pair, and the sums of its positions.

    :param frame: freqtrade's frame of them; nobody writes into it while a backtest runs.
    :param times: their times in nanoseconds.
    :param fees: fee for each unit.
    """

    def __init__(self, frame: Any, times: Any, fees: Any) -> None:
        self.frame = frame
        self.shape = frame.shape
        self._times: list[int] = times.tolist()
        self._fees = fees
        self._sums: dict[tuple[Any, datetime], _RunningSum] = {}

    def until(self, amount: Any, open_date: datetime, close_date: datetime) -> float:
        """The sum of a position's fees between two dates, both included."""
        last = bisect_right(self._times, _nanoseconds(close_date))
        running = self._sums.get((amount, open_date))
        if running is None or running.last > last:
            running = _RunningSum(bisect_left(self._times, _nanoseconds(open_date)))
            if len(self._sums) >= _MOST_SUMS:
                self._sums.clear()
            self._sums[amount, open_date] = running
        if last <= running.first:
            return 0
        if last > running.last:
            running.add_until(last, self._fees, amount)
        return running.result()


def _nanoseconds(date: datetime) -> int:
    """``Timestamp(date).value``."""
    since = date - _EPOCH
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1_000


def _is_usual(date: Any) -> bool:
    """Whether a date has a time zone, and nanoseconds that 64 bits can hold."""
    return type(date) is datetime and date.tzinfo is not None and 1700 < date.year < 2250


def calculate_funding_fees(original: Callable[..., Any]) -> Callable[..., Any]:
    """The replacement of ``Exchange.calculate_funding_fees``."""
    known: dict[int, _Fees] = {}

    def fees_of(exchange: Any, frame: Any) -> _Fees | None:
        found = known.get(id(frame))
        if found is None or found.shape != frame.shape:
            columns = funding_of(exchange, frame)
            if isinstance(columns, Support):
                return None
            found = known[id(frame)] = _Fees(frame, *columns)
        return found

    @wraps(original)
    def fast(
        self: Any, df: Any, amount: Any, is_short: Any, open_date: Any, close_date: Any
    ) -> Any:
        if type(amount) in _NUMBERS and _is_usual(open_date) and _is_usual(close_date):
            found = fees_of(self, df)
            if found is not None:
                fees = found.until(amount, open_date, close_date)
                if isnan(fees):
                    fees = 0.0
                return fees if is_short else -fees
        return original(self, df, amount, is_short, open_date, close_date)

    return fast


SWAPS: tuple[Swap, ...] = (
    Swap(
        Target(
            "Exchange.calculate_funding_fees",
            _EXCHANGE,
            "Exchange.calculate_funding_fees",
            {"": "bridge.objects.funding.calculate_funding_fees"},
        )
    ),
)
"""What this module replaces."""
