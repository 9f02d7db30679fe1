"""Running sums of windows, as ``src/indicators/{sums,weights}.h`` have them.

All groups up to the next fresh start are computed at once. They count up to the first lane that is
out of the ordinary; the rest of its group is computed row by row.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from freqkernels.reference._lanes import (
    LANES,
    SHORT,
    Flags,
    Floats,
    carried,
    groups_between,
    in_groups,
    in_order,
    last_missing,
    running,
    total,
)


def directly(values: Floats, start: int, rows: int, window: int, weighted: bool) -> Floats:
    """Sums of the windows that end in the rows from ``start`` on, the oldest value first."""
    sums = values[start - window + 1 : rows - window + 1].copy()
    for weight in range(2, window + 1):
        each = values[start - window + weight : rows - window + weight]
        sums += each * float(weight) if weighted else each
    return sums


def first_down(flags: Flags) -> int:
    """Where the first flag is down; how many there are if none is."""
    return len(flags) if flags.all() else int(flags.argmin())


def end_series(out: Floats) -> None:
    """Nothing but NaN from the first NaN on."""
    out[first_down(~np.isnan(out)) :] = np.nan


def bounds_of(start: float) -> tuple[float, float]:
    """Sizes within which a sum is near enough to the one that it started with."""
    return abs(start) * 2.0**-10, min(abs(start) * 2.0**10, np.finfo(np.float64).max)


class Running(ABC):
    """What goes on from window to window, and starts anew every so many groups.

    :param values: a column.
    :param window: at least eight rows.
    """

    def __init__(self, values: Floats, window: int) -> None:
        self.values, self.window = values, window
        self.between = groups_between(window)
        self.groups = 0
        self.state = [np.nan, np.nan]
        self.broken = False

    @abstractmethod
    def renew(self, row: int) -> None:
        """Start with the window that ends in ``row``."""

    @abstractmethod
    def lanes(self, entering: Floats, leaving: Floats, count: int, anew: bool) -> list[Floats]:
        """The state after each row of these groups, of which ``count`` rows are real."""

    @abstractmethod
    def ordinary(self, first: Floats, second: Floats) -> Flags:
        """Rows whose state can be relied on."""

    def large(self, first: Floats, second: Floats) -> Flags:
        """Where there is a fresh start if a group ends there."""
        return np.zeros(len(first), dtype=bool)

    @abstractmethod
    def report(self, row: int, first: Floats, second: Floats) -> None:
        """Write the results of the rows from ``row`` on."""

    @abstractmethod
    def step(self, row: int) -> None:
        """One row by itself."""

    def now(self) -> tuple[Floats, Floats]:
        """The state, as arrays of one row."""
        return np.array(self.state[:1]), np.array(self.state[1:])

    def run(self, start: int, rows: int, whole: bool) -> None:
        """All rows, or those up to a value that is not finite if ``whole``."""
        while start < rows and not (whole and self.broken):
            start += self._some(start, rows)

    def _some(self, row: int, rows: int) -> int:
        """Groups up to a fresh start, or up to one out of the ordinary; how many rows."""
        anew = self.groups == 0
        if anew:
            self.groups = self.between
            self.renew(row)
        count = min(self.groups * LANES, rows - row)
        leaving = np.empty(count)
        leaving[0] = self.values[row if anew else row - self.window]  # anew: all is in the sums
        leaving[1:] = self.values[row - self.window + 1 : row - self.window + count]
        entering = in_groups(self.values[row : row + count])
        lanes = self.lanes(entering, in_groups(leaving), count, anew)
        lanes = [each.reshape(-1)[:count] for each in lanes]
        good = first_down(self.ordinary(*lanes))
        large = LANES * (1 + first_down(~self.large(*(each[LANES - 1 :: LANES] for each in lanes))))
        done = min(good, large)
        self.report(row, *(each[:done] for each in lanes))
        if done:
            self.state = [float(each[done - 1]) for each in lanes]
        elif anew:
            self.state = [np.nan, np.nan]
        groups = -(-done // LANES) if done in (large, count) else done // LANES + 1
        end = min(groups * LANES, count)
        for each in range(row + done, row + end):
            self.step(each)
        self.groups -= groups
        if self.large(*self.now()).any():
            self.groups = 0
        return end


class Sums(Running):
    """Sums or means of windows that hold at least ``least`` finite values."""

    def __init__(self, values: Floats, window: int, least: int, mean: bool, out: Floats) -> None:
        super().__init__(values, window)
        self.least, self.mean, self.out = least, mean, out
        self.missing = last_missing(values)
        self.bounds = (0.0, 0.0)

    def column(self, start: int, rows: int, whole: bool) -> None:
        """Rows whose windows are whole; NaN from the first value not finite on if ``whole``."""
        if self.window < SHORT:
            self._short(start, rows)
        else:
            self.run(start, rows, whole)
        if whole:
            end_series(self.out[start:rows])

    def head(self, head: int) -> None:
        """Rows before the first whole window."""
        finite = np.isfinite(self.values[:head])
        present = np.cumsum(finite)
        terms = np.append(0.0, np.where(finite, self.values[:head], 0.0))
        sums = np.add.accumulate(terms)[1:]
        found = sums / present if self.mean else sums
        self.out[:head] = np.where(present < self.least, np.nan, found)

    def renew(self, row: int) -> None:
        found = total(self.values[row - self.window + 1 : row + 1])
        self.state = [found, 0.0]
        self.bounds = bounds_of(found)

    def lanes(self, entering: Floats, leaving: Floats, count: int, anew: bool) -> list[Floats]:
        grown = running(entering - leaving)
        sums = grown + carried(grown, self.state[0])[:-1, None]
        return [sums, np.zeros_like(sums)]

    def ordinary(self, first: Floats, second: Floats) -> Flags:
        flags: Flags = (np.abs(first) >= self.bounds[0]) & (np.abs(first) <= self.bounds[1])
        return flags

    def report(self, row: int, first: Floats, second: Floats) -> None:
        self.out[row : row + len(first)] = first / float(self.window) if self.mean else first

    def step(self, row: int) -> None:
        found = np.float64(np.nan)
        if np.isfinite(self.state[0]):
            found = self.state[0] + (self.values[row] - self.values[row - self.window])
        if self.bounds[0] <= abs(found) <= self.bounds[1]:
            self.state[0] = float(found)
        else:
            self.state[0] = np.nan
            if self.missing[row] > row - self.window:
                self._without_missing(row)
                return
            self.renew(row)
            found = np.float64(self.state[0])
            if not np.isfinite(found):
                self.state[0] = np.nan
                self.broken |= bool(np.isnan(found))
        self.out[row] = found / float(self.window) if self.mean else found

    def _short(self, start: int, rows: int) -> None:
        sums = directly(self.values, start, rows, self.window, weighted=False)
        self.out[start:rows] = sums / float(self.window) if self.mean else sums
        spoilt = self.missing[start:rows] > np.arange(start, rows) - self.window
        for row in (start + np.flatnonzero(spoilt)).tolist():
            self._without_missing(row)

    def _without_missing(self, row: int) -> None:
        window = self.values[row - self.window + 1 : row + 1]
        present = window[np.isfinite(window)]
        self.broken = True
        self.out[row] = np.nan
        if self.least < self.window and len(present) >= self.least:
            found = np.float64(in_order(present) if len(present) else 0.0)
            self.out[row] = found / len(present) if self.mean else found


class Weights(Running):
    """Linearly weighted means of windows; nothing after a value that is not finite."""

    def __init__(self, values: Floats, window: int, out: Floats) -> None:
        super().__init__(values, window)
        self.between = groups_between(window) if window > 64 else 8
        self.divisor = window * (window + 1.0) / 2.0
        self.out = out
        self.bounds = (0.0, 0.0)

    def column(self, start: int, rows: int) -> None:
        """Rows whose windows are whole."""
        if self.window < SHORT:
            sums = directly(self.values, start, rows, self.window, weighted=True)
            self.out[start:rows] = np.where(np.isfinite(sums), sums / self.divisor, np.nan)
        else:
            self.run(start, rows, whole=True)
        end_series(self.out[start:rows])

    def renew(self, row: int) -> None:
        window = self.values[row - self.window + 1 : row + 1]
        weighted = in_order(np.arange(1.0, self.window + 1.0) * window)
        self.state = [weighted, total(window)]
        self.bounds = bounds_of(weighted)

    def lanes(self, entering: Floats, leaving: Floats, count: int, anew: bool) -> list[Floats]:
        plain = running(entering - leaving)
        before = carried(plain, self.state[1])[:-1, None]
        plain = plain + before
        earlier = np.concatenate((before, plain[:, :-1]), axis=1) + 0.0
        grown = entering * float(self.window) - earlier
        grown.reshape(-1)[count:] = 0.0
        if anew:
            grown[0, 0] = 0.0
        grown = running(grown)
        return [grown + carried(grown, self.state[0])[:-1, None], plain]

    def ordinary(self, first: Floats, second: Floats) -> Flags:
        flags: Flags = (np.abs(first) >= self.bounds[0]) & (np.abs(first) <= self.bounds[1])
        return flags

    def report(self, row: int, first: Floats, second: Floats) -> None:
        self.out[row : row + len(first)] = first / self.divisor

    def step(self, row: int) -> None:
        self.renew(row)
        self.broken |= not np.isfinite(self.state[0])
        self.out[row] = np.nan if self.broken else self.state[0] / self.divisor
