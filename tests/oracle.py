"""Two functions on the same call: values, errors, log lines, warnings and changed arguments."""

from __future__ import annotations

import copy
import gc
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from freqkernels.identity import first_difference


@dataclass(frozen=True)
class Outcome:
    """Everything that a caller can see of a call."""

    value: Any
    error: tuple[str, str] | None
    logs: list[tuple[str, int, str]]
    warnings: list[tuple[str, str]]
    arguments: Any


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[tuple[str, int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name != "freqkernels":  # our own account of refusals
            self.lines.append((record.name, record.levelno, record.getMessage()))


@contextmanager
def logged(name: str) -> Iterator[list[tuple[str, int, str]]]:
    """Log lines, debug included, of a logger and those under it."""
    logger, handler = logging.getLogger(name), _Lines()
    level = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    try:
        yield handler.lines
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


@contextmanager
def no_collector() -> Iterator[None]:
    """Garbage of earlier tests stays: a connection that it holds warns when it is collected."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def observe(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Outcome:
    """Call a function on deep copies of the arguments and see all that it does."""
    args, kwargs = copy.deepcopy((args, kwargs))
    value, error = None, None
    with (
        no_collector(),
        logged("freqtrade") as lines,
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always")
        try:
            value = function(*args, **kwargs)
        except Exception as raised:
            error = (type(raised).__name__, str(raised))
    seen = [(item.category.__name__, str(item.message)) for item in caught]
    return Outcome(value, error, lines, seen, (args, kwargs))


def assert_identical(
    ours: Callable[..., Any], theirs: Callable[..., Any], *args: Any, **kwargs: Any
) -> Outcome:
    """Both functions must be the same to a caller; returns what freqtrade's one did."""
    expected, found = observe(theirs, args, kwargs), observe(ours, args, kwargs)
    assert found.error == expected.error
    difference = first_difference(found.value, expected.value)
    assert difference is None, f"value{difference}"
    difference = first_difference(found.arguments, expected.arguments)
    assert difference is None, f"arguments{difference}"
    assert found.logs == expected.logs
    # pandas may deprecate what freqtrade does and we do not; we must never warn where it is silent.
    surplus = set(found.warnings) - set(expected.warnings)
    assert not surplus, f"warnings that freqtrade does not give: {surplus}"
    return expected
