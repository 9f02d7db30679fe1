"""One freqtrade backtest in a process of its own, timed and captured.

::

    python -m freqkernels.bench.stages --out RUN [--plain] [--offline-markets FILE|auto]
        [--neutral] [--started SECONDS] -- backtesting -c config.json ...

freqtrade writes its tables to standard output and its log to standard error, as it always does;
the stages are announced on standard error, too. The run is written to RUN, which
:func:`load_run` reads.
"""

from __future__ import annotations

import argparse
import dataclasses
import pickle
import sys
import time
from pathlib import Path

from freqkernels.bench.across import neutral, restored
from freqkernels.bridge.probe import BacktestRun, run_backtest
from freqkernels.errors import FreqkernelsError, InvalidInputError

#: Begins each line on standard error that announces a stage.
ANNOUNCEMENT = "freqkernels stage: "

_RESULTS = ("trades", "contents", "stats", "counters", "settings")


def load_run(path: Path) -> BacktestRun:
    """Read what a process of this module wrote. Only for files of one's own: they can run code.

    :raise InvalidInputError: if the file is absent or damaged.
    """
    try:
        run = pickle.loads(path.read_bytes())  # noqa: S301
    except Exception as error:  # damaged pickles raise nearly anything
        raise InvalidInputError(f"path: {path} is not a captured run ({error})") from error
    if not isinstance(run, BacktestRun):
        raise InvalidInputError(f"path: {path} is not a captured run but {type(run).__name__}")
    return dataclasses.replace(run, **{name: restored(getattr(run, name)) for name in _RESULTS})


def save_run(run: BacktestRun, path: Path, *, in_neutral_types: bool = False) -> None:
    """Write a run so that a reader finds all of it or nothing.

    :param in_neutral_types: so that any release of pandas can read it; :func:`load_run` makes
        frames of objects of it.
    """
    if in_neutral_types:
        results = {name: neutral(getattr(run, name)) for name in _RESULTS}
        run = dataclasses.replace(run, **results)
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.write_bytes(pickle.dumps(run))
    unfinished.replace(path)


def main(arguments: list[str] | None = None) -> int:
    """Run one backtest and write it down.

    :param arguments: command line, that of the process if absent.
    :return: exit code; 0 also when freqtrade gave up, the captured run tells.
    """
    parser = argparse.ArgumentParser(prog="python -m freqkernels.bench.stages")
    parser.add_argument("--out", type=Path, required=True, metavar="RUN")
    parser.add_argument("--plain", action="store_true", help="do not install the kernels")
    parser.add_argument("--offline-markets", metavar="FILE|auto")
    parser.add_argument("--neutral", action="store_true", help="write types of no pandas release")
    parser.add_argument(
        "--started",
        type=float,
        default=time.monotonic(),
        metavar="SECONDS",
        help="when the process was started, by the system's monotonic clock",
    )
    parser.add_argument("freqtrade", nargs="+", metavar="backtesting ...")
    options = parser.parse_args(arguments)
    try:
        run = run_backtest(
            options.freqtrade,
            kernels=not options.plain,
            offline_markets=options.offline_markets,
            started=options.started,
            announce=lambda stage: print(f"{ANNOUNCEMENT}{stage}", file=sys.stderr, flush=True),
        )
    except FreqkernelsError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    save_run(run, options.out, in_neutral_types=options.neutral)
    return 0


if __name__ == "__main__":
    sys.exit(main())
