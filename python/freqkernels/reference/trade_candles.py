"""Numpy twins of the kernels behind :mod:`freqkernels.trade_candles`."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Dates = NDArray[np.int64]
Floats = NDArray[np.float64]


def _earliest_zeros(chosen: Floats, prices: Floats, begins: NDArray[np.intp]) -> None:
    """Where zero is the extreme of a group, the earliest of its zeros, which have signs."""
    ends = np.append(begins[1:], len(prices))
    for group in np.flatnonzero(chosen == 0.0):
        within = prices[begins[group] : ends[group]]
        chosen[group] = within[within == 0.0][0]


def trade_prices(
    dates: Dates,
    prices: Floats,
    first: int,
    step: int,
    out_dates: Dates,
    rows: Dates,
    out: Floats,
) -> int:
    """Candles of trades sorted by date: start, first row, open, high, low, close."""
    periods = (dates - first) // step
    begins = np.flatnonzero(np.diff(periods, prepend=periods[:1] - 1))
    count = len(begins)
    rows[:count] = begins
    out_dates[:count] = first + periods[begins] * step
    out[:, :count] = np.nan
    present = np.flatnonzero(~np.isnan(prices))
    if len(present):
        known, group = prices[present], np.searchsorted(begins, present, side="right") - 1
        starts = np.flatnonzero(np.diff(group, prepend=-1))
        priced = group[starts]
        high, low = np.maximum.reduceat(known, starts), np.minimum.reduceat(known, starts)
        _earliest_zeros(high, known, starts)
        _earliest_zeros(low, known, starts)
        close = known[np.append(starts[1:], len(known)) - 1]
        for number, column in enumerate((known[starts], high, low, close)):
            out[number, priced] = column
    return count


def compensated_sums(
    values: Floats,
    rows: Dates,
    total: float,
    compensation: float,
    sums: Floats,
) -> tuple[float, float]:
    """Sums from each row to the next one (the last: to the end), by Kahan; NaN is skipped."""
    for group, (begin, end) in enumerate(pairwise([*rows.tolist(), len(values)])):
        if group > 0:
            total = compensation = 0.0
        for value in values[begin:end].tolist():
            if value != value:
                continue
            addend = value - compensation
            added = total + addend
            compensation = added - total - addend
            if compensation != compensation:  # of an infinity
                compensation = 0.0
            total = added
        sums[group] = total
    return total, compensation
