"""Trades and orders as ``Backtesting`` makes them, and all that can be told of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from freqtrade.enums import TradingMode
from freqtrade.persistence import LocalTrade, Order

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def make_trade(orders: int = 3, **values: Any) -> Any:
    """A trade with filled orders, the last of which is still open."""
    given: dict[str, Any] = {"id": 7, "pair": "A/B", "base_currency": "A", "stake_currency": "B"}
    given |= {"open_rate": 1.5, "open_date": NOW, "stake_amount": 12.5, "amount": 0}
    given |= {"fee_open": 0.001, "fee_close": 0.001, "is_open": True, "enter_tag": None}
    given |= {"is_short": False, "leverage": 1.0, "trading_mode": TradingMode.SPOT}
    given |= {"amount_precision": 0.01, "price_precision": 0.01, "precision_mode": 4}
    given |= {"precision_mode_price": 4, "contract_size": None, "orders": []}
    trade = LocalTrade(**(given | values))
    for number in range(orders):
        order = make_order(trade, number)
        trade.orders.append(order)
        if number < orders - 1:
            order.close_bt_order(NOW + timedelta(minutes=5 * number), trade)
    return trade


def make_order(trade: Any, number: int, **values: Any) -> Any:
    """An open order of a trade, which does not hold it yet."""
    given: dict[str, Any] = {"id": number, "ft_trade_id": trade.id, "ft_is_open": True}
    given |= {"ft_pair": trade.pair, "symbol": trade.pair, "order_id": str(number)}
    given |= {"ft_order_side": trade.entry_side, "side": trade.entry_side, "order_type": "limit"}
    given |= {"status": "open", "order_date": NOW + timedelta(minutes=5 * number)}
    given |= {"order_filled_date": NOW, "order_update_date": NOW, "ft_price": 1.5, "price": 1.5}
    given |= {"average": 1.5, "amount": 2.5, "filled": 0, "remaining": 2.5, "cost": 3.75}
    order = Order(**(given | {"ft_order_tag": "x"} | values))
    order._trade_bt = trade
    return order


def told(value: Any, known: dict[int, int] | None = None) -> Any:
    """A value with all that it leads to, and which parts of it are the same object."""
    known = {} if known is None else known
    if not hasattr(value, "__dict__") and not isinstance(value, (list, dict, tuple, set)):
        return type(value).__name__, value
    if isinstance(value, type):
        return value
    if id(value) in known:
        return "seen", known[id(value)]
    known[id(value)] = len(known)
    if isinstance(value, dict):
        return "dict", [(key, told(item, known)) for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        name = "list" if isinstance(value, list) else "tuple"
        return name, [told(item, known) for item in value]
    if isinstance(value, (LocalTrade, Order)):
        return type(value).__name__, told(vars(value), known)
    if type(value).__name__ == "InstanceState":
        slots = (value.class_, value.manager, value.key, value.load_path, value.identity_token)
        kept = (value.committed_state, value.expired_attributes, vars(value))
        return slots, [told(item, known) for item in kept], told(value.obj(), known)
    return type(value).__name__, value
