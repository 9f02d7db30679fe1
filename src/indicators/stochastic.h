/* Stochastic oscillator of the relative strength index. */
#ifndef FK_STOCHASTIC_H
#define FK_STOCHASTIC_H

#include "sums.h"
#include "wilder.h"

/* Where a value stands between the extremes of its window, 0 to 100; 0 if there is no range. */
FK_INLINE fk_eight fk_standing(const double *x, ptrdiff_t window, ptrdiff_t count) {
    fk_eight newest = fk_load_some(x, count), lowest = newest, highest = newest;
    for (ptrdiff_t back = 1; back < window; back++) {
        fk_eight each = fk_load_some(x - back, count);
        lowest = fk_min(each, lowest);
        highest = fk_max(each, highest);
    }
    fk_eight range = fk_over(fk_sub(highest, lowest), 100.0);
    return fk_unless_below(fk_div(fk_sub(newest, lowest), range), range, FK_NO_RANGE);
}

/* ``work`` holds a column. */
static void fk_stoch_rsi_column(const double *x, ptrdiff_t rows, ptrdiff_t period,
                                ptrdiff_t fastk_period, ptrdiff_t fastd_period, double *work,
                                double *fastk, double *fastd) {
    double lanes[FK_LANES];
    fk_sums s;
    fk_rsi_values(x, rows, period, work);
    ptrdiff_t first = fk_leading(work, rows), begin = first + fk_head(rows - first, fastk_period);
    ptrdiff_t shown = begin + fk_head(rows - begin, fastd_period);
    for (ptrdiff_t row = begin; row < rows; row += FK_LANES) {
        ptrdiff_t count = rows - row < FK_LANES ? rows - row : FK_LANES;
        fk_store(lanes, fk_standing(work + row, fastk_period, count));
        memcpy(fastk + row, lanes, (size_t)count * sizeof *fastk);
    }
    for (ptrdiff_t row = begin; row < rows; row++)
        if (work[row] != work[row]) fastk[row] = NAN;
    fk_sums_start(&s, fastd_period, fastd_period, 1);
    fk_sums_run(&s, fastk, shown, rows, 1, fastd);
    if (s.broken) fk_end_series(fastd, shown, rows);
    fk_fill(fastk, 0, shown, NAN);
    fk_fill(fastd, 0, shown, NAN);
}

#endif
