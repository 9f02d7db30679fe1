"""How far a rollout has come: an append-only log, and the state that follows from it.

Each line of the log is one step, a JSON object with a checksum and a number that counts from 1.
Without a log there is no rollout, and everything is allowed. The beginning of a line at the end is
a write that was cut off: it does not count, and the next step takes its place. Anything else that
cannot be understood is a problem of the log, and then nothing is allowed: freqtrade's own code
runs until somebody has looked.

Phases and names never meet: a step is about one phase or about one function or kernel.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from types import MappingProxyType

from freqkernels.catalogue import PHASES, Entry
from freqkernels.errors import InvalidInputError, StateError
from freqkernels.runtime.file_lock import locked

logger = logging.getLogger("freqkernels")

#: A later version that gives a line another meaning has to raise it; more keys do not.
FORMAT = 1
#: The phase in which nothing runs fast.
NONE = "none"

_STAGES = (NONE, *PHASES)
#: What each action can be about.
_PHASES_OF = {"promote": PHASES, "check": PHASES, "rollback": _STAGES, "restore": ()}
_NAMED = ("rollback", "restore")
_MOST_TEXT = 1000
_SEAL = ', "checksum": "'
_SEALED = 16 + len('"}')  # what follows it


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the log.

    :param sequence: its number, from 1.
    :param time: by the clock of the machine, as a note: the sequence is the order.
    :param action: "promote", "rollback", "restore" or "check".
    :param phase: the phase it leads to or checks, "" if it is about a name.
    :param name: the function or kernel, "" if it is about a phase.
    :param reason: why, in one sentence.
    :param by: who, for example "command" or "shadow".
    """

    sequence: int
    time: str
    action: str
    phase: str
    name: str
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class RolloutState:
    """What a log allows.

    :param phase: the furthest phase that may run fast, "none" for nothing, None if there is no
        rollout: everything may.
    :param rolled_back: reason by name of each function or kernel that may not, whatever the phase.
    :param problem: why the log cannot be understood, in one sentence; "" if it can.
    :param entries: all steps, up to the problem if there is one.
    :param ignored: the last line, if its end is missing.
    """

    phase: str | None = None
    rolled_back: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    problem: str = ""
    entries: tuple[Step, ...] = ()
    ignored: str = ""

    @property
    def phases(self) -> tuple[str, ...]:
        """The phases that may run fast."""
        if self.problem:
            return ()
        return PHASES if self.phase is None else PHASES[: _STAGES.index(self.phase)]

    @property
    def next_phase(self) -> str | None:
        """What comes next, None after the last one; a rollout starts with the first one."""
        if self.phase is None:
            return PHASES[0]
        return next(iter(_STAGES[_STAGES.index(self.phase) + 1 :]), None)

    @property
    def previous_phase(self) -> str | None:
        """What a step back leads to, None if nothing runs fast; without a rollout, everything
        does, as after the last phase."""
        if self.phase == NONE:
            return None
        return _STAGES[_STAGES.index(self.phase or PHASES[-1]) - 1]

    def refusal(self, entry: Entry) -> str:
        """Why a function or kernel may not run fast.

        :param entry: of the catalogue.
        :return: one sentence, "" if it may.
        """
        if self.problem:
            return self.problem
        if entry.name in self.rolled_back:
            return f"it is rolled back: {self.rolled_back[entry.name] or 'no reason given'}"
        if entry.phase in self.phases:
            return ""
        return f"phase {entry.phase} is not promoted, the rollout stands at {self.phase}"


class RolloutLog:
    """The log in a file. Any number of threads and processes may read and append.

    :param path: of the file; ``rollout.jsonl`` in the state directory if absent.
    """

    def __init__(self, path: Path | None = None) -> None:
        if path is None:
            from freqkernels.runtime.places import state_directory

            path = state_directory() / "rollout.jsonl"
        self.path = path
        self._read: tuple[tuple[int, int, int], RolloutState] | None = None

    def read(self) -> RolloutState:
        """The state now; costs one look at the file as long as it stays the same.

        Never raises: a file that cannot be read is a problem of the state.
        """
        try:
            seen = _mark(_of_a_file(self.path.stat()))
            known = self._read
            if known is not None and known[0] == seen:
                return known[1]
            with self.path.open("rb") as file:
                seen = _mark(os.fstat(file.fileno()))
                data = file.read()
        except (FileNotFoundError, NotADirectoryError):
            return RolloutState()
        except OSError as error:
            return RolloutState(problem=f"the rollout log {self.path} cannot be read ({error})")
        state = _state_of(data, self.path)
        if state.ignored:
            logger.warning("%s: the last line is cut off and does not count", self.path)
        self._read = seen, state
        return state

    def append(
        self, action: str, name: str = "", reason: str = "", by: str = "", *, phase: str = ""
    ) -> Step:
        """Add a step; when this returns, it is on the disk.

        :param action: "promote" or "check" a phase, "rollback" to a phase or of a name,
            "restore" a name.
        :param name: of the catalogue.
        :param reason: why, in one sentence.
        :param by: who.
        :param phase: in place of a name.
        :return: the step as it stands in the log.
        :raise InvalidInputError: for an action that there is not, or that is not about this.
        :raise StateError: if the log cannot be written or understood; then nothing has changed.
        """
        _check(action, name, phase)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with locked(self.path.with_name(f"{self.path.name}.lock")):
                return self._append(action, phase, name, _one_line(reason), _one_line(by))
        except StateError:
            raise
        except OSError as error:
            raise StateError(f"the rollout log {self.path} cannot be written ({error})") from error

    def _append(self, action: str, phase: str, name: str, reason: str, by: str) -> Step:
        with self.path.open("a+b", buffering=0) as file:
            _of_a_file(os.fstat(file.fileno()))
            file.seek(0)
            data = file.read()
            state = _state_of(data, self.path)
            if state.problem:
                raise StateError(f"{state.problem}; nothing was appended")
            time = datetime.now(UTC).isoformat(timespec="seconds")
            step = Step(len(state.entries) + 1, time, action, phase, name, reason, by)
            end = data.rfind(b"\n") + 1 if state.ignored else len(data)
            file.truncate(end)
            lacks_end = end and data[end - 1 : end] != b"\n"
            try:
                _write(file, b"\n" * bool(lacks_end) + _line(step))
            except OSError:
                file.truncate(end)
                raise
        if not end:
            _keep_folder(self.path.parent)
        return step


def _of_a_file(found: os.stat_result) -> os.stat_result:
    """What a pipe or a device has to say may never end."""
    if stat.S_ISFIFO(found.st_mode) or stat.S_ISCHR(found.st_mode):
        raise OSError(errno.EINVAL, "it is a pipe or a device")
    return found


def _mark(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_mtime_ns, found.st_size, found.st_ino


def _write(file: FileIO, data: bytes) -> None:
    while data:
        data = data[file.write(data) :]
    os.fsync(file.fileno())


def _keep_folder(folder: Path) -> None:
    """Let a new name in a folder survive a loss of power, where the system has a way."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check(action: str, name: str, phase: str) -> None:
    if action not in _PHASES_OF:
        raise InvalidInputError(f"action: expected one of {', '.join(_PHASES_OF)}, got {action!r}")
    if not isinstance(name, str) or not isinstance(phase, str) or bool(name) == bool(phase):
        raise InvalidInputError("name, phase: expected a text for one of the two")
    if name and action not in _NAMED:
        raise InvalidInputError(f"name: {action} is about a phase, got {name!r}")
    if phase and phase not in _PHASES_OF[action]:
        expected = ", ".join(_PHASES_OF[action]) or "none, but a name"
        raise InvalidInputError(f"phase: expected {expected}, got {phase!r}")


def _one_line(text: str) -> str:
    """Text that any terminal can show, in one line."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text[:_MOST_TEXT])
    return " ".join(shown.split())


def _sealed(body: str) -> str:
    """A JSON object with the checksum of its text as the last key."""
    digest = hashlib.blake2b(body.encode(), digest_size=8).hexdigest()
    return f'{body[:-1]}{_SEAL}{digest}"}}'


def _line(step: Step) -> bytes:
    return _sealed(json.dumps({"format": FORMAT, **asdict(step)})).encode() + b"\n"


def _state_of(data: bytes, path: Path) -> RolloutState:
    *lines, rest = data.split(b"\n")
    steps: list[Step] = []
    problem = ""
    if rest and not _was_begun(rest, len(lines) + 1):
        lines, rest = [*lines, rest], b""
    for number, line in enumerate(lines, start=1):
        step = _understood(line, number)
        if isinstance(step, str):
            problem = f"the rollout log {path} cannot be relied on: line {number} {step}"
            break
        steps.append(step)
    phase: str | None = None
    rolled_back: dict[str, str] = {}
    for step in steps:
        if step.name and step.action == "rollback":
            rolled_back[step.name] = step.reason
        elif step.name:
            rolled_back.pop(step.name, None)
        elif step.action != "check":
            phase = step.phase
    ignored = rest.decode("ascii", "backslashreplace")
    return RolloutState(phase, MappingProxyType(rolled_back), problem, tuple(steps), ignored)


def _was_begun(rest: bytes, number: int) -> bool:
    """Whether this is a line of which only the beginning was written: no other damage looks so.

    A line that lacks nothing but its end counts.
    """
    begin = f'{{"format": {FORMAT}, "sequence": {number}, '.encode()
    _, sealed, end = rest.rpartition(_SEAL.encode())
    return (
        begin.startswith(rest[: len(begin)])
        and all(0x20 <= byte < 0x7F for byte in rest)
        and not (sealed and len(end) >= _SEALED)
    )


def _understood(line: bytes, number: int) -> Step | str:
    """The step of a line, or what is wrong with it."""
    try:
        text = line.decode("ascii")
        body = f"{text.rpartition(_SEAL)[0]}}}"
        whole = _sealed(body) == text
        values = json.loads(body if whole else text)
    except (ValueError, RecursionError):
        return "is damaged"
    written = values.get("format") if isinstance(values, dict) else None
    if isinstance(written, int) and written > FORMAT:
        return f"is of a newer version of freqkernels (format {written}, known is {FORMAT})"
    if not whole:
        return "is damaged"
    try:
        step = Step(**{field.name: values[field.name] for field in fields(Step)})
        _check(step.action, step.name, step.phase)
    except (KeyError, TypeError, InvalidInputError) as error:
        return f"is not understood ({error})"
    if step.sequence != number:
        return f"has number {step.sequence}: lines before it are missing or added"
    return step
