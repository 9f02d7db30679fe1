"""Where files of ours live: what can be made again, and what must be kept.

Each place is, in this order: what :func:`configure` was told, which comes from the settings of
the same name (code before environment before configuration); the environment variable, as long as
nobody has read the settings; the folder that the platform has for it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from freqkernels.errors import InvalidInputError

CACHE_VARIABLE = "FREQKERNELS_CACHE_DIR"
STATE_VARIABLE = "FREQKERNELS_STATE_DIRECTORY"
_CACHE_VARIABLES = (CACHE_VARIABLE, "FREQKERNELS_CACHE_DIRECTORY")

_cache = ""
_state = ""


def configure(*, cache: str = "", state: str = "") -> None:
    """Take over the settings ``cache_directory`` and ``state_directory``; "" for neither.

    :param cache: folder for what can be made again.
    :param state: folder for what must be kept.
    """
    global _cache, _state
    _cache, _state = cache, state


def chosen() -> tuple[str, str]:
    """What :func:`configure` was told last."""
    return _cache, _state


def cache_directory() -> Path:
    """Where this user's programs keep what can be made again, in a folder of ours.

    :raise InvalidInputError: for a chosen folder of a user that does not exist (``~nobody``).
    """
    chosen = _cache or next(filter(None, map(os.environ.get, _CACHE_VARIABLES)), None)
    if chosen:
        return _absolute(chosen, "cache_directory")
    return _usual("Cache", "Caches", "XDG_CACHE_HOME", Path(".cache"))


def state_directory() -> Path:
    """Where this user's programs keep what must survive, in a folder of ours.

    :raise InvalidInputError: for a chosen folder of a user that does not exist (``~nobody``).
    """
    chosen = _state or os.environ.get(STATE_VARIABLE)
    if chosen:
        return _absolute(chosen, "state_directory")
    return _usual("State", "Application Support", "XDG_STATE_HOME", Path(".local", "state"))


def _usual(windows: str, mac: str, variable: str, elsewhere: Path) -> Path:
    """The folder that the platform has for one purpose, by its name there."""
    home = _home()
    if sys.platform == "win32":
        return _local_app_data(home) / "freqkernels" / windows
    if sys.platform == "darwin":
        return home / "Library" / mac / "freqkernels"
    return Path(os.environ.get(variable) or home / elsewhere) / "freqkernels"


def _home() -> Path:
    """The user's folder; one among the temporary files where the user has none (in a container)."""
    try:
        return Path.home()
    except RuntimeError:
        import tempfile

        return Path(tempfile.gettempdir()) / f"freqkernels-{os.getuid()}"


def _local_app_data(home: Path) -> Path:
    return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")


def _absolute(chosen: str, setting: str) -> Path:
    try:
        return Path(chosen).expanduser().resolve()
    except (RuntimeError, ValueError, OSError) as error:  # no such user; a NUL; no folder to be in
        raise InvalidInputError(f"{setting}: {chosen[:200]!r} is no folder: {error}") from error
