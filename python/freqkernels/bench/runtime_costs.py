"""What the runtime costs and holds: ``python -m freqkernels.bench.runtime_costs``.

Every way of a call is timed beside the bare function in the same rounds, after its results were
found to be those of the bare function.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
import timeit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import numpy as np

from freqkernels import metrics
from freqkernels.bridge.worker_memory import resident_bytes
from freqkernels.errors import FreqkernelsError
from freqkernels.runtime import accelerate, configure, failures, kernel, switch
from freqkernels.runtime.control import forget

_ROUNDS = 9
_CALLS = 20_000
_MANY = 10_000_000
_THREADS, _CALLS_OF_A_THREAD = 32, 20_000
_WAYS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("nothing configured (counters)", {}),
    ("telemetry off", {"telemetry": "off"}),
    ("telemetry timed", {"telemetry": "timed"}),
    ("percentage 50", {"percentage": 50}),
    ("shadow 1 %", {"shadow": 1}),
)


class ParityError(FreqkernelsError, AssertionError):
    """A result that is another one through the runtime."""


@contextmanager
def _settings(values: dict[str, Any]) -> Iterator[None]:
    forget()
    configure(**values)
    try:
        yield
    finally:
        forget()


def _times(*functions: Callable[[], Any]) -> list[float]:
    """Nanoseconds of one call of each, in alternating rounds."""
    timers = [timeit.Timer(function) for function in functions]
    rounds = [[timer.timeit(_CALLS) / _CALLS * 1e9 for timer in timers] for _ in range(_ROUNDS)]
    return [median(column) for column in zip(*rounds, strict=True)]


def _require(found: Any, expected: Any) -> None:
    if found != expected:
        raise ParityError(f"expected {expected!r}, got {found!r}")


def calls() -> Iterator[tuple[str, float, float]]:
    """Way, nanoseconds that it adds to a kernel without work, and to a function without work."""
    through, values = kernel("metrics", "valid_span"), np.ones(1)
    compiled, reference = through.twin("compiled"), through.twin("reference")
    function = accelerate(lambda value: value, name="measured")(lambda value: value)

    def bare(value: Any) -> Any:
        return value

    for way, settings in (*_WAYS, ("level disabled", {"level": "disabled"})):
        direct = reference if settings.get("level") else compiled
        with _settings(settings):
            _require(through(values), direct(values))
            _require(function(values) is values, True)
            times = _times(
                lambda d=direct: d(values),  # type: ignore[misc]
                lambda: through(values),
                lambda: bare(values),
                lambda: function(values),
            )
        yield way, times[1] - times[0], times[3] - times[2]


def fault() -> tuple[float, float, float]:
    """Microseconds of the reference alone, and of a call whose compiled twin raises: the first one,
    and later ones until the breaker opens."""
    through, values = kernel("metrics", "valid_span"), np.ones(1000)
    reference = through.twin("reference")

    def broken(_: Any) -> Any:
        raise RuntimeError("a fault")

    def elapsed(function: Callable[..., Any]) -> float:
        begin = time.perf_counter()
        _require(function(values), (0, 999))
        return (time.perf_counter() - begin) * 1e6

    with _settings({"breaker_failures": 1000}):
        elapsed(through)
        through._target = broken
        try:
            first = elapsed(through)
            later = median(elapsed(through) for _ in range(200))
        finally:
            through.reset()
        _require(len(failures()), 100)
    return median(elapsed(reference) for _ in range(200)), first, later


def memory() -> list[float]:
    """Megabytes of the process after each tenth of ten million calls."""
    through, values = kernel("metrics", "valid_span"), np.ones(1)
    found = []
    with _settings({}):
        before = through.switch.counters.values().calls
        for _ in range(10):
            for _ in range(_MANY // 10):
                through(values)
            found.append((resident_bytes() or 0) / 1e6)
        _require(through.switch.counters.values().calls - before, _MANY)
    return found


def counts() -> int:
    """Calls that were counted of 32 threads, while the settings change."""
    through, values = kernel("metrics", "valid_span"), np.ones(1)
    with _settings({}):
        before = through.switch.counters.values().calls

        def work() -> None:
            for _ in range(_CALLS_OF_A_THREAD):
                through(values)

        threads = [threading.Thread(target=work) for _ in range(_THREADS)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            configure(shadow=0.1)
            configure(shadow=None, percentage=50)
            configure(percentage=None)
        return through.switch.counters.values().calls - before


def trial() -> tuple[float, float]:
    """Milliseconds of ``calculate_market_change`` of ten frames, and what 1 % of trials adds."""
    import pandas as pd

    frames = {f"P{i}": pd.DataFrame({"close": np.arange(1.0, 20_001.0)}) for i in range(10)}
    function = metrics.calculate_market_change
    medians = []
    for settings in ({}, {"shadow": 1}):
        with _settings(settings):
            switch("calculate_market_change").counters.clear()
            begin = time.perf_counter()
            for _ in range(2000):
                function(frames)
            medians.append((time.perf_counter() - begin) / 2)
    return medians[0], medians[1] - medians[0]


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="freqkernels-") as folder:
        os.environ["FREQKERNELS_STATE_DIRECTORY"] = folder
        print(f"{'a call, ns more than the bare function':42}{'kernel':>8}{'function':>10}")
        for way, of_kernel, of_function in calls():
            print(f"{way:42}{of_kernel:8.0f}{of_function:10.0f}")
        alone, first, later = fault()
        print(
            f"reference alone {alone:.1f} us; after a fault {later:.1f} us, the first {first:.0f}"
        )
        without, added = trial()
        print(f"calculate_market_change {without:.3f} ms; with 1 % of trials +{added:.3f} ms")
        expected = _THREADS * _CALLS_OF_A_THREAD
        print(f"calls of {_THREADS} threads that were counted: {counts():,} of {expected:,}")
        megabytes = memory()
        print("MB over ten million calls:", " ".join(f"{value:.1f}" for value in megabytes))


if __name__ == "__main__":
    main()
