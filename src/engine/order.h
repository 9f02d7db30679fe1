/* Orders: placed, filled on a candle, recounted into their trade. */
#ifndef FK_ENGINE_ORDER_H
#define FK_ENGINE_ORDER_H

#include "funding.h"
#include "market.h"
#include "stop.h"

static inline int fk_fills(const fk_order *order, const fk_row *row) {
    return row->low <= order->price && order->price <= row->high;
}

static inline void fk_place(fk_engine *e, fk_order *order, double price, double amount,
                            const fk_row *row) {
    order->id = e->order_id;
    order->placed_ms = row->time_ms;
    order->filled_ms = FK_NEVER;
    order->row = row->row;
    order->price = price;
    order->amount = amount;
    order->funding_fee = 0.0;
    order->funding_kind = FK_NONE;
    order->state = FK_ORDER_OPEN;
    order->reason = FK_EXIT_NONE;
}

/* Order.close_bt_order, without what follows for entries. */
static inline void fk_close_order(fk_trade *t, fk_order *order, int64_t now_ms) {
    order->filled_ms = now_ms;
    order->state = FK_ORDER_CLOSED;
    order->funding_fee = t->funding_fee_running;
    order->funding_kind = t->running_kind;
    t->funding_fee_running = 0.0;
    t->running_kind = FK_FLOAT;
}

static inline double fk_order_funding(const fk_order *order) {
    return order->state == FK_ORDER_CLOSED && order->funding_kind != FK_NONE ? order->funding_fee
                                                                             : 0.0;
}

/* recalc_trade_from_orders of an open trade whose only filled order is its entry. */
static inline int fk_recount_entry(fk_engine *e, fk_position *p, int64_t now_ms) {
    fk_trade *t = &p->trade;
    const fk_decimal amount = fk_decimal_of(t->entry.amount),
                     price = fk_decimal_of(t->entry.price);
    const fk_decimal average = fk_average_price(&amount, &price);
    fk_decimal rate;
    double cost, mean;
    t->funding_fees = 0.0 + fk_order_funding(&t->entry);
    t->funding_kind = FK_FLOAT;
    if (!fk_cost(&amount, &price, &cost) || !fk_to_double(&average, &mean))
        return fk_give_up(e, FK_ARITHMETIC, t->pair, now_ms);
    t->max_stake_amount = cost / t->leverage;
    if (!fk_pair_amount(e, t->pair, t->entry.amount, now_ms, &t->amount) ||
        !fk_trade_price(e, p, mean, FK_ROUND, now_ms, &t->open_rate))
        return 0;
    if (t->amount != t->entry.amount) return fk_give_up(e, FK_PARTIAL_EXIT, t->pair, now_ms);
    t->stake_amount = cost / t->leverage;
    p->amount = amount;
    rate = fk_decimal_of(t->open_rate);
    if (!fk_value_with_fee(&amount, &rate, fk_open_factor(e, t->is_short), &t->open_trade_value))
        return fk_give_up(e, FK_ARITHMETIC, t->pair, now_ms);
    return 1;
}

/* _try_close_open_order for the entry: *filled says whether it did. */
static inline int fk_try_entry(fk_engine *e, fk_position *p, const fk_row *row, int64_t now_ms,
                               int *filled) {
    fk_trade *t = &p->trade;
    *filled = t->entry.state == FK_ORDER_OPEN && fk_fills(&t->entry, row);
    if (!*filled) return 1;
    fk_close_order(t, &t->entry, now_ms);
    if (!fk_recount_entry(e, p, now_ms) ||
        !fk_start_stop(e, p, t->open_rate, t->stop_loss_pct, now_ms))
        return 0;
    fk_run_funding(e, p, now_ms);
    return fk_update_liquidation(e, p, now_ms);
}

/* What a full exit makes of the profit: recalc_trade_from_orders(is_closing=True). */
static inline int fk_recount_exit(fk_engine *e, fk_position *p, int64_t now_ms) {
    fk_trade *t = &p->trade;
    const fk_decimal amount = p->amount, price = fk_decimal_of(t->entry.price);
    const fk_decimal average = fk_average_price(&amount, &price);
    const double funding = (0.0 + fk_order_funding(&t->entry)) + fk_order_funding(&t->exit);
    fk_decimal rate;
    double mean, open_value, close_value, total_stake;
    if (!fk_to_double(&average, &mean) ||
        !fk_value_with_fee(&amount, &price, fk_open_factor(e, t->is_short), &total_stake))
        return fk_give_up(e, FK_ARITHMETIC, t->pair, now_ms);
    rate = fk_decimal_of(mean);
    if (!fk_value_with_fee(&amount, &rate, fk_open_factor(e, t->is_short), &open_value))
        return fk_give_up(e, FK_ARITHMETIC, t->pair, now_ms);
    if (!fk_close_value(e, p, t->exit.price, funding, now_ms, &close_value)) return 0;
    t->close_profit_abs = 0.0 + fk_profit_abs(open_value, close_value, t->is_short);
    t->funding_fees = funding;
    t->funding_kind = FK_FLOAT;
    t->close_profit = (t->close_profit_abs / (0.0 + total_stake)) * t->leverage;
    return 1;
}

/* Whether StoplossGuard counts the trade: by its reason, which a signal's tag may imitate. */
static inline int fk_closed_by_stop(const fk_engine *e, const fk_trade *t) {
    const uint8_t *tags = e->pairs[t->pair].candles.stop_tags;
    if (t->reason == FK_EXIT_SIGNAL) return tags && tags[t->reason_row];
    return t->reason == FK_EXIT_STOP_LOSS || t->reason == FK_EXIT_TRAILING_STOP_LOSS ||
           t->reason == FK_EXIT_LIQUIDATION;
}

/* LocalTrade.close_bt_trade. */
static inline int fk_close_trade(fk_engine *e, fk_position *p) {
    const fk_trade *t = &p->trade;
    fk_trade *closed = fk_append(e, &e->closed, sizeof *closed);
    if (!closed) return 0;
    *closed = *t;
    e->total_profit += t->close_profit_abs;
    fk_sum_add(&e->closed_profit, t->close_profit_abs);
    if (e->protects &&
        !fk_protections_add_closed(&e->protections, t->pair, t->is_short, t->close_ms,
                                   t->close_profit, t->close_profit_abs,
                                   fk_closed_by_stop(e, t)))
        return fk_give_up(e, FK_NO_MEMORY, t->pair, t->close_ms);
    fk_remove_position(e, p);
    return 1;
}

/* Backtesting.run_protections. */
static inline int fk_protect(fk_engine *e, int32_t pair, int64_t now_ms, int is_short) {
    int ended;
    if (!e->protects) return 1;
    ended = fk_run_protections(&e->protections, pair, now_ms, is_short,
                               e->wallet.starting_balance);
    if (ended == FK_PROTECTIONS_RAN) return 1;
    return fk_give_up(e, ended == FK_PROTECTIONS_NO_MEMORY ? FK_NO_MEMORY : FK_PROTECTION_RAISES,
                      pair, now_ms);
}

/* _process_exit_order. p is gone if it fills. */
static inline int fk_process_exit(fk_engine *e, fk_position *p, const fk_row *row,
                                  int64_t now_ms) {
    fk_trade *t = &p->trade;
    const int32_t pair = t->pair;
    const int is_short = t->is_short;
    if (t->exit.state != FK_ORDER_OPEN || !fk_fills(&t->exit, row)) return 1;
    if (t->exit.amount != t->amount) return fk_give_up(e, FK_PARTIAL_EXIT, pair, now_ms);
    fk_close_order(t, &t->exit, now_ms);
    fk_run_funding(e, p, now_ms);
    t->close_ms = now_ms;
    t->close_rate = t->exit.price;
    t->is_open = 0;
    if (!fk_recount_exit(e, p, now_ms) || !fk_close_trade(e, p) || !fk_update_wallets(e)) return 0;
    return fk_protect(e, pair, now_ms, is_short);
}

/* _exit_trade: a new order unless a similar one is open already. */
static inline int fk_place_exit(fk_engine *e, fk_position *p, const fk_row *row, double rate,
                                int reason, int *placed) {
    fk_trade *t = &p->trade;
    double amount;
    *placed = 0;
    e->order_id++;
    if (!fk_trade_price(e, p, rate, FK_ROUND, row->now_ms, &rate) ||
        !fk_pair_amount(e, t->pair, t->amount, row->now_ms, &amount))
        return 0;
    if (t->exit.state == FK_ORDER_OPEN) {
        if (t->exit.price == rate && t->exit.amount == amount) return 1;
        e->canceled_exit_orders++;
    }
    fk_place(e, &t->exit, rate, amount, row);
    t->exit.reason = (uint8_t)reason;
    *placed = 1;
    return 1;
}

/* ---- timeouts */

static inline int fk_timed_out(const fk_order *order, int64_t timeout_us, int64_t now_ms) {
    return order->state == FK_ORDER_OPEN && timeout_us != FK_NEVER &&
           timeout_us <= (now_ms - order->placed_ms) * 1000;
}

/* manage_open_orders: whether the trade has to go. */
static inline int fk_times_out(fk_engine *e, fk_position *p, int64_t now_ms) {
    fk_trade *t = &p->trade;
    if (fk_timed_out(&t->entry, e->rules.entry_timeout_us, now_ms)) {
        e->timedout_entry_orders++;
        return 1;
    }
    if (fk_timed_out(&t->exit, e->rules.exit_timeout_us, now_ms)) {
        e->timedout_exit_orders++;
        t->exit.state = FK_ORDER_NONE;
    }
    return 0;
}

#endif
