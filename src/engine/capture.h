/* Wallet captures: Backtesting._capture_wallet for every candle and visited pair. */
#ifndef FK_ENGINE_CAPTURE_H
#define FK_ENGINE_CAPTURE_H

#include "state.h"

/* Whether the total is what an int in the configuration has become without any float. */
static inline int32_t fk_is_whole(const fk_engine *e, int32_t currency) {
    if (e->events.is_on) return e->events.whole[currency];
    if (!e->whole_start[currency]) return 0;
    if (currency == e->wallet.stake_currency)
        return e->rules.futures && e->open.size == 0 && e->closed.size == 0;
    for (int64_t i = e->open.size - 1; i >= 0 && !e->rules.futures; i--) {
        const fk_trade *t = &fk_open_position(e, i)->trade;
        if (e->pairs[t->pair].market.base_currency == currency) return t->amount == 0.0;
    }
    return 1;
}

static inline int fk_capture(fk_engine *e, int64_t now_ms, int32_t currency, double price) {
    const double total = e->totals[currency];
    fk_capture_row *row;
    if (total == 0.0) return 1;
    row = fk_append(e, &e->captures, sizeof *row);
    if (!row) return 0;
    row->time_ms = now_ms;
    row->price = price;
    row->total = total;
    row->currency = currency;
    row->is_whole = fk_is_whole(e, currency);
    return 1;
}

static inline int fk_capture_stake(fk_engine *e, int64_t now_ms) {
    if (!e->rules.capture_wallets) return 1;
    return fk_capture(e, now_ms, e->wallet.stake_currency, 1.0);
}

/* Whether the pair has a row at that candle; pair->row moves up to it. */
static inline int fk_has_row(fk_pair *pair, int64_t candle) {
    pair->row = fk_row_from(&pair->candles, pair->row, candle);
    return pair->row < pair->last_row && fk_candle_of_row(&pair->candles, pair->row) == candle;
}

static inline int fk_capture_pair(fk_engine *e, const fk_pair *pair, int64_t now_ms) {
    if (!e->rules.capture_wallets) return 1;
    return fk_capture(e, now_ms, pair->market.captured_currency, pair->candles.open[pair->row]);
}

/* Pairs in the order in which a candle visits them: those with open trades first. */
static inline void fk_visiting_order(fk_engine *e) {
    int32_t count = 0;
    for (int64_t i = 0; i < e->open.size; i++) {
        const int32_t at = fk_open_position(e, i)->trade.pair;
        if (e->pairs[at].in_order) continue;
        e->pairs[at].in_order = 1;
        e->order[count++] = at;
    }
    for (int32_t at = 0; at < e->pair_count; at++) {
        if (!e->pairs[at].in_order) e->order[count++] = at;
        e->pairs[at].in_order = 0;
    }
}

/* Candles at which nothing else happens: [first, last]. */
static inline int fk_capture_idle(fk_engine *e, int64_t first, int64_t last) {
    int32_t held = 0;
    if (!e->rules.capture_wallets || first > last) return 1;
    fk_visiting_order(e);
    for (int32_t i = 0; i < e->pair_count; i++)
        if (e->totals[e->pairs[e->order[i]].market.captured_currency] != 0.0)
            e->order[held++] = e->order[i];
    for (int64_t candle = first; candle <= last; candle++) {
        const int64_t now_ms = fk_time_of(e, candle);
        if (!fk_capture_stake(e, now_ms)) return 0;
        for (int32_t i = 0; i < held; i++) {
            fk_pair *pair = &e->pairs[e->order[i]];
            if (fk_has_row(pair, candle) && !fk_capture_pair(e, pair, now_ms)) return 0;
        }
    }
    return 1;
}

#endif
