/* The stop: LocalTrade.adjust_stop_loss and what moves it. */
#ifndef FK_ENGINE_STOP_H
#define FK_ENGINE_STOP_H

#include "worth.h"

/* The stop that a price and a percentage give, on the grid. */
static inline int fk_stop_for(fk_engine *e, const fk_position *p, double price, double pct,
                              int64_t now_ms, double *stop) {
    const fk_trade *t = &p->trade;
    const double part = fabs(pct / t->leverage);
    const double raw = t->is_short ? price * (1.0 + part) : price * (1.0 - part);
    return fk_trade_price(e, p, raw, t->is_short ? FK_ROUND_DOWN : FK_ROUND_UP, now_ms, stop);
}

static inline void fk_set_stop(fk_trade *t, double stop, double pct) {
    if (t->stop_loss == 0.0) t->initial_stop_loss = stop;
    t->stop_loss = stop;
    t->stop_loss_pct = -fabs(pct);
}

/* The first stop of a trade, and the one at the fill of its entry. */
static inline int fk_start_stop(fk_engine *e, fk_position *p, double price, double pct,
                                int64_t now_ms) {
    fk_trade *t = &p->trade;
    double stop;
    if (!fk_stop_for(e, p, price, pct, now_ms, &stop)) return 0;
    fk_set_stop(t, stop, pct);
    t->initial_stop_loss_pct = -fabs(pct);
    t->is_trailing = 0;
    return fk_trade_price(e, p, stop, t->is_short ? FK_ROUND_DOWN : FK_ROUND_UP, now_ms,
                          &t->initial_stop_loss);
}

static inline int fk_is_better_stop(const fk_trade *t, double stop) {
    return t->is_short ? stop < t->stop_loss : stop > t->stop_loss;
}

/* Later ones: only towards the price. */
static inline int fk_move_stop(fk_engine *e, fk_position *p, double price, double pct,
                               int64_t now_ms) {
    double stop;
    if (!fk_stop_for(e, p, price, pct, now_ms, &stop)) return 0;
    if (fk_is_better_stop(&p->trade, stop)) {
        p->trade.is_trailing = 1;
        fk_set_stop(&p->trade, stop, pct);
    }
    return 1;
}

/* The percentage by which the stop trails at that profit; false if it does not. */
static inline int fk_trailing_pct(const fk_rules *r, double profit, double *pct) {
    if (r->trailing_only_offset_is_reached && profit < r->trailing_stop_positive_offset) return 0;
    *pct = r->has_trailing_stop_positive && profit > r->trailing_stop_positive_offset
               ? r->trailing_stop_positive
               : r->stoploss;
    return 1;
}

/* Whether the stop lies off the candle, where alone it trails. */
static inline int fk_is_stop_clear(const fk_trade *t, double low, double high) {
    return t->is_short ? t->stop_loss > high : t->stop_loss < low;
}

/* ft_stoploss_adjust on a candle; profit: the ratio at its best price. */
static inline int fk_trail(fk_engine *e, fk_position *p, const fk_row *row, double profit) {
    const double bound = p->trade.is_short ? row->low : row->high;
    double pct;
    if (p->trade.stop_loss == 0.0 &&
        !fk_move_stop(e, p, p->trade.open_rate, e->rules.stoploss, row->now_ms))
        return 0;
    if (!e->rules.trailing_stop || !fk_is_stop_clear(&p->trade, row->low, row->high) ||
        !fk_trailing_pct(&e->rules, profit, &pct))
        return 1;
    return fk_move_stop(e, p, bound, pct, row->now_ms);
}

#endif
