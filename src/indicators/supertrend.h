/* Supertrend: a band around the middle of each candle, as wide as a multiple of the average true
 * range, of which one side is drawn, the side that the close has not crossed.
 *
 * The range is averaged as TA-Lib 0.8 does it: the mean of the first ``period`` ranges, then
 * average * ((period - 1) / period) + range * weight with that product and sum rounded once.
 * Rows are passed over up to the first without NaN; a later NaN stays in the average.
 */
#ifndef FK_SUPERTREND_H
#define FK_SUPERTREND_H

#include <stdint.h>

#include "fused.h"

typedef struct {
    ptrdiff_t period;
    ptrdiff_t seen; /* rows since the first without NaN, counted up to period + 1 */
    double keep, weight, close, average;
    double multiplier;
    double lower, upper; /* the sides in the row before, drawn or not */
    int direction;
} fk_supertrend;

typedef struct {
    double value, lower, upper; /* the side that is not drawn is NaN */
    int direction;              /* 1: the lower side is drawn; -1: the upper one */
} fk_supertrend_row;

FK_INLINE void fk_supertrend_start(fk_supertrend *s, ptrdiff_t period, double multiplier) {
    s->period = period;
    s->seen = 0;
    s->keep = (double)(period - 1) / (double)period;
    s->weight = 1.0 - s->keep;
    s->close = NAN;
    s->average = 0.0;
    s->multiplier = multiplier;
    s->lower = s->upper = NAN;
    s->direction = 1;
}

/* The greatest distance among high, low and the close before. */
FK_INLINE double fk_supertrend_range(double high, double low, double before) {
    double range = high - low, up = fabs(before - high), down = fabs(before - low);
    range = up > range ? up : range;
    return down > range ? down : range;
}

/* One of the first rows: the average so far is a sum. */
FK_INLINE double fk_supertrend_early(fk_supertrend *s, double high, double low, double close) {
    if (s->seen == 0) {
        if (isnan(high) || isnan(low) || isnan(close)) return NAN;
    } else {
        s->average += fk_supertrend_range(high, low, s->close);
    }
    s->close = close;
    s->seen++;
    if (s->seen <= s->period) return NAN;
    s->average /= (double)s->period;
    return s->average;
}

FK_INLINE int fk_supertrend_is_early(const fk_supertrend *s) { return s->seen <= s->period; }

FK_INLINE double fk_supertrend_late(fk_supertrend *s, double high, double low, double close) {
    double range = fk_supertrend_range(high, low, s->close);
    s->close = close;
    s->average = fma(s->average, s->keep, range * s->weight);
    return s->average;
}

FK_INLINE fk_supertrend_row fk_supertrend_sides(fk_supertrend *s, double high, double low,
                                              double close, double average) {
    fk_supertrend_row row;
    double middle = 0.5 * (high + low), reach = s->multiplier * average;
    double lower = middle - reach, upper = middle + reach;
    int above = close > s->upper, below = close < s->lower;
    int turned = above | below;
    int direction = above ? 1 : below ? -1 : s->direction;
    lower = !turned & (direction > 0) & (lower < s->lower) ? s->lower : lower;
    upper = !turned & (direction < 0) & (upper > s->upper) ? s->upper : upper;
    s->lower = lower;
    s->upper = upper;
    s->direction = direction;
    row.direction = direction;
    row.value = direction > 0 ? lower : upper;
    row.lower = direction > 0 ? lower : NAN;
    row.upper = direction > 0 ? NAN : upper;
    return row;
}

FK_INLINE fk_supertrend_row fk_supertrend_step(fk_supertrend *s, double high, double low,
                                             double close) {
    double average = fk_supertrend_is_early(s) ? fk_supertrend_early(s, high, low, close)
                                               : fk_supertrend_late(s, high, low, close);
    return fk_supertrend_sides(s, high, low, close, average);
}

FK_INLINE void fk_supertrend_write(fk_supertrend_row from, ptrdiff_t row, double *value,
                                 int64_t *direction, double *lower, double *upper) {
    value[row] = from.value;
    direction[row] = from.direction;
    lower[row] = from.lower;
    upper[row] = from.upper;
}

FK_FUSED
static void fk_supertrend_column(const double *high, const double *low, const double *close,
                                 ptrdiff_t rows, ptrdiff_t period, double multiplier,
                                 double *value, int64_t *direction, double *lower,
                                 double *upper) {
    fk_supertrend s;
    ptrdiff_t row = 0;
    fk_supertrend_start(&s, period, multiplier);
    for (; row < rows && fk_supertrend_is_early(&s); row++)
        fk_supertrend_write(fk_supertrend_step(&s, high[row], low[row], close[row]), row, value,
                            direction, lower, upper);
    for (; row < rows; row++) {
        double average = fk_supertrend_late(&s, high[row], low[row], close[row]);
        fk_supertrend_write(fk_supertrend_sides(&s, high[row], low[row], close[row], average),
                            row, value, direction, lower, upper);
    }
}

#endif
