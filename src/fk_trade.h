/* What a trade is worth, step by step as freqtrade's LocalTrade computes it: exact decimals up to
 * each float(), plain doubles after it.
 *
 * Arguments that stay the same for a whole trade are decimals, to be prepared once. The functions
 * that return int write NaN and return false when a number cannot be had (see fk_decimal.h).
 */
#ifndef FK_TRADE_H
#define FK_TRADE_H

#include <math.h>

#include "fk_decimal.h"
#include "fk_round.h"
#include "fk_value.h"

/* 1 + fee or 1 - fee. amount * rate +- amount * rate * fee is amount * rate * factor, exactly. */
static inline fk_decimal fk_fee_factor(double fee, int plus) {
    const fk_decimal one = fk_decimal_of_integer(1, 0, 0), rate = fk_decimal_of(fee);
    return plus ? fk_add(&one, &rate) : fk_sub(&one, &rate);
}

/* float(amount * price): stakes, before the division by the leverage. */
static inline int fk_cost(const fk_decimal *amount, const fk_decimal *price, double *out) {
    const fk_decimal cost = fk_mul(amount, price);
    return fk_to_double(&cost, out);
}

/* The open value (long: 1 + fee, short: 1 - fee) and, without funding fees, the close value (the
 * other way round). */
static inline int fk_value_with_fee(const fk_decimal *amount, const fk_decimal *rate,
                                    const fk_decimal *factor, double *out) {
    const fk_decimal value = fk_mul(amount, rate), with_fee = fk_mul(&value, factor);
    return fk_to_double(&with_fee, out);
}

/* Funding fees of futures: earned if positive. */
static inline double fk_with_funding(double close_value, double funding_fees, int is_short) {
    return is_short ? close_value - funding_fees : close_value + funding_fees;
}

/* amount * price / amount with 18 decimals: not always the price. */
static inline fk_decimal fk_average_price(const fk_decimal *amount, const fk_decimal *price) {
    const fk_decimal cost = fk_mul(amount, price);
    return fk_div(&cost, amount);
}

/* Order.stake_amount. */
static inline int fk_order_stake(const fk_decimal *amount, const fk_decimal *price,
                                 const fk_decimal *leverage, double *out) {
    const fk_decimal cost = fk_mul(amount, price), stake = fk_div(&cost, leverage);
    return fk_to_double(&stake, out);
}

/* calc_profit_ratio of two values. */
static inline double fk_profit_ratio(double open_value, double close_value, double leverage,
                                     int is_short) {
    double ratio;
    if (open_value == 0.0) return 0.0;
    ratio = is_short ? (1.0 - close_value / open_value) * leverage
                     : (close_value / open_value - 1.0) * leverage;
    return fk_round_places(ratio, 8);
}

static inline double fk_profit_abs(double open_value, double close_value, int is_short) {
    return fk_round_places(is_short ? open_value - close_value : close_value - open_value, 8);
}

/* calc_close_rate_for_roi; value_at_0 and value_at_1 are close values of these rates. */
static inline int fk_rate_for_roi(double open_value, double value_at_0, double value_at_1,
                                  double roi, double leverage, int is_short, double *out) {
    const double slope = value_at_1 - value_at_0;
    const int divides = slope != 0.0 && leverage != 0.0;
    const double adjusted = 1.0 + (roi / leverage) / (is_short ? -1.0 : 1.0);
    *out = divides ? (adjusted * open_value - value_at_0) / slope : NAN;
    return divides;
}

#endif
