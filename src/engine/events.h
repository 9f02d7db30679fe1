/* A run event by event: the rows at which freqtrade's own code has to run, one after the other.
 *
 * Whoever drives the run owns the trades. All that happens here is what freqtrade does on rows at
 * which nothing happens: extreme rates and trailing stops, rejected signals, wallet captures.
 */
#ifndef FK_ENGINE_EVENTS_H
#define FK_ENGINE_EVENTS_H

#include "loop.h"

enum { FK_NOTHING = 0, FK_CANDLE_STARTS = 1, FK_ROW = 2 };
enum { FK_BETWEEN_CANDLES = 0, FK_CANDLE_STARTED = 1, FK_VISITING = 2 };

/* Whether the candle at hand has visited the pair already. */
static inline int fk_is_visited(const fk_engine *e, int32_t at) {
    if (e->events.phase != FK_VISITING) return e->events.phase == FK_BETWEEN_CANDLES;
    if (e->events.step > 0) return 1;
    for (int32_t i = 0; i < e->events.place; i++)
        if (e->order[i] == at) return 1;
    return 0;
}

/* The first row that the pair has not visited yet. */
static inline int64_t fk_unvisited_row(const fk_engine *e, int32_t at) {
    const fk_pair *pair = &e->pairs[at];
    const int64_t row = fk_row_from(&pair->candles, 0, e->candle + fk_is_visited(e, at));
    return row < pair->last_row ? row : pair->last_row;
}

/* When a pair was visited last, FK_NEVER if none was. */
static inline int64_t fk_last_visit(const fk_engine *e) {
    int64_t last = e->last_visit_ms;
    for (int32_t at = 0; at < e->pair_count; at++) {
        const int64_t row = fk_unvisited_row(e, at) - 1;
        const int64_t seen =
            row < 0 ? FK_NEVER : fk_time_of(e, fk_candle_of_row(&e->pairs[at].candles, row));
        if (seen > last) last = seen;
    }
    return last;
}

/* ---- open trades */

/* All open trades take in the rows that were passed up to now. */
static inline void fk_catch_up(fk_engine *e) {
    if (e->rules.detail_ms) return;
    for (int64_t i = 0; i < e->open.size; i++) {
        fk_position *p = fk_open_position(e, i);
        const int32_t at = p->trade.pair;
        const int64_t row = at == e->events.pair ? e->events.row.row : fk_unvisited_row(e, at);
        if (p->at_row >= row) continue;
        p->at_row = fk_run_ahead(e, p, p->at_row, row);
        fk_was_too_much(e, p);
    }
}

/* Has the pair looked at in this candle still, or at the end of it. */
static inline void fk_awake(fk_engine *e, int32_t at) { e->pairs[at].wake = e->candle; }

static inline int fk_is_same_trade(const fk_trade *a, const fk_trade *b) {
    return memcmp(a, b, sizeof *a) == 0;
}

static inline void fk_look_again(fk_engine *e, fk_position *p) {
    p->row = -1;
    fk_awake(e, p->trade.pair);
}

/* An open trade as it is after the event; a new one has no position yet. */
static inline void fk_observe(fk_engine *e, fk_position *p, const fk_trade *seen, int is_restless,
                              int is_new) {
    const int is_own = seen->pair == e->events.pair;
    if (!is_new && !is_own && is_restless == p->is_restless && fk_is_same_trade(&p->trade, seen))
        return;
    p->trade = *seen;
    p->is_restless = (uint8_t)is_restless;
    p->amount = fk_decimal_of(seen->amount);
    if (!isnan(seen->price_precision) &&
        !fk_precision_of(seen->price_precision, seen->price_mode, &p->price))
        p->is_restless = 1;
    p->at_row = is_own ? e->events.row.row + 1 : fk_unvisited_row(e, seen->pair);
    fk_look_again(e, p);
}

/* The strategy's settings have changed. */
static inline void fk_settings_changed(fk_engine *e) {
    for (int64_t i = 0; i < e->open.size; i++) fk_look_again(e, fk_open_position(e, i));
}

/* ---- rows */

/* Whether all trades of the pair can pass the row; only then they take it in. */
static inline int fk_all_pass(fk_engine *e, fk_pair *pair, const fk_row *row) {
    for (fk_position *p = pair->first_open; p; p = p->next) {
        fk_position scout = *p;
        if (!e->rules.detail_ms ? p->row <= row->row : !fk_passes(e, &scout, row)) {
            fk_was_too_much(e, p);
            return 0;
        }
    }
    if (e->rules.detail_ms)
        for (fk_position *p = pair->first_open; p; p = p->next) fk_passes(e, p, row);
    return 1;
}

/* Whether the entry signal of a row is one for freqtrade to decide on. */
static inline int fk_may_enter(const fk_engine *e, const fk_row *row) {
    return row->time_ms <= e->events.locks_until_ms || e->events.every_signal || fk_has_slot(e);
}

/* Whether freqtrade's own code has to run on the row. */
static inline int fk_is_event(fk_engine *e, int32_t at, const fk_row *row, int direction,
                              int can_enter) {
    fk_pair *pair = &e->pairs[at];
    const int is_signal =
        direction && can_enter && (!pair->first_open || e->rules.position_stacking);
    if (is_signal && fk_may_enter(e, row)) return 1;
    if (!fk_all_pass(e, pair, row)) return 1;
    if (is_signal) fk_reject(e, at, row);
    return 0;
}

static inline int fk_tell(fk_engine *e, int32_t at, const fk_row *row, int direction,
                          int64_t detail) {
    fk_events *event = &e->events;
    const int can_enter = row->now_ms != e->rules.end_ms;
    if (!fk_is_event(e, at, row, direction, can_enter)) return 0;
    event->row = *row;
    event->pair = at;
    event->detail = detail;
    event->direction = (int8_t)direction;
    event->can_enter = (uint8_t)can_enter;
    fk_awake(e, at);
    return 1;
}

static inline int fk_main_event(fk_engine *e, int32_t at, int64_t now_ms) {
    fk_pair *pair = &e->pairs[at];
    fk_row row;
    if (pair->wake != e->candle && !e->rules.capture_wallets) return 0;
    if (!fk_has_row(pair, e->candle)) return 0;
    fk_capture_pair(e, pair, now_ms);
    if (pair->wake != e->candle) return 0;
    row = fk_main_row(e, pair, pair->row, now_ms);
    return fk_tell(e, at, &row, e->direction[e->rules.can_short][row.signals], -1);
}

static inline int fk_first_detail_event(fk_engine *e, int32_t at, int64_t now_ms) {
    fk_pair *pair = &e->pairs[at];
    fk_row row;
    if (!fk_has_row(pair, e->candle)) return 0;
    row = fk_main_row(e, pair, pair->row, now_ms);
    pair->direction = (int8_t)e->direction[e->rules.can_short][row.signals];
    fk_capture_pair(e, pair, now_ms);
    e->last_visit_ms = now_ms;
    if (fk_is_done(pair) || (!pair->direction && !pair->first_open)) return 0;
    pair->has_details = (uint8_t)fk_find_details(e, pair, row.time_ms);
    if (pair->has_details) row = fk_detail_row(pair, 0, &row, now_ms);
    return fk_tell(e, at, &row, pair->direction, pair->has_details ? pair->detail_row : -1);
}

static inline int fk_later_detail_event(fk_engine *e, int32_t at, int64_t step, int64_t now_ms) {
    fk_pair *pair = &e->pairs[at];
    const int64_t candle_ms = fk_time_of(e, e->candle);
    int direction = pair->direction;
    fk_row row;
    if (!pair->has_details || step >= pair->detail_rows) return 0;
    if (e->rules.ignore_expired_after_s != 0.0 &&
        (double)(now_ms - candle_ms) / 1000.0 > e->rules.ignore_expired_after_s)
        direction = 0;
    if (now_ms > e->last_visit_ms) e->last_visit_ms = now_ms;
    if (fk_is_done(pair)) return 0;
    row = fk_main_row(e, pair, pair->row, now_ms);
    row = fk_detail_row(pair, step, &row, now_ms);
    return fk_tell(e, at, &row, direction, pair->detail_row + step);
}

static inline int fk_event_at(fk_engine *e, int32_t at) {
    const int64_t step = e->events.step;
    const int64_t now_ms = fk_time_of(e, e->candle) + step * e->rules.detail_ms;
    if (!e->rules.detail_ms) return fk_main_event(e, at, now_ms);
    return step ? fk_later_detail_event(e, at, step, now_ms)
                : fk_first_detail_event(e, at, now_ms);
}

/* ---- candles */

/* Up to the next candle at which anything can happen; false if that is behind `until`. */
static inline int fk_to_next_candle(fk_engine *e, int64_t until) {
    const int64_t wake = e->events.every_candle ? e->candle + 1 : fk_next_wake(e);
    const int64_t next = wake <= until ? wake : until + 1;
    if (e->candle >= until || !fk_capture_idle(e, e->candle + 1, next - 1)) return 0;
    e->candle = next <= until ? next : until;
    return next <= until;
}

static inline void fk_start_visits(fk_engine *e) {
    fk_capture_stake(e, fk_time_of(e, e->candle));
    if (e->rules.detail_ms) fk_start_details(e);
    fk_visiting_order(e);
    e->events.step = e->events.place = 0;
}

/* Whether there is an event left among the visits of the candle at hand. */
static inline int fk_next_visit(fk_engine *e) {
    const int64_t steps = e->rules.detail_ms ? e->rules.timeframe_ms / e->rules.detail_ms : 0;
    for (; e->events.step <= steps; e->events.step++, e->events.place = 0) {
        if (e->events.step && !e->events.place) fk_visiting_order(e);
        while (e->events.place < e->pair_count)
            if (fk_event_at(e, e->order[e->events.place++])) return 1;
    }
    return 0;
}

static inline void fk_end_candle(fk_engine *e) {
    for (int32_t at = 0; at < e->pair_count; at++) {
        fk_pair *pair = &e->pairs[at];
        if (pair->wake == e->candle)
            fk_set_wake(e, pair, fk_row_from(&pair->candles, 0, e->candle + 1));
    }
}

/* The next event up to a candle; the trades of the one before have been observed. FK_NOTHING also
 * if there is no memory left. */
static inline int fk_next_event(fk_engine *e, int64_t until) {
    fk_events *event = &e->events;
    if (until > e->last_candle) until = e->last_candle;
    event->pair = -1;
    while (e->refusal == FK_RUNS) {
        if (event->phase == FK_BETWEEN_CANDLES) {
            if (!fk_to_next_candle(e, until)) break;
            event->phase = FK_CANDLE_STARTED;
            if (event->every_candle) {
                fk_catch_up(e);
                return FK_CANDLE_STARTS;
            }
        }
        if (event->phase == FK_CANDLE_STARTED) {
            fk_start_visits(e);
            event->phase = FK_VISITING;
        }
        if (fk_next_visit(e)) {
            fk_catch_up(e);
            return FK_ROW;
        }
        fk_end_candle(e);
        event->phase = FK_BETWEEN_CANDLES;
    }
    fk_catch_up(e);
    return FK_NOTHING;
}

#endif
