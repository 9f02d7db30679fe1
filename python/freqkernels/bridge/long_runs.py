"""Settings that follow while a command of freqtrade runs: when a file changes, or by a signal."""

from __future__ import annotations

import functools
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from freqkernels.bridge.surround import Surroundings
from freqkernels.runtime import control
from freqkernels.runtime.places import state_directory
from freqkernels.runtime.rollout import RolloutLog
from freqkernels.runtime.telemetry.monitor import Monitor
from freqkernels.runtime.threads import renew_after_fork

#: freqtrade's commands that run until somebody ends them.
COMMANDS = ("trade", "webserver")
_CONFIGURATION = ("freqtrade.configuration.configuration", "Configuration")
_lock = threading.Lock()
renew_after_fork(globals(), "_lock", threading.Lock)


def process_directory() -> Path:
    """Where running processes keep their telemetry files."""
    return state_directory() / "processes"


@contextmanager
def looked_after(command: str) -> Iterator[None]:
    """Keep the settings up to date for the time of a ``with`` block with a command of freqtrade.

    ``SIGUSR1`` reads them again, where there is such a signal and nobody else handles it. The
    monitor starts when freqtrade has loaded its configuration, and anew whenever it loads it again.

    :param command: of freqtrade.
    """
    keeper = _Keeper(command)
    surroundings = Surroundings(*_CONFIGURATION, ("load_config",), keeper.after)
    surroundings.attach()
    taken = _take_signal()
    try:
        yield
    finally:
        surroundings.detach()
        keeper.stop()
        if taken is not None and signal.getsignal(taken[0]) is taken[1]:
            signal.signal(taken[0], signal.SIG_DFL)


class _Keeper:
    """Starts the monitor, and stops it.

    :param command: of freqtrade.
    """

    def __init__(self, command: str) -> None:
        self._command = command
        self._monitor: Monitor | None = None

    def after(self, load_config: Callable[..., Any]) -> Callable[..., Any]:
        """freqtrade's ``load_config``, and then the monitor."""

        @functools.wraps(load_config)
        def loading(*args: Any, **kwargs: Any) -> Any:
            config = load_config(*args, **kwargs)
            self.start(config.get("config_files") or [])
            return config

        return loading

    def start(self, files: Sequence[str]) -> None:
        """Start a monitor if the settings want one, in place of an earlier one.

        :param files: of freqtrade's configuration.
        """
        settings = control.current()
        wanted = settings.monitor == "auto" and self._command in COMMANDS
        monitor = None
        if wanted or settings.monitor == "on":
            monitor = Monitor(
                settings.monitor_interval,
                watched=[RolloutLog().path, *(Path(file).absolute() for file in files)],
                reload=control.reload_logged,
                telemetry_file=Path(settings.telemetry_file) if settings.telemetry_file else None,
                processes=process_directory(),
            )
        self._exchange(monitor)

    def stop(self) -> None:
        """Stop the monitor, if there is one."""
        self._exchange(None)

    def _exchange(self, monitor: Monitor | None) -> None:
        with _lock:
            before, self._monitor = self._monitor, monitor
            if before is not None:
                before.stop()
            if monitor is not None:
                monitor.start()


def _take_signal() -> tuple[int, object] | None:
    """Let ``SIGUSR1`` read the settings again; number and handler, None where that may not be."""
    number: int | None = getattr(signal, "SIGUSR1", None)
    if number is None or threading.current_thread() is not threading.main_thread():
        return None
    if signal.getsignal(number) is not signal.SIG_DFL:
        return None
    control.reload_on_signal(number)
    return number, signal.getsignal(number)
