"""Twins of the kernels behind the rolling minimum, maximum and median."""

from __future__ import annotations

import math
from bisect import bisect_left, insort_right
from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: Whether values beat others.
Better = Callable[[Floats, Floats], NDArray[np.bool_]]


def rolling_min(
    values: Floats, rows: int, window: int, min_periods: int, out: Floats, num_threads: int
) -> None:
    """Lowest of the last ``window`` values; of 0.0 and -0.0 the newer one."""
    for column in _columns(values, rows):
        out[column] = _extremes(values[column], min(window, rows), min_periods, np.less, np.inf)


def rolling_max(
    values: Floats, rows: int, window: int, min_periods: int, out: Floats, num_threads: int
) -> None:
    """Highest of the last ``window`` values; of 0.0 and -0.0 the newer one."""
    for column in _columns(values, rows):
        out[column] = _extremes(values[column], min(window, rows), min_periods, np.greater, -np.inf)


def rolling_median(
    values: Floats, rows: int, window: int, min_periods: int, out: Floats, num_threads: int
) -> None:
    """Median of the last ``window`` values; 0.0 and -0.0 stand in the order in which they came."""
    for column in _columns(values, rows):
        out[column] = _medians(values[column].tolist(), window, max(min_periods, 1))


def _columns(values: Floats, rows: int) -> list[slice]:
    return [slice(start, start + rows) for start in range(0, len(values), rows)] if rows else []


def _extremes(
    values: Floats, window: int, min_periods: int, better: Better, worst: float
) -> Floats:
    """By blocks of doubling size; the later block is the result where none is better."""
    missing = ~np.isfinite(values)
    level = np.concatenate([np.full(window - 1, worst), np.where(missing, worst, values)])
    size = 1
    while size < window:
        step = min(size, window - size)
        older, newer = level[:-step], level[step:]
        level = np.where(better(older, newer), older, newer)
        size += step
    counts = np.concatenate([np.zeros(window, dtype=np.int64), np.cumsum(~missing)])
    present = counts[window:] - counts[:-window]
    level[present < max(min_periods, 1)] = np.nan
    return level


def _medians(values: list[float], window: int, min_periods: int) -> list[float]:
    """With a sorted list: a new value goes behind its equals, an old one leaves before them."""
    ordered: list[float] = []
    recent: deque[float] = deque()
    medians = []
    for value in values:
        if len(recent) == window:
            oldest = recent.popleft()
            if math.isfinite(oldest):
                del ordered[bisect_left(ordered, oldest)]
        recent.append(value)
        if math.isfinite(value):
            insort_right(ordered, value)
        medians.append(_middle(ordered) if len(ordered) >= min_periods else math.nan)
    return medians


def _middle(ordered: list[float]) -> float:
    half = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[half]
    return (ordered[half] + ordered[half - 1]) / 2.0
