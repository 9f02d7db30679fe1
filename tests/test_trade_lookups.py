"""freqtrade's lookups in the orders of trades and their faster ones, and who gets which."""

from __future__ import annotations

import decimal
from collections.abc import Callable, Iterator
from datetime import timedelta, timezone
from typing import Any

import pandas as pd
import pytest

pytest.importorskip("freqtrade")

from freqtrade.enums import TradingMode
from freqtrade.optimize import backtesting
from freqtrade.persistence import LocalTrade
from hypothesis import given

from drawn_trades import OPENED, make, trades
from freqkernels.bridge.objects.order_writes import order_writes_watched
from freqkernels.bridge.objects.swaps import Swap, _resolve
from freqkernels.bridge.objects.trade_copies import TradeCopier
from freqkernels.bridge.replace import certificate
from freqkernels.bridge.targets import ENGINE
from swapped_trades import READERS, SWAPS, ours, outcome, same

pytestmark = pytest.mark.skipif(
    not certificate(ENGINE).support, reason="the engine is left alone here"
)


@pytest.fixture(scope="module", autouse=True)
def half_up() -> Iterator[None]:
    """The decimal context as ccxt's first call leaves it."""
    with decimal.localcontext(decimal.Context(rounding=decimal.ROUND_HALF_UP)):
        yield


# ---- orders


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
@pytest.mark.parametrize("name", sorted(READERS.keys() & CALLS.keys()))
def test_a_callbacks_trade_needs_nothing_of_freqtrade(name: str) -> None:
    with order_writes_watched():
        found = TradeCopier().copy(make((USUAL, ORDERS)))
        assert found is not None
        CALLS[name](found[0])


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
