"""One freqtrade backtest in this process: how long each stage took, and all that came out.

The timers are put around freqtrade's methods last, after the kernels were installed, and are taken
off before the kernels are asked how they are: they never count as somebody else's replacement.
Nothing here imports freqtrade before it is used, so what was captured can be read without it.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import importlib.metadata
import platform
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from enum import Enum
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import pandas as pd

from freqkernels.bridge.run import run_freqtrade
from freqkernels.errors import FreqkernelsError, MissingFreqtradeError
from freqkernels.runtime import events, get_backend

#: The stages in their order; every moment of a run belongs to exactly one, but for those that it
#: takes to watch. "simulate" is all of ``backtest()``: signals, conversion, the loop, its results.
STAGES = ("import", "install", "start", "load", "indicators", "simulate", "report", "export")

#: Stage that begins with the call of a method of Backtesting, stage that begins with its return.
#: Nothing that runs within ``backtest()`` is watched: who simulates, and how, is not known here.
_METHODS = {
    "load_bt_data": ("load", "indicators"),
    "backtest_one_strategy": ("indicators", "report"),
    "backtest": ("simulate", "report"),
}
#: The same for functions that the module of Backtesting calls.
_FUNCTIONS = {"store_backtest_results": ("export", "report")}
_PLAIN = (
    *(bool, int, float, complex, str, bytes, type(None), date, timedelta, PurePath),
    *(np.generic, np.ndarray, pd.DataFrame, pd.Series, pd.Index, pd.Timestamp, pd.Timedelta),
)
_VERSIONS = ("freqkernels", "freqtrade", "pandas", "numpy", "ccxt")
_SETTINGS = ("datadir", "timeframe", "timeframe_detail", "timerange", "trading_mode")
_COUNTERS = ("trade_id_counter", "order_id_counter")
# The order knows its trade, which knows the order; the other one belongs to SQLAlchemy.
_BACK_REFERENCES = ("_trade_bt", "_trade_live", "_sa_instance_state")


@dataclasses.dataclass
class BacktestRun:
    """What one backtest did, without any object of freqtrade.

    :param begun: time of the clock when it began, in seconds since 1970.
    :param exit_code: with which freqtrade ended; it is 0 for some errors too.
    :param seconds: by stage, from the start of the interpreter to the end of freqtrade.
    :param cpu_seconds: by stage, of all threads.
    :param peak_memory: most bytes in main memory until then, None where it cannot be told.
    :param trades: every trade of each strategy as its attributes, orders included.
    :param contents: by strategy what the simulation returned (trades as a frame, counters, locks,
        wallet summary, run id); empty if it never finished.
    :param stats: what freqtrade computed from that.
    :param counters: numbers of trades and orders that were made.
    :param targets: state of each replaced function, as ``status()`` tells it.
    :param events: refusals, failures and fallbacks of the kernels.
    :param backend: chosen backend, None for a run without kernels.
    :param versions: of freqtrade and what it computes with.
    :param settings: what freqtrade made of its configuration: folder of the candles, pairs,
        timeframe, time range and the like; empty if it never finished.
    """

    begun: float
    exit_code: int
    seconds: dict[str, float]
    cpu_seconds: dict[str, float]
    peak_memory: int | None
    trades: dict[str, list[Any]]
    contents: dict[str, dict[str, Any]]
    stats: dict[str, Any]
    counters: dict[str, int]
    targets: list[dict[str, Any]]
    events: list[dict[str, Any]]
    backend: str | None
    versions: dict[str, str]
    settings: dict[str, Any]


class StageClock:
    """Adds up the time spent in stages that follow one another.

    :param started: when the first stage began, by :func:`time.monotonic`.
    :param announce: called with the name of each stage that begins.
    """

    def __init__(self, started: float, announce: Callable[[str], object]) -> None:
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self.cpu_seconds = dict.fromkeys(STAGES, 0.0)
        self._announce = announce
        self._since = started
        self._cpu_since = 0.0
        self._stage: str | None = STAGES[0]

    def enter(self, stage: str | None) -> None:
        """End the current stage and begin another one, or none."""
        if stage == self._stage:
            return
        now, cpu_now = time.monotonic(), time.process_time()
        if self._stage is not None:
            self.seconds[self._stage] += now - self._since
            self.cpu_seconds[self._stage] += cpu_now - self._cpu_since
        self._since, self._cpu_since, self._stage = now, cpu_now, stage
        if stage is not None:
            self._announce(stage)


def run_backtest(
    arguments: list[str],
    *,
    kernels: bool,
    offline_markets: str | None = None,
    started: float | None = None,
    announce: Callable[[str], object] = lambda stage: None,
) -> BacktestRun:
    """Run ``freqtrade backtesting`` in this process.

    :param arguments: for freqtrade, beginning with ``backtesting``.
    :param kernels: whether to install the kernels first.
    :param offline_markets: record of an exchange or ``auto``, instead of asking the exchange.
    :param started: when this process began, by :func:`time.monotonic`; now, if absent.
    :param announce: called with the name of each stage that begins.
    :return: timings and results; without results if freqtrade gave up.
    :raise MissingFreqtradeError: if freqtrade is not installed.
    """
    begun = time.time()
    clock = StageClock(time.monotonic() if started is None else started, announce)
    import_freqtrade()
    observer = _Observer(clock)
    exit_code = run_freqtrade(
        arguments,
        offline_markets,
        plain=not kernels,
        enter=clock.enter,
        around=observer.attached(),
    )
    return BacktestRun(
        begun=begun,
        exit_code=exit_code,
        seconds=clock.seconds,
        cpu_seconds=clock.cpu_seconds,
        peak_memory=peak_memory(),
        versions=_versions(),
        **_kernels_now(kernels),
        **_results_of(observer),
    )


def import_freqtrade() -> None:
    """Import all of freqtrade that a backtest needs.

    :raise MissingFreqtradeError: if freqtrade or something that it needs is not installed.
    """
    try:
        importlib.import_module("freqtrade.optimize.backtesting")
        importlib.import_module("freqtrade.main")
    except ModuleNotFoundError as error:
        raise MissingFreqtradeError(
            f"freqtrade cannot be imported ({error}). Install it together with freqkernels: "
            "pip install 'freqkernels[freqtrade]'"
        ) from error


def _versions() -> dict[str, str]:
    """Of Python and the packages that are installed; freqkernels need not be."""
    found = {"python": platform.python_version()}
    for name in _VERSIONS:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def peak_memory() -> int | None:
    """Most bytes of main memory that this process has held, None where the system cannot tell."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not ru_maxrss: a new process starts with that of the one that started it.
        found = re.search(r"^VmHWM:\s*(\d+) kB$", status.read_text(), re.MULTILINE)
        if found is not None:
            return int(found[1]) * 1024
    try:
        import resource
    except ImportError:  # Windows
        return _peak_working_set()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _peak_working_set() -> int | None:
    try:
        import psutil
    except ImportError:
        return None
    return getattr(psutil.Process().memory_info(), "peak_wset", None)


class _Observer:
    """Times what Backtesting does and keeps what it leaves behind.

    What is kept is only looked at when the clock has stopped.
    """

    def __init__(self, clock: StageClock) -> None:
        self.backtesting: Any = None
        self.trades: dict[str, Sequence[Any]] = {}
        self._clock = clock

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Timers around the methods and functions, for the time of a ``with`` block."""
        from freqtrade.optimize import backtesting

        places = [(backtesting.Backtesting, *item) for item in _METHODS.items()]
        places += [(backtesting, *item) for item in _FUNCTIONS.items()]
        originals = []
        for owner, name, stages in places:
            if name in vars(owner):  # releases differ
                originals.append((owner, name, vars(owner)[name]))
                setattr(owner, name, self._timed(vars(owner)[name], *stages))
        try:
            yield
        finally:
            self._clock.enter(None)
            for owner, name, original in originals:
                setattr(owner, name, original)

    def _timed(self, function: Callable[..., Any], begins: str, ends: str) -> Callable[..., Any]:
        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            self._clock.enter(begins)
            result = function(*args, **kwargs)
            if function.__name__ == "backtest":
                self._clock.enter(None)
                self._keep(args[0])
            self._clock.enter(ends)
            return result

        return timed

    def _keep(self, backtesting: Any) -> None:
        from freqtrade.persistence import LocalTrade

        self.backtesting = backtesting
        # freqtrade begins a new list for the next simulation, so this one stays as it is. Its
        # trades may not have been made yet: they are when somebody looks.
        self.trades[backtesting.strategy.get_strategy_name()] = LocalTrade.bt_trades


def _results_of(observer: _Observer) -> dict[str, Any]:
    """The fields of :class:`BacktestRun` that come from freqtrade's objects."""
    backtesting = observer.backtesting
    contents = {} if backtesting is None else backtesting.all_bt_content
    return {
        "trades": {name: plain(list(observer.trades[name])) for name in contents},
        "contents": {
            # The configuration went in, it did not come out; the run id is its hash.
            name: {key: plain(value) for key, value in content.items() if key != "config"}
            for name, content in contents.items()
        },
        "stats": plain(backtesting.results) if contents else {},
        "counters": {name: getattr(backtesting, name) for name in _COUNTERS if contents},
        "settings": _settings_of(backtesting) if contents else {},
    }


def _settings_of(backtesting: Any) -> dict[str, Any]:
    config = backtesting.config
    return {
        **{name: plain(config.get(name)) for name in _SETTINGS},
        "strategies": [strategy.get_strategy_name() for strategy in backtesting.strategylist],
        "pairs": list(backtesting.pairlists.whitelist),
    }


def _kernels_now(installed: bool) -> dict[str, Any]:
    """The fields of :class:`BacktestRun` that tell what the kernels did."""
    if not installed:
        return {"targets": [], "events": [], "backend": None}
    from freqkernels.bridge.install import status

    return {
        "targets": [dataclasses.asdict(target) for target in status()],
        "events": [dataclasses.asdict(event) for event in events()],
        "backend": get_backend(),
    }


def plain(value: Any) -> Any:
    """The same in builtin, numpy and pandas types; objects become dicts of their attributes.

    :param value: anything that a backtest returns.
    :raise FreqkernelsError: for an object without attributes.
    """
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    for sequence in (list, tuple, set, frozenset):
        if isinstance(value, sequence):
            return sequence(plain(item) for item in value)
    if not hasattr(value, "__dict__"):
        raise FreqkernelsError(f"value: cannot capture a {type(value).__qualname__}")
    attributes = {name: item for name, item in vars(value).items() if name not in _BACK_REFERENCES}
    return {
        "class": type(value).__name__,
        **{name: plain(attributes[name]) for name in sorted(attributes)},
    }
