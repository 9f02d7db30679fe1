"""A freqtrade user directory with generated candles, and Binance's market documents on loopback."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

#: Pair, first price, decimals of the prices.
SPOT = [("BTC/USDT", 27000.0, 2), ("ETH/USDT", 1650.0, 2), ("DOGE/USDT", 0.062, 5)]
FUTURES = [(f"{pair}:USDT", price, decimals) for pair, price, decimals in SPOT]
STEPS = {"5m": 300, "1h": 3600, "8h": 28_800}

STRATEGY = """
from freqtrade.strategy import CategoricalParameter, IStrategy


class Sample(IStrategy):
    INTERFACE_VERSION = 3
    timeframe = "5m"
    can_short = SHORT
    minimal_roi = {"0": 0.01}
    stoploss = -0.02
    startup_candle_count = 20
    span = CategoricalParameter([8, 9, 10, 11], default=9, space="buy")

    def populate_indicators(self, dataframe, metadata):
        dataframe["slow"] = dataframe["close"].rolling(20).mean()
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        fast = dataframe["close"].rolling(int(self.span.value)).mean()
        above = fast > dataframe["slow"]
        crossed = above & ~above.shift(1, fill_value=False)
        dataframe.loc[crossed, "enter_long"] = 1
        if self.can_short:
            fell = ~above & above.shift(1, fill_value=False)
            dataframe.loc[fell, "enter_short"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["close"] < dataframe["slow"] * 0.995, "exit_long"] = 1
        return dataframe

    def leverage(self, pair, current_time, current_rate, proposed_leverage, max_leverage, **kwargs):
        return min(3.0, max_leverage)
"""


def candles(first: float, decimals: int, timeframe: str, days: int, seed: int) -> pd.DataFrame:
    """A random walk on a grid of prices."""
    rng = np.random.default_rng(seed)
    rows = days * 86_400 // STEPS[timeframe]
    close = first * np.exp(np.cumsum(rng.normal(0, 0.002, rows)))
    frame = pd.DataFrame({"open": np.r_[first, close[:-1]], "high": 0.0, "low": 0.0})
    frame["close"] = close
    spread = 1 + np.abs(rng.normal(0, 0.001, rows))
    frame["high"] = frame[["open", "close"]].max(axis=1) * spread
    frame["low"] = frame[["open", "close"]].min(axis=1) / spread
    frame = frame.round(decimals)
    frame["volume"] = rng.integers(1, 1000, rows).astype("float64")
    step = pd.Timedelta(seconds=STEPS[timeframe])
    start = pd.Timestamp("2023-09-01", tz="UTC")
    frame.insert(0, "date", pd.date_range(start, periods=rows, freq=step).as_unit("ms"))
    return frame


def write_candles(datadir: Path, days: int = 6) -> None:
    """Spot and futures candles of three pairs, with mark prices and funding rates."""
    (datadir / "futures").mkdir(parents=True)
    for seed, (pair, price, decimals) in enumerate(SPOT):
        name = pair.replace("/", "_")
        for timeframe in ("5m", "1h"):
            frame = candles(price, decimals, timeframe, days, seed)
            frame.to_feather(datadir / f"{name}-{timeframe}.feather")
            frame.to_feather(datadir / "futures" / f"{name}_USDT-{timeframe}-futures.feather")
        for timeframe in ("1h", "8h"):
            frame = candles(price, decimals, timeframe, days, seed)
            frame.to_feather(datadir / "futures" / f"{name}_USDT-{timeframe}-mark.feather")
            frame = frame.assign(open=0.0001, high=0.0, low=0.0, close=0.0, volume=0.0)
            frame.to_feather(datadir / "futures" / f"{name}_USDT-{timeframe}-funding_rate.feather")


@dataclass
class Run:
    """What a command printed and returned."""

    code: int
    output: str


@dataclass
class Workspace:
    """A directory in which freqtrade commands run, in real processes."""

    root: Path
    config: dict[str, Any] = field(default_factory=dict)

    @property
    def datadir(self) -> Path:
        return self.root / "user_data" / "data" / "binance"

    def create(self) -> "Workspace":
        """Candles, strategies and an empty user directory."""
        write_candles(self.datadir)
        strategies = self.root / "user_data" / "strategies"
        strategies.mkdir(parents=True)
        for name, short in (("Sample", "False"), ("SampleShort", "True")):
            source = STRATEGY.replace("SHORT", short).replace("class Sample", f"class {name}")
            (strategies / f"{name.lower()}.py").write_text(source)
        return self

    def write_config(self, mode: str = "spot", exchange: str = "binance", **more: Any) -> Path:
        """A configuration for one trading mode; ``more`` goes into its exchange section."""
        pairs = [pair for pair, _, _ in (FUTURES if mode == "futures" else SPOT)]
        config = {
            "trading_mode": mode,
            "margin_mode": "isolated" if mode == "futures" else "",
            "stake_currency": "USDT",
            "stake_amount": 100,
            "dry_run": True,
            "dry_run_wallet": 1000,
            "max_open_trades": 3,
            "timeframe": "5m",
            "entry_pricing": {"price_side": "other", "use_order_book": True, "order_book_top": 1},
            "exit_pricing": {"price_side": "other", "use_order_book": True, "order_book_top": 1},
            "pairlists": [{"method": "StaticPairList"}],
            "user_data_dir": str(self.root / "user_data"),
            "exchange": {"name": exchange, "pair_whitelist": pairs, **more},
        }
        path = self.root / f"config-{exchange}-{mode}.json"
        path.write_text(json.dumps(config))
        return path

    def run(self, *arguments: str, module: str = "freqkernels") -> Run:
        """Run ``python -m freqkernels ...`` (or freqtrade) in its own process."""
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=self.root,
            env={**os.environ, "COLUMNS": "250", "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return Run(done.returncode, done.stdout + done.stderr)


def spot_symbol(pair: str, decimals: int) -> dict[str, Any]:
    """One symbol of Binance's spot exchange information."""
    base, quote = pair.split("/")
    tick = f"{10.0**-decimals:.8f}"
    return {
        "symbol": base + quote,
        "status": "TRADING",
        "baseAsset": base,
        "baseAssetPrecision": 8,
        "quoteAsset": quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS_LIMIT"],
        "icebergAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": True,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": tick,
                "maxPrice": "1000000.00000000",
                "tickSize": tick,
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": "0.00010000",
                "maxQty": "9000.00000000",
                "stepSize": "0.00010000",
            },
            {"filterType": "NOTIONAL", "minNotional": "5.00000000", "applyMinToMarket": True},
        ],
        "permissions": ["SPOT", "MARGIN"],
    }


def linear_symbol(pair: str, decimals: int) -> dict[str, Any]:
    """One symbol of Binance's exchange information for USDT-margined futures."""
    spot = spot_symbol(pair.split(":")[0], decimals)
    return {
        "symbol": spot["symbol"],
        "pair": spot["symbol"],
        "contractType": "PERPETUAL",
        "deliveryDate": 4133404800000,
        "onboardDate": 1569398400000,
        "status": "TRADING",
        "baseAsset": spot["baseAsset"],
        "quoteAsset": spot["quoteAsset"],
        "marginAsset": "USDT",
        "pricePrecision": decimals,
        "quantityPrecision": 3,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "filters": [
            spot["filters"][0],
            {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": "0.001"},
            {"filterType": "MIN_NOTIONAL", "notional": "5"},
        ],
        "orderTypes": ["LIMIT", "MARKET", "STOP"],
        "timeInForce": ["GTC", "IOC", "FOK"],
    }


DOCUMENTS: dict[str, Any] = {
    "/spot/exchangeInfo": {"symbols": [spot_symbol(pair, places) for pair, _, places in SPOT]},
    "/linear/exchangeInfo": {
        "symbols": [linear_symbol(pair, places) for pair, _, places in FUTURES]
    },
    "/inverse/exchangeInfo": {"symbols": []},
}


@contextmanager
def binance_on_loopback() -> Iterator[dict[str, Any]]:
    """Answer Binance's exchange information on a local port.

    Gives the entries of a configuration's exchange section that make ccxt ask there.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            body = json.dumps(DOCUMENTS.get(path, {"code": -1121, "msg": "unknown"})).encode()
            self.send_response(200 if path in DOCUMENTS else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    api = {
        "public": f"{url}/spot",
        "fapiPublic": f"{url}/linear",
        "dapiPublic": f"{url}/inverse",
    }
    try:
        yield {"ccxt_config": {"urls": {"api": api}}}
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
