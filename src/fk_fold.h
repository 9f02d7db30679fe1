/* A trade from its filled orders, as LocalTrade.recalc_trade_from_orders adds them up.
 *
 * What would depend on how Precise has written a negative number is refused, as is everything that
 * fk_decimal.h refuses; the functions then return false.
 */
#ifndef FK_FOLD_H
#define FK_FOLD_H

#include "fk_decimal.h"
#include "fk_trade.h"
#include "fk_value.h"

typedef struct {
    fk_decimal amount, stake, max_stake, average;
    fk_decimal open_factor, close_factor;
    double leverage;
    double total_stake; /* of all entries, with fees */
    double funding;     /* since the last exit */
    double total_funding;
    double profit, last_profit, close_profit;
    int is_short, is_futures;
} fk_fold;

static inline fk_fold fk_fold_start(double leverage, double fee_open, double fee_close,
                                    int is_short, int is_futures) {
    fk_fold f;
    f.amount = f.stake = f.max_stake = f.average = fk_decimal_of_integer(0, 0, 0);
    f.open_factor = fk_fee_factor(fee_open, !is_short);
    f.close_factor = fk_fee_factor(fee_close, is_short);
    f.leverage = leverage;
    f.total_stake = f.funding = f.total_funding = 0.0;
    f.profit = f.last_profit = f.close_profit = 0.0;
    f.is_short = is_short;
    f.is_futures = is_futures;
    return f;
}

/* Stake by amount, if there is an amount; false for what is to be refused. */
static inline int fk_fold_average(const fk_fold *f, fk_decimal *out) {
    if (f->amount.size <= 0 || f->amount.negative) return f->amount.size >= 0;
    if (f->stake.negative) return 0;
    *out = fk_div(&f->stake, &f->amount);
    return out->size >= 0;
}

static inline int fk_fold_entry(fk_fold *f, const fk_decimal *amount, const fk_decimal *price) {
    const fk_decimal cost = fk_mul(amount, price), value = fk_mul(&cost, &f->open_factor);
    double with_fee;
    f->amount = fk_add(&f->amount, amount);
    f->stake = fk_add(&f->stake, &cost);
    f->max_stake = fk_add(&f->max_stake, &cost);
    if (!fk_fold_average(f, &f->average) || !fk_to_double(&value, &with_fee)) return 0;
    f->total_stake += with_fee;
    return 1;
}

static inline int fk_fold_exit(fk_fold *f, const fk_decimal *amount, const fk_decimal *price) {
    const fk_decimal cost = fk_mul(&f->average, amount);
    fk_decimal average;
    double opened, closed, rate;
    f->amount = fk_sub(&f->amount, amount);
    f->stake = fk_sub(&f->stake, &cost);
    if (!fk_to_double(&f->average, &rate)) return 0;
    average = fk_decimal_of(rate);
    if (!fk_value_with_fee(amount, &average, &f->open_factor, &opened) ||
        !fk_value_with_fee(amount, price, &f->close_factor, &closed))
        return 0;
    if (f->is_futures) closed = fk_with_funding(closed, f->funding, f->is_short);
    f->last_profit = fk_profit_abs(opened, closed, f->is_short);
    f->profit += f->last_profit;
    if (f->total_stake > 0.0) f->close_profit = f->profit / f->total_stake * f->leverage;
    f->funding = 0.0;
    return 1;
}

/* The next filled order, its amount being more than nothing. */
static inline int fk_fold_order(fk_fold *f, double amount, double price, double funding_fee,
                                int is_exit) {
    const fk_decimal size = fk_decimal_of(amount), rate = fk_decimal_of(price);
    f->funding += funding_fee;
    f->total_funding += funding_fee;
    return is_exit ? fk_fold_exit(f, &size, &rate) : fk_fold_entry(f, &size, &rate);
}

/* What is left, and the average price of it: 0 if nothing is left. */
static inline int fk_fold_rest(const fk_fold *f, double *amount, double *stake,
                               double *max_stake, double *average) {
    fk_decimal quotient = fk_decimal_of_integer(0, 0, 0);
    return fk_fold_average(f, &quotient) && fk_to_double(&quotient, average) &&
           fk_to_double(&f->amount, amount) && fk_to_double(&f->stake, stake) &&
           fk_to_double(&f->max_stake, max_stake);
}

#endif
