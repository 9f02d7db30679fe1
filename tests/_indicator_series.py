"""Series that are hard on running sums, and what indicators of them are in exact arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Context, Decimal, localcontext
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import pandas as pd

Floats = np.ndarray[Any, np.dtype[np.float64]]
ROWS = 1500
LEVELS = [1e-8, 1e-3, 1.0, 98_765.0, 1e9]


def walk(level: float = 100.0, rows: int = ROWS, seed: int = 0) -> Floats:
    """Prices: a random walk of 0.2% a row."""
    steps = np.random.default_rng(seed).normal(0, 0.002, rows)
    return np.asarray(level * np.exp(np.cumsum(steps)))


def _made(rows: int) -> dict[str, Floats]:
    rng = np.random.default_rng(1)
    row = np.arange(rows)
    normal, sizes = rng.normal(size=rows), rng.lognormal(0, 1, rows)
    rare = rng.random(rows) < 0.02
    flat = walk(rows=rows)
    flat[400:900] = flat[400]
    storms = 10.0 ** rng.integers(-3, 4, rows // 30 + 1).repeat(30)[:rows]
    return {
        "volumes": sizes * np.where(rare, 1e6, 20.0),
        "heavy tails": rng.pareto(0.5, rows) + 1e-3,
        "trend": 1e6 + 1.25 * row + 0.01 * normal,
        "growth": np.exp(0.01 * row),
        "decline": 1e9 * np.exp(-0.01 * row),
        "alternating": np.where(row % 2, 1.0, -1.0) * sizes,
        "alternating ones": np.where(row % 2, 1.0, -1.0),
        "both signs": normal,
        "tiny after huge": np.where(row % 350 == 3, 1e15, normal),
        "outliers of any size": 100 + normal * 1e-2 + 10.0 ** rng.integers(1, 12, rows) * rare,
        "steps up and down": 900.0 ** ((row // 45) % 3) * sizes,
        "far from the origin": 1e9 + 1e-6 * normal,
        "flat stretch": flat,
        "storms": storms * normal,
        "storms around prices": 100 + storms * normal,
    }


SERIES = {f"walk {level:g}": walk(level) for level in LEVELS} | _made(ROWS)


class ExactWindows:
    """Windows of a series by integers; only the results are rounded.

    :param values: finite.
    """

    def __init__(self, values: Floats) -> None:
        ratios = [value.as_integer_ratio() for value in values.tolist()]
        self.scale = max(denominator for _, denominator in ratios)
        whole = [top * (self.scale // bottom) for top, bottom in ratios]
        self.rows = len(whole)
        self._sums = self._running(whole)
        self._sizes = self._running([abs(each) for each in whole])
        self._squares = self._running([each * each for each in whole])
        self._ranks = self._running([rank * each for rank, each in enumerate(whole)])
        self._size_ranks = self._running([rank * abs(each) for rank, each in enumerate(whole)])

    @staticmethod
    def _running(values: list[int]) -> list[int]:
        return list(accumulate(values, initial=0))

    def _each(self, window: int, value: Callable[[int, int], float]) -> Floats:
        found = [value(end - window, end) for end in range(window, self.rows + 1)]
        return np.array([np.nan] * min(window - 1, self.rows) + found)

    def sums(self, window: int, sizes: bool = False) -> Floats:
        """Sums, or sums of absolute values."""
        of = self._sizes if sizes else self._sums
        return self._each(window, lambda begin, end: (of[end] - of[begin]) / self.scale)

    def variances(self, window: int, ddof: int) -> Floats:
        divisor = window * (window - ddof) * self.scale**2

        def value(begin: int, end: int) -> float:
            total = self._sums[end] - self._sums[begin]
            squares = self._squares[end] - self._squares[begin]
            return float((window * squares - total * total) / divisor)

        return self._each(window, value)

    def weighted_means(self, window: int, sizes: bool = False) -> Floats:
        """Weights 1 to ``window``, of the values or of their absolute values."""
        sums, ranks = (self._sizes, self._size_ranks) if sizes else (self._sums, self._ranks)
        divisor = window * (window + 1) // 2 * self.scale

        def value(begin: int, end: int) -> float:
            total = sums[end] - sums[begin]
            return float((ranks[end] - ranks[begin] - (begin - 1) * total) / divisor)

        return self._each(window, value)


def recent_largest(values: Floats, rows: int) -> Floats:
    """The largest of the last rows."""
    largest: Floats = pd.Series(values).rolling(rows, min_periods=1).max().to_numpy()
    return largest


def exact_average(values: list[Decimal], period: int, weight: Decimal) -> list[Decimal]:
    """Exponential average that begins with the mean of ``period`` values; one value for each row
    from ``period - 1`` on."""
    averages = [sum(values[:period], Decimal(0)) / period]
    for value in values[period:]:
        averages.append(averages[-1] + weight * (value - averages[-1]))
    return averages


def decimals(values: Floats) -> list[Decimal]:
    return [Decimal(value) for value in values.tolist()]


def exact_ema(values: Floats, period: int) -> Floats:
    """Exponential average in 45 digits."""
    with localcontext(Context(prec=45)):
        found = exact_average(decimals(values), period, Decimal(2) / (period + 1))
        return np.array([np.nan] * (period - 1) + [float(each) for each in found])


def exact_rsi(values: Floats, period: int) -> Floats:
    """Relative strength index in 45 digits; 0 where nothing ever changed."""
    with localcontext(Context(prec=45)):
        rows = decimals(values)
        changes = [new - old for old, new in pairwise(rows)]
        weight = Decimal(1) / period
        upon = exact_average([max(each, Decimal(0)) for each in changes], period, weight)
        sizes = exact_average([abs(each) for each in changes], period, weight)
        found = [
            float(100 * up / size) if size else 0.0 for up, size in zip(upon, sizes, strict=True)
        ]
        return np.array([np.nan] * period + found)


def exact_atr(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    """Average true range in 45 digits."""
    with localcontext(Context(prec=45)):
        rows = zip(decimals(high)[1:], decimals(low)[1:], decimals(close), strict=False)
        ranges = [max(top, before) - min(bottom, before) for top, bottom, before in rows]
        found = exact_average(ranges, period, Decimal(1) / period)
        return np.array([np.nan] * period + [float(each) for each in found])
