"""A case as a real backtest: freqtrade's own ``Backtesting``, exchange class and strategy.

Everything that a run can change is made anew for each, so two runs of a case start from equal
objects; only the exchange object is shared, with the markets of the case put into it.
"""

from __future__ import annotations

import logging
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from freqtrade.data import history
from freqtrade.data.btanalysis import historic_precision
from freqtrade.data.converter import trim_dataframes
from freqtrade.enums import RunMode
from freqtrade.exceptions import OperationalException
from freqtrade.exchange import timeframe_to_seconds
from freqtrade.optimize.backtesting import Backtesting
from freqtrade.persistence import LocalTrade

from freqkernels.bridge.fuzz import frames
from freqkernels.bridge.fuzz.callbacks.source import NAME, write_source
from freqkernels.bridge.fuzz.case import CONFIG_DEFAULTS, STRATEGY_DEFAULTS, Case, Epoch
from freqkernels.bridge.fuzz.exchange import STAKE_CURRENCY, exchange_of, without_connections
from freqkernels.bridge.fuzz.outcome import outcome_of
from freqkernels.errors import InvalidInputError


class RefusedCaseError(InvalidInputError):
    """A case that freqtrade itself does not run."""


_LARGER = {"1m": "5m", "3m": "15m", "5m": "15m", "15m": "1h", "30m": "4h", "1h": "4h"}
#: Stands in for ``Backtesting.backtest``: gets the object, the frames, and both dates.
Engine = Callable[[Any, dict[str, pd.DataFrame], datetime, datetime], dict[str, Any]]


class Session:
    """A case, ready to be backtested: what ``Backtesting.start`` has before its first backtest.

    :param case: the case.
    :raise RefusedCaseError: when freqtrade refuses the configuration.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        LocalTrade.reset_trades()  # settings that are properties may look at them
        config = _config(case)
        self.exchange = exchange_of(case, config)
        try:
            self.backtesting = Backtesting(config, self.exchange)
        except (OperationalException, ImportError) as error:
            raise RefusedCaseError(f"case: freqtrade refuses it: {error}") from error
        whitelist = self.backtesting.pairlists.whitelist
        self.pairs = [pair for pair in case.pairs if pair.name in whitelist]
        self.data = {
            pair.name: frames.candle_frame(case, pair.candles, case.timeframe)
            for pair in self.pairs
        }
        self._load()
        strategy = self.backtesting.strategylist[0]
        strategy.fuzzed_columns = {pair.name: frames.signal_columns(pair) for pair in case.pairs}
        if case.callbacks:
            self._offer_candles(strategy)
        self.backtesting._set_strategy(strategy)

    def run(self, epoch: Epoch, engine: Engine | None) -> dict[str, Any]:
        """One call of ``backtest()``, and all that it leaves behind.

        :param epoch: what is changed before it.
        :param engine: called in place of ``Backtesting.backtest``.
        :raise RefusedCaseError: when no candles are left.
        """
        self._change(epoch)
        bt = self.backtesting
        record = getattr(bt.strategy, "fuzzed_record", None)
        if record is not None:
            record.restart()
        processed = bt.strategy.advise_all_indicators(self.data)
        trimmed = trim_dataframes(processed, bt.timerange, bt.required_startup)
        if not trimmed:
            raise RefusedCaseError("case: no candles are left behind the startup candles")
        start, end = history.get_timerange(trimmed)
        step, (first, last) = bt.timeframe_td, self.case.window
        start, end = start + first * step, end - last * step
        hyperopt = bt.config["runmode"] == RunMode.HYPEROPT
        error, result = None, None
        with without_connections(bt) if hyperopt else nullcontext(), _log_lines() as lines:
            try:
                if engine is None:
                    result = bt.backtest(processed=processed, start_date=start, end_date=end)
                else:
                    result = engine(bt, processed, start, end)
            except Exception as raised:  # whatever comes out has to come out of both engines
                error = (type(raised).__name__, str(raised))
        calls = [] if record is None else record.calls
        began = None if record is None else record.began
        outcome = outcome_of(bt, result, processed, began)
        return {"calls": calls, "error": error, **outcome, "log": lines}

    def _offer_candles(self, strategy: Any) -> None:
        """Candles that callbacks can ask for, of the case's timeframe and of a larger one."""
        provider = self.backtesting.dataprovider
        larger = _LARGER.get(self.case.timeframe, "1d")
        strategy.fuzzed_larger = larger
        cached = provider._DataProvider__cached_pairs_backtesting
        kind = self.backtesting.config["candle_type_def"]
        for pair, frame in self.data.items():
            cached[(pair, self.case.timeframe, kind)] = frame
            cached[(pair, larger, kind)] = frames.larger(frame, timeframe_to_seconds(larger))

    def _load(self) -> None:
        """What ``load_bt_data`` does, of the case's frames instead of files."""
        bt, case = self.backtesting, self.case
        if bt.config.get("timerange"):
            first, _ = history.get_timerange(self.data)
            bt.timerange.adjust_start_if_necessary(bt.timeframe_secs, bt.required_startup, first)
        bt.available_pairs = list(self.data)
        bt.price_pair_prec = {}
        for pair in self.pairs:
            if pair.ticks == "data":
                ticks = historic_precision.get_tick_size_over_time(self.data[pair.name])
                bt.price_pair_prec[pair.name] = ticks
            elif pair.ticks != "exchange":
                bt.price_pair_prec[pair.name] = frames.tick_series(case, pair.ticks)
        detail = bt.config.get("timeframe_detail")
        if detail:
            bt.detail_data = {
                pair.name: frames.candle_frame(case, pair.detail, detail) for pair in self.pairs
            }
        if case.futures:
            funding = self.exchange.get_option("funding_fee_timeframe")
            bt.funding_fee_timeframe_secs = timeframe_to_seconds(funding)
            bt.futures_data = {
                pair.name: frames.funding_frame(case, pair, self.exchange) for pair in self.pairs
            }

    def _change(self, epoch: Epoch) -> None:
        bt = self.backtesting
        bt.config.update(deepcopy(epoch.config))
        for name, value in deepcopy(epoch.strategy).items():
            if name == "minimal_roi":
                value = {int(minutes): ratio for minutes, ratio in value.items()}
            setattr(bt.strategy, name, value)
        bt.abort = epoch.abort


def run_case(case: Case, engine: Engine | None = None) -> list[dict[str, Any]]:
    """Run all epochs of a case.

    :param case: the case.
    :param engine: called in place of ``Backtesting.backtest``; None for what stands there.
    :return: what each left behind, as :func:`~freqkernels.bridge.fuzz.outcome.outcome_of` says.
    :raise RefusedCaseError: when freqtrade refuses the configuration.
    """
    with _quiet():
        session = Session(case)
        return [session.run(epoch, engine) for epoch in case.epochs]


def _config(case: Case) -> dict[str, Any]:
    """A configuration as freqtrade's command line would have made it."""
    config = deepcopy({**CONFIG_DEFAULTS, **case.config})
    folder = _folder()
    config |= {
        "dataformat_ohlcv": "feather",
        "dataformat_trades": "feather",
        "datadir": folder,
        "dry_run": True,
        "entry_pricing": {"price_side": "other"},
        "exchange": {
            "name": "binance",
            "key": "",
            "secret": "",
            "pair_whitelist": [pair.name for pair in case.pairs],
            "pair_blacklist": [],
        },
        "exit_pricing": {"price_side": "other"},
        "fuzzed": deepcopy({**STRATEGY_DEFAULTS, **case.strategy}),
        "pairlists": [{"method": "StaticPairList"}],
        "runmode": RunMode(config["runmode"]),
        "stake_currency": STAKE_CURRENCY,
        "strategy": NAME if case.callbacks else case.strategy_class,
        "strategy_path": str(_strategies(case)),
        "timeframe": case.timeframe,
        "user_data_dir": folder,
    }
    return config


def _strategies(case: Case) -> Path:
    """Where the file with the case's strategy is."""
    if case.callbacks:
        return write_source(case, _folder())
    return Path(__file__).parent / "strategies"


@cache
def _folder() -> Path:
    """A user directory; nothing is written to it."""
    folder = tempfile.TemporaryDirectory(prefix="freqkernels-fuzz-")
    _kept.append(folder)
    return Path(folder.name)


_kept: list[Any] = []


_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]+")


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[tuple[str, str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = _ADDRESS.sub("at 0x", record.getMessage())
        self.lines.append((record.name, record.levelname, text))


@contextmanager
def _log_lines() -> Iterator[list[tuple[str, str, str]]]:
    """What freqtrade logs."""
    handler = _Collector()
    logger = logging.getLogger("freqtrade")
    logger.addHandler(handler)
    try:
        yield handler.lines
    finally:
        logger.removeHandler(handler)


@contextmanager
def _quiet() -> Iterator[None]:
    """freqtrade logs to nobody but us."""
    logger = logging.getLogger("freqtrade")
    before = logger.level, logger.propagate
    silent = logging.NullHandler()  # without any, warnings go to standard error
    logger.addHandler(silent)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.propagate = before[1]
        logger.setLevel(before[0])
        logger.removeHandler(silent)
