"""``freqkernels compare``: your own backtest by freqtrade alone and with the kernels."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from freqkernels.bench.compare_engines import Request, compare_engines
from freqkernels.bench.report import as_dict
from freqkernels.cli._output import empty_directory, print_comparison, progress, require_freqtrade

#: What is not declared here is freqtrade's.
PASSES_ARGUMENTS_ON = True

_DESCRIPTION = """\
Run 'freqtrade backtesting' twice with the same arguments, in two processes: by freqtrade alone and
with freqkernels. Everything that comes out is compared to the last bit; the first difference is
shown with the candles around it, and where time and memory went. All arguments but the options
below are freqtrade's: -c, --strategy, --timerange and so on.
"""
_EPILOG = """\
Exit code: 0 identical, 1 different, 2 it could not be run. What freqtrade exports goes into a
folder of this command, never into your user directory.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``freqkernels compare``."""
    parser.description = _DESCRIPTION
    parser.epilog = _EPILOG
    parser.usage = "%(prog)s [options] [arguments of freqtrade backtesting]"
    parser.add_argument(
        "--against-version",
        metavar="VERSION",
        help="compare with freqtrade VERSION alone, such as 2026.3, in a virtual environment that "
        "is made once (with pip) and kept; only what both releases have is compared",
    )
    parser.add_argument(
        "--plain",
        action="store_true",
        help="install the kernels in neither run: is the strategy the same twice?",
    )
    parser.add_argument(
        "--offline-markets",
        metavar="FILE|auto",
        help="take the exchange's markets from a record, or derive them from the candle files",
    )
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep logs and results of both runs there"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Compare.

    :param args: what :func:`add_arguments` declared, and freqtrade's arguments as ``rest``.
    :return: exit code; 2 is left to the caller.
    :raise FreqkernelsError: if one of the runs has no result.
    """
    require_freqtrade()
    request = Request(args.rest, args.against_version, args.plain, args.offline_markets)
    say = progress()
    with empty_directory(args.keep) as directory:
        comparison = compare_engines(request, directory, say)
    if args.keep is not None:
        say(f"logs and results are kept in {args.keep}")
    if args.json:
        print(json.dumps(as_dict(comparison), indent=2))
    else:
        print_comparison(comparison)
    return 0 if comparison.identical else 1
