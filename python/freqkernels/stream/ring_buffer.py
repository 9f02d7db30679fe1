"""The last candles of a stream, contiguous in memory."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels.errors import InvalidInputError
from freqkernels.indicators._columns import whole

Floats = NDArray[np.float64]
OHLCV = ("open", "high", "low", "close", "volume")
#: 16 million rows.
LONGEST = 2**24


class RingBuffer:
    """The last ``capacity`` candles; the oldest make room for new ones.

    Every row is written twice, one capacity apart, so that any last rows lie side by side: columns
    are read-only views of the buffer, and cost no copy. A view shows the buffer as it is: after
    more appends it shows other rows. It stays valid memory even when the buffer is gone; to keep
    its rows, copy it.

    :param capacity: candles, from 1 to 2**24.
    :param columns: names of the float64 columns; ``date`` is always there, int64.
    :raise InvalidInputError: for another capacity, or for names that are empty, repeated or
        ``date``.
    """

    __slots__ = ("_capacity", "_columns", "_dates", "_place", "_rows", "_table")

    def __init__(self, capacity: int, columns: Iterable[str] = OHLCV) -> None:
        self._capacity = whole(capacity, "capacity")
        if self._capacity > LONGEST:
            raise InvalidInputError(f"capacity: expected at most {LONGEST}, got {capacity}")
        names = tuple(columns) if isinstance(columns, Iterable) else ()
        if isinstance(columns, (str, set)) or not all(isinstance(name, str) for name in names):
            raise InvalidInputError(f"columns: expected names, got {columns!r}")
        self._columns = names
        if not names or len({*names, "date"}) != len(names) + 1:
            raise InvalidInputError(
                f"columns: expected different names other than date, got {columns!r}"
            )
        self._table: Floats = np.zeros((len(self._columns), 2 * self._capacity))
        self._dates: NDArray[np.int64] = np.zeros(2 * self._capacity, dtype=np.int64)
        self._place = self._rows = 0

    @property
    def capacity(self) -> int:
        """How many candles there can be."""
        return self._capacity

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, without the date."""
        return self._columns

    def __len__(self) -> int:
        """How many candles there are."""
        return self._rows

    def __repr__(self) -> str:
        return f"RingBuffer({self._capacity}, columns={self._columns}), {self._rows} candles"

    def append(self, date: int, *values: Any) -> None:
        """One more candle.

        :param date: as an integer, by convention of milliseconds.
        :param values: one number for each column.
        :raise InvalidInputError: for another number of values, or a date that is no int64; nothing
            changes then.
        """
        if len(values) != len(self._columns):
            raise InvalidInputError(
                f"values: expected {', '.join(self._columns)}, got {len(values)} values"
            )
        if isinstance(date, (bool, np.bool_, np.timedelta64)) or not isinstance(
            date, (int, np.integer)
        ):
            raise InvalidInputError(f"date: expected an int, got {date!r}")
        if not -(2**63) <= int(date) < 2**63:
            raise InvalidInputError(f"date: expected an int64, got {date!r}")
        for name, value in zip(self._columns, values, strict=True):
            if isinstance(value, np.timedelta64) or not isinstance(value, Real):
                raise InvalidInputError(f"values: expected a number for {name}, got {value!r}")
        try:
            row, when = np.array(values, dtype=np.float64), np.int64(date)
        except OverflowError as error:
            raise InvalidInputError(f"values: expected float64: {error}") from error
        place, mirror = self._place, self._place + self._capacity
        self._table[:, place] = self._table[:, mirror] = row
        self._dates[place] = self._dates[mirror] = when
        self._place = place + 1 if place + 1 < self._capacity else 0
        self._rows += self._rows < self._capacity

    def copy(self) -> RingBuffer:
        """Another buffer with the same candles."""
        return copy.deepcopy(self)

    __copy__ = copy

    def append_candle(self, candle: Any) -> None:
        """One more candle from anything with ``["date"]`` and the columns.

        :raise InvalidInputError: if one is missing, or is no number.
        """
        try:
            values = [candle[name] for name in ("date", *self._columns)]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise InvalidInputError(f"candle: expected date and {self._columns}") from error
        date = values[0]
        if isinstance(date, pd.Timestamp):
            date = int(date.asm8.astype("M8[ms]").astype(np.int64))
        self.append(date, *values[1:])

    def _last(self, rows: int | None) -> slice:
        count = self._rows if rows is None else whole(rows, "rows", 0)
        if count > self._rows:
            raise InvalidInputError(f"rows: expected at most {self._rows}, got {count}")
        end = self._place + self._capacity
        return slice(end - count, end)

    def column(self, name: str, rows: int | None = None) -> Floats:
        """The last ``rows`` values of a column, the newest last; a read-only view.

        :param name: one of ``columns``.
        :param rows: None stands for all.
        :raise InvalidInputError: for another name, or more rows than there are.
        """
        if name not in self._columns:
            raise InvalidInputError(f"name: expected one of {self._columns}, got {name!r}")
        view = self._table[self._columns.index(name), self._last(rows)]
        view.flags.writeable = False
        return view

    def dates(self, rows: int | None = None) -> NDArray[np.int64]:
        """The last ``rows`` dates, the newest last; a read-only view."""
        view = self._dates[self._last(rows)]
        view.flags.writeable = False
        return view

    def last(self, rows: int | None = None) -> dict[str, NDArray[Any]]:
        """The last ``rows`` candles: read-only views by name, ``date`` first."""
        found: dict[str, NDArray[Any]] = {"date": self.dates(rows)}
        return found | {name: self.column(name, rows) for name in self._columns}

    def to_frame(self, rows: int | None = None) -> pd.DataFrame:
        """A copy of the last ``rows`` candles, with integer dates."""
        return pd.DataFrame({name: view.copy() for name, view in self.last(rows).items()})
