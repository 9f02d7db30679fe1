"""What the commands that compare runs have in common: their folder, their progress, their table."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from freqkernels.bench.compare_runs import Comparison
from freqkernels.bench.report import (
    findings,
    heading,
    memory_row,
    stage_rows,
    trades_row,
)
from freqkernels.cli._table import print_table
from freqkernels.errors import InvalidInputError, MissingFreqtradeError


def require_freqtrade() -> None:
    """Refuse to start without freqtrade.

    :raise MissingFreqtradeError: if it is not installed.
    """
    if importlib.util.find_spec("freqtrade") is None:
        raise MissingFreqtradeError(
            "freqtrade is not installed. Install it together with freqkernels: "
            "pip install 'freqkernels[freqtrade]'"
        )


@contextmanager
def empty_directory(keep: Path | None) -> Iterator[Path]:
    """An empty directory: a temporary one, or the one to keep.

    :raise InvalidInputError: if the one to keep is in use.
    """
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="freqkernels-") as name:
            yield Path(name).resolve()
        return
    if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise InvalidInputError(f"keep: {keep} is not an empty directory")
    keep.mkdir(parents=True, exist_ok=True)
    yield keep.resolve()


def progress() -> Callable[[str], None]:
    """A function that tells on standard error what is going on, and since when."""
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {text}", file=sys.stderr, flush=True)

    return say


def print_comparison(comparison: Comparison) -> None:
    """What was run, the table, and what came of it."""
    print(heading(comparison))
    header = ("stage, seconds", *(side.name for side in comparison.sides), "ratio")
    rows = [*stage_rows(comparison), memory_row(comparison), trades_row(comparison)]
    print_table(header, rows)
    for line in findings(comparison):
        print(line)
