"""The way from a caller to a kernel: ``freqkernels.runtime``."""

from __future__ import annotations

import numpy as np

from freqkernels import metrics
from freqkernels.runtime import accelerate, kernel, refuse


class Call:
    """A kernel with nothing to do, directly and through the runtime."""

    def setup(self) -> None:
        assert metrics is not None  # it registers the kernel
        self.values = np.ones(1)
        self.through = kernel("metrics", "valid_span")
        self.directly = self.through.twin("compiled")
        assert self.through.backend == "compiled"
        assert self.through(self.values) == self.directly(self.values) == (0, 0)

    def time_directly(self) -> None:
        self.directly(self.values)

    def time_through_the_runtime(self) -> None:
        self.through(self.values)


class Dispatch:
    """A fast function that answers, one that refuses, and the exact one behind both."""

    def setup(self) -> None:
        self.answering = accelerate(lambda value: value)(_exact)
        self.refusing = accelerate(lambda value: refuse("benchmark"))(_exact)
        assert self.answering(1) == self.refusing(1) == _exact(1)

    def time_exact(self) -> None:
        _exact(1)

    def time_fast(self) -> None:
        self.answering(1)

    def time_refused(self) -> None:
        self.refusing(1)


def _exact(value: int) -> int:
    return value
