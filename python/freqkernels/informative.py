"""Informative candles merged into those of a strategy, with freqtrade's names and results.

As in :mod:`freqkernels.metrics`, a body is the exact definition in pandas, and the fast function
in front of it answers where it promises the same result to the last bit: dates that are sorted
and unique make the merge one pass over both of them, which finds the informative row of each
candle, and one gathering of these rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels._frames import (
    PANDAS_3,
    Dates,
    column_of,
    dates_in,
    dates_of,
    plain_frame,
    require_columns,
)
from freqkernels.errors import InvalidInputError
from freqkernels.runtime import Support, accelerate, kernel, refuse
from freqkernels.timeframes import timeframe_to_seconds

__all__ = ["merge_informative_pair"]

_date_order = kernel("ohlcv", "date_order")
_matching_rows = kernel("strategy", "matching_rows")

_KEY = "date_merge"
_STRICTLY_INCREASING = 2
_YEAR_MINUTES = 525_600
#: pandas makes dates finer when it shifts them, before version 3 down to nanoseconds.
_LAST_SECOND = 2**63 // 10**9 - 1000 * 86_400


@dataclass(frozen=True, slots=True)
class _Columns:
    """Names and dtypes of a frame's columns, in their order."""

    names: list[str]
    dtypes: list[Any]


@dataclass(frozen=True, slots=True)
class _Matches:
    """Which informative row each candle gets.

    :param rows: the row, -1 for none; int64.
    :param missing: number of candles whose date none has, nor any date before it if forward.
    :param replaced: these candles have a row all the same: the last one before the first match.
    """

    rows: NDArray[np.int64]
    missing: int
    replaced: bool = False


def fast_merge(
    dataframe: Any,
    informative: Any,
    timeframe: Any,
    timeframe_inf: Any,
    ffill: Any = True,
    append_timeframe: Any = True,
    date_column: Any = "date",
    suffix: Any = None,
    *,
    _earlier: bool = True,
) -> pd.DataFrame | Support:
    """Fast path of :func:`merge_informative_pair`.

    :param _earlier: whether candles before the first match get the informative candle before it.
    """
    left, right = _columns_of(dataframe, "dataframe"), _columns_of(informative, "informative")
    if isinstance(left, Support):
        return left
    if isinstance(right, Support):
        return right
    if (suffix and append_timeframe) or not isinstance(suffix, str | None):
        return refuse("suffix is no text, or given together with append_timeframe")
    ending = _ending(append_timeframe, timeframe_inf, suffix)
    dates, known = dates_of(dataframe), _known(informative, date_column, timeframe, timeframe_inf)
    if isinstance(dates, Support):
        return dates
    if isinstance(known, Support):
        return known
    names = [f"{name}{ending}" for name in right.names]
    if _KEY in right.names or {*left.names} & {*names, f"{_KEY}{ending}"}:
        return refuse("two columns would have the same name")
    matches = _matches(dates, *known, bool(ffill), _earlier)
    if isinstance(matches, Support):
        return matches
    source = informative.copy()
    if ending:
        source.columns = names
    return _joined(dataframe, source, right.dtypes, matches)


#: The same for freqtrade until 2025.9: candles before the first match have no informative candle.
fast_merge_of_2025 = partial(fast_merge, _earlier=False)


def fast_merge_prepared(
    dataframe: Any, prepared: Any, *, ffill: Any = True
) -> pd.DataFrame | Support:
    """The second half of freqtrade's ``merge_informative_pair`` from 2026.8 on.

    :param dataframe: as for :func:`merge_informative_pair`.
    :param prepared: ``dataframe``, whose columns have their names already, and ``date_merge``,
        the name of its column with the dates from which on its candles are known.
    :param ffill: as for :func:`merge_informative_pair`.
    """
    informative, key = prepared.dataframe, prepared.date_merge
    left, right = _columns_of(dataframe, "dataframe"), _columns_of(informative, "informative")
    if isinstance(left, Support):
        return left
    if isinstance(right, Support):
        return right
    dates, known = dates_of(dataframe), dates_of(informative, key)
    if isinstance(dates, Support):
        return dates
    if isinstance(known, Support):
        return known
    if {*left.names} & {*right.names}:
        return refuse("two columns would have the same name")
    matches = _matches(dates, known, 0, bool(ffill), True)
    if isinstance(matches, Support):
        return matches
    source = informative.drop(columns=key)
    return _joined(dataframe, source, source.dtypes.tolist(), matches)


def _columns_of(frame: Any, argument: str) -> _Columns | Support:
    """Columns of a frame with nothing unusual about it."""
    unusable = plain_frame(frame, argument)
    if unusable is not None:
        return unusable
    if frame.index.nlevels > 1 or frame.index.name is not None:
        return refuse(f"the index of {argument} has a name")
    names, dtypes = frame.columns.tolist(), frame.dtypes.tolist()
    if {*map(type, names)} != {str} or len({*names}) < len(names):
        return refuse(f"a column of {argument} is not named by a text, or not alone with its name")
    for dtype in {*dtypes}:
        if not _usual(dtype):
            return refuse(f"a column of {argument} is {dtype}")
    return _Columns(names, dtypes)


def _usual(dtype: Any) -> bool:
    if isinstance(dtype, np.dtype):
        return dtype.kind in "biufMmO" and dtype.isnative
    return isinstance(dtype, pd.DatetimeTZDtype) or (PANDAS_3 and dtype == "str")


def _known(
    informative: pd.DataFrame, date_column: Any, timeframe: Any, timeframe_inf: Any
) -> tuple[Dates, int] | Support:
    """When informative candles are known: dates, and seconds to be added to them.

    It is the date of the last candle of ``timeframe`` that ends when they end.
    """
    try:
        minutes, minutes_inf = _minutes(timeframe), _minutes(timeframe_inf)
    except InvalidInputError:
        return refuse("timeframe or timeframe_inf is no timeframe")
    if not 0 <= minutes <= minutes_inf <= _YEAR_MINUTES:
        return refuse("timeframe is longer than timeframe_inf, or that one longer than a year")
    column = column_of(informative, date_column)
    if isinstance(column, Support):
        return column
    if timeframe_inf == "1M" and minutes < minutes_inf:
        starts = dates_in(column, date_column)
        if isinstance(starts, Support) or not starts.usable:
            return refuse(f"column {date_column!r} has dates that cannot be moved")
        column, minutes_inf = column + pd.offsets.MonthBegin(1), 0
    dates = dates_in(column, date_column)
    return dates if isinstance(dates, Support) else (dates, (minutes_inf - minutes) * 60)


def _minutes(timeframe: Any) -> int:
    return timeframe_to_seconds(timeframe) // 60


def _matches(
    dates: Dates, known: Dates, seconds: int, forward: bool, earlier: bool
) -> _Matches | Support:
    """The informative row of each candle.

    :param seconds: added to ``known``.
    :param forward: a candle without a row of its own gets that of the candle before.
    :param earlier: those before the first match get the row before that.
    """
    if dates.tz != known.tz:
        return refuse("the dates of both frames differ in time zone")
    for each in (dates, known):
        if _date_order(each.values) != _STRICTLY_INCREASING:
            return refuse("dates are not sorted, or not unique")
        if not all(abs(int(end) // each.per_second) < _LAST_SECOND for end in each.values[[0, -1]]):
            return refuse("a date is missing, or too far away for nanoseconds")
    per_second = max(dates.per_second, known.per_second)
    wanted, found = (
        each.values
        if each.per_second == per_second
        else each.values * (per_second // each.per_second)
        for each in (dates, known)
    )
    rows = np.empty(len(wanted), dtype=np.int64)
    missing = _matching_rows(wanted, found, seconds * per_second, forward, rows)
    if earlier and forward and 0 < missing < len(rows) and rows[missing] > 0:
        rows[:missing] = rows[missing] - 1
        return _Matches(rows, missing, replaced=True)
    return _Matches(rows, missing)


def _joined(
    dataframe: pd.DataFrame, source: pd.DataFrame, dtypes: list[Any], matches: _Matches
) -> pd.DataFrame | Support:
    """Both frames side by side, the rows of the second one as matched.

    :param source: informative columns: a frame of our own; its index changes.
    :param dtypes: of these columns.
    """
    if matches.replaced and not _replaceable(source, dtypes, int(matches.rows[0])):
        return refuse("an object before the first match is no number, text or flag of Python's")
    left, right = dataframe[:], _gathered(source, dtypes, matches)
    left.index = right.index = pd.RangeIndex(len(dataframe))
    return pd.concat([left, right], axis=1)


def _replaceable(source: pd.DataFrame, dtypes: list[Any], row: int) -> bool:
    """Whether pandas fills missing cells with the objects of this row as they are."""
    return all(
        type(source.iat[row, column]) in (bool, int, float, str)
        for column, dtype in enumerate(dtypes)
        if isinstance(dtype, np.dtype) and dtype.kind == "O"
    )


def _gathered(source: pd.DataFrame, dtypes: list[Any], matches: _Matches) -> pd.DataFrame:
    """The matched rows, with the dtypes that missing rows make of columns that cannot be NaN."""
    rows, count = matches.rows, len(source)
    source.index = pd.RangeIndex(count)
    becomes_another = matches.missing and any(dtype.kind in "biu" for dtype in dtypes)
    if becomes_another or (matches.missing and not matches.replaced):
        source = source.reindex(range(count + 1))  # the last row is missing
        rows = np.where(rows < 0, count, rows)
    return source.take(rows)


@accelerate(fast_merge)
def merge_informative_pair(
    dataframe: pd.DataFrame,
    informative: pd.DataFrame,
    timeframe: str,
    timeframe_inf: str,
    ffill: bool = True,
    append_timeframe: bool = True,
    date_column: str = "date",
    suffix: str | None = None,
) -> pd.DataFrame:
    """Columns of longer candles beside those of a strategy, never before their candle has ended.

    Identical to ``freqtrade.strategy.merge_informative_pair`` (of freqtrade 2025.10 and later;
    earlier releases leave the candles before the first match without). Dates are those at which
    candles begin: one of 1h that begins at 14:00 is known when the one of 5m that begins at 14:55
    has ended, so it stands beside that one, and beside the next eleven.

    :param dataframe: candles of the strategy; column ``date`` (datetime).
    :param informative: candles of the same or a longer timeframe; any columns.
    :param timeframe: length of the candles in ``dataframe``, for example "5m".
    :param timeframe_inf: length of those in ``informative``, for example "1h".
    :param ffill: candles without an informative candle of their own get the one before: by
        position, so that missing values within a candle stay missing.
    :param append_timeframe: name informative columns like ``close_1h``.
    :param date_column: column of ``informative`` with the dates.
    :param suffix: name them like ``close_SUFFIX`` instead; needs ``append_timeframe=False``.
    :return: a new frame: the columns of ``dataframe``, then those of ``informative``;
        index 0, 1 ...; integers and flags become float64 and objects where rows are missing.
    :raise InvalidInputError: for missing columns, what is no timeframe, ``timeframe_inf`` shorter
        than ``timeframe``, or both ``append_timeframe`` and ``suffix`` (also a ValueError).
    """
    require_columns(dataframe, ("date",), "dataframe")
    require_columns(informative, (date_column,), "informative")
    if suffix and append_timeframe:
        raise InvalidInputError("suffix: expected None where append_timeframe is True")
    known = informative.copy()
    known[_KEY] = _known_from(known[date_column], timeframe, timeframe_inf)
    ending = _ending(append_timeframe, timeframe_inf, suffix)
    if ending:
        known.columns = [f"{name}{ending}" for name in known.columns]
    key = f"{_KEY}{ending}"
    if not ffill:
        return dataframe.merge(known, how="left", left_on="date", right_on=key).drop(columns=key)
    merged = pd.merge_ordered(
        dataframe, known, how="left", left_on="date", right_on=key, fill_method="ffill"
    )
    _fill_before_first_match(merged, known, key)
    return merged.drop(columns=key)


def _known_from(starts: pd.Series, timeframe: str, timeframe_inf: str) -> pd.Series:
    """Date of the last candle of ``timeframe`` that ends when the informative one ends."""
    minutes, minutes_inf = _minutes(timeframe), _minutes(timeframe_inf)
    if minutes > minutes_inf:
        raise InvalidInputError(
            f"timeframe_inf: expected {timeframe} or longer, got {timeframe_inf!r}"
        )
    if minutes == minutes_inf or starts.empty:
        return starts
    if timeframe_inf == "1M":
        ends = starts + pd.offsets.MonthBegin(1)
    else:
        ends = starts + pd.to_timedelta(minutes_inf, "m")
    return ends - pd.to_timedelta(minutes, "m")


def _ending(append_timeframe: bool, timeframe_inf: str, suffix: str | None) -> str:
    """What is appended to the names of the informative columns."""
    if append_timeframe:
        return f"_{timeframe_inf}"
    return f"_{suffix}" if suffix else ""


def _fill_before_first_match(merged: pd.DataFrame, known: pd.DataFrame, key: str) -> None:
    """Give candles before the first match the last informative candle before that one."""
    matched = merged[key].notna().to_numpy()
    first = int(matched.argmax()) if matched.any() else 0
    if first == 0:
        return
    earlier = known[known[key] < merged.at[first, key]]
    if len(earlier):
        head = slice(None, first - 1)
        merged.loc[head] = merged.loc[head].fillna(earlier.iloc[-1])
