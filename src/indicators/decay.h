/* Exponential averages: keep * last + weight * x, over groups of eight rows.
 *
 * Within a group every lane holds what the group's own values have left, computed without the
 * average from before; that one enters last, by powers of ``keep``. So the chain of dependent
 * operations is one multiplication and one addition for eight rows.
 */
#ifndef FK_DECAY_H
#define FK_DECAY_H

#include "window.h"

typedef struct {
    double weight;
    double keep[FK_LANES]; /* powers 1 to 8 */
    double last;           /* average before this group */
} fk_decay;

FK_INLINE void fk_decay_start(fk_decay *d, double weight, double first) {
    double keep = 1.0 - weight;
    d->weight = weight;
    d->keep[0] = keep;
    d->keep[1] = keep * keep;
    d->keep[2] = d->keep[1] * keep;
    d->keep[3] = d->keep[1] * d->keep[1];
    for (int i = 4; i < FK_LANES; i++) d->keep[i] = d->keep[i - 4] * d->keep[3];
    d->last = fk_finite(first) ? first : NAN;
}

/* The averages after eight rows; ``next`` is the last. The chain from ``last`` to it is short. */
FK_INLINE fk_eight fk_decay_lanes(const fk_decay *d, fk_eight x, double last, double *next) {
    fk_eight powers = fk_load(d->keep), y = fk_times(x, d->weight);
    fk_four one = fk_four_of(d->keep[0]), two = fk_four_of(d->keep[1]);
    fk_four before = fk_four_of(last);
    y.low = fk_add4(y.low, fk_mul4(one, fk_up1(y.low)));
    y.high = fk_add4(y.high, fk_mul4(one, fk_up1(y.high)));
    y.low = fk_add4(y.low, fk_mul4(two, fk_up2(y.low)));
    y.high = fk_add4(y.high, fk_mul4(two, fk_up2(y.high)));
    y.high = fk_add4(y.high, fk_mul4(powers.low, fk_four_of(fk_last4(y.low))));
    *next = fk_last4(y.high) + d->keep[FK_LANES - 1] * last;
    y.low = fk_add4(y.low, fk_mul4(powers.low, before));
    y.high = fk_add4(y.high, fk_mul4(powers.high, before));
    return y;
}

/* After the first average that is not finite there is none: in these rows, and for good. */
FK_INLINE void fk_decay_break(fk_decay *d, double *out, ptrdiff_t count) {
    ptrdiff_t i = 0;
    if (fk_finite(d->last)) return;
    while (i < count && fk_finite(out[i])) i++;
    fk_fill(out, i + 1, count, NAN);
    d->last = NAN;
}

FK_INLINE void fk_decay_group(fk_decay *d, const double *x, ptrdiff_t count, double *out) {
    double lanes[FK_LANES], next;
    fk_store(lanes, fk_decay_lanes(d, fk_load_some(x, count), d->last, &next));
    d->last = lanes[count - 1];
    fk_decay_break(d, lanes, count);
    memcpy(out, lanes, (size_t)count * sizeof *out);
}

/* Groups from row ``row`` on, to the end of the column. An average that is not finite never becomes
   finite again, so that one look at the end is enough. */
FK_INLINE void fk_decay_run(fk_decay *d, const double *x, ptrdiff_t row, ptrdiff_t rows,
                            double *out) {
    double last = d->last;
    ptrdiff_t from = row;
    for (; row + FK_LANES <= rows; row += FK_LANES)
        fk_store(out + row, fk_decay_lanes(d, fk_load(x + row), last, &last));
    d->last = last;
    fk_decay_break(d, out + from, row - from);
    if (row < rows) fk_decay_group(d, x + row, rows - row, out + row);
}

/* Sum in the order of the rows, as the averages of TA-Lib begin. */
FK_INLINE double fk_seed(const double *x, ptrdiff_t count) {
    double sum = 0.0;
    for (ptrdiff_t i = 0; i < count; i++) sum += x[i];
    return sum;
}

/* Exponential average of the values from ``first`` on, beginning with their mean over ``period``. */
FK_INLINE void fk_ema_from(const double *x, ptrdiff_t first, ptrdiff_t rows, ptrdiff_t period,
                           double *out) {
    fk_decay d;
    ptrdiff_t seed = first + period - 1;
    if (first >= rows || period > rows - first) {
        fk_fill(out, 0, rows, NAN);
        return;
    }
    fk_fill(out, 0, seed, NAN);
    out[seed] = fk_seed(x + first, period) / (double)period;
    fk_decay_start(&d, 2.0 / (double)(period + 1), out[seed]);
    fk_decay_run(&d, x, seed + 1, rows, out);
}

static void fk_ema_column(const double *x, ptrdiff_t rows, ptrdiff_t period, double *out) {
    fk_ema_from(x, fk_leading(x, rows), rows, period, out);
}

/* Both averages begin where the slow one can; ``x`` may hold leading NaNs. */
static void fk_macd_column(const double *x, ptrdiff_t rows, ptrdiff_t fast, ptrdiff_t slow,
                           ptrdiff_t signal, double *line, double *smoothed, double *histogram) {
    ptrdiff_t first = fk_leading(x, rows), begin = first + slow - 1;
    ptrdiff_t shown = begin + signal - 1;
    if (first >= rows || slow > rows - first || signal > rows - begin) {
        fk_fill(line, 0, rows, NAN);
        fk_fill(smoothed, 0, rows, NAN);
        fk_fill(histogram, 0, rows, NAN);
        return;
    }
    fk_ema_from(x, begin - fast + 1, rows, fast, line);
    fk_ema_from(x, first, rows, slow, smoothed);
    for (ptrdiff_t i = begin; i < rows; i++) line[i] = line[i] - smoothed[i];
    fk_ema_from(line, begin, rows, signal, smoothed);
    fk_fill(line, 0, shown, NAN);
    fk_fill(histogram, 0, shown, NAN);
    for (ptrdiff_t i = shown; i < rows; i++) histogram[i] = line[i] - smoothed[i];
}

/* ``lag`` rows back counts once against twice the value. ``work`` holds a column. */
static void fk_zlema_column(const double *x, ptrdiff_t rows, ptrdiff_t period, double *work,
                            double *out) {
    ptrdiff_t lag = (period - 1) / 2, first = fk_leading(x, rows);
    if (first >= rows || lag >= rows - first) {
        fk_fill(work, 0, rows, NAN);
        fk_fill(out, 0, rows, NAN);
        return;
    }
    fk_fill(work, 0, first + lag, NAN);
    for (ptrdiff_t i = first + lag; i < rows; i++) work[i] = 2.0 * x[i] - x[i - lag];
    fk_ema_from(work, first + lag, rows, period, out);
}

#endif
