"""One writer of a file at a time, of all threads and processes of a machine.

The operating system holds the lock, so that it ends with its holder, however that one ends.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from freqkernels.errors import StateError
from freqkernels.runtime.threads import renew_after_fork

_PATIENCE = 10.0
_PAUSE = 0.005

# The system's locks do not keep the threads of one process apart.
_threads = threading.Lock()
renew_after_fork(globals(), "_threads", threading.Lock)

if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _release(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    # Not flock: a child that is forked meanwhile would hold it on.
    def _take(descriptor: int) -> None:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _release(descriptor: int) -> None:
        fcntl.lockf(descriptor, fcntl.LOCK_UN)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file for the time of a ``with`` block; not twice in one thread.

    :param path: of a file for nothing but this; it is made, and stays.
    :raise StateError: if somebody else holds it for longer than ten seconds.
    :raise OSError: if the file cannot be made or the system has no locks for it.
    """
    with _threads:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _wait(descriptor, path)
            try:
                yield
            finally:
                _release(descriptor)
        finally:
            os.close(descriptor)


def _wait(descriptor: int, path: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return _take(descriptor)
        except (BlockingIOError, PermissionError):
            if time.monotonic() >= deadline:
                raise StateError(f"another process holds the lock {path}") from None
            time.sleep(_PAUSE)
