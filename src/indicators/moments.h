/* Mean and variance of windows.
 *
 * Running sums of the differences to an origin, and of their squares, over groups of eight rows.
 * They start anew around the mean of the window every 256 rows, in the row in which the variance is
 * small beside the sum of squares or beside what it was at the start, and after the group in which
 * it is large: after a trend away from the origin, when an outlier comes or leaves, in a calm after
 * a storm. A window of equal values has the variance 0.
 */
#ifndef FK_MOMENTS_H
#define FK_MOMENTS_H

#include "window.h"

#define FK_MOMENTS_LEAST 0x1p-8
#define FK_MOMENTS_MOST 0x1p8
#define FK_MOMENTS_AWAY 0x1p-10

typedef struct {
    ptrdiff_t window, least, ddof; /* least: finite values that a result needs */
    double share;                  /* 1 / window */
    double unbiased;               /* 1 / (window - ddof) */
    double origin;
    double sum, squares; /* of differences to the origin, window before this group; or NaN */
    double least_spread, most_spread; /* before the sums start anew */
    ptrdiff_t groups;    /* until the next fresh start */
    ptrdiff_t spoilt;    /* rows that still have a value that is not finite in their window */
} fk_moments;

FK_INLINE void fk_moments_start(fk_moments *m, ptrdiff_t window, ptrdiff_t least, ptrdiff_t ddof) {
    m->window = window;
    m->least = least;
    m->ddof = ddof;
    m->share = 1.0 / (double)window;
    m->unbiased = window > ddof ? 1.0 / (double)(window - ddof) : NAN;
    m->origin = 0.0;
    m->sum = m->squares = NAN;
    m->least_spread = m->most_spread = 0.0;
    m->groups = 0;
    m->spoilt = 0;
}

/* A window of ``count`` rows of which any may be missing. */
static inline void fk_moments_of_present(const fk_moments *m, const double *from, ptrdiff_t count,
                                         double *mean, double *variance) {
    double sum, squares = 0.0, only = NAN;
    ptrdiff_t present = fk_present(from, count, &sum), same = 0;
    *mean = *variance = NAN;
    if (present < m->least || present == 0) return;
    *mean = sum / (double)present;
    for (ptrdiff_t i = 0; i < count; i++)
        if (fk_finite(from[i])) {
            double away = from[i] - *mean;
            squares += away * away;
            if (same == 0) only = from[i];
            same += from[i] == only;
        }
    if (same == present) {
        *mean = only;
        squares = 0.0;
    }
    if (present > m->ddof) *variance = squares / (double)(present - m->ddof);
}

/* Sum of the squared differences to the mean. */
FK_INLINE double fk_moments_spread(const fk_moments *m) {
    double spread = m->squares - m->sum * m->sum * m->share;
    return spread < 0.0 ? 0.0 : spread;
}

/* The origin and the sums around it, from the window itself. */
static inline void fk_moments_renew(fk_moments *m, const double *from) {
    double only = fk_only_value(from, m->window);
    m->origin = only == only ? only : fk_total(from, m->window) * m->share;
    fk_totals_around(from, m->window, m->origin, &m->sum, &m->squares);
    m->least_spread = fk_moments_spread(m) * FK_MOMENTS_LEAST;
    m->most_spread = fk_moments_spread(m) * FK_MOMENTS_MOST;
}

/* One row whose window cannot go on from the one before. */
static inline void fk_moments_anew(fk_moments *m, const double *from, double *mean,
                                   double *variance) {
    *mean = *variance = m->sum = m->squares = NAN;
    if (m->spoilt > 0) {
        m->spoilt--;
        if (m->spoilt > 0 && m->least == m->window) return;
    }
    fk_moments_renew(m, from);
    if (fk_finite(m->most_spread)) {
        *mean = m->origin + m->sum * m->share;
        *variance = fk_moments_spread(m) * m->unbiased;
        return;
    }
    m->squares = NAN;
    m->spoilt = fk_rows_spoilt(from, m->window);
    if (m->spoilt == 0 || m->least < m->window)
        fk_moments_of_present(m, from, m->window, mean, variance);
}

FK_INLINE int fk_moments_ordinary(const fk_moments *m, double spread, double squares) {
    return spread >= m->least_spread && spread >= squares * FK_MOMENTS_AWAY && fk_finite(spread);
}

/* Row by row from ``from`` on, for groups in which something is out of the ordinary. */
static inline void fk_moments_rows(fk_moments *m, const double *x, ptrdiff_t from, ptrdiff_t count,
                                   double *mean, double *variance) {
    for (ptrdiff_t i = from; i < count; i++) {
        const double *first = x + i - m->window + 1;
        if (m->window >= FK_SHORT && fk_finite(m->squares)) {
            double entering = x[i] - m->origin, leaving = first[-1] - m->origin;
            m->sum += entering - leaving;
            m->squares += (entering - leaving) * (entering + leaving);
            double spread = m->squares - m->sum * m->sum * m->share;
            if (fk_moments_ordinary(m, spread, m->squares)) {
                mean[i] = m->origin + m->sum * m->share;
                variance[i] = spread * m->unbiased;
                continue;
            }
        }
        fk_moments_anew(m, first, mean + i, variance + i);
    }
}

/* Running sums and sums of squares of the windows that end in these rows. */
FK_INLINE void fk_moments_running(fk_moments *m, const double *x, ptrdiff_t count, fk_eight *sums,
                                  fk_eight *squares) {
    double leaving[FK_LANES];
    const double *old = x - m->window;
    fk_eight y = fk_load_some(x, count), z;
    if (m->groups == 0) {
        m->groups = fk_groups_between(m->window);
        fk_moments_renew(m, old + 1);
        leaving[0] = x[0];
        for (ptrdiff_t i = 1; i < FK_LANES; i++) leaving[i] = i < count ? old[i] : 0.0;
        z = fk_load(leaving);
    } else {
        z = fk_load_some(old, count);
    }
    m->groups--;
    y = fk_minus(y, m->origin);
    z = fk_minus(z, m->origin);
    fk_eight change = fk_sub(y, z);
    *sums = fk_plus(fk_running(change), m->sum);
    *squares = fk_plus(fk_running(fk_mul(change, fk_add(y, z))), m->squares);
}

/* Short windows directly, around the newest value of each. */
FK_INLINE void fk_moments_short(const fk_moments *m, const double *x, ptrdiff_t count,
                                fk_eight *sums, fk_eight *squares) {
    fk_eight newest = fk_load_some(x, count);
    *sums = fk_sub(newest, newest);
    *squares = *sums;
    for (ptrdiff_t back = m->window - 1; back > 0; back--) {
        fk_eight y = fk_sub(fk_load_some(x - back, count), newest);
        *sums = fk_add(*sums, y);
        *squares = fk_add(*squares, fk_mul(y, y));
    }
}

/* Mean and variance of ``count`` rows from ``x`` on, whose windows are whole. */
FK_INLINE void fk_moments_group(fk_moments *m, const double *x, ptrdiff_t count, double *mean,
                                double *variance) {
    int brief = m->window < FK_SHORT, anew = m->groups == 0;
    double sum_of[FK_LANES], squares_of[FK_LANES], spread_of[FK_LANES];
    fk_eight sums, squares, origin;
    if (brief) {
        fk_moments_short(m, x, count, &sums, &squares);
        origin = fk_load_some(x, count);
    } else {
        fk_moments_running(m, x, count, &sums, &squares);
        origin.low = origin.high = fk_four_of(m->origin);
    }
    fk_eight spread = fk_sub(squares, fk_times(fk_mul(sums, sums), m->share));
    fk_store(mean, fk_add(fk_times(sums, m->share), origin));
    fk_store(variance, fk_times(spread, m->unbiased));
    fk_store(sum_of, sums);
    fk_store(squares_of, squares);
    fk_store(spread_of, spread);
    ptrdiff_t lane = 0;
    while (lane < count && (brief ? spread_of[lane] >= 0.0 && fk_finite(spread_of[lane])
                                  : fk_moments_ordinary(m, spread_of[lane], squares_of[lane])))
        lane++;
    if (lane > 0) {
        m->spoilt = 0;
        m->sum = sum_of[lane - 1];
        m->squares = squares_of[lane - 1];
    } else if (anew) {
        m->squares = NAN; /* the sums are of the first row's own window already */
    }
    if (lane < count) fk_moments_rows(m, x, lane, count, mean, variance);
    if (m->squares - m->sum * m->sum * m->share > m->most_spread) m->groups = 0;
}

FK_INLINE void fk_roots(const double *variance, ptrdiff_t count, double *deviation) {
    for (ptrdiff_t i = 0; i < count; i++) deviation[i] = sqrt(variance[i]);
}

enum { FK_VARIANCE, FK_DEVIATION, FK_ZSCORE, FK_BANDS };

/* What a row reports of its moments. ``mean`` becomes the middle band, others go to ``upper``. */
FK_INLINE void fk_moments_report(int what, double stds, const double *x, ptrdiff_t count,
                                 const double *mean, const double *variance,
                                 const double *deviation, double *upper, double *middle,
                                 double *lower) {
    for (ptrdiff_t i = 0; i < count; i++) {
        if (what == FK_VARIANCE) upper[i] = variance[i];
        if (what == FK_DEVIATION) upper[i] = deviation[i];
        if (what == FK_ZSCORE) upper[i] = (x[i] - mean[i]) / deviation[i];
        if (what == FK_BANDS) {
            double width = deviation[i] * stds;
            upper[i] = mean[i] + width;
            middle[i] = mean[i];
            lower[i] = mean[i] - width;
        }
    }
}

/* ``groups`` whole groups without a fresh start; if anything is out of the ordinary, 0 and nothing
   is done that fk_moments_group will not do again. */
FK_INLINE int fk_moments_block(fk_moments *m, const double *x, ptrdiff_t groups, double *mean,
                               double *variance, double *deviation) {
    fk_flags flags = fk_flags_up();
    double sum = m->sum, squares = m->squares, origin = m->origin, widest = 0.0;
    fk_eight least = fk_eight_of(m->least_spread);
    const double *old = x - m->window;
    for (ptrdiff_t i = 0; i < groups * FK_LANES; i += FK_LANES) {
        fk_eight y = fk_minus(fk_load(x + i), origin), z = fk_minus(fk_load(old + i), origin);
        fk_eight change = fk_sub(y, z);
        fk_eight grown = fk_running(change), more = fk_running(fk_mul(change, fk_add(y, z)));
        fk_eight sums = fk_plus(grown, sum);
        fk_eight all = fk_plus(more, squares);
        fk_eight spread = fk_sub(all, fk_times(fk_mul(sums, sums), m->share));
        flags = fk_flag(flags, spread, least);
        flags = fk_flag(flags, spread, fk_times(all, FK_MOMENTS_AWAY));
        fk_store(mean + i, fk_plus(fk_times(sums, m->share), origin));
        fk_store(variance + i, fk_times(spread, m->unbiased));
        fk_roots(variance + i, FK_LANES, deviation + i); /* beside the sums, which do not divide */
        sum = fk_last(grown) + sum;
        squares = fk_last(more) + squares;
        double last = squares - sum * sum * m->share;
        widest = last > widest ? last : widest;
    }
    if (!fk_all_up(flags) || !fk_finite(squares) || widest > m->most_spread) return 0;
    m->sum = sum;
    m->squares = squares;
    m->groups -= groups;
    m->spoilt = 0;
    return 1;
}

/* As many rows as are done at once; how many they were. */
FK_INLINE ptrdiff_t fk_moments_some(fk_moments *m, const double *x, ptrdiff_t left, double *mean,
                                    double *variance, double *deviation) {
    ptrdiff_t groups = left / FK_LANES;
    if (groups > FK_BLOCK) groups = FK_BLOCK;
    if (groups > m->groups && m->window >= FK_SHORT) groups = m->groups;
    if (groups == 0) {
        ptrdiff_t count = left < FK_LANES ? left : FK_LANES;
        fk_moments_group(m, x, count, mean, variance);
        fk_roots(variance, count, deviation);
        return count;
    }
    if (m->window >= FK_SHORT && fk_moments_block(m, x, groups, mean, variance, deviation))
        return groups * FK_LANES;
    for (ptrdiff_t i = 0; i < groups * FK_LANES; i += FK_LANES)
        fk_moments_group(m, x + i, FK_LANES, mean + i, variance + i);
    fk_roots(variance, groups * FK_LANES, deviation);
    return groups * FK_LANES;
}

FK_INLINE void fk_moments_column(int what, double stds, const double *x, ptrdiff_t rows,
                                 ptrdiff_t window, ptrdiff_t least, ptrdiff_t ddof, double *upper,
                                 double *middle, double *lower) {
    fk_moments m;
    double mean[FK_BLOCK * FK_LANES], variance[FK_BLOCK * FK_LANES];
    double deviation[FK_BLOCK * FK_LANES];
    ptrdiff_t head = fk_head(rows, window), row = 0, count = 1;
    int bands = what == FK_BANDS;
    fk_moments_start(&m, window, least, ddof);
    for (; row < rows; row += count) {
        if (row < head) {
            mean[0] = variance[0] = NAN;
            if (least < window) fk_moments_of_present(&m, x, row + 1, mean, variance);
            fk_roots(variance, 1, deviation);
        } else {
            count = fk_moments_some(&m, x + row, rows - row, mean, variance, deviation);
        }
        fk_moments_report(what, stds, x + row, count, mean, variance, deviation, upper + row,
                          bands ? middle + row : NULL, bands ? lower + row : NULL);
    }
}

static void fk_variance_column(const double *x, ptrdiff_t rows, ptrdiff_t window, ptrdiff_t least,
                               ptrdiff_t ddof, double *out) {
    fk_moments_column(FK_VARIANCE, 0.0, x, rows, window, least, ddof, out, NULL, NULL);
}

static void fk_deviation_column(const double *x, ptrdiff_t rows, ptrdiff_t window, ptrdiff_t least,
                                ptrdiff_t ddof, double *out) {
    fk_moments_column(FK_DEVIATION, 0.0, x, rows, window, least, ddof, out, NULL, NULL);
}

static void fk_zscore_column(const double *x, ptrdiff_t rows, ptrdiff_t window, ptrdiff_t least,
                             ptrdiff_t ddof, double *out) {
    fk_moments_column(FK_ZSCORE, 0.0, x, rows, window, least, ddof, out, NULL, NULL);
}

static void fk_bollinger_column(const double *x, ptrdiff_t rows, ptrdiff_t window, ptrdiff_t least,
                            ptrdiff_t ddof, double stds, double *upper, double *middle,
                            double *lower) {
    fk_moments_column(FK_BANDS, stds, x, rows, window, least, ddof, upper, middle, lower);
}

#endif
