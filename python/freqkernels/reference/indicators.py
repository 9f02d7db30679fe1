"""Numpy twins of the kernels behind :mod:`freqkernels.indicators`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from freqkernels.reference._lanes import (
    NO_RANGE,
    Floats,
    decayed,
    end_after_break,
    head,
    in_order,
    leading,
)
from freqkernels.reference._moments import Moments
from freqkernels.reference._windows import Sums, Weights

#: An average size that vanishes in this product counts as none.
_CALM = 2.0**-60


def _columns(values: Floats, rows: int) -> Iterator[slice]:
    for column in range(len(values) // rows if rows > 0 else 0):
        yield slice(column * rows, (column + 1) * rows)


def sma(values: Floats, rows: int, timeperiod: int, out: Floats, num_threads: int) -> None:
    """Mean of the last values; leading NaNs are skipped, a later value not finite ends it."""
    with np.errstate(all="ignore"):
        for column in _columns(values, rows):
            first = leading(values[column])
            start = first + head(rows - first, timeperiod)
            out[column][:start] = np.nan
            means = Sums(values[column], timeperiod, timeperiod, True, out[column])
            means.column(start, rows, whole=True)


def wma(values: Floats, rows: int, timeperiod: int, out: Floats, num_threads: int) -> None:
    """Mean of the last values, the newest weighing ``timeperiod`` times the oldest."""
    with np.errstate(all="ignore"):
        for column in _columns(values, rows):
            first = leading(values[column])
            start = first + head(rows - first, timeperiod)
            out[column][:start] = np.nan
            Weights(values[column], timeperiod, out[column]).column(start, rows)


def _ema_from(values: Floats, first: int, timeperiod: int) -> Floats:
    """Average of the values from row ``first`` on."""
    out = np.full(len(values), np.nan)
    seed = first + timeperiod - 1
    if seed < len(values):
        out[seed] = in_order(values[first : seed + 1]) / timeperiod
        weight = 2.0 / (timeperiod + 1)
        out[seed + 1 :] = decayed(values[seed + 1 :], weight, float(out[seed]))
        end_after_break(out[seed + 1 :])
    return out


def ema(values: Floats, rows: int, timeperiod: int, out: Floats, num_threads: int) -> None:
    """Exponential average that begins with the mean of the first values."""
    with np.errstate(all="ignore"):
        for column in _columns(values, rows):
            out[column] = _ema_from(values[column], leading(values[column]), timeperiod)


def _rsi(values: Floats, timeperiod: int) -> Floats:
    """Relative strength index: 50 + 50 * average change / average size of the changes."""
    out = np.full(len(values), np.nan)
    first = leading(values)
    row = first + timeperiod
    if row >= len(values):
        return out
    changes = np.diff(values[first:])
    averages = []
    for each in (changes, np.abs(changes)):
        seed = in_order(each[:timeperiod]) / timeperiod
        later = decayed(each[timeperiod:], 1.0 / timeperiod, seed)
        averages.append(np.append(seed, later))
    change, size = averages
    out[row:] = np.where(size * _CALM != 0.0, 50.0 + 50.0 * (change / size), 0.0)
    end_after_break(out[row + 1 :])
    return out


def rsi(values: Floats, rows: int, timeperiod: int, out: Floats, num_threads: int) -> None:
    """Wilder's relative strength index."""
    with np.errstate(all="ignore"):
        for column in _columns(values, rows):
            out[column] = _rsi(values[column], timeperiod)


def zlema(
    values: Floats, rows: int, timeperiod: int, work: Floats, out: Floats, num_threads: int
) -> None:
    """Exponential average of twice the value less the one half a period ago."""
    lag = (timeperiod - 1) // 2
    with np.errstate(all="ignore"):
        for column in _columns(values, rows):
            series, less = values[column], work[column]
            begin = leading(series) + lag
            less[:begin] = np.nan
            less[begin:] = 2.0 * series[begin:] - series[begin - lag : max(rows - lag, 0)]
            out[column] = _ema_from(less, begin, timeperiod)


def macd(
    values: Floats,
    rows: int,
    fastperiod: int,
    slowperiod: int,
    signalperiod: int,
    line: Floats,
    signal: Floats,
    histogram: Floats,
    num_threads: int,
) -> None:
    """Difference of two exponential averages, its own average, and how they differ."""
    with np.errstate(all="ignore"):
        for column in _columns(values, rows):
            series = values[column]
            first = leading(series)
            begin = first + slowperiod - 1
            shown = begin + signalperiod - 1
            line[column] = signal[column] = histogram[column] = np.nan
            if shown >= rows:
                continue
            fast = _ema_from(series, begin - fastperiod + 1, fastperiod)
            both = fast - _ema_from(series, first, slowperiod)
            signal[column] = _ema_from(both, begin, signalperiod)
            line[column][shown:] = both[shown:]
            histogram[column][shown:] = both[shown:] - signal[column][shown:]


def _standing(index: Floats, start: int, window: int) -> Floats:
    """Where values stand between the extremes of their windows, 0 to 100."""
    newest = index[start:]
    lowest = highest = newest
    for back in range(1, window):
        each = index[start - back : len(index) - back]
        lowest = np.where(each < lowest, each, lowest)
        highest = np.where(each > highest, each, highest)
    spread = (highest - lowest) / 100.0
    standing = np.where(spread < NO_RANGE, 0.0, (newest - lowest) / spread)
    return np.where(np.isnan(newest), np.nan, standing)


def stoch_rsi(
    values: Floats,
    rows: int,
    timeperiod: int,
    fastk_period: int,
    fastd_period: int,
    work: Floats,
    fastk: Floats,
    fastd: Floats,
    num_threads: int,
) -> None:
    """Where the relative strength index stands in its window, and the mean of that."""
    with np.errstate(all="ignore"):
        for column in _columns(values, rows):
            index = work[column]
            index[:] = _rsi(values[column], timeperiod)
            first = leading(index)
            begin = first + head(rows - first, fastk_period)
            shown = begin + head(rows - begin, fastd_period)
            fastk[column][:begin] = fastd[column][:shown] = np.nan
            if begin < rows:
                fastk[column][begin:] = _standing(index, begin, fastk_period)
            means = Sums(fastk[column], fastd_period, fastd_period, True, fastd[column])
            means.column(shown, rows, whole=True)
            fastk[column][:shown] = np.nan


def _true_range(high: Floats, low: Floats, before: Floats) -> Floats:
    """The greatest distance among high, low and the close before, which may be NaN."""
    spread = high - low
    for distance in (np.abs(before - high), np.abs(before - low)):
        spread = np.where(distance > spread, distance, spread)
    return spread


def atr(
    high: Floats,
    low: Floats,
    close: Floats,
    rows: int,
    timeperiod: int,
    out: Floats,
    num_threads: int,
) -> None:
    """Wilder's average of the true range."""
    with np.errstate(all="ignore"):
        for column in _columns(high, rows):
            candles = high[column], low[column], close[column]
            first = max(leading(each) for each in candles)
            row = first + timeperiod
            out[column] = np.nan
            if row >= rows:
                continue
            spread = _true_range(
                candles[0][first + 1 :], candles[1][first + 1 :], candles[2][first:-1]
            )
            seed = in_order(spread[:timeperiod]) / timeperiod
            out[column][row] = seed
            out[column][row + 1 :] = decayed(spread[timeperiod:], 1.0 / timeperiod, seed)
            end_after_break(out[column][row + 1 :])


def rolling_sum(
    values: Floats,
    rows: int,
    window: int,
    min_periods: int,
    mean: bool,
    out: Floats,
    num_threads: int,
) -> None:
    """Sum, or mean, of the finite values of each window that has enough of them."""
    with np.errstate(all="ignore"):
        for column in _columns(values, rows):
            start = head(rows, window)
            sums = Sums(values[column], window, min_periods, bool(mean), out[column])
            out[column][:start] = np.nan
            if min_periods < window:
                sums.head(start)
            sums.column(start, rows, whole=False)


def rolling_var(
    values: Floats,
    rows: int,
    window: int,
    min_periods: int,
    ddof: int,
    out: Floats,
    num_threads: int,
) -> None:
    """Variance of the finite values of each window that has enough of them."""
    with np.errstate(all="ignore"):
        for column in _columns(values, rows):
            out[column] = Moments(values[column], window, min_periods, ddof).column()[1]


def rolling_std(
    values: Floats,
    rows: int,
    window: int,
    min_periods: int,
    ddof: int,
    out: Floats,
    num_threads: int,
) -> None:
    """Standard deviation of the finite values of each window that has enough of them."""
    with np.errstate(all="ignore"):
        for column in _columns(values, rows):
            variance = Moments(values[column], window, min_periods, ddof).column()[1]
            out[column] = np.sqrt(variance)


def rolling_zscore(
    values: Floats,
    rows: int,
    window: int,
    min_periods: int,
    ddof: int,
    out: Floats,
    num_threads: int,
) -> None:
    """Distance from the mean of the window in standard deviations."""
    with np.errstate(all="ignore"):
        for column in _columns(values, rows):
            mean, variance = Moments(values[column], window, min_periods, ddof).column()
            out[column] = (values[column] - mean) / np.sqrt(variance)


def bollinger_bands(
    values: Floats,
    rows: int,
    window: int,
    min_periods: int,
    ddof: int,
    stds: float,
    upper: Floats,
    mid: Floats,
    lower: Floats,
    num_threads: int,
) -> None:
    """Mean of each window, and that plus and minus so many standard deviations."""
    with np.errstate(all="ignore"):
        for column in _columns(values, rows):
            mean, variance = Moments(values[column], window, min_periods, ddof).column()
            width = np.sqrt(variance) * stds
            upper[column] = mean + width
            mid[column] = mean
            lower[column] = mean - width
