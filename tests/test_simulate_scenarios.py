"""The tables of the scenarios, by ``freqkernels.simulate``."""

from __future__ import annotations

import pytest

from freqkernels.bridge.replace import certificate
from freqkernels.bridge.targets import ENGINE
from freqkernels.errors import InvalidInputError, SimulationError
from scenarios.proof import each, holds_here
from scenarios.scenario import Scenario
from scenarios.simulated import can_simulate, run_simulated, wrong_in
from test_scenarios_coverage import SCENARIOS

#: Those whose candles, ticks and fees this release of freqtrade prepares as written.
PREPARED = [scenario for scenario in SCENARIOS if holds_here(scenario)]
SIMULATED = [scenario for scenario in PREPARED if can_simulate(scenario)]
#: Whether the installed release is the one that is imitated.
CERTIFIED = bool(certificate(ENGINE).support)


def test_nearly_all_are_simulated() -> None:
    assert len(SIMULATED) > 0.9 * len(PREPARED)


@each(SIMULATED)
def test_simulated(scenario: Scenario) -> None:
    """By both twins what the table says, and what freqtrade leaves, to the last bit."""
    assert wrong_in(scenario, ("compiled", "reference"), by_bits=CERTIFIED) == []


def test_what_ends_freqtrade_is_an_error() -> None:
    """A stake beyond the leverage tiers, and a share of endless slots."""
    beyond = [scenario for scenario in SCENARIOS if scenario.error == "InvalidOrderException"]
    endless = [scenario for scenario in SCENARIOS if "endless slots" in scenario.name]
    assert beyond
    assert endless
    for scenario in beyond:
        with pytest.raises(SimulationError, match="leverage tiers"):
            run_simulated(scenario)
    for scenario in endless:
        with pytest.raises(InvalidInputError, match="max_open_trades"):
            run_simulated(scenario)
