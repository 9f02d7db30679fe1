"""What happened: refusals, failures and fallbacks, counted in bounded memory and logged once.

A refusal is ordinary: the input is outside of what a fast path promises, the exact path answered.
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

Kind = Literal["refusal", "failure", "fallback"]
_LEVELS: dict[str, int] = {
    "refusal": logging.INFO,
    "failure": logging.WARNING,
    "fallback": logging.WARNING,
}
# Reasons are short sentences of ours; beyond this many something generates them per value.
_MAX_DISTINCT = 1000


@dataclass(frozen=True, slots=True)
class Event:
    """One kind of thing that happened to one function or kernel.

    :param kind: "refusal", "failure" or "fallback".
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


def record(kind: Kind, name: str, reason: str) -> None:
    """Count an event; the first of its kind, name and reason is also logged."""
    key = (kind, name, reason)
    with _lock:
        if key not in _counts and len(_counts) >= _MAX_DISTINCT:
            key = (kind, name, "other reasons")
        _counts[key] += 1
        first = _counts[key] == 1
    if first:
        logger.log(_LEVELS[kind], "%s of %s: %s", kind, name, reason)


def events() -> list[Event]:
    """All events so far, most frequent first."""
    with _lock:
        counts = _counts.most_common()
    return [Event(*key, count) for key, count in counts]


def clear() -> None:
    """Forget all events; what was logged once may be logged again."""
    with _lock:
        _counts.clear()
