"""One side of a comparison: a backtest in a process of its own, and what it left behind."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from freqkernels.bench.exports import read_exports
from freqkernels.bench.inputs import RunFailedError, Say, child_environment
from freqkernels.bench.stages import ANNOUNCEMENT, load_run
from freqkernels.bridge.probe import STAGES, BacktestRun

_STAGES = "freqkernels.bench.stages"
_ELSEWHERE = Path(__file__).with_name("elsewhere.py")
_CAPTURED, _TABLES, _LOG = "run.pickle", "tables.txt", "log.txt"
_ERROR_LINES = 12


@dataclass(frozen=True)
class Side:
    """One of the two runs of a comparison.

    :param key: short name, of its folder too.
    :param name: what people call it.
    :param kernels: whether freqtrade runs with the kernels installed.
    :param python: interpreter of an environment that has another freqtrade and need not have
        freqkernels; this one, if absent.
    """

    key: str
    name: str
    kernels: bool
    python: Path | None = None


@dataclass(frozen=True)
class Job:
    """What both runs of a comparison are told.

    :param arguments: for freqtrade, beginning with ``backtesting``.
    :param directory: in which each run gets a folder.
    :param exports: where freqtrade writes its files to; they are moved away after each run.
    :param cwd: working directory of both; each one's own folder, if absent.
    :param offline_markets: record of an exchange, ``auto``, or None for the network.
    :param neutral: capture in types that any release of pandas can read.
    :param environment: environment variables of both.
    """

    arguments: list[str]
    directory: Path
    exports: Path
    cwd: Path | None = None
    offline_markets: str | None = None
    neutral: bool = False
    environment: dict[str, str] = field(default_factory=child_environment)


@dataclass(frozen=True)
class FinishedRun:
    """One run that is over.

    :param run: what was captured in its process.
    :param tables: what freqtrade printed.
    :param files: what it exported, by name.
    :param error: freqtrade's own words if there is no result, else "".
    """

    run: BacktestRun
    tables: str
    files: dict[str, bytes]
    error: str = ""

    @property
    def content(self) -> dict[str, Any]:
        """What the simulation of the first strategy returned."""
        return next(iter(self.run.contents.values()))


def run_process(job: Job, side: Side, say: Say) -> FinishedRun:
    """Run one backtest in a process of its own, and read what it left behind.

    :param job: what it is told.
    :param side: which of the two it is.
    :param say: called with each stage that begins.
    :raise RunFailedError: if the process ended without a word from freqtrade.
    """
    folder = job.directory / side.key
    folder.mkdir()
    job.exports.mkdir(parents=True, exist_ok=True)  # else freqtrade takes it for a file's name
    options = ["--out", str(folder / _CAPTURED)]
    if job.offline_markets is not None:
        options += ["--offline-markets", job.offline_markets]
    options += [] if side.kernels else ["--plain"]
    options += ["--neutral"] if job.neutral else []
    say(f"{side.name}: {STAGES[0]}")
    options += ["--started", repr(time.monotonic()), "--", *job.arguments]
    _execute([*module_command(_STAGES, side.python), *options], folder, job, side, say)
    shutil.move(job.exports, folder / "results")
    return read_run(folder)


def module_command(module: str, python: Path | None = None) -> list[str]:
    """Command that runs a module of ours, here or where freqkernels is not installed.

    The working directory does not become a place to import from, as for ``freqtrade`` itself.

    :param module: such as ``freqkernels.bench.stages``.
    :param python: interpreter of another environment.
    """
    if python is None:
        return [sys.executable, "-P", "-m", module]
    return [str(python), "-P", str(_ELSEWHERE), module]


def _execute(command: list[str], folder: Path, job: Job, side: Side, say: Say) -> None:
    """Run the process; its output goes into files."""
    with (
        (folder / _TABLES).open("wb") as tables,
        (folder / _LOG).open("w", encoding="utf-8") as log,
        subprocess.Popen(
            command,
            stdout=tables,
            stderr=subprocess.PIPE,
            cwd=job.cwd or folder,
            env=job.environment,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        try:
            for line in process.stderr or ():
                if line.startswith(ANNOUNCEMENT):
                    say(f"{side.name}: {line.removeprefix(ANNOUNCEMENT).strip()}")
                else:
                    log.write(line)
        except BaseException:
            process.terminate()
            raise


def read_run(folder: Path) -> FinishedRun:
    """Read what a run left behind.

    :param folder: of the run.
    :raise RunFailedError: if its process ended early.
    """
    error = last_error((folder / _LOG).read_text(encoding="utf-8"))
    if not (folder / _CAPTURED).exists():
        raise RunFailedError(f"the process ended early. It says:\n{error}")
    run = load_run(folder / _CAPTURED)
    return FinishedRun(
        run=run,
        tables=(folder / _TABLES).read_text(encoding="utf-8", errors="replace"),
        files=read_exports(folder / "results", run.begun),
        error="" if run.contents else error,
    )


def last_error(log: str) -> str:
    """The last error in freqtrade's log, or its last lines; of a traceback both ends."""
    lines = [line.rstrip() for line in log.splitlines() if line.strip()]
    errors = [i for i, line in enumerate(lines) if " - ERROR - " in line]
    lines = lines[errors[-1] :] if errors else lines[-_ERROR_LINES:]
    if len(lines) > _ERROR_LINES:
        lines = [lines[0], "...", *lines[2 - _ERROR_LINES :]]
    return "\n".join(lines)
