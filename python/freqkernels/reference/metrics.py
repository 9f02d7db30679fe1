"""Numpy twins of the kernels behind :mod:`freqkernels.metrics`."""

import numpy as np
from numpy.typing import NDArray

Dates = NDArray[np.int64]
Floats = NDArray[np.float64]


def _periods(open_dates: Dates, close_dates: Dates, step: int, instant: int) -> Dates:
    """Periods that begin, in steps from the opening, before the close."""
    lasting = (close_dates - open_dates - 1) // step + 1
    lasting[close_dates == open_dates] = instant
    periods: Dates = np.maximum(lasting, 0)
    return periods


def trade_span(open_dates: Dates, close_dates: Dates, step: int, instant: int) -> tuple[int, int]:
    """First and last candle date on which any trade is open; ``(0, -1)`` if there is none."""
    periods = _periods(open_dates, close_dates, step, instant)
    counted = periods > 0
    if not counted.any():
        return 0, -1
    last = open_dates + (periods - 1) * step
    return int(open_dates[counted].min()), int(last[counted].max())


def open_trade_counts(
    open_dates: Dates,
    close_dates: Dates,
    counted: NDArray[np.uint8],
    first: int,
    step: int,
    instant: int,
    counts: NDArray[np.int64],
) -> None:
    """Trades open in each period of length ``step`` from ``first`` on."""
    periods = _periods(open_dates, close_dates, step, instant)
    chosen = (periods > 0) & (counted != 0)
    start = (open_dates[chosen] - first) // step
    end = start + periods[chosen]
    changes = np.bincount(start, minlength=len(counts) + 1)
    changes -= np.bincount(end, minlength=len(counts) + 1)
    np.cumsum(changes[:-1], out=counts)


def valid_span(values: Floats) -> tuple[int, int]:
    """Rows of the first and the last value that is not NaN; ``(-1, -1)`` if there is none."""
    rows = np.flatnonzero(~np.isnan(values))
    return (int(rows[0]), int(rows[-1])) if len(rows) else (-1, -1)


def valid_span_since(dates: Dates, values: Floats, since: int) -> tuple[int, int, int]:
    """As :func:`valid_span`, over the rows dated ``since`` or later, in any order."""
    dated = dates >= since
    rows = np.flatnonzero(dated & ~np.isnan(values))
    if len(rows):
        return int(rows[0]), int(rows[-1]), 1
    return -1, -1, int(dated.any())


def rel_mean(
    columns: list[Floats],
    mean: Floats,
    rel_mean: Floats,
    count: NDArray[np.int64],
    num_threads: int,
) -> bool:
    """Mean, cumulated mean of relative changes and count over columns, NaN skipped."""
    if len(mean) == 0 or not columns:
        return False
    changes = np.zeros_like(mean)
    changed = np.zeros_like(count)
    mean[:] = 0.0
    count[:] = 0
    finite = True
    with np.errstate(all="ignore"):
        for column in columns:
            change = column[1:] / column[:-1] - 1.0
            present = ~np.isnan(column)
            usable = present[1:] & present[:-1]
            finite &= bool(np.isfinite(change[usable]).all())
            mean += np.where(present, column, 0.0)
            count += present
            changes[1:] += np.where(usable, change, 0.0)
            changed[1:] += usable
        finite &= bool(np.isfinite(mean).all())
        mean /= count
        rel_mean[:] = np.where(changed > 0, changes / changed, 0.0)
        np.cumsum(rel_mean, out=rel_mean)
    return finite


def row_mean(
    columns: list[Floats],
    mean: Floats,
    num_threads: int,
) -> bool:
    """Mean over columns, NaN skipped, summed from left to right."""
    if len(mean) == 0 or not columns:
        return False
    count = np.zeros(len(mean), dtype=np.int64)
    mean[:] = 0.0
    with np.errstate(all="ignore"):
        for column in columns:
            present = ~np.isnan(column)
            mean += np.where(present, column, 0.0)
            count += present
        finite = bool(np.isfinite(mean).all())
        mean /= count
    return finite


def drawdown_series(
    profits: Floats,
    starting_balance: float,
    cumulative: Floats,
    high: Floats,
    drawdown: Floats,
    relative: Floats,
) -> bool:
    """Cumulative profit, its highest so far, the distance, and that relative to the balance."""
    for column in (cumulative, high, drawdown, relative):
        column[0] = 0.0
    with np.errstate(all="ignore"):
        np.cumsum(profits, out=cumulative[1:])
        np.maximum.accumulate(cumulative, out=high)
        np.subtract(cumulative, high, out=drawdown)
        top = starting_balance + high[1:]
        relative[1:] = (top - (starting_balance + cumulative[1:])) / top
    plain = np.isfinite(cumulative).all() and not np.signbit(cumulative[cumulative == 0.0]).any()
    return bool(plain and (starting_balance == 0.0 or np.isfinite(relative).all()))
