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


def _joined(periods: Dates, prices: Floats, out: Floats) -> NDArray[np.intp]:
    """Put open, high, low, close of each period into ``out``; rows at which periods begin."""
    begins = np.flatnonzero(np.diff(periods, prepend=periods[:1] - 1))
    out[:, : len(begins)] = np.nan
    present = np.flatnonzero(~np.isnan(prices[0]))
    if len(present):
        known, group = prices[:, present], np.searchsorted(begins, present, side="right") - 1
        starts = np.flatnonzero(np.diff(group, prepend=-1))
        priced = group[starts]
        high, low = np.maximum.reduceat(known[1], starts), np.minimum.reduceat(known[2], starts)
        _earliest_zeros(high, known[1], starts)
        _earliest_zeros(low, known[2], starts)
        close = known[3][np.append(starts[1:], len(present)) - 1]
        for number, column in enumerate((known[0][starts], high, low, close)):
            out[number, priced] = column
    return begins


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
    begins = _joined(periods, np.broadcast_to(prices, (4, len(prices))), out)
    rows[: len(begins)] = begins
    out_dates[: len(begins)] = first + periods[begins] * step
    return len(begins)


def join_prices(
    dates: Dates,
    rows: Dates,
    prices: Floats,
    first: int,
    step: int,
    out_dates: Dates,
    out_rows: Dates,
    out: Floats,
) -> int:
    """Candles of longer periods from those of :func:`trade_prices`, as if from the trades."""
    periods = (dates - first) // step
    begins = _joined(periods, prices, out)
    out_rows[: len(begins)] = rows[begins]
    out_dates[: len(begins)] = first + periods[begins] * step
    return len(begins)


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
