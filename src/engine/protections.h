/* freqtrade's ProtectionManager with the four protections that are part of freqtrade, for
 * Backtesting.run_protections. Times are milliseconds since 1970, UTC.
 */
#ifndef FK_ENGINE_PROTECTIONS_H
#define FK_ENGINE_PROTECTIONS_H

#include <math.h>
#include <stdint.h>

#include "drawdown.h"
#include "fk_sum.h"
#include "history.h"
#include "locks.h"

enum {
    FK_COOLDOWN_PERIOD = 0,
    FK_LOW_PROFIT_PAIRS = 1,
    FK_MAX_DRAWDOWN = 2,
    FK_STOPLOSS_GUARD = 3
};

/* How fk_run_protections ends: well, without memory, or where freqtrade raises ValueError. */
enum { FK_PROTECTIONS_RAN = 0, FK_PROTECTIONS_NO_MEMORY = 1, FK_PROTECTIONS_RAISE = 2 };

/* A protection, shared with Python field by field. */
typedef struct {
    int64_t lookback_ms, stop_ms;
    double trade_limit;
    double threshold;      /* required_profit or max_allowed_drawdown */
    int32_t unlock_minute; /* of the day; negative: stop_ms counts */
    uint8_t kind;          /* one of the four */
    uint8_t only_per_pair, only_per_side;
    uint8_t equity; /* how the drawdown is calculated: on the balance, otherwise on ratios */
} fk_protection;

typedef struct {
    const fk_protection *rules;
    int32_t rule_count;
    fk_history history;
    fk_profits profits;
    fk_locks locks;
} fk_protections;

/* A filled exit, and for which pair the protections are asked. */
typedef struct {
    int64_t now_ms;
    double starting_balance;
    int32_t pair; /* FK_ALL_PAIRS: for all */
    int is_short;
} fk_filled_exit;

/* What a protection goes by, as it looks through a window. */
typedef struct {
    int64_t count, last_ms; /* of the trades that count; the last closing time */
    double value;
    int no_addend;
} fk_finding;

/* ---- life; the rules must outlive it, and pairs are 0 to pairs - 1 */

/* Returns false if there is no memory; free it in any case. */
static inline int fk_protections_start(fk_protections *p, const fk_protection *rules,
                                       int32_t rule_count, int32_t pairs, fk_lock_grid grid,
                                       int compensated_sum, int lock_end_included) {
    const int has_history = fk_history_start(&p->history, pairs, compensated_sum);
    const int has_locks = fk_locks_start(&p->locks, pairs, grid, lock_end_included);
    p->rules = rules;
    p->rule_count = rule_count;
    p->profits.dates = NULL;
    p->profits.values = NULL;
    p->profits.order = NULL;
    p->profits.count = p->profits.room = 0;
    return has_history && has_locks;
}

static inline void fk_protections_free(fk_protections *p) {
    fk_history_free(&p->history);
    fk_profits_free(&p->profits);
    fk_locks_free(&p->locks);
}

/* A trade has closed; by_stop: its exit reason reads like one that StoplossGuard counts. Returns
 * false if there is no memory. */
static inline int fk_protections_add_closed(fk_protections *p, int32_t pair, int is_short,
                                            int64_t close_ms, double profit, double profit_abs,
                                            int by_stop) {
    fk_closed trade = {0};
    if (p->rule_count == 0) return 1;
    trade.pair = pair;
    trade.is_short = is_short != 0;
    trade.close_ms = close_ms;
    trade.profit = profit;
    trade.profit_abs = profit_abs;
    trade.by_stop = by_stop != 0;
    return fk_history_add(&p->history, trade);
}

/* ---- what each protection finds; true if it asks for a lock */

static inline void fk_count(fk_finding *found, const fk_closed *trade) {
    if (found->count++ == 0 || trade->close_ms > found->last_ms) found->last_ms = trade->close_ms;
}

static inline int fk_cooldown_period(fk_window window, fk_finding *found) {
    for (const fk_closed *trade; (trade = fk_window_next(&window));) fk_count(found, trade);
    return found->count > 0;
}

static inline int fk_low_profit_pairs(const fk_protection *rule, fk_window window, int is_short,
                                      fk_finding *found) {
    fk_sum profit = fk_sum_start(window.history->compensated);
    found->no_addend = 1;
    for (const fk_closed *trade; (trade = fk_window_next(&window));) {
        fk_count(found, trade);
        if (trade->profit == 0.0 || (rule->only_per_side && trade->is_short != is_short)) continue;
        fk_sum_add(&profit, trade->profit);
        found->no_addend = 0;
    }
    found->value = fk_sum_result(&profit);
    return !((double)found->count < rule->trade_limit) && found->value < rule->threshold;
}

static inline int fk_stoploss_guard(const fk_protection *rule, fk_window window, int is_short,
                                    fk_finding *found) {
    for (const fk_closed *trade; (trade = fk_window_next(&window));)
        if (trade->by_stop && trade->profit != 0.0 && trade->profit < rule->threshold &&
            !(rule->only_per_side && trade->is_short != is_short))
            fk_count(found, trade);
    return !((double)found->count < rule->trade_limit);
}

/* The profits of the window are those that have been collected. */
static inline int fk_drawdown_stop(fk_protections *p, const fk_protection *rule, fk_window window,
                                   double starting_balance, fk_finding *found) {
    if (found->count == 0 || (double)found->count < rule->trade_limit) return 0;
    if (rule->equity) starting_balance += fk_profit_until(&p->history, window.after_ms);
    found->value = fk_max_drawdown(&p->profits, starting_balance, rule->equity);
    return found->value > rule->threshold;
}

/* Returns false if there is no memory. */
static inline int fk_collect_profits(fk_protections *p, const fk_protection *rule,
                                     fk_window window, fk_finding *found) {
    if (!fk_profits_clear(&p->profits, p->history.count - window.next)) return 0;
    for (const fk_closed *trade; (trade = fk_window_next(&window));) {
        fk_count(found, trade);
        fk_profits_add(&p->profits, trade->close_ms,
                       rule->equity ? trade->profit_abs : trade->profit);
    }
    return 1;
}

/* ---- the manager */

/* calculate_lock_end for trades of which the last one closed then. */
static inline int64_t fk_lock_end(const fk_protection *rule, int64_t last_ms) {
    const int64_t day_ms = 86400000, minute_ms = 60000;
    int64_t end_ms;
    if (rule->unlock_minute < 0) return last_ms + rule->stop_ms;
    end_ms = fk_floor_div(last_ms, day_ms) * day_ms + rule->unlock_minute * minute_ms +
             (last_ms - fk_floor_div(last_ms, minute_ms) * minute_ms);
    return end_ms < last_ms ? end_ms + day_ms : end_ms;
}

static inline int fk_asks_for_lock(fk_protections *p, const fk_protection *rule,
                                   const fk_filled_exit *at, fk_window window, fk_finding *found) {
    switch (rule->kind) {
        case FK_COOLDOWN_PERIOD: return fk_cooldown_period(window, found);
        case FK_LOW_PROFIT_PAIRS: return fk_low_profit_pairs(rule, window, at->is_short, found);
        case FK_MAX_DRAWDOWN:
            return fk_drawdown_stop(p, rule, window, at->starting_balance, found);
        default: return fk_stoploss_guard(rule, window, at->is_short, found);
    }
}

static inline int fk_run_protection(fk_protections *p, int32_t place, const fk_filled_exit *at) {
    const fk_protection *rule = p->rules + place;
    const fk_window window = fk_window_of(&p->history, at->pair, at->now_ms - rule->lookback_ms);
    fk_finding found = {0, 0, NAN, 0};
    fk_lock lock = {0};
    if (rule->kind == FK_MAX_DRAWDOWN && !fk_collect_profits(p, rule, window, &found))
        return FK_PROTECTIONS_NO_MEMORY;
    if (!fk_asks_for_lock(p, rule, at, window, &found)) return FK_PROTECTIONS_RAN;
    if (found.count == 0) return FK_PROTECTIONS_RAISE; /* max() of no trades */
    lock.lock_ms = at->now_ms;
    lock.end_ms = fk_lock_end(rule, found.last_ms);
    lock.value = found.value;
    lock.no_addend = (uint8_t)found.no_addend;
    lock.pair = at->pair;
    lock.rule = place;
    lock.side = FK_EITHER_SIDE;
    if (rule->only_per_side) lock.side = at->is_short ? FK_SHORT : FK_LONG;
    if (fk_is_locked(&p->locks, lock.pair, lock.end_ms, lock.side)) return FK_PROTECTIONS_RAN;
    return fk_lock_pair(&p->locks, &lock) ? FK_PROTECTIONS_RAN : FK_PROTECTIONS_NO_MEMORY;
}

static inline int fk_can_stop(const fk_protection *rule, int all_pairs) {
    if (!all_pairs) return rule->kind != FK_MAX_DRAWDOWN;
    return rule->kind == FK_MAX_DRAWDOWN ||
           (rule->kind == FK_STOPLOSS_GUARD && !rule->only_per_pair);
}

/* Backtesting.run_protections, after each filled exit, a partial one too. */
static inline int fk_run_protections(fk_protections *p, int32_t pair, int64_t now_ms, int is_short,
                                     double starting_balance) {
    const fk_filled_exit asked[2] = {{now_ms, starting_balance, pair, is_short != 0},
                                     {now_ms, starting_balance, FK_ALL_PAIRS, is_short != 0}};
    for (int all_pairs = 0; all_pairs < 2; all_pairs++)
        for (int32_t place = 0; place < p->rule_count; place++)
            if (fk_can_stop(p->rules + place, all_pairs)) {
                const int ended = fk_run_protection(p, place, asked + all_pairs);
                if (ended != FK_PROTECTIONS_RAN) return ended;
            }
    return FK_PROTECTIONS_RAN;
}

#endif
