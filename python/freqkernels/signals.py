"""Candles with signals as the Python rows that freqtrade's simulation walks through.

A row holds date, open, high, low, close, enter_long, exit_long, enter_short, exit_short,
enter_tag, exit_tag; signals and tags are those of the candle before.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels._frames import column_of, dates_of, floats_of, plain_frame, require_columns
from freqkernels.runtime import Support, accelerate, collector_paused, kernel, refuse

_untrack_rows = kernel("ohlcv", "untrack_rows")

PRICES = ("open", "high", "low", "close")
SIGNALS = ("enter_long", "exit_long", "enter_short", "exit_short")
TAGS = ("enter_tag", "exit_tag")
_ZERO_AND_ONE = np.array([0.0, 1.0], dtype=object)
HEADERS = ("date", *PRICES, *SIGNALS, *TAGS)


class Timestamps:
    """Timestamp objects shared between pairs, which mostly have the same dates.

    Making them is half of the work. One instance serves one conversion of several pairs.
    """

    def __init__(self) -> None:
        self._kind: tuple[str, Any] | None = None
        self._dates: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._stamps: list[pd.Timestamp] = []

    def of(self, column: pd.Series, dates: NDArray[np.int64]) -> list[pd.Timestamp]:
        """The dates of a column as pandas' own objects; ``dates`` are the same as integers."""
        kind = (str(column.dtype), getattr(column.dtype, "tz", None))
        if kind == self._kind and len(dates):
            start = int(np.searchsorted(self._dates, dates[0]))
            if np.array_equal(self._dates[start : start + len(dates)], dates):
                return self._stamps[start : start + len(dates)]
        stamps: list[pd.Timestamp] = column.astype(object).tolist()
        if kind != self._kind or len(dates) >= len(self._dates):
            self._kind, self._dates, self._stamps = kind, dates, stamps
        return stamps


def fast_rows(dataframe: Any, timestamps: Timestamps | None = None) -> list[list[Any]] | Support:
    """Fast path of :func:`ohlcv_as_lists`: column by column, then one list a row."""
    unusable = plain_frame(dataframe)
    if unusable is not None:
        return unusable
    if any(getattr(dtype, "isnative", True) is False for dtype in dataframe.dtypes):
        return refuse("a column has foreign byte order")
    if not dataframe.index.is_unique:
        return refuse("the index has duplicates")
    dates = dates_of(dataframe)
    if isinstance(dates, Support):
        return dates
    stamps = (timestamps or Timestamps()).of(dataframe["date"].iloc[1:], dates.values[1:])
    columns: list[list[Any]] = [stamps]
    for name in PRICES:
        prices = floats_of(dataframe, name)
        if isinstance(prices, Support):
            return prices
        columns.append(prices[1:].tolist())
    for name in (*SIGNALS, *TAGS):
        values = _shifted(dataframe, name)
        if isinstance(values, Support):
            return values
        columns.append(values)
    with collector_paused():
        rows = list(map(list, zip(*columns, strict=True)))
        _untrack_rows(rows)
    return rows


def _shifted(dataframe: pd.DataFrame, name: str) -> list[Any] | Support:
    """A signal or tag column from the second row on, with the value of the row before."""
    rows = len(dataframe) - 1
    is_tag = name in TAGS
    if name not in dataframe.columns:
        return [None if is_tag else 0] * rows
    column = column_of(dataframe, name)
    if isinstance(column, Support):
        return column
    if column.dtype == np.bool_ and not is_tag:
        flags: list[bool] = column.to_numpy()[:-1].tolist()
        return flags
    if column.dtype in (np.float64, np.int64) and not is_tag:
        return _float_objects(column.to_numpy(dtype=np.float64)[:-1])
    first = column.iloc[0]
    if is_tag and isinstance(first, str) and int((column == first).sum()) == len(column):
        return [first] * rows
    return shifted_values(column, is_tag)


def _float_objects(values: NDArray[np.float64]) -> list[float]:
    """Floats with 0.0 for NaN; where they are only 0.0 and 1.0, two objects serve all rows."""
    present = np.where(np.isnan(values), 0.0, values)
    flags = present == 1.0
    if bool((flags | (present == 0.0)).all()) and not np.signbit(present).any():
        present = _ZERO_AND_ONE.take(flags.view(np.uint8))
    objects: list[float] = present.tolist()
    return objects


def shifted_values(column: pd.Series, is_tag: bool) -> list[Any]:
    """From the second row on, the value of the row before, as freqtrade's objects.

    :param column: a signal or tag column of at least one row.
    :param is_tag: whether NaN becomes None, not 0.
    """
    shifted = column.replace([np.nan], [None if is_tag else 0]).shift(1).iloc[1:]
    # Beside a column of objects, DataFrame.values makes objects of this one as freqtrade does.
    beside = pd.Series([None] * len(shifted), index=shifted.index, dtype=object)
    values: list[Any] = pd.DataFrame({0: beside, 1: shifted}).to_numpy()[:, 1].tolist()
    return values


def exact_rows(
    dataframe: pd.DataFrame,
    timestamps: Timestamps | None = None,
) -> list[list[Any]]:
    """Exact path of :func:`ohlcv_as_lists`, without its checks."""
    rows = dataframe.copy()
    for name in (*SIGNALS, *TAGS):
        if name in rows.columns:
            replacement = None if name in TAGS else 0
            rows[name] = rows.loc[:, name].replace([np.nan], [replacement]).shift(1)
        elif not rows.empty:
            rows[name] = None if name in TAGS else 0
    rows = rows.drop(rows.head(1).index)
    values: list[list[Any]] = [] if rows.empty else rows[list(HEADERS)].to_numpy().tolist()
    return values


@accelerate(fast_rows)
def ohlcv_as_lists(
    dataframe: pd.DataFrame, timestamps: Timestamps | None = None
) -> list[list[Any]]:
    """The rows of an analysed, trimmed frame as lists, as ``Backtesting`` converts them.

    Identical, in values and in Python types, to what freqtrade's
    ``Backtesting._get_ohlcv_as_lists`` makes of one pair: an int or float signal becomes a
    float, a bool stays a bool, a missing column becomes 0 (tags: None), NaN becomes 0 (tags:
    None), and each row carries the signals of the row before it. The first row is dropped.

    :param dataframe: columns date, open, high, low, close and any of the signal and tag columns;
        it is not changed.
    :param timestamps: share the Timestamp objects with other pairs converted by the same one.
    :return: one list of eleven values a row; empty for a frame of one row or none.
    :raise InvalidInputError: for missing columns.
    """
    require_columns(dataframe, ("date", *PRICES), "dataframe")
    return exact_rows(dataframe, timestamps)
