"""The one path of a call: the fast implementation answers, or the exact one, and it is said why.

::

    caller -> switch.mode -> fast(...) -> result
                  |            |-> Support(ok=False, reason) -> exact(...) -> result
                  |            |-> failure                   -> exact(...) -> result
                  |-> exact(...) -> result
                  |-> switch.decide() -> fast | exact | both: a trial, the exact one answers

A fast implementation has the signature of the exact one. It never raises for bad input: it
refuses, and the exact one raises its own error, so that errors are the same on both paths. Whatever
it raises all the same is a defect of ours: the exact one answers and the failure is recorded (a
forced ``compiled`` backend, or the setting ``fallback``, lets it out instead).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from freqkernels.runtime import backend
from freqkernels.runtime.counters import rows_of
from freqkernels.runtime.decisions import Mode, switch
from freqkernels.runtime.pair import Pair
from freqkernels.runtime.support import Support
from freqkernels.runtime.trial import side

P = ParamSpec("P")
R = TypeVar("R")

_COUNTED, _EXACT, _GOVERNED = Mode.COUNTED, Mode.EXACT, Mode.GOVERNED


def accelerate(
    fast: Callable[..., Any],
    *,
    name: str | None = None,
    switched_as: str | None = None,
    repeatable: bool = True,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Put a fast function in front of an exact one.

    :param fast: same parameters as the exact function; returns its result or a refusing
        :class:`~freqkernels.runtime.support.Support`.
    :param name: name in events; the exact function's own name if absent.
    :param switched_as: name in the catalogue; the last part of the name if absent.
    :param repeatable: False for what calls the user's code: a failure comes out then, as the exact
        function would call that code once more.
    :return: a decorator. The decorated function has ``exact`` and ``fast`` as attributes.
    """

    def decorate(exact: Callable[P, R]) -> Callable[P, R]:
        label = name or f"{exact.__module__}.{exact.__qualname__}"
        one = switch(switched_as or label.rpartition(".")[2])
        count = one.counters.count
        pair = Pair(one, label, fast, exact, forced=_compiled_is_forced, repeatable=repeatable)

        @functools.wraps(exact)
        def accelerated(*args: P.args, **kwargs: P.kwargs) -> R:
            mode = one.mode
            if mode is _EXACT:
                return pair.settled(args, kwargs)  # type: ignore[no-any-return]
            if mode is _GOVERNED or side.get():
                return pair.answer(args, kwargs)  # type: ignore[no-any-return]
            try:
                outcome = fast(*args, **kwargs)
            except Exception as error:
                return pair.recover(error, args, kwargs)  # type: ignore[no-any-return]
            if outcome.__class__ is Support:
                return pair.refused(outcome, args, kwargs)  # type: ignore[no-any-return]
            if mode is _COUNTED:
                count(rows_of(args or tuple(kwargs.values())))
            return outcome  # type: ignore[no-any-return]

        accelerated.exact = exact  # type: ignore[attr-defined]
        accelerated.fast = fast  # type: ignore[attr-defined]
        return accelerated

    return decorate


def _compiled_is_forced() -> bool:
    return backend.get_backend() == "compiled"
