/* Main candles spread into the rows of the detail timeframe. */
#ifndef FK_ENGINE_DETAIL_H
#define FK_ENGINE_DETAIL_H

#include "capture.h"
#include "funding.h"
#include "row.h"

/* The window of detail rows of the candle; false if there are none. */
static inline int fk_find_details(const fk_engine *e, fk_pair *pair, int64_t time_ms) {
    const fk_details *d = &pair->details;
    const int64_t end = time_ms + e->rules.timeframe_ms;
    int64_t at = pair->detail_row;
    while (at < d->rows && d->time_ms[at] < time_ms) at++;
    pair->detail_row = at;
    while (at < d->rows && d->time_ms[at] < end) at++;
    pair->detail_rows = at - pair->detail_row;
    return pair->detail_rows > 0;
}

static inline fk_row fk_detail_row(const fk_pair *pair, int64_t step, const fk_row *main,
                                   int64_t now_ms) {
    const fk_details *d = &pair->details;
    const int64_t at = pair->detail_row + step;
    fk_row row = *main;
    row.now_ms = now_ms;
    row.time_ms = d->time_ms[at];
    row.open = d->open[at];
    row.high = d->high[at];
    row.low = d->low[at];
    row.close = d->close[at];
    return row;
}

/* Pairs that had a trade which closed within this main candle are left alone. */
static inline int fk_is_done(fk_pair *pair) {
    if (!pair->first_open) return pair->was_open;
    pair->was_open = 1;
    return 0;
}

static inline int fk_first_step(fk_engine *e, int32_t at, int64_t now_ms) {
    fk_pair *pair = &e->pairs[at];
    fk_row row;
    if (!fk_has_row(pair, e->candle)) return 1;
    row = fk_main_row(e, pair, pair->row, now_ms);
    pair->direction = (int8_t)e->direction[e->rules.can_short][row.signals];
    if (!fk_capture_pair(e, pair, now_ms)) return 0;
    e->last_visit_ms = now_ms;
    if (fk_is_done(pair) || (!pair->direction && !pair->first_open)) return 1;
    pair->has_details = (uint8_t)fk_find_details(e, pair, row.time_ms);
    if (pair->has_details) row = fk_detail_row(pair, 0, &row, now_ms);
    return fk_process_row(e, at, &row, pair->direction, now_ms != e->rules.end_ms);
}

static inline int fk_later_step(fk_engine *e, int32_t at, int64_t step, int64_t now_ms) {
    fk_pair *pair = &e->pairs[at];
    const int64_t candle_ms = fk_time_of(e, e->candle);
    int direction = pair->direction;
    fk_row row;
    if (!pair->has_details || step >= pair->detail_rows) return 1;
    if (e->rules.ignore_expired_after_s != 0.0 &&
        (double)(now_ms - candle_ms) / 1000.0 > e->rules.ignore_expired_after_s)
        direction = 0;
    if (now_ms > e->last_visit_ms) e->last_visit_ms = now_ms;
    if (fk_is_done(pair)) return 1;
    row = fk_main_row(e, pair, pair->row, now_ms);
    row = fk_detail_row(pair, step, &row, now_ms);
    return fk_process_row(e, at, &row, direction, now_ms != e->rules.end_ms);
}

static inline void fk_start_details(fk_engine *e) {
    for (int32_t at = 0; at < e->pair_count; at++) {
        e->pairs[at].was_open = e->pairs[at].first_open != NULL;
        e->pairs[at].has_details = 0;
    }
}

/* A whole main candle. */
static inline int fk_detail_candle(fk_engine *e, int64_t now_ms) {
    const int64_t steps = e->rules.timeframe_ms / e->rules.detail_ms;
    fk_start_details(e);
    for (int64_t step = 0; step <= steps; step++) {
        const int64_t step_ms = now_ms + step * e->rules.detail_ms;
        fk_visiting_order(e);
        for (int32_t i = 0; i < e->pair_count; i++) {
            const int32_t at = e->order[i];
            if (!(step ? fk_later_step(e, at, step, step_ms) : fk_first_step(e, at, step_ms)))
                return 0;
        }
    }
    return 1;
}

#endif
