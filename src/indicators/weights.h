/* Linearly weighted means of windows: the newest value counts ``window`` times, the oldest once.
 *
 * Two running sums over groups of eight rows, the plain one feeding the weighted one, both started
 * anew every 64 rows, and where the weighted one is small or large beside what it started with.
 */
#ifndef FK_WEIGHTS_H
#define FK_WEIGHTS_H

#include "window.h"

#define FK_WEIGHTS_LEAST 0x1p-10
#define FK_WEIGHTS_MOST 0x1p10

typedef struct {
    ptrdiff_t window;
    double divisor;       /* sum of the weights */
    double sum, weighted; /* of the window before this group; NaN if there is none to go on */
    double least, most;   /* absolute weighted sums, before they start anew */
    ptrdiff_t groups;     /* until the next fresh start */
    int broken;           /* a value was not finite */
} fk_weights;

FK_INLINE void fk_weights_start(fk_weights *w, ptrdiff_t window) {
    w->window = window;
    w->divisor = (double)window * ((double)window + 1.0) / 2.0;
    w->sum = w->weighted = NAN;
    w->least = w->most = 0.0;
    w->groups = 0;
    w->broken = 0;
}

/* Both sums from the window itself, in the order of the rows. */
FK_INLINE void fk_weights_renew(fk_weights *w, const double *from) {
    w->sum = fk_total(from, w->window);
    w->weighted = 0.0;
    for (ptrdiff_t i = 0; i < w->window; i++) w->weighted += (double)(i + 1) * from[i];
    w->least = fabs(w->weighted) * FK_WEIGHTS_LEAST;
    w->most = fmin(fabs(w->weighted) * FK_WEIGHTS_MOST, DBL_MAX);
}

/* Row by row from ``from`` on, for groups in which something is out of the ordinary. */
static inline void fk_weights_rows(fk_weights *w, const double *x, ptrdiff_t from, ptrdiff_t count,
                                   double *out) {
    for (ptrdiff_t i = from; i < count; i++) {
        fk_weights_renew(w, x + i - w->window + 1);
        if (!fk_finite(w->weighted)) w->broken = 1;
        out[i] = w->broken ? NAN : w->weighted / w->divisor;
    }
}

FK_INLINE fk_eight fk_weights_short(const fk_weights *w, const double *x, ptrdiff_t count) {
    fk_eight sums = fk_load_some(x - w->window + 1, count);
    for (ptrdiff_t weight = 2; weight <= w->window; weight++) {
        fk_eight each = fk_load_some(x - w->window + weight, count);
        sums = fk_add(sums, fk_times(each, (double)weight));
    }
    return sums;
}

/* Growth of the plain and of the weighted sums over eight rows, the window of ``window`` rows. */
FK_INLINE fk_eight fk_weights_grown(fk_eight entering, fk_eight leaving, double window, double sum,
                                    fk_eight *plain) {
    *plain = fk_running(fk_sub(entering, leaving));
    fk_eight before = fk_later(fk_plus(*plain, sum), sum);
    return fk_sub(fk_times(entering, window), before);
}

/* The plain and the weighted sums of the windows that end in these rows. */
FK_INLINE fk_eight fk_weights_running(fk_weights *w, const double *x, ptrdiff_t count,
                                      fk_eight *plain) {
    double leaving[FK_LANES], grown[FK_LANES];
    const double *old = x - w->window;
    int anew = w->groups == 0;
    fk_eight entering = fk_load_some(x, count);
    if (anew) {
        w->groups = w->window > 64 ? fk_groups_between(w->window) : 8;
        fk_weights_renew(w, old + 1);
    }
    w->groups--;
    leaving[0] = anew ? x[0] : old[0];
    for (ptrdiff_t i = 1; i < FK_LANES; i++) leaving[i] = i < count ? old[i] : 0.0;
    fk_eight more =
        fk_weights_grown(entering, fk_load(leaving), (double)w->window, w->sum, plain);
    fk_store(grown, more);
    if (anew) grown[0] = 0.0;
    for (ptrdiff_t i = count; i < FK_LANES; i++) grown[i] = 0.0;
    *plain = fk_plus(*plain, w->sum);
    return fk_plus(fk_running(fk_load(grown)), w->weighted);
}

/* ``count`` rows from ``x`` on, whose windows are whole. */
FK_INLINE void fk_weights_group(fk_weights *w, const double *x, ptrdiff_t count, double *out) {
    int brief = w->window < FK_SHORT;
    double lanes[FK_LANES], sums[FK_LANES];
    fk_eight plain = {fk_four_of(0.0), fk_four_of(0.0)};
    fk_eight weighted =
        brief ? fk_weights_short(w, x, count) : fk_weights_running(w, x, count, &plain);
    double least = brief ? 0.0 : w->least, most = brief ? DBL_MAX : w->most;
    ptrdiff_t lane = 0;
    fk_store(lanes, weighted);
    fk_store(sums, plain);
    fk_store(out, fk_over(weighted, w->divisor));
    while (lane < count && fabs(lanes[lane]) >= least && fabs(lanes[lane]) <= most) lane++;
    if (lane > 0) {
        w->weighted = lanes[lane - 1];
        w->sum = sums[lane - 1];
    }
    if (lane < count) fk_weights_rows(w, x, lane, count, out);
}

/* ``groups`` whole groups without a fresh start; if anything is out of the ordinary, 0 and nothing
   is done that fk_weights_group will not do again. */
FK_INLINE int fk_weights_block(fk_weights *w, const double *x, ptrdiff_t groups, double *out) {
    fk_flags flags = fk_flags_up();
    double sum = w->sum, weighted = w->weighted, window = (double)w->window;
    fk_eight least = fk_eight_of(w->least), most = fk_eight_of(w->most);
    const double *old = x - w->window;
    for (ptrdiff_t i = 0; i < groups * FK_LANES; i += FK_LANES) {
        fk_eight plain;
        fk_eight grown =
            fk_running(fk_weights_grown(fk_load(x + i), fk_load(old + i), window, sum, &plain));
        fk_eight all = fk_plus(grown, weighted);
        flags = fk_flag(fk_flag(flags, fk_abs(all), least), most, fk_abs(all));
        fk_store(out + i, fk_over(all, w->divisor));
        sum = fk_last(plain) + sum;
        weighted = fk_last(grown) + weighted;
    }
    if (!fk_all_up(flags)) return 0;
    w->sum = sum;
    w->weighted = weighted;
    w->groups -= groups;
    return 1;
}

/* One column as TA-Lib has it: leading NaNs are skipped, a later one ends the series. */
static void fk_wma_column(const double *x, ptrdiff_t rows, ptrdiff_t window, double *out) {
    fk_weights w;
    double lanes[FK_LANES];
    ptrdiff_t first = fk_leading(x, rows), head = first + fk_head(rows - first, window);
    ptrdiff_t row = head;
    fk_weights_start(&w, window);
    fk_fill(out, 0, row, NAN);
    while (row + FK_LANES <= rows && !w.broken) {
        ptrdiff_t groups = (rows - row) / FK_LANES;
        if (groups > w.groups) groups = w.groups;
        if (window < FK_SHORT || groups == 0 || !fk_weights_block(&w, x + row, groups, out + row)) {
            groups = 1;
            fk_weights_group(&w, x + row, FK_LANES, out + row);
        }
        row += groups * FK_LANES;
    }
    if (row < rows && !w.broken) {
        fk_weights_group(&w, x + row, rows - row, lanes);
        memcpy(out + row, lanes, (size_t)(rows - row) * sizeof *out);
    }
    if (w.broken) fk_end_series(out, head, rows);
}

#endif
