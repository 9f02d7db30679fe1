"""What one row does to each kind of stream, as ``src/streams`` has it, in plain Python.

``fields`` names what is saved of a state besides its parameters and the values of its lines.
"""

from __future__ import annotations

import copy
import math
from typing import Any

from freqkernels.reference._lanes import NO_RANGE
from freqkernels.reference.stream_groups import (
    LANES,
    Moments,
    Sums,
    Weights,
    broken,
    decayed,
    divide,
    root,
    some,
)
from freqkernels.reference.stream_parts import NAN, Line, Row, State, Window

ROWS = (0, 2**53)
SWITCH = (0, 1)


def _group(state: Any, line: Line, window: int) -> tuple[Any, Any]:
    """The state after the group so far, and the result of its newest row; a whole group stays."""
    place = (line.seen - window) % LANES
    after = copy.copy(state)
    return after, after.group(line.rows, len(line.rows) - 1 - place, place + 1)[place]


def _sums_fields(at: str, ended: str) -> tuple[tuple[str, Any], ...]:
    return (
        *((f"{at}.{name}", None) for name in ("sum", "least_sum", "most_sum")),
        (f"{at}.groups", ROWS),
        (f"{at}.spoilt", ROWS),
        (f"{at}.broken", SWITCH),
        (ended, SWITCH),
    )


class SumsState(State):
    """Sums and means of windows."""

    fields = _sums_fields("sums", "ended")
    parts = ("line",)

    def __init__(self, window: int, least: int, mean: bool, series: bool) -> None:
        self.line, self.sums = Line(window + LANES), Sums(window, least, mean)
        self.series, self.ended = series, 0

    def next(self, value: float) -> float:
        """The result with one more value."""
        if self.ended or (self.series and self.line.seen == 0 and value != value):
            return NAN
        self.line.add(value)
        seen, window = self.line.seen, self.sums.window
        if seen < window:
            head = self.line.rows[len(self.line.rows) - seen :]
            return self.sums.of_present(head) if self.sums.least < window else NAN
        after, result = _group(self.sums, self.line, window)
        if self.series and after.broken and result != result:
            self.ended = 1
        if (seen - window) % LANES == LANES - 1:
            self.sums = after
        return float(result)

    def step(self, row: Row) -> Row:
        return (self.next(row[0]),)


class WMA(State):
    """Weighted mean of a window."""

    fields = (
        *((f"weights.{name}", None) for name in ("sum", "weighted", "least", "most")),
        ("weights.groups", ROWS),
        ("weights.broken", SWITCH),
        ("ended", SWITCH),
    )
    parts = ("line",)

    def __init__(self, window: int) -> None:
        self.line, self.weights, self.ended = Line(window + LANES), Weights(window), 0

    def step(self, row: Row) -> Row:
        if self.ended or (self.line.seen == 0 and row[0] != row[0]):
            return (NAN,)
        self.line.add(row[0])
        window = self.weights.window
        if self.line.seen < window:
            return (NAN,)
        after, result = _group(self.weights, self.line, window)
        self.ended = after.broken
        if (self.line.seen - window) % LANES == LANES - 1:
            self.weights = after
        return (result,)


class MomentsState(State):
    """Variance, deviation, distance from the mean, or bands."""

    _names = ("origin", "sum", "squares", "least_spread", "most_spread")
    fields = (
        *((f"moments.{name}", None) for name in _names),
        ("moments.groups", ROWS),
        ("moments.spoilt", ROWS),
    )
    parts = ("line",)

    def __init__(self, what: str, window: int, least: int, ddof: int, stds: float = 0.0) -> None:
        self.line, self.moments = Line(window + LANES), Moments(window, least, ddof)
        self.what, self.stds, self.outputs = what, stds, 3 if what == "bands" else 1

    def step(self, row: Row) -> Row:
        self.line.add(row[0])
        seen, window = self.line.seen, self.moments.window
        mean = variance = NAN
        if seen >= window:
            after, (mean, variance) = _group(self.moments, self.line, window)
            if (seen - window) % LANES == LANES - 1:
                self.moments = after
        elif self.moments.least < window:
            mean, variance = self.moments.of_present(self.line.rows[len(self.line.rows) - seen :])
        deviation = root(variance)
        if self.what == "bands":
            width = deviation * self.stds
            return mean + width, mean, mean - width
        if self.what == "zscore":
            return (divide(row[0] - mean, deviation),)
        return (variance if self.what == "variance" else deviation,)


class Rolling(State):
    """Minimum, maximum or median of a window."""

    parts = ("window",)

    def __init__(self, kind: str, window: int, least: int) -> None:
        self.window = Window(window, least, kind)

    def step(self, row: Row) -> Row:
        return (self.window.next(row[0]),)


class EMA(State):
    """Exponential average that begins with a mean."""

    fields = (("seen", ROWS), ("sum", None), ("last", None), ("rows", LANES))

    def __init__(self, period: int) -> None:
        self.period, self.seen, self.sum, self.last = period, 0, 0.0, NAN
        self.weight, self.rows = 2.0 / (period + 1), [0.0] * LANES

    def next(self, value: float) -> float:
        """The average after one more value."""
        self.seen += 1
        if self.seen > self.period:
            return decay_next(self, (self.seen - self.period - 1) % LANES, value)
        self.sum += value
        if self.seen < self.period:
            return NAN
        first = self.sum / self.period
        self.last = first if math.isfinite(first) else NAN
        return first

    def step(self, row: Row) -> Row:
        return (NAN if self.seen == 0 and row[0] != row[0] else self.next(row[0]),)


def decay_next(state: Any, place: int, value: float) -> float:
    """One more row of the group of ``state``, which has rows, weight and last."""
    state.rows[place] = value
    lanes = decayed(some(state.rows, 0, place + 1), state.weight, state.last)[: place + 1]
    out = broken(lanes, lanes)
    if place == LANES - 1:
        state.last = lanes[place] if math.isfinite(lanes[place]) else NAN
    return out[place]


class ZLEMA(State):
    """Exponential average of twice the value less an older one."""

    fields = tuple((f"ema.{name}", kind) for name, kind in EMA.fields)
    parts = ("line",)

    def __init__(self, period: int) -> None:
        self.line, self.ema = Line((period - 1) // 2 + 1), EMA(period)

    def step(self, row: Row) -> Row:
        if self.line.seen == 0 and row[0] != row[0]:
            return (NAN,)
        self.line.add(row[0])
        lag = self.line.keep - 1
        if self.line.seen <= lag:
            return (NAN,)
        return (self.ema.next(2.0 * row[0] - self.line.back(lag)),)


class MACD(State):
    """Difference of two averages, its average, and their difference."""

    fields = (
        ("seen", ROWS),
        *((f"{at}.{name}", kind) for at in ("fast", "slow", "signal") for name, kind in EMA.fields),
    )
    outputs = 3

    def __init__(self, fast: int, slow: int, signal: int) -> None:
        self.seen, self.fast, self.slow, self.signal = 0, EMA(fast), EMA(slow), EMA(signal)

    def step(self, row: Row) -> Row:
        none = NAN, NAN, NAN
        if self.seen == 0 and row[0] != row[0]:
            return none
        self.seen += 1
        slow, fast = self.slow.next(row[0]), NAN
        if self.seen > self.slow.period - self.fast.period:
            fast = self.fast.next(row[0])
        if self.seen < self.slow.period:
            return none
        line = fast - slow
        signal = self.signal.next(line)
        return none if self.signal.seen < self.signal.period else (line, signal, line - signal)


def _index(change: float, size: float) -> float:
    return 50.0 + 50.0 * (change / size) if size * 2.0**-60 != 0.0 else 0.0


class RSI(State):
    """Wilder's relative strength index."""

    fields = (
        ("seen", ROWS),
        *((name, None) for name in ("change", "size", "last_change", "last_size")),
        ("rows", LANES + 1),
    )

    def __init__(self, period: int) -> None:
        self.period, self.seen, self.change, self.size = period, 0, 0.0, 0.0
        self.last_change = self.last_size = NAN
        self.rows = [0.0] * (LANES + 1)

    def _early(self, value: float) -> float:
        each = value - self.rows[0]
        self.rows[0] = value
        self.seen += 1
        if self.seen == 1:
            return NAN
        self.change += each
        self.size += abs(each)
        if self.seen <= self.period:
            return NAN
        change, size = self.change / self.period, self.size / self.period
        self.last_change = change if math.isfinite(change) else NAN
        self.last_size = size if math.isfinite(size) else NAN
        return _index(change, size)

    def next(self, value: float) -> float:
        """The index after one more value."""
        if self.seen == 0 and value != value:
            return NAN
        if self.seen <= self.period:
            return self._early(value)
        count = (self.seen - self.period - 1) % LANES + 1
        self.seen += 1
        self.rows[count] = value
        each = [self.rows[i + 1] - self.rows[i] for i in range(count)]
        weight, rest = 1.0 / self.period, [0.0] * (LANES - count)
        changes = decayed(each + rest, weight, self.last_change)[:count]
        sizes = decayed([*map(abs, each), *rest], weight, self.last_size)[:count]
        lanes = [_index(*pair) for pair in zip(changes, sizes, strict=True)]
        if count == LANES:
            self.rows[0] = value
            self.last_change = changes[-1]
            self.last_size = sizes[-1] if math.isfinite(sizes[-1]) else NAN
        return broken(sizes, lanes)[-1]

    def step(self, row: Row) -> Row:
        return (self.next(row[0]),)


class StochRSI(State):
    """Where the index stands in its window, and the mean of that."""

    fields = (
        *((f"rsi.{name}", kind) for name, kind in RSI.fields),
        ("ranked", ROWS),
        *_sums_fields("mean.sums", "mean.ended"),
    )
    parts = ("mean.line", "lowest", "highest")
    outputs = 2

    def __init__(self, period: int, fastk: int, fastd: int) -> None:
        self.rsi, self.fastk, self.ranked = RSI(period), fastk, 0
        self.mean = SumsState(fastd, fastd, True, True)
        self.lowest, self.highest = Window(fastk, 1, "min"), Window(fastk, 1, "max")

    def step(self, row: Row) -> Row:
        index = self.rsi.next(row[0])
        if self.ranked == 0 and index != index:
            return NAN, NAN
        lowest, highest = self.lowest.next(index), self.highest.next(index)
        self.ranked += 1
        if self.ranked < self.fastk:
            return NAN, NAN
        extent = (highest - lowest) / 100.0
        standing = 0.0 if extent < NO_RANGE else (index - lowest) / extent
        standing = NAN if index != index else standing
        mean = self.mean.next(standing)
        return (NAN, NAN) if self.mean.line.seen < self.mean.sums.window else (standing, mean)


class ATR(State):
    """Wilder's average of the true range."""

    fields = (
        ("seen", ROWS),
        ("met", (0, 7)),
        *((name, None) for name in ("sum", "before", "last")),
        ("rows", LANES),
    )

    def __init__(self, period: int) -> None:
        self.period, self.seen, self.met, self.sum = period, 0, 0, 0.0
        self.before = self.last = NAN
        self.weight, self.rows = 1.0 / period, [0.0] * LANES

    def step(self, row: Row) -> Row:
        high, low, close = row
        extent = true_range(high, low, self.before)
        self.met |= (high == high) | (low == low) << 1 | (close == close) << 2
        if self.met != 7:
            return (NAN,)
        self.before = close
        self.seen += 1
        if self.seen > self.period + 1:
            return (decay_next(self, (self.seen - self.period - 2) % LANES, extent),)
        if self.seen > 1:
            self.sum += extent
        if self.seen <= self.period:
            return (NAN,)
        first = self.sum / self.period
        self.last = first if math.isfinite(first) else NAN
        return (first,)


def true_range(high: float, low: float, before: float) -> float:
    """The greatest distance among high, low and the close before."""
    extent = high - low
    for price in (high, low):
        distance = abs(before - price)
        extent = distance if distance > extent else extent
    return extent
