"""Which implementation answers: every source of a decision, and the order in which they count."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqkernels import catalogue, runtime
from freqkernels.bridge.targets import TARGETS
from freqkernels.catalogue import ENTRIES, LEVELS, PHASES
from freqkernels.errors import InvalidInputError
from freqkernels.runtime import control, keyed, switch
from freqkernels.runtime.decisions import Mode, Switch, policy_of
from freqkernels.runtime.rollout import RolloutLog, RolloutState
from freqkernels.runtime.settings import FunctionSettings, Settings

VALUES = np.array([np.nan, 1.0, 2.0])
ENTRY = ENTRIES["trades_to_ohlcv"]  # data, standard


@pytest.fixture
def one() -> Switch:
    return Switch(ENTRY)


def decided(one: Switch, rollout: RolloutState | None = None, **settings: Any) -> tuple[str, str]:
    one.configure(Settings(**settings), rollout or RolloutState())
    decision = one.decision()
    assert (decision.variant == "exact") == bool(decision.source != "default")
    return decision.variant, decision.source


#: In a process of its own: tests register kernels, too.
EVERYTHING = """
import importlib, json, pkgutil, sys
from types import FunctionType
import freqkernels
from freqkernels import runtime

for module in pkgutil.walk_packages(freqkernels.__path__, "freqkernels."):
    if module.name.split(".")[1] not in ("_kernels", "bench", "cli", "__main__"):
        importlib.import_module(module.name)
accelerated = {
    function.__qualname__
    for name, module in list(sys.modules.items())
    if name.startswith("freqkernels")
    for function in vars(module).values()
    if isinstance(function, FunctionType) and hasattr(function, "fast")
}
print(json.dumps([[one.name for one in runtime.kernels()], sorted(accelerated)]))
"""


class TestCatalogue:
    def test_every_kernel_and_function_is_listed(self) -> None:
        done = subprocess.run(
            [sys.executable, "-c", EVERYTHING], capture_output=True, text=True, check=True
        )
        kernels, accelerated = json.loads(done.stdout)
        targets = {target.name for target in TARGETS}
        assert set(kernels) == {name for name, entry in ENTRIES.items() if entry.is_kernel}
        assert targets <= set(ENTRIES)
        assert "calculate_market_change" in accelerated
        names = {
            "exact_rows": "ohlcv_as_lists",
            **{target.qualname: target.name for target in TARGETS},
        }
        assert {names.get(name, name) for name in accelerated} <= set(ENTRIES)

    def test_a_function_and_its_kernels_start_together(self) -> None:
        """A function that runs fast in a phase and on a level has its kernels there."""
        for target in TARGETS:
            function = ENTRIES[target.name]
            for kernel in (ENTRIES[name] for name in target.kernels):
                assert PHASES.index(kernel.phase) <= PHASES.index(function.phase), target.name
                assert LEVELS.index(kernel.maturity) <= LEVELS.index(function.maturity)

    def test_what_runs_user_code_has_no_trials(self) -> None:
        for target in TARGETS:
            assert not (target.runs_user_code and ENTRIES[target.name].shadow), target.name

    def test_entries(self) -> None:
        keys = [entry.key for entry in ENTRIES.values()]
        assert len(set(keys)) == len(keys)
        assert {entry.phase for entry in ENTRIES.values()} == set(PHASES)
        assert {entry.maturity for entry in ENTRIES.values()} <= set(LEVELS[1:])

    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("calculate_market_change", "calculate_market_change"),
            ("CALCULATE_MARKET_CHANGE", "calculate_market_change"),
            ("_get_ohlcv_as_lists", "_get_ohlcv_as_lists"),
            ("GET_OHLCV_AS_LISTS", "_get_ohlcv_as_lists"),
            ("metrics.rel_mean", "metrics.rel_mean"),
            ("METRICS_REL_MEAN", "metrics.rel_mean"),
        ],
    )
    def test_spellings(self, text: str, name: str) -> None:
        assert catalogue.find(text).name == name

    @pytest.mark.parametrize("text", ["calculate_market_chang", "", "\udcff", None, 5, "x" * 10**6])
    def test_other_names(self, text: Any) -> None:
        with pytest.raises(InvalidInputError, match="there is no function or kernel") as caught:
            catalogue.find(text)
        assert len(str(caught.value)) < 500
        if text == "calculate_market_chang":
            assert "calculate_market_change" in str(caught.value)


class TestSettled:
    def test_by_default_everything_runs_fast(self) -> None:
        for entry in ENTRIES.values():
            policy = policy_of(entry, Settings(), RolloutState())
            assert policy.plain
            assert policy.settled is None

    @pytest.mark.parametrize("level", LEVELS)
    def test_levels(self, level: str) -> None:
        for entry in ENTRIES.values():
            policy = policy_of(entry, Settings(level=level), RolloutState())
            runs = LEVELS.index(entry.maturity) <= LEVELS.index(level)
            assert (policy.settled is None) == runs
            if policy.settled is not None:
                assert policy.settled.variant == "exact"
                assert "level" in policy.settled.reason

    def test_a_setting_of_its_own(self, one: Switch) -> None:
        on, off = FunctionSettings(enabled=True), FunctionSettings(enabled=False)
        assert decided(one, level="conservative") == ("exact", "level")
        assert decided(one, level="conservative", functions={one.name: on}) == ("fast", "default")
        assert decided(one, functions={one.name: off}) == ("exact", "setting")
        assert decided(one, modules=("metrics",)) == ("exact", "setting")
        assert decided(one, modules=("metrics",), functions={one.name: on})[0] == "fast"

    def test_disabled_is_above_everything(self, one: Switch) -> None:
        on = {one.name: FunctionSettings(enabled=True)}
        assert decided(one, level="disabled", functions=on) == ("exact", "level")

    def test_a_rollout_is_above_settings(self, one: Switch) -> None:
        on = {one.name: FunctionSettings(enabled=True)}
        for state in (
            RolloutState(rolled_back={one.name: "it was slow"}),
            RolloutState(phase="metrics"),
            RolloutState(problem="the log is damaged"),
        ):
            assert decided(one, state, functions=on) == ("exact", "rollout")
        assert decided(one, RolloutState(phase="data")) == ("fast", "default")


class TestPercentage:
    def test_none_and_all(self, one: Switch) -> None:
        assert decided(one, percentage=0) == ("exact", "percentage")
        assert decided(one, percentage=100) == ("fast", "default")

    def test_its_own_goes_first(self, one: Switch) -> None:
        own = {one.name: FunctionSettings(percentage=100)}
        assert decided(one, percentage=0, functions=own) == ("fast", "default")

    @given(st.text(max_size=20), st.floats(0, 100), st.floats(0, 100))
    def test_stable_and_monotone(self, key: str, low: float, high: float) -> None:
        one = Switch(ENTRY)
        low, high = sorted((low, high))
        answers = []
        for percentage in (low, high, low):
            one.configure(Settings(percentage=percentage), RolloutState())
            answers.append(one.decide(key).variant)
        assert answers[0] == answers[2]
        assert not (answers[0] == "fast" and answers[1] == "exact")

    def test_the_key_of_the_context(self, one: Switch) -> None:
        one.configure(Settings(percentage=50, key="run"), RolloutState())
        by_key = {key: one.decide(key).variant for key in map(str, range(100))}
        assert set(by_key.values()) == {"fast", "exact"}
        for key, variant in by_key.items():
            with keyed(key):
                assert one.decide().variant == variant
        assert one.decide().variant == one.decide("run").variant


class TestTrials:
    def test_shares(self, one: Switch) -> None:
        one.configure(Settings(shadow=100), RolloutState())
        assert one.decide().trial
        assert one.decision().variant == "fast"  # what would answer without the trial
        one.configure(Settings(shadow=20), RolloutState())
        trials = sum(one.decide().trial for _ in range(5000))
        assert 700 < trials < 1300
        one.configure(Settings(shadow=0), RolloutState())
        assert not any(one.decide().trial for _ in range(100))

    def test_not_where_arguments_cannot_be_copied(self) -> None:
        one = Switch(ENTRIES["backtest"])
        one.configure(Settings(shadow=100, min_speedup=5), RolloutState())
        assert one.decide() == one.decision()
        assert one.decide().variant == "fast"

    def test_the_gate(self, one: Switch) -> None:
        one.configure(Settings(min_speedup=2, gate_trials=3), RolloutState())
        for _ in range(3):
            assert one.decide().trial
            one.counters.count_trial(1, mismatch=False, times=(10, 15))
        decision = one.decide()
        assert (decision.variant, decision.source) == ("exact", "gate")
        assert "1.50" in decision.reason
        assert "2 measured trials" in decision.reason  # the first one loads things
        one.counters.count_trial(1, mismatch=False, times=(10, 100))
        assert one.decide().variant == "fast"


class TestBreaker:
    def test_opens_and_closes(self, one: Switch) -> None:
        one.configure(Settings(breaker_failures=2, breaker_cooldown=0), RolloutState())
        assert one.mode is Mode.COUNTED
        one.failed("first")
        assert one.mode is Mode.COUNTED
        one.failed("second")
        assert one.mode is Mode.GOVERNED
        assert one.decision().source == "breaker"
        assert "second" in one.decision().reason
        assert one.decide().trial  # a probe
        one.worked()
        assert one.mode is Mode.COUNTED

    def test_a_mismatch_is_for_good(self, one: Switch) -> None:
        one.configure(Settings(breaker_cooldown=0), RolloutState())
        one.distrust("bits")
        one.worked()
        assert one.decide().source == "breaker"
        assert not one.decide().trial
        one.restore()
        assert one.decide().variant == "fast"


@pytest.mark.parametrize(
    ("settings", "mode"),
    [
        ({}, Mode.COUNTED),
        ({"telemetry": "off"}, Mode.BARE),
        ({"telemetry": "timed"}, Mode.GOVERNED),
        ({"percentage": 99}, Mode.GOVERNED),
        ({"shadow": 1}, Mode.GOVERNED),
        ({"min_speedup": 1}, Mode.GOVERNED),
        ({"level": "disabled"}, Mode.EXACT),
        ({"level": "disabled", "telemetry": "off"}, Mode.EXACT),
        ({"level": "disabled", "telemetry": "timed"}, Mode.EXACT),
    ],
)
def test_modes(one: Switch, settings: dict[str, Any], mode: Mode) -> None:
    assert one.mode is Mode.GOVERNED  # nobody has read the settings
    one.configure(Settings(**settings), RolloutState())
    assert one.mode is mode


def test_a_new_switch_has_the_settings_in_force() -> None:
    control.configure(level="disabled")
    fresh = switch("a name that nobody has used before")
    assert fresh.decision().source == "level"


def test_a_kernel_says_what_it_runs_on() -> None:
    kernel = runtime.kernel("metrics", "valid_span")
    assert kernel.backend == "compiled"
    control.configure(functions={kernel.name: {"enabled": False}})
    assert kernel.backend == "reference"
    assert kernel(VALUES) == (1, 2)
    assert kernel.switch.counters.values().exact == 1
    control.configure(functions=None)
    assert kernel.backend == "compiled"


@pytest.fixture
def log() -> Iterator[RolloutLog]:
    control.effective()
    log = RolloutLog()
    yield log
    log.path.unlink(missing_ok=True)


def test_a_rollout_in_the_state_directory(log: RolloutLog) -> None:
    kernel = runtime.kernel("metrics", "valid_span")
    log.append("rollback", kernel.name, "a try", "test")
    assert kernel.backend == "compiled"
    runtime.reload()
    assert kernel.backend == "reference"
    assert "a try" in runtime.decision(kernel.name).reason
    log.append("restore", kernel.name, "it was a try", "test")
    runtime.reload()
    assert kernel.backend == "compiled"
