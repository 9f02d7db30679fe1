"""The candles around a trade, with the signals of the strategy.

::

    python -m freqkernels.bench.candles_around --out FILE --strategy NAME --pair PAIR
        --moments MOMENT... [--offline-markets FILE|auto] -- backtesting -c config.json ...

Writes a JSON list of candles: those at the moments, and a few before and after each.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from freqkernels.bench.inputs import Say
from freqkernels.bench.run_process import Job, last_error, module_command
from freqkernels.bridge.analysed import analysed_candles
from freqkernels.errors import FreqkernelsError

#: Candles that are shown before and after each moment.
MARGIN = 2
_MODULE = "freqkernels.bench.candles_around"
_PRICES = ["open", "high", "low", "close", "volume"]
_SIGNALS = ["enter_long", "exit_long", "enter_short", "exit_short", "enter_tag", "exit_tag"]


def candles_around(
    job: Job, strategy: str, pair: str, moments: list[pd.Timestamp], say: Say
) -> list[dict[str, Any]] | str:
    """Ask freqtrade, in a process of its own, for the candles around some moments.

    :param job: what the compared runs were told.
    :param strategy: whose signals are asked for.
    :param moments: when the trade was opened and closed.
    :param say: called with what is being done.
    :return: candles as dicts in the order of time, or why they cannot be had.
    """
    say(f"looking for the candles of {pair} around the first difference")
    out = job.directory / "candles.json"
    options = ["--out", str(out), "--strategy", strategy, "--pair", pair, "--moments"]
    options += [moment.isoformat() for moment in moments]
    if job.offline_markets is not None:
        options += ["--offline-markets", job.offline_markets]
    done = subprocess.run(
        [*module_command(_MODULE), *options, "--", *job.arguments],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        cwd=job.cwd or job.directory,
        env=job.environment,
        check=False,
    )
    if done.returncode != 0:
        return last_error(done.stderr)
    found: list[dict[str, Any]] = json.loads(out.read_text(encoding="utf-8"))
    return found


def selected(candles: pd.DataFrame, moments: list[pd.Timestamp]) -> list[dict[str, Any]]:
    """The candles at and around the moments, as plain values.

    :param candles: with a column of ascending dates.
    :param moments: in any order; a moment within a candle stands for that candle.
    """
    dates = pd.DatetimeIndex(candles["date"])
    positions = [int(dates.searchsorted(moment, side="right")) - 1 for moment in moments]
    wanted = {p + step for p in positions for step in range(-MARGIN, MARGIN + 1)}
    shown = [name for name in (*_PRICES, *_SIGNALS) if name in candles]
    rows = []
    for position in sorted(wanted & set(range(len(candles)))):
        row = candles.iloc[position]
        values = {name: _plain(row[name]) for name in shown}
        rows.append({"date": str(row["date"]), **values, "traded": position in positions})
    return rows


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    value = value.item() if isinstance(value, np.generic) else value
    return value if isinstance(value, bool | int | float | str) else str(value)


def main(arguments: list[str] | None = None) -> int:
    """Write the candles.

    :param arguments: command line, that of the process if absent.
    :return: exit code.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {_MODULE}")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    parser.add_argument("--strategy", required=True)
    parser.add_argument("--pair", required=True)
    parser.add_argument("--moments", type=pd.Timestamp, nargs="+", required=True)
    parser.add_argument("--offline-markets", metavar="FILE|auto")
    parser.add_argument("freqtrade", nargs="+", metavar="backtesting ...")
    options = parser.parse_args(arguments)
    try:
        candles = analysed_candles(
            options.freqtrade, options.strategy, options.pair, options.offline_markets
        )
    except FreqkernelsError as error:
        print(error, file=sys.stderr)
        return 2
    rows = selected(candles, options.moments)
    options.out.write_text(json.dumps(rows), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
