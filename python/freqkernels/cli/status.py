"""``freqkernels status``: what became of freqtrade's functions, and what other processes count."""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import io
import json
import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from freqkernels.bridge.long_runs import process_directory
from freqkernels.cli._processes import Seen, decision_lines, lines_of, look_at
from freqkernels.errors import InvalidInputError

_SECONDS = 2.0
_MOST_SECONDS = 3600.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``freqkernels status``."""
    parser.add_argument(
        "--file",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="only other processes, by their telemetry files; without a name, all that have a "
        "monitor",
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="the same as one JSON document")
    output.add_argument(
        "--watch",
        nargs="?",
        type=float,
        const=_SECONDS,
        metavar="SECONDS",
        help=f"only other processes, again every {_SECONDS:g} seconds, or as often as is said",
    )


def run(args: argparse.Namespace) -> int:
    """Print what is asked for.

    :return: of functions: 1 when one is neither replaced nor off, else 0. Of other processes: 1
        when a file cannot be read, else 0.
    :raise InvalidInputError: for seconds that nobody can wait.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):  # reasons may hold what this output cannot
        sys.stdout.reconfigure(errors="backslashreplace")
    if args.watch is not None:
        if not 0 < args.watch <= _MOST_SECONDS:
            raise InvalidInputError(
                f"watch: expected seconds, up to {_MOST_SECONDS:g}, got {args.watch!r}"
            )
        _watch(lambda: _text(_process_lines(look_at(args.file or []))), args.watch)
        return 0
    if args.file is None:
        return _functions(as_json=args.json)
    seen = look_at(args.file)
    if args.json:
        print(json.dumps({"processes": [one.to_dict() for one in seen]}, indent=2))
    else:
        print(_text(_process_lines(seen)))
    return int(any(one.problem for one in seen))


def _functions(*, as_json: bool) -> int:
    from freqkernels.bridge.install import install, status
    from freqkernels.bridge.targets import TARGETS
    from freqkernels.runtime.telemetry.snapshots import snapshot

    install()
    for module in dict.fromkeys(target.module for target in TARGETS):
        importlib.import_module(module)
    rows = status()
    now = snapshot(all=True)
    if as_json:
        switches = {one.name: one for one in now.switches}
        print(json.dumps([_plain(row, switches.get(row.name)) for row in rows], indent=2))
    else:
        for row in rows:
            detail = row.reason or f"{row.backend or 'pandas'}, in {len(row.holders)} place(s)"
            print(f"{row.name:36} {row.state:10} {detail}")
        lines = [
            f"level {now.level}, backend {now.backend}, telemetry {now.telemetry}, {_rollout()}",
            *decision_lines(now),
        ]
        print(_text(["", *lines, *_running()]))
    return int(any(row.state not in ("replaced", "off") for row in rows))


def _plain(row: Any, one: Any) -> dict[str, Any]:
    """What became of a function, and what is decided about it."""
    names = ("variant", "reason", "source", "breaker", "breaker_reason")
    decision = {name: getattr(one, name) for name in names} if one is not None else None
    return dataclasses.asdict(row) | {"decision": decision}


def _rollout() -> str:
    from freqkernels.runtime.rollout import RolloutLog

    state = RolloutLog().read()
    if state.problem:
        return state.problem
    return "no rollout" if state.phase is None else f"rollout at {state.phase}"


def _running() -> Iterator[str]:
    seen = look_at([])
    if seen:
        yield from ("", *_process_lines(seen))


def _process_lines(seen: Sequence[Seen]) -> Iterator[str]:
    if not seen:
        yield f"no process has a monitor: there is no file in {process_directory()}"
    for number, one in enumerate(seen):
        if number:
            yield ""
        yield from lines_of(one)


def _text(lines: Iterable[str]) -> str:
    """Lines for the output, as wide as the terminal if it is one; control characters are shown."""
    shown = ("".join(c if c.isprintable() else "?" for c in line) for line in lines)
    if not sys.stdout.isatty():
        return "\n".join(shown)
    width = max(shutil.get_terminal_size().columns, 20)
    fill = textwrap.TextWrapper(width, subsequent_indent="    ", break_on_hyphens=False).fill
    return "\n".join(map(fill, shown))


def _watch(draw: Callable[[], str], seconds: float) -> None:
    """Draw until Ctrl-C: in place where the output is a terminal, below one another elsewhere."""
    try:
        if sys.stdout.isatty() and importlib.util.find_spec("rich") is not None:
            from rich.live import Live
            from rich.text import Text

            with Live(Text(draw()), auto_refresh=False) as live:
                while True:
                    time.sleep(seconds)
                    live.update(Text(draw()), refresh=True)
        while True:
            print(draw(), end="\n\n", flush=True)
            time.sleep(seconds)
    except KeyboardInterrupt:
        print()
