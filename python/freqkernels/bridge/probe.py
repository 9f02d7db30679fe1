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
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from enum import Enum
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import pandas as pd

from freqkernels.errors import FreqkernelsError, MissingFreqtradeError
from freqkernels.runtime import events, get_backend

#: The stages in their order; every moment of a run belongs to exactly one.
STAGES = ("import", "install", "start", "load", "indicators", "convert", "simulate", "report")

#: Method of Backtesting, stage that begins with its call, stage that begins with its return.
#: What backtest() does before the conversion is a few resets.
_BOUNDARIES = (
    ("load_bt_data", "load", "indicators"),
    ("backtest", "convert", "report"),
    ("_get_ohlcv_as_lists", "convert", "simulate"),
)
_PLAIN = (
    *(bool, int, float, complex, str, bytes, type(None), date, timedelta, PurePath),
    *(np.generic, np.ndarray, pd.DataFrame, pd.Series, pd.Index, pd.Timestamp, pd.Timedelta),
)
_VERSIONS = ("freqkernels", "freqtrade", "pandas", "numpy")
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
    main = freqtrade_main()
    if offline_markets is not None:
        from freqkernels.bridge.markets import use_offline_markets

        use_offline_markets(offline_markets)
    if kernels:
        from freqkernels.bridge.install import install

        clock.enter("install")
        install()
    clock.enter("start")
    observer = _Observer(clock)
    with observer.attached():
        exit_code = _exit_code_of(main, arguments)
        clock.enter(None)
    return BacktestRun(
        begun=begun,
        exit_code=exit_code,
        seconds=clock.seconds,
        cpu_seconds=clock.cpu_seconds,
        peak_memory=peak_memory(),
        versions={name: importlib.metadata.version(name) for name in _VERSIONS},
        **_kernels_now(kernels),
        **_results_of(observer),
    )


def freqtrade_main() -> Callable[[list[str]], None]:
    """freqtrade's entry point, with all that a backtest needs imported.

    :raise MissingFreqtradeError: if freqtrade or something that it needs is not installed.
    """
    try:
        importlib.import_module("freqtrade.optimize.backtesting")
        from freqtrade.main import main
    except ModuleNotFoundError as error:
        raise MissingFreqtradeError(
            f"freqtrade cannot be imported ({error}). Install it together with freqkernels: "
            "pip install 'freqkernels[freqtrade]'"
        ) from error
    return main  # type: ignore[no-any-return]


def _exit_code_of(main: Callable[[list[str]], None], arguments: list[str]) -> int:
    try:
        main(arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


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
    """Times the methods of Backtesting and keeps what they leave behind.

    What is kept is only looked at when the clock has stopped.
    """

    def __init__(self, clock: StageClock) -> None:
        self.backtesting: Any = None
        self.trades: dict[str, list[Any]] = {}
        self._clock = clock

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Timers around the methods, for the time of a ``with`` block."""
        from freqtrade.optimize.backtesting import Backtesting

        originals = {name: vars(Backtesting)[name] for name, _, _ in _BOUNDARIES}
        for name, begins, ends in _BOUNDARIES:
            setattr(Backtesting, name, self._timed(originals[name], begins, ends))
        try:
            yield
        finally:
            for name, original in originals.items():
                setattr(Backtesting, name, original)

    def _timed(self, method: Callable[..., Any], begins: str, ends: str) -> Callable[..., Any]:
        @functools.wraps(method)
        def timed(backtesting: Any, *args: Any, **kwargs: Any) -> Any:
            self._clock.enter(begins)
            result = method(backtesting, *args, **kwargs)
            self._clock.enter(ends)
            self.backtesting = backtesting
            if method.__name__ == "backtest":
                self._keep_trades(backtesting.strategy.get_strategy_name())
            return result

        return timed

    def _keep_trades(self, strategy: str) -> None:
        from freqtrade.persistence import LocalTrade

        # freqtrade begins a new list for the next simulation, so this one stays as it is.
        self.trades[strategy] = LocalTrade.bt_trades


def _results_of(observer: _Observer) -> dict[str, Any]:
    """The fields of :class:`BacktestRun` that come from freqtrade's objects."""
    backtesting = observer.backtesting
    contents = {} if backtesting is None else backtesting.all_bt_content
    return {
        "trades": {name: plain(observer.trades[name]) for name in contents},
        "contents": {
            # The configuration went in, it did not come out; the run id is its hash.
            name: {key: plain(value) for key, value in content.items() if key != "config"}
            for name, content in contents.items()
        },
        "stats": plain(backtesting.results) if contents else {},
        "counters": {name: getattr(backtesting, name) for name in _COUNTERS if contents},
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
