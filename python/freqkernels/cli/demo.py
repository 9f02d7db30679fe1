"""``freqkernels demo``: one backtest by freqtrade alone, then with the kernels, side by side."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from freqkernels.bench.compare_runs import compare_runs
from freqkernels.bench.inputs import (
    DEFAULT_CANDLES,
    DEFAULT_PAIRS,
    STRATEGIES,
    TRADING_MODES,
    Choices,
    prepare,
)
from freqkernels.bench.report import as_dict
from freqkernels.cli._output import empty_directory, print_comparison, progress, require_freqtrade


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
    require_freqtrade()
    say = progress()
    try:
        with empty_directory(args.keep) as directory:
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
        print_comparison(comparison)
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
