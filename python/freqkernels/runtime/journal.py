"""What happened: refusals, failures and fallbacks, counted in bounded memory and logged once.

A refusal is ordinary: the input is outside of what a fast path promises, the exact path answered.
A way is told where there is more than one: which one was taken, and why.
A decision is somebody's: settings, rollout or a breaker say that the exact path answers.
A failure is not ordinary: a kernel raised something unexpected and the reference answered.
A mismatch is worse: a trial has found another result than the exact one.
A fallback concerns a whole module: its compiled twin could not be loaded.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from freqkernels.runtime.threads import import_late, renew_after_fork

logger = logging.getLogger("freqkernels")

Kind = Literal["refusal", "way", "decision", "failure", "mismatch", "fallback"]
_LEVELS: dict[str, int] = {
    "refusal": logging.INFO,
    "way": logging.INFO,
    "decision": logging.INFO,
    "failure": logging.WARNING,
    "mismatch": logging.ERROR,
    "fallback": logging.WARNING,
}
# Reasons are short sentences of ours; beyond this many something generates them per value.
_MAX_DISTINCT = 1000
_MAX_FAILURES = 100


@dataclass(frozen=True, slots=True)
class Event:
    """One kind of thing that happened to one function or kernel.

    :param kind: "refusal", "way", "decision", "failure", "mismatch" or "fallback".
    :param name: kernel or function, for example ``metrics.rel_mean``.
    :param reason: why, in one sentence.
    :param count: how often so far.
    """

    kind: str
    name: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Failure:
    """One call that a fast implementation did not survive.

    :param when: seconds since 1970.
    :param name: of the kernel or function.
    :param error: class and text of the exception.
    :param arguments: type, shape, dtype and a digest of each argument.
    """

    when: float
    name: str
    error: str
    arguments: tuple[str, ...]


# A signal handler or a finalizer may come in while its own thread holds the lock.
_lock = threading.RLock()
renew_after_fork(globals(), "_lock", threading.RLock)
_counts: Counter[tuple[str, str, str]] = Counter()
_failures: deque[Failure] = deque(maxlen=_MAX_FAILURES)
_evidence: dict[str, Path] = {}
_verbose = False


def record(kind: Kind, name: str, reason: str, times: int = 1) -> None:
    """Count an event; the first of its kind, name and reason is also logged.

    :param kind: as of :class:`Event`.
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
    if first or _verbose:
        mark = {"freqkernels_event": True}
        logger.log(_LEVELS[kind], "%s of %s: %s", kind, name, reason, extra=mark)


def events() -> list[Event]:
    """All events so far, most frequent first."""
    with _lock:
        counts = _counts.most_common()
    return [Event(*key, count) for key, count in counts]


def keep_failure(
    name: str, error: Exception, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """Keep what a fast implementation failed on; the last hundred are kept.

    :param name: kernel or function.
    :param error: what it raised.
    :param args: its positional arguments.
    :param kwargs: those with names.
    """
    arguments = import_late("freqkernels.evidence").describe(args, kwargs)
    _failures.append(Failure(time.time(), name, said_by(error)[:500], tuple(arguments)))


def said_by(error: BaseException) -> str:
    """Class and text of an exception, whatever its class does when asked."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception as trouble:
        return f"{type(error).__name__}, whose text cannot be had: {type(trouble).__name__}"


def failures() -> list[Failure]:
    """The last failures, oldest first."""
    return list(_failures)


def keep_evidence(name: str, path: Path) -> None:
    """Keep where the evidence of a mismatch lies.

    :param name: kernel or function.
    :param path: of the file.
    """
    _evidence[name] = path


def evidence() -> dict[str, Path]:
    """Where the last evidence of each mismatch lies, by name."""
    return dict(_evidence)


def be_verbose(verbose: bool) -> None:
    """Whether every event is logged, or only the first of its kind, name and reason."""
    global _verbose
    _verbose = verbose


def clear() -> None:
    """Forget all events; what was logged once may be logged again."""
    with _lock:
        _counts.clear()
    _failures.clear()
    _evidence.clear()
