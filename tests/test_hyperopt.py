"""Hyperopt by freqtrade's command line: the same epochs, with and without the kernels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from freqkernels.bridge import targets
from freqkernels.bridge.replace import certificate
from freqkernels.identity import first_difference
from hyperopt_runs import STRATEGY, epochs_of, run_plan
from market_workspace import Workspace

pytest.importorskip("optuna")
pytestmark = pytest.mark.skipif(
    not certificate(targets.ENGINE).support, reason="this release's simulation is left alone"
)

ENGINE = ("refusal", "backtest")
SPACES: dict[str, list[str]] = {
    "default": ["SharpeHyperOptLossDaily"],
    "buy": ["ShortTradeDurHyperOptLoss"],
    "sell": ["CalmarHyperOptLoss"],
    "roi": ["SortinoHyperOptLoss", "--analyze-per-epoch"],
    "stoploss": ["MaxDrawDownHyperOptLoss"],
    "trailing": ["ProfitDrawDownHyperOptLoss"],
    "trades": ["OnlyProfitHyperOptLoss"],
    "protection": ["MultiMetricHyperOptLoss"],
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = Workspace(tmp_path_factory.mktemp("hyperopt")).create()
    (made.root / "user_data" / "strategies" / "tuned.py").write_text(STRATEGY)
    return made


def arguments(workspace: Workspace, space: str, *more: str, strategy: str = "Tuned") -> list[str]:
    loss, *options = SPACES[space]
    return [
        *("-c", str(workspace.write_config()), "--datadir", str(workspace.datadir)),
        *("--strategy", strategy, "--spaces", space, "--hyperopt-loss", loss, *options),
        *("--random-state", "7", "--min-trades", "1", *more),
    ]


def both(arguments: list[str]) -> list[dict[str, Any]]:
    return [{"arguments": arguments, "accelerated": accelerated} for accelerated in (False, True)]


def assert_same_epochs(left: dict[str, Any], right: dict[str, Any], number: int) -> None:
    assert len(left["epochs"]) == number
    assert first_difference(left["epochs"], right["epochs"]) is None


def refusals(outcome: dict[str, Any]) -> list[Any]:
    """Why the engine has left epochs to freqtrade."""
    return [reason for kind, name, reason, _ in outcome["events"] if (kind, name) == ENGINE]


def test_every_space_in_this_process(workspace: Workspace) -> None:
    options = ("-e", "3", "-j", "1", "--disable-param-export")
    runs = [run for space in SPACES for run in both(arguments(workspace, space, *options))]
    outcomes = iter(run_plan(runs, workspace.root))
    for space in SPACES:
        plain, ours = next(outcomes), next(outcomes)
        assert_same_epochs(plain, ours, 3)
        assert any(epoch["results_metrics"]["total_trades"] > 3 for epoch in plain["epochs"])
        assert plain["simulated"] == {}, space
        assert ours["simulated"] == {str(ours["own"]): [3, 0]}, space
        assert refusals(ours) == [], space
        assert ours["frozen"] == 0


def test_workers(workspace: Workspace) -> None:
    """Workers live on from run to run; each run finds them as the process that asks them is."""
    options = ("-e", "4", "-j", "2", "--disable-param-export")
    plain, ours = both(arguments(workspace, "default", *options))
    protected = both(arguments(workspace, "protection", *options))[1]
    odd = both(arguments(workspace, "stoploss", *options, strategy="Odd"))[1]
    outcomes = run_plan([ours, plain, protected, odd, plain], workspace.root)
    first, second, _, refused, last = outcomes
    assert_same_epochs(first, second, 4)
    assert_same_epochs(first, last, 4)
    assert second["simulated"] == last["simulated"] == {}
    for outcome in (first, outcomes[2], refused):
        assert len(outcome["simulated"]) == 2
        assert str(outcome["own"]) not in outcome["simulated"]
    for outcome in (first, outcomes[2]):
        assert summed(outcome["simulated"]) == [4, 0]
        assert refusals(outcome) == []
    assert summed(refused["simulated"]) == [0, 4]
    reason = "the strategy has a __getattr__ of its own"
    assert [*ENGINE, reason, 4] in refused["events"]
    said = (workspace.root / "plan.log").read_text()
    assert said.count(f"refusal of backtest: {reason}") == 1


def summed(simulated: dict[str, list[int]]) -> list[int]:
    """Epochs of all processes, by engine and by freqtrade."""
    return [sum(epochs) for epochs in zip(*simulated.values(), strict=True)]


def test_command_line(workspace: Workspace) -> None:
    """In processes of their own; the exported parameters are the same, too."""
    exported = workspace.root / "user_data" / "strategies" / "tuned.json"
    found = []
    for options in (["--plain"], []):
        done = workspace.run(
            *("hyperopt", *arguments(workspace, "default", "-e", "4", "-j", "2")),
            *("--offline-markets", "auto", *options),
        )
        assert done.code == 0, done.output[-2000:]
        parameters = json.loads(exported.read_text())
        del parameters["export_time"]
        exported.unlink()
        found.append((done.output, epochs_of(workspace.root / "user_data"), parameters))
    (_, plain, parameters), (said, ours, ours_parameters) = found
    assert first_difference(plain, ours) is None
    assert parameters == ours_parameters
    assert said.count("a worker may take") == 1
    assert "refusal" not in said
    left = {path.name for path in Path(workspace.root, "user_data/hyperopt_results").iterdir()}
    assert not [name for name in left if "freqkernels" in name]
