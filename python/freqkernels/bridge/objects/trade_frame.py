"""The frame of closed trades that ends a backtest, from freqtrade's trade objects.

freqtrade makes a record of some seventy entries of each trade and keeps twenty-eight. Here these
are made, and pandas makes of them what it makes of freqtrade's records.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from freqkernels.bridge.objects.ledger import direct
from freqkernels.bridge.objects.plain_orders import orders_are_plain
from freqkernels.bridge.objects.swaps import Swap
from freqkernels.bridge.objects.trade_values import TRADE_MODEL, Function
from freqkernels.bridge.targets import Target

_FILE_UTILS = "freqtrade.data.btanalysis.bt_fileutils"
_HELPERS = (
    *("open_date_utc", "close_date_utc", "entry_side", "exit_side", "safe_base_currency"),
    *("safe_quote_currency", "select_filled_or_open_orders"),
)
#: Numbers that freqtrade multiplies and rounds for entries that nobody keeps.
_ROUNDED = ("amount_requested", "open_trade_value", "close_profit")
_PLACES = 8

Record = tuple[Any, ...]


def trade_list_to_dataframe(original: Function) -> Function:
    """The replacement of ``trade_list_to_dataframe``."""
    import pandas as pd
    from freqtrade.data.btanalysis.bt_fileutils import BT_DATA_COLUMNS
    from freqtrade.persistence import LocalTrade

    if not orders_are_plain() or tuple(BT_DATA_COLUMNS) != _COLUMNS:
        return original
    fast_record = _recorder()

    def record(trade: Any) -> Record:
        made = fast_record(trade) if type(trade) is LocalTrade else None
        if made is None:
            full = trade.to_json(True)
            return tuple(full[name] for name in _COLUMNS)
        return made

    @wraps(original)
    def fast(trades: Any, *, minified: Any = True) -> Any:
        if minified is not True or type(trades) is not list or not trades:
            return original(trades, minified=minified)
        records = [record(trade) for trade in trades]
        frame = pd.DataFrame.from_records(records, columns=BT_DATA_COLUMNS)
        frame["close_date"] = pd.to_datetime(frame["close_timestamp"], unit="ms", utc=True)
        frame["open_date"] = pd.to_datetime(frame["open_timestamp"], unit="ms", utc=True)
        frame["close_rate"] = frame["close_rate"].astype("float64")
        return frame

    return fast


_COLUMNS = (
    *("pair", "stake_amount", "max_stake_amount", "amount", "open_date", "close_date"),
    *("open_rate", "close_rate", "fee_open", "fee_close", "trade_duration", "profit_ratio"),
    *("profit_abs", "exit_reason", "initial_stop_loss_abs", "initial_stop_loss_ratio"),
    *("stop_loss_abs", "stop_loss_ratio", "min_rate", "max_rate", "is_open", "enter_tag"),
    *("leverage", "is_short", "open_timestamp", "close_timestamp", "orders", "funding_fees"),
)


def _recorder() -> Callable[[Any], Record | None]:
    """A function for the record of a trade; None of a trade that freqtrade has to look at."""
    from freqtrade.constants import NON_OPEN_EXCHANGE_STATES
    from freqtrade.persistence import Order

    find = direct("orders.filled_or_open_orders")

    def record(trade: Any) -> Record | None:
        if not _is_usual(trade):
            return None
        found = find(trade.orders, Order, NON_OPEN_EXCHANGE_STATES)
        if found is NotImplemented:
            return None
        orders = _order_records(found, "sell" if trade.is_short else "buy")
        return None if orders is None else _record(trade, orders)

    return record


def _is_usual(trade: Any) -> bool:
    """Whether nothing can fail in the entries that are left out."""
    opened, closed = trade.open_date, trade.close_date
    return (
        type(opened) is datetime
        and opened.tzinfo is UTC
        and type(closed) is datetime
        and closed.tzinfo is UTC
        and type(trade.pair) is str
        and all(isinstance(getattr(trade, name), (float, type(None))) for name in _ROUNDED)
        and trade.open_trade_value is not None
        and isinstance(trade.initial_stop_loss_pct, (float, type(None)))
        and isinstance(trade.stop_loss_pct, (float, type(None)))
    )


def _order_records(orders: list[Any], entry_side: str) -> list[dict[str, Any]] | None:
    """What ``Order.to_json`` says of each; None if one is open, or filled at an odd date."""
    records = []
    for order in orders:
        get = order.__dict__.get
        filled, side = get("order_filled_date"), get("ft_order_side")
        if get("ft_is_open") or (
            filled is not None and (type(filled) is not datetime or filled.tzinfo is not UTC)
        ):
            return None
        price = get("average") or get("price") or get("stop_price") or get("ft_price")
        records.append(
            {
                "amount": get("amount") or get("ft_amount"),
                "safe_price": price,
                "ft_order_side": side,
                "order_filled_timestamp": _timestamp(filled) if filled else None,
                "ft_is_entry": side == entry_side,
                "ft_order_tag": get("ft_order_tag"),
                "cost": get("cost") or 0,
            }
        )
    return records


def _timestamp(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _record(trade: Any, orders: list[dict[str, Any]]) -> Record:
    opened, closed = trade.open_date, trade.close_date
    most, start_pct, stop_pct = (
        trade.max_stake_amount,
        trade.initial_stop_loss_pct,
        trade.stop_loss_pct,
    )
    return (
        trade.pair,
        round(trade.stake_amount, _PLACES),
        round(most, _PLACES) if most else None,
        round(trade.amount, _PLACES),
        "",  # of text, as freqtrade's, until the column is set
        "",
        trade.open_rate,
        trade.close_rate,
        trade.fee_open,
        trade.fee_close,
        int((closed - opened).total_seconds()) // 60,
        trade.close_profit,
        trade.close_profit_abs,
        trade.exit_reason,
        trade.initial_stop_loss,
        start_pct if start_pct else None,
        trade.stop_loss,
        stop_pct if stop_pct else None,
        trade.min_rate,
        trade.max_rate,
        trade.is_open,
        trade.enter_tag,
        trade.leverage,
        trade.is_short,
        _timestamp(opened),
        _timestamp(closed),
        orders,
        trade.funding_fees,
    )


SWAPS: tuple[Swap, ...] = (
    Swap(
        Target(
            "trade_list_to_dataframe",
            _FILE_UTILS,
            "trade_list_to_dataframe",
            {"": "bridge.objects.trade_frame.trade_list_to_dataframe"},
            imitates=(
                f"{TRADE_MODEL}:LocalTrade.to_json",
                *(f"{TRADE_MODEL}:LocalTrade.{name}" for name in _HELPERS),
                *(
                    f"{TRADE_MODEL}:Order.{name}"
                    for name in ("to_json", "safe_amount", "safe_price", "order_filled_utc")
                ),
                "freqtrade.util.datetime_helpers:dt_ts_none",
            ),
            kernels=("orders.filled_or_open_orders",),
        ),
        holders=(
            "freqtrade.data.btanalysis:trade_list_to_dataframe",
            "freqtrade.optimize.backtesting:trade_list_to_dataframe",
        ),
    ),
)
"""What this module replaces."""
