"""What the states of streams in plain Python are made of."""

from __future__ import annotations

import math
from bisect import insort_right
from typing import Any, ClassVar

NAN = math.nan
Row = tuple[float, ...]


class Line:
    """The last ``keep`` values, after one place that is none."""

    def __init__(self, keep: int) -> None:
        self.keep, self.seen, self.rows = keep, 0, [0.0]

    def add(self, value: float) -> None:
        """One more value."""
        self.rows.append(value)
        self.seen += 1
        if len(self.rows) > 2 * self.keep + 64:
            del self.rows[1 : len(self.rows) - self.keep]

    def back(self, count: int) -> float:
        """The value that many rows before the newest; NaN where there is none."""
        return self.rows[-1 - count] if self.seen > count else NAN

    def saved(self) -> list[float]:
        """How many there were, and those that are left."""
        left = self.rows[1:][-self.keep :]
        return [float(self.seen), *left]

    def load(self, numbers: list[float]) -> bool:
        """Take the front of ``numbers``; False if that is no line."""
        seen = counted(numbers.pop(0), 2**53) if numbers else None
        if seen is None or min(seen, self.keep) > len(numbers):
            return False
        count = min(seen, self.keep)
        self.seen, self.rows = seen, [0.0, *numbers[:count]]
        del numbers[:count]
        return True


class Window:
    """The values of a window, of which a minimum, maximum or median is made anew."""

    def __init__(self, window: int, least: int, kind: str) -> None:
        self.window, self.least, self.kind = window, max(least, 1), kind
        self.rows: list[float] = []

    def next(self, value: float) -> float:
        """The result with one more value."""
        self.rows = [*self.rows, value][-self.window :]
        present = [each for each in self.rows if math.isfinite(each)]
        if len(present) < self.least:
            return NAN
        if self.kind == "median":
            return _median(self.rows)
        best = present[0]
        for each in present[1:]:
            better = best < each if self.kind == "min" else best > each
            best = best if better else each
        return best

    def saved(self) -> list[float]:
        """As :meth:`Line.saved`; a median has infinities for what is missing or not there yet."""
        if self.kind != "median":
            return [float(len(self.rows)), *self.rows]
        rows = [each if math.isfinite(each) else math.inf for each in self.rows]
        return [float(self.window), *[math.inf] * (self.window - len(rows)), *rows]

    def load(self, numbers: list[float]) -> bool:
        """As :meth:`Line.load`."""
        count = counted(numbers.pop(0), self.window) if numbers else None
        if count is None or count > len(numbers):
            return False
        if self.kind == "median" and count < self.window:
            return False
        self.rows = numbers[:count]
        del numbers[:count]
        return True


def _median(rows: list[float]) -> float:
    """Of equal values the newer stands behind the older, and the oldest leaves first."""
    ordered: list[float] = []
    for value in rows:
        if math.isfinite(value):
            insort_right(ordered, value)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half] + ordered[half - 1]) / 2.0


def counted(number: float, most: int, least: int = 0) -> int | None:
    """A whole number in its range, or None."""
    return int(number) if least <= number <= most and number == int(number) else None


class State:
    """One kind of stream."""

    #: Attributes that are saved: path, and the range of a whole number, or how many numbers.
    fields: ClassVar[tuple[tuple[str, Any], ...]] = ()
    parts: ClassVar[tuple[str, ...]] = ()
    outputs = 1
    whole = 0

    def step(self, row: Row) -> Row:
        """One more row."""
        raise NotImplementedError

    def _owner(self, path: str) -> tuple[Any, str]:
        owner: Any = self
        *names, last = path.split(".")
        for name in names:
            owner = getattr(owner, name)
        return owner, last

    def save(self) -> list[float]:
        """The state as numbers."""
        numbers: list[float] = []
        for path, _ in self.fields:
            owner, name = self._owner(path)
            value = getattr(owner, name)
            numbers += value if isinstance(value, list) else [float(value)]
        for path in self.parts:
            owner, name = self._owner(path)
            numbers += getattr(owner, name).saved()
        return numbers

    def load(self, numbers: list[float]) -> bool:
        """Become what was saved; False if that is no state of this."""
        for path, kind in self.fields:
            owner, name = self._owner(path)
            count = kind if isinstance(kind, int) else 1
            if len(numbers) < count:
                return False
            taken, value = numbers[:count], numbers[0]
            del numbers[:count]
            if kind is None:
                setattr(owner, name, value)
            elif isinstance(kind, int):
                setattr(owner, name, taken)
            else:
                found = counted(value, kind[1], kind[0])
                if found is None:
                    return False
                setattr(owner, name, found)
        return all(self._load_part(path, numbers) for path in self.parts) and not numbers

    def _load_part(self, path: str, numbers: list[float]) -> bool:
        owner, name = self._owner(path)
        return bool(getattr(owner, name).load(numbers))
