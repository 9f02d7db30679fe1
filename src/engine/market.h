/* A market's limits, leverage tiers and liquidation prices, as freqtrade's exchange has them. */
#ifndef FK_ENGINE_MARKET_H
#define FK_ENGINE_MARKET_H

#include "wallet.h"

/* get_min_pair_stake_amount at a price; 0 for none. */
static inline double fk_min_stake(const fk_engine *e, const fk_market *m, double price,
                                  double leverage) {
    double limit = NAN;
    if (!isnan(m->cost_min)) limit = m->cost_min * e->rules.stoploss_reserve;
    if (!isnan(m->amount_min)) {
        const double by_amount = m->amount_min * price * e->rules.margin_reserve;
        limit = isnan(limit) ? by_amount : fk_max(limit, by_amount);
    }
    return isnan(limit) ? 0.0 : limit / leverage;
}

static inline double fk_smaller(double limit, double other) {
    return isnan(other) ? limit : isnan(limit) ? other : fk_min(limit, other);
}

/* get_max_pair_stake_amount. */
static inline double fk_max_stake(const fk_engine *e, const fk_market *m, double price,
                                  double leverage) {
    double limit = NAN;
    for (int64_t i = m->last_tier - 1; i >= m->first_tier; i--) {
        const fk_tier *tier = &e->tiers[i];
        if (!(leverage <= tier->max_leverage)) continue;
        if (tier->max_notional != 0.0) limit = tier->max_notional;
        break;
    }
    limit = fk_smaller(limit, m->cost_max);
    limit = fk_smaller(limit, isnan(m->amount_max) ? NAN : m->amount_max * price);
    return isnan(limit) ? INFINITY : limit / leverage;
}

/* get_max_leverage; false where freqtrade raises, or warns. */
static inline int fk_max_leverage(const fk_engine *e, const fk_market *m, double stake,
                                  double *leverage, int *is_int) {
    double prior = 0.0;
    *leverage = 1.0;
    *is_int = 0;
    if (!e->rules.futures || m->first_tier == m->last_tier) return 1;
    for (int64_t i = m->first_tier; i < m->last_tier; i++) {
        const fk_tier *tier = &e->tiers[i];
        const double divisor = prior != 0.0 ? prior : tier->max_leverage;
        const double min_stake = tier->min_notional / divisor;
        const double max_stake =
            isnan(tier->max_notional) ? INFINITY : tier->max_notional / tier->max_leverage;
        if (tier->max_leverage == 0.0) return 0;
        prior = tier->max_leverage;
        *leverage = tier->max_leverage;
        *is_int = tier->whole;
        if (stake == 0.0 || (min_stake <= stake && stake <= max_stake)) return 1;
        if (stake < min_stake) return 0;
    }
    return 0;
}

/* get_maintenance_ratio_and_amt; NULL where freqtrade raises. */
static inline const fk_tier *fk_maintenance(const fk_engine *e, const fk_market *m,
                                            double stake) {
    for (int64_t i = m->last_tier - 1; i >= m->first_tier; i--)
        if (stake >= e->tiers[i].min_notional) return &e->tiers[i];
    return NULL;
}

/* dry_run_liquidation_price of Binance, isolated. */
static inline int fk_binance_liquidation(const fk_trade *t, const fk_tier *tier, double *price) {
    const double side = t->is_short ? -1.0 : 1.0;
    const double below = t->amount * tier->maintenance_ratio - side * t->amount;
    if (isnan(tier->maintenance_amount) || below == 0.0) return 0;
    *price = ((t->stake_amount + 0.0 + tier->maintenance_amount) - side * t->amount * t->open_rate) /
             below;
    return 1;
}

/* dry_run_liquidation_price of the other exchanges. */
static inline int fk_base_liquidation(const fk_trade *t, const fk_tier *tier, double taker_fee,
                                      double *price) {
    const double value = t->stake_amount / t->amount;
    const double ratio = tier->maintenance_ratio + taker_fee;
    const double below = t->is_short ? 1.0 + ratio : 1.0 - ratio;
    if (below == 0.0) return 0;
    *price = (t->is_short ? t->open_rate + value : t->open_rate - value) / below;
    return 1;
}

/* update_liquidation_prices for an isolated trade. */
static inline int fk_update_liquidation(fk_engine *e, fk_position *p, int64_t now_ms) {
    fk_trade *t = &p->trade;
    const fk_market *m = &e->pairs[t->pair].market;
    const fk_tier *tier;
    double price, buffer;
    if (e->rules.liquidation == FK_LIQUIDATION_NONE) return 1;
    tier = fk_maintenance(e, m, t->stake_amount);
    if (!tier || !(e->rules.liquidation == FK_LIQUIDATION_BINANCE
                       ? fk_binance_liquidation(t, tier, &price)
                       : fk_base_liquidation(t, tier, m->taker_fee, &price)))
        return fk_give_up(e, FK_LIQUIDATION_PRICE, t->pair, now_ms);
    buffer = fabs(t->open_rate - price) * e->rules.liquidation_buffer;
    price = fk_max(t->is_short ? price - buffer : price + buffer, 0.0);
    return fk_trade_price(e, p, price, FK_ROUND, now_ms, &t->liquidation_price);
}

#endif
