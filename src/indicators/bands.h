/* Bands for the stochastic RSI that widen with volatility, row by row.
 *
 *     ratio = average true range / its own mean over the last ``window`` rows
 *
 * Above ``sensitivity`` both bands move outwards with the ratio, below its inverse inwards, each
 * within a bound; bands closer than ``min_width`` are set that far apart around their middle.
 *
 * The mean has the bits of pandas' rolling mean: one sum that gains and loses values with a
 * compensation for each (W. Kahan); infinities count as missing; a window of equal numbers has
 * that number as mean, and a window without any negative (positive) number no mean below (above)
 * zero.
 */
#ifndef FK_BANDS_H
#define FK_BANDS_H

#include "fused.h"

enum { FK_BANDS_BLOCK = 8 };

typedef struct {
    ptrdiff_t window;
    ptrdiff_t present, negative; /* values in the window, and those with a minus sign */
    ptrdiff_t same;              /* equal numbers up to now, without a break */
    double last;                 /* the last number */
    double sum, gain, loss;      /* the compensations are of numbers that come and go */
} fk_bands_mean;

typedef struct {
    double base_lower, base_upper, above, below, adjustment;
    double lowest, highest, inner_lower, inner_upper; /* how far the bands may move */
    double min_width, half_width;
} fk_bands_rules;

typedef struct {
    double lower, upper, ratio, mean;
} fk_bands_row;

FK_INLINE void fk_bands_mean_start(fk_bands_mean *m, ptrdiff_t window) {
    m->window = window;
    m->present = m->negative = m->same = 0;
    m->last = NAN;
    m->sum = m->gain = m->loss = 0.0;
}

FK_INLINE fk_bands_rules fk_bands_rules_of(double base_lower, double base_upper,
                                         double sensitivity, double adjustment,
                                         double min_width, double max_width) {
    fk_bands_rules rules;
    rules.base_lower = base_lower;
    rules.base_upper = base_upper;
    rules.above = sensitivity;
    rules.below = 1.0 / sensitivity;
    rules.adjustment = adjustment;
    rules.lowest = base_lower - max_width;
    rules.highest = base_upper + max_width;
    rules.inner_lower = base_lower + min_width;
    rules.inner_upper = base_upper - min_width;
    rules.min_width = min_width;
    rules.half_width = min_width / 2.0;
    return rules;
}

FK_INLINE void fk_bands_lose(fk_bands_mean *m, double value) {
    double change, sum;
    if (!isfinite(value)) return;
    change = -value - m->loss;
    sum = m->sum + change;
    m->loss = sum - m->sum - change;
    m->sum = sum;
    m->present--;
    m->negative -= signbit(value) != 0;
}

FK_INLINE void fk_bands_gain(fk_bands_mean *m, double value) {
    double change, sum;
    if (!isfinite(value)) return;
    change = value - m->gain;
    sum = m->sum + change;
    m->gain = sum - m->sum - change;
    m->sum = sum;
    m->present++;
    m->negative += signbit(value) != 0;
    m->same = value == m->last ? m->same + 1 : 1;
    m->last = value;
}

FK_INLINE double fk_bands_mean_now(const fk_bands_mean *m) {
    double mean = m->sum / (double)m->window;
    if (m->present < m->window) return NAN;
    if (m->same >= m->window) return m->last;
    if (m->negative == 0 && mean < 0.0) return 0.0;
    if (m->negative == m->window && mean > 0.0) return 0.0;
    return mean;
}

/* ``leaving`` is the value ``window`` rows before, NaN where there is none. */
FK_INLINE double fk_bands_mean_step(fk_bands_mean *m, double value, double leaving) {
    if (m->window == 1) return isfinite(value) ? value : NAN;
    fk_bands_lose(m, leaving);
    fk_bands_gain(m, value);
    return fk_bands_mean_now(m);
}

/* The first number may be NaN, which is the result then. */
FK_INLINE double fk_bands_at_least(double a, double b) { return fk_pick(a < b, b, a); }

FK_INLINE double fk_bands_at_most(double a, double b) { return fk_pick(a > b, b, a); }

FK_INLINE fk_bands_row fk_bands_of(const fk_bands_rules *rules, double value, double mean) {
    fk_bands_row row;
    double ratio = value / mean;
    double out = (ratio - 1.0) * rules->adjustment * 100.0;
    double in = (1.0 - ratio) * rules->adjustment * 100.0;
    double lower_out = fk_bands_at_least(rules->base_lower - out, rules->lowest);
    double upper_out = fk_bands_at_most(rules->base_upper + out, rules->highest);
    double lower_in = fk_bands_at_most(rules->base_lower + in, rules->inner_lower);
    double upper_in = fk_bands_at_least(rules->base_upper - in, rules->inner_upper);
    double lower = fk_pick(ratio < rules->below, lower_in, rules->base_lower);
    double upper = fk_pick(ratio < rules->below, upper_in, rules->base_upper);
    double middle;
    lower = fk_pick(ratio > rules->above, lower_out, lower);
    upper = fk_pick(ratio > rules->above, upper_out, upper);
    middle = (lower + upper) / 2.0;
    row.ratio = ratio;
    row.mean = mean;
    row.lower = fk_pick(upper - lower < rules->min_width, middle - rules->half_width, lower);
    row.upper = fk_pick(upper - lower < rules->min_width, middle + rules->half_width, upper);
    return row;
}

FK_INLINE fk_bands_row fk_bands_step(fk_bands_mean *m, const fk_bands_rules *rules, double value,
                                   double leaving) {
    return fk_bands_of(rules, value, fk_bands_mean_step(m, value, leaving));
}

FK_INLINE void fk_bands_write(const fk_bands_rules *rules, const double *__restrict values,
                            const double *__restrict mean, ptrdiff_t count,
                            double *__restrict lower, double *__restrict upper,
                            double *__restrict ratio) {
    for (ptrdiff_t i = 0; i < count; i++) {
        fk_bands_row row = fk_bands_of(rules, values[i], mean[i]);
        lower[i] = row.lower;
        upper[i] = row.upper;
        ratio[i] = row.ratio;
    }
}

/* A mean has to wait for the one before. Meanwhile the bands of the rows before are computed,
 * several side by side, by the same operations.
 */
FK_CLONES
static void fk_bands_column(const double *values, ptrdiff_t rows, ptrdiff_t window,
                            fk_bands_rules rules, double *lower, double *upper, double *ratio,
                            double *mean) {
    fk_bands_mean m;
    ptrdiff_t row = 0, made = 0;
    fk_bands_mean_start(&m, window);
    for (; row < rows && row < window; row++)
        mean[row] = fk_bands_mean_step(&m, values[row], NAN);
    for (; row + FK_BANDS_BLOCK <= rows; row += FK_BANDS_BLOCK) {
        for (ptrdiff_t i = row; i < row + FK_BANDS_BLOCK; i++)
            mean[i] = fk_bands_mean_step(&m, values[i], values[i - window]);
        if (row < FK_BANDS_BLOCK) continue;
        fk_bands_write(&rules, values + made, mean + made, FK_BANDS_BLOCK, lower + made,
                       upper + made, ratio + made);
        made += FK_BANDS_BLOCK;
    }
    for (; row < rows; row++) mean[row] = fk_bands_mean_step(&m, values[row], values[row - window]);
    fk_bands_write(&rules, values + made, mean + made, rows - made, lower + made, upper + made,
                   ratio + made);
}

#endif
