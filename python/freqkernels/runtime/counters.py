"""How often, how much, how long: exact counts of one switch, under any number of threads."""

from __future__ import annotations

import operator
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any, Literal

from freqkernels.runtime.histogram import Histogram

_MOST_PENDING = 512

Outcome = Literal["fast", "exact", "refusals", "failures", "errors"]


@dataclass(frozen=True, slots=True)
class CounterValues:
    """Counts of one switch at one moment; times in nanoseconds.

    :param calls: all calls: the sum of the next five and ``trials``.
    :param fast: answered by the fast implementation.
    :param exact: answered by the exact one, because that was decided.
    :param refusals: answered by the exact one, because the fast one does not promise the result.
    :param failures: answered by the exact one, because the fast one failed.
    :param errors: that raised to the caller.
    :param trials: for which both ran and the exact one answered.
    :param mismatches: trials whose results differed.
    :param rows: rows in the arguments of all calls.
    :param timed_fast: fast answers that were timed, which took ``fast_ns``.
    :param timed_exact: exact answers that were timed, which took ``exact_ns``.
    :param measured: trials in which both answered, but for the first one, which loads things;
        with times of the fast implementation, ``trial_fast_ns``, and of the exact one,
        ``trial_exact_ns``.
    """

    calls: int = 0
    fast: int = 0
    exact: int = 0
    refusals: int = 0
    failures: int = 0
    errors: int = 0
    trials: int = 0
    mismatches: int = 0
    rows: int = 0
    timed_fast: int = 0
    fast_ns: int = 0
    timed_exact: int = 0
    exact_ns: int = 0
    measured: int = 0
    trial_fast_ns: int = 0
    trial_exact_ns: int = 0

    @property
    def speedup(self) -> float | None:
        """How many times as fast the fast implementation was in trials; None without any."""
        if not self.measured or not self.trial_fast_ns:
            return None
        return self.trial_exact_ns / self.trial_fast_ns


class Counters:
    """Counts of one switch; see :class:`CounterValues` for their meaning."""

    __slots__ = (
        *("_exact_pending", "_fast", "_fast_pending", "_others", "_rows", "_times"),
        *("exact_times", "fast_times", "lock"),
    )

    def __init__(self) -> None:
        # A signal handler or a finalizer may come in while its own thread holds the lock.
        self.lock = threading.RLock()
        self._start()

    def _start(self) -> None:
        self._fast = self._rows = 0
        # Rows of answers not yet counted: appending is atomic, and cheaper than a lock.
        self._fast_pending: deque[int] = deque()
        self._exact_pending: deque[int] = deque()
        self._others = dict.fromkeys(
            ("exact", "refusals", "failures", "errors", "trials", "mismatches"), 0
        )
        self._times = dict.fromkeys(
            (
                *("timed_fast", "fast_ns", "timed_exact", "exact_ns"),
                *("measured", "trial_fast_ns", "trial_exact_ns"),
            ),
            0,
        )
        self.fast_times: Histogram | None = None
        self.exact_times: Histogram | None = None

    def renew_lock(self) -> None:
        """In a forked child: another thread of the parent may have held the lock."""
        self.lock = threading.RLock()

    def count(self, rows: int) -> None:
        """One call that the fast implementation has answered."""
        pending = self._fast_pending
        pending.append(rows)
        if len(pending) >= _MOST_PENDING:
            with self.lock:
                self._settle()

    def count_exact(self, rows: int) -> None:
        """One call that the exact implementation has answered, because that was decided."""
        pending = self._exact_pending
        pending.append(rows)
        if len(pending) >= _MOST_PENDING:
            with self.lock:
                self._settle()

    def count_as(self, outcome: Outcome, rows: int, nanoseconds: int | None = None) -> None:
        """One call with any outcome.

        :param outcome: who answered, and why.
        :param rows: in the arguments.
        :param nanoseconds: how long the answer took; None if it was not timed.
        """
        with self.lock:
            self._rows += rows
            if outcome == "fast":
                self._fast += 1
            else:
                self._others[outcome] += 1
            if nanoseconds is not None and outcome in ("fast", "exact"):
                self._time(outcome, nanoseconds)

    def count_trial(self, rows: int, *, mismatch: bool, times: tuple[int, int] | None) -> None:
        """One call for which both ran.

        :param rows: in the arguments.
        :param mismatch: whether their results differ.
        :param times: of the fast and of the exact implementation; None where one did not answer.
        """
        with self.lock:
            self._rows += rows
            self._others["trials"] += 1
            self._others["mismatches"] += mismatch
            if times is not None and self._others["trials"] > 1:
                self._times["measured"] += 1
                self._times["trial_fast_ns"] += times[0]
                self._times["trial_exact_ns"] += times[1]

    def add(self, values: CounterValues) -> None:
        """Take over what another process has counted."""
        with self.lock:
            self._fast += values.fast
            self._rows += values.rows
            for counts in (self._others, self._times):
                for name in counts:
                    more = getattr(values, name)  # no signal is handled in the next line
                    counts[name] += more

    def values(self) -> CounterValues:
        """All counts at this moment."""
        with self.lock:
            self._settle()
            others, times = dict(self._others), dict(self._times)
            fast, rows = self._fast, self._rows
        calls = fast + sum(others.values()) - others["mismatches"]
        return CounterValues(calls=calls, fast=fast, rows=rows, **others, **times)

    def clear(self) -> None:
        """Start from zero."""
        with self.lock:
            self._start()

    def _settle(self) -> None:
        """Count what is pending; the lock is held."""
        # A signal handler may come in after each removal, and count the rest, or raise.
        pending = self._fast_pending
        while pending:
            self._rows += pending[0]
            self._fast += 1
            pending.popleft()
        pending = self._exact_pending
        while pending:
            self._rows += pending[0]
            self._others["exact"] += 1
            pending.popleft()

    def _time(self, outcome: str, nanoseconds: int) -> None:
        self._times[f"timed_{outcome}"] += 1
        self._times[f"{outcome}_ns"] += nanoseconds
        name = f"{outcome}_times"
        histogram = getattr(self, name)
        if histogram is None:
            histogram = Histogram()
            setattr(self, name, histogram)
        histogram.record(nanoseconds)


def rows_of(args: tuple[Any, ...]) -> int:
    """Rows in the arguments of a call: of the first array or frame, or of the first collection.

    :param args: positional arguments, whatever somebody has passed.
    :return: 0 where there are none, or where that cannot be told.
    """
    try:
        for arg in args:
            shape = getattr(arg, "shape", None)
            if shape:
                return operator.index(shape[0])
            if isinstance(arg, (dict, list, tuple)):
                parts = arg.values() if isinstance(arg, dict) else arg
                return sum(
                    operator.index(part.shape[0]) for part in parts if hasattr(part, "shape")
                )
    except Exception:  # a caller's object of a strange kind is not ours to judge
        return 0
    return 0
