"""Exits: which reasons a candle gives, at which rate, and the order."""

from __future__ import annotations

from freqkernels.layout import EXIT_REASONS, Refusal
from freqkernels.reference.simulate_run import Pair, Row, Run
from freqkernels.reference.simulate_trade import Order, Trade

NONE, EXIT_SIGNAL, STOP_LOSS, TRAILING_STOP_LOSS, LIQUIDATION, ROI, FORCE_EXIT = range(
    len(EXIT_REASONS)
)


class _AbandonedError(Exception):
    """freqtrade's ValueError: no ROI exit on the candle of the entry."""


def check_trade_exit(run: Run, trade: Trade, row: Row, now_ms: int) -> None:
    """_check_trade_exit: an exit order for the first reason that gives one."""
    trade.run_funding_fees(now_ms)
    for reason in _should_exit(run, trade, row):
        if _exit_for(run, trade, row, reason, now_ms):
            return


# ---- reasons


def _should_exit(run: Run, trade: Trade, row: Row) -> list[int]:
    rules = run.rules
    enter = row.signals.enter_short if trade.is_short else row.signals.enter_long
    exit_ = row.signals.exit_short if trade.is_short else row.signals.exit_long
    current_profit = trade.calc_profit_ratio(row.open)
    best_profit = trade.calc_profit_ratio(row.low if trade.is_short else row.high)
    trade.adjust_min_max_rates(row.high, row.low)
    _adjust_stop(run, trade, row, best_profit)
    stop = _stop_reached(trade, row)
    ignores_roi = enter and rules.ignore_roi_if_entry_signal
    is_roi = not ignores_roi and _roi_reached(run, trade, row, best_profit)
    reasons = []
    is_signal = rules.use_exit_signal and exit_ and not enter
    if is_signal and (not rules.exit_profit_only or current_profit > rules.exit_profit_offset):
        reasons.append(EXIT_SIGNAL)
    if stop in (STOP_LOSS, LIQUIDATION):
        reasons.append(stop)
    if is_roi:
        reasons.append(ROI)
    if stop == TRAILING_STOP_LOSS:
        reasons.append(stop)
    return reasons


def _adjust_stop(run: Run, trade: Trade, row: Row, profit: float) -> None:
    """ft_stoploss_adjust."""
    rules = run.rules
    trade.adjust_stop_loss(trade.open_rate, rules.stoploss, initial=True)
    clear = trade.stop_loss > row.high if trade.is_short else trade.stop_loss < row.low
    if not rules.trailing_stop or not clear:
        return
    offset = rules.trailing_stop_positive_offset
    if rules.trailing_only_offset_is_reached and profit < offset:
        return
    percent = rules.stoploss
    if rules.has_trailing_stop_positive and profit > offset:
        percent = rules.trailing_stop_positive
    trade.adjust_stop_loss(row.low if trade.is_short else row.high, percent)


def _stop_reached(trade: Trade, row: Row) -> int:
    """ft_stoploss_reached, the stop being adjusted."""

    def touched(price: float) -> bool:
        return price <= row.high if trade.is_short else price >= row.low

    if touched(trade.stop_loss):
        return TRAILING_STOP_LOSS if trade.is_stop_loss_trailing else STOP_LOSS
    if trade.liquidation_price and touched(trade.liquidation_price):
        return LIQUIDATION
    return NONE


def _minutes(trade: Trade, time_ms: int) -> int:
    return (time_ms - trade.open_ms) // 60_000


def _roi_entry(run: Run, minutes: int) -> int | None:
    """min_roi_reached_entry."""
    return max((since for since in run.roi if since <= minutes), default=None)


def _roi_reached(run: Run, trade: Trade, row: Row, profit: float) -> bool:
    entry = _roi_entry(run, _minutes(trade, row.time_ms))
    return entry is not None and profit > run.roi[entry]


# ---- rates


def _stop_rate(run: Run, trade: Trade, row: Row, reason: int, minutes: int) -> float:
    """_get_close_rate_for_stoploss."""
    rules, side = run.rules, -1 if trade.is_short else 1
    stop = trade.stop_loss
    if reason == LIQUIDATION and trade.liquidation_price:
        stop = trade.liquidation_price
    if stop < row.low if trade.is_short else stop > row.high:
        return row.open
    if reason != TRAILING_STOP_LOSS or minutes != 0:
        return stop
    positive = rules.trailing_stop_positive if rules.has_trailing_stop_positive else None
    if rules.trailing_stop and rules.trailing_only_offset_is_reached and positive:
        worst: float = row.open * (
            1
            + side * abs(rules.trailing_stop_positive_offset)
            - side * abs(positive / trade.leverage)
        )
    else:
        worst = row.open * (1 - side * abs((trade.stop_loss_pct or 0.0) / trade.leverage))
    return min(row.high, worst) if trade.is_short else max(row.low, worst)


def _roi_rate(run: Run, trade: Trade, row: Row, minutes: int) -> float:
    """_get_close_rate_for_roi."""
    entry = _roi_entry(run, minutes)
    if entry is None:
        return row.open
    on_candle = entry % run.rules.timeframe_min == 0
    if run.roi[entry] == -1 and on_candle:
        return row.open
    rate = trade.calc_close_rate_for_roi(run.roi[entry])
    is_new = row.open < rate if trade.is_short else row.open > rate
    if minutes > 0 and minutes == entry and on_candle and is_new:
        return row.open
    if minutes == 0:
        rising = row.open < row.close and trade.open_rate > row.open and rate < row.close
        falling = row.open > row.close and trade.open_rate < row.open and rate > row.close
        if rising if trade.is_short else falling:
            raise _AbandonedError
    return min(max(rate, row.low), row.high)


def _close_rate(run: Run, trade: Trade, row: Row, reason: int, minutes: int) -> float:
    """_get_close_rate, and what limit orders make of a signal's."""
    if reason == ROI:
        return _roi_rate(run, trade, row, minutes)
    if reason != EXIT_SIGNAL:
        return _stop_rate(run, trade, row, reason, minutes)
    if not run.rules.exit_limit:
        return row.open
    return min(row.open, row.high) if trade.is_short else max(row.open, row.low)


# ---- orders


def _exit_for(run: Run, trade: Trade, row: Row, reason: int, now_ms: int) -> bool:
    """_get_exit_for_signal: whether there is an order."""
    trade.close_ms = now_ms
    try:
        rate = _close_rate(run, trade, row, reason, _minutes(trade, now_ms))
    except _AbandonedError:
        return False
    trade.exit_reason, trade.reason_row = reason, row.place
    return exit_trade(run, trade, row, rate, reason)


def exit_trade(run: Run, trade: Trade, row: Row, rate: float, reason: int) -> bool:
    """_exit_trade: whether there is a new order."""
    run.order_id += 1
    price, amount = trade.grid.price(rate), trade.market.amount(trade.amount)
    waiting = trade.open_order(False)
    if waiting is not None:
        if (waiting.price, waiting.amount) == (price, amount):
            return False
        run.canceled_exit_orders += 1
        trade.orders.remove(waiting)
    trade.orders.append(Order(run.order_id, False, row.time_ms, row.place, price, amount, reason))
    return True


def process_exit_order(run: Run, trade: Trade, pair: Pair, row: Row, now_ms: int) -> None:
    """_process_exit_order: of the open one, if there is one and it fills."""
    order = trade.open_order(False)
    if order is None or not row.low <= order.price <= row.high:
        return
    if order.amount != trade.amount:
        run.give_up(Refusal.PARTIAL_EXIT)
    trade.close_bt_order(order, now_ms)
    trade.run_funding_fees(now_ms, force=True)
    run.trades.close(trade, order.price, now_ms)
    run.wallets.update()
    if run.protections is not None:
        run.protections.add_closed(
            now_ms,
            trade.close_profit or 0.0,
            trade.close_profit_abs or 0.0,
            pair.number,
            int(trade.is_short),
            int(_is_stop(pair, trade)),
        )
        run.protections.run(now_ms, pair.number, int(trade.is_short))


def _is_stop(pair: Pair, trade: Trade) -> bool:
    """Whether StoplossGuard takes the exit reason, or the tag, for a stop's."""
    if trade.exit_reason == EXIT_SIGNAL:
        return bool(pair.stop_tags) and bool(pair.stop_tags[trade.reason_row])
    return trade.exit_reason in (STOP_LOSS, TRAILING_STOP_LOSS, LIQUIDATION)
