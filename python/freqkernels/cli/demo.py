"""``freqkernels demo``: one backtest by freqtrade alone, then with the kernels, side by side."""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from freqkernels.bench.compare_runs import ACCELERATED, ALONE, Comparison, compare_runs
from freqkernels.bench.inputs import (
    DEFAULT_CANDLES,
    DEFAULT_PAIRS,
    STRATEGIES,
    TRADING_MODES,
    Choices,
    prepare,
)
from freqkernels.bench.report import (
    Row,
    as_dict,
    findings,
    heading,
    memory_row,
    stage_rows,
    trades_row,
)
from freqkernels.errors import InvalidInputError, MissingFreqtradeError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``freqkernels demo``."""
    parser.description = (
        "Run a real freqtrade backtest twice, alone and with freqkernels, compare everything that "
        "comes out to the last bit, and show where the time went. Needs no network. Exit code: "
        "0 identical, 1 different, 2 it could not be run."
    )
    parser.add_argument(
        "--strategy",
        default="TrendPullback",
        metavar="NAME",
        help=f"{', '.join(STRATEGIES)} (default: %(default)s), or one of yours",
    )
    parser.add_argument("--strategy-path", type=Path, metavar="DIR", help="where to find yours")
    parser.add_argument(
        "--datadir",
        type=Path,
        metavar="DIR",
        help="freqtrade data directory (feather); without, a market is made",
    )
    parser.add_argument(
        "--pairs",
        nargs="+",
        default=(),
        metavar="PAIR",
        help=f"default: all that share a quote currency, or {DEFAULT_PAIRS} made ones",
    )
    parser.add_argument("--timeframe", help="default: 5m, if there is a choice")
    parser.add_argument("--timerange", help="as freqtrade takes it, such as 20240101-20240201")
    parser.add_argument("--trading-mode", choices=TRADING_MODES)
    parser.add_argument(
        "--candles",
        type=int,
        default=DEFAULT_CANDLES,
        metavar="N",
        help="candles of each made pair (default: %(default)s)",
    )
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep candles, configuration, logs and results"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Run the demo.

    :param args: what :func:`add_arguments` declared.
    :return: exit code; 2 is left to the caller.
    :raise FreqkernelsError: if it cannot be run.
    """
    _require_freqtrade()
    say = _progress()
    try:
        with _directory(args.keep) as directory:
            inputs = prepare(_choices(args), directory, say)
            comparison = compare_runs(inputs, say)
    except KeyboardInterrupt:
        say("interrupted")
        return 130
    if args.keep is not None:
        say(f"candles, configuration, logs and results are kept in {args.keep}")
    if args.json:
        print(json.dumps(as_dict(comparison), indent=2))
    else:
        _print(comparison)
    return 0 if comparison.identical else 1


def _choices(args: argparse.Namespace) -> Choices:
    return Choices(
        strategy=args.strategy,
        strategy_path=args.strategy_path,
        datadir=args.datadir,
        pairs=tuple(args.pairs),
        timeframe=args.timeframe,
        timerange=args.timerange,
        trading_mode=args.trading_mode,
        candles=args.candles,
    )


def _require_freqtrade() -> None:
    if importlib.util.find_spec("freqtrade") is None:
        raise MissingFreqtradeError(
            "freqtrade is not installed. Install it together with freqkernels: "
            "pip install 'freqkernels[freqtrade]'"
        )


@contextmanager
def _directory(keep: Path | None) -> Iterator[Path]:
    """An empty directory: a temporary one, or the one to keep."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="freqkernels-demo-") as name:
            yield Path(name).resolve()
        return
    if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise InvalidInputError(f"keep: {keep} is not an empty directory")
    keep.mkdir(parents=True, exist_ok=True)
    yield keep.resolve()


def _progress() -> Callable[[str], None]:
    """A function that tells on standard error what is going on, and since when."""
    started = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {text}", file=sys.stderr, flush=True)

    return say


def _print(comparison: Comparison) -> None:
    print(heading(comparison))
    header = ("stage, seconds", ALONE, ACCELERATED, "ratio")
    rows = [*stage_rows(comparison), memory_row(comparison), trades_row(comparison)]
    _print_table(header, rows)
    for line in findings(comparison):
        print(line)


def _print_table(header: Row, rows: Sequence[Row]) -> None:
    try:
        from rich.console import Console
        from rich.table import Table
    except ImportError:
        widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
        for first, *others in (header, *rows):
            numbers = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
            print("  ".join([first.ljust(widths[0]), *numbers]).rstrip())
        return
    table = Table()
    for i, name in enumerate(header):
        table.add_column(name, justify="right" if i else "left")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
