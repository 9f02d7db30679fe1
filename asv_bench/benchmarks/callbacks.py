"""Backtests of strategies with callbacks: event by event, beside freqtrade's own simulation."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from freqkernels.bench.fuzz.compare import compare_case
from freqkernels.bridge.engine import last_run
from freqkernels.bridge.fuzz.case import Callback, Case, Column, Pair, Step
from freqkernels.bridge.fuzz.case import Market as Rules
from freqkernels.bridge.fuzz.generate.answers import PARAMETERS
from freqkernels.bridge.fuzz.run import Session
from freqkernels.bridge.originals import beside
from freqkernels.data.market_spec import MarketSpec, pair_names
from freqkernels.data.synthetic import make_market

_PAIRS = 2
_PRICES = ("open", "high", "low", "close", "volume")
#: Candles of each pair that are compared call by call.
_CHECKED = 200
_PATIENT = {"stoploss": -0.5, "minimal_roi": {"0": 10.0}, "use_exit_signal": False}
#: Of each kind: candles of a pair, candles between two entry signals, settings, code by callback.
KINDS: dict[str, tuple[int, int, dict[str, Any], dict[str, str]]] = {
    "at entries": (
        5_000,
        15,
        {"stoploss": -0.03, "minimal_roi": {"0": 0.03, "600": 0.0}},
        {
            "custom_stake_amount": "return proposed_stake * (1 + current_time.hour % 2)",
            "custom_entry_price": "return proposed_rate * 0.9995",
            "confirm_trade_entry": "return current_time.hour % 5 != 0",
            "order_filled": "trade.set_custom_data('filled', len(trade.orders))",
        },
    ),
    "every candle": (
        1_000,
        20,
        {"stoploss": -0.1, "minimal_roi": {"0": 0.1}, "use_custom_stoploss": True},
        {
            "custom_stoploss": "return -0.02 if current_profit > 0.01 else None",
            "custom_exit": "return 'far' if current_profit > 0.03 else None",
        },
    ),
    "many orders": (
        400,
        40,
        _PATIENT | {"position_adjustment_enable": True},
        {
            "adjust_trade_position": (
                "count = trade.nr_of_successful_entries\n"
                "return 20.0 if current_time.minute % 30 == 0 and count < 500 else None"
            )
        },
    ),
}


@cache
def case_of(kind: str, candles: int, seen: str = "") -> Case:
    """A backtest on made candles.

    :param kind: of :data:`KINDS`.
    :param candles: of each pair.
    :param seen: how the calls are logged, as in ``Callback``.
    """
    _, every, settings, code = KINDS[kind]
    market = make_market(pair_names(_PAIRS), MarketSpec(timeframe="5m", candles=candles, gaps=0.0))
    pairs = []
    for name, frame in market.items():
        rows = [
            (float(slot), *values)
            for slot, values in enumerate(zip(*(frame[c].tolist() for c in _PRICES), strict=True))
        ]
        signals = dict.fromkeys(map(float, range(every // 2, candles, every)), 1)
        columns = {"enter_long": Column("int64", 0, signals), "exit_long": Column("int64")}
        pairs.append(Pair(name, Rules(price=None), rows, columns, ticks="exchange"))
    start = next(iter(market.values()))["date"].iloc[0].isoformat()
    config = {"stake_amount": 50.0, "dry_run_wallet": 100_000.0}
    case = Case("callbacks", kind, start, "5m", pairs, settings, config)
    return replace(case, callbacks=[_callback(*one, seen) for one in code.items()])


def _callback(name: str, code: str, seen: Any) -> Callback:
    parameters = f"{PARAMETERS[name]}, **kwargs"
    return Callback(name, parameters, [Step("answer", code)], seen=seen)


def _check(kind: str) -> None:
    """The same calls that see the same, and the same results, event by event.

    :raise AssertionError: if anything differs, or if there is nothing to compare.
    """
    verdict = compare_case(case_of(kind, _CHECKED, "all"))
    assert verdict.difference is None, verdict.difference
    assert not verdict.refused, verdict.refused
    assert verdict.events, verdict.original
    assert len(verdict.outcomes[0]["calls"]) > 20


class Callbacks:
    """One call of ``Backtesting.backtest``, signals and results frame included."""

    params = (list(KINDS),)
    param_names = ("callbacks",)
    number = 1
    rounds = 1
    repeat = (3, 20, 5.0)
    warmup_time = 0.0
    timeout = 300.0

    def setup_cache(self) -> None:
        if beside("backtest").certificate.support:
            for kind in KINDS:
                _check(kind)

    def setup(self, kind: str) -> None:
        known = beside("backtest").certificate.support
        if not known:  # asv shows n/a
            raise NotImplementedError(known.reason)
        self.session = Session(case_of(kind, KINDS[kind][0]))
        bt = self.session.backtesting
        self.frames = bt.strategy.advise_all_indicators(self.session.data)
        dates = next(iter(self.frames.values()))["date"]
        self.period = dates.iloc[0].to_pydatetime(), dates.iloc[-1].to_pydatetime()

    def time_freqtrade(self, *_: Any) -> None:
        beside("backtest").original(self.session.backtesting, dict(self.frames), *self.period)

    def time_freqkernels(self, *_: Any) -> None:
        function = beside("backtest").replacement
        assert function is not None
        function(self.session.backtesting, dict(self.frames), *self.period)
        assert last_run(), last_run()
