"""freqtrade's ``LocalTrade`` and ``Order`` objects of simulated trades."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freqkernels.layout import EXIT_REASONS, NEVER, Kind, OrderState

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Market:
    """What freqtrade notes of a pair in each trade."""

    base_currency: str
    amount_precision: Any
    price_precision: Any
    contract_size: Any


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all trades of a run have in common.

    :param pairs: names by number.
    :param markets: market by number of the pair.
    :param common: attributes of ``LocalTrade`` that are the same for all.
    :param epochs: 1970 as a date like those of the candles, by number of the pair.
    :param loop_epoch: 1970 as a date like those of the time loop.
    :param entry_type: order type of entries.
    :param exit_type: order type of exits.
    :param fee: of the backtest.
    """

    pairs: tuple[str, ...]
    markets: tuple[Market, ...]
    common: dict[str, Any]
    epochs: tuple[datetime, ...]
    loop_epoch: datetime
    entry_type: str
    exit_type: str
    fee: Any


def _number(value: float, kind: int) -> Any:
    if kind == Kind.NONE:
        return None
    return int(value) if kind == Kind.INT else value


def trade_objects(
    records: NDArray[Any],
    tags: tuple[Sequence[Any], Sequence[Any], Sequence[Any]],
    around: Surroundings,
) -> list[Any]:
    """The objects that freqtrade's own simulation leaves behind.

    :param records: trades as ``freqkernels.layout.TRADE``.
    :param tags: enter tag, exit reason, and exit reason of the exit order, of each trade.
    :param around: what they have in common.
    """
    return [
        _trade(record, enter_tag, reason, order_reason, around)
        for record, enter_tag, reason, order_reason in zip(records, *tags, strict=True)
    ]


def _trade(r: Any, enter_tag: Any, reason: Any, order_reason: Any, around: Surroundings) -> Any:
    from freqtrade.persistence import LocalTrade

    trade = LocalTrade.__new__(LocalTrade)
    market = around.markets[r["pair"]]
    leverage = _number(float(r["leverage"]), r["leverage_kind"])
    state = trade.__dict__
    state.update(around.common)
    state.update(
        id=int(r["id"]),
        pair=around.pairs[r["pair"]],
        base_currency=market.base_currency,
        open_rate=float(r["open_rate"]),
        open_rate_requested=float(r["open_rate_requested"]),
        open_date=around.epochs[r["pair"]] + int(r["open_ms"]) * _MILLISECOND,
        stake_amount=float(r["stake_amount"]),
        amount=float(r["amount"]),
        amount_requested=float(r["entry"]["amount"]),
        is_open=bool(r["is_open"]),
        enter_tag=enter_tag,
        is_short=bool(r["is_short"]),
        leverage=leverage,
        amount_precision=market.amount_precision,
        price_precision=np.float64(r["price_precision"])
        if r["from_history"]
        else market.price_precision,
        precision_mode_price=int(r["price_mode"]),
        contract_size=market.contract_size,
    )
    state.update(_progress(r, around))
    if r["reason"]:
        state["exit_reason"] = reason
    if not r["is_open"]:
        state.update(_closing(r))
    trade.orders = _orders(trade, r, enter_tag, order_reason, around)
    return trade


def _progress(r: Any, around: Surroundings) -> dict[str, Any]:
    """What a filled entry and the candles since have set."""
    state: dict[str, Any] = {
        name: float(r[name])
        for name in (
            "open_trade_value",
            "stop_loss",
            "stop_loss_pct",
            "initial_stop_loss",
            "initial_stop_loss_pct",
            "max_stake_amount",
        )
    }
    state["is_stop_loss_trailing"] = bool(r["is_trailing"])
    state["fee_open_cost"] = around.fee * state["max_stake_amount"]
    state["funding_fees"] = _number(float(r["funding_fees"]), r["funding_kind"])
    state["funding_fee_running"] = _number(float(r["funding_fee_running"]), r["running_kind"])
    for name in ("max_rate", "min_rate", "liquidation_price"):
        if r[name] == r[name]:
            state[name] = float(r[name])
    if r["close_ms"] != NEVER:
        force = r["exit"]["reason"] == EXIT_REASONS.index("force_exit") and not r["is_open"]
        epoch = around.epochs[r["pair"]] if force else around.loop_epoch
        state["close_date"] = epoch + int(r["close_ms"]) * _MILLISECOND
    return state


def _closing(r: Any) -> dict[str, Any]:
    profit, profit_abs = float(r["close_profit"]), float(r["close_profit_abs"])
    state = {
        "close_rate": float(r["close_rate"]),
        "exit_order_status": "closed",
        "close_profit": profit,
        "close_profit_abs": profit_abs,
    }
    if profit:
        state["realized_profit"] = profit_abs
    return state


def _orders(trade: Any, r: Any, enter_tag: Any, reason: Any, around: Surroundings) -> list[Any]:
    sides = ("sell", "buy") if trade.is_short else ("buy", "sell")
    kinds = (around.entry_type, around.exit_type)
    epoch = around.epochs[r["pair"]]
    placed = zip((r["entry"], r["exit"]), sides, kinds, (enter_tag, reason), strict=True)
    return [
        _order(trade, epoch, order, side, kind, tag, around)
        for order, side, kind, tag in placed
        if order["state"] != OrderState.NONE
    ]


def _order(
    trade: Any, epoch: datetime, o: Any, side: str, kind: str, tag: Any, around: Surroundings
) -> Any:
    from freqtrade.persistence import Order

    date = epoch + int(o["placed_ms"]) * _MILLISECOND
    price, amount, number = float(o["price"]), float(o["amount"]), int(o["id"])
    closed = o["state"] == OrderState.CLOSED
    order = Order(
        id=number,
        ft_trade_id=trade.id,
        order_date=date,
        order_update_date=date,
        ft_is_open=not closed,
        ft_pair=trade.pair,
        order_id=str(number),
        symbol=trade.pair,
        ft_order_side=side,
        side=side,
        order_type=kind,
        status="closed" if closed else "open",
        ft_price=price,
        price=price,
        average=price,
        amount=amount,
        filled=amount if closed else 0,
        remaining=0 if closed else amount,
        cost=amount * price * (1 + around.fee),
        ft_order_tag=tag,
    )
    order._trade_bt = trade
    if closed:
        order.order_filled_date = _filled_date(o, side == trade.entry_side, date, around)
        order.funding_fee = _number(float(o["funding_fee"]), o["funding_kind"])
    elif side == trade.entry_side:
        order.order_filled_date = date
    return order


def _filled_date(o: Any, is_entry: bool, placed: datetime, around: Surroundings) -> datetime:
    """Orders that fill on the candle of an entry or at the end have the candle's date."""
    if o["filled_ms"] == o["placed_ms"] and (is_entry or o["reason"] == len(EXIT_REASONS) - 1):
        return placed
    return around.loop_epoch + int(o["filled_ms"]) * _MILLISECOND
