"""Virtual environments with other releases of freqtrade, made once and kept.

They live in the :func:`~freqkernels.runtime.places.cache_directory`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from freqkernels.bench.inputs import Say
from freqkernels.errors import FreqkernelsError, InvalidInputError
from freqkernels.runtime.places import CACHE_VARIABLE, cache_directory

_VERSION = re.compile(r"\d+\.\d+(\.\w+)*")
_ASK_VERSION = "from importlib.metadata import version; print(version('freqtrade'))"
_ERROR_LINES = 6


class EnvironmentFailedError(FreqkernelsError, RuntimeError):
    """A virtual environment could not be made; the text has the words of venv or pip."""


def environment_folder(version: str) -> Path:
    """Where the environment of a release is kept; one for each Python.

    :raise InvalidInputError: for what is no version of freqtrade.
    """
    if not _VERSION.fullmatch(version):
        raise InvalidInputError(
            f"against_version: expected a version of freqtrade such as 2026.3, got {version!r}"
        )
    name = f"freqtrade-{version}-{sys.implementation.cache_tag}"
    return cache_directory() / "environments" / name


def environment_python(version: str, say: Say) -> Path:
    """The interpreter of an environment that has a release of freqtrade, made if need be.

    :param version: of freqtrade, such as "2026.3".
    :param say: called with what is being done.
    :raise InvalidInputError: for what is no version.
    :raise EnvironmentFailedError: if it cannot be made, without a package index for example.
    """
    folder = environment_folder(version)
    if folder.exists():
        if _release_in(folder) == version:
            return _interpreter(folder)
        say(f"{folder} is damaged, it is made again")
        shutil.rmtree(folder)
    say(f"installing freqtrade {version} into {folder}; this happens once")
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        _install(version, unfinished)
        if not folder.exists():  # somebody else may have been faster
            unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return _interpreter(folder)


def _interpreter(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _release_in(folder: Path) -> str | None:
    """Version of freqtrade in an environment, None if it cannot be told."""
    python = _interpreter(folder)
    if not python.exists():
        return None
    done = _run([str(python), "-P", "-c", _ASK_VERSION])
    return done.stdout.strip() if done.returncode == 0 else None


def _install(version: str, folder: Path) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentFailedError(
            f"{folder.parent} cannot be made ({error}); {CACHE_VARIABLE} names another place"
        ) from error
    made = _run([sys.executable, "-m", "venv", str(folder)])
    if made.returncode != 0:
        raise EnvironmentFailedError(
            f"a virtual environment cannot be made in {folder}. venv says:\n{_last_lines(made)}"
        )
    options = ["install", "--quiet", "--no-input", "--disable-pip-version-check"]
    done = _run([str(_interpreter(folder)), "-m", "pip", *options, f"freqtrade=={version}"])
    if done.returncode != 0:
        raise EnvironmentFailedError(
            f"freqtrade {version} cannot be installed. That needs a package index, and so a "
            f"network or a mirror, the first time a release is asked for. pip says:\n"
            f"{_last_lines(done)}"
        )


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command that must not see what is installed here."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def _last_lines(done: subprocess.CompletedProcess[str]) -> str:
    lines = f"{done.stdout}\n{done.stderr}".strip().splitlines()
    return "\n".join(lines[-_ERROR_LINES:])
