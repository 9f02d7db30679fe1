"""Backends, dispatch, recovery, threads and events."""

from __future__ import annotations

import logging
import os
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from freqkernels import runtime
from freqkernels.errors import InvalidInputError, MissingExtensionError
from freqkernels.reference import metrics as reference
from freqkernels.runtime import Support, accelerate, backend, events, journal, refuse, threads
from python_process import python

VALUES = np.array([np.nan, 1.0, 2.0])


@pytest.fixture
def kernel() -> backend.Kernel:
    """A kernel of our own, so that breaking it breaks nothing else."""
    return backend.Kernel("metrics", "valid_span")


class TestBackends:
    def test_twins(self, kernel: backend.Kernel) -> None:
        for name in ("compiled", "reference"):
            with runtime.use_backend(name):
                kernel.reset()
                assert kernel(VALUES) == (1, 2)
                assert kernel.backend == name

    def test_registered_kernels_follow_the_choice(self) -> None:
        entry = runtime.kernel("metrics", "valid_span")
        assert entry is runtime.kernel("metrics", "valid_span")
        with runtime.use_backend("reference"):
            assert entry.backend == "reference"
            with runtime.use_backend("compiled"):
                assert entry.backend == "compiled"
            assert entry.backend == "reference"

    @pytest.mark.parametrize("name", ["fast", "", None, "Compiled"])
    def test_unknown_backend(self, name: Any) -> None:
        with pytest.raises(InvalidInputError, match="auto, compiled, reference"):
            runtime.set_backend(name)
        assert runtime.get_backend() == "auto"

    def test_environment(self) -> None:
        code = "import freqkernels; print(freqkernels.get_backend())"
        assert python(code, FREQKERNELS_BACKEND="reference").stdout == "reference\n"
        assert python(code, FREQKERNELS_BACKEND="").stdout == "auto\n"
        broken = python(code, FREQKERNELS_BACKEND="quick")
        assert broken.returncode != 0
        assert "FREQKERNELS_BACKEND: expected one of" in broken.stderr

    def test_missing_extension(self, kernel: backend.Kernel, monkeypatch: Any) -> None:
        monkeypatch.setitem(sys.modules, "freqkernels._kernels.metrics", None)
        with runtime.use_backend("auto"):
            assert kernel(VALUES) == (1, 2)
            assert kernel.backend == "reference"
        assert [(event.kind, event.name) for event in events()] == [("fallback", "metrics")]
        kernel.reset()
        with (
            runtime.use_backend("compiled"),
            pytest.raises(MissingExtensionError, match="C compiler"),
        ):
            kernel(VALUES)

    def test_missing_extension_is_an_import_error(self) -> None:
        assert issubclass(MissingExtensionError, ImportError)


class TestRecovery:
    @staticmethod
    def broken(*_: Any) -> None:
        raise RuntimeError("kernel is broken")

    @pytest.fixture
    def broken_kernel(self, kernel: backend.Kernel) -> backend.Kernel:
        kernel(VALUES)
        kernel._target = self.broken
        return kernel

    def test_reference_answers_and_it_is_seen(
        self, broken_kernel: backend.Kernel, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.INFO, "freqkernels"):
            assert broken_kernel(VALUES) == (1, 2)
            assert broken_kernel(VALUES) == (1, 2)
        (event,) = events()
        assert (event.kind, event.name, event.count) == ("failure", "metrics.valid_span", 2)
        assert "kernel is broken" in event.reason
        assert [record.levelname for record in caplog.records] == ["WARNING"]

    def test_forced_backend_raises(self, broken_kernel: backend.Kernel) -> None:
        with runtime.use_backend("compiled"), pytest.raises(RuntimeError, match="broken"):
            broken_kernel(VALUES)
        assert events() == []

    def test_bad_input_is_not_recovered(self, kernel: backend.Kernel) -> None:
        def refuses(*_: Any) -> None:
            raise InvalidInputError("values: bad")

        kernel(VALUES)
        kernel._target = refuses
        with pytest.raises(InvalidInputError, match="values: bad"):
            kernel(VALUES)
        assert events() == []

    def test_interrupt_is_not_recovered(self, kernel: backend.Kernel) -> None:
        def interrupted(*_: Any) -> None:
            raise KeyboardInterrupt

        kernel(VALUES)
        kernel._target = interrupted
        with pytest.raises(KeyboardInterrupt):
            kernel(VALUES)


class TestDispatch:
    @staticmethod
    def exact(value: int, *, scale: int = 1) -> int:
        """Exact."""
        if value < 0:
            raise ValueError("value: negative")
        return value * scale

    def make(self, fast: Any) -> Any:
        return accelerate(fast, name="example")(self.exact)

    def test_fast_answers(self) -> None:
        function = self.make(lambda value, *, scale=1: -1)
        assert function(5) == -1
        assert (function.__name__, function.__doc__) == ("exact", "Exact.")
        assert events() == []

    def test_refusal(self) -> None:
        function = self.make(lambda value, *, scale=1: refuse("too small"))
        assert function(5, scale=2) == 10
        (event,) = events()
        assert (event.kind, event.name, event.reason) == ("refusal", "example", "too small")

    def test_failure_of_the_fast_function(self) -> None:
        function = self.make(lambda value, *, scale=1: 1 / 0)
        assert function(5) == 5
        assert [event.kind for event in events()] == ["failure"]
        with runtime.use_backend("compiled"), pytest.raises(ZeroDivisionError):
            function(5)

    def test_bad_calls_raise_the_exact_functions_error(self) -> None:
        function = self.make(lambda value, *, scale=1: 1 / 0)
        with runtime.use_backend("compiled"):
            with pytest.raises(ValueError, match="value: negative"):
                function(-5)
            with pytest.raises(TypeError, match="exact"):
                function()
        assert events() == []

    def test_support_is_true_or_false(self) -> None:
        assert runtime.SUPPORTED
        assert not Support(False, "why")


class TestThreads:
    def test_order_of_sources(self, monkeypatch: Any) -> None:
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        monkeypatch.delenv("FREQKERNELS_NUM_THREADS", raising=False)
        assert runtime.num_threads() == len(os.sched_getaffinity(0))
        monkeypatch.setenv("OMP_NUM_THREADS", "3,2")
        assert runtime.num_threads() == 3
        monkeypatch.setenv("FREQKERNELS_NUM_THREADS", "5")
        assert runtime.num_threads() == 5
        runtime.set_num_threads(7)
        assert runtime.num_threads() == 7
        runtime.set_num_threads(None)
        assert runtime.num_threads() == 5

    @pytest.mark.parametrize("text", ["", "0", "-2", "many", "2.5"])
    def test_rubbish_in_the_environment(self, text: str, monkeypatch: Any) -> None:
        monkeypatch.setenv("OMP_NUM_THREADS", text)
        monkeypatch.delenv("FREQKERNELS_NUM_THREADS", raising=False)
        assert runtime.num_threads() == threads.available_processors()

    @pytest.mark.parametrize("count", [0, -1, 1.5, "2", True, 257, 10**10])
    def test_bad_counts(self, count: Any) -> None:
        with pytest.raises(InvalidInputError, match="count"):
            runtime.set_num_threads(count)

    def test_absurd_counts_in_the_environment(self) -> None:
        """OpenMP would end the process when it cannot make that many threads."""
        done = python(
            "import numpy as np\nfrom freqkernels import runtime\n"
            "from freqkernels.metrics import _row_mean\n"
            "out = np.empty(400_000)\n"
            "_row_mean([np.ones(400_000)] * 4, out, runtime.threads_for(1e9))\n"
            "print(runtime.num_threads(), out.sum())",
            FREQKERNELS_NUM_THREADS="99999",
        )
        assert (done.returncode, done.stdout) == (0, "256 400000.0\n"), done.stderr

    def test_a_child_forked_while_a_lock_is_held(self) -> None:
        done = python(
            "import os, threading, time\nfrom freqkernels.runtime import journal\n"
            "held = threading.Event()\n"
            "def hold():\n"
            "    with journal._lock:\n"
            "        held.set()\n"
            "        time.sleep(3)\n"
            "threading.Thread(target=hold, daemon=True).start()\n"
            "held.wait()\n"
            "pid = os.fork()\n"
            "if not pid:\n"
            "    journal.record('refusal', 'f', 'in the child')\n"
            "    os._exit(len(journal.events()))\n"
            "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))"
        )
        assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr

    def test_small_inputs_are_serial(self) -> None:
        runtime.set_num_threads(4)
        try:
            assert runtime.threads_for(threads.PARALLEL_FROM_NS - 1) == 1
            assert runtime.threads_for(threads.PARALLEL_FROM_NS) == 4
        finally:
            runtime.set_num_threads(None)

    def test_a_forked_child_is_serial_and_does_not_hang(self) -> None:
        done = python(
            "import os, numpy as np\n"
            "from freqkernels import runtime\n"
            "from freqkernels.metrics import _row_mean\n"
            "columns, out = [np.ones(500_000)] * 8, np.empty(500_000)\n"
            "assert runtime.num_threads() == 2\n"
            "_row_mean(columns, out, 2)\n"
            "pid = os.fork()\n"
            "assert runtime.num_threads() == (2 if pid else 1)\n"
            "_row_mean(columns, out, runtime.threads_for(1e9))\n"
            "if pid:\n"
            "    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0\n"
            "print(out.sum())",
            OMP_NUM_THREADS="2",
        )
        assert (done.returncode, done.stdout) == (0, "500000.0\n500000.0\n"), done.stderr


class TestEvents:
    def test_counted_under_threads(self) -> None:
        def work() -> None:
            for _ in range(1000):
                journal.record("refusal", "f", "same")

        workers = [threading.Thread(target=work) for _ in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert [event.count for event in events()] == [8000]

    def test_memory_is_bounded(self) -> None:
        for i in range(3000):
            journal.record("refusal", "f", f"reason {i}")
        assert len(events()) <= 1002
        assert sum(event.count for event in events()) == 3000

    def test_logged_once(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.INFO, "freqkernels"):
            for _ in range(3):
                journal.record("refusal", "f", "reason")
        assert [record.getMessage() for record in caplog.records] == ["refusal of f: reason"]


def test_calls_from_many_threads_while_the_backend_changes() -> None:
    """Every call answers right, whichever twin it meets."""
    kernel = runtime.kernel("metrics", "valid_span")
    wrong: list[Any] = []
    stop = threading.Event()

    def call() -> None:
        while not stop.is_set():
            answer = kernel(VALUES)
            if answer != (1, 2):
                wrong.append(answer)

    workers = [threading.Thread(target=call) for _ in range(4)]
    for worker in workers:
        worker.start()
    for i in range(200):
        runtime.set_backend(runtime.BACKENDS[i % 3])
    stop.set()
    for worker in workers:
        worker.join()
    runtime.set_backend("auto")
    assert wrong == []


def test_reference_runs_without_the_extensions(tmp_path: Path) -> None:
    """A copy of the package without compiled files, as a pure wheel installs it."""
    import shutil

    import freqkernels

    source = Path(freqkernels.__file__).parent
    target = tmp_path / "freqkernels"
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.so", "*.pyd", "__pycache__"))
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]) if len(sys.argv) > 1 else None\n"
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        "sys.meta_path = [f for f in sys.meta_path if 'editable' not in type(f).__module__.lower()"
        " and 'ScikitBuild' not in type(f).__name__]\n"
        "import numpy as np, freqkernels\n"
        "from freqkernels import metrics, runtime\n"
        f"assert freqkernels.__file__.startswith({str(tmp_path)!r}), freqkernels.__file__\n"
        "print(metrics._valid_span(np.array([np.nan, 1.0])), metrics._valid_span.backend)\n"
        "print([event.kind for event in freqkernels.events()])"
    )
    done = python(code)
    assert done.stdout == "(1, 1) reference\n['fallback']\n", done.stderr
    forced = python(code, FREQKERNELS_BACKEND="compiled")
    assert forced.returncode != 0
    assert "MissingExtensionError" in forced.stderr


def test_reference_is_not_reached_from_compiled(backend: str) -> None:
    """The forced backend really is the one that runs."""
    entry = runtime.kernel("metrics", "valid_span")
    assert entry.backend == backend
    is_reference = entry.twin(backend) is reference.valid_span
    assert is_reference is (backend == "reference")
