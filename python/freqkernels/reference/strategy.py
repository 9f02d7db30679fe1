"""Numpy twins of the kernels behind ``freqkernels.informative`` and ``freqkernels.crossings``."""

import numpy as np
from numpy.typing import NDArray

Dates = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.uint8]


def matching_rows(dates: Dates, others: Dates, shift: int, forward: bool, rows: Dates) -> int:
    """For each date, the row of the same date among the others plus shift; how many have none."""
    wanted = dates - shift
    rows[:] = np.searchsorted(others, wanted)
    found = rows < len(others)
    found[found] = others[rows[found]] == wanted[found]
    rows[~found] = -1
    if forward:
        np.maximum.accumulate(rows, out=rows)
    return int((rows < 0).sum())


def _above(series: Floats, other: Floats) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        above: NDArray[np.bool_] = (series[1:] > other[1:]) & (series[:-1] <= other[:-1])
    return above


def crossings(series: Floats, other: Floats, direction: int, out: Flags) -> None:
    """1 where the series crosses the other one: above it (1), below it (-1), or either (0)."""
    out[:1] = 0
    out[1:] = _above(other, series) if direction < 0 else _above(series, other)
    if direction == 0:
        out[1:] |= _above(other, series)


def level_crossings(series: Floats, level: float, direction: int, out: Flags) -> None:
    """1 where the series crosses a level: above it (1), below it (-1), or either (0)."""
    crossings(series, np.full(len(series), level), direction, out)
