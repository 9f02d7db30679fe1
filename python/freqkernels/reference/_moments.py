"""Mean and variance of windows, as ``src/indicators/moments.h`` has them."""

from __future__ import annotations

import numpy as np

from freqkernels.reference._lanes import (
    LANES,
    SHORT,
    Flags,
    Floats,
    carried,
    head,
    in_order,
    last_missing,
    running,
    total,
)
from freqkernels.reference._windows import Running, first_down


class Moments(Running):
    """Running sums of the differences to an origin, and of their squares.

    :param values: a column.
    :param least: finite values that a result needs.
    :param ddof: what is taken from the number of values.
    """

    def __init__(self, values: Floats, window: int, least: int, ddof: int) -> None:
        super().__init__(values, window)
        self.least, self.ddof = least, ddof
        self.missing = last_missing(values)
        self.share = 1.0 / window
        self.unbiased = 1.0 / (window - ddof) if window > ddof else np.nan
        self.origin = 0.0
        self.bounds = (0.0, 0.0)
        self.mean = np.full(len(values), np.nan)
        self.variance = np.full(len(values), np.nan)

    def column(self) -> tuple[Floats, Floats]:
        """Mean and variance of the window that ends in each row."""
        rows = len(self.values)
        start = head(rows, self.window)
        if self.least < self.window:
            for row in range(start):
                self._of_present(0, row)
        if self.window < SHORT:
            self._short(start, rows)
        else:
            self.run(start, rows, whole=False)
        return self.mean, self.variance

    def renew(self, row: int) -> None:
        window = self.values[row - self.window + 1 : row + 1]
        equal = bool((window == window[0]).all())
        self.origin = float(window[0]) if equal else total(window) * self.share
        away = window - self.origin
        self.state = [total(away), total(away * away)]
        spread = float(self._spread(*self.now())[0])
        spread = 0.0 if spread < 0.0 else spread
        self.bounds = (spread * 2.0**-8, spread * 2.0**8)

    def lanes(self, entering: Floats, leaving: Floats, count: int, anew: bool) -> list[Floats]:
        entering, leaving = entering - self.origin, leaving - self.origin
        change = entering - leaving
        grown, more = running(change), running(change * (entering + leaving))
        return [
            grown + carried(grown, self.state[0])[:-1, None],
            more + carried(more, self.state[1])[:-1, None],
        ]

    def ordinary(self, first: Floats, second: Floats) -> Flags:
        spread = self._spread(first, second)
        flags: Flags = (
            (spread >= self.bounds[0]) & (spread >= second * 2.0**-10) & np.isfinite(spread)
        )
        return flags

    def large(self, first: Floats, second: Floats) -> Flags:
        flags: Flags = self._spread(first, second) > self.bounds[1]
        return flags

    def report(self, row: int, first: Floats, second: Floats) -> None:
        rows = slice(row, row + len(first))
        self.mean[rows] = first * self.share + self.origin
        self.variance[rows] = self._spread(first, second) * self.unbiased

    def step(self, row: int) -> None:
        if self.window >= SHORT and np.isfinite(self.state[1]):
            entering = self.values[row] - self.origin
            leaving = self.values[row - self.window] - self.origin
            self.state[0] += entering - leaving
            self.state[1] += (entering - leaving) * (entering + leaving)
            if self.ordinary(*self.now()):
                self.report(row, *self.now())
                return
        self._anew(row)

    def _spread(self, sums: Floats, squares: Floats) -> Floats:
        """Sum of the squared differences to the mean."""
        spread: Floats = squares - sums * sums * self.share
        return spread

    def _anew(self, row: int) -> None:
        """One row whose window cannot go on from the one before."""
        if self.missing[row] > row - self.window:
            self.state = [np.nan, np.nan]
            self.mean[row] = self.variance[row] = np.nan
            if self.least < self.window:
                self._of_present(row - self.window + 1, row)
            return
        self.renew(row)
        if not np.isfinite(self.bounds[1]):
            self.state[1] = np.nan
            self._of_present(row - self.window + 1, row)
            return
        self.report(row, *self.now())
        if self.variance[row] < 0.0:
            self.variance[row] = 0.0 * self.unbiased

    def _of_present(self, first: int, row: int) -> None:
        """From the finite values of rows ``first`` to ``row``."""
        window = self.values[first : row + 1]
        present = window[np.isfinite(window)]
        self.mean[row] = self.variance[row] = np.nan
        if len(present) < max(self.least, 1):
            return
        self.mean[row] = np.float64(in_order(present)) / len(present)
        away = present - self.mean[row]
        squares = np.float64(in_order(away * away))
        if (present == present[0]).all():
            self.mean[row], squares = present[0], np.float64(0.0)
        if len(present) > self.ddof:
            self.variance[row] = squares / (len(present) - self.ddof)

    def _short(self, start: int, rows: int) -> None:
        """Windows below eight rows directly, around the newest value of each."""
        newest = self.values[start:rows]
        sums = newest - newest
        squares = sums.copy()
        for back in range(self.window - 1, 0, -1):
            away = self.values[start - back : rows - back] - newest
            sums += away
            squares += away * away
        spread = self._spread(sums, squares)
        self.mean[start:rows] = sums * self.share + newest
        self.variance[start:rows] = spread * self.unbiased
        good = (spread >= 0.0) & np.isfinite(spread)
        for group in np.unique(np.flatnonzero(~good) // LANES) * LANES:
            lane = group + first_down(good[group : group + LANES])
            for row in range(start + lane, min(start + group + LANES, rows)):
                self._anew(row)
