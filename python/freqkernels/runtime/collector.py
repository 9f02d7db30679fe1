"""Python's garbage collector, paused while many objects are made at once.

A million new lists, or the syntax tree of a large file, make it walk over everything that freqtrade
has loaded, again and again. What is made here forms no cycles that matter meanwhile.
"""

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
