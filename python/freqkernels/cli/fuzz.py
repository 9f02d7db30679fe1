"""``freqkernels fuzz``: random backtests by both engines, compared to the last bit."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from freqkernels.bridge.fuzz.generate.kinds import ALL_KINDS
from freqkernels.cli._output import progress, require_freqtrade
from freqkernels.errors import InvalidInputError

if TYPE_CHECKING:
    from freqkernels.bench.fuzz.campaign import Result, Tally

#: So many differences are made small and described; a broken engine has one in every case.
MOST_SHRUNK = 5
_DESCRIPTION = """\
Make random markets, signals and settings, run freqtrade's backtest on each by freqtrade alone and
as freqkernels replaces it, and compare all that comes out and all that is left behind, to the last
bit. A case that differs is made small, described and saved. Exit code: 0 identical, 1 different or
nothing ran compiled, 2 it could not be run.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``freqkernels fuzz``."""
    parser.description = _DESCRIPTION
    parser.add_argument(
        "--cases", type=int, default=200, metavar="N", help="how many (default: %(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="S", help="same seed, same cases (default: 0)"
    )
    parser.add_argument(
        "--kind",
        nargs="+",
        default=list(ALL_KINDS),
        metavar="KIND",
        help=f"only these: {', '.join(ALL_KINDS)}",
    )
    parser.add_argument(
        "--jobs", type=int, default=1, metavar="J", help="processes (default: %(default)s)"
    )
    parser.add_argument(
        "--save",
        type=Path,
        default=Path("fuzz-cases"),
        metavar="DIR",
        help="where cases that differ are written (default: %(default)s)",
    )
    parser.add_argument(
        "--replay", type=Path, metavar="FILE", help="run a saved case instead, as it is"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Compare the engines.

    :param args: what :func:`add_arguments` declared.
    :return: exit code; 2 is left to the caller.
    :raise FreqkernelsError: for arguments that cannot be used, or when a process dies.
    """
    for name in ("cases", "jobs"):
        if getattr(args, name) < 1:
            raise InvalidInputError(f"{name}: expected at least 1, got {getattr(args, name)}")
    unknown = [kind for kind in args.kind if kind not in ALL_KINDS]
    if unknown:
        expected = ", ".join(ALL_KINDS)
        raise InvalidInputError(f"kind: expected some of {expected}, got {unknown[0]!r}")
    require_freqtrade()
    return _replay(args) if args.replay is not None else _campaign(args)


def _replay(args: argparse.Namespace) -> int:
    from freqkernels.bench.fuzz.compare import compare_case
    from freqkernels.bench.fuzz.describe import describe
    from freqkernels.bridge.fuzz.case_file import load_case

    verdict = compare_case(load_case(args.replay))
    if args.json:
        difference = str(verdict.difference) if verdict.difference else None
        document: dict[str, Any] = {"difference": difference, "refused": verdict.refused}
        document |= {"compiled": verdict.compiled, "original": verdict.original}
        document["events"] = verdict.events
        print(json.dumps(document | {"happened": verdict.happened}, indent=2))
    else:
        print(describe(verdict))
        print(f"{verdict.compiled} of {len(verdict.outcomes)} backtests ran compiled")
        for reason in verdict.events:
            print(f"  event by event: {reason}")
        for reason in verdict.original or [verdict.refused] * bool(verdict.refused):
            print(f"  not compiled: {reason}")
    return int(verdict.difference is not None or not verdict.compiled)


def _campaign(args: argparse.Namespace) -> int:
    from freqkernels.bench.fuzz.campaign import run_campaign, shrink_and_save
    from freqkernels.bridge.fuzz.generate.kinds import make_case

    say = progress()
    kinds = list(dict.fromkeys(args.kind))
    tallies = run_campaign(args.cases, args.seed, kinds, jobs=args.jobs, watch=_watch(args, say))
    differing = [result for tally in tallies.values() for result in tally.differences]
    texts = []
    for result in differing[:MOST_SHRUNK]:
        say(f"making {result.kind} {args.seed}-{result.number} small")
        case = make_case(result.kind, args.seed, result.number)
        texts.append(shrink_and_save(case, args.save)[1])
    compiled = sum(tally.compiled for tally in tallies.values())
    if args.json:
        document = {kind: _plain(tally) for kind, tally in tallies.items()}
        print(json.dumps({"seed": args.seed, "kinds": document, "described": texts}, indent=2))
    else:
        _print(tallies, texts)
    return int(bool(differing) or not compiled)


def _watch(args: argparse.Namespace, say: Callable[[str], None]) -> Callable[[Result], None]:
    """Tells about differences at once and about the rest now and then."""
    seen: Counter[str] = Counter()

    def watch(result: Result) -> None:
        seen.update(["cases"] + ["differences"] * bool(result.difference))
        if result.difference:
            say(f"{result.kind} {args.seed}-{result.number} differs: {result.difference}")
        if seen["cases"] % 100 == 0:
            say(f"{seen['cases']} of {args.cases} cases, {seen['differences']} differences")

    return watch


def _print(tallies: dict[str, Tally], texts: list[str]) -> None:
    header = ("kind", "cases", "backtests", "compiled", "trades", "differ", "s/case")
    rows = [header, *(_row(kind, tally) for kind, tally in tallies.items())]
    for row in rows:
        print(f"{row[0]:12}" + "".join(f"{cell!s:>11}" for cell in row[1:]))
    for title, counts in (
        ("event by event:", _sum(tally.events for tally in tallies.values())),
        ("ran on freqtrade's own code:", _sum(tally.original for tally in tallies.values())),
        ("refused by freqtrade itself:", _sum(tally.refused for tally in tallies.values())),
        ("what happened in them:", _sum(tally.happened for tally in tallies.values())),
    ):
        if counts:
            print(title)
        for name, count in counts.most_common():
            print(f"  {count:8} {name}")
    for text in texts:
        print(f"\n{text}")
    epochs, compiled = (
        sum(getattr(tally, name) for tally in tallies.values()) for name in ("epochs", "compiled")
    )
    differ = sum(len(tally.differences) for tally in tallies.values())
    print(f"{compiled} of {epochs} backtests ran compiled, {differ} cases differ")


def _row(kind: str, tally: Tally) -> tuple[Any, ...]:
    trades = tally.happened["long"] + tally.happened["short"]
    rate = f"{tally.seconds / max(1, tally.cases):.3f}"
    numbers = (tally.cases, tally.epochs, tally.compiled, trades, len(tally.differences))
    return (kind, *numbers, rate)


def _plain(tally: Tally) -> dict[str, Any]:
    plain = {field.name: getattr(tally, field.name) for field in fields(tally)}
    names = ("kind", "number", "difference")
    plain["differences"] = [{n: getattr(one, n) for n in names} for one in tally.differences]
    return plain


def _sum(counts: Any) -> Counter[str]:
    return sum(counts, Counter())
