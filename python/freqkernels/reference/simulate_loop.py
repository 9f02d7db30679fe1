"""The time loop over all pairs: ``Backtesting.backtest`` candle by candle."""

from __future__ import annotations

from freqkernels.reference.simulate_entry import enter_trade, try_entry
from freqkernels.reference.simulate_exit import (
    FORCE_EXIT,
    check_trade_exit,
    exit_trade,
    process_exit_order,
)
from freqkernels.reference.simulate_run import Pair, Row, Run
from freqkernels.reference.simulate_trade import Order, Trade

LONG, SHORT = "long", "short"


def run_candle(run: Run, candle: int) -> None:
    """A main candle of all pairs, with all its detail candles."""
    now_ms = run.time_of(candle)
    run.at = -1, now_ms
    run.capture_wallet(now_ms, run.wallets.wallet.stake_currency, 1)
    open_pairs = {trade.pair for trade in run.trades.open}
    details: dict[int, list[Row]] = {}
    for pair in _visiting_order(run):
        _first_step(run, pair, candle, open_pairs, details)
    if not run.rules.detail_ms:
        return
    for step in range(1, run.rules.timeframe_ms // run.rules.detail_ms + 1):
        for pair in _visiting_order(run):
            _later_step(run, pair, now_ms, step, open_pairs, details)


def _visiting_order(run: Run) -> list[Pair]:
    numbers = [trade.pair for trade in run.trades.open] + list(range(len(run.pairs)))
    return [run.pairs[number] for number in dict.fromkeys(numbers)]


# ---- steps: time_pair_generator


def _first_step(
    run: Run, pair: Pair, candle: int, open_pairs: set[int], details: dict[int, list[Row]]
) -> None:
    now_ms = run.time_of(candle)
    index = pair.visited
    if index >= len(pair.candles) or pair.candles[index] > candle:
        return
    pair.visited = index + 1
    row = pair.row(index, run.time_of(pair.candles[index]))
    direction = _entry_direction(run, row)
    run.capture_wallet(now_ms, pair.market.limits.captured_currency, row.open)
    if _is_done(run, pair, now_ms, open_pairs):
        return
    if run.rules.detail_ms and (direction or run.trades.of_pair[pair.number]):
        rows = pair.detail_rows(row, row.time_ms + run.rules.timeframe_ms)
        if rows:
            details[pair.number] = rows
            row = rows[0]
    _process(run, pair, row, now_ms, direction)


def _later_step(
    run: Run,
    pair: Pair,
    candle_ms: int,
    step: int,
    open_pairs: set[int],
    details: dict[int, list[Row]],
) -> None:
    now_ms = candle_ms + step * run.rules.detail_ms
    rows = details.get(pair.number, [])
    if step >= len(rows):
        return
    row = rows[step]
    direction = _entry_direction(run, row)
    after_s = run.rules.ignore_expired_after_s
    if after_s and (now_ms - candle_ms) / 1000 > after_s:
        direction = None
    if not _is_done(run, pair, now_ms, open_pairs):
        _process(run, pair, row, now_ms, direction)


def _entry_direction(run: Run, row: Row) -> str | None:
    """check_for_trade_entry."""
    s, can_short = row.ones, run.rules.can_short
    if s.enter_long and not (s.exit_long or (can_short and s.enter_short)):
        return LONG
    if can_short and s.enter_short and not (s.exit_short or s.enter_long):
        return SHORT
    return None


def _is_done(run: Run, pair: Pair, now_ms: int, open_pairs: set[int]) -> bool:
    """Whether the pair's trades have closed within this main candle."""
    run.last_visit_ms = now_ms
    if not run.trades.of_pair[pair.number]:
        return pair.number in open_pairs
    open_pairs.add(pair.number)
    return False


def _process(run: Run, pair: Pair, row: Row, now_ms: int, direction: str | None) -> None:
    """A row, and once more where a trade closed and the signal points the other way."""
    run.at = pair.number, now_ms
    can_enter = now_ms != run.rules.end_ms
    closed = backtest_loop(run, pair, row, now_ms, direction, can_enter)
    if run.rules.can_short and direction and closed and closed != direction:
        backtest_loop(run, pair, row, now_ms, direction, can_enter)


# ---- one row


def backtest_loop(
    run: Run, pair: Pair, row: Row, now_ms: int, direction: str | None, can_enter: bool
) -> str | None:
    """One row of one pair: the direction of the trade that closed, if there is none any more."""
    trades = run.trades.of_pair[pair.number]
    exiting = None
    if not run.rules.position_stacking and trades:
        exiting = SHORT if trades[0].is_short else LONG
    for trade in list(trades):
        if _manage_open_orders(run, trade, now_ms):
            run.trades.remove(trade)
            run.wallets.update()
    if can_enter and direction and (run.rules.position_stacking or not trades):
        _try_to_enter(run, pair, row, direction == SHORT)
    for trade in list(trades):
        if try_entry(trade, row, now_ms):
            run.wallets.update()
        if trade.amount > 0:
            check_trade_exit(run, trade, row, now_ms)
        process_exit_order(run, trade, pair, row, now_ms)
    return exiting if not trades else None


def _try_to_enter(run: Run, pair: Pair, row: Row, is_short: bool) -> None:
    protections = run.protections
    if protections and protections.is_locked(pair.number, row.time_ms, int(is_short)):
        return
    slots = run.rules.max_open_trades
    if slots <= 0 or len(run.trades.open) < slots:
        if enter_trade(run, pair, row, is_short):
            run.wallets.update()
        return
    run.rejected_signals += 1
    if run.rules.collect_rejected:
        run.rejections.append((row.place, row.time_ms, pair.number, 0))


def _times_out(order: Order | None, timeout_us: int | None, now_ms: int) -> bool:
    if order is None or timeout_us is None:
        return False
    return order.placed_ms * 1000 <= now_ms * 1000 - timeout_us


def _manage_open_orders(run: Run, trade: Trade, now_ms: int) -> bool:
    """Orders that have waited too long: whether the trade has to go."""
    if _times_out(trade.open_order(True), run.rules.entry_timeout_us, now_ms):
        run.timedout_entry_orders += 1
        return True
    waiting = trade.open_order(False)
    if waiting is not None and _times_out(waiting, run.rules.exit_timeout_us, now_ms):
        run.timedout_exit_orders += 1
        trade.orders.remove(waiting)
    return False


# ---- the end


def handle_left_open(run: Run) -> None:
    """Forced exits, pairs in the order of their first visit."""
    for number, trades in run.trades.of_pair.items():
        pair = run.pairs[number]
        for trade in list(trades):
            if trade.filled_order(True) is None or not trade.amount > 0:
                run.trades.remove(trade)
                continue
            last = len(pair.candles) - 1
            row = pair.row(last, run.time_of(pair.candles[last]))
            run.at = number, row.time_ms
            exit_trade(run, trade, row, row.open, FORCE_EXIT)
            trade.exit_reason = FORCE_EXIT
            process_exit_order(run, trade, pair, row, row.time_ms)
    run.wallets.update()
