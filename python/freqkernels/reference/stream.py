"""Twins of the streaming objects behind :mod:`freqkernels.stream`."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freqkernels.reference import stream_steps as steps
from freqkernels.reference import stream_trend as trend
from freqkernels.reference.stream_parts import Row, State, counted

Floats = NDArray[np.float64]


def _moments(what: str) -> Callable[..., State]:
    return lambda *parameters: steps.MomentsState(what, *parameters)


def _rolling(kind: str) -> Callable[..., State]:
    return lambda window, least: steps.Rolling(kind, window, least)


_KINDS: dict[str, Callable[..., State]] = {
    "SMA": lambda window: steps.SumsState(window, window, True, True),
    "RollingSum": lambda window, least: steps.SumsState(window, least, False, False),
    "RollingMean": lambda window, least: steps.SumsState(window, least, True, False),
    "RollingVar": _moments("variance"),
    "RollingStd": _moments("deviation"),
    "ZScore": _moments("zscore"),
    "BollingerBands": _moments("bands"),
    "WMA": steps.WMA,
    "RollingMin": _rolling("min"),
    "RollingMax": _rolling("max"),
    "RollingMedian": _rolling("median"),
    "EMA": steps.EMA,
    "ZLEMA": steps.ZLEMA,
    "MACD": steps.MACD,
    "RSI": steps.RSI,
    "StochRSI": steps.StochRSI,
    "ATR": steps.ATR,
    "KAMA": trend.KAMA,
    "PSAR": trend.PSAR,
    "Supertrend": trend.Supertrend,
    "HeikinAshi": trend.HeikinAshi,
    "DynamicBands": trend.DynamicBands,
}


class Stream:
    """State of one indicator; ``spec`` names it, its inputs and what its results are."""

    def __init__(self, spec: Any, parameters: tuple[float, ...]) -> None:
        self.spec, self.parameters, self.count = spec, parameters, 0
        self._state = _KINDS[spec.name](*parameters)
        whole = self._state.whole
        places = range(self._state.outputs)
        self._last = tuple(1.0 if i and i == whole else math.nan for i in places)

    def _result(self, out: Row) -> Any:
        if len(out) == 1:
            return out[0]
        whole = self._state.whole
        return tuple.__new__(
            self.spec.result,
            (int(each) if i and i == whole else each for i, each in enumerate(out)),
        )

    def _step(self, *row: Any) -> Any:
        self._last = self._state.step(tuple(map(float, row)))
        self.count += 1
        return self._result(self._last)

    def _peek(self, *row: Any) -> Any:
        return self._result(copy.deepcopy(self._state).step(tuple(map(float, row))))

    @property
    def value(self) -> Any:
        """What the last update returned; NaN before the first."""
        return self._result(self._last)

    def copy(self) -> Any:
        """Another stream in the same state."""
        other = type(self)(self.spec, self.parameters)
        other._state, other._last = copy.deepcopy(self._state), self._last
        other.count = self.count
        return other

    def extend(self, *columns: Any) -> Any:
        """Update with every row; all results as arrays."""
        found = [column.tolist() for column in self.spec.columns(columns)]
        results = np.empty((self._state.outputs, len(found[0])))
        for i, row in enumerate(zip(*found, strict=True)):
            self._step(*row)
            results[:, i] = self._last
        return self.spec.arrays(results)

    def save(self) -> bytes:
        """The state as float64 numbers in bytes."""
        return np.array([self.count, *self._last, *self._state.save()], dtype=np.float64).tobytes()

    def load(self, numbers: Floats) -> bool:
        """Become what was saved, if nothing has come yet; False if that is no state of this."""
        given, outputs, whole = numbers.tolist(), self._state.outputs, self._state.whole
        count = counted(given[0], 2**53) if given else None
        if self.count or count is None or len(given) <= 1 + outputs:
            return False
        if whole and given[1 + whole] not in (1.0, -1.0):
            return False
        self._last, self.count = tuple(given[1 : 1 + outputs]), count
        return self._state.load(given[1 + outputs :])

    def __reduce__(self) -> Any:
        return self.spec.reduce(self)

    def __repr__(self) -> str:
        return str(self.spec.describe(self))


class Values(Stream):
    """A stream of single values."""

    def update(self, value: float, /) -> Any:
        """The result after one more value."""
        return self._step(value)

    def peek(self, value: float, /) -> Any:
        """What ``update`` would return."""
        return self._peek(value)


class HighLow(Stream):
    """A stream of highs and lows."""

    def update(self, high: Any, low: Any = None) -> Any:
        """The result after one more row; a candle may stand alone."""
        return self._step(*(self.spec.prices(high) if low is None else (high, low)))

    def peek(self, high: Any, low: Any = None) -> Any:
        """What ``update`` would return."""
        return self._peek(*(self.spec.prices(high) if low is None else (high, low)))


class HighLowClose(Stream):
    """A stream of highs, lows and closes."""

    def _read(self, high: Any, low: Any, close: Any) -> tuple[Any, ...]:
        if low is None and close is None:
            return tuple(self.spec.prices(high))
        return high, low, close

    def update(self, high: Any, low: Any = None, close: Any = None) -> Any:
        """The result after one more row; a candle may stand alone."""
        return self._step(*self._read(high, low, close))

    def peek(self, high: Any, low: Any = None, close: Any = None) -> Any:
        """What ``update`` would return."""
        return self._peek(*self._read(high, low, close))


class Candles(Stream):
    """A stream of opens, highs, lows and closes."""

    def _read(self, open: Any, high: Any, low: Any, close: Any) -> tuple[Any, ...]:
        if high is None and low is None and close is None:
            return tuple(self.spec.prices(open))
        return open, high, low, close

    def update(self, open: Any, high: Any = None, low: Any = None, close: Any = None) -> Any:
        """The result after one more row; a candle may stand alone."""
        return self._step(*self._read(open, high, low, close))

    def peek(self, open: Any, high: Any = None, low: Any = None, close: Any = None) -> Any:
        """What ``update`` would return."""
        return self._peek(*self._read(open, high, low, close))
