/* Entries: the price, the stake, the order. */
#ifndef FK_ENGINE_ENTRY_H
#define FK_ENGINE_ENTRY_H

#include "order.h"

/* get_pair_precision: of the month, else of the market. */
static inline void fk_set_precision(const fk_engine *e, fk_position *p, int64_t now_ms) {
    const fk_pair *pair = &e->pairs[p->trade.pair];
    const fk_market *m = &pair->market;
    int64_t first = m->first_tick, size = m->last_tick - m->first_tick;
    while (size > 0) {
        const int64_t half = size / 2;
        if (e->ticks[first + half].from_ms <= now_ms) {
            first += half + 1;
            size -= half + 1;
        } else {
            size = half;
        }
    }
    if (first > m->first_tick) {
        p->trade.price_precision = e->ticks[first - 1].tick;
        p->trade.price_mode = FK_TICK_SIZE;
        p->trade.from_history = 1;
        fk_precision_of(p->trade.price_precision, FK_TICK_SIZE, &p->price);
    } else {
        p->trade.price_precision = m->price_precision;
        p->trade.price_mode = m->price_mode;
        p->price = pair->market_precision;
    }
}

/* The leverage: what the strategy wants, within 1 and the market's. */
static inline int fk_set_leverage(fk_engine *e, fk_position *p, const fk_row *row, double stake) {
    fk_trade *t = &p->trade;
    double max_leverage;
    int max_is_int;
    t->leverage = 1.0;
    t->leverage_kind = FK_FLOAT;
    if (!fk_max_leverage(e, &e->pairs[t->pair].market, stake, &max_leverage, &max_is_int))
        return fk_give_up(e, FK_LEVERAGE_TIERS, t->pair, row->now_ms);
    if (e->rules.asks_leverage &&
        !e->leverage(e->leverage_context, t, max_leverage, max_is_int, &t->leverage,
                     &t->leverage_kind))
        return fk_give_up(e, FK_LEVERAGE_CALLBACK, t->pair, row->now_ms);
    if (1.0 > t->leverage) {
        t->leverage = 1.0;
        t->leverage_kind = FK_FLOAT;
    }
    if (max_leverage < t->leverage) {
        t->leverage = max_leverage;
        t->leverage_kind = max_is_int ? FK_INT : FK_FLOAT;
    }
    if (!(t->leverage >= 1.0)) return fk_give_up(e, FK_LEVERAGE_TIERS, t->pair, row->now_ms);
    return 1;
}

/* get_valid_entry_price_and_stake; a stake of 0 ends the attempt. */
static inline int fk_price_and_stake(fk_engine *e, fk_position *p, const fk_row *row,
                                     double *price, double *stake) {
    const fk_market *m = &e->pairs[p->trade.pair].market;
    double min_stake, proposed;
    *price = row->open;
    *stake = 0.0;
    if (e->rules.entry_limit)
        *price = p->trade.is_short ? fk_max(row->open, row->low) : fk_min(row->open, row->high);
    if (!fk_trade_stake(e, &proposed)) return 1;
    if (!fk_set_leverage(e, p, row, proposed)) return 0;
    min_stake = fk_min_stake(e, m, *price, p->trade.leverage);
    proposed = fk_valid_stake(e, proposed, min_stake,
                              fk_max_stake(e, m, *price, p->trade.leverage));
    if (min_stake == 0.0 || proposed >= min_stake) *stake = proposed;
    return 1;
}

static inline int fk_start_trade(fk_engine *e, fk_position *p, const fk_row *row, double price,
                                 double amount) {
    fk_trade *t = &p->trade;
    t->id = ++e->trade_id;
    t->is_open = 1;
    t->stake_amount = amount * price / t->leverage;
    t->open_rate = t->open_rate_requested = price;
    fk_place(e, &t->entry, price, amount, row);
    return fk_add_position(e, p) && fk_start_stop(e, p, price, e->rules.stoploss, row->now_ms);
}

static inline void fk_propose(fk_engine *e, fk_position *p, int32_t pair, int is_short,
                              const fk_row *row) {
    fk_trade *t = &p->trade;
    t->pair = pair;
    t->is_short = (uint8_t)is_short;
    t->open_ms = row->time_ms;
    t->entry_row = row->row;
    t->close_ms = FK_NEVER;
    t->open_rate = row->open;
    t->max_rate = t->min_rate = t->liquidation_price = NAN;
    t->funding_kind = t->running_kind = FK_NONE;
    t->close_rate = t->close_profit = t->close_profit_abs = NAN;
    t->entry.filled_ms = t->exit.filled_ms = FK_NEVER;
    p->funding_first = -1;
    fk_set_precision(e, p, row->time_ms);
}

/* _enter_trade. */
static inline int fk_enter(fk_engine *e, int32_t pair, int is_short, const fk_row *row) {
    fk_position *p = fk_new_position(e);
    double price, stake, amount = 0.0;
    int filled;
    if (!p) return 0;
    fk_propose(e, p, pair, is_short, row);
    if (!fk_price_and_stake(e, p, row, &price, &stake)) return fk_drop_position(e, p);
    if (stake != 0.0) {
        e->order_id++;
        if (!fk_pair_amount(e, pair, (stake / price) * p->trade.leverage, row->now_ms, &amount))
            return fk_drop_position(e, p);
    }
    if (amount == 0.0) {
        fk_drop_position(e, p);
        return 1;
    }
    if (!fk_start_trade(e, p, row, price, amount)) return 0;
    if (!fk_try_entry(e, p, row, row->time_ms, &filled)) return 0;
    p->trade.funding_fees = 0.0 + fk_order_funding(&p->trade.entry);
    p->trade.funding_kind = FK_FLOAT;
    return fk_update_wallets(e);
}

#endif
