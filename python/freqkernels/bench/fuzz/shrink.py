"""The smallest case that still differs: fewer callbacks, pairs, candles, settings and signals.

Greedy: whatever can go is taken away, the largest pieces first, until nothing can.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from freqkernels.bridge.fuzz.case import Case, Column, Epoch, Market, Pair, Row
from freqkernels.timeframes import fixed_step_seconds

Candidates = Iterator[Case]
_USUAL: dict[str, Any] = {
    "strategy_class": "Fuzzed",
    "precision_mode": 4,
    "date_unit": "ms",
    "window": (0, 0),
}


def shrink(
    case: Case, differs: Callable[[Case], bool], *, tries: int = 500, seconds: float = 120.0
) -> Case:
    """Make a case smaller while it still differs.

    :param case: a case that differs; it is not changed.
    :param differs: whether a case does.
    :param tries: most candidates to try.
    :param seconds: most time to spend.
    :return: the smallest that was found.
    """
    budget = _Budget(tries, time.monotonic() + seconds)
    before = None
    while before is not case and budget:
        before = case
        for candidates in _PASSES:
            case = _reduce(case, candidates, differs, budget)
    return case


class _Budget:
    def __init__(self, tries: int, end: float) -> None:
        self._tries, self._end = tries, end

    def __bool__(self) -> bool:
        return self._tries > 0 and time.monotonic() < self._end

    def spend(self) -> None:
        self._tries -= 1


def _reduce(
    case: Case,
    candidates: Callable[[Case], Candidates],
    differs: Callable[[Case], bool],
    budget: _Budget,
) -> Case:
    """Take candidates of one kind for as long as one differs."""
    found: Case | None = case
    while found is not None:
        case, found = found, None
        for candidate in candidates(case):
            if not budget:
                return case
            budget.spend()
            if differs(candidate):
                found = candidate
                break
    return case


def _fewer_epochs(case: Case) -> Candidates:
    for less in _less(case.epochs):
        if less:
            yield replace(case, epochs=less)


def _simpler_epochs(case: Case) -> Candidates:
    for i, epoch in enumerate(case.epochs):
        plain: list[Epoch] = [replace(epoch, strategy=less) for less in _less_of(epoch.strategy)]
        plain += [replace(epoch, config=less) for less in _less_of(epoch.config)]
        plain += [replace(epoch, abort=False)] if epoch.abort else []
        for simpler in plain:
            yield replace(case, epochs=[*case.epochs[:i], simpler, *case.epochs[i + 1 :]])


def _fewer_callbacks(case: Case) -> Candidates:
    for less in _less(case.callbacks):
        if less:
            yield replace(case, callbacks=less)
    for properties in _less_of(case.properties):
        yield replace(case, properties=properties)


def _simpler_callbacks(case: Case) -> Candidates:
    """Fewer steps, but an answer; steps that are always done, methods of the class."""
    for i, callback in enumerate(case.callbacks):
        steps = callback.steps
        simpler = [
            replace(callback, steps=steps[:k] + steps[k + 1 :]) for k in range(len(steps) - 1)
        ]
        if callback.place != "class":
            simpler.append(replace(callback, place="class"))
        for k, step in enumerate(steps):
            if step.every > 1:
                always = [*steps[:k], replace(step, every=1), *steps[k + 1 :]]
                simpler.append(replace(callback, steps=always))
        for one in simpler:
            yield replace(case, callbacks=[*case.callbacks[:i], one, *case.callbacks[i + 1 :]])


def _fewer_pairs(case: Case) -> Candidates:
    for less in _less(case.pairs):
        if less:
            yield replace(case, pairs=less)


def _fewer_candles(case: Case) -> Candidates:
    slots = [row[0] for pair in case.pairs for row in pair.candles]
    first, last = min(slots), max(slots)
    for length in _halves(int(last - first)):
        yield _cut(case, first, last - length)
        yield _cut(case, first + length, last)


def _cut(case: Case, first: float, last: float) -> Case:
    """The candles of some slots, and what belongs to them."""
    step = fixed_step_seconds(case.timeframe) or 7 * 86_400
    detail = fixed_step_seconds(case.config.get("timeframe_detail", case.timeframe)) or step
    pairs = []
    for pair in case.pairs:
        rows: list[Row] = [row for row in pair.candles if first <= row[0] <= last]
        if not rows:
            continue
        held = {row[0] for row in rows}
        small = [row for row in pair.detail if first <= row[0] * detail // step <= last]
        funding = [row for row in pair.funding if first - 1 <= row[0] * 3600 / step <= last + 1]
        signals = {
            name: replace(column, at={k: v for k, v in column.at.items() if k in held})
            for name, column in pair.signals.items()
        }
        pairs.append(replace(pair, candles=rows, detail=small, funding=funding, signals=signals))
    return replace(case, pairs=pairs)


def _fewer_settings(case: Case) -> Candidates:
    for less in _less_of(case.config):
        yield replace(case, config=less)
    for less in _less_of(case.strategy):
        yield replace(case, strategy=less)
    for name in ("minimal_roi", "protections"):
        value = case.strategy.get(name)
        if value:
            parts: Iterable[Any] = _less_of(value) if isinstance(value, dict) else _less(value)
            for part in parts:
                yield replace(case, strategy={**case.strategy, name: part})
    for field, usual in _USUAL.items():
        if getattr(case, field) != usual:
            yield replace(case, **{field: usual})


def _simpler_markets(case: Case) -> Candidates:
    plain = Market()
    for i, pair in enumerate(case.pairs):
        for name in ("limits", "contract_size", "tiers", "amount", "price"):
            value = getattr(plain, name)
            if getattr(pair.market, name) != value:
                market = replace(pair.market, **{name: value})
                yield _with_pair(case, i, replace(pair, market=market))
        if pair.ticks != "exchange":
            yield _with_pair(case, i, replace(pair, ticks="exchange"))
        for less in _less(pair.funding):
            yield _with_pair(case, i, replace(pair, funding=less))


def _simpler_signals(case: Case) -> Candidates:
    for i, pair in enumerate(case.pairs):
        for less in _less_of(pair.signals):
            yield _with_pair(case, i, replace(pair, signals=less))
        for name, column in pair.signals.items():
            for simpler in _simpler_column(name, column):
                yield _with_pair(case, i, replace(pair, signals={**pair.signals, name: simpler}))


def _simpler_column(name: str, column: Column) -> Iterator[Column]:
    for slots in _less(list(column.at)):
        yield replace(column, at={slot: column.at[slot] for slot in slots})
    if not name.endswith("tag") and column.dtype != "int64":
        ones = {slot: 1 for slot, value in column.at.items() if value == 1}
        yield Column("int64", 0, ones)


def _with_pair(case: Case, i: int, pair: Pair) -> Case:
    return replace(case, pairs=[*case.pairs[:i], pair, *case.pairs[i + 1 :]])


def _less(items: list[Any]) -> Iterator[list[Any]]:
    """The list without a half of it, a quarter, ..., one."""
    for length in _halves(len(items)):
        for start in range(0, len(items), length):
            yield items[:start] + items[start + length :]


def _less_of(items: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """The dict without one of its items."""
    for name in items:
        yield {key: value for key, value in items.items() if key != name}


def _halves(length: int) -> Iterator[int]:
    while length > 1:
        length //= 2
        yield length


_PASSES = (
    _fewer_epochs,
    _fewer_callbacks,
    _fewer_pairs,
    _fewer_candles,
    _fewer_settings,
    _simpler_callbacks,
    _simpler_epochs,
    _simpler_signals,
    _simpler_markets,
)
