"""What happened: refusals, failures and fallbacks, counted in bounded memory and logged once.

A refusal is ordinary: the input is outside of what a fast path promises, the exact path answered.
A way is told where there is more than one: which one was taken, and why.
A failure is not: a kernel raised something unexpected and the reference answered.
A fallback concerns a whole module: its compiled twin could not be loaded.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from freqkernels.runtime.threads import renew_after_fork

logger = logging.getLogger("freqkernels")

Kind = Literal["refusal", "way", "failure", "fallback"]
_LEVELS: dict[str, int] = {
    "refusal": logging.INFO,
    "way": logging.INFO,
    "failure": logging.WARNING,
    "fallback": logging.WARNING,
}
# Reasons are short sentences of ours; beyond this many something generates them per value.
_MAX_DISTINCT = 1000


@dataclass(frozen=True, slots=True)
class Event:
    """One kind of thing that happened to one function or kernel.

    :param kind: "refusal", "way", "failure" or "fallback".
    :param name: kernel or function, for example ``metrics.rel_mean``.
    :param reason: why, in one sentence.
    :param count: how often so far.
    """

    kind: str
    name: str
    reason: str
    count: int


_lock = threading.Lock()
renew_after_fork(globals(), "_lock", threading.Lock)
_counts: Counter[tuple[str, str, str]] = Counter()


def record(kind: Kind, name: str, reason: str, times: int = 1) -> None:
    """Count an event; the first of its kind, name and reason is also logged.

    :param kind: "refusal", "failure" or "fallback".
    :param name: kernel or function.
    :param reason: why, in one sentence.
    :param times: how often it has happened.
    """
    key = (kind, name, reason)
    with _lock:
        if key not in _counts and len(_counts) >= _MAX_DISTINCT:
            key = (kind, name, "other reasons")
        first = key not in _counts
        _counts[key] += times
    if first:
        mark = {"freqkernels_event": True}
        logger.log(_LEVELS[kind], "%s of %s: %s", kind, name, reason, extra=mark)


def events() -> list[Event]:
    """All events so far, most frequent first."""
    with _lock:
        counts = _counts.most_common()
    return [Event(*key, count) for key, count in counts]


def clear() -> None:
    """Forget all events; what was logged once may be logged again."""
    with _lock:
        _counts.clear()
