"""``freqkernels status``: other processes, by the files that they keep."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from freqkernels.cli import main
from freqkernels.runtime.decisions import switch
from freqkernels.runtime.journal import Event
from freqkernels.runtime.telemetry.snapshots import snapshot, write_file
from made_snapshots import made_snapshot, switch_values

OURS = [sys.executable, "-m", "freqkernels"]
#: A process with a monitor, until its input ends.
WORKER = """
import sys, threading
from pathlib import Path
from freqkernels.runtime.telemetry.monitor import Monitor
from freqkernels.runtime.places import state_directory
from freqkernels.runtime.decisions import switch
switch("calculate_csum").counters.count(1234)
written = threading.Event()
with Monitor(60, processes=state_directory() / "processes", callbacks=[lambda _: written.set()]):
    written.wait()
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FREQKERNELS_STATE_DIRECTORY", str(tmp_path))
    return tmp_path


def ended_process() -> int:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def test_a_running_process(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    with worker:
        assert worker.stdout.readline() == "ready\n"
        assert main(["status", "--file"]) == 0
        text = capsys.readouterr().out
        assert main(["status", "--file", "--json"]) == 0
        (one,) = json.loads(capsys.readouterr().out)["processes"]
    assert text.startswith(f"running, {state}")
    assert f"process {worker.pid}, freqkernels" in text
    assert "1 calls over 1,234 rows, 100.0% answered fast" in text
    assert (one["state"], one["problem"]) == ("running", "")
    assert one["report"]["snapshot"]["pid"] == worker.pid
    assert one["report"]["totals"]["rows"] == 1234
    assert main(["status", "--file"]) == 0
    assert "no process has a monitor" in capsys.readouterr().out


def test_stale_files(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a process that has ended, and of one whose number another one has by now."""
    write_file(state / "ended.json", made_snapshot(pid=ended_process()))
    write_file(state / "again.json", made_snapshot(pid=os.getpid(), taken=1000.0))
    write_file(state / "none.json", made_snapshot(pid=2**62))
    write_file(state / "here.json", snapshot())
    names = ("ended", "again", "none", "here")
    files = [str(state / f"{name}.json") for name in names]
    assert main(["status", "--json", "--file", *files]) == 0
    found = json.loads(capsys.readouterr().out)["processes"]
    assert [one["state"] for one in found] == ["stale", "stale", "stale", "running"]
    assert main(["status", "--file", files[0]]) == 0
    assert capsys.readouterr().out.startswith("stale: process ")


def test_decisions_and_breakers(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    off = {"variant": "exact", "reason": "the level is disabled", "source": "level"}
    switches = [switch_values(f"f{i}", exact=1, **off) for i in range(6)]
    broken = switch_values("g", variant="exact", breaker="open", breaker_reason="3 failures")
    write_file(state / "file.json", made_snapshot(*switches, broken))
    assert main(["status", "--file", str(state / "file.json")]) == 0
    text = capsys.readouterr().out
    assert "exact: f0, f1, f2, f3 and 2 more: the level is disabled (level)" in text
    assert "breaker of g is open: 3 failures" in text


def test_files_that_cannot_be_read(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (state / "cut.json").write_text('{"format": 1, "pid')
    write_file(state / "good.json", made_snapshot())
    files = [str(state / name) for name in ("cut.json", "none.json", "good.json")]
    assert main(["status", "--file", *files]) == 1
    text = capsys.readouterr().out
    assert f"{files[0]}: cut off or damaged" in text
    assert f"{files[1]}: cannot be read" in text
    assert "process 1, freqkernels 1" in text
    assert main(["status", "--json", "--file", *files]) == 1
    found = json.loads(capsys.readouterr().out)["processes"]
    assert [one["report"] is None for one in found] == [True, True, False]


def test_texts_that_no_terminal_should_get(state: Path) -> None:
    event = Event("failure", "f", "red \x1b[31m, a line\nand half a \ud800 币", 3)
    hostile = made_snapshot(switch_values("f", failures=3), events=(event,))
    write_file(state / "file.json", hostile)
    done = subprocess.run(
        [*OURS, "status", "--file", str(state / "file.json")],
        capture_output=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 0, done.stderr
    assert b"red ?[31m, a line and half a ? \\u5e01" in done.stdout


def test_functions_with_their_decisions(state: Path) -> None:
    def run(*args: str) -> str:
        return subprocess.run(
            [*OURS, "status", *args],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={**os.environ, "FREQTRADE_OPT_CALCULATE_CSUM": "false"},
        ).stdout

    rows = {row["name"]: row for row in json.loads(run("--json"))}
    assert rows["calculate_csum"]["decision"]["variant"] == "exact"
    assert rows["calculate_csum"]["decision"]["source"] == "setting"
    assert rows["calculate_underwater"]["decision"]["variant"] == "fast"
    write_file(state / "processes" / "1.json", made_snapshot(pid=2**62))
    text = run()
    assert "level aggressive, backend auto, telemetry counters, no rollout" in text
    assert "exact: calculate_csum: it is switched off by a setting (setting)" in text
    assert "stale: process" in text


@pytest.mark.skipif(os.name == "nt", reason="one cannot send Ctrl-C to a single process there")
@pytest.mark.parametrize(("terminal", "marks"), [(False, "\n\n"), (True, "\x1b[")])
def test_watch_ends_with_an_interrupt(state: Path, terminal: bool, marks: str) -> None:
    write_file(state / "file.json", made_snapshot())
    command = [*OURS, "status", "--watch", "0.05", "--file", str(state / "file.json")]
    text, code = watched(command, terminal)
    assert code == 0, text
    assert text.count("process 1, freqkernels 1") >= 3
    assert marks in text
    assert "Traceback" not in text


def watched(command: list[str], terminal: bool) -> tuple[str, int]:
    """Output and exit code of a command that is interrupted when it has drawn a few times."""
    if terminal:
        pty: Any = pytest.importorskip("pty", exc_type=ImportError)
        reader, writer = pty.openpty()
    else:
        reader, writer = os.pipe()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=writer,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "60", "LINES": "40"},
    )
    os.close(writer)
    output = b""
    interrupted = False
    while True:
        try:
            part = os.read(reader, 4096)
        except OSError:  # how a terminal says that nobody writes to it any more
            part = b""
        if not part:
            break
        output += part
        if output.count(b"process 1, freqkernels 1") >= 3 and not interrupted:
            interrupted = True
            process.send_signal(signal.SIGINT)
    os.close(reader)
    return output.decode(), process.wait(30)


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "1e9"])
def test_bad_seconds(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", f"--watch={seconds}"]) == 2
    assert "watch: expected seconds" in capsys.readouterr().err


def test_a_switch_without_calls_is_not_shown(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    switch("calculate_csum")
    write_file(state / "file.json")
    assert main(["status", "--file", str(state / "file.json")]) == 0
    assert "calculate_csum" not in capsys.readouterr().out


def test_without_psutil(
    state: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    for name, pid in (("ended", ended_process()), ("none", 2**62), ("here", os.getpid())):
        write_file(state / f"{name}.json", made_snapshot(pid=pid))
    files = [str(state / f"{name}.json") for name in ("ended", "none", "here")]
    assert main(["status", "--json", "--file", *files]) == 0
    found = json.loads(capsys.readouterr().out)["processes"]
    ended = "stale" if os.name == "posix" else "running"  # elsewhere one cannot ask without harm
    assert [one["state"] for one in found] == [ended, ended, "running"]
