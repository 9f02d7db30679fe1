"""Closed trades as freqtrade's ``trade_list_to_dataframe`` returns them, from plain columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels._frames import NAT
from freqkernels.errors import InvalidInputError
from freqkernels.exact import round_places
from freqkernels.simulation.frame_columns import (
    inferred,
    numbers_or_none,
    require_equal_lengths,
    text_column,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
#: float64, or int64 where freqtrade has ints of Python, or objects where it has both.
Numbers = NDArray[Any]

_COLUMNS = (
    *("pair", "stake_amount", "max_stake_amount", "amount", "open_date", "close_date"),
    *("open_rate", "close_rate", "fee_open", "fee_close", "trade_duration", "profit_ratio"),
    *("profit_abs", "exit_reason", "initial_stop_loss_abs", "initial_stop_loss_ratio"),
    *("stop_loss_abs", "stop_loss_ratio", "min_rate", "max_rate", "is_open", "enter_tag"),
    *("leverage", "is_short", "open_timestamp", "close_timestamp", "orders", "funding_fees"),
)
_DECIMALS = 8
_US_PER_MS = 1_000
_US_PER_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class TradeColumns:
    """Closed trades, in the order of ``LocalTrade.bt_trades``; names are those of LocalTrade.

    :param pair_codes: index into the pairs.
    :param stake_amount: not rounded, as the two after it.
    :param max_stake_amount: 0 where freqtrade has 0 or None.
    :param amount: of the last entry.
    :param open_ms: opening, milliseconds since 1970.
    :param close_ms: closing, the same.
    :param open_rate: price of the entry.
    :param close_rate: price of the exit.
    :param profit_ratio: ``close_profit``.
    :param profit_abs: ``close_profit_abs``.
    :param exit_reason: texts.
    :param initial_stop_loss: price.
    :param initial_stop_loss_pct: ratio.
    :param stop_loss: price.
    :param stop_loss_pct: ratio.
    :param min_rate: NaN where freqtrade has None.
    :param max_rate: NaN where freqtrade has None.
    :param enter_tag: any objects.
    :param leverage: factor.
    :param is_short: bool.
    :param funding_fees: sum of the trade.
    :param first_order: place of the first order of each trade in the order columns, and one more:
        the number of orders.
    """

    pair_codes: NDArray[np.integer[Any]]
    stake_amount: Floats
    max_stake_amount: Floats
    amount: Floats
    open_ms: Integers
    close_ms: Integers
    open_rate: Numbers
    close_rate: Floats
    profit_ratio: Numbers
    profit_abs: Numbers
    exit_reason: Sequence[Any]
    initial_stop_loss: Numbers
    initial_stop_loss_pct: Numbers
    stop_loss: Numbers
    stop_loss_pct: Numbers
    min_rate: Numbers
    max_rate: Numbers
    enter_tag: Sequence[Any]
    leverage: Numbers
    is_short: NDArray[np.bool_]
    funding_fees: Numbers
    first_order: Integers


@dataclass(frozen=True, slots=True)
class OrderColumns:
    """Orders of the closed trades, trade by trade.

    :param amount: ``safe_amount``.
    :param price: ``safe_price``.
    :param is_entry: whether it opens or increases the trade.
    :param filled_ms: milliseconds since 1970, the smallest int64 for an order not filled.
    :param tag: ``ft_order_tag``, any objects.
    :param cost: 0 where freqtrade has 0 or None.
    """

    amount: Floats
    price: Floats
    is_entry: NDArray[np.bool_]
    filled_ms: Integers
    tag: Sequence[Any]
    cost: Floats


def results_frame(
    pairs: Sequence[str],
    trades: TradeColumns,
    orders: OrderColumns | None,
    *,
    fee_open: float,
    fee_close: float,
) -> pd.DataFrame:
    """What ``trade_list_to_dataframe`` makes of the trades.

    :param pairs: names of the pairs.
    :param trades: the trades; columns that need no change are kept, not copied.
    :param orders: their orders; None to leave that column out.
    :param fee_open: the fee as freqtrade has it, an int or a float.
    :param fee_close: the same of exits.
    :return: freqtrade's columns in freqtrade's order.
    :raise InvalidInputError: for columns of different lengths.
    """
    rows = _length(trades, orders)
    names = [name for name in _COLUMNS if orders is not None or name != "orders"]
    if rows == 0:
        return pd.DataFrame.from_records([], columns=names)
    columns = {
        **_amounts(trades),
        **_times(trades),
        **_stops_and_rates(trades),
        "pair": text_column(trades.pair_codes, pairs),
        "fee_open": np.full(rows, fee_open),
        "fee_close": np.full(rows, fee_close),
        "exit_reason": trades.exit_reason,
        "enter_tag": trades.enter_tag,
        "is_open": np.zeros(rows, dtype=np.bool_),
        "is_short": trades.is_short,
    }
    if orders is not None:
        columns["orders"] = _orders_of_trades(trades, orders)
    objects = {
        name: column
        for name, column in columns.items()
        if name in ("exit_reason", "enter_tag")
        or (isinstance(column, np.ndarray) and column.dtype == object and name not in _FINAL)
    }
    columns.update(inferred(objects))
    frame = pd.DataFrame({name: columns[name] for name in names})
    for name in _SET_LATER:
        frame[name] = frame[name].copy()
    return frame


#: freqtrade sets these once the frame is made; pandas keeps such columns apart from the others, and
#: the order of its sums depends on that.
_SET_LATER = ("close_date", "open_date", "close_rate")

#: Object columns that are not to be looked at again.
_FINAL = ("pair", "orders")


def _length(trades: TradeColumns, orders: OrderColumns | None) -> int:
    """Number of trades.

    :raise InvalidInputError: for columns of different lengths.
    """
    columns = {field.name: getattr(trades, field.name) for field in fields(trades)}
    first_order = columns.pop("first_order")
    rows = require_equal_lengths(columns)
    if orders is None:
        return rows
    placed = require_equal_lengths(
        {item.name: getattr(orders, item.name) for item in fields(orders)}
    )
    if len(first_order) != rows + 1 or first_order[-1] != placed:
        raise InvalidInputError(
            f"first_order: expected {rows + 1} places up to {placed}, got {len(first_order)}"
        )
    return rows


def _amounts(trades: TradeColumns) -> dict[str, Any]:
    return {
        "stake_amount": round_places(trades.stake_amount, _DECIMALS),
        "max_stake_amount": numbers_or_none(
            round_places(trades.max_stake_amount, _DECIMALS), trades.max_stake_amount == 0
        ),
        "amount": round_places(trades.amount, _DECIMALS),
        "profit_ratio": trades.profit_ratio,
        "profit_abs": trades.profit_abs,
        "leverage": trades.leverage,
        "funding_fees": trades.funding_fees,
    }


def _stops_and_rates(trades: TradeColumns) -> dict[str, Any]:
    return {
        "open_rate": trades.open_rate,
        "close_rate": trades.close_rate,
        "initial_stop_loss_abs": trades.initial_stop_loss,
        "initial_stop_loss_ratio": _none_if_zero(trades.initial_stop_loss_pct),
        "stop_loss_abs": trades.stop_loss,
        "stop_loss_ratio": _none_if_zero(trades.stop_loss_pct),
        "min_rate": numbers_or_none(trades.min_rate, trades.min_rate != trades.min_rate),
        "max_rate": numbers_or_none(trades.max_rate, trades.max_rate != trades.max_rate),
    }


def _none_if_zero(values: Numbers) -> Numbers:
    if values.dtype != object:
        return numbers_or_none(values)
    column = values.copy()
    column[column == 0] = None
    return column


def _times(trades: TradeColumns) -> dict[str, Any]:
    opened, closed = _timestamps(trades.open_ms), _timestamps(trades.close_ms)
    seconds = np.trunc((trades.close_ms - trades.open_ms) / 1000)
    return {
        "open_timestamp": opened,
        "close_timestamp": closed,
        "open_date": pd.to_datetime(pd.Series(opened), unit="ms", utc=True),
        "close_date": pd.to_datetime(pd.Series(closed), unit="ms", utc=True),
        "trade_duration": (seconds // 60).astype(np.int64),
    }


def _timestamps(times_ms: Integers) -> Integers:
    """``int(moment.timestamp() * 1000)``: float seconds lose a millisecond now and then."""
    seconds = times_ms * _US_PER_MS / _US_PER_SECOND
    return (seconds * 1000).astype(np.int64)


def _orders_of_trades(trades: TradeColumns, orders: OrderColumns) -> NDArray[Any]:
    """The list of orders of each trade, each as a dict."""
    short = np.repeat(trades.is_short, np.diff(trades.first_order))
    sides = np.where(orders.is_entry != short, "buy", "sell").astype(object)
    filled: list[Any] = _timestamps(orders.filled_ms).tolist()
    for place in np.flatnonzero(orders.filled_ms == NAT):
        filled[place] = None
    made = [
        {
            "amount": amount,
            "safe_price": price,
            "ft_order_side": side,
            "order_filled_timestamp": moment,
            "ft_is_entry": is_entry,
            "ft_order_tag": tag,
            "cost": cost or 0,
        }
        for amount, price, side, moment, is_entry, tag, cost in zip(
            orders.amount.tolist(),
            orders.price.tolist(),
            sides.tolist(),
            filled,
            orders.is_entry.tolist(),
            orders.tag,
            orders.cost.tolist(),
            strict=True,
        )
    ]
    places = trades.first_order.tolist()
    lists = np.empty(len(places) - 1, dtype=object)
    for trade, (first, after) in enumerate(pairwise(places)):
        lists[trade] = made[first:after]
    return lists
