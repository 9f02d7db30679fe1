"""Price steps over time, from the decimals of the prices themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels._frames import (
    NO_DATE,
    PANDAS_3,
    Dates,
    date_range,
    dates_of,
    floats_of,
    plain_frame,
    require_columns,
    require_dates,
)
from freqkernels.runtime import Support, accelerate, kernel, refuse, threads_for

_date_order = kernel("ohlcv", "date_order")
_count_decimals = kernel("ohlcv", "count_decimals")
_row_maximum = kernel("ohlcv", "row_maximum")
_segment_maximum = kernel("ohlcv", "segment_maximum")

PRICES = ("open", "high", "low", "close")
_COUNT_COLUMNS = tuple(f"{name}_count" for name in PRICES)
_UNSORTED = 0
_DECIMALS_NS_PER_VALUE = 6.0


def fast_tick_size(candles: Any) -> pd.Series | Support:
    """Fast path of :func:`get_tick_size_over_time`; adds the five columns to ``candles``."""
    return _tick_size(candles, fixed_decimals=False)


def fast_tick_size_of_2025(candles: Any) -> pd.Series | Support:
    """As :func:`fast_tick_size`, with 14 decimals, not 14 significant digits, as until 2025.11."""
    return _tick_size(candles, fixed_decimals=True)


def _tick_size(candles: Any, *, fixed_decimals: bool) -> pd.Series | Support:
    unusable = plain_frame(candles, "candles")
    if unusable is not None:
        return unusable
    dates = dates_of(candles)
    if isinstance(dates, Support):
        return dates
    if not dates.usable:
        return refuse(NO_DATE)
    if _date_order(dates.values) == _UNSORTED:
        return refuse("the dates are not sorted")
    prices = []
    for name in PRICES:
        column = floats_of(candles, name)
        if isinstance(column, Support):
            return column
        prices.append(column)
    counts, largest = _decimal_counts(prices, fixed_decimals)
    if not PANDAS_3 and any(np.isnan(count).all() for count in counts):
        return refuse("before version 3, pandas gives a column without decimals another dtype")
    monthly = _monthly_maximum(candles, dates, largest)
    if isinstance(monthly, Support):
        return monthly
    for name, count in zip(_COUNT_COLUMNS, counts, strict=True):
        candles[name] = count
    candles["max_count"] = largest
    return 1 / 10**monthly


def _decimal_counts(
    prices: list[NDArray[np.float64]], fixed: bool
) -> tuple[list[NDArray[Any]], NDArray[Any]]:
    """Decimals of each price column, and the largest of each row; int64 unless one is missing."""
    rows = len(prices[0])
    counts = [np.empty(rows) for _ in prices]
    threads = threads_for(rows * _DECIMALS_NS_PER_VALUE)
    for price, count in zip(prices, counts, strict=True):
        _count_decimals(np.round(price, 14) if fixed else price, fixed, count, threads)
    largest = np.empty(rows)
    _row_maximum(*counts, largest)
    whole = [not np.isnan(count).any() for count in counts]
    typed = [
        count.astype(np.int64) if complete else count
        for count, complete in zip(counts, whole, strict=True)
    ]
    return typed, largest.astype(np.int64) if all(whole) else largest


def _monthly_maximum(
    candles: pd.DataFrame, dates: Dates, largest: NDArray[Any]
) -> pd.Series | Support:
    """Largest count of each calendar month, as pandas resamples it."""
    values = dates.values
    month = f"M8[{dates.unit}]"
    first, last = values[:1].view(month)[0], values[-1:].view(month)[0]
    months = np.arange(first.astype("M8[M]"), last.astype("M8[M]") + np.timedelta64(1, "M"))
    starts = np.searchsorted(values, months.astype(month).view(np.int64))
    maximum = np.empty(len(months))
    _segment_maximum(largest.astype(np.float64), starts.astype(np.int64), maximum)
    first_month = int(months[0].astype(month).view(np.int64))
    index = date_range(first_month, len(months), "MS", dates)
    if largest.dtype == np.int64 and not np.isnan(maximum).any():
        return pd.Series(maximum.astype(np.int64), index=index, name="max_count")
    return pd.Series(maximum, index=index, name="max_count")


@accelerate(fast_tick_size)
def get_tick_size_over_time(candles: pd.DataFrame) -> pd.Series:
    """Price step of each calendar month, from the decimals of the prices seen in it.

    Identical to ``freqtrade.data.btanalysis.get_tick_size_over_time``, including what it leaves
    behind: columns ``open_count``, ``high_count``, ``low_count``, ``close_count`` (decimals of
    each price within 14 significant digits, NaN without any) and ``max_count`` in ``candles``.

    :param candles: columns ``date`` (datetime), ``open high low close``; changed in place.
    :return: for example 0.01; NaN for a month without decimals. Index ``date``: month starts.
    :raise InvalidInputError: for missing columns or dates.
    """
    require_columns(candles, ("date", *PRICES), "candles")
    require_dates(candles, "date", "candles")
    prices = [np.ascontiguousarray(candles[name].to_numpy(dtype=np.float64)) for name in PRICES]
    counts, largest = _decimal_counts(prices, fixed=False)
    for name, count in zip(_COUNT_COLUMNS, counts, strict=True):
        candles[name] = count
    candles["max_count"] = largest
    monthly = candles.set_index("date")["max_count"].resample("MS").max()
    return 1 / 10**monthly
