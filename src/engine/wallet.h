/* Wallets in a dry run, and the stake that they allow. */
#ifndef FK_ENGINE_WALLET_H
#define FK_ENGINE_WALLET_H

#include "worth.h"

/* LocalTrade.total_open_trades_stakes. */
static inline double fk_tied_up(const fk_engine *e) {
    fk_sum sum = fk_sum_start(e->rules.compensated_sum);
    for (int64_t i = 0; i < e->open.size; i++)
        fk_sum_add(&sum, fk_open_position(e, i)->trade.stake_amount);
    return fk_sum_result(&sum);
}

static inline int fk_hold(fk_engine *e, int32_t currency, double total) {
    e->totals[currency] = total;
    return fk_append_int(e, &e->held, currency);
}

/* The stakes of open entry orders, and what is owned of base currencies. */
static inline int fk_update_bases(fk_engine *e, double *used) {
    int32_t *held = e->held.items;
    for (int64_t i = 0; i < e->held.size; i++) e->totals[held[i]] = e->start_capital[held[i]];
    e->held.size = 0;
    for (int64_t i = 0; i < e->open.size; i++) {
        const fk_position *p = fk_open_position(e, i);
        const fk_trade *t = &p->trade;
        const int32_t currency = e->pairs[t->pair].market.base_currency;
        if (t->entry.state == FK_ORDER_OPEN) {
            const fk_decimal amount = fk_decimal_of(t->entry.amount),
                             price = fk_decimal_of(t->entry.price),
                             leverage = fk_decimal_of(t->leverage);
            double stake;
            if (!fk_order_stake(&amount, &price, &leverage, &stake))
                return fk_give_up(e, FK_ARITHMETIC, t->pair, t->entry.placed_ms);
            *used += stake;
        }
        if (!fk_hold(e, currency, t->amount + e->start_capital[currency])) return 0;
    }
    return 1;
}

/* Wallets.update. */
static inline int fk_update_wallets(fk_engine *e) {
    const double tied_up = fk_tied_up(e);
    const double current = e->wallet.start + (e->total_profit + 0.0) - tied_up;
    double used = 0.0;
    if (e->rules.futures)
        used = tied_up;
    else if (!fk_update_bases(e, &used))
        return 0;
    e->free = current;
    e->totals[e->wallet.stake_currency] = current + used;
    return 1;
}

/* Python's min and max of two: the first one unless the other is smaller, larger. */
static inline double fk_min(double a, double b) { return b < a ? b : a; }
static inline double fk_max(double a, double b) { return b > a ? b : a; }

/* Wallets.get_available_stake_amount. */
static inline double fk_available_stake(const fk_engine *e) {
    const double tied_up = fk_tied_up(e);
    const double total = isnan(e->wallet.available_capital)
                             ? (tied_up + e->free) * e->wallet.tradable_balance_ratio
                             : e->wallet.available_capital + fk_sum_result(&e->closed_profit);
    return fk_min(total - tied_up, e->free);
}

/* Wallets.get_trade_stake_amount; false where freqtrade raises DependencyException. */
static inline int fk_trade_stake(const fk_engine *e, double *stake) {
    const double available = fk_available_stake(e);
    *stake = e->wallet.stake_amount;
    if (isnan(*stake))
        *stake = e->rules.max_open_trades == 0.0
                     ? 0.0
                     : fk_min((available + fk_tied_up(e)) / e->rules.max_open_trades, available);
    if (e->wallet.amend_last_stake_amount)
        *stake = available > *stake * e->wallet.last_stake_amount_min_ratio
                     ? fk_min(*stake, available)
                     : 0.0;
    if (available < *stake) return 0;
    *stake = fk_max(*stake, 0.0);
    return 1;
}

/* Wallets.validate_stake_amount; min_stake: 0 for none. */
static inline double fk_valid_stake(const fk_engine *e, double stake, double min_stake,
                                    double max_stake) {
    double allowed;
    if (stake == 0.0 || stake <= 0.0) return 0.0;
    allowed = fk_min(max_stake, fk_available_stake(e));
    if (min_stake > allowed) return 0.0;
    if (stake < min_stake) {
        if (stake * 1.3 < min_stake) return 0.0;
        stake = min_stake;
    }
    return stake > allowed ? allowed : stake;
}

#endif
