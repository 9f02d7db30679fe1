"""The two sides of a comparison in one process: freqtrade alone, and with the kernels installed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from freqtrade.optimize.backtesting import Backtesting

from freqkernels.bridge.install import install, is_installed, status, uninstall
from freqkernels.bridge.objects.swaps import swapped
from freqkernels.bridge.objects.table import SWAPS
from freqkernels.bridge.replace import is_replacement
from freqkernels.bridge.targets import ENGINE
from freqkernels.runtime.journal import events


@contextmanager
def plain() -> Iterator[None]:
    """freqtrade alone."""
    with _switched(to=False):
        yield


@contextmanager
def accelerated() -> Iterator[None]:
    """freqtrade with the kernels installed."""
    with _switched(to=True):
        yield


@contextmanager
def _switched(*, to: bool) -> Iterator[None]:
    """Installed or not, and afterwards as before; switching searches all loaded modules."""
    before = is_installed()
    if before != to:
        install() if to else uninstall()
    try:
        yield
    finally:
        if before != to:
            install() if before else uninstall()


def original(backtesting: Any, processed: Any, start: Any, end: Any) -> dict[str, Any]:
    """An engine: freqtrade's own ``Backtesting.backtest``, whatever stands in its place."""
    function: Any = vars(Backtesting)["backtest"]
    function = getattr(function, "__wrapped__", function)
    result: dict[str, Any] = function(backtesting, processed, start, end)
    return result


def with_swaps(backtesting: Any, processed: Any, start: Any, end: Any) -> dict[str, Any]:
    """An engine: freqtrade's own function, with the faster methods of its objects below it."""
    with swapped(SWAPS):
        return original(backtesting, processed, start, end)


def refusals() -> Counter[str]:
    """Why backtests ran on freqtrade's own code so far, counted."""
    return _told("refusal")


def ways() -> Counter[str]:
    """Why backtests were simulated event by event so far, counted."""
    return _told("way")


def _told(kind: str) -> Counter[str]:
    return Counter(
        {
            event.reason: event.count
            for event in events()
            if event.kind == kind and event.name == ENGINE.name
        }
    )


def not_installed() -> list[str]:
    """Why nothing of ours stands in place of ``Backtesting.backtest``, if that is so."""
    if is_replacement(vars(Backtesting)["backtest"]):
        return []
    rows = [row for row in status() if row.name == ENGINE.name]
    return [row.reason or row.state for row in rows] or [f"{ENGINE.qualname} is not replaced"]
