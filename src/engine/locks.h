/* Pair locks as freqtrade's PairLocks keeps them during a backtest, where nothing takes a lock back.
 *
 * Times are milliseconds since 1970, UTC. A side is FK_LONG, FK_SHORT or FK_EITHER_SIDE ("*").
 */
#ifndef FK_ENGINE_LOCKS_H
#define FK_ENGINE_LOCKS_H

#include <stdint.h>
#include <stdlib.h>

#define FK_ALL_PAIRS (-1)

/* The first two are what is_short says. */
enum { FK_LONG = 0, FK_SHORT = 1, FK_EITHER_SIDE = 2 };

/* A lock, shared with Python field by field. */
typedef struct {
    int64_t lock_ms; /* lock_time: when it was made */
    int64_t end_ms;  /* lock_end_time */
    double value;    /* the profit or drawdown that its reason names; NaN: none */
    int32_t pair;    /* FK_ALL_PAIRS: "*" */
    int32_t rule;    /* which protection made it */
    uint8_t side;
    uint8_t no_addend; /* the value is the int 0, the sum of nothing */
} fk_lock;

/* How timeframe_to_next_date rounds: to multiples of a step, or by the calendar if months > 0. */
typedef struct {
    int64_t step_ms, origin_ms;
    int64_t months;
} fk_lock_grid;

typedef struct {
    fk_lock *items; /* in the order in which they were made */
    int64_t count, room;
    int64_t *free_ms; /* per pair, all pairs first, and side: from when on nothing locks it */
    int64_t all_free_ms;
    fk_lock_grid grid;
    int end_included; /* whether a lock still holds at its end, as in freqtrade 2025.9 */
} fk_locks;

/* ---- time */

/* Python's //, for a divisor above zero. */
static inline int64_t fk_floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

/* Days from 1970 to the first of a month that is counted from January of year 0. */
static inline int64_t fk_days_to_month(int64_t month) {
    const int64_t shifted = month - 2; /* a year that ends with February */
    const int64_t year = fk_floor_div(shifted, 12), in_year = shifted - 12 * year;
    const int64_t leap_days =
        fk_floor_div(year, 4) - fk_floor_div(year, 100) + fk_floor_div(year, 400);
    return 365 * year + leap_days + (153 * in_year + 2) / 5 - 719468;
}

static inline int64_t fk_month_of_day(int64_t day) {
    int64_t month = fk_floor_div(4800 * (day + 719528), 146097);
    while (fk_days_to_month(month) > day) month--;
    while (fk_days_to_month(month + 1) <= day) month++;
    return month;
}

/* timeframe_to_next_date: the end of the candle that the time is in. */
static inline int64_t fk_next_candle(const fk_lock_grid *grid, int64_t time_ms) {
    if (grid->months > 0) {
        const int64_t month = fk_month_of_day(fk_floor_div(time_ms, 86400000));
        return 86400000 * fk_days_to_month((fk_floor_div(month, grid->months) + 1) * grid->months);
    }
    return grid->origin_ms +
           (fk_floor_div(time_ms - grid->origin_ms, grid->step_ms) + 1) * grid->step_ms;
}

/* ---- locks */

/* Returns false if there is no memory. */
static inline int fk_locks_start(fk_locks *locks, int32_t pairs, fk_lock_grid grid,
                                 int end_included) {
    const size_t places = 3 * ((size_t)pairs + 1);
    locks->items = NULL;
    locks->count = locks->room = 0;
    locks->all_free_ms = INT64_MIN;
    locks->grid = grid;
    locks->end_included = end_included;
    locks->free_ms = malloc(places * sizeof *locks->free_ms);
    if (!locks->free_ms) return 0;
    for (size_t i = 0; i < places; i++) locks->free_ms[i] = INT64_MIN;
    return 1;
}

static inline void fk_locks_free(fk_locks *locks) {
    free(locks->items);
    free(locks->free_ms);
    locks->items = NULL;
    locks->free_ms = NULL;
    locks->count = locks->room = 0;
}

static inline int fk_locked_by(const fk_locks *locks, int32_t pair, int64_t time_ms, int side) {
    const int64_t *free_ms = locks->free_ms + 3 * ((int64_t)pair + 1);
    return time_ms < free_ms[FK_EITHER_SIDE] || time_ms < free_ms[side];
}

/* PairLocks.is_pair_locked; with FK_ALL_PAIRS is_global_lock. */
static inline int fk_is_locked(const fk_locks *locks, int32_t pair, int64_t time_ms, int side) {
    return time_ms < locks->all_free_ms && (fk_locked_by(locks, pair, time_ms, side) ||
                                            fk_locked_by(locks, FK_ALL_PAIRS, time_ms, side));
}

/* PairLocks.lock_pair for a time at which the pair is not locked: then there is no lock that this
 * one would repeat, and it ends after the others. Takes the time that is asked for in end_ms.
 * Returns false if there is no memory. */
static inline int fk_lock_pair(fk_locks *locks, const fk_lock *asked) {
    int64_t *free_ms = locks->free_ms + 3 * ((int64_t)asked->pair + 1) + asked->side;
    int64_t until_ms;
    if (locks->count == locks->room) {
        const int64_t room = locks->room ? 2 * locks->room : 16;
        fk_lock *items = realloc(locks->items, (size_t)room * sizeof *items);
        if (!items) return 0;
        locks->items = items;
        locks->room = room;
    }
    locks->items[locks->count] = *asked;
    locks->items[locks->count].end_ms = fk_next_candle(&locks->grid, asked->end_ms);
    until_ms = locks->items[locks->count++].end_ms + (locks->end_included != 0);
    *free_ms = until_ms;
    if (until_ms > locks->all_free_ms) locks->all_free_ms = until_ms;
    return 1;
}

#endif
