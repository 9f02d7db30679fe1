"""The monitor: what a tick does, and that the thread begins, goes on and ends."""

from __future__ import annotations

import logging
import math
import os
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from freqkernels.errors import InvalidInputError
from freqkernels.runtime.decisions import switch
from freqkernels.runtime.telemetry.monitor import MOST_TICKS, Monitor
from freqkernels.runtime.telemetry.snapshots import Snapshot, read_file, snapshot

NAME = "calculate_csum"


def count_a_call() -> None:
    switch(NAME).counters.count(7)


def python(code: str, *args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, args)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


class TestTicks:
    def test_a_file_that_changes(self, tmp_path: Path) -> None:
        file, other = tmp_path / "settings.json", tmp_path / "rollout.jsonl"
        file.write_text("a")
        reloads: list[int] = []
        monitor = Monitor(watched=[file, other], reload=lambda: reloads.append(1))
        seen = []
        for change in (
            lambda: None,
            lambda: file.write_text("longer"),
            lambda: None,
            lambda: other.write_text("appeared"),
            lambda: other.unlink(),
            lambda: (tmp_path / "new").write_text("LONGER"),
            lambda: (tmp_path / "new").replace(file),
        ):
            change()
            monitor.tick()
            seen.append(len(reloads))
        assert seen == [0, 1, 1, 2, 3, 3, 4]

    def test_what_goes_wrong_is_told_once_and_again_when_it_changes(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        file = tmp_path / "settings.json"
        errors = iter(["bad", "bad", "worse", "", "bad"])

        def reload() -> None:
            text = next(errors)
            if text:
                raise InvalidInputError(text)

        monitor = Monitor(watched=[file], reload=reload)
        for length in range(1, 6):
            file.write_text("x" * length)
            monitor.tick()
        told = [record.getMessage().rpartition(": ")[2] for record in caplog.records]
        assert told == ["bad", "worse", "bad"]
        assert {record.levelno for record in caplog.records} == {logging.WARNING}

    def test_the_less_happens_the_seldomer_it_looks(self, monkeypatch: Any) -> None:
        looks: list[int] = []
        tick = 0

        def look() -> Snapshot:
            looks.append(tick)
            return snapshot()

        monkeypatch.setattr("freqkernels.runtime.telemetry.monitor.snapshot", look)
        monitor = Monitor()
        for tick in range(1, 80):
            if tick == 70:
                count_a_call()
            monitor.tick()
        quiet = [1, 2, 4, 8, 16, 32, 48, 64]
        assert looks[: len(quiet)] == quiet
        assert max(b - a for a, b in pairwise(looks)) == MOST_TICKS
        for tick in range(80, 90):  # noqa: B007
            count_a_call()
            monitor.tick()
        assert looks[-10:] == list(range(80, 90))

    def test_files_are_looked_at_in_each_tick(self, tmp_path: Path) -> None:
        reloads: list[int] = []
        file = tmp_path / "f"
        monitor = Monitor(watched=[file], reload=lambda: reloads.append(1))
        for _ in range(40):
            monitor.tick()
        file.write_text("now")
        monitor.tick()
        assert reloads == [1]

    def test_callbacks_get_what_has_changed(self) -> None:
        seen: list[Snapshot] = []
        monitor = Monitor(callbacks=[seen.append])
        for _ in range(5):
            monitor.tick()
        assert len(seen) == 1
        count_a_call()
        for _ in range(MOST_TICKS):
            monitor.tick()
        assert [len(one.switches) for one in seen] == [0, 1]
        assert seen[1].switches[0].counts.rows == 7

    def test_a_broken_callback_harms_nobody(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(_: Snapshot) -> None:
            raise ZeroDivisionError("broken")

        seen: list[Snapshot] = []
        file = tmp_path / "telemetry.json"
        monitor = Monitor(telemetry_file=file, callbacks=[broken, seen.append])
        for _ in range(3):
            count_a_call()
            monitor.tick()
        assert len(seen) == 3
        assert read_file(file) == seen[-1]
        assert ["broken" in record.getMessage() for record in caplog.records] == [True]

    def test_a_file_that_cannot_be_written_is_tried_again(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        folder = tmp_path / "folder"
        folder.write_text("in the way")
        monitor = Monitor(telemetry_file=folder / "telemetry.json")
        for _ in range(3):
            monitor.tick()
        assert len(caplog.records) == 1
        folder.unlink()
        monitor.tick()
        assert read_file(folder / "telemetry.json").pid == os.getpid()


class TestThread:
    def test_begins_goes_on_and_ends(self, tmp_path: Path) -> None:
        second = threading.Event()
        seen: list[Snapshot] = []

        def look(now: Snapshot) -> None:
            seen.append(now)
            count_a_call()
            if len(seen) > 1:
                second.set()

        file, processes = tmp_path / "telemetry.json", tmp_path / "processes"
        monitor = Monitor(0.001, telemetry_file=file, processes=processes, callbacks=[look])
        assert not monitor.is_running
        with monitor:
            assert second.wait(30)
            assert monitor.is_running
            own = [thread for thread in threading.enumerate() if "monitor" in thread.name]
            assert [thread.daemon for thread in own] == [True]
            assert read_file(processes / f"{os.getpid()}.json").pid == os.getpid()
        assert not monitor.is_running
        assert not [thread for thread in threading.enumerate() if "monitor" in thread.name]
        assert list(processes.iterdir()) == []
        assert read_file(file).switches[0].counts.calls == len(seen)

    def test_twice(self) -> None:
        monitor = Monitor(60)
        monitor.stop()
        monitor.start()
        monitor.start()
        assert len([one for one in threading.enumerate() if "monitor" in one.name]) == 1
        monitor.stop()
        monitor.stop()
        monitor.start()
        assert monitor.is_running
        monitor.stop()

    def test_started_and_stopped_by_many_threads(self) -> None:
        monitor = Monitor(60)
        start = threading.Barrier(16)

        def work(number: int) -> None:
            start.wait()
            for _ in range(10):
                (monitor.start if number % 2 else monitor.stop)()

        threads = [threading.Thread(target=work, args=(i,)) for i in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        monitor.stop()
        assert not monitor.is_running
        for thread in threading.enumerate():
            if "monitor" in thread.name:
                thread.join(30)
        assert not [one for one in threading.enumerate() if "monitor" in one.name]

    def test_stopped_from_within(self) -> None:
        stopped = threading.Event()

        def stop(_: Snapshot) -> None:
            monitor.stop()
            stopped.set()

        monitor = Monitor(0.001, callbacks=[stop])
        monitor.start()
        assert stopped.wait(30)
        assert not monitor.is_running

    @pytest.mark.parametrize("interval", [0, -1, math.nan, math.inf, True, "2", None])
    def test_bad_intervals(self, interval: Any) -> None:
        with pytest.raises(InvalidInputError, match="interval: expected a positive number"):
            Monitor(interval)


class TestProcesses:
    def test_the_end_of_a_process_is_not_held_up(self, tmp_path: Path) -> None:
        """An interval of a year: the process ends at once, with its last counts in the file."""
        file, processes = tmp_path / "telemetry.json", tmp_path / "processes"
        done = python(
            "import sys\nfrom pathlib import Path\n"
            "from freqkernels.runtime.telemetry.monitor import Monitor\n"
            "from freqkernels.runtime.decisions import switch\n"
            "file, processes = map(Path, sys.argv[1:])\n"
            "Monitor(3e7, telemetry_file=file, processes=processes).start()\n"
            f"switch({NAME!r}).counters.count(5)",
            file,
            processes,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert read_file(file).switches[0].counts.rows == 5
        assert list(processes.iterdir()) == []

    def test_a_forked_child_has_none_until_it_starts_one(self, tmp_path: Path) -> None:
        if not hasattr(os, "fork"):
            pytest.skip("no fork here")
        done = python(
            "import os, sys, threading\nfrom pathlib import Path\n"
            "from freqkernels.runtime.telemetry.monitor import Monitor\n"
            "written, processes = threading.Event(), Path(sys.argv[1])\n"
            "def of(pid): return (processes / f'{pid}.json').exists()\n"
            "monitor = Monitor(60, processes=processes, callbacks=[lambda _: written.set()])\n"
            "monitor.start()\n"
            "written.wait()\n"
            "parent, pid = os.getpid(), os.fork()\n"
            "if not pid:\n"
            "    found = [monitor.is_running]\n"
            "    monitor.stop()\n"
            "    found += [of(parent)]\n"
            "    written.clear()\n"
            "    monitor.start()\n"
            "    written.wait()\n"
            "    found += [monitor.is_running, of(os.getpid())]\n"
            "    monitor.stop()\n"
            "    found += [of(os.getpid()), of(parent)]\n"
            "    os._exit(found != [False, True, True, True, False, True])\n"
            "code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])\n"
            "print(code, monitor.is_running, of(parent))",
            tmp_path,
        )
        assert done.stdout == "0 True True\n", done.stderr
        assert list(tmp_path.iterdir()) == []
