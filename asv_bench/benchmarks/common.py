"""What all comparisons share: the cases of ``freqkernels.bench``, checked before they are timed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cache
from typing import Any

from freqkernels.bench.measured_functions import Case, Sizes, cases, measure


@cache
def case_of(function: str, sizes: Sizes, ending: str = "") -> Case:
    """The case of a function at some size; ``ending`` is that of its input in words."""
    return next(
        case for case in cases(sizes) if case.function == function and case.input.endswith(ending)
    )


@cache
def check(case: Case) -> None:
    """Once a process: freqtrade's function and ours give the same, and ours did not fall back.

    :raise NotImplementedError: if this freqtrade's function is left alone, which asv shows as n/a.
    """
    if case.functions()[1] is None:
        raise NotImplementedError(f"{case.function} is left to freqtrade")
    measure(case, rounds=0)


class Compared(ABC):
    """One case by freqtrade and by us; each sample gets fresh arguments."""

    number = 1
    rounds = 1
    repeat = (3, 20, 5.0)
    warmup_time = 0.0
    timeout = 300.0

    @abstractmethod
    def case(self, *params: Any) -> Case:
        """The case for one choice of parameters."""

    def setup(self, *params: Any) -> None:
        case = self.case(*params)
        check(case)
        self.original, self.replacement = case.functions()
        self.args, self.kwargs = case.arguments()

    def time_freqtrade(self, *_: Any) -> None:
        self.original(*self.args, **self.kwargs)

    def time_freqkernels(self, *_: Any) -> None:
        assert self.replacement is not None
        self.replacement(*self.args, **self.kwargs)
