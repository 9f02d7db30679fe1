"""Numpy twins of the kernels behind :mod:`freqkernels.ohlcv`."""

import itertools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Dates = NDArray[np.int64]
Floats = NDArray[np.float64]


def date_order(dates: Dates) -> int:
    """0 unsorted, 1 sorted with duplicates, 2 strictly increasing."""
    if bool((dates[1:] > dates[:-1]).all()):
        return 2
    return int((dates[1:] >= dates[:-1]).all())


def _first(values: list[float]) -> float:
    return next((value for value in values if not math.isnan(value)), math.nan)


def _most(values: list[float], sign: int) -> float:
    """Largest (sign 1) or smallest (sign -1) value; of equal ones (0.0, -0.0) the first."""
    present = [value for value in values if not math.isnan(value)]
    return max(present, key=lambda value: sign * value) if present else math.nan


def _merge_prices(out: Floats, at: int, prices: list[list[float]]) -> None:
    out[0, at] = _first(prices[0])
    out[1, at] = _most(prices[1], 1)
    out[2, at] = _most(prices[2], -1)
    out[3, at] = _first(prices[3][::-1])


def merge_candles(
    dates: Dates,
    order: Dates,
    open: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    volume: Floats,
    out_dates: Dates,
    out: Floats,
) -> int:
    """One candle a date, of the rows taken in ``order`` (sorted by date, stable)."""
    if len(order) == 0:
        return 0
    columns = [column[order] for column in (open, high, low, close, volume)]
    ordered = dates[order]
    bounds = [0, *(np.flatnonzero(ordered[1:] != ordered[:-1]) + 1).tolist(), len(ordered)]
    for at, (start, stop) in enumerate(itertools.pairwise(bounds)):
        rows = [column[start:stop].tolist() for column in columns]
        out_dates[at] = ordered[start]
        _merge_prices(out, at, rows[:4])
        out[4, at] = _most(rows[4], 1)
    return len(bounds) - 1


def _negative_zero(values: Floats) -> bool:
    return bool(np.signbit(values[values == 0.0]).any())


def fill_candles(
    dates: Dates,
    open: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    volume: Floats,
    first: int,
    step: int,
    out: Floats,
) -> bool:
    """Candles on the grid ``first + k * step`` from rows sorted by date."""
    cells = (dates - first) // step
    second = np.flatnonzero(cells[1:] == cells[:-1]) + 1
    merged = np.concatenate([second - 1, second])
    if bool((cells[2:] == cells[:-2]).any()) or _negative_zero(volume):
        return False
    if _negative_zero(high[merged]) or _negative_zero(low[merged]):
        return False
    out[:4] = np.nan
    out[4] = 0.0
    single = np.ones(len(cells), dtype=bool)
    single[second] = single[second - 1] = False
    with np.errstate(all="ignore"):
        for target, column in enumerate((open, high, low, close)):
            out[target, cells[single]] = column[single]
        np.add.at(out[4], cells, np.where(np.isnan(volume), 0.0, volume))
    for row in second.tolist():
        pair = [column[row - 1 : row + 1].tolist() for column in (open, high, low, close)]
        _merge_prices(out, int(cells[row]), pair)
    filled = np.where(np.isnan(out[3]), 0, np.arange(out.shape[1]))
    out[3] = out[3][np.maximum.accumulate(filled)]
    for target in range(3):
        out[target] = np.where(np.isnan(out[target]), out[3], out[target])
    return True


def _decimals_significant(price: float) -> float:
    text = np.format_float_positional(price, precision=14, unique=False, fractional=False, trim="-")
    return len(text.partition(".")[2].rstrip("0")) or math.nan


def _decimals_fixed(rounded: float) -> float:
    return len(f"{rounded:.15f}".partition(".")[2].rstrip("0")) or math.nan


def count_decimals(
    prices: Floats,
    fixed: bool,
    out: Floats,
    num_threads: int,
) -> None:
    """Decimals of each price, NaN where it has none."""
    count = _decimals_fixed if fixed else _decimals_significant
    out[:] = [count(price) for price in prices.tolist()]


def row_maximum(a: Floats, b: Floats, c: Floats, d: Floats, out: Floats) -> None:
    """Largest of four values in each row, NaN skipped."""
    np.fmax(np.fmax(a, b), np.fmax(c, d), out=out)


def segment_maximum(values: Floats, starts: Dates, out: Floats) -> None:
    """Largest value from each start to the next one (the last: to the end), NaN skipped."""
    bounds = [*starts.tolist(), len(values)]
    for at, (start, stop) in enumerate(itertools.pairwise(bounds)):
        segment = values[start:stop]
        present = segment[~np.isnan(segment)]
        out[at] = present.max() if len(present) else np.nan


def untrack_rows(rows: list[list[Any]]) -> None:
    """Take fresh lists of atomic values out of the garbage collector's sight.

    Python code cannot do that: they stay tracked, which only costs time.
    """
