/* freqtrade's backtest: `Backtesting.backtest` from columns to closed trades.
 *
 * fk_engine_start, then fk_run in slices of candles, then fk_finish; fk_engine_free in any case.
 * Event by event (events.h): fk_engine_prepare, then fk_next_event until nothing is left.
 * Nothing outside of the engine changes; a run that is given up leaves no trace.
 */
#ifndef FK_ENGINE_H
#define FK_ENGINE_H

#include "events.h"

/* Long: enter and neither exit nor an entry of the other side; short alike, if longs did not win. */
static inline uint8_t fk_direction_of(int signals, int can_short) {
    const int enter_short = can_short && signals & FK_ENTER_SHORT;
    const int exit_short = can_short && signals & FK_EXIT_SHORT;
    if (signals & FK_ENTER_LONG && !(signals & FK_EXIT_LONG) && !enter_short) return 1;
    return enter_short && !exit_short && !(signals & FK_ENTER_LONG) ? 2 : 0;
}

static inline void fk_start_pair(const fk_engine *e, fk_pair *pair) {
    const fk_market *m = &pair->market;
    pair->last_row = fk_row_from(&pair->candles, 0, e->last_candle + 1);
    if (!isnan(m->amount_precision))
        fk_precision_of(m->amount_precision, m->amount_mode, &pair->amount_precision);
    if (!isnan(m->price_precision))
        fk_precision_of(m->price_precision, m->price_mode, &pair->market_precision);
}

/* What goes for every kind of run. Everything but counters, prices and arrays is zero already. */
static inline void fk_engine_prepare(fk_engine *e) {
    const int64_t length = e->rules.end_ms - e->rules.start_ms;
    e->last_candle = length < 0 ? 0 : length / e->rules.timeframe_ms;
    e->trade_id = e->rules.trade_id;
    e->order_id = e->rules.order_id;
    e->last_visit_ms = FK_NEVER;
    e->closed_profit = fk_sum_start(e->rules.compensated_sum);
    e->fee_plus = fk_fee_factor(e->rules.fee, 1);
    e->fee_minus = fk_fee_factor(e->rules.fee, 0);
    for (int can_short = 0; can_short < 2; can_short++)
        for (int signals = 0; signals < 256; signals++)
            e->direction[can_short][signals] = fk_direction_of(signals, can_short);
    for (int32_t at = 0; at < e->pair_count; at++) {
        fk_start_pair(e, &e->pairs[at]);
        fk_set_wake(e, &e->pairs[at], 0);
    }
}

/* Returns false without memory. */
static inline int fk_engine_start(fk_engine *e) {
    fk_engine_prepare(e);
    for (int32_t i = 0; i < e->currencies; i++) e->totals[i] = e->start_capital[i];
    return fk_update_wallets(e);
}

static inline void fk_engine_free(fk_engine *e) {
    fk_list *lists[] = {&e->held, &e->closed, &e->left, &e->captures, &e->rejections,
                        &e->order_of_visit};
    for (int64_t i = 0; i < e->open.size; i++) free(fk_open_position(e, i));
    while (e->spare) {
        fk_position *p = e->spare;
        e->spare = p->next;
        free(p);
    }
    free(e->open.items);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) free(lists[i]->items);
    free(e->pairs);
    free(e->order);
    free(e->totals);
    if (e->protects) fk_protections_free(&e->protections);
}

#endif
