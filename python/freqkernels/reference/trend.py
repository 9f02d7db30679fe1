"""Twins of the kernels behind :mod:`freqkernels.indicators.trend`, row by row in Python."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_SLOWEST = 2.0 / (30.0 + 1.0)
_SPAN = 2.0 / (2.0 + 1.0) - _SLOWEST


def _exact_fma(x: float, y: float, z: float) -> float:
    """``x * y + z`` rounded once: in fractions of integers, which Python divides correctly."""
    if not (math.isfinite(x) and math.isfinite(y)):
        return x * y + z
    if not math.isfinite(z):
        return z
    (top_x, low_x), (top_y, low_y) = x.as_integer_ratio(), y.as_integer_ratio()
    top_z, low_z = z.as_integer_ratio()
    top = top_x * top_y * low_z + top_z * low_x * low_y
    if top == 0:
        return x * y + z
    try:
        return top / (low_x * low_y * low_z)
    except OverflowError:
        return math.inf if top > 0 else -math.inf


def _builtin_fma(x: float, y: float, z: float) -> float:
    """As Python's own from 3.13 on, which raises where C gives NaN or an infinity."""
    try:
        return math.fma(x, y, z)  # type: ignore[attr-defined, no-any-return, unused-ignore]
    except (OverflowError, ValueError):
        return _exact_fma(x, y, z)


_fma: Callable[[float, float, float], float] = _builtin_fma if hasattr(math, "fma") else _exact_fma


def _columns(rows: int, *arrays: NDArray[Any]) -> Iterator[tuple[NDArray[Any], ...]]:
    """The columns of arrays of the same length, column by column."""
    for start in range(0, len(arrays[0]), max(rows, 1)):
        yield tuple(array[start : start + rows] for array in arrays)


def _first_present(*columns: Floats) -> int:
    """The first row in which no column is NaN; the number of rows if there is none."""
    present = np.flatnonzero(~np.isnan(columns).any(axis=0))
    return int(present[0]) if len(present) else len(columns[0])


def kama(values: Floats, rows: int, timeperiod: int, out: Floats, num_threads: int) -> None:
    """Kaufman's adaptive moving average."""
    for column, averages in _columns(rows, values, out):
        if timeperiod == 1:
            averages[:] = column
            continue
        averages[:] = np.nan
        first = _first_present(column)
        averages[first + timeperiod :] = _kama_averages(column[first:].tolist(), timeperiod)


def _kama_averages(values: list[float], period: int) -> list[float]:
    """The averages from the first full period on."""
    averages: list[float] = []
    total, same, left = 0.0, 0, 0.0
    for row in range(1, len(values)):
        value = values[row]
        change = value - values[row - 1]
        same = same + 1 if change == 0.0 else 0
        if row > period:
            total = total - abs(left - values[row - period])
        total = 0.0 if same >= period else total + abs(change)
        if row < period:
            continue
        left = values[row - period]
        smoothing = _fma(_efficiency(value - left, total), _SPAN, _SLOWEST)
        average = averages[-1] if averages else values[row - 1]
        averages.append(_fma(value - average, smoothing * smoothing, average))
    return averages


def _efficiency(change: float, total: float) -> float:
    if total <= 0.0 or total <= change:
        return 1.0
    efficiency = abs(change / total)
    return 1.0 if efficiency > 1.0 else efficiency


def psar(
    high: Floats,
    low: Floats,
    rows: int,
    acceleration: float,
    maximum: float,
    out: Floats,
    num_threads: int,
) -> None:
    """Parabolic stop and reverse."""
    for highs, lows, stops in _columns(rows, high, low, out):
        first = _first_present(highs, lows)
        stops[:] = np.nan
        if first + 1 < len(stops):
            step = min(acceleration, maximum)
            prices = highs[first:].tolist(), lows[first:].tolist()
            stops[first + 1 :] = _psar_stops(*prices, step, maximum)


def _psar_stops(
    highs: list[float], lows: list[float], acceleration: float, maximum: float
) -> list[float]:
    """The stops from the second row on."""
    fall = lows[0] - lows[1]
    rising = not (fall > 0.0 and highs[1] - highs[0] < fall)
    extreme, stop = (highs[1], lows[0]) if rising else (lows[1], highs[0])
    factor = acceleration
    stops: list[float] = []
    for row in range(1, len(highs)):
        before = max(row - 1, 1)
        if lows[row] <= stop if rising else highs[row] >= stop:
            rising = not rising
            stop = _psar_outside(extreme, rising, highs, lows, before, row)
            extreme, factor = highs[row] if rising else lows[row], acceleration
            stops.append(stop)
        else:
            stops.append(stop)
            further = highs[row] > extreme if rising else lows[row] < extreme
            if further:
                extreme = highs[row] if rising else lows[row]
                factor += acceleration
                factor = maximum if factor > maximum else factor
        moved = _fma(factor, extreme - stop, stop)
        stop = _psar_outside(moved, rising, highs, lows, before, row)
    return stops


def _psar_outside(
    stop: float, rising: bool, highs: list[float], lows: list[float], before: int, row: int
) -> float:
    """A stop below the lows of two rows, or above their highs."""
    for at in (before, row):
        if rising:
            stop = lows[at] if stop > lows[at] else stop
        else:
            stop = highs[at] if stop < highs[at] else stop
    return stop


def heikin_ashi(
    open: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    rows: int,
    ha_open: Floats,
    ha_high: Floats,
    ha_low: Floats,
    ha_close: Floats,
    num_threads: int,
) -> None:
    """Heikin-Ashi candles."""
    with np.errstate(all="ignore"):
        np.divide(open + high + low + close, 4.0, out=ha_close)
        for opens, closes, ha_opens, ha_closes in _columns(rows, open, close, ha_open, ha_close):
            before, closed = float(opens[0]), float(closes[0])
            for row, each in enumerate(ha_closes.tolist()):
                before = (before + closed) / 2.0
                ha_opens[row] = before
                closed = each
    ha_high[:] = high
    ha_low[:] = low
    for other in (ha_open, ha_close):
        present = ~np.isnan(other)
        np.copyto(ha_high, other, where=present & ~(other < ha_high))
        np.copyto(ha_low, other, where=present & ~(other > ha_low))


def supertrend(
    high: Floats,
    low: Floats,
    close: Floats,
    rows: int,
    timeperiod: int,
    multiplier: float,
    value: Floats,
    direction: NDArray[np.int64],
    lower: Floats,
    upper: Floats,
    num_threads: int,
) -> None:
    """Supertrend: the side that is drawn, its direction, and both sides where they are drawn."""
    inputs, outputs = (high, low, close), (value, direction, lower, upper)
    for highs, lows, closes, *drawn in _columns(rows, *inputs, *outputs):
        averages = np.full(len(highs), np.nan)
        first = _first_present(highs, lows, closes)
        prices = highs[first:].tolist(), lows[first:].tolist(), closes[first:].tolist()
        averages[first + timeperiod :] = _average_true_ranges(*prices, timeperiod)
        with np.errstate(all="ignore"):
            middle, reach = 0.5 * (highs + lows), multiplier * averages
            bands = (middle - reach).tolist(), (middle + reach).tolist()
        drawn[1][:] = _supertrend_directions(closes.tolist(), *bands)
        rising = drawn[1] > 0
        drawn[0][:] = np.where(rising, *bands)
        drawn[2][:] = np.where(rising, bands[0], np.nan)
        drawn[3][:] = np.where(rising, np.nan, bands[1])


def _average_true_ranges(
    highs: list[float], lows: list[float], closes: list[float], period: int
) -> list[float]:
    """Wilder's average from the first full period on."""
    keep = (period - 1) / period
    weight = 1.0 - keep
    average = 0.0
    averages: list[float] = []
    for row in range(1, len(highs)):
        true_range = highs[row] - lows[row]
        for price in (highs[row], lows[row]):
            distance = abs(closes[row - 1] - price)
            true_range = distance if distance > true_range else true_range
        if row > period:
            average = _fma(average, keep, true_range * weight)
        else:
            average += true_range
        if row == period:
            average /= period
        if row >= period:
            averages.append(average)
    return averages


def _supertrend_directions(
    closes: list[float], lower: list[float], upper: list[float]
) -> list[int]:
    """The direction; both sides become what they are when carried on."""
    directions = [1] * len(closes)
    for row in range(1, len(closes)):
        if closes[row] > upper[row - 1]:
            directions[row] = 1
        elif closes[row] < lower[row - 1]:
            directions[row] = -1
        else:
            directions[row] = directions[row - 1]
            if directions[row] > 0 and lower[row] < lower[row - 1]:
                lower[row] = lower[row - 1]
            if directions[row] < 0 and upper[row] > upper[row - 1]:
                upper[row] = upper[row - 1]
    return directions


def dynamic_bands(
    atr: Floats,
    rows: int,
    atr_period: int,
    base_lower: float,
    base_upper: float,
    sensitivity: float,
    adjustment_factor: float,
    min_width: float,
    max_width: float,
    lower: Floats,
    upper: Floats,
    ratio: Floats,
    mean: Floats,
    num_threads: int,
) -> None:
    """Bands that move with the ratio of a range to its mean; that ratio, and that mean."""
    for values, means in _columns(rows, atr, mean):
        finite = np.where(np.isfinite(values), values, np.nan)
        means[:] = finite if atr_period == 1 else _rolling_mean(finite.tolist(), atr_period)
    with np.errstate(all="ignore"):
        np.divide(atr, mean, out=ratio)
        outwards = (ratio - 1.0) * adjustment_factor * 100.0
        inwards = (1.0 - ratio) * adjustment_factor * 100.0
        lower[:] = np.where(
            ratio > sensitivity,
            np.maximum(base_lower - outwards, base_lower - max_width),
            np.minimum(base_lower + inwards, base_lower + min_width),
        )
        upper[:] = np.where(
            ratio > sensitivity,
            np.minimum(base_upper + outwards, base_upper + max_width),
            np.maximum(base_upper - inwards, base_upper - min_width),
        )
        still = ~(ratio > sensitivity) & ~(ratio < 1.0 / sensitivity)
        lower[still], upper[still] = base_lower, base_upper
        narrow = upper - lower < min_width
        middle = (lower + upper) / 2.0
        np.copyto(lower, middle - min_width / 2.0, where=narrow)
        np.copyto(upper, middle + min_width / 2.0, where=narrow)


def _rolling_mean(values: list[float], window: int) -> list[float]:
    """pandas' rolling mean of values none of which is infinite."""
    total = gained = lost = 0.0
    present = negative = same = 0
    last = math.nan
    means = []
    for row, value in enumerate(values):
        leaving = values[row - window] if row >= window else math.nan
        if leaving == leaving:
            change = -leaving - lost
            moved = total + change
            lost = moved - total - change
            total = moved
            present -= 1
            negative -= math.copysign(1.0, leaving) < 0.0
        if value == value:
            change = value - gained
            moved = total + change
            gained = moved - total - change
            total = moved
            present += 1
            negative += math.copysign(1.0, value) < 0.0
            same = same + 1 if value == last else 1
            last = value
        means.append(_mean_of_window(total, window, present, negative, last, same))
    return means


def _mean_of_window(
    total: float, window: int, present: int, negative: int, last: float, same: int
) -> float:
    if present < window:
        return math.nan
    if same >= window:
        return last
    mean = total / window
    wrong_side = (negative == 0 and mean < 0.0) or (negative == window and mean > 0.0)
    return 0.0 if wrong_side else mean
