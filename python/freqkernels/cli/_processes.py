"""Other processes, by the telemetry files that they keep up to date."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from freqkernels.bridge.long_runs import process_directory
from freqkernels.errors import InvalidInputError
from freqkernels.runtime.telemetry.report import duration, report_of
from freqkernels.runtime.telemetry.snapshots import Snapshot, read_file

#: Clocks of files and of processes are not the same one.
_CLOCKS_DIFFER = 10.0
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Seen:
    """One telemetry file.

    :param file: where it is.
    :param snapshot: what it holds; None if it cannot be read.
    :param problem: why it cannot be.
    :param state: "running", or "stale": its process has ended, or is another one by now.
    """

    file: Path
    snapshot: Snapshot | None
    problem: str
    state: str

    def to_dict(self) -> dict[str, Any]:
        """The same for JSON."""
        return {
            "file": str(self.file),
            "state": self.state,
            "problem": self.problem,
            "report": report_of(self.snapshot).to_dict() if self.snapshot is not None else None,
        }


def look_at(files: Sequence[Path]) -> list[Seen]:
    """Read telemetry files.

    :param files: of any processes; those that running processes keep if there are none.
    """
    return [_look_at(file) for file in files or sorted(process_directory().glob("*.json"))]


def _look_at(file: Path) -> Seen:
    try:
        found = read_file(file)
    except InvalidInputError as error:
        return Seen(file, None, str(error), "unknown")
    return Seen(file, found, "", "running" if _is_alive(found) else "stale")


def _is_alive(found: Snapshot) -> bool:
    """Whether the process that has written this still runs; numbers of processes come again."""
    try:
        import psutil
    except ImportError:
        return _has_number(found.pid)
    try:
        began: float = psutil.Process(found.pid).create_time()
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True
    return began < found.taken + _CLOCKS_DIFFER


def _has_number(pid: int) -> bool:
    """Whether any process has this number, where that can be asked without harm."""
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


def lines_of(seen: Seen) -> Iterator[str]:
    """A process as text.

    :param seen: its file.
    """
    now = seen.snapshot
    if now is None:
        yield seen.problem
        return
    written = duration(max(time.time() - now.taken, 0) * 1e9)
    if seen.state == "stale":
        yield f"stale: process {now.pid} has ended, {seen.file} is of {written} ago"
    else:
        yield f"running, {seen.file} is of {written} ago"
    yield from str(report_of(now)).splitlines()
    yield from decision_lines(now)


def decision_lines(now: Snapshot) -> Iterator[str]:
    """What is not fast and why, and breakers that are not closed.

    :param now: any process.
    """
    by_reason: dict[str, list[str]] = {}
    for one in now.switches:
        if one.variant != "fast" and one.breaker == "closed":
            by_reason.setdefault(f"{one.reason} ({one.source})", []).append(one.name)
    for reason, names in by_reason.items():
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        yield f"exact: {', '.join(names[:_SHOWN])}{more}: {reason}"
    for one in now.switches:
        if one.breaker != "closed":
            yield f"breaker of {one.name} is {one.breaker}: {one.breaker_reason}"
