"""freqkernels: freqtrade's own work by compiled kernels, with the same result to the last bit.

In freqtrade's process::

    import freqkernels
    freqkernels.install()        # replace; uninstall() puts everything back
    freqkernels.status()         # what became of each function, and why

Without freqtrade, the same functions under freqtrade's names and signatures:
:mod:`freqkernels.metrics`, :mod:`freqkernels.ohlcv`, :mod:`freqkernels.signals`; the backtest as
one function: :func:`simulate`. For the code of a strategy: :mod:`freqkernels.strategy`.

:func:`set_backend` chooses between the compiled kernels and their numpy reference, and
:func:`events` tells what was refused, what failed, and what fell back; :func:`report` what all
of it comes to.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from freqkernels import (
        indicators,
        metrics,
        ohlcv,
        signals,
        simulation,
        strategy,
        stream,
        trades,
    )
    from freqkernels.bridge.install import TargetStatus, install, is_installed, status, uninstall
    from freqkernels.runtime import (
        configure,
        decision,
        effective,
        events,
        failures,
        get_backend,
        keyed,
        num_threads,
        reload,
        reload_on_signal,
        reset_breakers,
        set_backend,
        set_num_threads,
        use_backend,
    )
    from freqkernels.runtime.telemetry.report import Report, report
    from freqkernels.simulation import Market, Rules, Simulated, WalletRules, simulate

    __version__: str

__all__ = [
    "Market",
    "Report",
    "Rules",
    "Simulated",
    "TargetStatus",
    "WalletRules",
    "__version__",
    "configure",
    "decision",
    "effective",
    "events",
    "failures",
    "get_backend",
    "indicators",
    "install",
    "is_installed",
    "keyed",
    "metrics",
    "num_threads",
    "ohlcv",
    "reload",
    "reload_on_signal",
    "report",
    "reset_breakers",
    "set_backend",
    "set_num_threads",
    "signals",
    "simulate",
    "simulation",
    "status",
    "strategy",
    "stream",
    "trades",
    "uninstall",
    "use_backend",
]

_BRIDGE = ("TargetStatus", "install", "is_installed", "status", "uninstall")
_SIMULATION = ("Market", "Rules", "Simulated", "WalletRules", "simulate")
_REPORT = ("Report", "report")
_SUBMODULES = (
    "indicators",
    "metrics",
    "ohlcv",
    "signals",
    "simulation",
    "strategy",
    "stream",
    "trades",
)


def __getattr__(name: str) -> Any:
    """Load what is used at its first use: ``import freqkernels`` alone costs nothing."""
    if name == "__version__":
        from importlib.metadata import version

        return version("freqkernels")
    if name in _SUBMODULES:
        return importlib.import_module(f"freqkernels.{name}")
    if name in __all__:
        value = getattr(importlib.import_module(_owner(name)), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'freqkernels' has no attribute {name!r}")


def _owner(name: str) -> str:
    if name in _SIMULATION:
        return "freqkernels.simulation"
    if name in _REPORT:
        return "freqkernels.runtime.telemetry.report"
    return "freqkernels.bridge.install" if name in _BRIDGE else "freqkernels.runtime"


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
