"""Lookahead and recursive analysis by freqtrade's command line, with and without the kernels."""

from __future__ import annotations

from typing import Any

import pytest

from freqkernels.bridge import targets
from freqkernels.bridge.replace import certificate
from freqtrade_runs import run_commands
from market_workspace import Workspace

STRATEGIES = """
from freqtrade.strategy import IStrategy


class Honest(IStrategy):
    timeframe = "5m"
    minimal_roi = {"0": 0.02}
    stoploss = -0.03
    startup_candle_count = 20

    def populate_indicators(self, dataframe, metadata):
        dataframe["fast"] = dataframe["close"].ewm(span=5).mean()
        dataframe["slow"] = dataframe["close"].rolling(20).mean()
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        above = dataframe["fast"] > dataframe["slow"]
        dataframe.loc[above & ~above.shift(1, fill_value=False), "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["fast"] < dataframe["slow"] * 0.998, "exit_long"] = 1
        return dataframe


class Prophet(Honest):
    def populate_indicators(self, dataframe, metadata):
        super().populate_indicators(dataframe, metadata)
        dataframe["later"] = dataframe["close"].shift(-2)
        dataframe["fast"] = dataframe["later"].ewm(span=5).mean()
        return dataframe
"""
ENGINE_RUNS = bool(certificate(targets.ENGINE).support)  # not in every release
RANGE = "20230902-20230906"
LOOKAHEAD = ["--minimum-trade-amount", "2", "--targeted-trade-amount", "5"]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    workspace = Workspace(tmp_path_factory.mktemp("analysis")).create()
    strategies = workspace.root / "user_data" / "strategies"
    (strategies / "analysed.py").write_text(STRATEGIES)
    common = [
        *("-c", str(workspace.write_config()), "--datadir", str(workspace.datadir)),
        *("--timerange", RANGE),
    ]
    commands = {
        "recursive": [
            *("recursive-analysis", *common, "--strategy", "Honest"),
            *("--startup-candle", "20", "60", "120"),
        ],
        **{
            name: [
                *("lookahead-analysis", *common, "--strategy", name, *LOOKAHEAD),
                *("--lookahead-analysis-exportfilename", str(workspace.root / "table.csv")),
            ]
            for name in ("Honest", "Prophet")
        },
        "backtesting": [
            *("backtesting", *common, "--strategy-list", "Honest", "Prophet", "--cache", "none"),
            *("--export", "none"),
        ],
    }
    found = run_commands(list(commands.values()), workspace.root)
    return {name: found[2 * place : 2 * place + 2] for place, name in enumerate(commands)}


@pytest.mark.parametrize("command", ["recursive", "Honest", "Prophet", "backtesting"])
def test_the_same_tables(command: str, outcomes: dict[str, list[dict[str, Any]]]) -> None:
    plain, ours = outcomes[command]
    assert plain["code"] in (None, 0)
    assert "│" in plain["printed"]
    assert ours["printed"] == plain["printed"]
    assert ours["exported"] == plain["exported"]
    assert not plain["by_engine"]
    assert ours["by_engine"] == (ENGINE_RUNS and command != "recursive")  # which simulates nothing
    refused = [event for event in ours["events"] if event[:2] == ["refusal", "backtest"]]
    assert not (refused and ENGINE_RUNS)


def test_bias_is_found(outcomes: dict[str, list[dict[str, Any]]]) -> None:
    for answer, name in ((" No ", "Honest"), (" Yes ", "Prophet")):
        for outcome in outcomes[name]:
            assert answer in outcome["printed"]
            assert name in outcome["exported"]
            assert ("later" in outcome["exported"]) == (name == "Prophet")
    assert "fast" in outcomes["recursive"][1]["printed"]
