"""Entries: the price, the stake, the order."""

from __future__ import annotations

from freqkernels.layout import Refusal
from freqkernels.reference.simulate_run import Pair, Row, Run
from freqkernels.reference.simulate_trade import Order, Trade
from freqkernels.reference.simulate_wallet import UnavailableError


def enter_trade(run: Run, pair: Pair, row: Row, is_short: bool) -> bool:
    """_enter_trade: whether there is a trade."""
    market, grid = pair.market, pair.market.price_grid(row.time_ms)
    price = row.open
    if run.rules.entry_limit:
        price = max(price, row.low) if is_short else min(price, row.high)
    try:
        stake, leverage, min_stake = _stake(run, pair, row, price, is_short)
    except UnavailableError:
        return False
    if not stake or (min_stake and stake < min_stake):
        return False
    run.order_id += 1
    amount = market.amount((stake / price) * leverage)
    if not amount:
        return False
    run.trade_id += 1
    trade = Trade(
        run.rules,
        market,
        id=run.trade_id,
        pair=pair.number,
        is_short=is_short,
        open_ms=row.time_ms,
        entry_row=row.place,
        open_rate=price,
        open_rate_requested=price,
        stake_amount=amount * price / leverage,
        leverage=leverage,
        grid=grid,
    )
    run.trades.add(trade)
    trade.adjust_stop_loss(trade.open_rate, run.rules.stoploss, initial=True)
    trade.orders.append(Order(run.order_id, True, row.time_ms, row.place, price, amount))
    try_entry(trade, row, row.time_ms)
    trade.recalc_from_orders()
    return True


def try_entry(trade: Trade, row: Row, now_ms: int) -> bool:
    """_try_close_open_order of the entry: whether it fills."""
    order = trade.open_order(True)
    if order is None or not row.low <= order.price <= row.high:
        return False
    trade.close_bt_order(order, now_ms)
    trade.run_funding_fees(now_ms, force=True)
    trade.update_liquidation_price()
    return True


def _stake(
    run: Run, pair: Pair, row: Row, price: float, is_short: bool
) -> tuple[float, float, float]:
    """get_valid_entry_price_and_stake: the stake, the leverage and the least stake."""
    stake = run.wallets.trade_stake()
    leverage = _leverage(run, pair, row, stake, is_short)
    min_stake = pair.market.min_stake(price, leverage)
    max_stake = pair.market.max_stake(price, leverage)
    return run.wallets.valid_stake(stake, min_stake, max_stake), leverage, min_stake


def _leverage(run: Run, pair: Pair, row: Row, stake: float, is_short: bool) -> float:
    max_leverage = pair.market.max_leverage(stake)
    wanted = 1.0
    if run.rules.asks_leverage:
        wanted = run.leverage(
            pair.number, row.place, row.time_ms, row.open, int(is_short), max_leverage
        )
    leverage = min(max(wanted, 1.0), max_leverage)
    if not leverage >= 1.0:
        run.give_up(Refusal.LEVERAGE_TIERS)
    return leverage
