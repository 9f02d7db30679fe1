"""Snapshots for tests, as a process would have taken them."""

from __future__ import annotations

from typing import Any

from freqkernels.runtime.counters import CounterValues
from freqkernels.runtime.journal import Event
from freqkernels.runtime.telemetry.snapshots import Quantiles, Snapshot, SwitchValues


def switch_values(name: str = "f", p50: float | None = None, **given: Any) -> SwitchValues:
    """One switch; ``given`` are its counts, and fields of its own.

    Counts that others add up to need not be given.
    """
    own = {"kind": "function", "backend": "", "variant": "fast", "reason": "", "source": "default"}
    own |= {"breaker": "closed", "breaker_reason": ""}
    own |= {key: given.pop(key) for key in list(given) if key in own}
    outcomes = ("fast", "exact", "refusals", "failures", "errors", "trials")
    counts = CounterValues(**{"calls": sum(given.get(key, 0) for key in outcomes), **given})
    times = Quantiles(p50, p50, p50) if p50 is not None else None
    return SwitchValues(
        name=name,
        **own,
        counts=counts,
        speedup=counts.speedup,
        fast_times=times,
        exact_times=None,
    )


def made_snapshot(
    *switches: SwitchValues, events: tuple[Event, ...] = (), **given: Any
) -> Snapshot:
    """A process with these switches."""
    values = {
        "pid": 1,
        "started": 10.0,
        "taken": 20.0,
        "version": "1",
        "python": "3.11.7",
        "backend": "auto",
        "level": "aggressive",
        "telemetry": "timed",
    }
    return Snapshot(**{**values, **given}, switches=switches, events=events, failures=())
