/* Python's sum() of floats, one addend at a time: naive up to 3.11, compensated from 3.12 on.
 *
 * The start value is the int 0, so a sum of nothing but -0.0 is 0.0.
 */
#ifndef FK_SUM_H
#define FK_SUM_H

#include <math.h>

typedef struct {
    double total;
    double compensation;
    int compensated;
} fk_sum;

static inline fk_sum fk_sum_start(int compensated) {
    fk_sum sum;
    sum.total = 0.0;
    sum.compensation = 0.0;
    sum.compensated = compensated;
    return sum;
}

/* A. Neumaier's variant of Kahan's summation, as in CPython. */
static inline void fk_sum_add(fk_sum *sum, double x) {
    const double total = sum->total + x;
    if (sum->compensated)
        sum->compensation += fabs(sum->total) >= fabs(x) ? (sum->total - total) + x
                                                         : (x - total) + sum->total;
    sum->total = total;
}

/* The compensation must not make an infinite sum NaN, nor -0.0 positive. */
static inline double fk_sum_result(const fk_sum *sum) {
    return sum->compensation != 0.0 && isfinite(sum->compensation) ? sum->total + sum->compensation
                                                                   : sum->total;
}

#endif
