"""Looks after a process that runs for long: files that change, telemetry that is written down.

A look at a file costs microseconds, so every tick has one. A snapshot costs a millisecond: as long
as nothing happens, the ticks between two of them double, up to sixteen.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from freqkernels.errors import InvalidInputError
from freqkernels.runtime.telemetry.snapshots import Snapshot, snapshot, write_file
from freqkernels.runtime.threads import renew_after_fork

logger = logging.getLogger("freqkernels")

MOST_TICKS = 16
_PATIENCE = 5.0

_lock = threading.Lock()
renew_after_fork(globals(), "_lock", threading.Lock)


class Monitor:
    """A thread that ticks while the process works, and ends with it.

    ::

        with Monitor(2.0, telemetry_file=Path("telemetry.json")):
            ...

    What goes wrong in it is logged, once as long as it stays the same, and it goes on. A forked
    child has no monitor until it starts its own.

    :param interval: seconds between two ticks.
    :param watched: files; when one appears, goes, or changes, ``reload`` is called.
    :param reload: reads the settings again.
    :param telemetry_file: JSON file with the latest snapshot; stays when the monitor stops.
    :param processes: folder for another one, named by the process; goes when the monitor stops.
    :param callbacks: called with each snapshot in which something has changed.
    :raise InvalidInputError: for an interval that is no positive number.
    """

    def __init__(
        self,
        interval: float = 2.0,
        *,
        watched: Sequence[Path] = (),
        reload: Callable[[], object] | None = None,
        telemetry_file: Path | None = None,
        processes: Path | None = None,
        callbacks: Sequence[Callable[[Snapshot], object]] = (),
    ) -> None:
        if (
            not isinstance(interval, int | float)
            or isinstance(interval, bool)
            or not 0 < interval <= threading.TIMEOUT_MAX
        ):
            raise InvalidInputError(f"interval: expected a positive number, got {interval!r}")
        self.interval = interval
        self._reload = reload
        self._marks = {path: _mark(path) for path in watched}
        self._telemetry_file = telemetry_file
        self._processes = processes
        self._callbacks = tuple(callbacks)
        self._last: Snapshot | None = None
        self._pause = self._left = 1
        self._told: dict[str, str] = {}
        self._thread: threading.Thread | None = None
        self._end = threading.Event()
        self._pid = os.getpid()

    @property
    def is_running(self) -> bool:
        """Whether its thread is alive, in this process."""
        thread = self._thread
        return thread is not None and thread.is_alive()

    def start(self) -> None:
        """Begin to tick; nothing if it does."""
        with _lock:
            if self.is_running:
                return
            self._pid = os.getpid()
            self._last, self._pause, self._left = None, 1, 1
            self._end = end = threading.Event()
            thread = threading.Thread(
                target=self._run, args=(end,), name="freqkernels-monitor", daemon=True
            )
            thread.start()
            self._thread = thread
        atexit.register(self.stop)

    def stop(self) -> None:
        """End the thread, and leave the last counts in the telemetry file; nothing if it is not
        running. May be called by the thread itself."""
        with _lock:
            thread, self._thread = self._thread, None
            end = self._end
        if thread is None or self._pid != os.getpid():
            return
        atexit.unregister(self.stop)
        end.set()
        if thread is not threading.current_thread():
            thread.join(_PATIENCE)
        if self._telemetry_file is not None:
            self._guarded(str(self._telemetry_file), write_file, self._telemetry_file)
        file = self._own_file()
        if file is not None:
            self._guarded(str(file), file.unlink, True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def tick(self) -> None:
        """One look at everything: what the thread does each interval."""
        self._guarded("watched files", self._look_at_files)
        self._left -= 1
        if self._left <= 0:
            self._guarded("telemetry", self._look_at_counts)
            self._left = self._pause

    def _run(self, end: threading.Event) -> None:
        self.tick()
        while not end.wait(self.interval):
            self.tick()

    def _look_at_files(self) -> None:
        marks = {path: _mark(path) for path in self._marks}
        if marks != self._marks:
            self._marks = marks
            if self._reload is not None:
                self._guarded("settings", self._reload)

    def _look_at_counts(self) -> None:
        now = snapshot()
        if now.same_as(self._last):
            self._pause = min(2 * self._pause, MOST_TICKS)
            return
        self._pause = 1
        files = [file for file in (self._telemetry_file, self._own_file()) if file is not None]
        written = [self._guarded(str(file), write_file, file, now) for file in files]
        for callback in self._callbacks:
            self._guarded(repr(callback), callback, now)
        self._last = now if all(written) else None

    def _own_file(self) -> Path | None:
        return self._processes / f"{self._pid}.json" if self._processes is not None else None

    def _guarded(self, what: str, work: Callable[..., object], *args: object) -> bool:
        try:
            work(*args)
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            if self._told.get(what) != text:
                self._told[what] = text
                logger.warning("the monitor goes on without %s: %s", what, text)
            return False
        self._told.pop(what, None)
        return True


def _mark(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file does; None if it cannot be looked at."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
