/* What an open trade is worth at a price: exact, and as thresholds that cannot miss. */
#ifndef FK_ENGINE_WORTH_H
#define FK_ENGINE_WORTH_H

#include "fk_trade.h"
#include "state.h"

/* Far above what double arithmetic and the rounding to eight decimals can move a ratio. */
#define FK_RATIO_GUARD 2e-8
#define FK_RELATIVE_GUARD 1e-11

static inline const fk_decimal *fk_open_factor(const fk_engine *e, int is_short) {
    return is_short ? &e->fee_minus : &e->fee_plus;
}

static inline const fk_decimal *fk_close_factor(const fk_engine *e, int is_short) {
    return is_short ? &e->fee_plus : &e->fee_minus;
}

/* calc_close_trade_value, for the funding fees given. */
static inline int fk_close_value(fk_engine *e, const fk_position *p, double rate,
                                 double funding_fees, int64_t now_ms, double *value) {
    const fk_decimal price = fk_decimal_of(rate);
    const int is_short = p->trade.is_short;
    if (!fk_value_with_fee(&p->amount, &price, fk_close_factor(e, is_short), value))
        return fk_give_up(e, FK_ARITHMETIC, p->trade.pair, now_ms);
    if (e->rules.futures) *value = fk_with_funding(*value, funding_fees, is_short);
    return 1;
}

/* calc_profit_ratio. */
static inline int fk_ratio_at(fk_engine *e, const fk_position *p, double rate, int64_t now_ms,
                              double *ratio) {
    const fk_trade *t = &p->trade;
    double value;
    if (!fk_close_value(e, p, rate, t->funding_fees, now_ms, &value)) return 0;
    *ratio = fk_profit_ratio(t->open_trade_value, value, t->leverage, t->is_short);
    return 1;
}

/* A price that the rate must reach (long: from below, short: from above) for a ratio above that
 * one: every rate short of it surely has a ratio of at most `ratio`. */
static inline double fk_guard_price(const fk_engine *e, const fk_position *p, double ratio) {
    const fk_trade *t = &p->trade;
    const double fee = e->rules.fee, bound = (ratio - FK_RATIO_GUARD) / t->leverage;
    const double funding = e->rules.futures ? t->funding_fees : 0.0;
    const double slack =
        FK_RELATIVE_GUARD * (t->open_trade_value * (2.0 + fabs(bound)) + fabs(funding));
    if (t->is_short)
        return ((1.0 - bound) * t->open_trade_value + funding + slack) / (t->amount * (1.0 + fee));
    return ((1.0 + bound) * t->open_trade_value - funding - slack) / (t->amount * (1.0 - fee));
}

/* ---- minimal_roi */

/* The step in force after so many minutes, or NULL. */
static inline const fk_roi_step *fk_roi_at(const fk_engine *e, int64_t minutes) {
    const fk_roi_step *step = NULL;
    for (int64_t i = 0; i < e->roi_steps && e->roi[i].minutes <= minutes; i++) step = &e->roi[i];
    return step;
}

static inline int64_t fk_minutes_open(const fk_trade *t, int64_t time_ms) {
    return fk_floor_div(time_ms - t->open_ms, 60000);
}

/* ---- the grid of prices */

/* price_to_precision with the trade's precision. */
static inline int fk_trade_price(fk_engine *e, const fk_position *p, double price, int mode,
                                 int64_t now_ms, double *out) {
    if (isnan(p->trade.price_precision)) {
        *out = price;
        return 1;
    }
    if (fk_price_to_precision(price, &p->price, mode, out)) return 1;
    return fk_give_up(e, FK_ARITHMETIC, p->trade.pair, now_ms);
}

/* amount_to_contract_precision. */
static inline int fk_pair_amount(fk_engine *e, int32_t pair, double amount, int64_t now_ms,
                                 double *out) {
    const fk_pair *of = &e->pairs[pair];
    if (isnan(of->market.amount_precision)) {
        *out = amount;
        return 1;
    }
    if (fk_amount_to_contract_precision(amount, &of->amount_precision, of->market.contract_size,
                                        out))
        return 1;
    return fk_give_up(e, FK_ARITHMETIC, pair, now_ms);
}

#endif
