"""What the counts of a process mean: totals, time saved, what became slower, what to do about it.

Nothing is assumed: a switch without trials has no speedup, and is listed as not measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from freqkernels.runtime.control import current
from freqkernels.runtime.counters import CounterValues
from freqkernels.runtime.telemetry.advice import ENOUGH_CALLS, ENOUGH_TRIALS, recommendations
from freqkernels.runtime.telemetry.snapshots import Snapshot, SwitchValues, read_file, snapshot

#: How many times as slow is slower. The same work on a machine with other work differs by up to
#: a fifth, and two medians are known to within 6 %.
SLOWER = 1.25
_TOP = 5


@dataclass(frozen=True, slots=True)
class Saved:
    """What the fast implementation of one switch has saved its callers.

    :param name: of the switch.
    :param nanoseconds: less than 0 if it has cost them time.
    :param speedup: exact time divided by fast time, in trials.
    :param basis: "timed calls" or "trials", as :func:`saved_by` says.
    """

    name: str
    nanoseconds: float
    speedup: float
    basis: Literal["timed calls", "trials"]


@dataclass(frozen=True, slots=True)
class Regression:
    """Something that has become slower since the baseline.

    :param name: of the switch.
    :param measure: "median" (of fast answers, in nanoseconds) or "speedup" (in trials).
    :param before: in the baseline.
    :param now: in this process.
    """

    name: str
    measure: Literal["median", "speedup"]
    before: float
    now: float


@dataclass(frozen=True, slots=True)
class Report:
    """A process in numbers; ``str()`` makes a text of it.

    :param snapshot: the numbers that all the rest follows from.
    :param totals: sums over all switches.
    :param saved: by switch, most first.
    :param not_measured: switches whose fast implementation has answered, without measured trials.
    :param trial_cost_ns: what the fast implementations have taken in trials, where the exact ones
        answered: the price of measuring, without that of copying the arguments.
    :param regressions: against the baseline, if there is one.
    :param recommendations: what to do; each one names the numbers that it follows from.
    """

    snapshot: Snapshot
    totals: CounterValues
    saved: tuple[Saved, ...]
    not_measured: tuple[str, ...]
    trial_cost_ns: int
    regressions: tuple[Regression, ...]
    recommendations: tuple[str, ...]

    @property
    def fast_share(self) -> float:
        """Share of all calls that a fast implementation has answered."""
        return self.totals.fast / self.totals.calls if self.totals.calls else 0.0

    @property
    def saved_ns(self) -> tuple[float, float]:
        """Nanoseconds that all have saved together: at least, at most.

        Switches call one another, and what one has saved may be a part of what its caller has. So
        the truth lies between the largest one alone and the sum.
        """
        gains = [one.nanoseconds for one in self.saved if one.nanoseconds > 0]
        costs = [one.nanoseconds for one in self.saved if one.nanoseconds < 0]
        return (
            max(gains, default=0.0) + sum(costs),
            sum(gains) + min(costs, default=0.0),
        )

    def to_dict(self) -> dict[str, Any]:
        """The same for JSON."""
        least, most = self.saved_ns
        return {
            "snapshot": self.snapshot.to_dict(),
            "totals": asdict(self.totals),
            "fast_share": self.fast_share,
            "saved_at_least_ns": least,
            "saved_at_most_ns": most,
            "saved": [asdict(one) for one in self.saved],
            "not_measured": list(self.not_measured),
            "trial_cost_ns": self.trial_cost_ns,
            "regressions": [asdict(one) for one in self.regressions],
            "recommendations": list(self.recommendations),
        }

    def __str__(self) -> str:
        # A reason may be the text of somebody's exception, of several lines.
        return "\n".join(" ".join(line.splitlines()) for line in _lines(self))


def report(baseline: Path | str | Snapshot | None = None) -> Report:
    """What this process has done so far.

    :param baseline: a snapshot, or a file that :func:`.snapshots.write_file` or the monitor has
        written: what has become slower since then is reported. The setting of this name if absent.
    :raise InvalidInputError: if the baseline cannot be read.
    """
    chosen = current().baseline if baseline is None else baseline
    if isinstance(chosen, Snapshot):
        return report_of(snapshot(), chosen)
    return report_of(snapshot(), read_file(chosen) if chosen else None)


def report_of(now: Snapshot, before: Snapshot | None = None) -> Report:
    """What a snapshot means.

    :param now: of any process.
    :param before: what it is compared with.
    """
    saved = [one for one in map(saved_by, now.switches) if one is not None]
    known = {one.name for one in saved}
    return Report(
        snapshot=now,
        totals=_totals(now.switches),
        saved=tuple(sorted(saved, key=lambda one: (-one.nanoseconds, one.name))),
        not_measured=tuple(
            one.name for one in now.switches if one.counts.fast and one.name not in known
        ),
        trial_cost_ns=sum(one.counts.trial_fast_ns for one in now.switches),
        regressions=tuple(_regressions(now, before)) if before is not None else (),
        recommendations=recommendations(now),
    )


def saved_by(one: SwitchValues) -> Saved | None:
    """Time that the fast implementation has saved against the exact one, as far as measured.

    Where fast answers were timed: their time, times (speedup in trials - 1); answers that were
    not timed do not count. Where none was timed: the number of fast answers, times the mean
    difference between both implementations in trials.

    :param one: the switch.
    :return: None if no trial was measured, or nothing was answered fast.
    """
    counts, speedup = one.counts, one.speedup
    if speedup is None or not counts.fast:
        return None
    if counts.timed_fast:
        return Saved(one.name, (speedup - 1) * counts.fast_ns, speedup, "timed calls")
    difference = counts.trial_exact_ns - counts.trial_fast_ns
    return Saved(one.name, counts.fast * difference / counts.measured, speedup, "trials")


def _totals(switches: tuple[SwitchValues, ...]) -> CounterValues:
    names = [one.name for one in fields(CounterValues)]
    return CounterValues(
        **{name: sum(getattr(one.counts, name) for one in switches) for name in names}
    )


def _regressions(now: Snapshot, before: Snapshot) -> Iterator[Regression]:
    earlier = {one.name: one for one in before.switches}
    for one in now.switches:
        old = earlier.get(one.name)
        if old is None or old.backend != one.backend:
            continue
        medians = _median(old), _median(one)
        if medians[0] and medians[1] and _same_work(old, one) and medians[1] > SLOWER * medians[0]:
            yield Regression(one.name, "median", *medians)
        speedups = _speedup(old), _speedup(one)
        if speedups[0] and speedups[1] and speedups[0] > SLOWER * speedups[1]:
            yield Regression(one.name, "speedup", *speedups)


def _median(one: SwitchValues) -> float:
    """Of fast answers; 0 if too few were timed."""
    enough = one.fast_times is not None and one.counts.timed_fast >= ENOUGH_CALLS
    return one.fast_times.p50 if one.fast_times is not None and enough else 0.0


def _speedup(one: SwitchValues) -> float:
    """In trials; 0 if there were too few."""
    return one.speedup or 0.0 if one.counts.measured >= ENOUGH_TRIALS else 0.0


def _same_work(old: SwitchValues, new: SwitchValues) -> bool:
    """Whether calls have about as many rows: a median over other data says nothing."""
    before, now = (one.counts.rows / max(one.counts.calls, 1) for one in (old, new))
    return max(before, now) <= SLOWER * min(before, now)


def _lines(given: Report) -> Iterator[str]:
    now, totals = given.snapshot, given.totals
    yield (
        f"process {now.pid}, freqkernels {now.version}, Python {now.python}, level {now.level}, "
        f"backend {now.backend}, telemetry {now.telemetry}"
    )
    yield (
        f"{totals.calls:,} calls over {totals.rows:,} rows, {given.fast_share:.1%} answered fast; "
        f"{totals.refusals:,} refusals, {totals.failures:,} failures, {totals.errors:,} errors, "
        f"{totals.trials:,} trials, {totals.mismatches:,} mismatches"
    )
    yield _saved_line(given)
    for one in given.saved[:_TOP]:
        if one.nanoseconds > 0:
            yield (
                f"  {one.name}: {duration(one.nanoseconds)} saved, {one.speedup:.1f} times as fast "
                f"(by {one.basis})"
            )
    for old in given.regressions:
        show = duration if old.measure == "median" else "{:.2f}".format
        yield f"slower: {old.measure} of {old.name} was {show(old.before)}, is {show(old.now)}"
    for text in given.recommendations:
        yield f"- {text}"


def _saved_line(given: Report) -> str:
    if not given.saved:
        return "time saved: not measured"
    least, most = given.saved_ns
    text = f"time saved: {duration(least)}"
    if duration(most) != duration(least):
        text += f" to {duration(most)}, as they call one another,"
    text += f" by {len(given.saved)} switches"
    if given.not_measured:
        text += f", {len(given.not_measured)} others not measured"
    return f"{text}; {duration(given.trial_cost_ns)} spent on trials"


def duration(nanoseconds: float) -> str:
    """A duration for people, such as "12.3 ms".

    :param nanoseconds: of any sign.
    """
    for unit, size in (("h", 3.6e12), ("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if abs(nanoseconds) >= size:
            return f"{nanoseconds / size:,.1f} {unit}"
    return f"{nanoseconds:.0f} ns"
