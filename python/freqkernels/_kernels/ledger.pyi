from typing import Any

def price_to_precision(price: Any, precision: Any, counting: Any, mode: Any) -> Any: ...
def amount_to_contract_precision(
    amount: Any, precision: Any, counting: Any, contract_size: Any
) -> Any: ...
def open_trade_value(amount: Any, open_rate: Any, fee: Any, is_short: bool) -> Any: ...
def close_trade_value(
    amount: Any, rate: Any, fee: Any, funding_fees: Any, is_short: bool
) -> Any: ...
def profit_ratio(
    amount: Any,
    rate: Any,
    fee: Any,
    funding_fees: Any,
    is_short: bool,
    open_value: Any,
    leverage: Any,
) -> Any: ...
def profits(
    close_value: Any,
    open_value: Any,
    is_short: bool,
    leverage: Any,
    realized_profit: Any,
    max_stake_amount: Any,
    fee_open: Any,
) -> Any: ...
def rate_for_roi(
    amount: Any,
    open_rate: Any,
    fee_open: Any,
    fee_close: Any,
    funding_fees: Any,
    is_short: bool,
    roi: Any,
    leverage: Any,
) -> Any: ...
def order_stake(amount: Any, price: Any, leverage: Any) -> Any: ...
