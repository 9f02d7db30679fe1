"""A running simulation: progress, stopping it, and being told what was left to freqtrade."""

from __future__ import annotations

from typing import Any

import pytest

import freqkernels
from freqkernels.bridge.engine import last_run
from freqkernels.bridge.fuzz.case import Case, Epoch
from freqkernels.bridge.fuzz.generate.kinds import make_case
from freqkernels.bridge.fuzz.run import Session
from freqkernels.bridge.fuzz.sides import accelerated, plain
from freqkernels.bridge.replace import certificate
from freqkernels.bridge.targets import ENGINE
from freqkernels.runtime import journal
from freqkernels.simulation import run


@pytest.fixture
def case(monkeypatch: pytest.MonkeyPatch) -> Case:
    """A backtest that the engine takes in many slices."""
    monkeypatch.setattr(run, "_ROWS_OF_A_SLICE", 64)
    case = make_case("spot", 3, 1)
    case.config["runmode"] = "backtest"
    return case


class Watched:
    """Stands in front of the progress display, and hears each step of the simulation."""

    def __init__(self, session: Session, stop: Any = None) -> None:
        self.steps: list[float] = []
        self.finished = 0.0
        backtesting = session.backtesting
        display, update = backtesting.progress, backtesting.progress.update

        def watched(task: Any, **fields: Any) -> None:
            update(task, **fields)
            if fields.get("description") == "backtest":
                self.steps.clear()
            if "advance" in fields:
                self.steps.append(fields["advance"])
                if stop is not None and len(self.steps) == 3:
                    stop(backtesting)

        display.update = watched


def outcome(case: Case, stop: Any = None) -> tuple[dict[str, Any], list[float]]:
    session = Session(case)
    watched = Watched(session, stop)
    return session.run(Epoch(), None), watched.steps


def test_progress_comes_to_the_same_in_fewer_steps(case: Case) -> None:
    with plain():
        alone, candles = outcome(case)
    with accelerated():
        ours, slices = outcome(case)
    assert last_run()
    assert sum(slices) == sum(candles)
    assert 3 < len(slices) < len(candles)
    assert ours["progress"] == alone["progress"]


def test_a_run_can_be_stopped_in_the_middle(case: Case) -> None:
    def stop(backtesting: Any) -> None:
        backtesting.abort = True

    with plain():
        alone, _ = outcome(case, stop)
    with accelerated():
        ours, slices = outcome(case, stop)
    assert ours["error"] == alone["error"] == ("DependencyException", "Stop requested")
    assert len(slices) == 3


def test_an_interrupt_comes_out(case: Case) -> None:
    def stop(_: Any) -> None:
        raise KeyboardInterrupt

    with accelerated(), pytest.raises(KeyboardInterrupt):
        outcome(case, stop)


def test_status_says_what_was_left_to_freqtrade(case: Case) -> None:
    case.config["max_open_trades"] = 2
    case.strategy["use_custom_stoploss"] = True
    journal.clear()
    with accelerated():
        outcome(case)
        row = next(row for row in freqkernels.status() if row.name == "backtest")
    assert row.state == "replaced"
    [(reason, count)] = row.refusals
    assert "use_custom_stoploss" in reason
    assert count == 1


if not certificate(ENGINE).support:  # a release that is left alone: see test_engine_names
    for _name in [name for name in globals() if name.startswith("test_")]:
        del globals()[_name]
