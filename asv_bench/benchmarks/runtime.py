"""The way from a caller to a kernel: ``freqkernels.runtime``."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from freqkernels import configure, metrics, report
from freqkernels.runtime import accelerate, kernel, refuse
from freqkernels.runtime.control import forget
from freqkernels.runtime.telemetry.snapshots import snapshot

#: Settings by what a benchmark is called.
WAYS: dict[str, dict[str, Any]] = {
    "counters": {},
    "off": {"telemetry": "off"},
    "timed": {"telemetry": "timed"},
    "percentage": {"percentage": 50},
    "shadow": {"shadow": 1},
    "disabled": {"level": "disabled"},
}


class Call:
    """A kernel with nothing to do, directly and through the runtime."""

    params: ClassVar = [list(WAYS)]
    param_names: ClassVar = ["settings"]

    def setup(self, way: str) -> None:
        assert metrics is not None  # it registers the kernel
        configure(**WAYS[way])
        self.values = np.ones(1)
        self.through = kernel("metrics", "valid_span")
        self.directly = self.through.twin(self.through.backend)
        assert self.through(self.values) == self.directly(self.values) == (0, 0)

    def teardown(self, way: str) -> None:
        forget()

    def time_directly(self, way: str) -> None:
        self.directly(self.values)

    def time_through_the_runtime(self, way: str) -> None:
        self.through(self.values)


class Dispatch:
    """A fast function that answers, one that refuses, and the exact one behind both."""

    params: ClassVar = [list(WAYS)]
    param_names: ClassVar = ["settings"]

    def setup(self, way: str) -> None:
        configure(**WAYS[way])
        self.answering = accelerate(lambda value: value, name="answering")(_exact)
        self.refusing = accelerate(lambda value: refuse("benchmark"), name="refusing")(_exact)
        assert self.answering(1) == self.refusing(1) == _exact(1)

    def teardown(self, way: str) -> None:
        forget()

    def time_exact(self, way: str) -> None:
        _exact(1)

    def time_fast(self, way: str) -> None:
        self.answering(1)

    def time_refused(self, way: str) -> None:
        self.refusing(1)


class Telling:
    """What somebody who looks waits for."""

    def setup(self) -> None:
        self.through = kernel("metrics", "valid_span")
        assert self.through(np.ones(1)) == (0, 0)
        assert report().totals.calls >= 1

    def teardown(self) -> None:
        forget()

    def time_configure(self) -> None:
        configure(level="standard")

    def time_snapshot(self) -> None:
        snapshot(all=True)

    def time_report(self) -> None:
        report()


def _exact(value: int) -> int:
    return value
