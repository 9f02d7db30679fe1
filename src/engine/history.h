/* Closed trades in the order of closing, and those of a lookback window.
 *
 * freqtrade goes through all closed trades each time. Here a window starts behind the trades of
 * which none can be in it: up to each trade, its latest closing time is known. That holds for any
 * order of closing times; each trade from there on is looked at.
 */
#ifndef FK_ENGINE_HISTORY_H
#define FK_ENGINE_HISTORY_H

#include <stdint.h>
#include <stdlib.h>

#include "fk_sum.h"
#include "locks.h"

typedef struct {
    int64_t close_ms;
    int64_t latest_ms, latest_of_pair_ms; /* closing time up to here, of all and of the pair */
    double profit, profit_abs;
    fk_sum total; /* of profit_abs, up to here */
    int32_t pair, before, after; /* the pair's neighbours; -1: none */
    uint8_t is_short, by_stop;
} fk_closed;

typedef struct {
    fk_closed *trades;
    int32_t count, room;
    int32_t *last; /* per pair; -1: none */
    int compensated;
} fk_history;

/* What of the trades a window shows: those of one pair or of all that closed after a time. */
typedef struct {
    const fk_history *history;
    int64_t after_ms;
    int32_t pair, next;
} fk_window;

/* Returns false if there is no memory. */
static inline int fk_history_start(fk_history *history, int32_t pairs, int compensated) {
    history->trades = NULL;
    history->count = history->room = 0;
    history->compensated = compensated;
    history->last = malloc(((size_t)pairs + 1) * sizeof *history->last);
    if (!history->last) return 0;
    for (int32_t pair = 0; pair < pairs; pair++) history->last[pair] = -1;
    return 1;
}

static inline void fk_history_free(fk_history *history) {
    free(history->trades);
    free(history->last);
    history->trades = NULL;
    history->last = NULL;
    history->count = history->room = 0;
}

static inline int fk_history_grow(fk_history *history) {
    const int32_t room = history->room ? 2 * history->room : 64;
    fk_closed *trades;
    if (history->room > INT32_MAX / 2) return 0;
    trades = realloc(history->trades, (size_t)room * sizeof *trades);
    if (!trades) return 0;
    history->trades = trades;
    history->room = room;
    return 1;
}

/* Takes the input fields of the trade and fills in the others. Returns false without memory. */
static inline int fk_history_add(fk_history *history, fk_closed trade) {
    const int32_t place = history->count, before = history->last[trade.pair];
    if (place == history->room && !fk_history_grow(history)) return 0;
    trade.latest_ms = trade.latest_of_pair_ms = trade.close_ms;
    trade.before = before;
    trade.after = -1;
    trade.total = fk_sum_start(history->compensated);
    if (place > 0) {
        const fk_closed *previous = history->trades + place - 1;
        if (previous->latest_ms > trade.latest_ms) trade.latest_ms = previous->latest_ms;
        trade.total = previous->total;
    }
    if (before >= 0) {
        fk_closed *of_pair = history->trades + before;
        if (of_pair->latest_of_pair_ms > trade.latest_of_pair_ms)
            trade.latest_of_pair_ms = of_pair->latest_of_pair_ms;
        of_pair->after = place;
    }
    fk_sum_add(&trade.total, trade.profit_abs);
    history->trades[place] = trade;
    history->last[trade.pair] = place;
    history->count++;
    return 1;
}

/* No trade before this place closed after the time. */
static inline int32_t fk_history_after(const fk_history *history, int64_t time_ms) {
    int32_t first = 0, end = history->count;
    while (first < end) {
        const int32_t middle = first + (end - first) / 2;
        if (history->trades[middle].latest_ms > time_ms)
            end = middle;
        else
            first = middle + 1;
    }
    return first;
}

static inline fk_window fk_window_of(const fk_history *history, int32_t pair, int64_t after_ms) {
    fk_window window = {history, after_ms, pair, -1};
    if (pair == FK_ALL_PAIRS) {
        window.next = fk_history_after(history, after_ms);
    } else {
        int32_t place = history->last[pair];
        for (; place >= 0 && history->trades[place].latest_of_pair_ms > after_ms;
             place = history->trades[place].before)
            window.next = place;
    }
    return window;
}

/* The window's next trade in the order of closing, or NULL. */
static inline const fk_closed *fk_window_next(fk_window *window) {
    while (window->next >= 0 && window->next < window->history->count) {
        const fk_closed *trade = window->history->trades + window->next;
        window->next = window->pair == FK_ALL_PAIRS ? window->next + 1 : trade->after;
        if (trade->close_ms > window->after_ms) return trade;
    }
    return NULL;
}

/* The sum of profit_abs over the trades that closed up to a time. */
static inline double fk_profit_until(const fk_history *history, int64_t time_ms) {
    int32_t place = fk_history_after(history, time_ms);
    fk_sum sum =
        place > 0 ? history->trades[place - 1].total : fk_sum_start(history->compensated);
    for (; place < history->count; place++)
        if (history->trades[place].close_ms <= time_ms)
            fk_sum_add(&sum, history->trades[place].profit_abs);
    return fk_sum_result(&sum);
}

#endif
