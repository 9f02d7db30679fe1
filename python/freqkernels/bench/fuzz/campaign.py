"""Many random cases, in one process or several."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from freqkernels.bench.fuzz.compare import Verdict, compare_case
from freqkernels.bench.fuzz.describe import describe
from freqkernels.bench.fuzz.shrink import shrink
from freqkernels.bridge.fuzz.case import Case
from freqkernels.bridge.fuzz.case_file import save_case
from freqkernels.bridge.fuzz.generate.kinds import KINDS, make_case
from freqkernels.bridge.fuzz.run import Engine
from freqkernels.errors import FreqkernelsError

#: Kinds whose cases are made to run on freqtrade's own code.
OUTSIDE = ("outside",)


@dataclass(slots=True)
class Result:
    """What is kept of a case.

    :param kind: of the case.
    :param number: of the case within its kind.
    :param seconds: that generating and comparing took.
    :param epochs: backtests that were compared.
    :param original: why some of them ran on freqtrade's own code.
    :param events: why some of them were simulated event by event.
    :param refused: why freqtrade does not run the case at all, or "".
    :param difference: the first one as text, or "".
    :param happened: what happened in it, counted.
    """

    kind: str
    number: int
    seconds: float
    epochs: int
    original: list[str]
    events: list[str]
    refused: str
    difference: str
    happened: Counter[str]


@dataclass(slots=True)
class Tally:
    """What came of cases of one kind, or of all.

    :param cases: that were made.
    :param epochs: backtests that were compared.
    :param compiled: those that ran on the engine that is compared with freqtrade's.
    :param original: those that ran on freqtrade's own code, by reason.
    :param events: those that were simulated event by event, by reason.
    :param refused: cases that freqtrade does not run, by reason.
    :param differences: results of cases that differ.
    :param happened: what happened in them, counted.
    :param seconds: spent in the cases, over all processes.
    """

    cases: int = 0
    epochs: int = 0
    compiled: int = 0
    original: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    differences: list[Result] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, result: Result) -> None:
        """Count a case."""
        self.cases += 1
        self.epochs += result.epochs
        self.compiled += result.epochs - len(result.original)
        self.original.update(result.original)
        self.events.update(result.events)
        self.refused.update([result.refused] if result.refused else [])
        self.differences += [result] if result.difference else []
        self.happened += result.happened
        self.seconds += result.seconds


def run_campaign(
    cases: int,
    seed: int,
    kinds: Sequence[str] = tuple(KINDS),
    *,
    jobs: int = 1,
    engine: Engine | None = None,
    watch: Callable[[Result], None] = lambda _: None,
) -> dict[str, Tally]:
    """Compare the engines on random cases.

    :param cases: how many; they go through the kinds in turn.
    :param seed: the same one gives the same cases.
    :param kinds: keys of ``ALL_KINDS``.
    :param jobs: processes.
    :param engine: see :func:`~freqkernels.bench.fuzz.compare.compare_case`; a function of a
        module, where there are several processes.
    :param watch: gets every result as it comes.
    :return: tally by kind.
    :raise FreqkernelsError: when a process dies.
    """
    tallies = {kind: Tally() for kind in kinds}
    tasks = [(kinds[i % len(kinds)], seed, i // len(kinds), engine) for i in range(cases)]
    for result in _in_processes(tasks, jobs) if jobs > 1 else (run_one(*task) for task in tasks):
        tallies[result.kind].add(result)
        watch(result)
    return tallies


def _in_processes(tasks: list[tuple[str, int, int, Engine | None]], jobs: int) -> Iterator[Result]:
    # Fresh processes: a fork would take locks and threads along.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        waiting = {pool.submit(run_one, *task): task for task in tasks}
        try:
            for future in as_completed(waiting):
                yield future.result()
        except BrokenProcessPool as error:
            raise FreqkernelsError(
                f"a process died in one of the cases; run them with --jobs 1 to see which: {error}"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def run_one(kind: str, seed: int, number: int, engine: Engine | None = None) -> Result:
    """Make a case, compare the engines on it, and keep what counts.

    :param kind: of the case.
    :param seed: of the campaign.
    :param number: of the case within its kind.
    :param engine: see :func:`~freqkernels.bench.fuzz.compare.compare_case`.
    """
    started = time.monotonic()
    verdict = compare_case(make_case(kind, seed, number), engine)
    return Result(
        kind,
        number,
        time.monotonic() - started,
        len(verdict.outcomes),
        verdict.original,
        verdict.events,
        verdict.refused,
        str(verdict.difference) if verdict.difference else "",
        verdict.happened,
    )


def shrink_and_save(
    case: Case, folder: Path | None, engine: Engine | None = None
) -> tuple[Verdict, str]:
    """Make a case that differs small, save it, and describe it.

    :param case: the case.
    :param folder: where ``kind-seed.json`` is written; None to write nothing.
    :param engine: see :func:`~freqkernels.bench.fuzz.compare.compare_case`.
    :return: verdict of the small case, and its description.
    """
    part = _part(compare_case(case, engine))

    def differs(candidate: Case) -> bool:
        return part is not None and _part(compare_case(candidate, engine)) == part

    small = shrink(case, differs)
    verdict = compare_case(small, engine)
    text = describe(verdict)
    if folder is not None:
        path = folder / f"{case.kind}-{case.seed}.json"
        save_case(small, path)
        text += f"\nsaved as {path}"
    return verdict, text


def _part(verdict: Verdict) -> Any:
    """The part of the outcome that differs, so that one difference is not shrunk to another."""
    if verdict.difference is None:
        return None
    return verdict.difference.path[1] if len(verdict.difference.path) > 1 else ""
