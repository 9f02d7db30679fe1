"""As :mod:`freqkernels.reference.stream_steps`: what goes on row by row anyway."""

from __future__ import annotations

import math

from freqkernels.reference.stream_groups import divide
from freqkernels.reference.stream_parts import NAN, Line, Row, State
from freqkernels.reference.stream_steps import ROWS, SWITCH, true_range
from freqkernels.reference.trend import _SLOWEST, _SPAN, _efficiency, _fma, _mean_of_window


def _numbers(*names: str) -> tuple[tuple[str, None], ...]:
    return tuple((name, None) for name in names)


class KAMA(State):
    """Kaufman's adaptive moving average."""

    fields = (("seen", ROWS), ("same", ROWS), *_numbers("before", "left", "sum", "average"))
    parts = ("line",)

    def __init__(self, period: int) -> None:
        self.line, self.period, self.seen, self.same = Line(period + 1), period, 0, 0
        self.before = self.left = self.average = NAN
        self.sum = 0.0

    def step(self, row: Row) -> Row:
        value = row[0]
        self.line.add(value)
        if self.seen == 0 and value != value:
            return (NAN,)
        if self.period == 1:
            return (value,)
        leaving, late = self.line.back(self.period), self.seen > self.period
        if self.seen > 0:
            change = value - self.before
            self.same = self.same + 1 if change == 0.0 else 0
            if late:
                self.sum = self.sum - abs(self.left - leaving)
            self.sum = self.sum + abs(change)
            if late and self.same >= self.period:
                self.sum = 0.0
        self.seen += not late
        before, self.before = self.before, value
        if self.seen <= self.period:
            return (NAN,)
        smoothing = _fma(_efficiency(value - leaving, self.sum), _SPAN, _SLOWEST)
        average = self.average if late else before
        self.average = _fma(value - average, smoothing * smoothing, average)
        self.left = leaving
        return (self.average,)


class PSAR(State):
    """Parabolic stop and reverse."""

    fields = (
        ("seen", (0, 2)),
        ("rising", SWITCH),
        *_numbers("factor", "extreme", "stop", "high", "low"),
    )

    def __init__(self, acceleration: float, maximum: float) -> None:
        self.acceleration = maximum if acceleration > maximum else acceleration
        self.maximum, self.factor, self.seen, self.rising = maximum, self.acceleration, 0, 1
        self.extreme = self.stop = self.high = self.low = NAN

    def step(self, row: Row) -> Row:
        high, low = row
        if self.seen == 0:
            if high == high and low == low:
                self.high, self.low, self.seen = high, low, 1
            return (NAN,)
        if self.seen == 1:
            fall = self.low - low
            self.rising = int(not (fall > 0.0 and high - self.high < fall))
            self.extreme = high if self.rising else low
            self.stop = self.low if self.rising else self.high
            self.high, self.low, self.seen = high, low, 2
        stop = self._late(high, low)
        self.high, self.low = high, low
        return (stop,)

    def _outside(self, stop: float, high: float, low: float) -> float:
        for edge in (self.low, low) if self.rising else (self.high, high):
            beyond = stop > edge if self.rising else stop < edge
            stop = edge if beyond else stop
        return stop

    def _late(self, high: float, low: float) -> float:
        stop = self.stop
        if low <= stop if self.rising else high >= stop:
            self.rising = 1 - self.rising
            stop = self._outside(self.extreme, high, low)
            self.factor = self.acceleration
            self.extreme = high if self.rising else low
        else:
            price = high if self.rising else low
            if price > self.extreme if self.rising else price < self.extreme:
                faster = self.factor + self.acceleration
                self.extreme = price
                self.factor = self.maximum if faster > self.maximum else faster
        self.stop = self._outside(_fma(self.factor, self.extreme - stop, stop), high, low)
        return stop


class Supertrend(State):
    """Supertrend: the line, its direction, and the sides."""

    fields = (
        ("seen", ROWS),
        *_numbers("close", "average", "lower", "upper"),
        ("direction", (-1, 1)),
    )
    outputs = 4
    whole = 1

    def __init__(self, period: int, multiplier: float) -> None:
        self.period, self.seen, self.keep = period, 0, (period - 1) / period
        self.weight, self.multiplier, self.average = 1.0 - self.keep, multiplier, 0.0
        self.close = self.lower = self.upper = NAN
        self.direction = 1

    def _average(self, high: float, low: float, close: float) -> float:
        extent = true_range(high, low, self.close)
        if self.seen > self.period:
            self.close = close
            self.average = _fma(self.average, self.keep, extent * self.weight)
            return self.average
        if self.seen > 0:
            self.average += extent
        elif high != high or low != low or close != close:
            return NAN
        self.close = close
        self.seen += 1
        if self.seen <= self.period:
            return NAN
        self.average /= self.period
        return self.average

    def step(self, row: Row) -> Row:
        high, low, close = row
        reach = self.multiplier * self._average(high, low, close)
        middle = 0.5 * (high + low)
        lower, upper = middle - reach, middle + reach
        above, below = close > self.upper, close < self.lower
        if above or below:
            self.direction = 1 if above else -1
        elif self.direction > 0:
            lower = self.lower if lower < self.lower else lower
        else:
            upper = self.upper if upper > self.upper else upper
        self.lower, self.upper = lower, upper
        if self.direction > 0:
            return lower, 1.0, lower, NAN
        return upper, float(self.direction), NAN, upper


class HeikinAshi(State):
    """Heikin-Ashi candles."""

    fields = (("started", SWITCH), *_numbers("open", "close"))
    outputs = 4

    def __init__(self) -> None:
        self.started, self.open, self.close = 0, NAN, NAN

    def step(self, row: Row) -> Row:
        open, high, low, close = row
        if not self.started:
            self.started, self.open, self.close = 1, open, close
        made_open, made_close = (self.open + self.close) / 2.0, (open + high + low + close) / 4.0
        self.open, self.close = made_open, made_close
        for other in (made_open, made_close):
            if other == other:
                high = high if other < high else other
                low = low if other > low else other
        return made_open, high, low, made_close


class DynamicBands(State):
    """Bands that move with the ratio of a range to its mean."""

    fields = (
        ("present", ROWS),
        ("negative", ROWS),
        ("same", ROWS),
        *_numbers("last", "sum", "gain", "loss"),
    )
    parts = ("line",)
    outputs = 4

    def __init__(self, window: int, *rules: float) -> None:
        self.line, self.window, self.rules = Line(window + 1), window, rules
        self.present = self.negative = self.same = 0
        self.last = NAN
        self.sum = self.gain = self.loss = 0.0

    def _mean(self, value: float, leaving: float) -> float:
        if self.window == 1:
            return value if math.isfinite(value) else NAN
        if math.isfinite(leaving):
            change = -leaving - self.loss
            total = self.sum + change
            self.loss = total - self.sum - change
            self.sum = total
            self.present -= 1
            self.negative -= math.copysign(1.0, leaving) < 0.0
        if math.isfinite(value):
            change = value - self.gain
            total = self.sum + change
            self.gain = total - self.sum - change
            self.sum = total
            self.present += 1
            self.negative += math.copysign(1.0, value) < 0.0
            self.same = self.same + 1 if value == self.last else 1
            self.last = value
        return _mean_of_window(
            self.sum, self.window, self.present, self.negative, self.last, self.same
        )

    def step(self, row: Row) -> Row:
        self.line.add(row[0])
        mean = self._mean(row[0], self.line.back(self.window))
        lower, upper, sensitivity, adjustment, min_width, max_width = self.rules
        ratio = divide(row[0], mean)
        out, back = (ratio - 1.0) * adjustment * 100.0, (1.0 - ratio) * adjustment * 100.0
        if ratio > sensitivity:
            least, most = lower - max_width, upper + max_width
            lower = least if lower - out < least else lower - out
            upper = most if upper + out > most else upper + out
        elif ratio < 1.0 / sensitivity:
            most, least = lower + min_width, upper - min_width
            lower = most if lower + back > most else lower + back
            upper = least if upper - back < least else upper - back
        if upper - lower < min_width:
            middle = (lower + upper) / 2.0
            lower, upper = middle - min_width / 2.0, middle + min_width / 2.0
        return lower, upper, ratio, mean
