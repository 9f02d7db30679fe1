"""Arithmetic over groups of eight rows, in the order that ``src/indicators/lanes.h`` writes down.

Arrays of groups have the shape ``(groups, 8)``. numpy's own ``sum`` adds in another order;
``np.add.accumulate`` adds one after the other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Hundredths of a range that count as none.
NO_RANGE = 1e-14
LANES = 8
#: Windows below this are added up directly in every row.
SHORT = LANES
MOST = float(np.finfo(np.float64).max)


def up(fours: Floats, lanes: int) -> Floats:
    """Vectors of four, their values some lanes up; zeros come in."""
    moved = np.zeros_like(fours)
    moved[..., lanes:] = fours[..., :-lanes]
    return moved


def running(groups: Floats) -> Floats:
    """Running sums within groups: lane 3 is (d3 + d2) + (d1 + d0), lanes 4 to 7 add lane 3."""
    fours = groups.reshape(-1, 2, 4)
    fours = fours + up(fours, 1)
    fours = fours + up(fours, 2)
    fours[:, 1] += fours[:, 0, 3:]
    return fours.reshape(-1, LANES)


def carried(groups: Floats, before: float) -> Floats:
    """What stands before each group and after the last, if each adds what its last lane holds."""
    return np.add.accumulate(np.concatenate(([before], groups[:, -1])))


def total(values: Floats) -> float:
    """Sum of at least one value: eight lanes over whole groups, folded, then the rest."""
    whole = len(values) // LANES * LANES
    if not whole:
        return float(np.add.accumulate(values)[-1])
    lanes = np.add.accumulate(values[:whole].reshape(-1, LANES))[-1]
    low, high = lanes[:4], lanes[4:]
    pairs = low + high
    folded = (pairs[2] + pairs[0]) + (pairs[3] + pairs[1])
    return float(np.add.accumulate(np.concatenate(([folded], values[whole:])))[-1])


def in_order(values: Floats) -> float:
    """Sum of at least one value, one after the other to 0.0."""
    return 0.0 + float(np.add.accumulate(values)[-1])


def groups_between(window: int) -> int:
    """Groups between two fresh starts: 256 rows, and never fewer than the window has."""
    return max(32, -(-window // LANES))


def head(rows: int, window: int) -> int:
    """Rows before the first whole window."""
    return rows if rows < window else window - 1


def leading(values: Floats) -> int:
    """How many NaNs stand in front."""
    present = ~np.isnan(values)
    return int(present.argmax()) if present.any() else len(values)


def in_groups(values: Floats) -> Floats:
    """Groups of eight; the last one is filled with zeros."""
    padded = np.zeros(-(-len(values) // LANES) * LANES)
    padded[: len(values)] = values
    return padded.reshape(-1, LANES)


def last_missing(values: Floats) -> NDArray[np.int64]:
    """Row of the last value so far that is not finite; -1 if there is none."""
    rows = np.where(np.isfinite(values), -1, np.arange(len(values)))
    return np.maximum.accumulate(rows).astype(np.int64)


def decay_powers(weight: float) -> Floats:
    """Powers 1 to 8 of what an average keeps."""
    keep = 1.0 - weight
    second = keep * keep
    fourth = second * second
    low = [keep, second, second * keep, fourth]
    return np.array(low + [power * fourth for power in low])


def decayed(values: Floats, weight: float, first: float) -> Floats:
    """Exponential averages after each of ``values``, from the average ``first`` on."""
    if not len(values):
        return np.empty(0)
    powers = decay_powers(weight)
    fours = (in_groups(values) * weight).reshape(-1, 2, 4)
    fours = fours + powers[0] * up(fours, 1)
    fours = fours + powers[1] * up(fours, 2)
    fours[:, 1] += powers[:4] * fours[:, 0, 3:]
    own = fours.reshape(-1, LANES)
    before, keep = [first if np.isfinite(first) else np.nan], float(powers[-1])
    for last in own[:-1, -1].tolist():
        before.append(last + keep * before[-1])
    averages: Floats = (own + powers * np.array(before)[:, None]).reshape(-1)[: len(values)]
    return averages


def end_after_break(out: Floats) -> None:
    """No results after the first that is not finite; such averages never become finite again."""
    if len(out) and not np.isfinite(out[-1]):
        out[int((~np.isfinite(out)).argmax()) + 1 :] = np.nan
