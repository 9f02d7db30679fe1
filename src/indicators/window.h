/* One window, computed directly: where a running value starts anew, and where values are missing. */
#ifndef FK_WINDOW_H
#define FK_WINDOW_H

#include <float.h>

#include "lanes.h"

/* Windows below this are added up directly in every row. */
enum { FK_SHORT = FK_LANES };

/* Groups that are computed before it is looked at whether all was in order. */
enum { FK_BLOCK = 16 };

FK_INLINE int fk_finite(double value) { return fabs(value) <= DBL_MAX; }

/* The eight lanes added up, pairs first. */
FK_INLINE double fk_fold_lanes(fk_eight rows) {
    fk_four pairs = fk_add4(rows.low, rows.high);
    pairs = fk_add4(pairs, fk_up2(pairs));
    double lanes[4];
    memcpy(lanes, &pairs, sizeof lanes);
    return lanes[2] + lanes[3];
}

/* Sum of ``count`` >= 1 values: eight lanes over whole groups, then the rest in their order. */
FK_INLINE double fk_total(const double *from, ptrdiff_t count) {
    ptrdiff_t i = 1;
    double total = from[0];
    if (count >= FK_LANES) {
        fk_eight lanes = fk_load(from);
        for (i = FK_LANES; i + FK_LANES <= count; i += FK_LANES)
            lanes = fk_add(lanes, fk_load(from + i));
        total = fk_fold_lanes(lanes);
    }
    for (; i < count; i++) total += from[i];
    return total;
}

/* As fk_total, of the differences to ``origin`` and of their squares. */
FK_INLINE void fk_totals_around(const double *from, ptrdiff_t count, double origin, double *sum,
                                double *squares) {
    ptrdiff_t i = 1;
    double first = from[0] - origin;
    *sum = first;
    *squares = first * first;
    if (count >= FK_LANES) {
        fk_eight y = fk_minus(fk_load(from), origin);
        fk_eight sums = y, products = fk_mul(y, y);
        for (i = FK_LANES; i + FK_LANES <= count; i += FK_LANES) {
            y = fk_minus(fk_load(from + i), origin);
            sums = fk_add(sums, y);
            products = fk_add(products, fk_mul(y, y));
        }
        *sum = fk_fold_lanes(sums);
        *squares = fk_fold_lanes(products);
    }
    for (; i < count; i++) {
        double each = from[i] - origin;
        *sum += each;
        *squares += each * each;
    }
}

/* The value that all have, or NaN. */
FK_INLINE double fk_only_value(const double *from, ptrdiff_t count) {
    for (ptrdiff_t i = 1; i < count; i++)
        if (from[i] != from[0]) return NAN;
    return from[0];
}

/* How many values are finite, and their sum in the order of the rows. */
static inline ptrdiff_t fk_present(const double *from, ptrdiff_t count, double *sum) {
    ptrdiff_t present = 0;
    *sum = 0.0;
    for (ptrdiff_t i = 0; i < count; i++)
        if (fk_finite(from[i])) {
            *sum += from[i];
            present++;
        }
    return present;
}

/* Rows until the last value that is not finite has left the window; 0 if all are finite. */
static inline ptrdiff_t fk_rows_spoilt(const double *from, ptrdiff_t count) {
    for (ptrdiff_t i = count; i-- > 0;)
        if (!fk_finite(from[i])) return i + 1;
    return 0;
}

/* Groups between two fresh starts: 256 rows, and never fewer than the window has. */
FK_INLINE ptrdiff_t fk_groups_between(ptrdiff_t window) {
    ptrdiff_t groups = 32;
    return window > groups * FK_LANES ? (window + FK_LANES - 1) / FK_LANES : groups;
}

/* Rows before the first whole window. */
FK_INLINE ptrdiff_t fk_head(ptrdiff_t rows, ptrdiff_t window) {
    return rows < window ? rows : window - 1;
}

FK_INLINE void fk_fill(double *out, ptrdiff_t from, ptrdiff_t to, double value) {
    for (ptrdiff_t i = from; i < to; i++) out[i] = value;
}

/* Nothing but NaN from the first NaN on. */
FK_INLINE void fk_end_series(double *out, ptrdiff_t from, ptrdiff_t rows) {
    while (from < rows && out[from] == out[from]) from++;
    fk_fill(out, from, rows, NAN);
}

/* Leading NaNs, which TA-Lib's functions skip. */
FK_INLINE ptrdiff_t fk_leading(const double *x, ptrdiff_t rows) {
    ptrdiff_t i = 0;
    while (i < rows && x[i] != x[i]) i++;
    return i;
}

#endif
