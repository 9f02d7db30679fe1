"""The signal that lets a process read its settings again; it ends nobody who does not listen."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

#: ``SIGUSR1``, None on platforms without it.
NUMBER: int | None = getattr(signal, "SIGUSR1", None)


def ignore() -> bool:
    """Ignore the signal from now on, in place of the default, which ends the process.

    :return: whether that was done: not where somebody handles it, and not outside of the main
        thread.
    """
    return _exchange(signal.SIG_DFL, signal.SIG_IGN)


@contextmanager
def ignored(*, for_good: bool = False) -> Iterator[None]:
    """Ignore the signal for the time of a ``with`` block, where nobody handles it.

    :param for_good: also after it, because the process ends next.
    """
    done = ignore()
    try:
        yield
    finally:
        if done and not for_good:
            _exchange(signal.SIG_IGN, signal.SIG_DFL)


@contextmanager
def heard_by(listen: Callable[[int], None]) -> Iterator[None]:
    """Let the signal be handled for the time of a ``with`` block, where nobody handles it.

    :param listen: installs a handler for a signal.
    """
    before = _handler()
    if before not in (signal.SIG_DFL, signal.SIG_IGN) or NUMBER is None:
        yield
        return
    listen(NUMBER)
    ours = signal.getsignal(NUMBER)
    try:
        yield
    finally:
        _exchange(ours, before)


def _handler() -> Any:
    """Who handles it; None where it cannot be handled."""
    if NUMBER is None or threading.current_thread() is not threading.main_thread():
        return None
    return signal.getsignal(NUMBER)


def _exchange(expected: Any, handler: Any) -> bool:
    if NUMBER is None or _handler() is not expected:
        return False
    signal.signal(NUMBER, handler)
    return True
