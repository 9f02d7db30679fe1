"""Hyperopt runs by freqtrade's command line, plain and accelerated, in one process of their own.

``python hyperopt_runs.py PLAN`` reads a list of runs and writes what each left behind next to it.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

STRATEGY = """
from freqtrade.strategy import (
    BooleanParameter, CategoricalParameter, DecimalParameter, IntParameter, IStrategy
)


class Tuned(IStrategy):
    timeframe = "5m"
    minimal_roi = {"0": 0.02, "60": 0.005}
    stoploss = -0.03
    trailing_stop = False
    startup_candle_count = 20
    span = IntParameter(4, 12, default=8, space="buy")
    tagged = BooleanParameter(default=True, space="buy")
    fall = DecimalParameter(0.99, 0.999, decimals=3, default=0.995, space="sell")
    pause = IntParameter(1, 20, default=5, space="protection")
    guard = CategoricalParameter([1, 2, 3], default=2, space="protection")

    @property
    def protections(self):
        return [
            {"method": "CooldownPeriod", "stop_duration_candles": self.pause.value},
            {"method": "StoplossGuard", "lookback_period_candles": 100,
             "trade_limit": self.guard.value, "stop_duration_candles": 20},
        ]

    def populate_indicators(self, dataframe, metadata):
        dataframe["slow"] = dataframe["close"].rolling(20).mean()
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        above = dataframe["close"].rolling(self.span.value).mean() > dataframe["slow"]
        crossed = above & ~above.shift(1, fill_value=False)
        dataframe.loc[crossed, "enter_long"] = 1
        if self.tagged.value:
            dataframe.loc[crossed & (dataframe.index % 2 == 0), "enter_tag"] = "even"
        # What one epoch writes into its candles is not there in the next one.
        dataframe.loc[dataframe.index[:15], "slow"] = dataframe["slow"].iloc[-1] + self.span.value
        dataframe["volume"] += dataframe["volume"].iloc[0]
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["close"] < dataframe["slow"] * self.fall.value, "exit_long"] = 1
        dataframe.loc[dataframe["volume"] > 1e300, "exit_long"] = 1
        return dataframe


class Odd(Tuned):
    def __getattr__(self, name):  # nobody knows what this would do
        raise AttributeError(name)
"""
#: Fields that are times of the clock.
_CLOCK = ("backtest_run_start_ts", "backtest_run_end_ts")


def epochs_of(user_data: Path) -> list[dict[str, Any]]:
    """The epochs of the last hyperopt run, without the times at which they ran."""
    results = user_data / "hyperopt_results"
    latest = json.loads((results / ".last_result.json").read_text())["latest_hyperopt"]
    found = [json.loads(line) for line in (results / latest).read_text().splitlines()]
    for epoch in found:
        for field in _CLOCK:
            del epoch["results_metrics"][field]
    return found


def run_plan(runs: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """Do the runs in a new process.

    :param runs: of each its ``arguments`` and whether it is ``accelerated``.
    :param folder: where there is room for files.
    :return: of each its ``epochs``, ``simulated`` by process, and ``events``.
    """
    plan = folder / "plan.json"
    plan.write_text(json.dumps(runs))
    done = subprocess.run(
        [sys.executable, __file__, str(plan)],
        cwd=folder,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    (folder / "plan.log").write_text(done.stderr)
    assert done.returncode == 0, done.stderr[-3000:]
    outcomes: list[dict[str, Any]] = json.loads(plan.with_suffix(".done").read_text())
    return outcomes


def _run(arguments: list[str], user_data: Path, accelerated: bool) -> dict[str, Any]:
    from freqtrade.main import main

    import freqkernels
    from freqkernels.bridge import workers
    from freqkernels.runtime import journal

    journal.clear()
    if accelerated:
        freqkernels.install()
    with suppress(SystemExit):  # of 0 for errors, too: the epochs tell
        main(["hyperopt", *arguments])
    outcome = {
        "epochs": epochs_of(user_data),
        "simulated": {
            pid: [epochs.by_engine, epochs.by_freqtrade] for pid, epochs in workers.epochs().items()
        },
        "own": os.getpid(),
        "frozen": gc.get_freeze_count(),
        "events": [
            [event.kind, event.name, event.reason, event.count] for event in freqkernels.events()
        ],
    }
    freqkernels.uninstall()
    return outcome


def _main(plan: Path) -> None:
    from freqkernels.bridge.markets import use_offline_markets

    use_offline_markets("auto")
    user_data = plan.parent / "user_data"
    outcomes = [
        _run(run["arguments"], user_data, run["accelerated"])
        for run in json.loads(plan.read_text())
    ]
    plan.with_suffix(".done").write_text(json.dumps(outcomes))


if __name__ == "__main__":  # processes that Python starts for its own purposes import this, too
    _main(Path(sys.argv[1]))
