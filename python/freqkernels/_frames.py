"""From pandas to plain arrays: what a fast path may take, and why not otherwise.

Everything here answers with arrays or with a :class:`~freqkernels.runtime.Support` that refuses;
nothing raises for bad input.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels.errors import InvalidInputError
from freqkernels.runtime import Support, refuse

UNITS_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_EPOCH = datetime(1970, 1, 1)
_EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)
NO_DATE = "a date is missing, or at the end of what its unit can say"
NAT = np.iinfo(np.int64).min
_LATEST = int(np.iinfo(np.int64).max)
_LEAST_DAYS_TO_THE_END = 1000
FLOAT64 = np.dtype(np.float64)
#: From version 3 on, pandas copies on write, has a string type of its own, and keeps date units.
PANDAS_3 = int(pd.__version__.split(".")[0]) >= 3


@dataclass(frozen=True, slots=True)
class Dates:
    """A datetime column as integers.

    :param values: time since 1970 in ``unit``, UTC, contiguous int64.
    :param unit: s, ms, us or ns.
    :param tz: time zone of the column (UTC) or None.
    """

    values: NDArray[np.int64]
    unit: str
    tz: Any

    @property
    def per_second(self) -> int:
        """Units in a second."""
        return UNITS_PER_SECOND[self.unit]

    def same_kind(self, other: Dates) -> bool:
        """Whether both have the same unit and the same time zone, or both none."""
        return self.unit == other.unit and self.tz == other.tz

    def naive(self) -> Dates:
        """The same dates without time zone."""
        return Dates(self.values, self.unit, None)

    @property
    def usable(self) -> bool:
        """None missing, and none so near the end of what the unit can say that sums overflow."""
        reach = _LATEST - _LEAST_DAYS_TO_THE_END * 86_400 * self.per_second
        return bool(-reach < self.values.min() and self.values.max() < reach)

    def ceil(self, moment: Any) -> int | None:
        """The first integer date not before ``moment``, None if the two cannot be compared."""
        nanoseconds = self._nanoseconds(moment)
        return None if nanoseconds is None else _clamped(-(-nanoseconds * self.per_second // 10**9))

    def floor(self, moment: Any) -> int | None:
        """The last integer date not after ``moment``, None if the two cannot be compared."""
        nanoseconds = self._nanoseconds(moment)
        return None if nanoseconds is None else _clamped(nanoseconds * self.per_second // 10**9)

    def _nanoseconds(self, moment: Any) -> int | None:
        if not isinstance(moment, datetime) or moment is pd.NaT:
            return None
        if (moment.tzinfo is None) != (self.tz is None):
            return None
        since_1970 = moment - (_EPOCH if moment.tzinfo is None else _EPOCH_UTC)
        # Integers of Python: no overflow, whatever the units.
        seconds = since_1970.days * 86_400 + since_1970.seconds
        microseconds = seconds * 10**6 + since_1970.microseconds
        return microseconds * 1000 + int(getattr(moment, "nanosecond", 0))


def _clamped(date: int) -> int:
    """A date no dates of the unit can reach, brought to the end of what they can."""
    return max(-_LATEST, min(date, _LATEST))


def plain_frame(frame: Any, argument: str = "dataframe") -> Support | None:
    """None for an ordinary DataFrame that has rows, else why not."""
    if frame.__class__ is not pd.DataFrame:
        return refuse(f"{argument} is not a plain DataFrame")
    if len(frame) == 0:
        return refuse(f"{argument} is empty")
    if frame.attrs or not frame.flags.allows_duplicate_labels:
        return refuse(f"{argument} carries attrs or flags")
    if frame.columns.name is not None:
        return refuse(f"the columns of {argument} have a name")
    return None


def column_of(frame: pd.DataFrame, name: Any) -> pd.Series | Support:
    """A column by name."""
    try:
        column = frame[name]
    except (KeyError, TypeError, ValueError):
        return refuse(f"no column {name!r}")
    if column.__class__ is not pd.Series:
        return refuse(f"column {name!r} is not a single plain column")
    return column


def dates_of(frame: pd.DataFrame, name: str = "date") -> Dates | Support:
    """A datetime column in UTC or without time zone, without missing dates."""
    column = column_of(frame, name)
    if isinstance(column, Support):
        return column
    return dates_in(column, name)


def _is_utc(tz: Any) -> bool:
    """One of the usual objects for UTC, not one that only has its name."""
    if tz is UTC:
        return True
    return str(tz) in ("UTC", "tzutc()") and tz.utcoffset(_EPOCH) == timedelta(0)


def dates_in(column: pd.Series, name: str) -> Dates | Support:
    """As :func:`dates_of`, of a column at hand."""
    dtype = column.dtype
    if isinstance(dtype, pd.DatetimeTZDtype):
        if not _is_utc(dtype.tz):
            return refuse(f"column {name!r} is in time zone {dtype.tz}, not UTC")
        unit, tz = str(dtype.unit), dtype.tz
    elif isinstance(dtype, np.dtype) and dtype.kind == "M" and dtype.isnative:
        unit, tz = str(dtype).removeprefix("datetime64[").removesuffix("]"), None
    else:
        return refuse(f"column {name!r} is {dtype}, not a date")
    values: NDArray[np.int64] = np.ascontiguousarray(column.array.asi8)
    return Dates(values, unit, tz)


def floats_of(frame: pd.DataFrame, name: Any) -> NDArray[np.float64] | Support:
    """A float64 column as a contiguous array, a view where possible."""
    column = column_of(frame, name)
    if isinstance(column, Support):
        return column
    if column.dtype != FLOAT64:
        return refuse(f"column {name!r} is {column.dtype}, not float64")
    return np.ascontiguousarray(column.to_numpy())


def date_range(
    first: int, periods: int, freq: str, dates: Dates, unit: str | None = None
) -> pd.DatetimeIndex:
    """An index named date from an integer date on.

    :param first: first date, in the unit of ``dates``.
    :param periods: number of dates.
    :param freq: pandas frequency.
    :param dates: gives unit and time zone.
    :param unit: unit of the index; that of ``dates`` if absent.
    """
    start: Any = np.int64(first).view(f"M8[{dates.unit}]")
    resolution: Any = unit or dates.unit
    return pd.date_range(
        pd.Timestamp(start, tz=dates.tz),
        periods=periods,
        freq=freq,
        unit=resolution,
        name="date",
    )


def require_columns(frame: Any, names: tuple[str, ...], argument: str) -> None:
    """Raise a clear error unless ``frame`` is a DataFrame with these columns.

    :raise InvalidInputError: naming ``argument`` and what is missing.
    """
    if not isinstance(frame, pd.DataFrame):
        raise InvalidInputError(f"{argument}: expected a DataFrame, got {type(frame).__name__}")
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise InvalidInputError(f"{argument}: no column {', '.join(map(repr, missing))}")


def require_dates(frame: pd.DataFrame, name: str, argument: str) -> None:
    """Raise a clear error unless the column holds dates, none of them missing.

    :raise InvalidInputError: naming ``argument`` and the column.
    """
    column = frame[name]
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        raise InvalidInputError(f"{argument}: column {name!r} is {column.dtype}, not dates")
    if column.isna().any():
        raise InvalidInputError(f"{argument}: column {name!r} has missing dates")
