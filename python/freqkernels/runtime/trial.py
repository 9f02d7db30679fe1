"""A trial: both implementations run, are compared and timed; the exact one answers.

The exact implementation gets the caller's own arguments, the fast one deep copies, and what the
fast one writes to the log is not heard. So a trial can return nothing wrong, and change nothing.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from freqkernels.errors import FreqkernelsError
from freqkernels.runtime import journal
from freqkernels.runtime.counters import rows_of
from freqkernels.runtime.places import state_directory
from freqkernels.runtime.support import Support
from freqkernels.runtime.threads import import_late

if TYPE_CHECKING:
    from freqkernels.runtime.pair import Pair

#: Which side of a trial this context is on: "fast", "exact", or "" outside of trials.
side: ContextVar[str] = ContextVar("side", default="")


@dataclass(slots=True)
class _Outcome:
    """What one implementation did."""

    value: Any = None
    error: Exception | None = None
    elapsed: int = 0


def run_trial(pair: Pair, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answer a call by the exact implementation, and look at the fast one beside it.

    :param pair: the two implementations.
    :param args: positional arguments of the call.
    :param kwargs: keyword arguments of the call.
    :return: what the exact implementation returns; it raises what that raises.
    """
    try:
        before, copies = copy.deepcopy((args, kwargs)), copy.deepcopy((args, kwargs))
    except Exception as error:  # an argument that cannot be copied: nothing can be compared
        reason = f"no trial, its arguments cannot be copied: {journal.said_by(error)}"
        journal.record("refusal", pair.label, reason)
        return pair.exactly(args, kwargs)
    rows = rows_of(args or tuple(kwargs.values()))
    _deafen()
    fast = _outcome(pair.fast, *copies, "fast")
    exact = _outcome(pair.exact, args, kwargs, "exact")
    try:
        _judge(pair, rows, fast, exact, before, copies, (args, kwargs))
    except Exception as error:  # whatever goes wrong in looking back, the answer stands
        reason = f"a trial could not be judged: {journal.said_by(error)}"
        journal.record("failure", pair.label, reason)
    try:
        if exact.error is not None:
            raise exact.error
        return exact.value
    finally:
        del fast, exact  # the tracebacks of errors lead here: a cycle would keep all the copies


def _outcome(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], which: str
) -> _Outcome:
    token = side.set(which)
    started = perf_counter_ns()
    try:
        value = function(*args, **kwargs)
        return _Outcome(value, None, perf_counter_ns() - started)
    except Exception as error:
        return _Outcome(None, error, perf_counter_ns() - started)
    finally:
        side.reset(token)


def _judge(
    pair: Pair,
    rows: int,
    fast: _Outcome,
    exact: _Outcome,
    before: tuple[Any, Any],
    copies: tuple[Any, Any],
    originals: tuple[Any, Any],
) -> None:
    """Count a trial, and draw the consequences."""
    counters, one = pair.switch.counters, pair.switch
    if fast.value.__class__ is Support:
        counters.count_trial(rows, mismatch=False, times=None)
        journal.record("refusal", pair.label, fast.value.reason)
        return
    if (
        fast.error is not None
        and exact.error is None
        and not isinstance(fast.error, pair.own_errors)
    ):
        counters.count_trial(rows, mismatch=False, times=None)
        pair.failed(fast.error, *before)
        return
    difference = _difference(pair, fast, exact, copies, originals)
    both = fast.error is None and exact.error is None
    times = (fast.elapsed, exact.elapsed) if both else None
    counters.count_trial(rows, mismatch=bool(difference), times=times)
    if difference:
        _distrust(pair, difference, fast, exact, before)
    elif both:
        one.worked()


def _difference(
    pair: Pair, fast: _Outcome, exact: _Outcome, copies: tuple[Any, Any], originals: tuple[Any, Any]
) -> str:
    """Where the outcomes differ first; "" if nowhere."""
    first_difference = import_late("freqkernels.identity").first_difference
    if fast.error is not None or exact.error is not None:
        return _difference_of_errors(pair, fast.error, exact.error)
    for what, left, right in (
        ("", fast.value, exact.value),
        ("changed arguments: ", copies, originals),
    ):
        try:
            found = first_difference(left, right)
        except Exception as error:  # objects of a class without equality, or with a strange one
            reason = f"no comparison in trials: {journal.said_by(error)}"
            journal.record("refusal", pair.label, reason)
            continue
        if found is not None:
            return f"{what}{_said_of(found)}"
    return ""


def _said_of(difference: Any) -> str:
    try:
        return str(difference)
    except Exception as error:  # the difference counts, whatever a value says when it is shown
        return f"a value that cannot be shown: {journal.said_by(error)}"


def _difference_of_errors(pair: Pair, fast: Exception | None, exact: Exception | None) -> str:
    """Both may raise, what does not matter: the caller gets the error of the exact one. Only where
    the fast one raises for bad input itself, it has to say the same."""
    texts = ["no error" if error is None else journal.said_by(error) for error in (fast, exact)]
    both = fast is not None and exact is not None
    if texts[0] == texts[1] or (both and not isinstance(fast, pair.own_errors)):
        return ""
    return f"{texts[0]} != {texts[1]}"


def _distrust(
    pair: Pair, difference: str, fast: _Outcome, exact: _Outcome, before: tuple[Any, Any]
) -> None:
    """Wrong bits: the fast implementation is out, after a restart too, until somebody looks."""
    if not pair.switch.distrust(f"another result than the exact one: {difference}"):
        journal.record("mismatch", pair.label, difference)
        return
    control = import_late("freqkernels.runtime.control")
    remembered = control.roll_back(pair.switch.name, f"mismatch: {difference}", "shadow")
    kept = _keep_evidence(pair, difference, fast, exact, before)
    journal.record("mismatch", pair.label, f"{difference}; {kept}; {remembered}")


def _keep_evidence(
    pair: Pair, difference: str, fast: _Outcome, exact: _Outcome, before: tuple[Any, Any]
) -> str:
    evidence = import_late("freqkernels.evidence")
    record = evidence.Record(
        pair.switch.name,
        "mismatch",
        args=before[0],
        kwargs=before[1],
        exact=exact.value if exact.error is None else exact.error,
        fast=fast.value if fast.error is None else fast.error,
        difference=difference,
    )
    try:
        path = evidence.write(state_directory() / "evidence", record)
    except FreqkernelsError as error:
        return f"the evidence could not be kept: {error}"
    journal.keep_evidence(pair.label, path)
    return f"'freqkernels replay {path}' shows it again"


class _Deaf(logging.Filter):
    """Does not hear what the fast side of a trial says."""

    def filter(self, record: logging.LogRecord) -> bool:
        return side.get() != "fast"


_deaf = _Deaf()


def _deafen() -> None:
    """Make all loggers but that of our events deaf to the fast side; each needs the filter."""
    named = list(logging.Logger.manager.loggerDict.values())
    for logger in (logging.getLogger(), *named):
        if not isinstance(logger, logging.Logger) or logger.name == "freqkernels":
            continue
        if _deaf not in logger.filters:
            logger.addFilter(_deaf)
