/* Funding fees of futures: Exchange.calculate_funding_fees and LocalTrade.set_funding_fees. */
#ifndef FK_ENGINE_FUNDING_H
#define FK_ENGINE_FUNDING_H

#include "state.h"

/* numpy's searchsorted. */
static inline int64_t fk_search(const int64_t *sorted, int64_t size, int64_t value, int right) {
    int64_t low = 0;
    while (low < size) {
        const int64_t middle = low + (size - low) / 2;
        if (sorted[middle] < value || (right && sorted[middle] == value))
            low = middle + 1;
        else
            size = middle;
    }
    return low;
}

static inline int64_t fk_last_fill(const fk_trade *t) {
    int64_t last = t->open_ms;
    if (t->entry.state == FK_ORDER_CLOSED && t->entry.filled_ms > last) last = t->entry.filled_ms;
    if (t->exit.state == FK_ORDER_CLOSED && t->exit.filled_ms > last) last = t->exit.filled_ms;
    return last;
}

/* The sum from the last fill up to now, inclusive; goes on from where it was the last time. */
static inline double fk_funding_fees(const fk_engine *e, fk_position *p, int64_t now_ms,
                                     uint8_t *kind) {
    const fk_funding *f = &e->pairs[p->trade.pair].funding;
    const int64_t first = fk_search(f->time_ns, f->rows, fk_last_fill(&p->trade) * 1000000, 0);
    int64_t last = p->funding_last;
    double fees;
    if (first != p->funding_first ||
        (last > first && f->time_ns[last - 1] > now_ms * 1000000)) {
        p->funding = fk_sum_start(e->rules.compensated_sum);
        p->funding_first = last = first;
    }
    for (; last < f->rows && f->time_ns[last] <= now_ms * 1000000; last++)
        fk_sum_add(&p->funding, f->fee_per_unit[last] * p->trade.amount);
    p->funding_last = last;
    *kind = last > first ? FK_FLOAT : FK_INT;
    fees = fk_sum_result(&p->funding);
    if (isnan(fees)) {
        fees = 0.0;
        *kind = FK_FLOAT;
    }
    return p->trade.is_short || *kind == FK_INT ? fees : -fees;
}

/* sum() of the fees already booked on orders; those that are zero are left out. */
static inline double fk_booked_funding(const fk_engine *e, const fk_trade *t, uint8_t *kind) {
    fk_sum sum = fk_sum_start(e->rules.compensated_sum);
    const fk_order *orders[2] = {&t->entry, &t->exit};
    *kind = FK_INT;
    for (int i = 0; i < 2; i++) {
        if (orders[i]->state != FK_ORDER_CLOSED || orders[i]->funding_kind == FK_NONE ||
            orders[i]->funding_fee == 0.0)
            continue;
        fk_sum_add(&sum, orders[i]->funding_fee);
        *kind = FK_FLOAT;
    }
    return fk_sum_result(&sum);
}

static inline void fk_run_funding(fk_engine *e, fk_position *p, int64_t now_ms) {
    fk_trade *t = &p->trade;
    uint8_t booked;
    if (!e->rules.futures) return;
    t->funding_fee_running = fk_funding_fees(e, p, now_ms, &t->running_kind);
    t->funding_fees = fk_booked_funding(e, t, &booked) + t->funding_fee_running;
    t->funding_kind = booked == FK_INT ? t->running_kind : FK_FLOAT;
}

static inline int fk_is_funding_time(const fk_engine *e, int64_t now_ms) {
    return e->rules.futures && now_ms % e->rules.funding_ms == 0;
}

#endif
