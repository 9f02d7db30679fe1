/* The time loop over all pairs, and the end of a run. */
#ifndef FK_ENGINE_LOOP_H
#define FK_ENGINE_LOOP_H

#include "ahead.h"
#include "detail.h"

/* The first row from `row` on with an entry signal. */
static inline int64_t fk_next_signal(const fk_engine *e, const fk_pair *pair, int64_t row) {
    const uint8_t *signals = pair->candles.signals;
    const uint8_t *direction = e->direction[e->rules.can_short];
    while (row < pair->last_row) {
        uint64_t eight = 1;
        if (row + 8 <= pair->last_row) memcpy(&eight, signals + row, sizeof eight);
        if (eight == 0)
            row += 8;
        else if (direction[signals[row]])
            return row;
        else
            row++;
    }
    return row;
}

/* Sets when the pair has to be looked at next, after its rows before `row`. */
static inline void fk_set_wake(fk_engine *e, fk_pair *pair, int64_t row) {
    int64_t wake = pair->last_row;
    if (!pair->first_open || e->rules.position_stacking) wake = fk_next_signal(e, pair, row);
    for (fk_position *p = pair->first_open; p; p = p->next) {
        if (p->row < row) p->row = fk_look_ahead(e, p, row);
        if (p->row < wake) wake = p->row;
    }
    pair->wake = wake < pair->last_row ? fk_candle_of_row(&pair->candles, wake) : INT64_MAX;
}

/* Whether the trades of the candle's rows are those of this row, for pairs that are awake. */
static inline int fk_visit(fk_engine *e, int32_t at, int64_t now_ms) {
    fk_pair *pair = &e->pairs[at];
    fk_row row;
    int direction;
    if (pair->wake != e->candle && !e->rules.capture_wallets) return 1;
    if (!fk_has_row(pair, e->candle)) return 1;
    if (!fk_capture_pair(e, pair, now_ms)) return 0;
    if (pair->wake != e->candle) return 1;
    row = fk_main_row(e, pair, pair->row, now_ms);
    direction = e->direction[e->rules.can_short][row.signals];
    return fk_process_row(e, at, &row, direction, now_ms != e->rules.end_ms);
}

static inline int fk_main_candle(fk_engine *e, int64_t now_ms) {
    fk_visiting_order(e);
    for (int32_t i = 0; i < e->pair_count; i++)
        if (!fk_visit(e, e->order[i], now_ms)) return 0;
    return 1;
}

static inline int fk_candle(fk_engine *e) {
    const int64_t now_ms = fk_time_of(e, e->candle);
    if (!fk_capture_stake(e, now_ms)) return 0;
    if (!(e->rules.detail_ms ? fk_detail_candle(e, now_ms) : fk_main_candle(e, now_ms))) return 0;
    for (int32_t at = 0; at < e->pair_count; at++)
        if (e->pairs[at].wake == e->candle) fk_set_wake(e, &e->pairs[at], e->pairs[at].row + 1);
    return e->refusal == FK_RUNS;
}

static inline int64_t fk_next_wake(const fk_engine *e) {
    int64_t next = INT64_MAX;
    for (int32_t at = 0; at < e->pair_count; at++)
        if (e->pairs[at].wake < next) next = e->pairs[at].wake;
    return next;
}

/* Candles up to that one; false when the run was given up. */
static inline int fk_run(fk_engine *e, int64_t until) {
    if (until > e->last_candle) until = e->last_candle;
    while (e->candle < until && e->refusal == FK_RUNS) {
        const int64_t wake = fk_next_wake(e), next = wake <= until ? wake : until + 1;
        if (!fk_capture_idle(e, e->candle + 1, next - 1)) return 0;
        e->candle = next <= until ? next : until;
        if (next <= until && !fk_candle(e)) return 0;
    }
    return e->refusal == FK_RUNS;
}

/* ---- the end: handle_left_open */

/* Pairs by the candle of their first row within the run. */
static inline int fk_order_visits(fk_engine *e) {
    e->order_of_visit.size = 0;
    for (int32_t at = 0; at < e->pair_count; at++) {
        const fk_candles *c = &e->pairs[at].candles;
        int64_t place = e->order_of_visit.size;
        int32_t *order;
        if (e->pairs[at].last_row == 0) continue;
        if (!fk_append_int(e, &e->order_of_visit, at)) return 0;
        order = e->order_of_visit.items;
        for (; place > 0 && fk_candle_of_row(&e->pairs[order[place - 1]].candles, 0) >
                                fk_candle_of_row(c, 0);
             place--)
            order[place] = order[place - 1];
        order[place] = at;
    }
    return 1;
}

static inline int fk_force_exit(fk_engine *e, fk_position *p) {
    const fk_pair *pair = &e->pairs[p->trade.pair];
    const int64_t last = pair->candles.rows - 1;
    fk_row row = fk_main_row(e, pair, last, 0);
    int placed;
    row.now_ms = row.time_ms;
    if (!fk_place_exit(e, p, &row, row.open, FK_EXIT_FORCE, &placed)) return 0;
    p->trade.reason = FK_EXIT_FORCE;
    return fk_process_exit(e, p, &row, row.now_ms);
}

static inline int fk_left_open(fk_engine *e) {
    const int32_t *order = e->order_of_visit.items;
    fk_position *next;
    for (int64_t i = 0; i < e->order_of_visit.size; i++)
        for (fk_position *p = e->pairs[order[i]].first_open; p; p = next) {
            next = p->next;
            if (p->trade.entry.state == FK_ORDER_OPEN || !(p->trade.amount > 0.0))
                fk_remove_position(e, p);
            else if (!fk_force_exit(e, p))
                return 0;
        }
    return 1;
}

static inline int fk_finish(fk_engine *e) {
    if (!fk_order_visits(e) || !fk_left_open(e) || !fk_update_wallets(e)) return 0;
    for (int64_t i = 0; i < e->open.size; i++) {
        fk_trade *left = fk_append(e, &e->left, sizeof *left);
        if (!left) return 0;
        *left = fk_open_position(e, i)->trade;
    }
    for (int32_t at = 0; at < e->pair_count; at++) {
        const fk_pair *pair = &e->pairs[at];
        if (pair->last_row == 0) continue;
        const int64_t seen = fk_time_of(e, fk_candle_of_row(&pair->candles, pair->last_row - 1));
        if (seen > e->last_visit_ms) e->last_visit_ms = seen;
    }
    return 1;
}

#endif
