"""Two runs of freqtrade, one after the other in processes of their own, compared to the last bit.

Both read the same; what each writes is moved away before the next one starts.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from freqkernels.bench.across import shared
from freqkernels.bench.exports import file_difference, is_comparable, masked
from freqkernels.bench.inputs import Inputs, RunFailedError, Say
from freqkernels.bench.run_process import FinishedRun, Job, Side, run_process
from freqkernels.identity import Difference, first_difference

ALONE = "freqtrade alone"
ACCELERATED = "with freqkernels"

#: What is compared unless somebody asks for something else.
SIDES = (Side("alone", ALONE, False), Side("accelerated", ACCELERATED, True))

ADVICE = (
    "If the strategy uses random numbers, the time of the clock or the network, freqtrade "
    "differs from itself; otherwise this is a defect of freqkernels: please report it."
)
_FRAMES = ("results", "wallet_summary", "locks")
_NO_TRADE = "no such trade"


@dataclass(frozen=True)
class Part:
    """One thing that was compared.

    :param name: what it is.
    :param amount: how much of it there was, in words.
    :param difference: the first one, None if both are identical.
    :param strategy: whose trades these are, if they are trades: paths begin with their position.
    """

    name: str
    amount: str
    difference: Difference | None
    strategy: str | None = None


@dataclass(frozen=True)
class Comparison:
    """Both runs and what became of their comparison.

    :param right: None if its process ended early.
    :param parts: what was compared.
    :param sides: how the two were run.
    :param left_out: what only one release has, as :func:`~freqkernels.bench.across.shared` names
        it; nothing if both are of one release.
    :param advice: what a difference may mean, in one sentence.
    :param candles: those around the trade that differs, or why they cannot be shown.
    """

    inputs: Inputs
    left: FinishedRun
    right: FinishedRun | None
    parts: list[Part]
    sides: tuple[Side, Side] = SIDES
    left_out: list[str] = field(default_factory=list)
    advice: str = ADVICE
    candles: list[dict[str, Any]] | str = field(default_factory=list)

    @property
    def first(self) -> Part | None:
        """The first part that differs."""
        return next((part for part in self.parts if part.difference is not None), None)

    @property
    def identical(self) -> bool:
        """Whether all that was compared is the same to the last bit."""
        return self.first is None


def compare_runs(inputs: Inputs, say: Say) -> Comparison:
    """Run freqtrade alone and with the kernels, on markets derived from the candles.

    :param inputs: what they read.
    :param say: called with what is going on.
    :raise RunFailedError: if freqtrade alone has no result.
    """
    exports = inputs.user_data / "backtest_results"
    job = Job(inputs.arguments, inputs.directory, exports, offline_markets="auto")
    left = run_process(job, SIDES[0], say)
    if left.error:
        raise RunFailedError(f"freqtrade has no result for these choices. It says:\n{left.error}")
    try:
        right = run_process(job, SIDES[1], say)
    except RunFailedError as error:
        return Comparison(inputs, left, None, [_lost(str(error))])
    say("comparing")
    return Comparison(inputs, left, right, compare(left, right))


def _lost(error: str) -> Part:
    return Part("result", "", Difference((), "value", "a result", error))


def compare(left: FinishedRun, right: FinishedRun) -> list[Part]:
    """Compare all that two runs left behind.

    :param left: a run with a result.
    :param right: another one of the same release, with or without.
    """
    if right.error:
        return [_lost(right.error)]
    parts = _compare_aspects(left, right)
    tables = [finished.tables.splitlines() for finished in (left, right)]
    parts.append(_part("lines of the printed tables", tables[0], tables[1]))
    parts.append(_part("names of the exported files", sorted(left.files), sorted(right.files)))
    for name in sorted(left.files.keys() & right.files.keys()):
        parts.append(_file_part(name, left.files[name], right.files[name]))
    return parts


def compare_releases(left: FinishedRun, right: FinishedRun) -> tuple[list[Part], list[str]]:
    """Compare what runs of two releases of freqtrade have in common.

    :param left: a run with a result, captured in neutral types.
    :param right: another one.
    :return: what was compared, and what only one of them has.
    """
    left_out: list[str] = []
    parts = _compare_aspects(left, right, left_out)
    for name in sorted(left.files.keys() | right.files.keys()):
        if name not in right.files or name not in left.files:
            left_out.append(f"{'-' if name in left.files else '+'}file {name}")
        elif is_comparable(name):
            parts.append(_file_part(name, left.files[name], right.files[name], left_out))
    return parts, left_out


def _file_part(name: str, left: bytes, right: bytes, left_out: list[str] | None = None) -> Part:
    found = file_difference(name, left, right, left_out)
    return Part(f"file {name}", f"{len(left):,} bytes", found)


def _compare_aspects(
    left: FinishedRun, right: FinishedRun, left_out: list[str] | None = None
) -> list[Part]:
    """Compare everything but tables and files."""
    strategies = [list(finished.run.contents) for finished in (left, right)]
    parts = []
    if strategies[0] != strategies[1] or len(strategies[0]) > 1:
        parts.append(_part("strategies", strategies[0], strategies[1]))
    ours, theirs = dict(_aspects(left)), dict(_aspects(right))
    for name in dict.fromkeys([*ours, *theirs]):
        if name in ours and name in theirs:
            strategy, value = ours[name]
            other = theirs[name][1]
            if left_out is not None:
                value, other = shared(value, other, left_out, name)
            parts.append(_part(name, value, other, strategy))
        elif left_out is None:
            only = [[name] if name in aspects else [] for aspects in (ours, theirs)]
            parts.append(Part(name, "", Difference((), "keys", *only)))
        else:
            left_out.append(f"{'-' if name in ours else '+'}{name}")
    return parts


def _aspects(finished: FinishedRun) -> Iterator[tuple[str, tuple[str | None, Any]]]:
    """By name: the strategy, if these are its trades, and the value."""
    run = finished.run
    for strategy, content in run.contents.items():
        of = f"{strategy}: " if len(run.contents) > 1 else ""
        yield f"{of}trades", (strategy, content["results"])
        yield f"{of}trade and order objects", (strategy, run.trades[strategy])
        numbers = {name: value for name, value in content.items() if name not in _FRAMES}
        yield f"{of}counters, balance, run id", (None, masked(numbers, run.begun))
        yield f"{of}locks", (None, masked(content["locks"], run.begun))
        if "wallet_summary" in content:
            yield f"{of}wallet summary", (None, content["wallet_summary"])
    yield "numbers of trades and orders", (None, run.counters)
    yield "statistics", (None, masked(run.stats, run.begun))
    yield "exit code", (None, run.exit_code)


def _part(name: str, left: Any, right: Any, strategy: str | None = None) -> Part:
    if strategy is None:
        return Part(name, _amount(left), first_difference(left, right))
    return Part(name, _amount(left), _trades_difference(left, right), strategy)


def _trades_difference(left: Any, right: Any) -> Difference | None:
    """As :func:`first_difference`; of more and fewer trades, the first that is not in both."""
    found = first_difference(left, right)
    if found is None or found.kind != "length" or found.path:
        return found
    count = min(len(left), len(right))
    inner = first_difference(left[:count], right[:count])
    if inner is not None and inner.path and isinstance(inner.path[0], int):
        return inner
    here, there = (_trade_at(trades, count) for trades in (left, right))
    return dataclasses.replace(found, path=(count,), left=here, right=there)


def _trade_at(trades: Any, position: int) -> Any:
    if position >= len(trades):
        return _NO_TRADE
    trade = trades.iloc[position] if isinstance(trades, pd.DataFrame) else trades[position]
    return {name: trade[name] for name in ("pair", "open_date", "close_date") if name in trade}


def _amount(value: Any) -> str:
    if isinstance(value, pd.DataFrame):
        return f"{len(value):,} rows x {len(value.columns)} columns"
    count = _count(value)
    return f"{count:,} value{'' if count == 1 else 's'}"


def _count(value: Any) -> int:
    """Number of single values in nested dicts and lists."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return 1
    return sum(_count(item) for item in value)
