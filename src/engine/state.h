/* The state of a run, and how it ends early. */
#ifndef FK_ENGINE_STATE_H
#define FK_ENGINE_STATE_H

#include <stdlib.h>
#include <string.h>

#include "protections.h"
#include "types.h"

/* Why a run was given up; freqtrade's own code has to do it (names in freqkernels.layout). */
enum {
    FK_RUNS = 0,
    FK_NO_MEMORY,
    FK_ARITHMETIC,
    FK_PARTIAL_EXIT,
    FK_LEVERAGE_TIERS,
    FK_LEVERAGE_CALLBACK,
    FK_LIQUIDATION_PRICE,
    FK_PROTECTION_RAISES
};

/* A growing array. */
typedef struct {
    void *items;
    int64_t size, room;
} fk_list;

/* Where a run stands that goes event by event (events.h), and the event. */
typedef struct {
    int64_t locks_until_ms; /* rows up to then may be locked; FK_NEVER: none is */
    int64_t step;           /* of the detail timeframe, within the candle */
    int32_t place;          /* the next one in the order of visits */
    uint8_t is_on, phase;
    uint8_t every_candle, every_row, every_signal;
    uint8_t every_wait; /* rows at which an entry order waits on are wanted, too */
    const uint8_t *whole; /* by currency: as fk_capture_row has it */
    fk_row row;
    int64_t detail; /* row of the detail timeframe; -1: a row of the main one */
    int32_t pair;   /* -1: the event is the candle itself */
    int8_t direction;
    uint8_t can_enter;
} fk_events;

/* The strategy's leverage callback: false if it failed. */
typedef int (*fk_leverage_function)(void *context, const fk_trade *proposed, double max_leverage,
                                    int max_is_int, double *leverage, uint8_t *kind);

typedef struct {
    fk_rules rules;
    fk_wallet_rules wallet;
    const fk_roi_step *roi;
    int64_t roi_steps;
    const fk_tick *ticks;
    const fk_tier *tiers;
    const double *start_capital; /* by currency */
    const uint8_t *whole_start;  /* by currency: the start capital is an int */
    double *totals;              /* by currency, as of the last update */
    int32_t currencies;
    double free;
    fk_pair *pairs;
    int32_t pair_count;
    fk_decimal fee_plus, fee_minus; /* 1 + fee, 1 - fee */

    fk_list open;          /* fk_position *, in the order of opening */
    fk_list held;          /* int32_t: currencies whose total is not the start capital */
    fk_list closed;        /* fk_trade, in the order of closing */
    fk_list left;          /* fk_trade, still open at the end */
    fk_list captures;      /* fk_capture_row */
    fk_list rejections;    /* fk_rejection */
    fk_list order_of_visit; /* int32_t: pairs in the order of their first visit */
    fk_position *spare;
    int32_t *order; /* pairs as the candle at hand visits them */
    double total_profit;
    fk_sum closed_profit;
    int64_t candle, last_candle;
    int64_t trade_id, order_id, last_visit_ms;
    int64_t rejected_signals, timedout_entry_orders, timedout_exit_orders, canceled_exit_orders;
    uint8_t direction[2][256]; /* by signals; [0]: without shorts */
    fk_protections protections;
    int protects;

    fk_events events;
    fk_leverage_function leverage;
    void *leverage_context;
    int refusal, refused_pair;
    int64_t refused_ms;
} fk_engine;

/* The first reason counts. Returns false, for callers to return. */
static inline int fk_give_up(fk_engine *e, int reason, int pair, int64_t now_ms) {
    if (e->refusal == FK_RUNS) {
        e->refusal = reason;
        e->refused_pair = pair;
        e->refused_ms = now_ms;
    }
    return 0;
}

/* Room for one more item, or NULL. */
static inline void *fk_append(fk_engine *e, fk_list *list, size_t width) {
    if (list->size == list->room) {
        const int64_t room = list->room ? 2 * list->room : 16;
        void *items = realloc(list->items, (size_t)room * width);
        if (!items) {
            fk_give_up(e, FK_NO_MEMORY, -1, 0);
            return NULL;
        }
        list->items = items;
        list->room = room;
    }
    return (char *)list->items + (size_t)list->size++ * width;
}

static inline int fk_append_int(fk_engine *e, fk_list *list, int32_t value) {
    int32_t *place = fk_append(e, list, sizeof value);
    if (!place) return 0;
    *place = value;
    return 1;
}

static inline fk_position *fk_open_position(const fk_engine *e, int64_t place) {
    return ((fk_position **)e->open.items)[place];
}

/* ---- open trades */

static inline fk_position *fk_new_position(fk_engine *e) {
    fk_position *p = e->spare;
    if (p)
        e->spare = p->next;
    else if (!(p = malloc(sizeof *p)))
        fk_give_up(e, FK_NO_MEMORY, -1, 0);
    if (p) memset(p, 0, sizeof *p);
    return p;
}

/* For the next new one. Returns false, for callers to return. */
static inline int fk_drop_position(fk_engine *e, fk_position *p) {
    p->next = e->spare;
    e->spare = p;
    return 0;
}

static inline int fk_add_position(fk_engine *e, fk_position *p) {
    fk_pair *pair = &e->pairs[p->trade.pair];
    fk_position **place = fk_append(e, &e->open, sizeof p);
    if (!place) return fk_drop_position(e, p);
    *place = p;
    if (pair->last_open)
        pair->last_open->next = p;
    else
        pair->first_open = p;
    pair->last_open = p;
    return 1;
}

static inline void fk_remove_position(fk_engine *e, fk_position *p) {
    fk_pair *pair = &e->pairs[p->trade.pair];
    fk_position **open = e->open.items, *before = NULL;
    int64_t place = 0;
    while (open[place] != p) place++;
    memmove(open + place, open + place + 1, (size_t)(--e->open.size - place) * sizeof *open);
    if (pair->first_open != p)
        for (before = pair->first_open; before->next != p;) before = before->next;
    if (before)
        before->next = p->next;
    else
        pair->first_open = p->next;
    if (pair->last_open == p) pair->last_open = before;
    fk_drop_position(e, p);
}

/* ---- time and rows */

static inline int64_t fk_time_of(const fk_engine *e, int64_t candle) {
    return e->rules.start_ms + candle * e->rules.timeframe_ms;
}

static inline int64_t fk_candle_of_row(const fk_candles *candles, int64_t row) {
    return candles->candle ? candles->candle[row] : candles->first_candle + row;
}

/* The first row from `row` on that is not before that candle. */
static inline int64_t fk_row_from(const fk_candles *candles, int64_t row, int64_t candle) {
    int64_t end = candles->rows;
    if (!candles->candle) {
        const int64_t at = candle - candles->first_candle;
        return at < row ? row : at > end ? end : at;
    }
    while (row < end) {
        const int64_t middle = row + (end - row) / 2;
        if (candles->candle[middle] < candle)
            row = middle + 1;
        else
            end = middle;
    }
    return row;
}

static inline fk_row fk_main_row(const fk_engine *e, const fk_pair *pair, int64_t row,
                                 int64_t now_ms) {
    const fk_candles *c = &pair->candles;
    fk_row result;
    result.now_ms = now_ms;
    result.time_ms = fk_time_of(e, fk_candle_of_row(c, row));
    result.row = row;
    result.open = c->open[row];
    result.high = c->high[row];
    result.low = c->low[row];
    result.close = c->close[row];
    result.signals = c->signals[row];
    return result;
}

#endif
