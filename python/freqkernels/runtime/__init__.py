"""Which implementation runs, who decided, what happened. Knows nothing of finance.

* :mod:`~freqkernels.runtime.backend`: compiled or reference twin of a kernel
* :mod:`~freqkernels.runtime.dispatch`: fast function before exact function
* :mod:`~freqkernels.runtime.support`: the answer of a fast path, with its reason
* :mod:`~freqkernels.runtime.threads`: how many threads a kernel gets
* :mod:`~freqkernels.runtime.collector`: Python's garbage collector, paused
* :mod:`~freqkernels.runtime.journal`: refusals, failures, fallbacks
"""

from freqkernels.runtime.backend import (
    BACKENDS,
    Kernel,
    get_backend,
    kernel,
    kernels,
    set_backend,
    use_backend,
)
from freqkernels.runtime.collector import collect_once_at_exit, collector_paused
from freqkernels.runtime.dispatch import accelerate
from freqkernels.runtime.journal import Event, events
from freqkernels.runtime.support import SUPPORTED, Support, refuse
from freqkernels.runtime.threads import num_threads, set_num_threads, threads_for

__all__ = [
    "BACKENDS",
    "SUPPORTED",
    "Event",
    "Kernel",
    "Support",
    "accelerate",
    "collect_once_at_exit",
    "collector_paused",
    "events",
    "get_backend",
    "kernel",
    "kernels",
    "num_threads",
    "refuse",
    "set_backend",
    "set_num_threads",
    "threads_for",
    "use_backend",
]
