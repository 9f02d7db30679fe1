/* Sums and means of windows.
 *
 * A running sum over groups of eight rows, which starts anew every 256 rows, and in the row in
 * which it is small or large beside what it started with: an outlier that has left the window
 * leaves no trace.
 * Windows that hold a value that is not finite are computed directly from those that are.
 */
#ifndef FK_SUMS_H
#define FK_SUMS_H

#include "window.h"

#define FK_SUMS_LEAST 0x1p-10
#define FK_SUMS_MOST 0x1p10

typedef struct {
    ptrdiff_t window, least; /* least: finite values that a result needs */
    int mean;                /* the mean, else the sum */
    double sum;              /* of the window before this group; NaN if there is none to go on */
    double least_sum, most_sum; /* absolute, before the sum starts anew */
    ptrdiff_t groups;        /* until the next fresh start */
    ptrdiff_t spoilt;        /* rows that still have a value that is not finite in their window */
    int broken;              /* there has been one, or a sum was NaN */
} fk_sums;

FK_INLINE void fk_sums_start(fk_sums *s, ptrdiff_t window, ptrdiff_t least, int mean) {
    s->window = window;
    s->least = least;
    s->mean = mean;
    s->sum = NAN;
    s->least_sum = s->most_sum = 0.0;
    s->groups = 0;
    s->spoilt = 0;
    s->broken = 0;
}

/* Start anew with the sum of the window that begins at ``from``. */
FK_INLINE void fk_sums_renew(fk_sums *s, const double *from) {
    s->sum = fk_total(from, s->window);
    s->least_sum = fabs(s->sum) * FK_SUMS_LEAST;
    s->most_sum = fmin(fabs(s->sum) * FK_SUMS_MOST, DBL_MAX);
}

FK_INLINE double fk_sums_value(const fk_sums *s, double sum) {
    return s->mean ? sum / (double)s->window : sum;
}

/* A window of ``count`` rows of which any may be missing. */
static inline double fk_sums_of_present(const fk_sums *s, const double *from, ptrdiff_t count) {
    double sum;
    ptrdiff_t present = fk_present(from, count, &sum);
    if (present < s->least) return NAN;
    return s->mean ? sum / (double)present : sum;
}

/* One row whose window cannot go on from the one before. */
static inline double fk_sums_anew(fk_sums *s, const double *from) {
    s->sum = NAN;
    if (s->spoilt > 0) {
        s->spoilt--;
        if (s->spoilt > 0 && s->least == s->window) return NAN;
    }
    fk_sums_renew(s, from);
    if (fk_finite(s->sum)) return fk_sums_value(s, s->sum);
    double sum = s->sum;
    s->sum = NAN;
    s->spoilt = fk_rows_spoilt(from, s->window);
    if (s->spoilt > 0 || sum != sum) s->broken = 1;
    if (s->spoilt == 0) return fk_sums_value(s, sum);
    return s->least == s->window ? NAN : fk_sums_of_present(s, from, s->window);
}

/* Row by row from ``from`` on, for groups in which something is out of the ordinary. */
static inline void fk_sums_rows(fk_sums *s, const double *x, ptrdiff_t from, ptrdiff_t count,
                                double *out) {
    for (ptrdiff_t i = from; i < count; i++) {
        const double *first = x + i - s->window + 1;
        double sum = NAN;
        if (s->window >= FK_SHORT && fk_finite(s->sum)) sum = s->sum + (x[i] - first[-1]);
        if (fabs(sum) >= s->least_sum && fabs(sum) <= s->most_sum) {
            s->sum = sum;
            out[i] = fk_sums_value(s, sum);
        } else {
            out[i] = fk_sums_anew(s, first);
        }
    }
}

/* Sums of the windows that end in these rows, ``first`` of them starting anew. */
FK_INLINE fk_eight fk_sums_running(fk_sums *s, const double *x, ptrdiff_t count) {
    double entering[FK_LANES], leaving[FK_LANES];
    const double *old = x - s->window;
    if (s->groups > 0 && count == FK_LANES) {
        s->groups--;
        return fk_plus(fk_running(fk_sub(fk_load(x), fk_load(old))), s->sum);
    }
    fk_store(entering, fk_load_some(x, count));
    if (s->groups == 0) {
        s->groups = fk_groups_between(s->window);
        fk_sums_renew(s, old + 1);
        leaving[0] = entering[0];
        for (ptrdiff_t i = 1; i < FK_LANES; i++) leaving[i] = i < count ? old[i] : 0.0;
    } else {
        fk_store(leaving, fk_load_some(old, count));
    }
    s->groups--;
    return fk_plus(fk_running(fk_sub(fk_load(entering), fk_load(leaving))), s->sum);
}

FK_INLINE fk_eight fk_sums_short(const fk_sums *s, const double *x, ptrdiff_t count) {
    fk_eight sums = fk_load_some(x - s->window + 1, count);
    for (ptrdiff_t back = s->window - 2; back >= 0; back--)
        sums = fk_add(sums, fk_load_some(x - back, count));
    return sums;
}

/* ``count`` rows from ``x`` on, whose windows are whole; later lanes of ``out`` are undefined. */
FK_INLINE void fk_sums_group(fk_sums *s, const double *x, ptrdiff_t count, double *out) {
    int brief = s->window < FK_SHORT;
    fk_eight sums = brief ? fk_sums_short(s, x, count) : fk_sums_running(s, x, count);
    double least = brief ? 0.0 : s->least_sum, most = brief ? DBL_MAX : s->most_sum;
    double lanes[FK_LANES];
    ptrdiff_t lane = 0;
    fk_store(lanes, sums);
    fk_store(out, s->mean ? fk_over(sums, (double)s->window) : sums);
    while (lane < count && fabs(lanes[lane]) >= least && fabs(lanes[lane]) <= most) lane++;
    if (lane > 0) {
        s->spoilt = 0;
        s->sum = lanes[lane - 1];
    }
    if (lane < count) fk_sums_rows(s, x, lane, count, out);
}

/* ``groups`` whole groups without a fresh start; if anything is out of the ordinary, 0 and nothing
   is done that fk_sums_group will not do again. */
FK_INLINE int fk_sums_block(fk_sums *s, const double *x, ptrdiff_t groups, double *out) {
    fk_flags flags = fk_flags_up();
    double sum = s->sum, divisor = s->mean ? (double)s->window : 1.0;
    fk_eight least = fk_eight_of(s->least_sum), most = fk_eight_of(s->most_sum);
    const double *old = x - s->window;
    for (ptrdiff_t i = 0; i < groups * FK_LANES; i += FK_LANES) {
        fk_eight grown = fk_running(fk_sub(fk_load(x + i), fk_load(old + i)));
        fk_eight sums = fk_plus(grown, sum);
        flags = fk_flag(fk_flag(flags, fk_abs(sums), least), most, fk_abs(sums));
        fk_store(out + i, fk_over(sums, divisor));
        sum = fk_last(grown) + sum;
    }
    if (!fk_all_up(flags)) return 0;
    s->sum = sum;
    s->groups -= groups;
    s->spoilt = 0;
    return 1;
}

FK_INLINE int fk_sums_short_block(fk_sums *s, const double *x, ptrdiff_t groups, double *out) {
    fk_flags flags = fk_flags_up();
    double divisor = s->mean ? (double)s->window : 1.0;
    for (ptrdiff_t i = 0; i < groups * FK_LANES; i += FK_LANES) {
        fk_eight sums = fk_sums_short(s, x + i, FK_LANES);
        flags = fk_flag(flags, fk_eight_of(DBL_MAX), fk_abs(sums));
        fk_store(out + i, fk_over(sums, divisor));
    }
    return fk_all_up(flags);
}

/* All rows from ``row`` on, or those up to the first value that is not finite if ``whole``. */
FK_INLINE void fk_sums_run(fk_sums *s, const double *x, ptrdiff_t row, ptrdiff_t rows, int whole,
                           double *out) {
    double lanes[FK_LANES];
    int brief = s->window < FK_SHORT;
    while (row + FK_LANES <= rows && !(whole && s->broken)) {
        ptrdiff_t groups = (rows - row) / FK_LANES;
        if (groups > FK_BLOCK) groups = FK_BLOCK;
        if (!brief && groups > s->groups) groups = s->groups;
        int done = brief ? fk_sums_short_block(s, x + row, groups, out + row)
                         : groups > 0 && fk_sums_block(s, x + row, groups, out + row);
        for (ptrdiff_t i = 0; !done && i < (groups > 0 ? groups : 1); i++)
            fk_sums_group(s, x + row + i * FK_LANES, FK_LANES, out + row + i * FK_LANES);
        row += (groups > 0 ? groups : 1) * FK_LANES;
    }
    if (row < rows && !(whole && s->broken)) {
        fk_sums_group(s, x + row, rows - row, lanes);
        memcpy(out + row, lanes, (size_t)(rows - row) * sizeof *out);
    }
}

/* One column. ``out`` of the rows before the first whole window holds what ``least`` allows. */
static void fk_sums_column(const double *x, ptrdiff_t rows, ptrdiff_t window, ptrdiff_t least,
                           int mean, double *out) {
    fk_sums s;
    ptrdiff_t head = fk_head(rows, window), present = 0;
    double sum = 0.0;
    fk_sums_start(&s, window, least, mean);
    for (ptrdiff_t i = 0; i < head; i++) {
        if (fk_finite(x[i])) {
            sum += x[i];
            present++;
        }
        out[i] = present < least ? NAN : mean ? sum / (double)present : sum;
    }
    fk_sums_run(&s, x, head, rows, 0, out);
}

/* One column as TA-Lib has it: leading NaNs are skipped, a later one ends the series. */
static void fk_sma_column(const double *x, ptrdiff_t rows, ptrdiff_t window, double *out) {
    fk_sums s;
    ptrdiff_t first = fk_leading(x, rows), head = first + fk_head(rows - first, window);
    fk_sums_start(&s, window, window, 1);
    fk_fill(out, 0, head, NAN);
    fk_sums_run(&s, x, head, rows, 1, out);
    if (s.broken) fk_end_series(out, head, rows);
}

#endif
