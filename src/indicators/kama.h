/* Kaufman's adaptive moving average as TA-Lib 0.8 computes it.
 *
 *     efficiency = |change over the period| / sum of the absolute changes in it, at most 1
 *     smoothing  = (efficiency * (fastest - slowest) + slowest) squared
 *     average    = previous + smoothing * (value - previous)
 *
 * The sum is a running one, so it may come out at or below zero: then, as when no value of the
 * period differs from the one before, the efficiency is 1. Leading NaN are passed over; a later
 * one never leaves the sum.
 */
#ifndef FK_KAMA_H
#define FK_KAMA_H

#include "fused.h"

#define FK_KAMA_SLOWEST (2.0 / (30.0 + 1.0))
#define FK_KAMA_SPAN (2.0 / (2.0 + 1.0) - FK_KAMA_SLOWEST)

typedef struct {
    ptrdiff_t period;
    ptrdiff_t seen; /* values since the first that is not NaN, counted up to period + 1 */
    ptrdiff_t same; /* changes of zero up to now, without a break */
    double before;  /* the last value */
    double left;    /* the value that left last */
    double sum, average;
} fk_kama;

FK_INLINE void fk_kama_start(fk_kama *k, ptrdiff_t period) {
    k->period = period;
    k->seen = 0;
    k->same = 0;
    k->before = k->left = k->average = NAN;
    k->sum = 0.0;
}

FK_INLINE double fk_kama_smoothed(fk_kama *k, double value, double leaving) {
    double change = value - leaving;
    double efficiency = fabs(change / k->sum);
    double smoothing;
    efficiency = 1.0 < efficiency ? 1.0 : efficiency;
    efficiency = (k->sum <= 0.0) | (k->sum <= change) ? 1.0 : efficiency;
    smoothing = fma(efficiency, FK_KAMA_SPAN, FK_KAMA_SLOWEST);
    k->average = fma(value - k->average, smoothing * smoothing, k->average);
    k->left = leaving;
    k->before = value;
    return k->average;
}

/* One of the first rows: NaN until there are as many changes as the period has. */
FK_INLINE double fk_kama_early(fk_kama *k, double value, double leaving) {
    if (k->seen == 0 && isnan(value)) return NAN;
    if (k->period == 1) return value;
    if (k->seen > 0) {
        double change = k->before - value;
        k->same = change == 0.0 ? k->same + 1 : 0;
        k->sum += fabs(change);
    }
    k->seen++;
    if (k->seen > k->period) {
        k->average = k->before;
        return fk_kama_smoothed(k, value, leaving);
    }
    k->before = value;
    return NAN;
}

FK_INLINE int fk_kama_is_early(const fk_kama *k) { return k->seen <= k->period; }

/* Any row after those. */
FK_INLINE double fk_kama_late(fk_kama *k, double value, double leaving) {
    double change = value - k->before;
    k->sum = k->sum - fabs(k->left - leaving) + fabs(change);
    k->same = change == 0.0 ? k->same + 1 : 0;
    if (k->same >= k->period) k->sum = 0.0;
    return fk_kama_smoothed(k, value, leaving);
}

/* ``leaving`` is the value ``period`` rows before, anything where there is none. */
FK_INLINE double fk_kama_step(fk_kama *k, double value, double leaving) {
    return fk_kama_is_early(k) ? fk_kama_early(k, value, leaving)
                               : fk_kama_late(k, value, leaving);
}

FK_FUSED
static void fk_kama_column(const double *values, ptrdiff_t rows, ptrdiff_t period, double *out) {
    fk_kama k;
    ptrdiff_t row = 0;
    fk_kama_start(&k, period);
    for (; row < rows && fk_kama_is_early(&k); row++)
        out[row] = fk_kama_early(&k, values[row], row < period ? NAN : values[row - period]);
    for (; row < rows; row++) out[row] = fk_kama_late(&k, values[row], values[row - period]);
}

#endif
