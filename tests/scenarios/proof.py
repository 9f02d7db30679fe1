"""The test that every file of scenarios makes of its list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest

from freqkernels.identity import first_difference
from scenarios.check import differences
from scenarios.runner import RUNNERS, Ran
from scenarios.scenario import Scenario


def each(scenarios: Sequence[Scenario]) -> Any:
    """Parametrize a test by scenarios, one id a name."""
    return pytest.mark.parametrize(
        "scenario", [pytest.param(scenario, id=scenario.name) for scenario in scenarios]
    )


def assert_as_written(scenario: Scenario) -> None:
    """freqtrade's own function does what the table says, where this release has the rule."""
    ran = _original(scenario)
    if holds_here(scenario):
        _assert_told(scenario, ran)


def assert_as_installed(scenario: Scenario) -> None:
    """The installed function leaves the same behind to the last bit, and goes the way it should."""
    ran = RUNNERS["installed"](scenario)
    original = _original(scenario)
    assert ran.outcome.error == original.outcome.error, str(ran.outcome.error)
    difference = first_difference(ran.outcome, original.outcome)
    assert difference is None, f"original and installed: {difference}"
    if holds_here(scenario):
        _assert_told(scenario, ran)
    if ran.compiled is not None:
        assert ran.compiled == (not scenario.original), ran.reason
        assert bool(ran.reason) == bool(scenario.events or scenario.original), ran.reason


def _assert_told(scenario: Scenario, ran: Ran) -> None:
    wrong = differences(scenario, ran)
    assert not wrong, "\n".join(["not what the table says", *wrong])


_originals: dict[str, Ran] = {}


def _original(scenario: Scenario) -> Ran:
    """freqtrade's own run, made once."""
    if scenario.name not in _originals:
        _originals[scenario.name] = RUNNERS["original"](scenario)
    return _originals[scenario.name]


def holds_here(scenario: Scenario) -> bool:
    """Whether this freqtrade release has the rule."""
    return _release() >= _parts(scenario.since)


def _release() -> tuple[int, ...]:
    from freqtrade import __version__

    return _parts(__version__)


def _parts(version: str) -> tuple[int, ...]:
    year, month = re.findall(r"\d+", version)[:2]
    return int(year), int(month)
