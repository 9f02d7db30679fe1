"""Settings that follow while a command of freqtrade runs: when a file changes, or by a signal."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from freqkernels import reload_signal
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
    try:
        with reload_signal.heard_by(control.reload_on_signal):
            yield
    finally:
        surroundings.detach()
        keeper.stop()


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
