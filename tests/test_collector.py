"""The garbage collector at the end of a process."""

from __future__ import annotations

import subprocess
import sys

_SCRIPT = """
import gc
from freqkernels.runtime import collect_once_at_exit

class Ring:
    def __init__(self):
        self.me = self

    def __del__(self):
        print("finalised")

gc.disable()
collect_once_at_exit()
collect_once_at_exit()
Ring()
import atexit
atexit.register(lambda: print("collections", [seen["collections"] for seen in gc.get_stats()][2]))
"""


def test_garbage_is_finalised_at_exit() -> None:
    """Objects in cycles are finalised, after all other exit functions."""
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["collections 0", "finalised"]
    assert not done.stderr


def test_the_rest_is_left() -> None:
    """What is still in use at the end is not looked at."""
    script = (
        "import gc, atexit; from freqkernels.runtime import collect_once_at_exit;"
        "atexit.register(lambda: print(gc.get_freeze_count() > 1000));"
        "collect_once_at_exit()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\n"
