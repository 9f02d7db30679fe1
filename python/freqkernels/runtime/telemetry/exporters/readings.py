"""What is exported, whatever it is exported to: a few quantities with labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from freqkernels.runtime.telemetry.snapshots import Snapshot, SwitchValues

_OUTCOMES = ("fast", "exact", "refusals", "failures", "errors", "trials")
_NS = 1e9

#: One value with its labels.
Reading = tuple[Mapping[str, str], float]


@dataclass(frozen=True, slots=True)
class Quantity:
    """Something that is exported.

    :param name: words with underscores, without prefix and unit.
    :param kind: "counter" never falls as long as the process lives, "gauge" does.
    :param unit: "seconds", or "" for numbers of things.
    :param text: what it says.
    :param read: its readings in a snapshot.
    """

    name: str
    kind: Literal["counter", "gauge"]
    unit: str
    text: str
    read: Callable[[Snapshot], Iterator[Reading]]


def _of_switches(
    read: Callable[[SwitchValues], Iterator[Reading]],
) -> Callable[[Snapshot], Iterator[Reading]]:
    def read_all(now: Snapshot) -> Iterator[Reading]:
        for one in now.switches:
            for labels, value in read(one):
                yield {"switch": one.name, **labels}, value

    return read_all


def _number(value: Callable[[SwitchValues], float]) -> Callable[[Snapshot], Iterator[Reading]]:
    return _of_switches(lambda one: iter([({}, value(one))]))


def _fast_and_exact(
    value: Callable[[SwitchValues], tuple[float, float]],
) -> Callable[[Snapshot], Iterator[Reading]]:
    def read(one: SwitchValues) -> Iterator[Reading]:
        fast, exact = value(one)
        yield {"variant": "fast"}, fast
        yield {"variant": "exact"}, exact

    return _of_switches(read)


def _calls(one: SwitchValues) -> Iterator[Reading]:
    for outcome in _OUTCOMES:
        yield {"outcome": outcome}, getattr(one.counts, outcome)


def _quantiles(one: SwitchValues) -> Iterator[Reading]:
    for variant, times in (("fast", one.fast_times), ("exact", one.exact_times)):
        if times is not None:
            for quantile, value in (("0.5", times.p50), ("0.9", times.p90), ("0.99", times.p99)):
                yield {"variant": variant, "quantile": quantile}, value / _NS


def _events(now: Snapshot) -> Iterator[Reading]:
    counts: Counter[tuple[str, str]] = Counter()
    for event in now.events:
        counts[event.kind, event.name] += event.count
    for (kind, name), count in counts.items():
        yield {"kind": kind, "name": name}, count


def _info(now: Snapshot) -> Iterator[Reading]:
    yield {"version": now.version, "backend": now.backend, "level": now.level}, 1


QUANTITIES: tuple[Quantity, ...] = (
    Quantity("calls", "counter", "", "Calls by who has answered.", _of_switches(_calls)),
    Quantity(
        *("rows", "counter", "", "Rows in the arguments of calls."),
        _number(lambda one: one.counts.rows),
    ),
    Quantity(
        *("mismatches", "counter", "", "Trials whose results differed."),
        _number(lambda one: one.counts.mismatches),
    ),
    Quantity(
        *("timed_calls", "counter", "", "Calls that were timed."),
        _fast_and_exact(lambda one: (one.counts.timed_fast, one.counts.timed_exact)),
    ),
    Quantity(
        *("call_time", "counter", "seconds", "Time in timed calls."),
        _fast_and_exact(lambda one: (one.counts.fast_ns / _NS, one.counts.exact_ns / _NS)),
    ),
    Quantity(
        *("measured_trials", "counter", "", "Trials in which both implementations answered."),
        _number(lambda one: one.counts.measured),
    ),
    Quantity(
        *("trial_time", "counter", "seconds", "Time in measured trials."),
        _fast_and_exact(
            lambda one: (one.counts.trial_fast_ns / _NS, one.counts.trial_exact_ns / _NS)
        ),
    ),
    Quantity(
        *("call_quantile", "gauge", "seconds", "How long timed calls take, by quantile."),
        _of_switches(_quantiles),
    ),
    Quantity(
        *("fast", "gauge", "", "1 if the fast implementation is chosen."),
        _number(lambda one: int(one.variant == "fast")),
    ),
    Quantity(
        *("breaker_open", "gauge", "", "1 if the breaker is not closed."),
        _number(lambda one: int(one.breaker != "closed")),
    ),
    Quantity("events", "counter", "", "Refusals, failures and the like.", _events),
    Quantity("info", "gauge", "", "Always 1; its labels describe the process.", _info),
)
