/* The loops over whole columns, compiled once for any processor and once for those with AVX2.
 *
 * Both give the same bits: neither fuses a multiplication with an addition.
 */
#ifndef FK_COLUMNS_H
#define FK_COLUMNS_H

#include <stddef.h>

typedef void (*fk_by_period)(const double *x, ptrdiff_t rows, ptrdiff_t period, double *out);
typedef void (*fk_by_moment)(const double *x, ptrdiff_t rows, ptrdiff_t window, ptrdiff_t least,
                             ptrdiff_t ddof, double *out);

typedef struct {
    fk_by_period sma, wma, ema, rsi;
    void (*zlema)(const double *x, ptrdiff_t rows, ptrdiff_t period, double *work, double *out);
    void (*macd)(const double *x, ptrdiff_t rows, ptrdiff_t fast, ptrdiff_t slow, ptrdiff_t signal,
                 double *line, double *smoothed, double *histogram);
    void (*atr)(const double *high, const double *low, const double *close, ptrdiff_t rows,
                ptrdiff_t period, double *out);
    void (*stoch_rsi)(const double *x, ptrdiff_t rows, ptrdiff_t period, ptrdiff_t fastk_period,
                      ptrdiff_t fastd_period, double *work, double *fastk, double *fastd);
    void (*sums)(const double *x, ptrdiff_t rows, ptrdiff_t window, ptrdiff_t least, int mean,
                 double *out);
    fk_by_moment variance, deviation, zscore;
    void (*bands)(const double *x, ptrdiff_t rows, ptrdiff_t window, ptrdiff_t least,
                  ptrdiff_t ddof, double stds, double *upper, double *middle, double *lower);
} fk_columns;

extern const fk_columns fk_columns_any;
#ifdef FK_HAVE_AVX2
extern const fk_columns fk_columns_avx2;
#endif

static inline const fk_columns *fk_columns_here(void) {
#ifdef FK_HAVE_AVX2
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2")) return &fk_columns_avx2;
#endif
    return &fk_columns_any;
}

#endif
