"""The log of a rollout: against a model, cut off, damaged, with many writers, on a full disk."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from freqkernels.catalogue import ENTRIES, PHASES
from freqkernels.errors import FreqkernelsError, InvalidInputError, StateError
from freqkernels.runtime import file_lock, rollout
from freqkernels.runtime.rollout import FORMAT, NONE, RolloutLog, RolloutState, Step, _line

NAMES = ("metrics.rel_mean", "calculate_market_change", "backtest", "trend.kama")
POSIX = pytest.mark.skipif(os.name != "posix", reason="needs fork or limits of files")


@pytest.fixture
def log(tmp_path: Path) -> RolloutLog:
    return RolloutLog(tmp_path / "state" / "rollout.jsonl")


def filled(log: RolloutLog) -> list[RolloutState]:
    """Seven steps; the state before each, and at last."""
    states = [log.read()]
    for action, name, phase in (
        ("promote", "", "metrics"),
        ("rollback", "metrics.rel_mean", ""),
        ("check", "", "data"),
        ("promote", "", "data"),
        ("restore", "metrics.rel_mean", ""),
        ("rollback", "backtest", ""),
        ("rollback", "", NONE),
    ):
        log.append(action, name, "because", "a test", phase=phase)
        states.append(log.read())
    return states


def meaning(state: RolloutState) -> tuple[Any, ...]:
    return state.phase, dict(state.rolled_back), state.entries


class Model(RuleBasedStateMachine):
    """Two objects on one file, whose last line is cut off now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.logs = [RolloutLog(self.folder / "rollout.jsonl") for _ in range(2)]
        self.path = self.logs[0].path
        self.states: list[tuple[str | None, dict[str, str]]] = [(None, {})]

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def add(self, writer: int, action: str, name: str = "", phase: str = "") -> None:
        step = self.logs[writer].append(action, name, f"reason {len(self.states)}", phase=phase)
        assert step.sequence == len(self.states)
        at, back = self.states[-1]
        if phase and action != "check":
            at = phase
        if name:
            back = {key: why for key, why in back.items() if key != name}
            if action == "rollback":
                back[name] = step.reason
        self.states.append((at, back))

    @rule(
        writer=st.integers(0, 1),
        action=st.sampled_from(["promote", "check"]),
        phase=st.sampled_from(PHASES),
    )
    def forward(self, writer: int, action: str, phase: str) -> None:
        self.add(writer, action, phase=phase)

    @rule(writer=st.integers(0, 1), phase=st.sampled_from((NONE, *PHASES)))
    def back(self, writer: int, phase: str) -> None:
        self.add(writer, "rollback", phase=phase)

    @rule(
        writer=st.integers(0, 1),
        action=st.sampled_from(["rollback", "restore"]),
        name=st.sampled_from(NAMES),
    )
    def one(self, writer: int, action: str, name: str) -> None:
        self.add(writer, action, name)

    @rule(share=st.floats(0, 1))
    def cut_off(self, share: float) -> None:
        """A crash while the last line was written."""
        if len(self.states) == 1:
            return
        data = self.path.read_bytes()
        begin = data[:-1].rfind(b"\n") + 1 if data.endswith(b"\n") else len(data)
        if begin < len(data):
            kept = begin + int(share * (len(data) - begin - 1))
            self.path.write_bytes(data[:kept])
            if kept < len(data) - 1:  # a line that lacks nothing but its end counts
                self.states.pop()

    @rule(share=st.floats(0, 0.99))
    def begun(self, share: float) -> None:
        """A crash of somebody else, who wrote the next line."""
        data = self.path.read_bytes() if self.path.exists() else b""
        if data.endswith(b"\n"):
            line = _line(Step(len(self.states), "2026-11-22", "rollback", "", "backtest", "", ""))
            self.path.write_bytes(data + line[: int(share * (len(line) - 1))])

    @invariant()
    def same(self) -> None:
        phase, back = self.states[-1]
        for log in self.logs:
            state = log.read()
            assert not state.problem
            assert state.phase == phase
            assert state.rolled_back == back
            assert len(state.entries) == len(self.states) - 1
        allowed = (
            PHASES if phase is None else ((NONE, *PHASES)[1 : (NONE, *PHASES).index(phase) + 1])
        )
        for name in NAMES:
            entry = ENTRIES[name]
            assert (not state.refusal(entry)) == (entry.phase in allowed and name not in back)


Model.TestCase.settings = settings(max_examples=25, stateful_step_count=20)
TestModel = Model.TestCase


def test_nothing_there_allows_everything(log: RolloutLog) -> None:
    state = log.read()
    assert state == RolloutState()
    assert not any(map(state.refusal, ENTRIES.values()))
    assert state.next_phase == PHASES[0]
    assert not log.path.parent.exists()


def test_cut_off_at_every_byte(log: RolloutLog, tmp_path: Path) -> None:
    """What counts is the complete lines, and the next step follows them."""
    states = filled(log)
    data = log.path.read_bytes()
    cut = RolloutLog(tmp_path / "cut.jsonl")
    for length in range(len(data) + 1):
        cut.path.write_bytes(data[:length])
        state = cut.read()
        whole = length == 0 or b"\n" in data[length - 1 : length + 1]
        lines = data[:length].count(b"\n") + (data[length : length + 1] == b"\n")
        assert meaning(state) == meaning(states[lines])
        assert not state.problem
        assert bool(state.ignored) == (not whole)
        if length % 7 == 0:
            step = cut.append("check", phase="metrics")
            assert step.sequence == lines + 1
            state = cut.read()
            assert not state.problem
            assert not state.ignored
            assert meaning(state)[:2] == meaning(states[lines])[:2]


@pytest.mark.parametrize(
    "tail",
    [
        b"\0" * 40,
        b"\xff\xfe\x00" * 30,
        b"{",
        b'{"format": 1, "sequence": 7',
        b'{"format": 1, "sequence": 9, "time"',
        b'{"format": 1, "sequence": 8, "ti\0\0\0\0',
        b'{"format": 2, "sequence": 8, ',
        b"rubbish",
    ],
)
def test_an_end_that_nobody_has_begun_to_write(log: RolloutLog, tail: bytes) -> None:
    """As a file system may leave it after a loss of power."""
    filled(log)
    log.path.write_bytes(log.path.read_bytes() + tail)
    state = log.read()
    if tail == b"{":  # that is how every line begins
        assert not state.problem
        assert state.ignored == "{"
        return
    assert is_cautious(state)
    assert "line 8 is damaged" in state.problem or "newer version" in state.problem
    data = log.path.read_bytes()
    with pytest.raises(StateError, match="nothing was appended"):
        log.append("check", phase="data")
    assert log.path.read_bytes() == data
    log.path.write_bytes(tail)
    assert is_cautious(log.read())


def test_a_cut_off_line_is_told(log: RolloutLog, caplog: pytest.LogCaptureFixture) -> None:
    filled(log)
    log.path.write_bytes(log.path.read_bytes()[:-3])
    with caplog.at_level(logging.WARNING, "freqkernels"):
        log.read()
        log.read()
    assert len(caplog.messages) == 1
    assert "cut off" in caplog.text
    assert str(log.path) in caplog.text


def is_cautious(state: RolloutState) -> bool:
    return state.phases == () and all(
        state.refusal(entry) == state.problem for entry in list(ENTRIES.values())[:3]
    )


@pytest.mark.parametrize("flip", [1, 32, 128])
def test_every_byte_damaged(log: RolloutLog, tmp_path: Path, flip: int) -> None:
    """Nothing is allowed: never another state."""
    filled(log)
    data = log.path.read_bytes()
    damaged = RolloutLog(tmp_path / "damaged.jsonl")
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= flip
        damaged.path.write_bytes(changed)
        state = damaged.read()
        assert is_cautious(state), position
        number = data[:position].count(b"\n") + 1
        assert f"line {number} " in state.problem
        assert str(damaged.path) in state.problem


def test_damage_is_not_written_over(log: RolloutLog) -> None:
    filled(log)
    data = log.path.read_bytes().replace(b"because", b"becauze", 1)
    log.path.write_bytes(data)
    with pytest.raises(StateError, match=r"line 1 is damaged; nothing was appended") as caught:
        log.append("rollback", "backtest")
    assert str(log.path) in str(caught.value)
    assert log.path.read_bytes() == data


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[1:],
        lambda lines: [*lines[:3], *lines[4:]],
        lambda lines: [*lines[:3], lines[2], *lines[3:]],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: [*lines[:3], b"", *lines[3:]],
        lambda lines: [line + b"\r" for line in lines],
        lambda lines: [b"null", *lines],
        lambda lines: [b"[" * 100_000, *lines],
        lambda lines: [b'{"format": "x"}', *lines],
        lambda lines: [b"\xff\xfe", *lines],
    ],
)
def test_lines_moved_missing_and_foreign(log: RolloutLog, change: Any) -> None:
    filled(log)
    *lines, _ = log.path.read_bytes().split(b"\n")
    log.path.write_bytes(b"\n".join([*change(lines), b""]))
    assert is_cautious(log.read())


def sealed(**values: Any) -> bytes:
    step = {"format": FORMAT, "sequence": 1, "time": "", "action": "promote", "phase": "data"}
    body = json.dumps({**step, "name": "", "reason": "", "by": "", **values})
    return rollout._sealed(body).encode() + b"\n"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (sealed(format=FORMAT + 1), "newer version"),
        (sealed(format=FORMAT + 1, action="leap"), "newer version"),
        (b'{"format": 2, "sealed": "otherwise"}\n', "newer version"),
        (sealed(action="leap"), "action: expected one of promote, check, rollback, restore"),
        (sealed(phase="moon"), "phase: expected metrics, data, indicators, backtest, got 'moon'"),
        (sealed(phase="none"), "phase: expected metrics"),
        (sealed(name="backtest"), "one of the two"),
        (sealed(action="restore", phase="", name=["x"]), "one of the two"),
        (sealed(sequence="1"), "has number 1"),
        (sealed(sequence=2), "has number 2"),
    ],
)
def test_what_a_version_does_not_understand(log: RolloutLog, line: bytes, problem: str) -> None:
    log.path.parent.mkdir()
    log.path.write_bytes(line)
    state = log.read()
    assert problem in state.problem
    assert is_cautious(state)
    with pytest.raises(StateError, match="nothing was appended"):
        log.append("promote", phase="metrics")


def test_a_later_version_may_add_keys(log: RolloutLog) -> None:
    log.path.parent.mkdir()
    log.path.write_bytes(sealed(machine="of somebody"))
    assert log.read().phase == "data"
    assert log.append("rollback", phase="metrics").sequence == 2
    assert log.read().phases == ("metrics",)


def test_steps_from_phase_to_phase() -> None:
    forward = [RolloutState(phase).next_phase for phase in (None, NONE, *PHASES)]
    assert forward == ["metrics", "metrics", "data", "indicators", "backtest", None]
    back = [RolloutState(phase).previous_phase for phase in (None, NONE, *PHASES)]
    assert back == ["indicators", None, NONE, "metrics", "data", "indicators"]


def test_a_name_stays_back_over_promotions(log: RolloutLog) -> None:
    log.append("rollback", "metrics.rel_mean", "other bits", "shadow")
    for phase in PHASES:
        log.append("promote", phase=phase)
        assert "other bits" in log.read().refusal(ENTRIES["metrics.rel_mean"])
    log.append("restore", "metrics.rel_mean")
    assert log.read().refusal(ENTRIES["metrics.rel_mean"]) == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"action": "leap", "name": "backtest"}, "action: expected one of promote, check"),
        ({"action": "promote"}, "name, phase"),
        ({"action": "promote", "name": "x"}, "name: promote is about a phase, got 'x'"),
        ({"action": "rollback", "name": "x", "phase": "data"}, "name, phase"),
        ({"action": "rollback", "phase": "x"}, "phase: expected none, metrics"),
        ({"action": "restore", "phase": "data"}, "phase: expected none, but a name"),
        ({"action": "restore", "name": 5}, "name, phase"),
    ],
)
def test_arguments(log: RolloutLog, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        log.append(**arguments)
    assert not log.path.exists()


@given(text=st.text(), by=st.text())
@settings(max_examples=40)
def test_any_reason_is_one_line_that_can_be_shown(text: str, by: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = RolloutLog(Path(folder) / "rollout.jsonl")
        step = log.append("rollback", "backtest", text + "\ud800\x1b[1m\n", by)
        state = log.read()
        assert state.entries == (step,)
        assert state.rolled_back["backtest"] == step.reason
        assert (step.reason + step.by).isprintable()
        (step.reason + step.by).encode()


def test_reading_again_costs_one_look(log: RolloutLog) -> None:
    filled(log)
    other = RolloutLog(log.path)
    assert other.read() is other.read()
    log.append("promote", phase="metrics")
    assert other.read().phase == "metrics"
    log.path.unlink()
    assert other.read() == RolloutState()


def test_the_order_is_not_that_of_clocks(log: RolloutLog, monkeypatch: pytest.MonkeyPatch) -> None:
    class Jumping(datetime):
        times = iter([0, 9, -5, 3])

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=400 * next(cls.times))

    monkeypatch.setattr(rollout, "datetime", Jumping)
    for phase in PHASES:
        log.append("promote", phase=phase)
    state = log.read()
    assert state.phase == PHASES[-1]
    times = [step.time for step in state.entries]
    assert times != sorted(times)


# ---- what is in the way


def test_a_directory_in_the_way(log: RolloutLog) -> None:
    log.path.mkdir(parents=True)
    state = log.read()
    assert str(log.path) in state.problem
    assert is_cautious(state)
    with pytest.raises(StateError, match="cannot be written") as caught:
        log.append("rollback", "backtest")
    assert str(log.path) in str(caught.value)
    assert isinstance(caught.value, OSError)
    assert isinstance(caught.value, FreqkernelsError)


def test_a_file_where_the_folder_should_be(log: RolloutLog) -> None:
    log.path.parent.write_text("a file")
    with pytest.raises(StateError, match="cannot be written"):
        log.append("rollback", "backtest")


@POSIX
@pytest.mark.parametrize("device", [False, True])
def test_what_never_ends_is_in_the_way(log: RolloutLog, device: bool) -> None:
    log.path.parent.mkdir(exist_ok=True)
    if device:
        log.path.symlink_to("/dev/zero")
    else:
        os.mkfifo(log.path)
    state = log.read()
    assert "a pipe or a device" in state.problem
    assert is_cautious(state)
    with pytest.raises(StateError, match="cannot be written"):
        log.append("rollback", "backtest")


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


NOT_OURS = """
import os, sys
from pathlib import Path
from freqkernels.errors import StateError
from freqkernels.runtime.rollout import RolloutLog
os.chdir(sys.argv[1])  # what is above may be closed to others
if os.geteuid() == 0:
    os.seteuid(65534)
log = RolloutLog(Path("rollout.jsonl"))
assert log.read().phase == "metrics"
try:
    log.append("promote", phase="data")
except StateError as error:
    assert "cannot be written" in str(error), error
else:
    raise SystemExit("it was written")
assert log.read().phase == "metrics"
"""


@POSIX
def test_a_folder_that_is_not_ours(log: RolloutLog) -> None:
    log.append("promote", phase="metrics")
    for file in log.path.parent.iterdir():
        file.chmod(0o444)
    log.path.parent.chmod(0o555)
    try:
        child = python(NOT_OURS, log.path.parent)
        assert child.communicate(timeout=60) == ("", "")
        assert child.returncode == 0
    finally:
        log.path.parent.chmod(0o700)


FULL = """
import resource, sys
from pathlib import Path
from freqkernels.errors import StateError
from freqkernels.runtime.rollout import RolloutLog
log = RolloutLog(Path(sys.argv[1]))
size = log.path.stat().st_size
for room in range(0, 150, 10):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, resource.RLIM_INFINITY))
    try:
        log.append("promote", phase="backtest")
    except StateError as error:
        assert str(log.path) in str(error), error
        assert log.read().phase == "none"
        assert log.path.stat().st_size == size
    else:
        raise SystemExit("there was room")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
log.append("promote", phase="backtest")
"""


@POSIX
def test_a_full_disk(log: RolloutLog) -> None:
    """A write that ends in the middle is taken back."""
    states = filled(log)
    run = python(FULL, log.path)
    _, errors = run.communicate(timeout=60)
    assert run.returncode == 0, errors
    assert log.read().phase == "backtest"
    assert log.read().entries[:-1] == states[-1].entries


# ---- many writers

WRITER = """
import sys, threading
from pathlib import Path
from freqkernels.runtime.rollout import RolloutLog
log = RolloutLog(Path(sys.argv[1]))
sys.stdin.readline()
def write(thread):
    for number in range(4):
        log.append("rollback", "backtest", f"{sys.argv[2]} {thread} {number}")
        assert not log.read().problem
threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_many_processes_with_many_threads(log: RolloutLog) -> None:
    """Every step once, in an order that all agree on."""
    runs = [python(WRITER, log.path, number) for number in range(3)]
    for run in runs:
        assert run.stdin is not None
        run.stdin.write("go\n")
        run.stdin.flush()
    for run in runs:
        _, errors = run.communicate(timeout=120)
        assert run.returncode == 0, errors
        assert not errors
    state = log.read()
    assert not state.problem
    reasons = [step.reason for step in state.entries]
    assert len(reasons) == 96
    assert set(reasons) == {f"{p} {t} {n}" for p in range(3) for t in range(8) for n in range(4)}
    for writer in {reason[:-1] for reason in reasons}:
        assert [int(r[-1]) for r in reasons if r[:-1] == writer] == [0, 1, 2, 3]


HOLDER = """
import sys, time
from pathlib import Path
from freqkernels.runtime.file_lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_a_holder_that_is_killed(log: RolloutLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it lives nobody gets the lock; its death frees it."""
    log.append("promote", phase="metrics")
    lock = log.path.with_name("rollout.jsonl.lock")
    holder = python(HOLDER, lock)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    monkeypatch.setattr(file_lock, "_PATIENCE", 0.05)
    with pytest.raises(StateError, match="another process holds the lock") as caught:
        log.append("promote", phase="data")
    assert str(lock) in str(caught.value)
    assert log.read().phase == "metrics"
    holder.kill()
    holder.communicate()
    log.append("promote", phase="data")
    assert log.read().phase == "data"


FORKED = """
import os, sys, threading
from pathlib import Path
from freqkernels.runtime.file_lock import locked
from freqkernels.runtime.rollout import RolloutLog
log = RolloutLog(Path(sys.argv[1]))
held, over = threading.Event(), threading.Event()
def hold():
    with locked(log.path.with_name("rollout.jsonl.lock")):
        held.set()
        over.wait()
thread = threading.Thread(target=hold)
thread.start()
held.wait()
reading, writing = os.pipe()
child = os.fork()
if child == 0:
    os.close(writing)
    os.read(reading, 1)  # the parent has let go
    log.append("promote", phase="data")
    os._exit(0)
over.set()
thread.join()
log.append("promote", phase="metrics")  # the child does not hold what its parent held
os.close(writing)
assert os.waitpid(child, 0)[1] == 0
assert [step.phase for step in log.read().entries] == ["metrics", "data"]
"""


@POSIX
def test_a_fork_while_the_lock_is_held(log: RolloutLog) -> None:
    log.path.parent.mkdir()
    run = python(FORKED, log.path)
    _, errors = run.communicate(timeout=60)
    assert run.returncode == 0, errors


def test_readers_see_whole_steps_only(log: RolloutLog) -> None:
    """While somebody writes, the state is always one that was there."""
    over = threading.Event()
    seen: list[RolloutState] = []

    def read() -> None:
        mine = RolloutLog(log.path)
        while not over.is_set():
            seen.append(mine.read())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(40):
        log.append("promote", phase=PHASES[number % 4])
    over.set()
    reader.join()
    assert not any(state.problem for state in seen)
    lengths = [len(state.entries) for state in seen]
    assert lengths == sorted(lengths)
