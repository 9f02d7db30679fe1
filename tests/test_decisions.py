"""Any sequence of settings, reloads, rollouts, calls and faults, against a model of decisions."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from freqkernels.catalogue import LEVELS, PHASES, find
from freqkernels.errors import InvalidInputError
from freqkernels.runtime import accelerate, control, journal, keyed, refuse, switch
from freqkernels.runtime.rollout import NONE, RolloutLog
from freqkernels.runtime.shares import share_of

NAMES = ("calculate_csum", "trades_to_ohlcv", "crossed")
KEYS = ("BTC/USDT", "ETH/USDT", "a run")
LEVEL, PERCENTAGE = "FREQTRADE_OPT_LEVEL", "FREQTRADE_OPT_{}_PERCENTAGE"
COUNTS = ("fast", "exact", "refusals", "failures", "trials", "mismatches")
names = st.sampled_from(NAMES)
levels = st.sampled_from([None, *LEVELS, *LEVELS[2:]])
percentages = st.sampled_from([0.0, 50.0, 80.0, 100.0, 100.0])


class Switch:
    """What a switch should have done and be by now."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(COUNTS, 0)
        self.fails: list[float] = []
        self.opened: float | None = None
        self.held = False

    def close(self) -> None:
        self.fails, self.opened, self.held = [], None, False


class Model(RuleBasedStateMachine):
    """Three functions whose fast side does as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.patch = pytest.MonkeyPatch()
        self.patch.delenv(LEVEL, raising=False)
        self.patch.setenv("FREQKERNELS_STATE_DIRECTORY", str(self.folder))
        control.forget()
        journal.clear()
        self.now, self.does = 0.0, "well"
        self.code: dict[str, Any] = {}
        self.environment: dict[str, str] = {}
        self.read: dict[str, str] = {}  # the environment when it was last read
        self.phase: str | None = None
        self.off: set[str] = set()
        self.restored: set[str] = set()  # in the log, since it was last read
        self.seen: tuple[str | None, frozenset[str]] = (None, frozenset())
        self.log = RolloutLog(self.folder / "rollout.jsonl")
        self.models = {name: Switch() for name in NAMES}
        self.functions = {}
        for name in NAMES:
            switch(name).breaker._clock = lambda: self.now
            self.functions[name] = accelerate(self.fast, name=name)(lambda value: value)

    def teardown(self) -> None:
        for name in NAMES:
            switch(name).breaker._clock = time.monotonic
        os.environ.pop(LEVEL, None)
        self.patch.undo()
        control.forget()
        journal.clear()
        shutil.rmtree(self.folder)

    def fast(self, value: int) -> Any:
        if self.does == "fails":
            raise OSError("a fault")
        if self.does == "refuses":
            return refuse("not today")
        return value + (self.does == "wrong")

    def reread(self) -> None:
        self.read = dict(self.environment)
        self.follow()

    def follow(self) -> None:
        self.seen = self.phase, frozenset(self.off)
        for name in self.restored - self.off:
            self.models[name].close()
        self.restored.clear()

    def setting(self, field: str, default: Any, variable: str | None = None) -> Any:
        if field in self.code:
            return self.code[field]
        return self.read.get(variable, default) if variable else default

    # ---- what somebody does

    @rule(level=levels)
    def configure_level(self, level: str | None) -> None:
        self.configure(level=level)

    @rule(modules=st.none() | st.lists(st.sampled_from(PHASES), min_size=2, unique=True))
    def configure_modules(self, modules: list[str] | None) -> None:
        self.configure(modules=modules)

    @initialize(shadow=st.sampled_from([None, 100.0]))
    def begin(self, shadow: float | None) -> None:
        self.configure(shadow=shadow)

    @rule(shadow=st.sampled_from([None, 0.0, 100.0]), fallback=st.sampled_from([None, False]))
    def configure_trials(self, shadow: float | None, fallback: bool | None) -> None:
        self.configure(shadow=shadow, fallback=fallback)

    @rule(name=names, enabled=st.sampled_from([None, True, False]), share=st.none() | percentages)
    def configure_one(self, name: str, enabled: bool | None, share: float | None) -> None:
        own = {"enabled": enabled, "percentage": share}
        own = {key: value for key, value in own.items() if value is not None}
        self.configure(functions={name: own})

    def configure(self, **values: Any) -> None:
        control.configure(**values)
        self.code = {k: v for k, v in {**self.code, **values}.items() if v is not None}
        self.reread()

    @rule(bad=st.sampled_from([{"level": "high"}, {"nonsense": 1}, {"shadow": -1.0}]))
    def configure_badly(self, bad: dict[str, Any]) -> None:
        with pytest.raises(InvalidInputError):
            control.configure(**bad)

    @rule(level=levels)
    def change_environment(self, level: str | None) -> None:
        if level is None:
            os.environ.pop(LEVEL, None)
            self.environment.pop(LEVEL, None)
        else:
            os.environ[LEVEL] = self.environment[LEVEL] = level

    @rule()
    def reload(self) -> None:
        control.reload()
        self.reread()

    @rule(phase=st.sampled_from(PHASES))
    def promote(self, phase: str) -> None:
        self.log.append("promote", phase=phase)
        self.phase = phase

    @rule(phase=st.sampled_from((NONE, *PHASES, *PHASES[-1:] * 3)))
    def roll_back(self, phase: str) -> None:
        self.log.append("rollback", phase=phase)
        self.phase = phase

    @rule(name=names, action=st.sampled_from(["rollback", "restore"]))
    def one_function(self, name: str, action: str) -> None:
        self.log.append(action, name)
        if action == "rollback":
            self.off.add(name)
        else:
            self.off.discard(name)
            self.restored.add(name)

    @rule(seconds=st.sampled_from([-1000.0, 61.0]))
    def time_goes(self, seconds: float) -> None:
        if seconds < 0:
            for name in NAMES:  # what the clock jumps back does not count
                switch(name).breaker._now()
        self.now += seconds
        for model in self.models.values() if seconds < 0 else ():
            model.fails = [when + seconds for when in model.fails]
            model.opened = None if model.opened is None else model.opened + seconds
        for name in NAMES:
            switch(name).breaker._now()

    @rule(name=names)
    def reset(self, name: str) -> None:
        control.reset_breakers(name)
        self.models[name].close()

    @rule(
        name=names,
        key=st.sampled_from((*KEYS, *KEYS[:1] * 2)),
        does=st.sampled_from(["well", "fails", "refuses", "wrong"]),
        often=st.sampled_from([1, 1, 2, 4]),
        wait=st.sampled_from([0.0, 0.0, 31.0, 301.0]),
    )
    def call(self, name: str, key: str, does: str, often: int, wait: float) -> None:
        self.time_goes(wait)
        self.does = does
        for value in range(often):
            expected = self.expect(name, key)
            with keyed(key):
                try:
                    assert self.functions[name](value) == value + (expected == "wrong")
                except OSError:
                    assert expected == "raises"
                else:
                    assert expected != "raises"

    # ---- what should come of it

    def allowed(self, name: str, key: str) -> bool:
        entry, (phase, off) = find(name), self.seen
        own = self.code.get("functions", {}).get(name, {})
        level = self.setting("level", "aggressive", LEVEL)
        if level == "disabled" or own.get("enabled") is False or name in off:
            return False
        phases = PHASES if phase is None else PHASES[: ((NONE, *PHASES)).index(phase)]
        if entry.phase not in phases:
            return False
        if not own.get("enabled"):
            if entry.phase not in self.setting("modules", PHASES):
                return False
            if LEVELS.index(entry.maturity) > LEVELS.index(level):
                return False
        percentage = own.get("percentage", 100.0)
        return bool(share_of(name, key) < percentage)

    def expect(self, name: str, key: str) -> str:
        model = self.models[name]
        if not self.allowed(name, key):
            model.counts["exact"] += 1
            return "exact"
        if model.opened is not None:
            if model.held or self.now - model.opened < 300:
                model.counts["exact"] += 1
                return "exact"
            return self.expect_trial(name, probe=True)
        if self.setting("shadow", 0.0) == 100:
            return self.expect_trial(name, probe=False)
        if self.does == "fails":
            if not self.setting("fallback", True):
                return "raises"
            model.counts["failures"] += 1
            self.failed(model)
            return "exact"
        model.counts["refusals" if self.does == "refuses" else "fast"] += 1
        return {"refuses": "exact", "wrong": "wrong"}.get(self.does, "fast")

    def expect_trial(self, name: str, *, probe: bool) -> str:
        model = self.models[name]
        model.counts["trials"] += 1
        if self.does == "wrong":
            model.counts["mismatches"] += 1
            model.opened, model.held = self.now, True
            self.off.add(name)
            self.follow()
        elif self.does == "fails":
            if probe:
                model.opened = self.now
            else:
                self.failed(model)
        elif self.does == "well" and probe:
            model.opened, model.fails = None, []
        elif probe:  # a refusal says nothing: the next call gets the probe
            model.opened = -1e9
        return "exact"

    def failed(self, model: Switch) -> None:
        model.fails = [*model.fails, self.now][-3:]
        if len(model.fails) == 3 and self.now - model.fails[0] <= 60:
            model.opened = self.now

    @invariant()
    def counts_are_right(self) -> None:
        for name, model in self.models.items():
            values = switch(name).counters.values()
            assert {count: getattr(values, count) for count in COUNTS} == model.counts, name
            expected = sum(model.counts.values()) - model.counts["mismatches"] + values.errors
            assert values.calls == expected

    @invariant()
    def decisions_are_right(self) -> None:
        for name, model in self.models.items():
            for key in KEYS:
                fast = self.allowed(name, key) and model.opened is None
                assert switch(name).decision(key).variant == ("fast" if fast else "exact")


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
