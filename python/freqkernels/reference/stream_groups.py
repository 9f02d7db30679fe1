"""Groups of eight rows in plain Python, operation by operation as ``src/indicators`` has them.

Lists stand for the rows from the history on; ``at`` is the place of the group's first row in it.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

LANES = 8
LARGEST = sys.float_info.max


def divide(a: float, b: float) -> float:
    """As C divides."""
    if b != 0.0:
        return a / b
    if a == 0.0 or a != a:
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def root(value: float) -> float:
    """As C takes the square root."""
    return math.sqrt(value) if value >= 0.0 else math.nan


def _at_most_largest(value: float) -> float:
    return value if value < LARGEST else LARGEST


def running(rows: list[float]) -> list[float]:
    """Running sums along eight rows, in the order of Hillis and Steele."""
    halves = []
    for half in (rows[:4], rows[4:]):
        one = [half[i] + (half[i - 1] if i >= 1 else 0.0) for i in range(4)]
        halves.append([one[i] + (one[i - 2] if i >= 2 else 0.0) for i in range(4)])
    return halves[0] + [each + halves[0][3] for each in halves[1]]


def some(rows: list[float], at: int, count: int) -> list[float]:
    """``count`` rows, and zeros up to eight."""
    return rows[at : at + count] + [0.0] * (LANES - count)


def _fold(lanes: list[float]) -> float:
    pairs = [lanes[i] + lanes[i + 4] for i in range(4)]
    return (pairs[2] + pairs[0]) + (pairs[3] + pairs[1])


def total(values: list[float]) -> float:
    """Sum of at least one value: eight lanes over whole groups, then the rest."""
    if len(values) < LANES:
        result, rest = values[0], values[1:]
    else:
        groups = len(values) // LANES
        lanes = values[:LANES]
        for group in range(1, groups):
            lanes = [lanes[i] + values[group * LANES + i] for i in range(LANES)]
        result, rest = _fold(lanes), values[groups * LANES :]
    for value in rest:
        result += value
    return result


def _groups_between(window: int) -> int:
    return (window + LANES - 1) // LANES if window > 32 * LANES else 32


def _spoilt(values: list[float]) -> int:
    return max((i + 1 for i, value in enumerate(values) if not math.isfinite(value)), default=0)


@dataclass
class Sums:
    """Running sum of a window, as ``fk_sums``."""

    window: int
    least: int
    mean: bool
    sum: float = math.nan
    least_sum: float = 0.0
    most_sum: float = 0.0
    groups: int = 0
    spoilt: int = 0
    broken: int = 0

    def value(self, total_of: float) -> float:
        return total_of / self.window if self.mean else total_of

    def of_present(self, values: list[float]) -> float:
        """A window of which any may be missing."""
        present, result = 0, 0.0
        for value in values:
            if math.isfinite(value):
                result += value
                present += 1
        if present < self.least:
            return math.nan
        return divide(result, present) if self.mean else result

    def _renew(self, values: list[float]) -> None:
        self.sum = total(values)
        self.least_sum = abs(self.sum) * 2.0**-10
        self.most_sum = _at_most_largest(abs(self.sum) * 2.0**10)

    def _anew(self, values: list[float]) -> float:
        self.sum = math.nan
        if self.spoilt > 0:
            self.spoilt -= 1
            if self.spoilt > 0 and self.least == self.window:
                return math.nan
        self._renew(values)
        if math.isfinite(self.sum):
            return self.value(self.sum)
        result, self.sum = self.sum, math.nan
        self.spoilt = _spoilt(values)
        if self.spoilt > 0 or result != result:
            self.broken = 1
        if self.spoilt == 0:
            return self.value(result)
        return math.nan if self.least == self.window else self.of_present(values)

    def _running(self, rows: list[float], at: int, count: int) -> list[float]:
        entering, old = some(rows, at, count), at - self.window
        leaving = some(rows, old, count)
        if self.groups == 0:
            self.groups = _groups_between(self.window)
            self._renew(rows[old + 1 : at + 1])
            leaving[0] = entering[0]
        self.groups -= 1
        changes = [a - b for a, b in zip(entering, leaving, strict=True)]
        return [self.sum + each for each in running(changes)]

    def _short(self, rows: list[float], at: int, count: int) -> list[float]:
        sums = some(rows, at - self.window + 1, count)
        for back in range(self.window - 2, -1, -1):
            sums = [a + b for a, b in zip(sums, some(rows, at - back, count), strict=True)]
        return sums

    def group(self, rows: list[float], at: int, count: int) -> list[float]:
        """``count`` rows whose windows are whole."""
        brief = self.window < LANES
        lanes = (self._short if brief else self._running)(rows, at, count)
        least, most = (0.0, LARGEST) if brief else (self.least_sum, self.most_sum)
        lane = 0
        while lane < count and least <= abs(lanes[lane]) <= most:
            lane += 1
        out = [self.value(each) for each in lanes[:lane]]
        if lane > 0:
            self.spoilt = 0
            self.sum = lanes[lane - 1]
        out += [self._row(rows, at + i) for i in range(lane, count)]
        return out

    def _row(self, rows: list[float], at: int) -> float:
        first = at - self.window + 1
        result = math.nan
        if self.window >= LANES and math.isfinite(self.sum):
            result = self.sum + (rows[at] - rows[first - 1])
        if self.least_sum <= abs(result) <= self.most_sum:
            self.sum = result
            return self.value(result)
        return self._anew(rows[first : at + 1])


@dataclass
class Weights:
    """Running weighted sum of a window, as ``fk_weights``."""

    window: int
    sum: float = math.nan
    weighted: float = math.nan
    least: float = 0.0
    most: float = 0.0
    groups: int = 0
    broken: int = 0

    @property
    def divisor(self) -> float:
        return float(self.window) * (float(self.window) + 1.0) / 2.0

    def _renew(self, values: list[float]) -> None:
        self.sum = total(values)
        self.weighted = 0.0
        for i, value in enumerate(values):
            self.weighted += float(i + 1) * value
        self.least = abs(self.weighted) * 2.0**-10
        self.most = _at_most_largest(abs(self.weighted) * 2.0**10)

    def _short(self, rows: list[float], at: int, count: int) -> list[float]:
        sums = some(rows, at - self.window + 1, count)
        for weight in range(2, self.window + 1):
            each = some(rows, at - self.window + weight, count)
            sums = [a + b * float(weight) for a, b in zip(sums, each, strict=True)]
        return sums

    def _running(self, rows: list[float], at: int, count: int) -> tuple[list[float], list[float]]:
        entering, old = some(rows, at, count), at - self.window
        leaving, anew = some(rows, old, count), self.groups == 0
        if anew:
            self.groups = _groups_between(self.window) if self.window > 64 else 8
            self._renew(rows[old + 1 : at + 1])
            leaving[0] = rows[at]
        self.groups -= 1
        plain = running([a - b for a, b in zip(entering, leaving, strict=True)])
        plain = [each + self.sum for each in plain]
        before = [self.sum + 0.0, *(each + 0.0 for each in plain[:7])]
        grown = [a * float(self.window) - b for a, b in zip(entering, before, strict=True)]
        if anew:
            grown[0] = 0.0
        grown[count:] = [0.0] * (LANES - count)
        return [each + self.weighted for each in running(grown)], plain

    def group(self, rows: list[float], at: int, count: int) -> list[float]:
        """``count`` rows whose windows are whole."""
        brief, plain = self.window < LANES, [0.0] * LANES
        if brief:
            lanes, least, most = self._short(rows, at, count), 0.0, LARGEST
        else:
            lanes, plain = self._running(rows, at, count)
            least, most = self.least, self.most
        lane = 0
        while lane < count and least <= abs(lanes[lane]) <= most:
            lane += 1
        out = [each / self.divisor for each in lanes[:lane]]
        if lane > 0:
            self.weighted, self.sum = lanes[lane - 1], plain[lane - 1]
        for i in range(lane, count):
            self._renew(rows[at + i - self.window + 1 : at + i + 1])
            if not math.isfinite(self.weighted):
                self.broken = 1
            out.append(math.nan if self.broken else self.weighted / self.divisor)
        return out


@dataclass
class Moments:
    """Running sum and sum of squares around an origin, as ``fk_moments``."""

    window: int
    least: int
    ddof: int
    origin: float = 0.0
    sum: float = math.nan
    squares: float = math.nan
    least_spread: float = 0.0
    most_spread: float = 0.0
    groups: int = 0
    spoilt: int = 0

    @property
    def share(self) -> float:
        return 1.0 / self.window

    @property
    def unbiased(self) -> float:
        return 1.0 / (self.window - self.ddof) if self.window > self.ddof else math.nan

    def of_present(self, values: list[float]) -> tuple[float, float]:
        """Mean and variance of a window of which any may be missing."""
        present = [value for value in values if math.isfinite(value)]
        if len(present) < self.least or not present:
            return math.nan, math.nan
        mean, squares = 0.0, 0.0
        for value in present:
            mean += value
        mean /= len(present)
        for value in present:
            squares += (value - mean) * (value - mean)
        if all(value == present[0] for value in present):
            mean, squares = present[0], 0.0
        if len(present) <= self.ddof:
            return mean, math.nan
        return mean, squares / (len(present) - self.ddof)

    def _spread(self) -> float:
        spread = self.squares - self.sum * self.sum * self.share
        return 0.0 if spread < 0.0 else spread

    def _renew(self, values: list[float]) -> None:
        equal = all(value == values[0] for value in values[1:])
        self.origin = values[0] if equal and values[0] == values[0] else total(values) * self.share
        away = [value - self.origin for value in values]
        self.sum, self.squares = total(away), total([each * each for each in away])
        self.least_spread = self._spread() * 2.0**-8
        self.most_spread = self._spread() * 2.0**8

    def _anew(self, values: list[float]) -> tuple[float, float]:
        self.sum = self.squares = math.nan
        if self.spoilt > 0:
            self.spoilt -= 1
            if self.spoilt > 0 and self.least == self.window:
                return math.nan, math.nan
        self._renew(values)
        if math.isfinite(self.most_spread):
            return self.origin + self.sum * self.share, self._spread() * self.unbiased
        self.squares = math.nan
        self.spoilt = _spoilt(values)
        if self.spoilt == 0 or self.least < self.window:
            return self.of_present(values)
        return math.nan, math.nan

    def _ordinary(self, spread: float, squares: float) -> bool:
        within = spread >= self.least_spread and spread >= squares * 2.0**-10
        return within and math.isfinite(spread)

    def _row(self, rows: list[float], at: int) -> tuple[float, float]:
        first = at - self.window + 1
        if self.window >= LANES and math.isfinite(self.squares):
            entering, leaving = rows[at] - self.origin, rows[first - 1] - self.origin
            self.sum += entering - leaving
            self.squares += (entering - leaving) * (entering + leaving)
            spread = self.squares - self.sum * self.sum * self.share
            if self._ordinary(spread, self.squares):
                return self.origin + self.sum * self.share, spread * self.unbiased
        return self._anew(rows[first : at + 1])

    def _running(self, rows: list[float], at: int, count: int) -> tuple[list[float], list[float]]:
        entering, old = some(rows, at, count), at - self.window
        leaving = some(rows, old, count)
        if self.groups == 0:
            self.groups = _groups_between(self.window)
            self._renew(rows[old + 1 : at + 1])
            leaving[0] = rows[at]
        self.groups -= 1
        pairs = [(a - self.origin, b - self.origin) for a, b in zip(entering, leaving, strict=True)]
        sums = [each + self.sum for each in running([y - z for y, z in pairs])]
        products = running([(y - z) * (y + z) for y, z in pairs])
        return sums, [each + self.squares for each in products]

    def _short(self, rows: list[float], at: int, count: int) -> tuple[list[float], list[float]]:
        sums, squares = [], []
        for newest in range(at, at + count):
            one, two = rows[newest] - rows[newest], rows[newest] - rows[newest]
            for back in range(self.window - 1, 0, -1):
                away = rows[newest - back] - rows[newest]
                one, two = one + away, two + away * away
            sums.append(one)
            squares.append(two)
        return sums, squares

    def group(self, rows: list[float], at: int, count: int) -> list[tuple[float, float]]:
        """Mean and variance of ``count`` rows whose windows are whole."""
        brief, anew = self.window < LANES, self.groups == 0
        sums, squares = (self._short if brief else self._running)(rows, at, count)
        out: list[tuple[float, float]] = []
        for lane in range(count):
            spread = squares[lane] - sums[lane] * sums[lane] * self.share
            origin = rows[at + lane] if brief else self.origin
            if brief and not (spread >= 0.0 and math.isfinite(spread)):
                break
            if not brief and not self._ordinary(spread, squares[lane]):
                break
            out.append((sums[lane] * self.share + origin, spread * self.unbiased))
        if out:
            self.spoilt = 0
            self.sum, self.squares = sums[len(out) - 1], squares[len(out) - 1]
        elif anew:
            self.squares = math.nan
        out += [self._row(rows, at + i) for i in range(len(out), count)]
        if self.squares - self.sum * self.sum * self.share > self.most_spread:
            self.groups = 0
        return out


def powers(weight: float) -> list[float]:
    """What is left of a value after one to eight rows."""
    keep = 1.0 - weight
    two = keep * keep
    result = [keep, two, two * keep, two * two]
    return result + [each * result[3] for each in result]


def decayed(rows: list[float], weight: float, last: float) -> list[float]:
    """Averages after each of eight rows, without a look at whether they are finite."""
    keep = powers(weight)
    halves = []
    for half in (rows[:4], rows[4:]):
        one = [each * weight for each in half]
        one = [one[i] + keep[0] * (one[i - 1] if i >= 1 else 0.0) for i in range(4)]
        halves.append([one[i] + keep[1] * (one[i - 2] if i >= 2 else 0.0) for i in range(4)])
    low, high = halves
    high = [each + keep[i] * low[3] for i, each in enumerate(high)]
    return [each + keep[i] * last for i, each in enumerate(low + high)]


def broken(averages: list[float], out: list[float]) -> list[float]:
    """``out`` with NaN after its first value that is not finite, if the averages end in one."""
    if math.isfinite(averages[-1]):
        return out
    first = next((i for i, each in enumerate(out) if not math.isfinite(each)), len(out))
    return out[: first + 1] + [math.nan] * (len(out) - first - 1)
