"""A case and its difference as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from freqkernels.bench.fuzz.compare import Verdict
from freqkernels.bench.fuzz.describe_calls import describe_calls
from freqkernels.bridge.fuzz.callbacks.source import source_of
from freqkernels.bridge.fuzz.case import CONFIG_DEFAULTS, SIGNALS, STRATEGY_DEFAULTS, Case, Pair
from freqkernels.identity import Difference, first_difference, shown
from freqkernels.timeframes import fixed_step_seconds

_AROUND = 3
_MOST_ROWS = 40


def describe(verdict: Verdict) -> str:
    """Settings that are not the usual ones, the first difference, the candles around it.

    :param verdict: of a case that differs.
    """
    return "\n".join([*_case(verdict.case), *_difference(verdict), *_candles(verdict)])


def describe_case(case: Case) -> str:
    """A case without a difference."""
    return "\n".join(_case(case))


def _case(case: Case) -> Iterator[str]:
    names = ", ".join(f"{pair.name} ({len(pair.candles)})" for pair in case.pairs)
    yield f"case {case.kind} {case.seed}: {case.timeframe} candles from {case.start}: {names}"
    settings = [
        *_changed("strategy", case.strategy, STRATEGY_DEFAULTS),
        *_changed("config", case.config, CONFIG_DEFAULTS),
    ]
    for name, usual in (("strategy_class", "Fuzzed"), ("precision_mode", 4), ("window", (0, 0))):
        if getattr(case, name) != usual:
            settings.append(f"{name} = {getattr(case, name)!r}")
    for number, epoch in enumerate(case.epochs):
        settings += _changed(f"epoch {number} strategy", epoch.strategy, {})
        settings += _changed(f"epoch {number} config", epoch.config, {})
        settings += [f"epoch {number} stopped before it begins"] * epoch.abort
    for pair in case.pairs:
        ticks = pair.ticks if len(pair.ticks) < 12 else f"{len(pair.ticks)} ticks"
        settings.append(f"{pair.name}: ticks {ticks}, {pair.market}")
    yield from (f"  {line}" for line in settings)
    if case.callbacks:
        yield "the strategy:"
        yield from (f"  {line}".rstrip() for line in source_of(case).splitlines())


def _changed(what: str, settings: dict[str, Any], usual: dict[str, Any]) -> list[str]:
    return [
        f"{what} {name} = {value!r}"
        for name, value in settings.items()
        if name not in usual or usual[name] != value
    ]


def _difference(verdict: Verdict) -> Iterator[str]:
    if verdict.difference is None:
        yield "no difference"
        return
    yield f"first difference (this engine != freqtrade): {verdict.difference}"
    number = verdict.difference.path[0] if verdict.difference.path else 0
    error = verdict.outcomes[number]["error"], verdict.found[number]["error"]
    if any(error):
        yield f"errors: freqtrade {error[0]}, this engine {error[1]}"
    yield from describe_calls(verdict.found[number]["calls"], verdict.outcomes[number]["calls"])
    found = first_trade(verdict)
    if found is not None:
        position, difference = found
        yield f"first trade that differs: number {position} of those closed: {difference}"


def first_trade(verdict: Verdict) -> tuple[int, Difference | str] | None:
    """Position of the first closed trade that differs, and how."""
    number = verdict.difference.path[0] if verdict.difference and verdict.difference.path else 0
    ours, theirs = (
        outcome[number]["trades"]["closed"] for outcome in (verdict.found, verdict.outcomes)
    )
    for position, (one, other) in enumerate(zip(ours, theirs, strict=False)):
        difference = first_difference(one, other)
        if difference is not None:
            return position, difference
    if len(ours) == len(theirs):
        return None
    more, side = (theirs, "freqtrade") if len(theirs) > len(ours) else (ours, "this engine")
    extra = more[min(len(ours), len(theirs))]
    shown_trade = {name: extra.get(name) for name in ("pair", "open_date", "close_date")}
    return min(len(ours), len(theirs)), f"only {side} has {shown(shown_trade)}"


def _candles(verdict: Verdict) -> Iterator[str]:
    """The rows of the pair around the trade; all rows of a small case."""
    case = verdict.case
    pairs, moments = _where(verdict)
    seconds = fixed_step_seconds(case.timeframe) or 7 * 86_400
    slots = [(moment - case.opening).total_seconds() / seconds for moment in moments]
    for pair in case.pairs:
        if pairs and pair.name not in pairs:
            continue
        rows = [
            row
            for row in pair.candles
            if case.rows <= _MOST_ROWS
            or any(abs(row[0] - slot) <= _AROUND for slot in slots or [pair.candles[0][0]])
        ]
        yield f"{pair.name}: slot, time, open, high, low, close; signals that count one row later"
        yield from (_row(case, pair, row, seconds) for row in rows)


def _row(case: Case, pair: Pair, row: tuple[float, ...], seconds: int) -> str:
    time = case.opening + pd.Timedelta(seconds=row[0] * seconds)
    marks = [
        f"{name}={pair.signals[name].at[row[0]]!r}"
        for name in SIGNALS
        if name in pair.signals and row[0] in pair.signals[name].at
    ]
    prices = " ".join(f"{price!r:>14}" for price in row[1:5])
    return f"  {row[0]:>4} {time:%m-%d %H:%M} {prices}  {' '.join(marks)}".rstrip()


def _where(verdict: Verdict) -> tuple[set[str], list[Any]]:
    """Pairs and moments that the difference is about, as far as its path or a trade tells."""
    found = first_trade(verdict)
    number = verdict.difference.path[0] if verdict.difference and verdict.difference.path else 0
    if found is None:
        return set(), []
    trades = [
        outcome[number]["trades"]["closed"][found[0]]
        for outcome in (verdict.outcomes, verdict.found)
        if found[0] < len(outcome[number]["trades"]["closed"])
    ]
    dates = [trade[name] for trade in trades for name in ("open_date", "close_date")]
    return {trade["pair"] for trade in trades}, [date for date in dates if date is not None]
