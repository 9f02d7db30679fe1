"""Real ``Backtesting`` objects without a network, and strategies written in a test."""

from __future__ import annotations

import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

from freqkernels.bridge.engine.support import engine_support
from freqkernels.bridge.markets import stop_offline_markets, use_offline_markets
from freqkernels.runtime import Support
from market_workspace import Workspace

HEADER = """
from datetime import datetime
import random
from freqtrade.persistence import Trade
from freqtrade.strategy import *

LEVERAGES = {"BTC/USDT:USDT": 5.0}
LIMIT = 3.0


class Base(IStrategy):
    INTERFACE_VERSION = 3
    timeframe = "5m"
    minimal_roi = {"0": 0.01}
    stoploss = -0.02

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe


class Mixin:
    def confirm_trade_exit(self, pair, trade, *args, **kwargs):
        return trade.is_open


class Careful(Mixin, Base):
    pass


class Tried(BASE):
"""


class Run:
    """A ``Backtesting`` whose strategy can be exchanged.

    :param mode: "spot" or "futures".
    :param exchange: freqtrade's name of the exchange.
    """

    def __init__(self, mode: str, exchange: str = "binance") -> None:
        from freqtrade.configuration import Configuration
        from freqtrade.enums import RunMode
        from freqtrade.optimize.backtesting import Backtesting

        self.futures = mode == "futures"
        self.folder = Path(tempfile.mkdtemp(dir=_root()))
        workspace = _workspace()
        path = workspace.write_config(mode, exchange)
        arguments = {"config": [str(path)], "datadir": workspace.datadir, "strategy": "Sample"}
        self.config = Configuration(arguments, RunMode.BACKTEST).get_config()
        self.config |= {"strategy_path": str(self.folder), "strategy": "Tried"}
        self._write("pass", "Base")
        with offline():
            self.backtesting = Backtesting(deepcopy(self.config))
        self.strategy("pass")

    def strategy(self, body: str, base: str = "Base") -> Any:
        """Let the backtest have a strategy with this class body, read by freqtrade's resolver."""
        from freqtrade.resolvers import StrategyResolver

        self._write(body, base)
        config = deepcopy(self.config) | {"dry_run": True}
        mode = self.backtesting.config
        config |= {name: mode[name] for name in ("trading_mode", "margin_mode", "candle_type_def")}
        strategy = StrategyResolver.load_strategy(config)
        self.backtesting._set_strategy(strategy)
        return strategy

    def _write(self, body: str, base: str) -> None:
        source = HEADER.replace("BASE", base)
        (self.folder / "tried.py").write_text(source + textwrap.indent(textwrap.dedent(body), " "))

    def support(self) -> Support:
        """What the engine says about the next call of ``backtest()``."""
        return engine_support(self.backtesting, dict.fromkeys(self.backtesting.pairlists.whitelist))

    def reason(self) -> str:
        """Why it refuses; "" if it does not."""
        support = self.support()
        assert support.ok == (not support.reason)
        return support.reason


@contextmanager
def offline() -> Iterator[None]:
    """With markets derived from the candle files."""
    use_offline_markets("auto")
    try:
        yield
    finally:
        stop_offline_markets()


_folders: list[tempfile.TemporaryDirectory[str]] = []
_workspaces: list[Workspace] = []


def _root() -> Path:
    if not _folders:
        _folders.append(tempfile.TemporaryDirectory(prefix="freqkernels-test-"))
    return Path(_folders[0].name)


def _workspace() -> Workspace:
    if not _workspaces:
        _workspaces.append(Workspace(_root() / "workspace").create())
    return _workspaces[0]
