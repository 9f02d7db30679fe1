from collections.abc import Container
from typing import Any

def last_order(
    orders: Any,
    kind: type,
    side: Any,
    is_open: Any,
    only_filled: bool,
    states: Container[Any],
) -> Any: ...
def filled_orders(orders: Any, kind: type, side: Any, states: Container[Any]) -> Any: ...
def filled_count(orders: Any, kind: type, side: Any, states: Container[Any]) -> Any: ...
def filled_or_open_orders(orders: Any, kind: type, states: Container[Any]) -> Any: ...
def open_orders(orders: Any, kind: type) -> Any: ...
def has_open(orders: Any, kind: type, with_stoploss: bool) -> Any: ...
def funding_fees(orders: Any, kind: type) -> Any: ...
def filled_date(
    orders: Any, kind: type, side: Any, states: Container[Any], latest: bool
) -> Any: ...
def fold_orders(
    orders: Any,
    kind: type,
    entry_side: Any,
    is_short: bool,
    leverage: Any,
    fee_open: Any,
    fee_close: Any,
    is_futures: bool,
    max_stake_amount: Any,
    realized_profit: Any,
) -> Any: ...
