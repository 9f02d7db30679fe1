"""The one path of a call: the fast function answers, or says why not and the exact one does.

::

    caller -> wrapper -> fast(...)  -> result
                            |-> Support(ok=False, reason) -> recorded -> exact(...) -> result

A fast function has the signature of the exact one. It never raises for bad input: it refuses,
and the exact function raises its own error, so that errors are the same on both paths. Whatever
it raises all the same is a defect of ours: the exact function answers and the failure is recorded
(a forced ``compiled`` backend raises it instead).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from freqkernels.runtime import backend
from freqkernels.runtime.journal import record
from freqkernels.runtime.support import Support

P = ParamSpec("P")
R = TypeVar("R")


def accelerate(
    fast: Callable[..., Any], *, name: str | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Put a fast function in front of an exact one.

    :param fast: same parameters as the exact function; returns its result or a refusing
        :class:`~freqkernels.runtime.support.Support`.
    :param name: name in events; the exact function's own name if absent.
    :return: a decorator. The decorated function has ``exact`` and ``fast`` as attributes.
    """

    def decorate(exact: Callable[P, R]) -> Callable[P, R]:
        label = name or f"{exact.__module__}.{exact.__qualname__}"

        @functools.wraps(exact)
        def accelerated(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                outcome = fast(*args, **kwargs)
            except Exception as error:
                return _recover(label, error, exact, args, kwargs)
            if outcome.__class__ is Support:
                record("refusal", label, outcome.reason)
                return exact(*args, **kwargs)
            return outcome  # type: ignore[no-any-return]

        accelerated.exact = exact  # type: ignore[attr-defined]
        accelerated.fast = fast  # type: ignore[attr-defined]
        return accelerated

    return decorate


def _recover(label: str, error: Exception, exact: Callable[..., R], args: Any, kwargs: Any) -> R:
    result = exact(*args, **kwargs)
    if backend.get_backend() == "compiled":
        raise error
    record("failure", label, f"{type(error).__name__}: {error}")
    return result
