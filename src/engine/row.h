/* One row of one pair: Backtesting.backtest_loop. */
#ifndef FK_ENGINE_ROW_H
#define FK_ENGINE_ROW_H

#include "entry.h"
#include "exit.h"

/* Orders that have waited too long. */
static inline int fk_manage_orders(fk_engine *e, const fk_pair *pair, int64_t now_ms) {
    fk_position *next;
    for (fk_position *p = pair->first_open; p; p = next) {
        next = p->next;
        if (!fk_times_out(e, p, now_ms)) continue;
        fk_remove_position(e, p);
        if (!fk_update_wallets(e)) return 0;
    }
    return 1;
}

static inline int fk_has_slot(const fk_engine *e) {
    return e->rules.max_open_trades <= 0.0 || (double)e->open.size < e->rules.max_open_trades;
}

static inline int fk_reject(fk_engine *e, int32_t pair, const fk_row *row) {
    fk_rejection *rejection;
    e->rejected_signals++;
    if (!e->rules.collect_rejected) return 1;
    rejection = fk_append(e, &e->rejections, sizeof *rejection);
    if (!rejection) return 0;
    rejection->row = row->row;
    rejection->time_ms = row->time_ms;
    rejection->pair = pair;
    rejection->unused = 0;
    return 1;
}

static inline int fk_try_to_enter(fk_engine *e, int32_t pair, int direction, const fk_row *row) {
    const int is_short = direction == 2;
    if (!e->rules.position_stacking && e->pairs[pair].first_open) return 1;
    if (e->protects && fk_is_locked(&e->protections.locks, pair, row->time_ms, is_short)) return 1;
    return fk_has_slot(e) ? fk_enter(e, pair, is_short, row) : fk_reject(e, pair, row);
}

/* The open trades, those just opened included. */
static inline int fk_trade_row(fk_engine *e, const fk_pair *pair, const fk_row *row) {
    fk_position *next;
    int filled;
    for (fk_position *p = pair->first_open; p; p = next) {
        next = p->next;
        if (p->row > row->row) continue;
        if (!fk_try_entry(e, p, row, row->now_ms, &filled)) return 0;
        if (filled && !fk_update_wallets(e)) return 0;
        if (p->trade.amount > 0.0 && !fk_check_exit(e, p, row)) return 0;
        if (!fk_process_exit(e, p, row, row->now_ms)) return 0;
    }
    return 1;
}

/* direction: 0 none, 1 long, 2 short; *closed: the direction of the pair's trade if that closed. */
static inline int fk_backtest_row(fk_engine *e, int32_t at, const fk_row *row, int direction,
                                  int can_enter, int *closed) {
    fk_pair *pair = &e->pairs[at];
    int exiting = 0;
    if (!e->rules.position_stacking && pair->first_open)
        exiting = pair->first_open->trade.is_short ? 2 : 1;
    if (!fk_manage_orders(e, pair, row->now_ms)) return 0;
    if (can_enter && direction && !fk_try_to_enter(e, at, direction, row)) return 0;
    if (!fk_trade_row(e, pair, row)) return 0;
    *closed = exiting && !pair->first_open ? exiting : 0;
    return 1;
}

/* With a second pass where a trade closed and the signal points the other way. */
static inline int fk_process_row(fk_engine *e, int32_t at, const fk_row *row, int direction,
                                 int can_enter) {
    int closed;
    if (!fk_backtest_row(e, at, row, direction, can_enter, &closed)) return 0;
    if (!e->rules.can_short || !direction || !closed || closed == direction) return 1;
    return fk_backtest_row(e, at, row, direction, can_enter, &closed);
}

#endif
