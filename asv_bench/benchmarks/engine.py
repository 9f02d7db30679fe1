"""The engine: ``freqkernels.simulate`` from columns to closed trades."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from freqkernels import Rules, Simulated, WalletRules, simulate, use_backend
from freqkernels.data.market_spec import MarketSpec, pair_names
from freqkernels.data.synthetic import make_market

#: Rows by the reference, which looks at each of them in plain Python.
_CHECKED = 1_500
#: Candles between two entry signals of a pair.
EVERY = {"few trades": 2_000, "many trades": 150}
_WALLET = WalletRules(stake_currency="USDT", stake_amount=50.0, dry_run_wallet=100_000)


def _rules(trailing: bool) -> Rules:
    return Rules(
        timeframe="5m",
        stoploss=-0.05,
        fee=0.001,
        max_open_trades=50,
        minimal_roi={0: 0.04, 240: 0.02, 1440: 0.0},
        trailing_stop=trailing,
        trailing_stop_positive=0.01 if trailing else None,
        trailing_stop_positive_offset=0.02 if trailing else 0.0,
        trailing_only_offset_is_reached=trailing,
    )


@cache
def _market(pairs: int, candles: int) -> dict[str, dict[str, Any]]:
    """Candles as arrays, with signals at fixed distances."""
    spec = MarketSpec(timeframe="5m", candles=candles, gaps=0.0)
    columns = ("date", "open", "high", "low", "close")
    return {
        pair: {name: frame[name].to_numpy() for name in columns}
        for pair, frame in make_market(pair_names(pairs), spec).items()
    }


def _signals(market: dict[str, dict[str, Any]], every: int) -> dict[str, dict[str, Any]]:
    signals = {}
    for shift, (pair, columns) in enumerate(market.items()):
        row = np.arange(len(columns["date"])) + 7 * shift
        signals[pair] = {"enter_long": row % every == 0, "exit_long": row % every == every // 2}
    return signals


@cache
def _check(trailing: bool, every: int) -> None:
    """Once a process: both twins give the same trades, orders and wallet.

    :raise AssertionError: if they do not, or if there is nothing to compare.
    """
    market = _market(2, _CHECKED)
    arguments = (market, _signals(market, every // 10), _rules(trailing), _WALLET)
    found: list[Simulated] = []
    for backend in ("compiled", "reference"):
        with use_backend(backend):
            found.append(simulate(*arguments))
    assert len(found[0].trades) > 0
    for name in ("trades", "orders", "wallet"):
        left, right = (getattr(each, name) for each in found)
        assert left.equals(right), name


class Simulate:
    """Pairs and candles, trades and settings; conversion of the columns included."""

    params = ([1, 20], [20_000, 100_000], list(EVERY), [False, True])
    param_names = ("pairs", "candles", "trades", "trailing")
    number = 1
    rounds = 1
    repeat = (3, 20, 5.0)
    timeout = 300.0

    def setup(self, pairs: int, candles: int, trades: str, trailing: bool) -> None:
        _check(trailing, EVERY[trades])
        market = _market(pairs, candles)
        self.arguments = (market, _signals(market, EVERY[trades]), _rules(trailing), _WALLET)

    def time_simulate(self, *_: Any) -> None:
        simulate(*self.arguments, capture_wallet=False)

    def time_with_wallet(self, *_: Any) -> None:
        simulate(*self.arguments)

    def track_trades(self, *_: Any) -> int:
        """Closed trades, to read the times by."""
        return len(simulate(*self.arguments, capture_wallet=False).trades)
