"""freqtrade alone against freqtrade with the kernels: two processes, one after the other.

Both read the same configuration in the same directory; what each writes is moved away before the
next one starts. Then everything that came out is compared to the last bit.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from freqkernels.bench.exports import file_difference, masked, read_exports
from freqkernels.bench.identity import Difference, first_difference
from freqkernels.bench.inputs import Inputs, RunFailedError, Say, child_environment
from freqkernels.bench.stages import ANNOUNCEMENT, load_run
from freqkernels.bridge.probe import STAGES, BacktestRun

ALONE = "freqtrade alone"
ACCELERATED = "with freqkernels"

#: Folder of each run in the working directory.
FOLDERS = {ALONE: "alone", ACCELERATED: "accelerated"}

_CAPTURED, _TABLES, _LOG = "run.pickle", "tables.txt", "log.txt"
_ERROR_LINES = 12


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
        """What the simulation returned."""
        return next(iter(self.run.contents.values()))


@dataclass(frozen=True)
class Part:
    """One thing that was compared.

    :param name: what it is.
    :param amount: how much of it there was, in words.
    :param difference: the first one, None if both are identical.
    """

    name: str
    amount: str
    difference: Difference | None


@dataclass(frozen=True)
class Comparison:
    """Both runs and what became of their comparison.

    :param accelerated: None if its process ended early.
    :param parts: what was compared.
    """

    inputs: Inputs
    alone: FinishedRun
    accelerated: FinishedRun | None
    parts: list[Part]

    @property
    def first(self) -> Part | None:
        """The first part that differs."""
        return next((part for part in self.parts if part.difference is not None), None)

    @property
    def identical(self) -> bool:
        """Whether all that was compared is the same to the last bit."""
        return self.first is None


def compare_runs(inputs: Inputs, say: Say) -> Comparison:
    """Run both and compare.

    :param inputs: what they read.
    :param say: called with what is going on.
    :raise RunFailedError: if freqtrade alone has no result.
    """
    alone = run_process(inputs, ALONE, say)
    if alone.error:
        raise RunFailedError(f"freqtrade has no result for these choices. It says:\n{alone.error}")
    try:
        accelerated = run_process(inputs, ACCELERATED, say)
    except RunFailedError as error:
        return Comparison(inputs, alone, None, [_lost(str(error))])
    say("comparing")
    return Comparison(inputs, alone, accelerated, compare(alone, accelerated))


def _lost(error: str) -> Part:
    return Part("result", "", Difference((), "value", "a result", error))


def run_process(inputs: Inputs, name: str, say: Say) -> FinishedRun:
    """Run one backtest in a process of its own, and read what it left behind.

    :param inputs: what it reads.
    :param name: :data:`ALONE` or :data:`ACCELERATED`.
    :param say: called with each stage that begins.
    :raise RunFailedError: if the process ended without a word from freqtrade.
    """
    folder = inputs.directory / FOLDERS[name]
    folder.mkdir()
    command = [sys.executable, "-m", "freqkernels.bench.stages", "--out", str(folder / _CAPTURED)]
    command += ["--offline-markets", "auto"]
    command += ["--plain"] if name == ALONE else []
    say(f"{name}: {STAGES[0]}")
    command += ["--started", repr(time.monotonic()), "--", *inputs.arguments]
    _execute(command, folder, lambda stage: say(f"{name}: {stage}"))
    exported = inputs.user_data / "backtest_results"
    if exported.is_dir():
        shutil.move(exported, folder / "results")
    return read_run(folder)


def _execute(command: list[str], folder: Path, say: Say) -> None:
    """Run a process of :mod:`~freqkernels.bench.stages`; its output goes into files."""
    with (
        (folder / _TABLES).open("wb") as tables,
        (folder / _LOG).open("w", encoding="utf-8") as log,
        subprocess.Popen(
            command,
            stdout=tables,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=child_environment(),
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        try:
            for line in process.stderr or ():
                if line.startswith(ANNOUNCEMENT):
                    say(line.removeprefix(ANNOUNCEMENT).strip())
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
    error = _last_error((folder / _LOG).read_text(encoding="utf-8"))
    if not (folder / _CAPTURED).exists():
        raise RunFailedError(f"the process ended early. It says:\n{error}")
    run = load_run(folder / _CAPTURED)
    return FinishedRun(
        run=run,
        tables=(folder / _TABLES).read_text(encoding="utf-8", errors="replace"),
        files=read_exports(folder / "results", run.begun),
        error="" if run.contents else error,
    )


def _last_error(log: str) -> str:
    """The last error in freqtrade's log, or its last lines; of a traceback both ends."""
    lines = [line.rstrip() for line in log.splitlines() if line.strip()]
    errors = [i for i, line in enumerate(lines) if " - ERROR - " in line]
    lines = lines[errors[-1] :] if errors else lines[-_ERROR_LINES:]
    if len(lines) > _ERROR_LINES:
        lines = [lines[0], "...", *lines[2 - _ERROR_LINES :]]
    return "\n".join(lines)


def compare(left: FinishedRun, right: FinishedRun) -> list[Part]:
    """Compare all that two runs left behind.

    :param left: a run with a result.
    :param right: another one, with or without.
    """
    if right.error:
        return [_lost(right.error)]
    theirs = dict(_aspects(right))
    parts = [
        Part(name, _amount(value), first_difference(value, theirs[name]))
        for name, value in _aspects(left)
    ]
    names = first_difference(sorted(left.files), sorted(right.files))
    parts.append(Part("names of the exported files", _amount(list(left.files)), names))
    for name in sorted(left.files.keys() & right.files.keys()):
        data = left.files[name]
        difference = file_difference(name, data, right.files[name])
        parts.append(Part(f"file {name}", f"{len(data):,} bytes", difference))
    return parts


def _aspects(finished: FinishedRun) -> Iterator[tuple[str, Any]]:
    """Everything but the exported files, by name."""
    run, content = finished.run, finished.content
    frames = ("results", "wallet_summary", "locks")
    yield "trades", content["results"]
    yield "trade and order objects", next(iter(run.trades.values()))
    numbers = {name: value for name, value in content.items() if name not in frames}
    yield "counters, balance, run id", masked({**run.counters, **numbers}, run.begun)
    yield "locks", masked(content["locks"], run.begun)
    yield "wallet summary", content.get("wallet_summary")
    yield "statistics", masked(run.stats, run.begun)
    yield "exit code", run.exit_code
    yield "lines of the printed tables", finished.tables.splitlines()


def _amount(value: Any) -> str:
    if isinstance(value, pd.DataFrame):
        return f"{len(value):,} rows x {len(value.columns)} columns"
    count = _count(value)
    return f"{count:,} value{'' if count == 1 else 's'}"


def _count(value: Any) -> int:
    """Number of single values in nested dicts and lists."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return 1
    return sum(_count(item) for item in value)
