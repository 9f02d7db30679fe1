/* Running ahead: an open trade's rows up to the next one at which anything can happen.
 *
 * Prices decide by thresholds that err towards stopping; the row where a run stops is then done in
 * full, from the state before it. On rows that are passed only the extreme rates, the trailing stop
 * and funding fees change.
 */
#ifndef FK_ENGINE_AHEAD_H
#define FK_ENGINE_AHEAD_H

#include "exit.h"

/* Prices and stops that differ by less may be equal once they are on the grid. */
#define FK_STOP_GUARD 1e-12

/* Ticks so fine that a rounded stop may lie off its grid are not skipped over. */
#define FK_FINEST_TICK 1e-13

static inline int fk_is_plain_grid(const fk_position *p) {
    return isnan(p->trade.price_precision) ||
           (p->trade.price_mode == FK_TICK_SIZE && p->trade.price_precision >= FK_FINEST_TICK);
}

/* The price beyond which a stop at that percentage could move. */
static inline double fk_moving_price(const fk_trade *t, double pct) {
    const double part = fabs(pct / t->leverage);
    const double factor = t->is_short ? 1.0 + part : 1.0 - part;
    const double guard = t->is_short ? 1.0 + FK_STOP_GUARD : 1.0 - FK_STOP_GUARD;
    if (factor < 1e-6 || !(t->stop_loss > 0.0)) return t->is_short ? INFINITY : -INFINITY;
    return t->stop_loss / factor * guard;
}

static inline double fk_farther(const fk_trade *t, double a, double b) {
    return t->is_short ? (a < b ? a : b) : (a > b ? a : b);
}

static inline double fk_nearer(const fk_trade *t, double a, double b) {
    return t->is_short ? (a > b ? a : b) : (a < b ? a : b);
}

/* The price beyond which the stop has to be looked at. */
static inline double fk_trail_guard(const fk_engine *e, const fk_position *p) {
    const fk_trade *t = &p->trade;
    const fk_rules *r = &e->rules;
    const double never = t->is_short ? -INFINITY : INFINITY;
    double guard = never;
    if (!r->trailing_stop) return never;
    if (!fk_is_plain_grid(p)) return -never;
    if (r->has_trailing_stop_positive)
        guard = fk_farther(t, fk_guard_price(e, p, r->trailing_stop_positive_offset),
                           fk_moving_price(t, r->trailing_stop_positive));
    if (r->trailing_only_offset_is_reached) {
        const double offset = fk_guard_price(e, p, r->trailing_stop_positive_offset - 2e-8);
        return fk_nearer(t, guard, fk_farther(t, offset, fk_moving_price(t, r->stoploss)));
    }
    return fk_nearer(t, guard, fk_moving_price(t, r->stoploss));
}

static inline void fk_guard_stop(const fk_engine *e, fk_position *p) {
    const fk_trade *t = &p->trade;
    const int can_liquidate = !isnan(t->liquidation_price) && t->liquidation_price != 0.0;
    p->stop_guard = t->stop_loss;
    if (can_liquidate)
        p->stop_guard = t->is_short ? fk_min(t->stop_loss, t->liquidation_price)
                                    : fk_max(t->stop_loss, t->liquidation_price);
    p->trail_guard = fk_trail_guard(e, p);
}

/* The first row at which another ROI step or a funding fee is due. */
static inline int64_t fk_next_change(const fk_engine *e, const fk_position *p, int64_t row) {
    const fk_pair *pair = &e->pairs[p->trade.pair];
    const int64_t now = fk_time_of(e, fk_candle_of_row(&pair->candles, row));
    const int64_t tf = e->rules.timeframe_ms;
    int64_t change = INT64_MAX;
    for (int64_t i = 0; i < e->roi_steps && change == INT64_MAX; i++)
        if (p->trade.open_ms + e->roi[i].minutes * 60000 > now)
            change = p->trade.open_ms + e->roi[i].minutes * 60000;
    if (e->rules.futures) {
        const int64_t due = (fk_floor_div(now, e->rules.funding_ms) + 1) * e->rules.funding_ms;
        if (due < change) change = due;
    }
    if (change == INT64_MAX) return pair->last_row;
    change = fk_row_from(&pair->candles, row,
                         fk_floor_div(change - e->rules.start_ms + tf - 1, tf));
    return change < pair->last_row ? change : pair->last_row;
}

/* Thresholds for rows from that time on, until another ROI step or a funding fee is due. */
static inline void fk_prepare(const fk_engine *e, fk_position *p, int64_t time_ms) {
    const fk_trade *t = &p->trade;
    const fk_roi_step *step = fk_roi_at(e, fk_minutes_open(t, time_ms));
    const int shift = FK_TRUE_SHIFT + (t->is_short ? 2 : 0);
    p->profit_guard = t->is_short ? -INFINITY : INFINITY;
    if (step) p->profit_guard = fk_guard_price(e, p, step->ratio);
    p->exit_mask = (uint8_t)((FK_ENTER_LONG | FK_EXIT_LONG) << shift);
    p->exit_bits = (uint8_t)(FK_EXIT_LONG << shift);
    if (!e->rules.use_exit_signal) p->exit_mask = 0;
    fk_guard_stop(e, p);
}

/* Whether the trade keeps on after its stop trailed on this row. */
static inline int fk_trails_clear(fk_engine *e, fk_position *p, const fk_row *row) {
    const fk_trade before = p->trade;
    double profit;
    if (!fk_ratio_at(e, p, p->trade.is_short ? row->low : row->high, row->now_ms, &profit) ||
        !fk_trail(e, p, row, profit))
        return 0;
    if (!fk_is_stop_clear(&p->trade, row->low, row->high)) {
        p->trade = before;
        return 0;
    }
    if (p->trade.stop_loss != before.stop_loss) fk_guard_stop(e, p);
    return 1;
}

static inline int fk_trails_clear_at(fk_engine *e, fk_position *p, int64_t at) {
    const fk_row row = fk_main_row(e, &e->pairs[p->trade.pair], at, fk_time_of(e, e->candle));
    return fk_trails_clear(e, p, &row);
}

/* Passes rows of constant thresholds; returns the first one not passed. */
static inline int64_t fk_pass_long(fk_engine *e, fk_position *p, int64_t row) {
    const fk_candles *c = &e->pairs[p->trade.pair].candles;
    const int64_t until = p->until_row;
    const uint8_t mask = p->exit_mask, bits = p->exit_bits;
    double max = p->trade.max_rate, min = p->trade.min_rate;
    for (; row < until; row++) {
        const double low = c->low[row], high = c->high[row];
        if (!(low > p->stop_guard) || !(high < p->profit_guard)) break;
        if (mask && (c->signals[row] & mask) == bits) break;
        if (high > p->trail_guard && !fk_trails_clear_at(e, p, row)) break;
        if (high > max) max = high;
        if (low < min) min = low;
    }
    p->trade.max_rate = max;
    p->trade.min_rate = min;
    return row;
}

static inline int64_t fk_pass_short(fk_engine *e, fk_position *p, int64_t row) {
    const fk_candles *c = &e->pairs[p->trade.pair].candles;
    const int64_t until = p->until_row;
    const uint8_t mask = p->exit_mask, bits = p->exit_bits;
    double max = p->trade.max_rate, min = p->trade.min_rate;
    for (; row < until; row++) {
        const double low = c->low[row], high = c->high[row];
        if (!(high < p->stop_guard) || !(low > p->profit_guard)) break;
        if (mask && (c->signals[row] & mask) == bits) break;
        if (low < p->trail_guard && !fk_trails_clear_at(e, p, row)) break;
        if (high > max) max = high;
        if (low < min) min = low;
    }
    p->trade.max_rate = max;
    p->trade.min_rate = min;
    return row;
}

/* Whether the trade is in a state in which rows can be passed at all. */
static inline int fk_is_settled(const fk_trade *t) {
    return t->entry.state == FK_ORDER_CLOSED && t->exit.state == FK_ORDER_NONE &&
           t->amount > 0.0 && t->stop_loss != 0.0 && !isnan(t->max_rate);
}

/* The first row from `row` on, up to `limit`, that has to be done in full. */
static inline int64_t fk_run_ahead(fk_engine *e, fk_position *p, int64_t row, int64_t limit) {
    const fk_pair *pair = &e->pairs[p->trade.pair];
    if (!fk_is_settled(&p->trade)) return row;
    while (row < limit && e->refusal == FK_RUNS) {
        const int64_t now = fk_time_of(e, fk_candle_of_row(&pair->candles, row));
        if (fk_is_funding_time(e, now)) {
            if (e->events.is_on) return row;
            fk_run_funding(e, p, now);
        }
        fk_prepare(e, p, now);
        p->until_row = fk_next_change(e, p, row);
        if (p->until_row > limit) p->until_row = limit;
        row = p->trade.is_short ? fk_pass_short(e, p, row) : fk_pass_long(e, p, row);
        if (row < p->until_row) return row;
    }
    return row;
}

/* ---- event by event: the state stays behind, only the row of the next event is looked for */

/* Whether all that the trade does is to wait for its first order to be filled. */
static inline int fk_is_waiting(const fk_engine *e, const fk_position *p) {
    return p->trade.entry.state == FK_ORDER_OPEN && p->trade.amount == 0.0 && !p->is_restless &&
           !e->events.every_wait;
}

static inline int fk_waits_on(const fk_engine *e, const fk_position *p, double low, double high,
                              int64_t now_ms) {
    const fk_order *order = &p->trade.entry;
    if (low <= order->price && order->price <= high) return 0;
    return !fk_timed_out(order, e->rules.entry_timeout_us, now_ms);
}

/* The row that fills the order, or at which it has waited too long. */
static inline int64_t fk_wait(const fk_engine *e, const fk_position *p, int64_t row) {
    const fk_pair *pair = &e->pairs[p->trade.pair];
    const fk_candles *c = &pair->candles;
    while (row < pair->last_row && fk_waits_on(e, p, c->low[row], c->high[row],
                                               fk_time_of(e, fk_candle_of_row(c, row))))
        row++;
    return row;
}

/* Whether the trade can pass a row; its state takes the row in if so. */
static inline int fk_passes(fk_engine *e, fk_position *p, const fk_row *row) {
    fk_trade *t = &p->trade;
    if (fk_is_waiting(e, p)) return fk_waits_on(e, p, row->low, row->high, row->now_ms);
    if (e->events.every_row || p->is_restless || !fk_is_settled(t) ||
        fk_is_funding_time(e, row->now_ms))
        return 0;
    fk_prepare(e, p, row->time_ms);
    if (p->exit_mask && (row->signals & p->exit_mask) == p->exit_bits) return 0;
    if (t->is_short) {
        if (!(row->high < p->stop_guard) || !(row->low > p->profit_guard)) return 0;
        if (row->low < p->trail_guard && !fk_trails_clear(e, p, row)) return 0;
    } else {
        if (!(row->low > p->stop_guard) || !(row->high < p->profit_guard)) return 0;
        if (row->high > p->trail_guard && !fk_trails_clear(e, p, row)) return 0;
    }
    fk_widen(t, row->low, row->high);
    return e->refusal == FK_RUNS;
}

/* A trade with numbers that exact arithmetic does not take is left to freqtrade row by row. */
static inline int fk_was_too_much(fk_engine *e, fk_position *p) {
    if (e->refusal == FK_RUNS) return 0;
    e->refusal = FK_RUNS;
    p->is_restless = 1;
    return 1;
}

/* The next row at which anything can happen to the trade, from `row` on. */
static inline int64_t fk_look_ahead(fk_engine *e, fk_position *p, int64_t row) {
    const int64_t last = e->pairs[p->trade.pair].last_row;
    fk_position scout;
    int64_t next;
    if (e->rules.detail_ms) return row;
    if (!e->events.is_on) return fk_run_ahead(e, p, row, last);
    if (fk_is_waiting(e, p)) return fk_wait(e, p, row);
    if (e->events.every_row || p->is_restless) return row;
    scout = *p;
    next = fk_run_ahead(e, &scout, row, last);
    return fk_was_too_much(e, p) ? row : next;
}

#endif
