"""How many threads a kernel gets. Kernels never decide this themselves.

In this order: :func:`set_num_threads`, ``FREQKERNELS_NUM_THREADS``, ``OMP_NUM_THREADS`` (joblib
sets it to 1 in its workers), the processors this process may use. Whatever the source, a forked
child is serial (libgomp hangs when a child of a parallel parent opens a parallel region), and
so is every call whose serial time would be below five milliseconds.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from freqkernels.errors import InvalidInputError

#: Estimated serial nanoseconds from which a second thread is worth its risk: on a busy machine a
#: parallel region waits a time slice of the scheduler, some 10 ms, for a thread that lost its core.
PARALLEL_FROM_NS = 5_000_000

#: More would only exhaust memory: OpenMP ends the process when it cannot make a thread.
MOST_THREADS = 256

_chosen: int | None = None
_forked = False


def _after_fork_in_child() -> None:
    global _forked
    _forked = True


def after_fork_in_child(function: Callable[[], object]) -> None:
    """Call a function in every forked child; does nothing where there is no fork."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=function)


def renew_after_fork(namespace: dict[str, Any], name: str, make: Callable[[], Any]) -> None:
    """Give a forked child a new lock: another thread may have held the old one.

    :param namespace: ``globals()`` of the module.
    :param name: of the lock.
    :param make: makes one.
    """
    after_fork_in_child(lambda: namespace.__setitem__(name, make()))


after_fork_in_child(_after_fork_in_child)

# A child of a process in which another thread is importing a module, or in a library that locks
# without a thought of forks, waits forever as soon as it needs the same.
_whole = threading.RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=lambda: _whole.acquire(), after_in_parent=lambda: _whole.release())
renew_after_fork(globals(), "_whole", threading.RLock)


@contextmanager
def no_fork() -> Iterator[None]:
    """Let forks of other threads wait until a ``with`` block has ended."""
    with _whole:
        yield


def import_late(name: str) -> Any:
    """Import a module while the process runs; no fork comes in between.

    :param name: full name of the module.
    """
    module = sys.modules.get(name)
    if module is not None and not getattr(module.__spec__, "_initializing", False):
        return module
    with no_fork():
        return importlib.import_module(name)


def positive(text: str | None) -> int | None:
    """The number in an environment variable; rubbish counts as absent, ``doctor`` shows it."""
    try:
        # OMP_NUM_THREADS may be a list, one number for each nesting level.
        value = int((text or "").split(",")[0])
    except ValueError:
        return None
    return min(value, MOST_THREADS) if value > 0 else None


def available_processors() -> int:
    """Processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def num_threads() -> int:
    """Threads that a large enough call gets now."""
    if _forked:
        return 1
    return (
        _chosen
        or positive(os.environ.get("FREQKERNELS_NUM_THREADS"))
        or positive(os.environ.get("OMP_NUM_THREADS"))
        or available_processors()
    )


def chosen_threads() -> int | None:
    """What :func:`set_num_threads` was called with last, None if it was not."""
    return _chosen


def set_num_threads(count: int | None) -> None:
    """Choose the number of threads for this process; ``None`` goes back to the environment.

    :param count: a positive number, or None.
    :raise InvalidInputError: for zero, negative numbers, more than 256, and what is not an int.
    """
    global _chosen
    if count is not None and (
        isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_THREADS
    ):
        raise InvalidInputError(
            f"count: expected an int from 1 to {MOST_THREADS} or None, got {count!r}"
        )
    _chosen = count


def threads_for(serial_ns: float) -> int:
    """Threads for a call that would take ``serial_ns`` nanoseconds on one."""
    return num_threads() if serial_ns >= PARALLEL_FROM_NS else 1
