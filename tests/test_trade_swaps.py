"""freqtrade's methods of trades and their faster ones: the same answers, the same changes."""

from __future__ import annotations

import decimal
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta, timezone
from typing import Any

import pandas as pd
import pytest

pytest.importorskip("freqtrade")

from freqtrade.enums import TradingMode
from freqtrade.exchange import exchange_utils
from freqtrade.optimize import backtesting
from freqtrade.persistence import LocalTrade, trade_model
from hypothesis import given
from hypothesis import strategies as st

from drawn_trades import OPENED, amounts, funding, grids, make, odd_numbers, prices, told, trades
from freqkernels import runtime
from freqkernels.bridge.objects import (
    precision,
    trade_changes,
    trade_orders,
    trade_values,
    utc_dates,
)
from freqkernels.bridge.objects.order_writes import order_writes_watched
from freqkernels.bridge.objects.swaps import Swap, _resolve, swapped
from freqkernels.bridge.objects.trade_copies import TradeCopier
from freqkernels.bridge.replace import certificate
from freqkernels.bridge.targets import ENGINE

pytestmark = pytest.mark.skipif(
    not certificate(ENGINE).support, reason="the engine is left alone here"
)

SWAPS = (
    *(*precision.SWAPS, *trade_values.SWAPS, *trade_changes.SWAPS),
    *(*trade_orders.SWAPS, *utc_dates.SWAPS),
)


@contextmanager
def ours(backend: str = "compiled") -> Iterator[None]:
    with runtime.use_backend(backend), swapped(SWAPS):
        yield


@pytest.fixture(scope="module", autouse=True)
def half_up() -> Iterator[None]:
    """The decimal context as ccxt's first call leaves it."""
    with decimal.localcontext(decimal.Context(rounding=decimal.ROUND_HALF_UP)):
        yield


def outcome(act: Callable[[], Any]) -> Any:
    try:
        return told(act())
    except Exception as error:
        return told(error)


def same(plan: Any, act: Callable[[Any], Any], backend: str = "compiled") -> Any:
    """What ``act`` makes of equal trades, with freqtrade's methods and with ours."""
    results = []
    for place in (ExitStack(), ours(backend)):
        trade = make(plan)
        with place:
            results.append((outcome(lambda trade=trade: act(trade)), told(trade)))
    assert results[1] == results[0]
    return results[0]


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
def test_the_decimal_context_is_left_as_freqtrade_leaves_it(context: decimal.Context) -> None:
    def act() -> Any:
        with decimal.localcontext(context):
            price = outcome(lambda: trade_model.price_to_precision(12345.678912, 0.01, 4))
            amount = outcome(
                lambda: trade_model.amount_to_contract_precision(12345.678912, 8, 3, None)
            )
            return price, amount, decimal.getcontext().rounding, str(decimal.Decimal(1) / 3)

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


# ---- orders


READERS: dict[str, Callable[[Any], Any]] = {
    name: lambda trade, name=name: getattr(trade, name)
    for name in (
        *("open_orders", "has_open_orders", "nr_of_successful_entries", "nr_of_successful_exits"),
        *("nr_of_successful_buys", "nr_of_successful_sells", "_date_last_filled_utc"),
        *("date_last_filled_utc", "date_entry_fill_utc"),
    )
}
READERS |= {
    "select_filled_or_open_orders": lambda trade: trade.select_filled_or_open_orders(),
    "select_filled_orders": lambda trade: [
        trade.select_filled_orders(side) for side in (None, "buy", "sell", "stoploss", "")
    ],
    "select_order": lambda trade: [
        trade.select_order(side, is_open, filled)
        for side in (None, "buy", "sell", "")
        for is_open in (None, True, False, 0)
        for filled in (False, True)
    ],
}


@pytest.mark.parametrize("backend", ["compiled", "reference"])
@given(trades(5))
def test_readers(backend: str, plan: Any) -> None:
    def act(trade: Any) -> Any:
        return [outcome(lambda read=read: read(trade)) for read in READERS.values()]

    same(plan, act, backend)


@given(trades(4))
def test_readers_hand_out_the_orders_themselves(plan: Any) -> None:
    def places(trade: Any) -> Any:
        found = [*trade.select_filled_orders(), *trade.open_orders]
        found += trade.select_filled_or_open_orders()
        found += [order for order in (trade.select_order(), trade.select_order("buy")) if order]
        return [next(i for i, one in enumerate(trade.orders) if one is order) for order in found]

    same(plan, places)


@given(trades(4))
def test_manage_open_orders(plan: Any) -> None:
    class Asked:
        def check_order_cancel(self, trade: Any, order: Any, time: Any) -> Any:
            return False if order.id % 2 else None

        def check_order_replace(self, trade: Any, order: Any, time: Any, row: Any) -> bool:
            return bool(order.id == 2)

    def act(trade: Any) -> Any:
        manage = backtesting.Backtesting.manage_open_orders
        return manage(Asked(), trade, OPENED, ())

    same(plan, act)


@given(trades(5))
def test_readers_of_a_callbacks_trade(plan: Any) -> None:
    """Its orders are copied when it looks at them; what it finds are these copies."""

    def act(trade: Any) -> Any:
        found = TradeCopier().copy(trade)
        assert found is not None
        copied = found[0]
        results = [outcome(lambda read=read: read(copied)) for read in READERS.values()]
        handed = copied.select_filled_orders() + copied.open_orders
        handed += copied.select_filled_or_open_orders()
        handed += [order for order in [copied.select_order()] if order is not None]
        own = list(copied.orders)
        places = [next(i for i, one in enumerate(own) if one is order) for order in handed]
        assert all(one is not order for one in own for order in trade.orders)
        return results, places

    with order_writes_watched():
        same(plan, act)


# ---- dates


DATES = {
    "open_date": "open_date_utc",
    "close_date": "close_date_utc",
    "order_date": "order_date_utc",
    "order_filled_date": "order_filled_utc",
}


@pytest.mark.parametrize(
    "date",
    [
        OPENED,
        OPENED.replace(tzinfo=None),
        OPENED.astimezone(timezone(timedelta(hours=2))),
        OPENED.replace(fold=1),
        pd.Timestamp(OPENED),
        None,
        "2024-01-01",
    ],
)
@pytest.mark.parametrize("name", DATES)
def test_dates(name: str, date: Any) -> None:
    def act(trade: Any) -> Any:
        target = trade.orders[0] if name.startswith("order") else trade
        setattr(target, name, date)
        return getattr(target, DATES[name])

    same(({}, [{"is_exit": False}]), act)


def test_a_trade_without_a_date() -> None:
    result, _ = same(({}, []), lambda trade: trade.open_date_utc)
    assert result[0] is AttributeError


@pytest.mark.usefixtures("without_originals")
def test_dates_that_are_what_they_should_be() -> None:
    order = {"is_exit": False, "order_date": OPENED, "order_filled_date": OPENED}
    trade = make(({"open_date": OPENED, "close_date": OPENED}, [order]))
    found = trade.open_date_utc, trade.close_date_utc, trade.orders[0].order_date_utc
    assert {*found, trade.orders[0].order_filled_utc} == {OPENED}


# ---- who takes which


class Mine(LocalTrade):
    """Somebody's own class of trades."""


def refused(original: Any) -> Any:
    """Something in the place of freqtrade's own that says that it was called."""

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("freqtrade's own was called")

    return property(fail) if isinstance(original, property) else fail


@pytest.fixture
def without_originals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours in all places, with nothing to fall back to."""

    def put(swap: Swap) -> None:
        holder, name = _resolve(swap.places[0])
        replacement = swap.target.load_fast("")(refused(vars(holder)[name]))
        for held, attribute in map(_resolve, swap.places):
            monkeypatch.setattr(held, attribute, replacement)

    for swap in SWAPS:
        put(swap)


CALLS: dict[str, Callable[[Any], Any]] = {
    **{name: read for name, read in READERS.items() if name != "date_last_filled_utc"},
    "calc_close_trade_value": lambda trade: trade.calc_close_trade_value(2.5),
    "_calc_open_trade_value": lambda trade: trade._calc_open_trade_value(2.5, 3),
    "calc_profit_ratio": lambda trade: trade.calc_profit_ratio(2.5),
    "calculate_profit": lambda trade: trade.calculate_profit(2.5, 1.0, 2.0),
    "calc_close_rate_for_roi": lambda trade: trade.calc_close_rate_for_roi(0.1),
    "adjust_stop_loss": lambda trade: trade.adjust_stop_loss(2.5, -0.1),
    "set_funding_fees": lambda trade: trade.set_funding_fees(0.1),
    "recalc_trade_from_orders": lambda trade: trade.recalc_trade_from_orders(),
    "manage_open_orders": lambda trade: backtesting.Backtesting.manage_open_orders(
        None, trade, OPENED, ()
    ),
}
USUAL = {
    "open_rate": 2.0,
    "amount": 4.0,
    "open_trade_value": 8.0,
    "open_date": OPENED,
    "leverage": 3,
    "fee_open": 0.001,
    "fee_close": 0.001,
    "amount_precision": 0.01,
    "price_precision": 0.0001,
    "precision_mode": 4,
    "precision_mode_price": 4,
}
FILLED = {
    "ft_is_open": False,
    "status": "closed",
    "filled": 4.0,
    "amount": 4.0,
    "price": 2.0,
    "order_filled_date": OPENED,
}
ORDERS = [
    {**FILLED, "is_exit": False},
    {**FILLED, "is_exit": True, "filled": 1.5, "funding_fee": 0.25},
]


@pytest.mark.usefixtures("without_originals")
@pytest.mark.parametrize("mode", [TradingMode.SPOT, TradingMode.FUTURES])
@pytest.mark.parametrize("name", CALLS)
def test_usual_trades_need_nothing_of_freqtrade(name: str, mode: TradingMode) -> None:
    CALLS[name](make(({**USUAL, "trading_mode": mode}, ORDERS)))


@pytest.mark.usefixtures("without_originals")
@pytest.mark.parametrize("name", CALLS)
def test_own_classes_of_trades_get_freqtrades_methods(name: str) -> None:
    with pytest.raises(AssertionError, match="freqtrade's own"):
        CALLS[name](make((USUAL, ORDERS), Mine))


def test_a_replaced_helper_keeps_freqtrades_method(monkeypatch: pytest.MonkeyPatch) -> None:
    before = vars(LocalTrade)["calc_profit_ratio"]
    monkeypatch.setattr(LocalTrade, "_calc_base_close", lambda self, amount, rate, fee: amount)
    with ours():
        assert vars(LocalTrade)["calc_profit_ratio"] is before
