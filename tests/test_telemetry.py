"""Counts that are exact, snapshots of them, exporters with the real libraries."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import tracemalloc
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from freqkernels.errors import InvalidInputError
from freqkernels.runtime import accelerate, control, get_backend, refuse
from freqkernels.runtime.counters import Counters, CounterValues
from freqkernels.runtime.decisions import switch
from freqkernels.runtime.telemetry.exporters import opentelemetry, prometheus
from freqkernels.runtime.telemetry.exporters.readings import QUANTITIES
from freqkernels.runtime.telemetry.snapshots import snapshot

THREADS = 32
OUTCOMES = ("fast", "exact", "refusals", "failures", "errors")


def fast(values: Any) -> Any:
    """Refuses two values, fails at three, else sums."""
    if len(values) == 3:
        raise RuntimeError("three")
    return refuse("two values") if len(values) == 2 else float(values.sum())


@accelerate(fast, name="telemetry.example")
def example(values: Any) -> float:
    """The exact one: raises for no values."""
    if not len(values):
        raise ValueError("values: none")
    return float(values.sum())


def in_threads(work: Callable[[], object]) -> None:
    start = threading.Barrier(THREADS)

    def wait_and_work() -> None:
        start.wait()
        work()

    threads = [threading.Thread(target=wait_and_work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def counts_of(name: str = "example") -> CounterValues:
    (one,) = (one for one in snapshot().switches if one.name == name)
    return one.counts


class TestCounts:
    @pytest.mark.parametrize("telemetry", ["counters", "timed"])
    def test_exact_under_threads(self, telemetry: str) -> None:
        control.configure(telemetry=telemetry, breaker_failures=100_000)

        def work() -> None:
            for length in (1, 2, 3, 4) * 10:
                example(np.ones(length))

        in_threads(work)
        counts = counts_of()
        assert counts.calls == THREADS * 40
        assert counts.rows == THREADS * 100
        assert (counts.fast, counts.refusals) == (THREADS * 20, THREADS * 10)
        assert (counts.failures, counts.exact, counts.errors) == (THREADS * 10, 0, 0)
        assert counts.timed_fast == (counts.fast if telemetry == "timed" else 0)

    @pytest.mark.parametrize("telemetry", ["counters", "timed"])
    def test_answers_of_the_exact_one_under_threads(self, telemetry: str) -> None:
        control.configure(telemetry=telemetry, level="disabled")

        def work() -> None:
            for length in (1, 2, 3, 4) * 10:
                example(np.ones(length))

        in_threads(work)
        counts = counts_of()
        assert (counts.calls, counts.exact, counts.fast) == (THREADS * 40, THREADS * 40, 0)
        assert counts.rows == THREADS * 100
        assert counts.timed_exact == (counts.exact if telemetry == "timed" else 0)

    @pytest.mark.parametrize("outcome", ["fast", "exact"])
    def test_interrupted_in_the_middle_of_counting(self, outcome: str) -> None:
        """A signal handler that raises, such as that of Ctrl-C, takes no other call along."""

        class Interrupted(deque[int]):
            def popleft(self) -> int:
                done = super().popleft()
                if len(self) == 100:
                    raise KeyboardInterrupt
                return done

        counters = Counters()
        setattr(counters, f"_{outcome}_pending", Interrupted())
        count = counters.count if outcome == "fast" else counters.count_exact
        for _ in range(511):
            count(3)
        with pytest.raises(KeyboardInterrupt):
            count(3)
        pending = getattr(counters, f"_{outcome}_pending")
        assert len(pending) == 100
        setattr(counters, f"_{outcome}_pending", deque(pending))
        values = counters.values()
        assert getattr(values, outcome) == values.calls == 512
        assert values.rows == 3 * 512

    def test_histograms_and_sums_agree_under_threads(self) -> None:
        counters = Counters()

        def work() -> None:
            for i in range(100):
                counters.count_as("fast", 1, i)
                counters.count_as("exact", 1, None)
                counters.count_trial(1, mismatch=i % 50 == 0, times=(1, 3))

        in_threads(work)
        found = counters.values()
        assert (found.calls, found.rows) == (THREADS * 300, THREADS * 300)
        assert found.timed_fast == THREADS * 100
        assert found.fast_ns == THREADS * sum(range(100))
        assert (found.mismatches, found.speedup) == (THREADS * 2, 3.0)
        assert counters.fast_times is not None
        assert counters.fast_times.count == found.timed_fast
        assert counters.exact_times is None

    def test_errors_of_the_caller(self) -> None:
        control.configure(level="disabled")
        with pytest.raises(ValueError, match="none"):
            example(np.ones(0))
        assert (counts_of().errors, counts_of().calls) == (1, 1)

    @given(st.lists(st.tuples(st.sampled_from(OUTCOMES), st.integers(0, 9)), max_size=30))
    def test_what_another_process_has_counted(self, calls: list[tuple[Any, int]]) -> None:
        alone, here, there = Counters(), Counters(), Counters()
        for i, (outcome, rows) in enumerate(calls):
            for counters in (alone, here if i % 2 else there):
                counters.count_as(outcome, rows, i)
        here.add(there.values())
        assert here.values() == alone.values()
        assert here.values().calls == len(calls)

    def test_nothing_is_counted_where_telemetry_is_off(self) -> None:
        control.configure(telemetry="off")
        example(np.ones(4))
        assert "example" not in {one.name for one in snapshot().switches}

    def test_memory_is_flat(self) -> None:
        counters = Counters()

        def call(times: int) -> None:
            for i in range(times):
                counters.count_as("fast", 5, i * 100)

        call(1000)
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            call(300_000)
            assert tracemalloc.get_traced_memory()[0] - before < 2000
        finally:
            tracemalloc.stop()


class TestSnapshot:
    def test_what_is_in_it(self) -> None:
        control.configure(telemetry="timed")
        for length in (1, 2, 3, 4):
            example(np.ones(length))
        now = snapshot()
        (one,) = (one for one in now.switches if one.name == "example")
        assert now.pid == os.getpid()
        assert 0 < now.started < now.taken
        assert (now.level, now.telemetry) == ("aggressive", "timed")
        assert now.backend == get_backend()
        assert (one.kind, one.backend, one.variant, one.breaker) == (
            "function",
            "",
            "fast",
            "closed",
        )
        assert one.fast_times is not None
        assert 0 < one.fast_times.p50 <= one.fast_times.p90 <= one.fast_times.p99
        assert {(event.kind, event.reason) for event in now.events} == {
            ("refusal", "two values"),
            ("failure", "RuntimeError: three"),
        }
        (failure,) = now.failures
        assert failure.error == "RuntimeError: three"
        assert "float64" in failure.arguments[0]

    def test_only_what_was_called_unless_asked(self) -> None:
        switch("calculate_csum")
        switch("calculate_underwater").distrust("tests say so")
        example(np.ones(1))
        names = [one.name for one in snapshot().switches]
        assert names == ["calculate_underwater", "example"]
        names = [one.name for one in snapshot(all=True).switches]
        assert {"calculate_csum", "calculate_underwater", "example"} <= set(names)
        assert names == sorted(names)

    def test_what_is_answered_elsewhere(self) -> None:
        one = switch("backtest_events")
        one.count("fast", 7)
        control.configure(telemetry="off")
        one.count("exact", 9)
        counts = counts_of("backtest_events")
        assert (counts.fast, counts.exact, counts.rows) == (1, 0, 7)

    def test_same_as(self) -> None:
        now = snapshot()
        assert now.same_as(replace(now, taken=now.taken + 5))
        assert not now.same_as(None)
        example(np.ones(1))
        assert not snapshot().same_as(now)

    def test_a_fork_while_a_lock_is_held(self) -> None:
        if not hasattr(os, "fork"):
            pytest.skip("no fork here")
        code = (
            "import os, threading\n"
            "from freqkernels.runtime.decisions import switch\n"
            "from freqkernels.runtime.telemetry.snapshots import snapshot\n"
            "one, held = switch('calculate_csum'), threading.Event()\n"
            "one.counters.count(5)\n"
            "def hold():\n"
            "    with one.counters.lock:\n"
            "        held.set()\n"
            "        threading.Event().wait()\n"
            "threading.Thread(target=hold, daemon=True).start()\n"
            "held.wait()\n"
            "pid = os.fork()\n"
            "if not pid:\n"
            "    one.counters.count(5)\n"
            "    now = snapshot()\n"
            "    os._exit(now.switches[0].counts.rows + 100 * (now.pid == os.getpid()))\n"
            "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
        )
        assert done.stdout == "110\n", done.stderr


class TestPrometheus:
    @staticmethod
    def scraped(registry: CollectorRegistry) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
        """Samples by name as whoever scrapes reads them."""
        found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
        for family in text_string_to_metric_families(generate_latest(registry).decode()):
            for sample in family.samples:
                labels = tuple(sorted(sample.labels.items()))
                found.setdefault(sample.name, {})[labels] = sample.value
        return found

    def test_values(self) -> None:
        control.configure(telemetry="timed")
        registry = CollectorRegistry()
        prometheus.register(registry)
        for length in (1, 2, 3, 4, 4):
            example(np.ones(length))
        found = self.scraped(registry)
        calls = {dict(key)["outcome"]: n for key, n in found["freqkernels_calls_total"].items()}
        assert calls == {**dict.fromkeys((*OUTCOMES, "trials"), 0)} | {
            "fast": 3,
            "refusals": 1,
            "failures": 1,
        }
        assert found["freqkernels_rows_total"] == {(("switch", "example"),): 14}
        variant = (("switch", "example"), ("variant", "fast"))
        assert found["freqkernels_timed_calls_total"][variant] == 3
        assert found["freqkernels_call_time_seconds_total"][variant] == counts_of().fast_ns / 1e9
        assert len(found["freqkernels_call_quantile_seconds"]) == 3
        assert sum(found["freqkernels_events_total"].values()) == 2
        assert set(found["freqkernels_info"].values()) == {1}

    def test_names(self) -> None:
        """What Prometheus asks for: base units, and _total for what only grows."""
        registry = CollectorRegistry()
        prometheus.register(registry)
        example(np.ones(1))
        families = text_string_to_metric_families(generate_latest(registry).decode())
        kinds = {family.name: family.type for family in families}
        assert len(kinds) == len(QUANTITIES)
        assert all(name.startswith("freqkernels_") for name in kinds)
        text = generate_latest(registry).decode()
        assert all(
            f"# TYPE {name}{'_total' if kind == 'counter' else ''} {kind}" in text
            for name, kind in kinds.items()
        )

    def test_twice_and_never_again(self) -> None:
        registry = CollectorRegistry()
        prometheus.register(registry)
        prometheus.register(registry)
        assert self.scraped(registry)
        prometheus.unregister(registry)
        prometheus.unregister(registry)
        assert self.scraped(registry) == {}
        prometheus.register(registry)
        assert self.scraped(registry)

    def test_not_installed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "prometheus_client", None)
        with pytest.raises(InvalidInputError, match=r"freqkernels\[prometheus\]"):
            prometheus.register()


class TestOpenTelemetry:
    @staticmethod
    def read(reader: InMemoryMetricReader) -> dict[str, dict[tuple[Any, ...], float]]:
        data = reader.get_metrics_data()
        assert data is not None
        found: dict[str, dict[tuple[Any, ...], float]] = {}
        for resource in data.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    assert metric.name not in found
                    found[metric.name] = {
                        tuple(sorted((point.attributes or {}).items())): point.value
                        for point in metric.data.data_points
                    }
        return found

    def test_values(self) -> None:
        reader = InMemoryMetricReader()
        provider = MeterProvider([reader])
        meter = provider.get_meter("test")
        opentelemetry.instrument(meter)
        opentelemetry.instrument(meter)
        for length in (1, 2, 3, 4, 4):
            example(np.ones(length))
        found = self.read(reader)
        calls = {dict(key)["outcome"]: n for key, n in found["freqkernels.calls"].items()}
        assert (calls["fast"], calls["refusals"], calls["failures"]) == (3, 1, 1)
        assert found["freqkernels.rows"] == {(("switch", "example"),): 14}
        example(np.ones(4))
        assert self.read(reader)["freqkernels.rows"] == {(("switch", "example"),): 18}
        provider.shutdown()

    def test_not_installed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "opentelemetry.metrics", None)
        with pytest.raises(InvalidInputError, match=r"freqkernels\[opentelemetry\]"):
            opentelemetry.instrument()
