/* Wilder's averages: relative strength index and average true range. */
#ifndef FK_WILDER_H
#define FK_WILDER_H

#include "decay.h"

/* An average size that vanishes in this product is as none: in a calm of thousands of rows it comes
   to numbers that have lost their digits. */
#define FK_RSI_CALM 0x1p-60

/* Hundredths of a range that TA-Lib 0.8 takes for none: what rounding makes of an index at rest. */
#define FK_NO_RANGE 1e-14

/* Averages of the changes and of their sizes. The index is 50 + 50 * change / size. */
typedef struct {
    fk_decay change, size;
} fk_rsi;

/* ``x`` holds the values of ``period`` changes, one more than these; the index after the last. */
FK_INLINE double fk_rsi_start(fk_rsi *r, const double *x, ptrdiff_t period) {
    double change = 0.0, size = 0.0;
    for (ptrdiff_t i = 1; i <= period; i++) {
        double each = x[i] - x[i - 1];
        change += each;
        size += fabs(each);
    }
    change /= (double)period;
    size /= (double)period;
    fk_decay_start(&r->change, 1.0 / (double)period, change);
    fk_decay_start(&r->size, 1.0 / (double)period, size);
    return size * FK_RSI_CALM != 0.0 ? 50.0 + 50.0 * (change / size) : 0.0;
}

FK_INLINE fk_eight fk_rsi_index(fk_eight change, fk_eight size) {
    fk_eight half = {fk_four_of(50.0), fk_four_of(50.0)};
    return fk_unless_zero(fk_add(half, fk_mul(half, fk_div(change, size))),
                          fk_times(size, FK_RSI_CALM));
}

/* ``x[-1]`` is the value before. */
FK_INLINE void fk_rsi_group(fk_rsi *r, const double *x, ptrdiff_t count, double *out) {
    double lanes[FK_LANES], sizes[FK_LANES], changes[FK_LANES], next;
    fk_eight each = fk_sub(fk_load_some(x, count), fk_load_some(x - 1, count));
    fk_eight change = fk_decay_lanes(&r->change, each, r->change.last, &next);
    fk_eight size = fk_decay_lanes(&r->size, fk_abs(each), r->size.last, &next);
    fk_store(lanes, fk_rsi_index(change, size));
    fk_store(changes, change);
    fk_store(sizes, size);
    r->change.last = changes[count - 1];
    r->size.last = sizes[count - 1];
    fk_decay_break(&r->size, lanes, count);
    memcpy(out, lanes, (size_t)count * sizeof *out);
}

/* Whole groups from ``row`` on; the row after them. */
FK_INLINE ptrdiff_t fk_rsi_run(fk_rsi *r, const double *x, ptrdiff_t row, ptrdiff_t rows,
                               double *out) {
    double change = r->change.last, size = r->size.last;
    ptrdiff_t from = row;
    for (; row + FK_LANES <= rows; row += FK_LANES) {
        fk_eight each = fk_sub(fk_load(x + row), fk_load(x + row - 1));
        fk_eight changes = fk_decay_lanes(&r->change, each, change, &change);
        fk_eight sizes = fk_decay_lanes(&r->size, fk_abs(each), size, &size);
        fk_store(out + row, fk_rsi_index(changes, sizes));
    }
    r->change.last = change;
    r->size.last = size;
    fk_decay_break(&r->size, out + from, row - from);
    return row;
}

FK_INLINE void fk_rsi_values(const double *x, ptrdiff_t rows, ptrdiff_t period, double *out) {
    fk_rsi r;
    ptrdiff_t first = fk_leading(x, rows), row = first + period + 1;
    if (first >= rows || period >= rows - first) {
        fk_fill(out, 0, rows, NAN);
        return;
    }
    fk_fill(out, 0, row - 1, NAN);
    out[row - 1] = fk_rsi_start(&r, x + first, period);
    row = fk_rsi_run(&r, x, row, rows, out);
    if (row < rows) fk_rsi_group(&r, x + row, rows - row, out + row);
}

static void fk_rsi_column(const double *x, ptrdiff_t rows, ptrdiff_t period, double *out) {
    fk_rsi_values(x, rows, period, out);
}

/* The greatest distance among high, low and the close before, which does not count if it is NaN. */
FK_INLINE fk_eight fk_true_range(fk_eight high, fk_eight low, fk_eight before) {
    fk_eight range = fk_sub(high, low);
    range = fk_max(fk_abs(fk_sub(before, high)), range);
    return fk_max(fk_abs(fk_sub(before, low)), range);
}

FK_INLINE double fk_true_range_of(double high, double low, double before) {
    double range = high - low, above = fabs(before - high), below = fabs(before - low);
    range = above > range ? above : range;
    return below > range ? below : range;
}

/* Average true range of the rows from ``first`` on, whose first has no close before it. */
FK_INLINE double fk_atr_start(fk_decay *d, const double *high, const double *low,
                              const double *close, ptrdiff_t period) {
    double sum = 0.0;
    for (ptrdiff_t i = 1; i <= period; i++)
        sum += fk_true_range_of(high[i], low[i], close[i - 1]);
    sum /= (double)period;
    fk_decay_start(d, 1.0 / (double)period, sum);
    return sum;
}

/* ``close[-1]`` is the close before. */
FK_INLINE void fk_atr_group(fk_decay *d, const double *high, const double *low,
                            const double *close, ptrdiff_t count, double *out) {
    double ranges[FK_LANES];
    fk_store(ranges, fk_true_range(fk_load_some(high, count), fk_load_some(low, count),
                                   fk_load_some(close - 1, count)));
    fk_decay_group(d, ranges, count, out);
}

/* Whole groups from ``row`` on; the row after them. */
FK_INLINE ptrdiff_t fk_atr_run(fk_decay *d, const double *high, const double *low,
                               const double *close, ptrdiff_t row, ptrdiff_t rows, double *out) {
    double last = d->last;
    ptrdiff_t from = row;
    for (; row + FK_LANES <= rows; row += FK_LANES) {
        fk_eight range = fk_true_range(fk_load(high + row), fk_load(low + row),
                                       fk_load(close + row - 1));
        fk_store(out + row, fk_decay_lanes(d, range, last, &last));
    }
    d->last = last;
    fk_decay_break(d, out + from, row - from);
    return row;
}

static void fk_atr_column(const double *high, const double *low, const double *close,
                          ptrdiff_t rows, ptrdiff_t period, double *out) {
    fk_decay d;
    ptrdiff_t first = fk_leading(high, rows), other = fk_leading(low, rows);
    if (other > first) first = other;
    other = fk_leading(close, rows);
    if (other > first) first = other;
    ptrdiff_t row = first + period + 1;
    if (first >= rows || period >= rows - first) {
        fk_fill(out, 0, rows, NAN);
        return;
    }
    fk_fill(out, 0, row - 1, NAN);
    out[row - 1] = fk_atr_start(&d, high + first, low + first, close + first, period);
    row = fk_atr_run(&d, high, low, close, row, rows, out);
    if (row < rows) fk_atr_group(&d, high + row, low + row, close + row, rows - row, out + row);
}

#endif
