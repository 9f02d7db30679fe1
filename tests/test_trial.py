"""Trials: the exact implementation answers, the fast one is compared, and nothing of it is seen."""

from __future__ import annotations

import contextlib
import gc
import logging
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from freqkernels import runtime
from freqkernels.bridge.install import install, uninstall
from freqkernels.errors import InvalidInputError
from freqkernels.evidence import read
from freqkernels.runtime import accelerate, control, events, failures, journal, refuse, switch
from freqkernels.runtime.decisions import Switch
from freqkernels.runtime.rollout import RolloutLog

VALUES = np.array([np.nan, 1.0, 2.0])
logger = logging.getLogger("freqtrade.somewhere")


def exact(values: NDArray[np.float64], out: NDArray[np.float64] | None = None) -> float:
    """Exact."""
    logger.info("exact")
    if not len(values):
        raise ValueError("values: empty")
    if out is not None:
        out[:] = values * 2
    return float(values[-1])


def make(fast: Any) -> tuple[Any, Switch]:
    function = accelerate(fast, name="tried")(exact)
    return function, switch("tried")


@pytest.fixture(autouse=True)
def shadow() -> Iterator[None]:
    """Every call is a trial."""
    control.configure(shadow=100)
    yield
    if RolloutLog().path.is_file():
        RolloutLog().path.unlink()


def kinds() -> list[str]:
    return [event.kind for event in events()]


class TestSame:
    def test_the_exact_one_answers(self) -> None:
        seen: list[str] = []

        def fast(values: Any, out: Any = None) -> float:
            seen.append("fast")
            return exact(values, out)

        function, one = make(fast)
        out = np.zeros(3)
        for _ in range(2):
            assert function(VALUES[1:], out[1:]) == 2.0
        assert list(out) == [0.0, 2.0, 4.0]
        assert seen == ["fast", "fast"]
        counts = one.counters.values()
        assert (counts.calls, counts.trials, counts.mismatches, counts.measured) == (2, 2, 0, 1)
        assert counts.speedup is not None
        assert counts.rows == 4
        assert events() == []

    def test_the_fast_one_gets_copies(self) -> None:
        def fast(values: Any, out: Any = None) -> float:
            values[:] = 7.0
            return 2.0

        function, one = make(fast)
        values = np.array([1.0, 2.0])
        assert function(values) == 2.0
        assert list(values) == [1.0, 2.0]
        assert one.counters.values().mismatches == 1  # it has changed its argument
        assert "changed arguments" in events()[0].reason

    def test_the_log_is_heard_once(self, caplog: pytest.LogCaptureFixture) -> None:
        function, _ = make(exact)
        with caplog.at_level(logging.INFO):
            function(VALUES)
        assert [record.getMessage() for record in caplog.records] == ["exact"]
        with caplog.at_level(logging.INFO):
            logger.info("others")
        assert caplog.messages[-1] == "others"

    def test_errors_of_both(self) -> None:
        function, one = make(exact)
        with pytest.raises(ValueError, match="values: empty"):
            function(np.empty(0))
        assert one.counters.values().trials == 1
        assert events() == []
        assert one.decision().variant == "fast"

    def test_refusals(self) -> None:
        function, one = make(lambda values, out=None: refuse("not today"))
        assert function(VALUES) == 2.0
        assert kinds() == ["refusal"]
        assert one.counters.values().measured == 0

    def test_nested_calls_are_no_trials(self) -> None:
        runs: list[str] = []
        inner, inner_switch = make(lambda values, out=None: runs.append("fast") or 2.0)
        outer = accelerate(lambda values: inner(values), name="outer")(
            lambda values: runs.append("exact") or inner(values)
        )
        assert outer(VALUES) == 2.0
        assert runs == ["fast", "exact"]
        assert inner_switch.counters.values().trials == 0

    def test_what_cannot_be_copied(self) -> None:
        with Path(__file__).open("rb") as file:
            assert accelerate(lambda _: 1 / 0, name="files")(lambda _: 5)(file) == 5
        assert "cannot be copied" in events()[0].reason
        assert switch("files").counters.values().exact == 1


class TestMismatch:
    def wrong(self, values: Any, out: Any = None) -> float:
        return float(np.nextafter(exact(values, out), np.inf))

    def test_is_found_kept_and_remembered(self, caplog: pytest.LogCaptureFixture) -> None:
        function, one = make(self.wrong)
        with caplog.at_level(logging.ERROR, "freqkernels"):
            assert function(VALUES) == 2.0
        assert kinds() == ["mismatch"]
        assert "2.0000000000000004 != 2.0" in events()[0].reason
        assert "freqkernels replay" in caplog.messages[0]
        record = read(journal.evidence()["tried"])
        assert (record.switch, record.kind, record.exact) == ("tried", "mismatch", 2.0)
        assert np.array_equal(record.args[0], VALUES, equal_nan=True)
        assert "mismatch" in RolloutLog().read().rolled_back["tried"]
        assert one.decision().variant == "exact"
        assert function(VALUES) == 2.0
        assert one.counters.values().trials == 1

    def test_a_breaker_that_is_reset_gives_nothing_back(self) -> None:
        function, one = make(self.wrong)
        function(VALUES)
        one.restore()  # as reset_breakers() does
        assert one.decision().source == "rollout"
        assert function(VALUES) == 2.0
        assert one.counters.values().trials == 1

    def test_survives_a_restart(self) -> None:
        function, one = make(self.wrong)
        function(VALUES)
        control.forget()
        assert one.breaker.closed
        assert one.decision().source == "rollout"
        assert "mismatch" in one.decision().reason

    def test_promoting_it_closes_the_breaker(self) -> None:
        function, one = make(self.wrong)
        function(VALUES)
        control.reload()
        assert one.decision().variant == "exact"
        log = RolloutLog()
        log.append("restore", "tried", "mended", "test")
        control.reload()
        assert one.decision().variant == "fast"
        one.distrust("again")
        control.reload()
        assert one.decision().source == "breaker"

    def test_signed_zeros_and_types_are_bits(self) -> None:
        for value in (-0.0, 0, np.float64(0.0)):
            function = accelerate(lambda _, value=value: value, name=f"{value!r}")(lambda _: 0.0)
            assert str(function(VALUES)) == "0.0"
            assert switch(f"{value!r}".rpartition(".")[2]).counters.values().mismatches == 1

    def test_one_raises(self) -> None:
        def picky(_: Any) -> float:
            raise KeyError("no")

        function = accelerate(lambda _: 5.0, name="one_raises")(picky)
        with pytest.raises(KeyError):
            function(VALUES)
        assert "mismatch" in kinds()

    def test_state_that_cannot_be_written(self, monkeypatch: Any, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way")
        monkeypatch.setenv("FREQKERNELS_STATE_DIRECTORY", str(tmp_path / "file" / "state"))
        control.forget()
        control.configure(shadow=100)
        function, one = make(self.wrong)
        one.restore()
        assert function(VALUES) == 2.0
        assert "could not be kept" in " ".join(event.reason for event in events())
        assert one.decision().variant == "exact"


class TestFailure:
    def test_is_no_mismatch(self) -> None:
        function, _ = make(lambda values, out=None: 1 / 0)
        assert function(VALUES) == 2.0
        assert kinds() == ["failure"]
        (failure,) = failures()
        assert failure.name == "tried"
        assert "ZeroDivisionError" in failure.error
        assert "float64" in failure.arguments[0]

    def test_opens_the_breaker_and_a_probe_closes_it(self) -> None:
        broken = [True]
        function, one = make(lambda values, out=None: 1 / 0 if broken[0] else exact(values, out))
        control.configure(shadow=0, breaker_failures=2, breaker_cooldown=0)
        assert [function(VALUES) for _ in range(4)] == [2.0] * 4
        assert not one.breaker.closed
        assert one.counters.values().failures == 2
        broken[0] = False
        assert function(VALUES) == 2.0  # the probe, answered by the exact one
        assert one.breaker.closed
        assert one.counters.values().trials >= 1
        function(VALUES)
        assert one.counters.values().fast == 1


class TestKernels:
    def test_twins(self) -> None:
        kernel = runtime.kernel("metrics", "valid_span")
        assert kernel(VALUES) == (1, 2)
        assert kernel.switch.counters.values().trials == 1

    def test_outputs_are_the_callers(self) -> None:
        from freqkernels.metrics import _row_mean

        columns, out = [np.array([1.0, 2.0]), np.array([3.0, 5.0])], np.zeros(2)
        _row_mean(columns, out, 1)
        assert list(out) == [2.0, 3.5]
        assert _row_mean.switch.counters.values().trials == 1
        assert events() == []

    def test_a_wrong_kernel(self) -> None:
        kernel = runtime.kernel("metrics", "valid_span")
        pair = kernel._twins()
        pair.fast = lambda values: (1, 1)
        try:
            assert kernel(VALUES) == (1, 2)
            assert kernel.backend == "reference"
            assert kernel(VALUES) == (1, 2)
        finally:
            kernel.reset()
        assert kinds()[0] == "mismatch"

    def test_bad_input(self) -> None:
        kernel = runtime.kernel("metrics", "valid_span")
        with pytest.raises(TypeError, match="isnan"):  # the reference's own
            kernel(None)
        assert events() == []

    def test_bad_input_that_only_one_refuses(self) -> None:
        kernel = runtime.kernel("metrics", "valid_span")

        def picky(_: Any) -> Any:
            raise InvalidInputError("values: bad")

        kernel._twins().fast = picky
        try:
            assert kernel(VALUES) == (1, 2)
        finally:
            kernel.reset()
        assert "InvalidInputError: values: bad != no error" in events()[0].reason


class TestReplacements:
    """Inside of freqtrade: the whole zoo of frames is run by tests/test_replacements.py."""

    def test_a_replaced_function(self) -> None:
        install()
        try:
            from freqtrade.data import metrics

            frames = {"A": pd.DataFrame({"close": [1.0, 2.0, 4.0]})}
            assert metrics.calculate_market_change(frames) == 3.0
            counts = switch("calculate_market_change").counters.values()
            assert (counts.trials, counts.mismatches) == (1, 0)
            frames = {"A": pd.DataFrame({"close": [1.0, 2.0, 4.0]})}
            with pytest.raises(KeyError):
                metrics.calculate_market_change(frames, "nothing")
        finally:
            uninstall()


class TestStrangeValues:
    def test_what_cannot_be_compared_counts(self) -> None:
        class Strange:
            def __eq__(self, other: object) -> bool:
                raise RuntimeError("not me")

        function = accelerate(lambda _: Strange(), name="strange")(lambda _: Strange())
        for _ in range(3):
            function(1)
        counts = switch("strange").counters.values()
        assert (counts.calls, counts.trials, counts.mismatches) == (3, 3, 0)
        assert [(event.kind, event.count) for event in events()] == [("refusal", 3)]
        assert "RuntimeError: not me" in events()[0].reason

    def test_what_cannot_be_shown_differs_all_the_same(self) -> None:
        class Hidden:
            def __eq__(self, other: object) -> bool:
                return False

            def __repr__(self) -> str:
                raise RuntimeError("not me")

        function = accelerate(lambda _: Hidden(), name="hidden")(lambda _: Hidden())
        function(1)
        assert switch("hidden").counters.values().mismatches == 1
        assert switch("hidden").decision().variant == "exact"
        assert kinds() == ["mismatch"]

    def test_no_error_keeps_the_copies(self) -> None:
        class Large:
            def __deepcopy__(self, memo: object) -> Large:
                made = Large()
                alive.append(weakref.ref(made))
                return made

        def failing(_: Large) -> None:
            raise ValueError("no")

        alive: list[weakref.ref[Large]] = []
        function = accelerate(failing, name="large")(failing)
        gc.collect()
        gc.disable()
        try:
            with contextlib.suppress(ValueError):
                function(Large())
            assert len(alive) == 2
            assert [one() for one in alive] == [None, None]
        finally:
            gc.enable()
