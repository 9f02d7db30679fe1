"""The line at the end of a run: where the time went, and which callback was the slowest."""

from __future__ import annotations

import functools
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from freqkernels.bridge.pairs import ADVISING, INTERFACE
from freqkernels.bridge.surround import Surroundings
from freqkernels.catalogue import LEVELS
from freqkernels.runtime import control
from freqkernels.runtime.turns import Owner, turn, watched

logger = logging.getLogger("freqkernels")

_TIMING = "freqkernels.bridge.engine.timing"  # imported late: pandas comes with it
_NAMES: dict[Owner, str] = {
    "callbacks": "your callbacks",
    "indicators": "indicators and signals",
    "freqtrade": "freqtrade",
    "freqkernels": "freqkernels",
    "self-check": "self-check",
}
_OF_WORKERS = "; what the worker processes did meanwhile is not included"
_TENTHS = 10


@contextmanager
def told() -> Iterator[None]:
    """Write the line to the log when a ``with`` block with a run of freqtrade has ended.

    Nothing is written where freqtrade gave up before it had asked the strategy for anything, and
    where everything is switched off.
    """
    if _TIMING in sys.modules:
        sys.modules[_TIMING].reset()
    timed = Surroundings(*INTERFACE, ADVISING, _timed)
    timed.attach()
    try:
        with watched("freqtrade") as watch:
            yield
    finally:
        timed.detach()
    seconds = watch.seconds()
    if "indicators" in seconds and control.current().level != LEVELS[0]:
        from freqkernels.bridge.engine import timing

        text = time_line(seconds, timing.taken(), timing.calls())
        logger.info("%s%s", text, _OF_WORKERS if _has_workers() else "")


def _timed(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def advise(*args: Any, **kwargs: Any) -> Any:
        with turn("indicators"):
            return original(*args, **kwargs)

    return advise


def _has_workers() -> bool:
    """Whether joblib has started processes for hyperopt."""
    executors = sys.modules.get("joblib.externals.loky.reusable_executor")
    return getattr(executors, "_executor", None) is not None


def time_line(
    seconds: dict[Owner, float], callbacks: dict[str, float], calls: dict[str, int]
) -> str:
    """The line: parts that add up to the whole, also as they are printed.

    :param seconds: by owner.
    :param callbacks: seconds by callback, the longest first.
    :param calls: number of calls by callback.
    """
    parts = {name: seconds[owner] for owner, name in _NAMES.items() if owner in seconds}
    tenths = _rounded(list(parts.values()))
    texts = [f"{n / _TENTHS:.1f} {name}" for n, name in zip(tenths, parts, strict=True)]
    if callbacks and "callbacks" in seconds:
        name, longest = next(iter(callbacks.items()))
        texts[0] += f" (slowest: {name}, {calls[name]:,} calls, {longest:.1f} s)"
    return f"{sum(tenths) / _TENTHS:.1f} s = {', '.join(texts)}"


def _rounded(values: list[float]) -> list[int]:
    """Tenths, none off by a whole one, that add up to those of the sum."""
    exact = [max(value, 0.0) * _TENTHS for value in values]
    tenths = [int(value) for value in exact]
    missing = round(sum(exact)) - sum(tenths)
    by_rest = sorted(range(len(exact)), key=lambda i: tenths[i] - exact[i])
    for i in by_rest[:missing]:
        tenths[i] += 1
    return tenths
