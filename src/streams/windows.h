/* Streams over a window: sums, weighted sums, moments, minimum, maximum, median.
 *
 * The state is that at the start of the current group of eight rows, and every update computes the
 * group up to the new row: the very steps of the loops over whole columns.
 */
#ifndef FK_STREAM_WINDOWS_H
#define FK_STREAM_WINDOWS_H

#include "indicators/moments.h"
#include "indicators/sums.h"
#include "indicators/weights.h"
#include "parts.h"

/* Place in its group of the newest row; a group begins with the first whole window. */
static inline ptrdiff_t fk_place(const fk_line *line, ptrdiff_t window) {
    return (line->seen - window) & (FK_LANES - 1);
}

typedef struct {
    fk_line line;
    fk_sums sums;
    int series; /* as TA-Lib: leading NaNs are skipped, a later one ends the series */
    int ended;
} fk_sums_stream;

static inline void fk_sums_stream_start(fk_sums_stream *s, ptrdiff_t window, ptrdiff_t least,
                                        int mean, int series) {
    fk_line_start(&s->line, window + FK_LANES);
    fk_sums_start(&s->sums, window, least, mean);
    s->series = series;
    s->ended = 0;
}

static inline double fk_sums_stream_next(fk_sums_stream *s, double *room, double x, int stays) {
    double lanes[FK_LANES];
    ptrdiff_t window = s->sums.window;
    if (s->ended || (s->series && s->line.seen == 0 && x != x)) return NAN;
    const double *newest = fk_line_add(&s->line, room, x);
    if (s->line.seen < window) {
        lanes[0] = NAN;
        if (s->sums.least < window)
            lanes[0] = fk_sums_of_present(&s->sums, newest - s->line.seen + 1, s->line.seen);
        fk_line_settle(&s->line, room, stays);
        return lanes[0];
    }
    ptrdiff_t place = fk_place(&s->line, window);
    fk_sums group = s->sums;
    fk_sums_group(&group, newest - place, place + 1, lanes);
    if (s->series && group.broken && lanes[place] != lanes[place]) s->ended = 1;
    if (place == FK_LANES - 1) s->sums = group;
    fk_line_settle(&s->line, room, stays);
    return lanes[place];
}

static void fk_sums_stream_step(void *state, double *room, const double *in, double *out,
                                int stays) {
    out[0] = fk_sums_stream_next(state, room, in[0], stays);
}

static void fk_sma_stream_start(void *state, const double *p) {
    fk_sums_stream_start(state, (ptrdiff_t)p[0], (ptrdiff_t)p[0], 1, 1);
}
static void fk_rolling_sum_stream_start(void *state, const double *p) {
    fk_sums_stream_start(state, (ptrdiff_t)p[0], (ptrdiff_t)p[1], 0, 0);
}
static void fk_rolling_mean_stream_start(void *state, const double *p) {
    fk_sums_stream_start(state, (ptrdiff_t)p[0], (ptrdiff_t)p[1], 1, 0);
}

typedef struct {
    fk_line line;
    fk_weights weights;
    int ended;
} fk_wma_stream;

static void fk_wma_stream_start(void *state, const double *p) {
    fk_wma_stream *s = state;
    fk_line_start(&s->line, (ptrdiff_t)p[0] + FK_LANES);
    fk_weights_start(&s->weights, (ptrdiff_t)p[0]);
    s->ended = 0;
}

static void fk_wma_stream_step(void *state, double *room, const double *in, double *out,
                               int stays) {
    fk_wma_stream *s = state;
    double lanes[FK_LANES];
    out[0] = NAN;
    if (s->ended || (s->line.seen == 0 && in[0] != in[0])) return;
    const double *newest = fk_line_add(&s->line, room, in[0]);
    if (s->line.seen >= s->weights.window) {
        ptrdiff_t place = fk_place(&s->line, s->weights.window);
        fk_weights group = s->weights;
        fk_weights_group(&group, newest - place, place + 1, lanes);
        out[0] = lanes[place];
        s->ended = group.broken;
        if (place == FK_LANES - 1) s->weights = group;
    }
    fk_line_settle(&s->line, room, stays);
}

typedef struct {
    fk_line line;
    fk_moments moments;
    int what;
    double stds;
} fk_moments_stream;

static inline void fk_moments_stream_start(fk_moments_stream *s, int what, const double *p) {
    fk_line_start(&s->line, (ptrdiff_t)p[0] + FK_LANES);
    fk_moments_start(&s->moments, (ptrdiff_t)p[0], (ptrdiff_t)p[1], (ptrdiff_t)p[2]);
    s->what = what;
    s->stds = what == FK_BANDS ? p[3] : 0.0;
}

static void fk_variance_stream_start(void *state, const double *p) {
    fk_moments_stream_start(state, FK_VARIANCE, p);
}
static void fk_deviation_stream_start(void *state, const double *p) {
    fk_moments_stream_start(state, FK_DEVIATION, p);
}
static void fk_zscore_stream_start(void *state, const double *p) {
    fk_moments_stream_start(state, FK_ZSCORE, p);
}
static void fk_bollinger_stream_start(void *state, const double *p) {
    fk_moments_stream_start(state, FK_BANDS, p);
}

static void fk_moments_stream_step(void *state, double *room, const double *in, double *out,
                                   int stays) {
    fk_moments_stream *s = state;
    double mean[FK_LANES], variance[FK_LANES];
    const double *newest = fk_line_add(&s->line, room, in[0]);
    ptrdiff_t place = 0, window = s->moments.window;
    if (s->line.seen < window) {
        mean[0] = variance[0] = NAN;
        if (s->moments.least < window)
            fk_moments_of_present(&s->moments, newest - s->line.seen + 1, s->line.seen, mean,
                                  variance);
    } else {
        fk_moments group = s->moments;
        place = fk_place(&s->line, window);
        fk_moments_group(&group, newest - place, place + 1, mean, variance);
        if (place == FK_LANES - 1) s->moments = group;
    }
    double deviation = sqrt(variance[place]);
    fk_moments_report(s->what, s->stds, newest, 1, mean + place, variance + place, &deviation, out,
                      out + 1, out + 2);
    fk_line_settle(&s->line, room, stays);
}

static void fk_least_stream_start(void *state, const double *p) {
    fk_extreme_window *s = state;
    s->window = (ptrdiff_t)p[0];
    s->min_periods = (ptrdiff_t)p[1];
    s->most = 0;
}
static void fk_most_stream_start(void *state, const double *p) {
    fk_least_stream_start(state, p);
    ((fk_extreme_window *)state)->most = 1;
}

static inline double fk_extreme_next(fk_extreme_window *s, double *room, double x, int stays) {
    fk_extreme_attach(s, room);
    return stays ? fk_extreme_step(s, x) : fk_extreme_peek(s, x);
}

static void fk_extreme_stream_step(void *state, double *room, const double *in, double *out,
                                   int stays) {
    out[0] = fk_extreme_next(state, room, in[0], stays);
}

static void fk_median_stream_start(void *state, const double *p) {
    fk_median *s = state;
    s->window = (ptrdiff_t)p[0];
    s->min_periods = (ptrdiff_t)p[1];
}

static void fk_median_stream_step(void *state, double *room, const double *in, double *out,
                                  int stays) {
    fk_median *s = state;
    fk_median_attach(s, room);
    out[0] = stays ? fk_median_step(s, in[0]) : fk_median_peek(s, in[0]);
}

#endif
