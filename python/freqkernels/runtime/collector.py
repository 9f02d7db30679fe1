"""Python's garbage collector, paused while many objects are made at once, and asked only once at
the end.

A million new lists, or the syntax tree of a large file, make it walk over everything that freqtrade
has loaded, again and again. What is made here forms no cycles that matter meanwhile.
"""

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the collector for the time of a ``with`` block, unless somebody has already."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def older_objects_spared() -> Iterator[None]:
    """Let the collector look only at what is made in a ``with`` block.

    Not for a block in which somebody else makes such a difference already.
    """
    if gc.get_freeze_count():
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def collect_once_at_exit() -> None:
    """When the process ends, look for garbage once: the interpreter does so three times.

    What nobody can reach any more is finalised as ever. What is still in use then, freqtrade's
    and all other modules, goes without being looked at.
    """
    atexit.unregister(_collect_and_leave_the_rest)
    atexit.register(_collect_and_leave_the_rest)


def _collect_and_leave_the_rest() -> None:
    gc.collect()
    gc.freeze()
