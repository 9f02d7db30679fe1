"""Two implementations of one thing, and every way that a call can take between them."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

from freqkernels.runtime import journal
from freqkernels.runtime.counters import Outcome, rows_of
from freqkernels.runtime.decisions import Decision, Switch
from freqkernels.runtime.shares import keyed
from freqkernels.runtime.support import Support
from freqkernels.runtime.trial import run_trial, side


class Pair:
    """Two implementations behind one switch.

    :param switch: decides between them.
    :param label: name in events.
    :param fast: the fast implementation; may answer with a refusing ``Support``.
    :param exact: the exact one.
    :param own_errors: what the fast one raises for bad input, as the exact one would.
    :param forced: whether failures have to come out because somebody has asked for that.
    :param repeatable: whether a call may be repeated; what calls the user's code may not.
    """

    __slots__ = (
        "_pair_at",
        "exact",
        "fast",
        "forced",
        "label",
        "own_errors",
        "repeatable",
        "switch",
    )

    def __init__(
        self,
        switch: Switch,
        label: str,
        fast: Callable[..., Any],
        exact: Callable[..., Any],
        *,
        own_errors: tuple[type[Exception], ...] = (),
        forced: Callable[[], bool] = lambda: False,
        repeatable: bool = True,
    ) -> None:
        self.switch = switch
        self.label = label
        self.fast = fast
        self.exact = exact
        self.own_errors = own_errors
        self.forced = forced
        self.repeatable = repeatable
        self._pair_at: int | None = None

    def answer(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The answer to a call for which it has to be decided who gives it."""
        within = side.get()
        if within == "exact":
            return self.exact(*args, **kwargs)
        key = self._key(args, kwargs) if self.switch.policy.percentage < 100 else ""
        if key:
            with keyed(key):
                return self._decided(self.switch.decide(key), within, args, kwargs)
        return self._decided(self.switch.decide(), within, args, kwargs)

    def settled(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The answer to a call for which everything but the exact implementation is ruled out."""
        one = self.switch
        if not one.told:
            settled = one.policy.settled
            if settled is not None:  # nobody has changed the settings since
                one.told = True
                journal.record("decision", self.label, settled.reason)
        return self.exactly(args, kwargs)

    def recover(self, error: Exception, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The exact answer to a call that the fast implementation has failed to give."""
        own = isinstance(error, self.own_errors)
        if own or not self.repeatable or (self.own_errors and self.forced()):
            self._count("errors", args, kwargs)
            raise error
        try:
            result = self.exact(*args, **kwargs)
        except Exception:
            self._count("errors", args, kwargs)
            raise
        if self.forced() or not self.switch.policy.fallback:
            self._count("errors", args, kwargs)
            raise error
        self._count("failures", args, kwargs)
        self.failed(error, args, kwargs)
        return result

    def failed(self, error: Exception, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Keep that the fast implementation has failed."""
        reason = journal.said_by(error)
        self.switch.failed(reason)
        journal.record("failure", self.label, reason)
        try:
            journal.keep_failure(self.label, error, args, kwargs)
        except Exception as trouble:  # the answer has been found already
            journal.record("failure", self.label, f"it could not be described: {trouble!r}")

    def refused(self, support: Support, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The exact answer to a call that the fast implementation does not promise."""
        journal.record("refusal", self.label, support.reason)
        try:
            result = self.exact(*args, **kwargs)
        except Exception:
            self._count("errors", args, kwargs)
            raise
        self._count("refusals", args, kwargs)
        return result

    def _decided(
        self, decision: Decision, within: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if decision.trial:
            try:
                if self.repeatable and self.switch.entry.shadow and not within:
                    return run_trial(self, args, kwargs)
                return self._fastly(args, kwargs)
            finally:
                self.switch.worked(None)  # if it was a probe, and nobody has learned anything
        if decision.variant == "fast":
            return self._fastly(args, kwargs)
        journal.record("decision", self.label, decision.reason)
        return self.exactly(args, kwargs)

    def exactly(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The answer of the exact implementation, counted and if need be timed."""
        one = self.switch
        telemetry = one.policy.telemetry
        started = perf_counter_ns() if telemetry == "timed" else 0
        try:
            result = self.exact(*args, **kwargs)
        except Exception:
            self._count("errors", args, kwargs)
            raise
        if telemetry == "counters":
            one.counters.count_exact(rows_of(args or tuple(kwargs.values())))
        elif started:
            self._count("exact", args, kwargs, perf_counter_ns() - started)
        return result

    def _fastly(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        started = perf_counter_ns()
        try:
            outcome = self.fast(*args, **kwargs)
        except Exception as error:
            return self.recover(error, args, kwargs)
        elapsed = perf_counter_ns() - started
        if outcome.__class__ is Support:
            self.switch.worked(None)
            return self.refused(outcome, args, kwargs)
        self.switch.worked()
        self._count("fast", args, kwargs, elapsed)
        return outcome

    def _count(
        self,
        outcome: Outcome,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        elapsed: int | None = None,
    ) -> None:
        telemetry = self.switch.policy.telemetry
        if telemetry != "off":
            timed = elapsed if telemetry == "timed" else None
            self.switch.counters.count_as(outcome, rows_of(args or tuple(kwargs.values())), timed)

    def _key(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        """The pair that a call is about, "" where it is not about one."""
        if self._pair_at is None:
            import inspect

            try:
                names = list(inspect.signature(self.exact).parameters)
            except (TypeError, ValueError):  # compiled functions have none
                names = []
            self._pair_at = names.index("pair") if "pair" in names else -1
        position = self._pair_at
        key = kwargs.get("pair", args[position] if 0 <= position < len(args) else "")
        return key if isinstance(key, str) else ""
