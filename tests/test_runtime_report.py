"""What the counts of a process mean: everything in a report follows from numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import freqkernels
from freqkernels import metrics
from freqkernels.errors import InvalidInputError
from freqkernels.runtime import control
from freqkernels.runtime.counters import CounterValues
from freqkernels.runtime.journal import Event
from freqkernels.runtime.telemetry.report import SLOWER, Saved, duration, report_of, saved_by
from freqkernels.runtime.telemetry.snapshots import write_file
from made_snapshots import made_snapshot, switch_values

TRIALS = {"trials": 10, "measured": 10, "trial_fast_ns": 1000, "trial_exact_ns": 4000}
COMPARABLE = "calculate_market_change"


class TestTimeSaved:
    def test_by_timed_calls(self) -> None:
        one = switch_values(fast=9, timed_fast=5, fast_ns=700, **TRIALS)
        assert saved_by(one) == Saved("f", 3 * 700, 4.0, "timed calls")

    def test_by_trials_where_no_call_was_timed(self) -> None:
        assert saved_by(switch_values(fast=9, **TRIALS)) == Saved("f", 9 * 300, 4.0, "trials")

    def test_nothing_is_assumed(self) -> None:
        for one in (
            switch_values(fast=9, timed_fast=9, fast_ns=900),
            switch_values(fast=9, trials=3),
            switch_values(exact=9, **TRIALS),
        ):
            assert saved_by(one) is None
        made = report_of(made_snapshot(switch_values("a", fast=9), switch_values("b", exact=9)))
        assert (made.saved, made.not_measured, made.saved_ns) == ((), ("a",), (0.0, 0.0))
        assert "time saved: not measured" in str(made)

    def test_switches_that_call_one_another(self) -> None:
        switches = [switch_values(name, fast=n, **TRIALS) for name, n in (("a", 10), ("b", 30))]
        made = report_of(made_snapshot(*switches))
        assert made.saved_ns == (9000, 12000)
        assert [one.name for one in made.saved] == ["b", "a"]
        assert made.trial_cost_ns == 2000

    def test_time_lost(self) -> None:
        slow = {**TRIALS, "trial_fast_ns": 8000}
        made = report_of(made_snapshot(switch_values(fast=10, **slow)))
        assert made.saved_ns == (-4000, -4000)

    @given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 10**6), st.integers(1, 10**6))))
    def test_at_least_is_no_more_than_at_most(self, given: list[tuple[int, int, int]]) -> None:
        switches = [
            switch_values(
                str(i), fast=n, trials=1, measured=1, trial_fast_ns=fast, trial_exact_ns=exact
            )
            for i, (n, fast, exact) in enumerate(given)
        ]
        made = report_of(made_snapshot(*switches))
        least, most = made.saved_ns
        assert least <= most
        assert str(made)
        json.dumps(made.to_dict(), allow_nan=False)


class TestTotals:
    def test_sums(self) -> None:
        switches = (
            switch_values("a", fast=3, refusals=1, rows=40),
            switch_values("b", failures=2, errors=1, trials=1, mismatches=1, rows=2),
        )
        made = report_of(made_snapshot(*switches))
        assert made.totals == CounterValues(
            calls=8, fast=3, refusals=1, failures=2, errors=1, trials=1, mismatches=1, rows=42
        )
        assert made.fast_share == 3 / 8
        assert "8 calls over 42 rows, 37.5% answered fast; 1 refusals, 2 failures" in str(made)

    def test_nothing_has_happened(self) -> None:
        made = report_of(made_snapshot())
        assert (made.fast_share, made.recommendations, made.regressions) == (0.0, (), ())


class TestRegressions:
    @staticmethod
    def compare(before: dict[str, Any], now: dict[str, Any]) -> list[tuple[str, float, float]]:
        old, new = (made_snapshot(switch_values(**values)) for values in (before, now))
        return [(one.measure, one.before, one.now) for one in report_of(new, old).regressions]

    def test_median(self) -> None:
        before = {"p50": 1000.0, "fast": 40, "timed_fast": 40, "rows": 400}
        assert self.compare(before, {**before, "p50": 1000 * SLOWER}) == []
        slower = {**before, "p50": 1300.0}
        assert self.compare(before, slower) == [("median", 1000.0, 1300.0)]
        assert self.compare(slower, before) == []

    def test_too_few_calls_say_nothing(self) -> None:
        enough = {"p50": 1000.0, "fast": 30, "timed_fast": 30}
        few = {"p50": 9000.0, "fast": 29, "timed_fast": 29}
        assert self.compare(enough, few) == self.compare({**few, "p50": 1.0}, enough) == []

    def test_other_data_say_nothing(self) -> None:
        before = {"p50": 1000.0, "fast": 40, "timed_fast": 40, "rows": 400}
        assert self.compare(before, {**before, "p50": 9000.0, "rows": 4000}) == []

    def test_another_backend_says_nothing(self) -> None:
        before = {"p50": 1000.0, "fast": 40, "timed_fast": 40, "backend": "compiled"}
        assert self.compare(before, {**before, "p50": 9000.0, "backend": "reference"}) == []

    def test_speedup(self) -> None:
        slower = {**TRIALS, "trial_exact_ns": 3000}
        assert self.compare(TRIALS, slower) == [("speedup", 4.0, 3.0)]
        assert self.compare(TRIALS, {**slower, "measured": 9}) == []

    def test_what_is_new_is_no_regression(self) -> None:
        new = made_snapshot(switch_values("new", p50=9.0, fast=40, timed_fast=40))
        assert report_of(new, made_snapshot()).regressions == ()

    def test_text(self) -> None:
        before = switch_values(p50=1000.0, fast=40, timed_fast=40)
        now = switch_values(p50=3000.0, fast=40, timed_fast=40)
        text = str(report_of(made_snapshot(now), made_snapshot(before)))
        assert "slower: median of f was 1.0 us, is 3.0 us" in text


class TestRecommendations:
    @staticmethod
    def of(*switches: Any, events: tuple[Event, ...] = (), **given: Any) -> tuple[str, ...]:
        return report_of(made_snapshot(*switches, events=events, **given)).recommendations

    def test_nothing_to_say(self) -> None:
        healthy = switch_values(COMPARABLE, fast=990, refusals=10, **TRIALS)
        assert self.of(healthy) == ()

    def test_failures(self) -> None:
        event = Event("failure", f"freqkernels.metrics.{COMPARABLE}", "ValueError: no", 3)
        (text,) = self.of(switch_values(COMPARABLE, fast=7, failures=3), events=(event,))
        assert "3 failures in 10 calls (ValueError: no)" in text
        assert f"freqkernels rollout rollback {COMPARABLE}" in text

    def test_breaker(self) -> None:
        one = switch_values(failures=3, breaker="open", breaker_reason="3 failures in 60 seconds")
        (text,) = self.of(one)
        assert "breaker is open (3 failures in 60 seconds)" in text

    def test_mismatch(self) -> None:
        event = Event("mismatch", "metrics.rel_mean", "row 3; 'freqkernels replay F' shows it", 1)
        one = switch_values("metrics.rel_mean", trials=5, mismatches=1, breaker="open")
        (text,) = self.of(one, events=(event,))
        assert "1 of 5 trials gave another result: row 3; 'freqkernels replay F'" in text

    def test_slower_than_the_exact_one(self) -> None:
        slow = {**TRIALS, "trial_exact_ns": 800}
        (text,) = self.of(switch_values(fast=5, **slow))
        assert "10 trials say it is 0.80 times as fast" in text
        assert self.of(switch_values(fast=5, **{**slow, "measured": 9})) == ()
        assert self.of(switch_values(exact=5, variant="exact", **slow)) == ()

    def test_refusals(self) -> None:
        events = (
            Event("refusal", "other.g", "of another", 90),
            Event("refusal", "module.f", "a frame is empty", 80),
            Event("refusal", "module.f", "seldom", 2),
        )
        (text,) = self.of(switch_values("f", fast=18, refusals=82), events=events)
        assert "82% of 100 calls were refused, most often because a frame is empty" in text
        assert self.of(switch_values("f", fast=50, refusals=50), events=events) == ()
        assert self.of(switch_values("f", refusals=29), events=events) == ()

    def test_fallback(self) -> None:
        (text,) = self.of(events=(Event("fallback", "metrics", "no such file", 1),))
        assert "kernels of metrics run on the slow reference" in text

    def test_not_measured(self) -> None:
        one = switch_values(COMPARABLE, fast=30)
        (text,) = self.of(one, telemetry="counters")
        assert "no trial beside 30 fast answers" in text
        assert "telemetry (counters now) to timed" in text
        assert "telemetry" not in self.of(one, telemetry="timed")[0]
        assert self.of(switch_values(COMPARABLE, fast=29), telemetry="counters") == ()
        assert self.of(switch_values("backtest", fast=99), telemetry="counters") == ()

    def test_telemetry_is_off(self) -> None:
        (text,) = self.of(telemetry="off")
        assert "telemetry is off" in text


class TestThisProcess:
    DATA = {"A/B": pd.DataFrame({"close": np.arange(1.0, 50.0)})}  # noqa: RUF012

    def test_measured(self) -> None:
        control.configure(shadow=100)
        for _ in range(12):
            metrics.calculate_market_change(self.DATA)
        control.configure(shadow=0)
        for _ in range(5):
            metrics.calculate_market_change(self.DATA)
        made = freqkernels.report()
        (one,) = (one for one in made.snapshot.switches if one.name == COMPARABLE)
        assert (one.counts.calls, one.counts.trials, one.counts.fast) == (17, 12, 5)
        assert 0 < one.counts.measured <= 12
        assert one.counts.rows == 17 * 49
        assert COMPARABLE in {saved.name for saved in made.saved}
        assert one.speedup == one.counts.trial_exact_ns / one.counts.trial_fast_ns

    def test_baseline(self, tmp_path: Path) -> None:
        file = tmp_path / "baseline.json"
        old = switch_values(COMPARABLE, fast=10, trials=10, measured=10)
        trials = {"measured": 10, "trial_fast_ns": 1, "trial_exact_ns": 10**9}
        write_file(file, made_snapshot(switch_values(COMPARABLE, trials=10, **trials)))
        control.configure(shadow=100)
        for _ in range(12):
            metrics.calculate_market_change(self.DATA)
        (found,) = freqkernels.report(file).regressions
        assert (found.name, found.measure, found.before) == (COMPARABLE, "speedup", 1e9)
        assert freqkernels.report(made_snapshot(old)).regressions == ()
        assert freqkernels.report().regressions == ()
        control.configure(baseline=str(file))
        assert freqkernels.report().regressions

    def test_baseline_that_cannot_be_read(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInputError, match="cannot be read"):
            freqkernels.report(tmp_path / "nothing.json")


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0 ns"),
        (999, "999 ns"),
        (1500, "1.5 us"),
        (-2.5e6, "-2.5 ms"),
        (9e10, "90.0 s"),
        (1e16, "2,777.8 h"),
    ],
)
def test_durations(nanoseconds: float, text: str) -> None:
    assert duration(nanoseconds) == text
