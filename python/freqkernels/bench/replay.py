"""A recorded call once more: does the difference still happen here?

::

    python -m freqkernels.bench.replay FILE ANSWER

repeats it in this process and writes what came of it to a file, as JSON.
:func:`replayed_apart` does so in a process of its own, in which everything of ours is switched on
and a crash harms nobody.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from freqkernels.bench.compare_engines import Request, compare_engines
from freqkernels.bench.inputs import Say, everything_on
from freqkernels.bench.report import difference_lines
from freqkernels.bench.self_check import without_outputs
from freqkernels.bridge.originals import beside
from freqkernels.bridge.targets import TARGETS
from freqkernels.catalogue import ENTRIES, Entry
from freqkernels.errors import (
    EvidenceError,
    FreqkernelsError,
    InvalidInputError,
    MissingExtensionError,
)
from freqkernels.evidence import Raised, Record, read
from freqkernels.evidence.encode import copy_of
from freqkernels.identity import first_difference
from freqkernels.runtime import Support, kernel
from freqkernels.runtime.trial import side

#: Where the public functions are that have an exact one behind them.
_PUBLIC = (
    *("metrics", "drawdowns", "ohlcv", "trade_candles.convert", "ticks"),
    *("signals", "informative", "crossings"),
)
_OF_A_BACKTEST = ("arguments", "directory", "offline_markets")
_PROGRESS = "freqkernels-replay: "


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of repeating a call.

    :param differences: where the implementations differ, one line each; none if nowhere.
    :param obstacle: why the call could not be repeated, "" if it was.
    :param notes: what is worth knowing, one line each.
    """

    differences: tuple[str, ...] = ()
    obstacle: str = ""
    notes: tuple[str, ...] = ()

    @property
    def outcome(self) -> str:
        """ "differs", "gone" or "impossible"."""
        if self.obstacle:
            return "impossible"
        return "differs" if self.differences else "gone"


@dataclass(frozen=True, slots=True)
class _Two:
    """Two implementations of one thing.

    :param where: they come from.
    """

    where: str
    fast: Callable[..., Any]
    exact: Callable[..., Any]


def replayed(record: Record, say: Say = lambda text: None) -> Replay:
    """Repeat a call by both implementations, on copies of the recorded arguments.

    Functions call kernels by the settings of this process.

    :param record: of a call, or of a backtest.
    :param say: called with what is going on.
    """
    if record.obstacle:
        return Replay(obstacle=record.obstacle)
    if record.kind == "backtest":
        return _backtest(record, say)
    entry = ENTRIES.get(record.switch)
    if entry is None:
        return Replay(obstacle=f"this freqkernels has no function or kernel {record.switch!r}")
    if not entry.shadow:
        return Replay(obstacle=f"a call of {entry.name} depends on more than its arguments")
    notes: list[str] = []
    differences: list[str] = []
    try:
        pairs = list(_kernel(entry) if entry.is_kernel else _functions(entry, notes))
        if not pairs:
            return Replay(obstacle=f"{entry.name} is not here", notes=tuple(notes))
        for pair in pairs:
            say(f"{entry.name} of {pair.where}")
            differences += _compared(pair, record, notes)
    except _ObstacleError as obstacle:
        return Replay(obstacle=str(obstacle), notes=tuple(notes))
    return Replay(tuple(differences), notes=tuple(notes))


def replayed_apart(path: Path, say: Say = lambda text: None) -> Replay:
    """Repeat a call in a process of its own, in which everything of ours is switched on.

    :param path: of a file of evidence.
    :param say: called with what is going on.
    """
    with tempfile.TemporaryDirectory(prefix="freqkernels-") as state:
        answer = Path(state, "replay.json")
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "freqkernels.bench.replay", str(path), str(answer)],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
            env=everything_on(Path(state), settings=True),
        )
        with process:
            last = "no message"
            for line in process.stderr or ():
                last = line.strip() or last
                if line.startswith(_PROGRESS):
                    say(line.removeprefix(_PROGRESS).strip())
        if process.returncode:
            code = process.returncode
            return Replay(obstacle=f"the process that repeated the call ended with {code}: {last}")
        found = json.loads(answer.read_text(encoding="utf-8"))
    return Replay(tuple(found["differences"]), found["obstacle"], tuple(found["notes"]))


class _ObstacleError(Exception):
    """The call cannot be repeated; the text says why."""


def _kernel(entry: Entry) -> Iterator[_Two]:
    found = kernel(*entry.name.split("."))
    try:
        yield _Two("freqkernels", found.twin("compiled"), found.twin("reference"))
    except (FreqkernelsError, AttributeError) as error:
        raise _ObstacleError(str(error)) from error


def _functions(entry: Entry, notes: list[str]) -> Iterator[_Two]:
    """The public function, and what would be put in place of freqtrade's own."""
    for module in _PUBLIC:
        function: Any = getattr(importlib.import_module(f"freqkernels.{module}"), entry.name, None)
        if hasattr(function, "fast") and hasattr(function, "exact"):
            yield _Two(f"freqkernels.{module}", function.fast, function.exact)
            break
    if all(target.name != entry.name for target in TARGETS):
        return
    try:
        both = beside(entry.name)
    except FreqkernelsError as error:
        notes.append(f"freqtrade's own {entry.name} was not asked: {error}")
        return
    if both.replacement is None:
        notes.append(
            f"freqtrade's own {entry.name} was not asked: {both.certificate.support.reason}"
        )
        return
    replacement: Any = both.replacement
    yield _Two("freqtrade", replacement.fast, replacement.exact)


def _compared(pair: _Two, record: Record, notes: list[str]) -> list[str]:
    """Lines on where two implementations differ."""
    ours, theirs = (copy_of((record.args, dict(record.kwargs))) for _ in range(2))
    exact = _outcome(pair.exact, theirs, "exact")
    if isinstance(exact, Raised) and not isinstance(record.exact, Raised):
        # Kernels check nothing: arguments that the exact one refuses are not for the fast one.
        raise _ObstacleError(f"the exact implementation raises here: {exact}")
    _note_other_answer(pair, record, exact, notes)
    fast = _outcome(pair.fast, ours, "fast")
    if isinstance(fast, Raised) and fast.error.endswith(f".{MissingExtensionError.__name__}"):
        raise _ObstacleError(str(fast))
    if isinstance(fast, Support):
        notes.append(f"the fast implementation of {pair.where} refuses this call: {fast.reason}")
        return []
    lines = []
    for what, left, right in (("", fast, exact), ("changed arguments: ", ours, theirs)):
        found = _difference(left, right)
        if found:
            lines.append(f"{pair.where}: {what}{found}")
    return lines


def _outcome(function: Callable[..., Any], given: tuple[Any, Any], which: str) -> Any:
    """What a function returns, or what it raised."""
    args, kwargs = given
    token = side.set(which)
    try:
        return function(*args, **kwargs)
    except Exception as error:
        return Raised.of(error)
    finally:
        side.reset(token)


def _difference(left: Any, right: Any) -> str:
    if isinstance(left, Raised) or isinstance(right, Raised):
        if left == right:
            return ""
        words = (
            f"raised {one}" if isinstance(one, Raised) else "a result" for one in (left, right)
        )
        return " != ".join(words)
    try:
        return str(first_difference(left, right) or "")
    except InvalidInputError as error:
        return f"the results cannot be compared: {error}"


def _note_other_answer(pair: _Two, record: Record, exact: Any, notes: list[str]) -> None:
    found = _difference(record.exact, exact)
    if found:
        notes.append(
            f"the exact implementation of {pair.where} answers otherwise than recorded: {found}"
        )


def _backtest(record: Record, say: Say) -> Replay:
    fields = record.kwargs
    arguments, folder, markets = map(fields.get, _OF_A_BACKTEST)
    if (
        not isinstance(arguments, list)
        or not all(isinstance(word, str) for word in arguments)
        or not isinstance(markets, (str, type(None)))
        or not isinstance(folder, str)
    ):
        return Replay(obstacle=f"the record of a backtest needs {', '.join(_OF_A_BACKTEST)}")
    notes = []
    cwd = Path(folder)
    if not cwd.is_dir():
        cwd = Path.cwd()
        notes.append(f"{folder} is not here, paths start from {cwd}")
    request = Request(without_outputs(arguments), offline_markets=markets, cwd=cwd)
    with tempfile.TemporaryDirectory(prefix="freqkernels-") as directory:
        try:
            comparison = compare_engines(request, Path(directory).resolve(), say)
        except FreqkernelsError as error:
            return Replay(obstacle=f"the engines could not be compared: {error}")
    return Replay(tuple(difference_lines(comparison)), notes=tuple(notes))


def _main(path: str, answer: str) -> None:
    def say(text: str) -> None:
        print(f"{_PROGRESS}{text}", file=sys.stderr, flush=True)

    try:
        found = replayed(read(Path(path)), say)
    except EvidenceError as error:
        found = Replay(obstacle=str(error))
    Path(answer).write_text(json.dumps(dataclasses.asdict(found)), encoding="utf-8")


if __name__ == "__main__":
    _main(*sys.argv[1:])
