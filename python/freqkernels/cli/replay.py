"""``freqkernels replay``: a recorded call once more, from its file of evidence."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from freqkernels.bench.replay import Replay, replayed_apart
from freqkernels.cli._output import progress
from freqkernels.evidence import Raised, Record, describe, read
from freqkernels.evidence.record import versions

_DESCRIPTION = """\
Repeat a call in which the fast and the exact implementation differed, or the fast one failed. The
file of evidence has the arguments; both implementations run on copies of them, in a process of
their own in which everything is switched on, and are compared to the last bit.
"""
_EPILOG = """\
Exit code: 0 the difference has gone, 1 it still happens here, 2 the call cannot be repeated.
Reading a file of evidence runs nothing, repeating its call does: a file from somebody else may
bring arguments that crash a kernel, or paths of a strategy. Look at it with --show first.
"""
_CODES = {"gone": 0, "differs": 1, "impossible": 2}
_WORDS = {
    "gone": "the difference has gone: both implementations give the same here",
    "differs": "the difference still happens here",
    "impossible": "it cannot be replayed",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``freqkernels replay``."""
    parser.description = _DESCRIPTION
    parser.epilog = _EPILOG
    parser.add_argument("file", type=Path, metavar="FILE", help="what a mismatch has left behind")
    parser.add_argument(
        "--show", action="store_true", help="only say what was recorded, and repeat nothing"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Say what was recorded, and repeat it.

    :param args: what :func:`add_arguments` declared.
    :return: 0 the difference has gone, 1 it still happens, 2 the call cannot be repeated.
    :raise EvidenceError: for a file that cannot be read.
    """
    record = read(args.file)
    found = None if args.show else replayed_apart(args.file.resolve(), progress())
    if args.json:
        print(json.dumps(_as_dict(record, found), indent=2))
    else:
        for line in _lines(record, found):
            # What somebody else wrote goes to a terminal only if it is text.
            print("".join(letter if letter.isprintable() else "?" for letter in line))
    return 0 if found is None else _CODES[found.outcome]


def _as_dict(record: Record, found: Replay | None) -> dict[str, Any]:
    document: dict[str, Any] = {
        "switch": record.switch,
        "kind": record.kind,
        "time": record.time.isoformat(),
        "recorded_difference": record.difference,
        "recorded_versions": dict(record.versions),
        "versions": versions(),
        "arguments": _arguments(record),
        "exact": _answer(record.exact),
        "fast": _answer(record.fast),
        "replayable": not record.obstacle,
    }
    if found is not None:
        document["replay"] = {
            "outcome": found.outcome,
            "differences": list(found.differences),
            "reason": found.obstacle,
            "notes": list(found.notes),
        }
    return document


def _lines(record: Record, found: Replay | None) -> Iterator[str]:
    yield f"{record.kind} of {record.switch}, recorded {record.time.isoformat(timespec='seconds')}"
    yield f"recorded with {_versions(record)}"
    changed = [
        f"{name} {here}" for name, here in versions().items() if record.versions.get(name) != here
    ]
    yield f"other versions here: {', '.join(changed)}" if changed else "the same versions here"
    for line in _arguments(record):
        yield f"  argument {line}"
    if record.kind != "backtest":
        yield f"  exact: {_answer(record.exact)}"
        yield f"  fast: {_answer(record.fast)}"
    if record.difference:
        yield f"recorded difference: {record.difference}"
    if found is None:
        yield f"not replayable: {record.obstacle}" if record.obstacle else "replayable"
        return
    yield from found.notes
    reason = f": {found.obstacle}" if found.obstacle else ""
    yield f"{_WORDS[found.outcome]}{reason}"
    for line in found.differences:
        yield f"  {line}"


def _versions(record: Record) -> str:
    return ", ".join(f"{name} {version}" for name, version in record.versions.items())


def _arguments(record: Record) -> list[str]:
    if record.kind == "backtest":
        return [f"{name}: {value}" for name, value in record.kwargs.items()]
    return describe(record.args, record.kwargs)


def _answer(value: Any) -> str:
    if isinstance(value, Raised):
        return f"raised {value}"
    return describe((value,))[0].removeprefix("1: ")
