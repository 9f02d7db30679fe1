/* Prices and amounts on an exchange's grid, with the results of freqtrade's price_to_precision and
 * amount_to_precision, that is of ccxt's decimal_to_precision in a decimal context of 28 digits.
 *
 * Where ccxt or freqtrade would raise, and where the context would cut digits off, these refuse.
 */
#ifndef FK_PRECISION_H
#define FK_PRECISION_H

#include <math.h>
#include <stdint.h>

#include "fk_decimal.h"
#include "fk_round.h"
#include "fk_shortest.h"
#include "fk_value.h"

/* ccxt's numbers. */
enum { FK_TRUNCATE = 0, FK_ROUND = 1, FK_ROUND_UP = 2, FK_ROUND_DOWN = 3 };
enum {
    FK_NO_COUNTING = 0, /* ours */
    FK_DECIMAL_PLACES = 2,
    FK_SIGNIFICANT_DIGITS = 3,
    FK_TICK_SIZE = 4
};

/* ccxt uses at most this many places or digits, two less than the context has. */
#define FK_PLACES_LAST 26
#define FK_CONTEXT_DIGITS 28
/* freqtrade rounds the price of a stop to this many places in the end. */
#define FK_STOP_PLACES 14

/* A market's precision, prepared once. */
typedef struct {
    int counting;
    fk_short tick;      /* FK_TICK_SIZE */
    int whole, nearest; /* otherwise: int(precision), round(precision) */
} fk_precision;

/* False for a precision or a counting mode that no market can have: nothing gets onto its grid. */
static inline int fk_precision_of(double precision, int counting, fk_precision *out) {
    const int is_tick = counting == FK_TICK_SIZE && precision > 0.0 && precision <= 1e300;
    const int is_places = (counting == FK_DECIMAL_PLACES || counting == FK_SIGNIFICANT_DIGITS) &&
                          fabs(precision) <= 1000.0;
    out->counting = is_tick || is_places ? counting : FK_NO_COUNTING;
    out->whole = is_places ? (int)precision : 0;
    out->nearest = is_places ? (int)rint(precision) : 0;
    out->tick = fk_shortest(is_tick ? precision : 1.0);
    return is_tick || is_places;
}

static inline int fk_refuse(double *out) {
    *out = NAN;
    return 0;
}

/* digits / 10^decimals; no negative zero, as in ccxt. */
static inline int fk_on_grid(uint64_t digits, int decimals, int negative, double *out) {
    const fk_decimal result = fk_decimal_of_integer(digits, decimals, negative);
    return fk_to_double(&result, out);
}

/* Whether the context holds all digits of a up to that many places. */
static inline int fk_fits_context(const fk_decimal *a, int places) {
    const fk_decimal limit = fk_decimal_of_integer(1, places - FK_CONTEXT_DIGITS, 0);
    const fk_decimal size = fk_abs(a);
    int order;
    if (a->decimals - limit.decimals >= FK_DIGITS) return a->size >= 0; /* far below */
    return fk_compare(&size, &limit, &order) && order < 0;
}

/* ---- ticks */

/* a * 10^power in 62 bits; false if it does not fit. */
static inline int fk_raise_word(uint64_t *a, int power) {
    uint64_t high;
    if (power > FK_TEN_LAST) return 0;
    *a = fk_mul64(*a, FK_TEN[power], &high);
    return high == 0 && *a >> 62 == 0;
}

/* Whether the multiple of the tick farther from zero is asked for; order: that of twice what is
 * missing to the nearer one and the tick. */
static inline int fk_away_from_zero(int mode, int order, int negative) {
    if (mode == FK_ROUND) return order >= 0;
    return mode == (negative ? FK_ROUND_DOWN : FK_ROUND_UP);
}

/* What freqtrade makes of a multiple of the tick. */
static inline int fk_finish_tick(double multiple, int mode, double *out) {
    *out = mode == FK_TRUNCATE || mode == FK_ROUND ? multiple
                                                   : fk_round_places(multiple, FK_STOP_PLACES);
    return 1;
}

/* Whether ccxt can round to the tick's decimals what it found. */
static inline int fk_tick_fits_context(const fk_decimal *multiple, const fk_short *tick) {
    return fk_fits_context(multiple, tick->decimals > 0 ? tick->decimals : 0);
}

/* Numbers of any width. */
static inline int fk_wide_to_tick(double x, const fk_short *tick, int mode, double *out) {
    const int in_context = mode == FK_TRUNCATE || mode == FK_ROUND;
    const fk_decimal exact = fk_decimal_of(x), size = fk_abs(&exact);
    const fk_decimal step = fk_decimal_of_integer(tick->digits, tick->decimals, 0);
    const fk_decimal missing = fk_mod(&size, &step), to_next = fk_sub(&step, &missing);
    fk_decimal multiple = fk_sub(&size, &missing);
    int order;
    if (!fk_compare(&missing, &to_next, &order)) return fk_refuse(out);
    if (missing.size && fk_away_from_zero(mode, order, exact.negative))
        multiple = fk_add(&multiple, &step);
    if (in_context && !fk_tick_fits_context(&multiple, tick)) return fk_refuse(out);
    if (missing.size == 0) {
        *out = in_context ? x + 0.0 : x; /* no negative zero from ccxt */
        return 1;
    }
    if (exact.negative) multiple = fk_neg(&multiple);
    return fk_to_double(&multiple, out) && fk_finish_tick(*out, mode, out);
}

/* x is finite. */
static inline int fk_to_tick(double x, const fk_short *tick, int mode, double *out) {
    const int in_context = mode == FK_TRUNCATE || mode == FK_ROUND;
    const fk_short price = fk_shortest(x);
    const int places = price.decimals > tick->decimals ? price.decimals : tick->decimals;
    uint64_t units = price.digits, step = tick->digits, missing;
    if (in_context && tick->decimals > FK_PLACES_LAST) return fk_refuse(out);
    if (places < 0 || !fk_raise_word(&units, places - price.decimals) ||
        !fk_raise_word(&step, places - tick->decimals))
        return fk_wide_to_tick(x, tick, mode, out);
    missing = units % step;
    if (missing == 0) {
        *out = in_context ? x + 0.0 : x;
        return 1;
    }
    units -= missing;
    if (fk_away_from_zero(mode, 2 * missing >= step ? 1 : -1, price.negative)) units += step;
    fk_on_grid(units, places, price.negative, out);
    return fk_finish_tick(*out, mode, out);
}

/* ---- decimal places and significant digits */

/* x cut after that many places (below zero: before the point); half: rounded, ties away from zero
 * (1) or towards it (-1); away: the next one in any case. */
static inline int fk_cut(const fk_short *x, int places, int half, int away, double *out) {
    const int cut = x->decimals - places;
    uint64_t units = x->digits, rest = 0;
    int order = -1;
    if (cut > 0 && cut < FK_TEN_LAST) {
        const uint64_t power = FK_TEN[cut];
        rest = units % power;
        units /= power;
        order = 2 * rest > power ? 1 : 2 * rest < power ? -1 : 0;
    } else if (cut > 0) { /* 17 digits at most: less than half */
        rest = units;
        units = 0;
    }
    if (cut <= 0) return fk_on_grid(units, x->decimals, x->negative, out);
    if (away || (half > 0 && order >= 0) || (half < 0 && order > 0)) units++;
    return fk_on_grid(units, places, x->negative, out);
}

static inline int fk_to_places(double x, int places, int mode, double *out) {
    const fk_short price = fk_shortest(x);
    const fk_decimal exact = fk_decimal_of(x);
    if (places > FK_PLACES_LAST) places = FK_PLACES_LAST;
    if ((mode == FK_ROUND || places < 0) && !fk_fits_context(&exact, places))
        return fk_refuse(out);
    return fk_cut(&price, places, mode == FK_ROUND, 0, out);
}

/* freqtrade's own, in doubles. */
static inline int fk_stop_to_places(double x, int places, int mode, double *out) {
    double units;
    if (places < 0 || places > 22) return fk_refuse(out);
    units = x * FK_POW10[places];
    if (!isfinite(units)) return fk_refuse(out);
    units = mode == FK_ROUND_UP ? ceil(units) : floor(units);
    *out = (units + 0.0) / FK_POW10[places]; /* of a Python int: no negative zero */
    return 1;
}

/* The place of the first digit: 0 for 1..9.99, as Decimal.adjusted(). x is not zero. */
static inline int fk_adjusted(const fk_short *x) {
    int digits = 1;
    while (digits <= 17 && x->digits >= FK_TEN[digits]) digits++;
    return digits - 1 - x->decimals;
}

/* Negative prices with more digits than asked for are refused: ccxt counts the sign as a digit. */
static inline int fk_to_significant(double x, int digits, int mode, double *out) {
    const fk_short price = fk_shortest(x);
    int places, whole, stop = mode == FK_ROUND_UP || mode == FK_ROUND_DOWN;
    if (digits < 1 || (stop && digits > FK_PLACES_LAST)) return fk_refuse(out);
    if (digits > FK_PLACES_LAST) digits = FK_PLACES_LAST;
    if (price.digits == 0) {
        *out = stop ? x : 0.0;
        return 1;
    }
    places = digits - fk_adjusted(&price) - 1;
    whole = places < 0;
    if (whole && price.negative && mode != FK_TRUNCATE) return fk_refuse(out);
    if (!stop) return fk_cut(&price, places, mode == FK_TRUNCATE ? 0 : whole ? -1 : 1, 0, out);
    if (mode == FK_ROUND_DOWN) return fk_cut(&price, places, 0, 0, out);
    if (whole && price.decimals <= places) { /* freqtrade goes up from the grid, too */
        fk_decimal next = fk_decimal_of_integer(1, places, 0);
        const fk_decimal exact = fk_decimal_of(x);
        next = fk_add(&exact, &next);
        return fk_to_double(&next, out);
    }
    return fk_cut(&price, places, 0, 1, out);
}

/* ---- freqtrade's functions */

/* price_to_precision(price, precision, counting, rounding_mode=mode). */
static inline int fk_price_to_precision(double price, const fk_precision *to, int mode,
                                        double *out) {
    const int stop = mode == FK_ROUND_UP || mode == FK_ROUND_DOWN;
    *out = price;
    if (isnan(price)) return 1;
    if (!isfinite(price)) return fk_refuse(out);
    if (to->counting == FK_TICK_SIZE) return fk_to_tick(price, &to->tick, mode, out);
    if (to->counting == FK_SIGNIFICANT_DIGITS)
        return fk_to_significant(price, stop ? to->nearest : to->whole, mode, out);
    if (to->counting != FK_DECIMAL_PLACES) return fk_refuse(out);
    return stop ? fk_stop_to_places(price, to->nearest, mode, out)
                : fk_to_places(price, to->whole, mode, out);
}

/* amount_to_precision(amount, precision, counting). */
static inline int fk_amount_to_precision(double amount, const fk_precision *to, double *out) {
    if (isnan(amount)) return fk_refuse(out);
    return fk_price_to_precision(amount, to, FK_TRUNCATE, out);
}

/* amount_to_contract_precision(amount, precision, counting, contract_size), where zero stands for
 * no contract size. */
static inline int fk_amount_to_contract_precision(double amount, const fk_precision *to,
                                                  double contract_size, double *out) {
    const fk_decimal size = fk_decimal_of(contract_size);
    fk_decimal contracts;
    if (contract_size == 0.0 || contract_size == 1.0)
        return fk_amount_to_precision(amount, to, out);
    contracts = fk_decimal_of(amount);
    contracts = fk_div(&contracts, &size);
    if (!fk_to_double(&contracts, out) || !fk_amount_to_precision(*out, to, out)) return 0;
    contracts = fk_decimal_of(*out);
    contracts = fk_mul(&contracts, &size);
    return fk_to_double(&contracts, out);
}

#endif
