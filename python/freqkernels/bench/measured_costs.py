"""What having freqkernels costs: importing, installing, and the way from a caller to a kernel."""

from __future__ import annotations

import json
import subprocess
import sys
import timeit
from dataclasses import dataclass
from statistics import median

import numpy as np

from freqkernels.bench.inputs import RunFailedError, child_environment
from freqkernels.bridge.targets import TARGETS
from freqkernels.runtime import kernel

_CALLS = 100_000

_IMPORT = """
import json, time
import numpy, pandas
begin = time.perf_counter()
import freqkernels
imported = time.perf_counter()
from freqkernels import metrics, ohlcv, signals, runtime
backends = [kernel.backend for kernel in runtime.kernels()]
print(json.dumps([imported - begin, time.perf_counter() - begin]))
"""
_INSTALL = """
import importlib, json, sys, time
begin = time.perf_counter()
for name in sys.argv[1:]:
    importlib.import_module(name)
imported = time.perf_counter()
import freqkernels
freqkernels.install()
installed = time.perf_counter()
assert all(entry.state != "waiting" for entry in freqkernels.status())
print(json.dumps([imported - begin, installed - imported]))
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """One cost in seconds, the median of several measurements."""

    name: str
    seconds: float


#: What :func:`measure_costs` measures, in its order.
COSTS = (
    "`import freqkernels`, over numpy and pandas",
    "the same with all public modules and compiled kernels loaded",
    "importing from freqtrade what is replaced",
    "`freqkernels.install()` over that, `import freqkernels` included",
    "a compiled kernel, called directly",
    "the same kernel, called through the runtime",
)


def measure_costs(processes: int) -> list[Cost]:
    """Measure them; the first four in processes of their own.

    :param processes: how many of each kind.
    :raise RunFailedError: if one of them ends with an error.
    :raise MissingExtensionError: without compiled kernels.
    """
    modules = list(dict.fromkeys(target.module for target in TARGETS))
    imports = [_run(_IMPORT) for _ in range(processes)]
    installs = [_run(_INSTALL, *modules) for _ in range(processes)]
    columns = [*zip(*imports, strict=True), *zip(*installs, strict=True), *_calls()]
    return [Cost(name, median(column)) for name, column in zip(COSTS, columns, strict=True)]


def _run(code: str, *arguments: str) -> list[float]:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        env=child_environment(),
        check=False,
    )
    if done.returncode != 0:
        raise RunFailedError(f"a process that was to be measured failed:\n{done.stderr.strip()}")
    seconds: list[float] = json.loads(done.stdout.splitlines()[-1])
    return seconds


def _calls() -> tuple[list[float], list[float]]:
    """Seconds of a call without work, directly and through the runtime, in turns."""
    through = kernel("metrics", "valid_span")
    directly, values = through.twin("compiled"), np.ones(1)
    through(values)
    timers = [timeit.Timer(lambda f=f: f(values)) for f in (directly, through)]  # type: ignore[misc]
    rounds = [[timer.timeit(_CALLS) / _CALLS for timer in timers] for _ in range(7)]
    return [direct for direct, _ in rounds], [runtime for _, runtime in rounds]
