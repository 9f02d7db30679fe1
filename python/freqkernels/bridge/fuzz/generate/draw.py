"""Random choices."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, TypeVar

_T = TypeVar("_T")


class Draw(random.Random):
    """Python's random numbers, with the words that the generators use."""

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.random() < probability

    def one(self, *options: Any) -> Any:
        """One of the arguments."""
        return self.choice(options)

    def some(self, options: Sequence[_T], least: int = 0, most: int | None = None) -> list[_T]:
        """Some of the options, in their order."""
        count = self.randint(least, len(options) if most is None else min(most, len(options)))
        chosen = sorted(self.sample(range(len(options)), count))
        return [options[i] for i in chosen]

    def rounded(self, low: float, high: float, digits: int) -> float:
        """A number between the bounds with so many decimals."""
        return round(self.uniform(low, high), digits)
