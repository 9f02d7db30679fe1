"""Settings in force: read once, changed by calls, read again, taken over by forks and workers."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import freqkernels
from freqkernels import runtime
from freqkernels.errors import FreqkernelsError, InvalidInputError
from freqkernels.runtime import accelerate, control, events, journal, switch, switches
from freqkernels.runtime.decisions import Mode, Switch
from freqkernels.runtime.rollout import RolloutLog
from freqkernels.runtime.settings import Settings
from python_process import python

VALUES = np.array([np.nan, 1.0, 2.0])
KERNEL = runtime.kernel("metrics", "valid_span")


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether something becomes true; only a defect waits for long."""
    for _ in range(2000):
        if holds():
            return True
        time.sleep(0.01)
    return False


class TestConfigure:
    def test_defaults(self) -> None:
        assert freqkernels.effective().settings == Settings()
        assert freqkernels.decision("metrics.valid_span").variant == "fast"

    def test_code_is_above_the_environment(self, monkeypatch: Any) -> None:
        monkeypatch.setenv("FREQTRADE_OPT_LEVEL", "conservative")
        assert runtime.current().level == "conservative"
        freqkernels.configure(level="standard")
        assert runtime.current().level == "standard"
        assert freqkernels.effective().origins["level"] == "code"
        freqkernels.configure(level=None)
        assert runtime.current().level == "conservative"

    def test_off_and_on_again(self) -> None:
        freqkernels.configure(level="disabled")
        assert all(one.decision().variant == "exact" for one in switches())
        assert KERNEL(VALUES) == (1, 2)
        assert KERNEL.backend == "reference"
        freqkernels.configure(level=None)
        assert KERNEL.backend == "compiled"

    @pytest.mark.parametrize(
        "values",
        [
            {"level": "all"},
            {"nothing_of_this_name": 1},
            {"shadow": 101},
            {"functions": {"no_such_function": {}}},
            {"functions": {"backtest": {"enabled": "maybe"}}},
        ],
    )
    def test_bad_values_change_nothing(self, values: dict[str, Any]) -> None:
        freqkernels.configure(level="standard")
        before = freqkernels.effective()
        with pytest.raises(InvalidInputError):
            freqkernels.configure(**values)
        assert freqkernels.effective() == before
        assert runtime.current().level == "standard"

    def test_backend_and_threads(self) -> None:
        freqkernels.configure(backend="reference", num_threads=1)
        try:
            assert KERNEL.backend == "reference"
            assert runtime.num_threads() == 1
        finally:
            runtime.set_backend("auto")
            runtime.set_num_threads(None)

    def test_unknown_names(self) -> None:
        with pytest.raises(InvalidInputError, match="no function or kernel"):
            freqkernels.decision("nothing")
        with pytest.raises(InvalidInputError, match="no function or kernel"):
            freqkernels.reset_breakers("nothing")


class TestEnvironment:
    CODE = (
        "import numpy as np\nfrom freqkernels import metrics, runtime, configure\n"
        "print(metrics._valid_span(np.array([1.0])), metrics._valid_span.backend)"
    )

    def test_nothing_set_loads_nothing(self) -> None:
        done = python(f"{self.CODE}\nimport sys; print('pydantic' in sys.modules)")
        assert done.stdout == "(0, 0) compiled\nFalse\n", done.stderr

    def test_level(self) -> None:
        assert python(self.CODE, FREQTRADE_OPT_LEVEL="disabled").stdout == "(0, 0) reference\n"
        assert python(self.CODE, FREQTRADE_OPT_LEVEL="").stdout == "(0, 0) compiled\n"

    def test_one_kernel(self) -> None:
        done = python(self.CODE, FREQTRADE_OPT_METRICS_VALID_SPAN="false")
        assert done.stdout == "(0, 0) reference\n"

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("FREQTRADE_OPT_LEVEL", "disabeld"),
            ("FREQTRADE_OPT_METRICS_VALID_SPAN", "perhaps"),
            ("FREQTRADE_OPT_BACKTEST_PERCENTAGE", "1e999"),
            ("FREQTRADE_OPT_NOTHING", "true"),
            ("FREQKERNELS_SHADOW", "lots"),
        ],
    )
    def test_rubbish_is_an_error_that_names_it(self, name: str, value: str) -> None:
        """Who mistypes the switch that turns everything off must not believe that it is off."""
        done = python(self.CODE, **{name: value})
        assert done.returncode != 0
        assert "InvalidInputError" in done.stderr
        assert name in done.stderr.splitlines()[-1]
        done = python("import freqkernels; freqkernels.install()", **{name: value})
        assert name in done.stderr.splitlines()[-1]

    def test_all_rubbish_at_once(self) -> None:
        rubbish = {f"FREQTRADE_OPT_{i}_\u00e4": "x" * 1000 for i in range(200)}
        done = python(self.CODE, **rubbish)
        assert "InvalidInputError" in done.stderr
        assert len(done.stderr) < 20_000


class TestReload:
    def test_environment(self, monkeypatch: Any) -> None:
        assert KERNEL.backend == "compiled"
        monkeypatch.setenv("FREQTRADE_OPT_LEVEL", "disabled")
        assert KERNEL.backend == "compiled"
        assert freqkernels.reload().level == "disabled"
        assert KERNEL.backend == "reference"

    def test_configuration(self) -> None:
        sections: list[Any] = [{"level": "standard"}, {"level": "disabled"}, {"level": "wrong"}]
        control.set_config(sections[0], lambda: sections[1])
        assert runtime.current().level == "standard"
        freqkernels.reload()
        assert runtime.current().level == "disabled"
        control.set_config(sections[0], lambda: sections[2])
        with pytest.raises(InvalidInputError, match="level"):
            freqkernels.reload()
        assert runtime.current().level == "standard"

    def test_mistakes_are_logged_where_nobody_can_handle_them(
        self, monkeypatch: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        freqkernels.configure(shadow=0)
        monkeypatch.setenv("FREQTRADE_OPT_LEVEL", "wrong")
        control.reload_logged()
        assert "FREQTRADE_OPT_LEVEL" in caplog.text
        assert runtime.current().level == "aggressive"

    def test_breakers_stay(self) -> None:
        one = switch("tried")
        one.distrust("bits")
        freqkernels.reload()
        assert one.decision().source == "breaker"
        freqkernels.reset_breakers()
        assert one.decision().variant == "fast"

    @pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="this platform has no SIGUSR1")
    def test_signal(self, monkeypatch: Any) -> None:
        before = signal.getsignal(signal.SIGUSR1)
        freqkernels.reload_on_signal()
        try:
            monkeypatch.setenv("FREQTRADE_OPT_LEVEL", "disabled")
            with switch("tried").counters.lock:  # the main thread may hold any lock
                os.kill(os.getpid(), signal.SIGUSR1)
                assert eventually(lambda: runtime.current().level == "disabled")
        finally:
            signal.signal(signal.SIGUSR1, before)

    def test_signals_that_cannot_be(self) -> None:
        for number in (-1, 10**6, "USR1", signal.SIGKILL):
            with pytest.raises(InvalidInputError, match="number"):
                freqkernels.reload_on_signal(number)  # type: ignore[arg-type]
        raised: list[Exception] = []

        def elsewhere() -> None:
            try:
                freqkernels.reload_on_signal()
            except InvalidInputError as error:
                raised.append(error)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        assert len(raised) == 1


class TestAdopt:
    def test_another_process(self, monkeypatch: Any) -> None:
        freqkernels.configure(level="standard", functions={"backtest": {"percentage": 5}})
        sent = pickle.loads(pickle.dumps(freqkernels.effective()))
        control.forget()
        monkeypatch.setenv("FREQTRADE_OPT_LEVEL", "disabled")
        control.adopt(sent)
        assert freqkernels.effective() == sent
        assert freqkernels.reload().level == "standard"


class TestManyThreads:
    def test_flags_flip_while_calls_go_on(self) -> None:
        """Every call answers right and is counted once, whoever answers it."""
        calls, threads = 300, 32
        wrong: list[Any] = []
        function = accelerate(lambda value: value * 2, name="tried")(lambda value: value * 2)
        before = KERNEL.switch.counters.values().calls
        start = threading.Barrier(threads + 1)

        def work(number: int) -> None:
            start.wait()
            for i in range(calls):
                if KERNEL(VALUES) != (1, 2) or function(i) != 2 * i:
                    wrong.append((number, i))

        workers = [threading.Thread(target=work, args=(i,)) for i in range(threads)]
        for worker in workers:
            worker.start()
        start.wait()
        choices: list[dict[str, Any]] = [
            {"level": "disabled"},
            {"level": "standard", "percentage": 50},
            {"level": "experimental", "shadow": 50, "telemetry": "timed"},
            {"shadow": 0, "percentage": None, "level": None, "telemetry": None},
        ]
        turn = 0
        while any(worker.is_alive() for worker in workers):
            freqkernels.configure(**choices[turn % len(choices)])
            turn += 1
        for worker in workers:
            worker.join()
        assert wrong == []
        assert KERNEL.switch.counters.values().calls - before == calls * threads
        counts = switch("tried").counters.values()
        assert (counts.calls, counts.rows, counts.mismatches) == (calls * threads, 0, 0)
        assert not [event for event in events() if event.kind in ("failure", "mismatch")]

    def test_a_signal_handler_may_come_in_anywhere(self) -> None:
        """In the middle of counting, in the same thread: nothing waits, nothing is lost."""
        function = accelerate(lambda value: value, name="interrupted")(lambda value: value)
        counters = switch("interrupted").counters

        def interrupted() -> None:
            for _ in range(600):
                function(1)
            with counters.lock, journal._lock:
                for _ in range(600):
                    function(1)
                counters.values()
                journal.record("refusal", "interrupted", "why not")
                events()

        thread = threading.Thread(target=interrupted, daemon=True)
        thread.start()
        thread.join(20)
        assert not thread.is_alive()
        assert counters.values().fast == 1200

    def test_failures_are_counted_exactly(self) -> None:
        freqkernels.configure(breaker_failures=10_000)
        function = accelerate(lambda value: 1 / 0, name="tried")(lambda value: value)
        answers: list[int] = []

        def work() -> None:
            answers.extend(function(i) for i in range(100))

        workers = [threading.Thread(target=work) for _ in range(32)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert sorted(answers) == sorted(list(range(100)) * 32)
        counts = switch("tried").counters.values()
        assert (counts.calls, counts.failures) == (3200, 3200)
        assert [(event.kind, event.count) for event in events()] == [("failure", 3200)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_a_fork_in_the_middle_of_everything() -> None:
    done = python(
        "import os, threading, numpy as np\n"
        "from freqkernels import metrics, runtime, configure\n"
        "values, stop = np.array([1.0]), threading.Event()\n"
        "def call():\n"
        "    while not stop.is_set(): metrics._valid_span(values)\n"
        "def flip():\n"
        "    while not stop.is_set():\n"
        "        for level in ('disabled', 'standard', 'experimental'): configure(level=level)\n"
        "workers = [threading.Thread(target=work, daemon=True) for work in (call, call, flip)]\n"
        "for worker in workers: worker.start()\n"
        "codes = []\n"
        "for i in range(30):\n"
        "    pid = os.fork()\n"
        "    if not pid:\n"
        "        configure(level='standard')\n"
        "        one = runtime.switch('metrics.valid_span')\n"
        "        before = one.counters.values().calls\n"
        "        ok = metrics._valid_span(values) == (0, 0)\n"
        "        one.failed('a failure'); one.distrust('bits'); one.restore(); runtime.reload()\n"
        "        ok &= one.counters.values().calls == before + 1\n"
        "        os._exit(0 if ok else 3)\n"
        "    codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
        "stop.set()\n"
        "print(set(codes))"
    )
    assert done.stdout == "{0}\n", done.stderr


def test_a_rollout_that_cannot_be_understood_stops_everything(
    caplog: pytest.LogCaptureFixture,
) -> None:
    control.effective()
    log = RolloutLog()
    log.path.parent.mkdir(parents=True, exist_ok=True)
    log.path.write_text("rubbish\n")
    try:
        freqkernels.reload()
        assert KERNEL.backend == "reference"
        assert KERNEL(VALUES) == (1, 2)
        assert "line 1" in freqkernels.decision("metrics.valid_span").reason
        assert "nothing runs fast" in caplog.text
    finally:
        log.path.unlink()
    freqkernels.reload()
    assert KERNEL.backend == "compiled"


@pytest.mark.parametrize("settings", [{}, {"telemetry": "timed"}, {"level": "disabled"}])
@pytest.mark.parametrize("backend", ["compiled", "reference"])
def test_errors_of_kernels_are_counted(backend: str, settings: dict[str, Any]) -> None:
    freqkernels.configure(**settings)
    before = KERNEL.switch.counters.values()
    with runtime.use_backend(backend):
        for wrong in ("text", None):
            with pytest.raises((TypeError, ValueError)):
                KERNEL(wrong)
    after = KERNEL.switch.counters.values()
    assert (after.errors - before.errors, after.calls - before.calls) == (2, 2)


def test_what_is_restored_is_restored_once(tmp_path: Path) -> None:
    """A log that cannot be read for a moment gives nothing back a second time."""
    freqkernels.configure(state_directory=str(tmp_path))
    log, one = RolloutLog(), switch("calculate_csum")
    one.distrust("before the process looked at the log")
    log.append("restore", one.name, "looked at")
    freqkernels.reload()
    assert one.decision().variant == "fast"
    one.distrust("a mismatch whose rollback could not be written")
    lines = log.path.read_bytes()
    for unreadable in (b"rubbish\n", None):
        log.path.unlink()
        if unreadable is not None:
            log.path.write_bytes(unreadable)
        freqkernels.reload()
        log.path.write_bytes(lines)
        freqkernels.reload()
        assert one.decision().source == "breaker"
    log.append("restore", one.name, "looked at again")
    freqkernels.reload()
    assert one.decision().variant == "fast"


def test_a_log_that_is_begun_anew(tmp_path: Path) -> None:
    freqkernels.configure(state_directory=str(tmp_path))
    log, one = RolloutLog(), switch("calculate_csum")
    for _ in range(2):
        log.append("check", phase="metrics")
        log.append("promote", phase="backtest")
    freqkernels.reload()
    assert control.steps_seen() == 4
    log.path.rename(tmp_path / "old")
    freqkernels.reload()
    one.distrust("a mismatch")
    assert "promote" in control.roll_back(one.name, "a mismatch", "shadow")
    assert one.decision().source == "rollout"
    assert control.steps_seen() == 1
    log.append("restore", one.name, "looked at")
    freqkernels.reload()
    assert one.decision().variant == "fast"
    assert control.restored_since(1) == control.restored_since(4) == {one.name}


def test_an_older_step_does_not_give_back_what_is_rolled_back_now(tmp_path: Path) -> None:
    freqkernels.configure(state_directory=str(tmp_path))
    one, elsewhere = switch("calculate_csum"), RolloutLog()
    elsewhere.append("rollback", one.name, "a doubt")
    elsewhere.append("restore", one.name, "no doubt")
    one.distrust("a mismatch")
    control.roll_back(one.name, "a mismatch", "shadow")
    assert one.distrusted


def test_a_rollback_amid_a_change_of_settings(tmp_path: Path) -> None:
    """Whoever changes settings may wait for what this thread holds: it is followed later."""
    freqkernels.configure(state_directory=str(tmp_path))
    one, held, go_on = switch("calculate_csum"), threading.Event(), threading.Event()

    def hold() -> None:
        with control._lock:
            held.set()
            go_on.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(20)
    assert "promote" in control.roll_back(one.name, "a mismatch", "shadow")
    assert one.decision().variant == "fast"
    go_on.set()
    thread.join()
    assert eventually(lambda: one.decision().source == "rollout")


def test_a_rollback_goes_where_this_process_looks(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    freqkernels.configure(state_directory="mine")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    control.roll_back("calculate_csum", "a mismatch", "shadow")
    assert (tmp_path / "mine" / "rollout.jsonl").is_file()
    assert freqkernels.decision("calculate_csum").source == "rollout"


def test_what_a_handler_has_changed_stays_if_the_rest_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure, waiting = Switch.configure, [lambda: freqkernels.configure(level="disabled")]

    def disturbed(self: Switch, *args: Any) -> None:
        if waiting:
            waiting.pop()()
            monkeypatch.setenv("FREQTRADE_OPT_LEVEL", "rubbish")  # the second look finds that
        configure(self, *args)

    control.effective()
    with monkeypatch.context() as patch:
        patch.setattr(Switch, "configure", disturbed)
        with pytest.raises(InvalidInputError, match="rubbish"):
            freqkernels.configure(telemetry="off")
    assert control.current().level == "disabled"
    assert {one.mode for one in switches()} == {Mode.EXACT}


def test_a_signal_handler_that_switches_everything_off_amid_other_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is not undone by the call that it came into, whose own change is not lost either."""
    waiting = [lambda: freqkernels.configure(level="disabled")]
    names = [one.name for one in switches()]
    assert len(names) > 2
    configure = Switch.configure

    def disturbed(self: Switch, *args: Any) -> None:
        if waiting and self.name == names[1]:
            waiting.pop()()
        configure(self, *args)

    for change in (
        lambda: freqkernels.configure(telemetry="off"),
        freqkernels.reload,
        lambda: control.set_config({"telemetry": "off"}),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(Switch, "configure", disturbed)
            change()
        assert control.current().level == "disabled"
        assert {one.mode for one in switches()} == {Mode.EXACT}
        assert control.current().telemetry == "off"
        freqkernels.configure(level=None)
        waiting = [lambda: freqkernels.configure(level="disabled")]


def test_without_pydantic_settings_it_is_said_what_is_missing(monkeypatch: Any) -> None:
    assert control.current() == Settings()
    monkeypatch.delitem(sys.modules, "freqkernels.runtime.sources", raising=False)
    monkeypatch.delattr(runtime, "sources", raising=False)
    monkeypatch.setitem(sys.modules, "pydantic_settings", None)
    with pytest.raises(FreqkernelsError, match="pip install pydantic-settings"):
        control.configure(level="disabled")
    assert control.current() == Settings()


def test_a_slow_kernel_is_switched_off_by_the_gate() -> None:
    freqkernels.configure(min_speedup=1.5, gate_trials=5)

    def slow(value: int) -> int:
        time.sleep(0.003)
        return value

    function = accelerate(slow, name="tried")(lambda value: value)
    assert [function(i) for i in range(8)] == list(range(8))
    decision = switch("tried").decision()
    assert (decision.variant, decision.source) == ("exact", "gate")
    counts = switch("tried").counters.values()
    assert (counts.trials, counts.exact) == (5, 3)
