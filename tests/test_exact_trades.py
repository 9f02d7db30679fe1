"""What a trade is worth, against freqtrade's LocalTrade and its decimals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from _exact import BACKENDS, agree, ordinary, run, special, twin, twins_agree
from freqkernels.exact import ROUND, TICK_SIZE


@pytest.fixture(scope="module")
def precise() -> Any:
    from freqtrade.util import FtPrecise

    return FtPrecise


def make_trade(**changed: Any) -> Any:
    from freqtrade.enums import TradingMode
    from freqtrade.persistence import LocalTrade

    settings = {
        "pair": "A/B",
        "exchange": "binance",
        "is_open": True,
        "trading_mode": TradingMode.SPOT,
        "stake_amount": 1.0,
        **changed,
    }
    return LocalTrade(**settings)


CASES = [
    (fee, lev, short) for fee in (0.0, 0.001, 0.00075) for lev in (1.0, 3.0) for short in (0, 1)
]


@pytest.mark.parametrize(("fee", "leverage", "is_short"), CASES)
def test_values_and_profits_of_trades(fee: float, leverage: float, is_short: int) -> None:
    """Open and close value, profit ratio and absolute, rate for a return."""
    from freqtrade.enums import TradingMode

    count, roi = 4000, 0.0123
    amount, rate, close = ordinary(count, 27), ordinary(count, 28), ordinary(count, 29)
    funding = np.random.default_rng(30).normal(0, 1e-3, count)
    opened, _ = run("value_with_fee", amount, rate, fee, not is_short)
    closed, _ = run("value_with_fee", amount, close, fee, bool(is_short))
    ends = [
        run("value_with_fee", amount, at, fee, bool(is_short))[0]
        for at in np.r_[[[0.0]], [[1.0]]] * np.ones(count)
    ]
    sign = -1 if is_short else 1
    closed, at_0, at_1 = (value + sign * funding for value in (closed, *ends))
    ratio, absolute = np.empty(count), np.empty(count)
    twin("profits")(opened, closed, leverage, bool(is_short), ratio, absolute)
    target, _ = run("rate_for_roi", opened, at_0, at_1, roi, leverage, bool(is_short))
    trade = make_trade(
        fee_open=fee,
        fee_close=fee,
        leverage=leverage,
        is_short=bool(is_short),
        amount=1.0,
        open_rate=1.0,
        trading_mode=TradingMode.FUTURES,
    )
    for at in range(count):
        trade.amount, trade.open_rate = float(amount[at]), float(rate[at])
        trade.funding_fees = float(funding[at])
        trade.recalc_open_trade_value()
        exit_rate = float(close[at])
        profit = trade.calculate_profit(exit_rate)
        assert opened[at] == trade.open_trade_value
        assert closed[at] == trade.calc_close_trade_value(exit_rate)
        assert ratio[at] == trade.calc_profit_ratio(exit_rate) == profit.profit_ratio
        assert absolute[at] == profit.profit_abs
        if hasattr(trade, "calc_close_rate_for_roi"):  # freqtrade 2025.9 has another formula
            assert target[at] == trade.calc_close_rate_for_roi(roi)


def test_values_in_bulk(precise: Any) -> None:
    amount, rate = ordinary(80_000, 31), ordinary(80_000, 32)
    fee = precise(0.00075)

    def with_fee(plus: bool) -> Callable[..., float]:
        def value(a: float, r: float) -> float:
            base = precise(a) * precise(r)
            return float(base + base * fee if plus else base - base * fee)

        return value

    for plus in (True, False):
        agree("value_with_fee", (amount, rate, 0.00075, plus), with_fee(plus))
    agree("average_price", (amount, rate), lambda a, r: float(precise(a) * precise(r) / precise(a)))
    leverage = precise(3.3)
    agree(
        "order_stake",
        (amount, rate, 3.3),
        lambda a, r: float(precise(a) * precise(r) / leverage),
    )


def test_twins_agree_on_trades() -> None:
    odd = np.random.default_rng(33).permutation(special())[:6000]
    amount, rate = np.r_[ordinary(3000, 34), odd[:3000]], np.r_[ordinary(3000, 35), odd[3000:]]
    for fee in (0.001, 0.0, 1e-30, 1e-80, 1e-95, np.nan):  # factors of up to five limbs
        for plus in (True, False):
            twins_agree("value_with_fee", amount, rate, fee, plus)
    twins_agree("average_price", amount, rate)
    for leverage in (1.0, 3.3, 0.0, -2.0):
        twins_agree("order_stake", amount, rate, leverage)
        for is_short in (True, False):
            twins_agree("rate_for_roi", amount, rate, rate[::-1].copy(), 0.03, leverage, is_short)
            results = []
            for backend in BACKENDS:
                out = np.empty((2, len(amount)))
                twin("profits", backend)(amount, rate, leverage, is_short, *out)
                results.append(out.view(np.int64))
            np.testing.assert_array_equal(*results)


def test_a_recalculated_trade() -> None:
    """What freqtrade makes of a filled order: rate, stakes and value, from the kernels."""
    from freqtrade.persistence import Order

    amount, price = ordinary(300, 36), ordinary(300, 37)
    average, _ = run("average_price", amount, price)
    rate, _ = run("price_to_precision", average, 1e-6, TICK_SIZE, ROUND)
    kept, _ = run("amount_to_contract_precision", amount, 1e-8, TICK_SIZE, 0.0)
    value, _ = run("value_with_fee", kept, rate, 0.001, True)
    stake, _ = run("multiply", amount, price)
    for at in np.flatnonzero(kept > 0):
        trade = make_trade(
            fee_open=0.001,
            fee_close=0.001,
            leverage=3.0,
            amount=0.0,
            open_rate=1.0,
            price_precision=1e-6,
            precision_mode_price=TICK_SIZE,
            amount_precision=1e-8,
            precision_mode=TICK_SIZE,
            contract_size=None,
        )
        order = Order(
            ft_order_side="buy",
            ft_is_open=False,
            price=float(price[at]),
            ft_pair="A/B",
            amount=float(amount[at]),
            filled=float(amount[at]),
            average=float(price[at]),
            ft_amount=float(amount[at]),
            ft_price=float(price[at]),
            funding_fee=0.0,
        )
        trade.orders = [order]
        trade.recalc_trade_from_orders()
        assert trade.open_rate == rate[at]
        assert trade.amount == kept[at]
        assert trade.open_trade_value == value[at]
        assert trade.stake_amount == trade.max_stake_amount == stake[at] / 3.0
