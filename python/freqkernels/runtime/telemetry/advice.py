"""What to do about the numbers of a process: sentences that name the numbers they follow from."""

from __future__ import annotations

from collections.abc import Iterator

from freqkernels.catalogue import ENTRIES
from freqkernels.runtime.telemetry.snapshots import Snapshot, SwitchValues

#: With fewer calls neither a share of them nor a median says anything about the next ones.
ENOUGH_CALLS = 30
#: Two sums of ten times that are taken in turn seldom differ by a quarter for no reason.
ENOUGH_TRIALS = 10
#: From this share of refusals on, the fast implementation is not what answers.
_MOSTLY_REFUSED = 0.5


def recommendations(now: Snapshot) -> tuple[str, ...]:
    """What to do, most pressing first; nothing where there is nothing to say.

    :param now: the process.
    """
    found = [
        text
        for look in (_trouble, _slow, _refused)
        for one in now.switches
        for text in look(now, one)
    ]
    return (*found, *_missing(now), *_unmeasured(now))


def _trouble(now: Snapshot, one: SwitchValues) -> Iterator[str]:
    counts = one.counts
    if counts.mismatches:
        reason = _reason(now, "mismatch", one.name)
        trials = f"{counts.mismatches} of {counts.trials} trials"
        yield f"{one.name}: {trials} gave another result: {reason}"
    elif one.breaker != "closed":
        yield (
            f"{one.name}: its breaker is {one.breaker} ({one.breaker_reason}), the exact one "
            f"answers; 'freqkernels rollout rollback {one.name}' keeps it so after a restart"
        )
    elif counts.failures:
        yield (
            f"{one.name}: {counts.failures} failures in {counts.calls} calls "
            f"({_reason(now, 'failure', one.name)}); 'freqkernels rollout rollback {one.name}' "
            "switches it off"
        )


def _slow(_: Snapshot, one: SwitchValues) -> Iterator[str]:
    measured = one.counts.measured
    if one.speedup is None or one.speedup >= 1 or measured < ENOUGH_TRIALS:
        return
    if one.variant == "fast":
        yield (
            f"{one.name}: {measured} trials say it is {one.speedup:.2f} times as fast as the exact "
            f"one: set min_speedup to 1, or functions.{one.name}.enabled to false"
        )


def _refused(now: Snapshot, one: SwitchValues) -> Iterator[str]:
    counts = one.counts
    if counts.calls < ENOUGH_CALLS or counts.refusals <= _MOSTLY_REFUSED * counts.calls:
        return
    yield (
        f"{one.name}: {counts.refusals / counts.calls:.0%} of {counts.calls} calls were refused, "
        f"most often because {_reason(now, 'refusal', one.name)}"
    )


def _missing(now: Snapshot) -> Iterator[str]:
    for event in now.events:
        if event.kind == "fallback":
            yield (
                f"kernels of {event.name} run on the slow reference, the compiled ones cannot be "
                "loaded: 'freqkernels doctor' says what to do"
            )


def _unmeasured(now: Snapshot) -> Iterator[str]:
    if now.telemetry == "off":
        yield "telemetry is off, so nothing is counted: set it to counters or timed"
        return
    comparable = [one for one in now.switches if _can_be_tried(one.name)]
    calls = sum(one.counts.fast for one in comparable)
    if calls < ENOUGH_CALLS or any(one.counts.measured for one in now.switches):
        return
    more = "" if now.telemetry == "timed" else f", and telemetry ({now.telemetry} now) to timed"
    yield (
        f"no trial beside {calls} fast answers: to measure time saved, set shadow to 1 "
        f"(percent of calls){more}"
    )


def _can_be_tried(name: str) -> bool:
    return name in ENTRIES and ENTRIES[name].shadow


def _reason(now: Snapshot, kind: str, name: str) -> str:
    """The most frequent one. Events of functions bear the name of their module, too."""
    for event in now.events:
        known = event.name == name or ("." not in name and event.name.rpartition(".")[2] == name)
        if event.kind == kind and known:
            return event.reason
    return "of a reason that is not kept"
