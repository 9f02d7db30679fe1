"""freqtrade's methods of trades and their faster ones: the same answers, the same changes."""

from __future__ import annotations

import decimal
import logging
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("freqtrade")

from freqtrade.enums import TradingMode
from freqtrade.exchange import exchange_utils
from freqtrade.optimize import backtesting
from freqtrade.persistence import trade_model
from hypothesis import given
from hypothesis import strategies as st

from drawn_trades import OPENED, amounts, funding, grids, odd_numbers, prices, trades
from freqkernels.bridge.replace import certificate
from freqkernels.bridge.targets import ENGINE
from swapped_trades import ours, outcome, same

pytestmark = pytest.mark.skipif(
    not certificate(ENGINE).support, reason="the engine is left alone here"
)


@pytest.fixture(scope="module", autouse=True)
def half_up() -> Iterator[None]:
    """The decimal context as ccxt's first call leaves it."""
    with decimal.localcontext(decimal.Context(rounding=decimal.ROUND_HALF_UP)):
        yield


# ---- prices and amounts


@given(prices | odd_numbers, grids, st.integers(0, 3) | st.just(7))
def test_price_to_precision(price: Any, grid: tuple[Any, Any], mode: int) -> None:
    def act() -> Any:
        return outcome(lambda: exchange_utils.price_to_precision(price, *grid, rounding_mode=mode))

    expected = act()
    for backend in ("compiled", "reference"):
        with ours(backend):
            assert act() == expected


@given(amounts | odd_numbers, grids, st.sampled_from([None, 1, 1.0, 0.01, 10, 100.0, 0]))
def test_amount_to_contract_precision(amount: Any, grid: tuple[Any, Any], size: Any) -> None:
    def act() -> Any:
        return outcome(lambda: exchange_utils.amount_to_contract_precision(amount, *grid, size))

    expected = act()
    for backend in ("compiled", "reference"):
        with ours(backend):
            assert act() == expected


def test_precision_is_replaced_wherever_it_is_called() -> None:
    import freqtrade.exchange
    from freqtrade.exchange import exchange

    own = exchange_utils.price_to_precision
    holders = (freqtrade.exchange, exchange, exchange_utils, backtesting, trade_model)
    with ours():
        assert {id(module.price_to_precision) for module in holders} != {id(own)}
        assert len({module.price_to_precision for module in holders}) == 1
        assert len({module.amount_to_contract_precision for module in holders}) == 1
    assert {id(module.price_to_precision) for module in holders} == {id(own)}


@pytest.mark.parametrize(
    "context",
    [
        decimal.Context(prec=6, rounding=decimal.ROUND_HALF_UP),
        decimal.Context(prec=50, rounding=decimal.ROUND_HALF_UP),
        decimal.Context(rounding=decimal.ROUND_DOWN),
    ],
)
@pytest.mark.parametrize("name", ["price", "amount"])
def test_the_decimal_context_is_left_as_freqtrade_leaves_it(
    name: str, context: decimal.Context
) -> None:
    def act() -> Any:
        with decimal.localcontext(context):
            if name == "price":
                result = outcome(lambda: trade_model.price_to_precision(12345.678912, 0.01, 4))
            else:
                result = outcome(
                    lambda: trade_model.amount_to_contract_precision(12345.678912, 8, 3, None)
                )
            return result, decimal.getcontext().rounding, str(decimal.Decimal(1) / 3)

    expected = act()
    with ours():
        assert act() == expected


# ---- values


@pytest.mark.parametrize("backend", ["compiled", "reference"])
@given(trades(0), prices | odd_numbers, st.none() | amounts, st.none() | prices)
def test_values(backend: str, plan: Any, rate: Any, amount: Any, open_rate: Any) -> None:
    def act(trade: Any) -> Any:
        trade.recalc_open_trade_value()
        return [
            outcome(read)
            for read in (
                lambda: trade.calc_close_trade_value(rate),
                lambda: trade.calc_close_trade_value(rate, amount),
                lambda: trade._calc_open_trade_value(trade.amount, rate),
                lambda: trade.calc_profit_ratio(rate),
                lambda: trade.calc_profit_ratio(rate, amount, open_rate),
                lambda: trade.calculate_profit(rate),
                lambda: trade.calculate_profit(rate, amount=amount, open_rate=open_rate),
                lambda: trade.calc_profit(rate),
                lambda: trade.calc_close_rate_for_roi(rate),
                lambda: trade.calc_close_rate_for_roi(0.025),
            )
        ]

    same(plan, act, backend)


@given(trades(0), st.data())
def test_values_of_odd_attributes(plan: Any, data: st.DataObject) -> None:
    names = ("amount", "fee_open", "fee_close", "leverage", "open_rate", "funding_fees")
    name = data.draw(st.sampled_from((*names, "max_stake_amount", "realized_profit")))
    value = data.draw(odd_numbers)

    def act(trade: Any) -> Any:
        trade.open_trade_value = 100.0
        setattr(trade, name, value)
        return [
            outcome(read)
            for read in (
                lambda: trade.calc_profit_ratio(1.5),
                lambda: trade.calculate_profit(1.5),
                lambda: trade.calc_close_rate_for_roi(0.1),
                lambda: trade.recalc_open_trade_value(),
            )
        ]

    same(plan, act)


def test_margin_is_left_to_freqtrade() -> None:
    values = {"trading_mode": TradingMode.MARGIN, "open_date": OPENED, "close_date": OPENED}
    values |= {"exchange": "binance", "interest_rate": 0.0005, "leverage": 3.0, "amount": 5.0}
    values |= {"open_rate": 2.0, "is_short": True}
    result, _ = same((values, []), lambda trade: trade.calc_close_trade_value(3.0))
    assert result[0] is float


# ---- changes


@given(
    trades(0),
    st.lists(
        st.tuples(
            prices,
            st.sampled_from([-0.1, 0.05, -0.99, None, 0, -1, 1e-9]) | st.floats(-1.0, 1.0),
            st.booleans(),
            st.booleans(),
        ),
        max_size=4,
    ),
)
def test_adjust_stop_loss(plan: Any, calls: list[Any]) -> None:
    def act(trade: Any) -> None:
        for price, stoploss, initial, refresh in calls:
            trade.adjust_stop_loss(price, stoploss, initial=initial, allow_refresh=refresh)

    same(plan, act)


@given(trades(0), st.data())
def test_adjust_stop_loss_of_odd_attributes(plan: Any, data: st.DataObject) -> None:
    names = ("open_rate", "max_rate", "stop_loss", "initial_stop_loss", "initial_stop_loss_pct")
    name = data.draw(st.sampled_from((*names, "leverage", "price_precision")))
    value, price, stoploss = (data.draw(odd_numbers) for _ in range(3))

    def act(trade: Any) -> None:
        trade.adjust_stop_loss(1.5, -0.1)
        setattr(trade, name, value)
        trade.adjust_stop_loss(2.5, -0.05)
        trade.adjust_stop_loss(price, -0.05)
        trade.adjust_stop_loss(2.5, stoploss)

    same(plan, act)


def test_adjust_stop_loss_writes_its_log(caplog: pytest.LogCaptureFixture) -> None:
    plan = ({"pair": "ABC/USDT", "open_rate": 2.0}, [])

    def act(trade: Any) -> list[str]:
        caplog.clear()
        with caplog.at_level(logging.DEBUG, logger="freqtrade.persistence.trade_model"):
            trade.adjust_stop_loss(2.0, -0.1)
            trade.adjust_stop_loss(2.5, -0.1)
            trade.adjust_stop_loss(1.5, -0.1)
        return [record.getMessage() for record in caplog.records]

    lines, _ = same(plan, act)
    assert len(lines[1]) == 5


@given(trades(0), st.lists(st.tuples(prices | odd_numbers, prices | odd_numbers), max_size=4))
def test_adjust_min_max_rates(plan: Any, calls: list[Any]) -> None:
    def act(trade: Any) -> None:
        for high, low in calls:
            trade.adjust_min_max_rates(high, low)

    same(plan, act)


@pytest.mark.parametrize("backend", ["compiled", "reference"])
@given(trades(8), st.booleans(), st.booleans())
def test_recalc_trade_from_orders(backend: str, plan: Any, closing: bool, stop: bool) -> None:
    def act(trade: Any) -> None:
        if stop:
            trade.adjust_stop_loss(trade.open_rate, -0.1, initial=True)
        trade.recalc_trade_from_orders()
        trade.recalc_trade_from_orders(is_closing=closing)

    same(plan, act, backend)


@given(trades(4))
def test_close(plan: Any) -> None:
    def act(trade: Any) -> None:
        trade.close(1.25, show_msg=False)

    plan[0]["close_date"] = OPENED
    same(plan, act)


@given(trades(3), funding)
def test_set_funding_fees(plan: Any, fee: Any) -> None:
    same(plan, lambda trade: trade.set_funding_fees(fee))
