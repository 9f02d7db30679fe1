"""What a backtest would find, by a process that ends before the timed ones begin.

::

    python -m freqkernels.bench.survey --datadir DIR --trading-mode spot|futures

Prints ``{pair: [timeframe, ...]}`` as JSON. It imports what a backtest imports, so that no timed
process pays for bytecode and cold disks.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from freqkernels.bridge.probe import import_freqtrade
from freqkernels.errors import FreqkernelsError


def main(arguments: list[str] | None = None) -> int:
    """Print the survey.

    :param arguments: command line, that of the process if absent.
    :return: exit code.
    """
    parser = argparse.ArgumentParser(prog="python -m freqkernels.bench.survey")
    parser.add_argument("--datadir", type=Path, required=True)
    parser.add_argument("--trading-mode", choices=("spot", "futures"), required=True)
    options = parser.parse_args(arguments)
    try:
        import_freqtrade()
    except FreqkernelsError as error:
        print(error, file=sys.stderr)
        return 2
    from freqkernels.bridge.candle_files import available_candles

    print(json.dumps(available_candles(options.datadir, options.trading_mode)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
