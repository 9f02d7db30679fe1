"""``freqkernels.simulate`` beside freqtrade's own ``Backtesting``, to the last bit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

import freqkernels
from freqkernels import Rules, WalletRules, simulate
from freqkernels.bridge.fuzz.generate.kinds import KINDS, make_case
from freqkernels.bridge.fuzz.run import RefusedCaseError, run_case
from freqkernels.bridge.replace import certificate
from freqkernels.bridge.targets import ENGINE
from freqkernels.errors import SimulationError
from simulate_arguments import arguments_of, differences

BACKENDS = ("compiled", "reference")


class Compared:
    """Stands in for ``Backtesting.backtest``: runs it, and both twins on what it left.

    :param original: freqtrade's function.
    """

    def __init__(self, original: Any) -> None:
        self.original = original
        self.trades = 0
        self.refused = ""
        self.wrong: list[str] = []

    def __call__(self, bt: Any, processed: Any, start: datetime, end: datetime) -> Any:
        content = self.original(bt, processed, start, end)
        arguments = arguments_of(bt, processed)
        for backend in BACKENDS:
            try:
                with freqkernels.use_backend(backend):
                    simulated = simulate(**arguments)
            except SimulationError as error:
                self.refused = str(error)
                return content
            self.trades = len(simulated.trades)
            self.wrong += differences(simulated, bt, content)
        return content


def fuzzed(kind: str) -> Iterator[Compared]:
    """Cases of a kind that freqtrade runs to the end."""
    from freqtrade.optimize.backtesting import Backtesting

    original = Backtesting.backtest
    for number in range(30):
        case = make_case(kind, 5, number)
        case.epochs = case.epochs[:1]
        compared = Compared(original)
        try:
            (outcome,) = run_case(case, compared)
        except RefusedCaseError:
            continue
        if outcome["error"] is None:
            yield compared


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "outside"])
def test_random_backtests_are_freqtrade_s(kind: str) -> None:
    """Trades, orders, counters, locks, refused signals and wallet, to the last bit."""
    with_trades, refused = 0, 0
    for compared in fuzzed(kind):
        assert compared.wrong == []
        refused += bool(compared.refused)
        with_trades += bool(compared.trades)
        if with_trades == 3:
            break
    assert with_trades == 3
    assert refused <= 3


def test_a_difference_is_noticed() -> None:
    from freqtrade.optimize.backtesting import Backtesting

    seen = []

    def engine(bt: Any, processed: Any, start: Any, end: Any) -> Any:
        content = Backtesting.backtest(bt, processed, start, end)
        arguments = arguments_of(bt, processed)
        values = {name: getattr(arguments["rules"], name) for name in Rules.__slots__}
        for changed in ({"fee": 0.0011}, {"stoploss": -0.0101}, {"max_open_trades": 1}):
            rules = Rules(**{**values, **changed})
            seen.append(differences(simulate(**{**arguments, "rules": rules}), bt, content))
        return content

    run_case(make_case("spot", 5, 4), engine)
    assert len(seen) == 3
    assert all(seen)


if not certificate(ENGINE).support:  # a release with other rules than those that are simulated
    del test_random_backtests_are_freqtrade_s, test_a_difference_is_noticed


def test_defaults_are_freqtrade_s() -> None:
    from freqtrade.strategy import IStrategy

    rules = Rules(timeframe="5m", stoploss=-0.1, fee=0.001, max_open_trades=1)
    for name in (
        *("minimal_roi", "trailing_stop", "trailing_stop_positive", "can_short"),
        *("trailing_stop_positive_offset", "trailing_only_offset_is_reached"),
        "ignore_buying_expired_candle_after",
    ):
        assert getattr(rules, name) == getattr(IStrategy, name), name
    for side in ("entry", "exit"):
        assert rules.order_types[side] == IStrategy.order_types[side]
    assert (rules.use_exit_signal, rules.exit_profit_only) == (True, False)


def test_wallet_defaults_are_freqtrade_s() -> None:
    from freqtrade.config_schema import CONF_SCHEMA

    wallet = WalletRules(stake_currency="USDT", stake_amount=100)
    for name in ("tradable_balance_ratio", "last_stake_amount_min_ratio", "dry_run_wallet"):
        assert getattr(wallet, name) == CONF_SCHEMA["properties"][name]["default"], name
