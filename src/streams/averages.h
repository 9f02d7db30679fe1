/* Streams of averages by decay: EMA, ZLEMA, MACD, RSI, StochRSI, ATR. As windows.h, by groups. */
#ifndef FK_STREAM_AVERAGES_H
#define FK_STREAM_AVERAGES_H

#include "indicators/wilder.h"
#include "windows.h"

typedef struct {
    ptrdiff_t period, seen; /* values since the first that counts */
    double sum;             /* of the first ones */
    fk_decay decay;
    double rows[FK_LANES]; /* of the current group */
} fk_ema_stream;

static inline void fk_ema_stream_begin(fk_ema_stream *s, ptrdiff_t period) {
    s->period = period;
    s->seen = 0;
    s->sum = 0.0;
    fk_decay_start(&s->decay, 2.0 / (double)(period + 1), NAN);
    memset(s->rows, 0, sizeof s->rows);
}

/* One more row of the group: the average after it. */
static inline double fk_decay_next(fk_decay *d, double *rows, ptrdiff_t place, double x) {
    double lanes[FK_LANES], last = d->last;
    rows[place] = x;
    fk_decay_group(d, rows, place + 1, lanes);
    if (place < FK_LANES - 1) d->last = last;
    return lanes[place];
}

static inline double fk_ema_stream_next(fk_ema_stream *s, double x) {
    s->seen++;
    if (s->seen > s->period)
        return fk_decay_next(&s->decay, s->rows, (s->seen - s->period - 1) & (FK_LANES - 1), x);
    s->sum += x;
    if (s->seen < s->period) return NAN;
    double first = s->sum / (double)s->period;
    fk_decay_start(&s->decay, 2.0 / (double)(s->period + 1), first);
    return first;
}

static void fk_ema_stream_start(void *state, const double *p) {
    fk_ema_stream_begin(state, (ptrdiff_t)p[0]);
}

static void fk_ema_stream_step(void *state, double *room, const double *in, double *out,
                               int stays) {
    fk_ema_stream *s = state;
    (void)room;
    (void)stays;
    out[0] = s->seen == 0 && in[0] != in[0] ? NAN : fk_ema_stream_next(s, in[0]);
}

typedef struct {
    fk_line line;
    fk_ema_stream ema;
} fk_zlema_stream;

static void fk_zlema_stream_start(void *state, const double *p) {
    fk_zlema_stream *s = state;
    fk_line_start(&s->line, ((ptrdiff_t)p[0] - 1) / 2 + 1);
    fk_ema_stream_begin(&s->ema, (ptrdiff_t)p[0]);
}

static void fk_zlema_stream_step(void *state, double *room, const double *in, double *out,
                                 int stays) {
    fk_zlema_stream *s = state;
    ptrdiff_t lag = s->line.keep - 1;
    out[0] = NAN;
    if (s->line.seen == 0 && in[0] != in[0]) return;
    const double *newest = fk_line_add(&s->line, room, in[0]);
    if (s->line.seen > lag)
        out[0] = fk_ema_stream_next(&s->ema, 2.0 * newest[0] - newest[-lag]);
    fk_line_settle(&s->line, room, stays);
}

typedef struct {
    ptrdiff_t seen;
    fk_ema_stream fast, slow, signal;
} fk_macd_stream;

static void fk_macd_stream_start(void *state, const double *p) {
    fk_macd_stream *s = state;
    s->seen = 0;
    fk_ema_stream_begin(&s->fast, (ptrdiff_t)p[0]);
    fk_ema_stream_begin(&s->slow, (ptrdiff_t)p[1]);
    fk_ema_stream_begin(&s->signal, (ptrdiff_t)p[2]);
}

static void fk_macd_stream_step(void *state, double *room, const double *in, double *out,
                                int stays) {
    fk_macd_stream *s = state;
    (void)room;
    (void)stays;
    out[0] = out[1] = out[2] = NAN;
    if (s->seen == 0 && in[0] != in[0]) return;
    s->seen++;
    double slow = fk_ema_stream_next(&s->slow, in[0]), fast = NAN;
    if (s->seen > s->slow.period - s->fast.period) fast = fk_ema_stream_next(&s->fast, in[0]);
    if (s->seen < s->slow.period) return;
    double line = fast - slow, signal = fk_ema_stream_next(&s->signal, line);
    if (s->signal.seen < s->signal.period) return;
    out[0] = line;
    out[1] = signal;
    out[2] = line - signal;
}

typedef struct {
    ptrdiff_t period, seen; /* values since the first that is not NaN */
    double change, size;    /* sums of the first ones */
    fk_rsi rsi;
    double rows[FK_LANES + 1]; /* the last value before the current group, and the group */
} fk_rsi_stream;

static void fk_rsi_stream_start(void *state, const double *p) {
    fk_rsi_stream *s = state;
    s->period = (ptrdiff_t)p[0];
    s->seen = 0;
    s->change = s->size = 0.0;
    fk_decay_start(&s->rsi.change, 1.0 / p[0], NAN);
    fk_decay_start(&s->rsi.size, 1.0 / p[0], NAN);
    memset(s->rows, 0, sizeof s->rows);
}

/* One of the first values; the last of them ends the group of which nothing has come yet. */
static inline double fk_rsi_stream_early(fk_rsi_stream *s, double x) {
    double each = x - s->rows[0];
    s->rows[0] = x;
    s->seen++;
    if (s->seen == 1) return NAN;
    s->change += each;
    s->size += fabs(each);
    if (s->seen <= s->period) return NAN;
    double weight = 1.0 / (double)s->period;
    double change = s->change / (double)s->period, size = s->size / (double)s->period;
    fk_decay_start(&s->rsi.change, weight, change);
    fk_decay_start(&s->rsi.size, weight, size);
    return size * FK_RSI_CALM != 0.0 ? 50.0 + 50.0 * (change / size) : 0.0;
}

static inline double fk_rsi_stream_next(fk_rsi_stream *s, double x) {
    double lanes[FK_LANES], change = s->rsi.change.last, size = s->rsi.size.last;
    if (s->seen == 0 && x != x) return NAN;
    if (s->seen <= s->period) return fk_rsi_stream_early(s, x);
    ptrdiff_t place = (s->seen++ - s->period - 1) & (FK_LANES - 1);
    s->rows[place + 1] = x;
    fk_rsi_group(&s->rsi, s->rows + 1, place + 1, lanes);
    if (place == FK_LANES - 1) {
        s->rows[0] = x;
    } else {
        s->rsi.change.last = change;
        s->rsi.size.last = size;
    }
    return lanes[place];
}

static void fk_rsi_stream_step(void *state, double *room, const double *in, double *out,
                               int stays) {
    (void)room;
    (void)stays;
    out[0] = fk_rsi_stream_next(state, in[0]);
}

typedef struct {
    fk_rsi_stream rsi;
    ptrdiff_t fastk, ranked; /* values of the index that have been ranked */
    fk_sums_stream mean;
    fk_extreme_window lowest, highest;
} fk_stoch_rsi_stream;

static void fk_stoch_rsi_stream_start(void *state, const double *p) {
    fk_stoch_rsi_stream *s = state;
    double window[2] = {p[1], 1.0};
    fk_rsi_stream_start(&s->rsi, p);
    s->fastk = (ptrdiff_t)p[1];
    s->ranked = 0;
    fk_sma_stream_start(&s->mean, p + 2);
    fk_least_stream_start(&s->lowest, window);
    fk_most_stream_start(&s->highest, window);
}

static void fk_stoch_rsi_stream_step(void *state, double *room, const double *in, double *out,
                                     int stays) {
    fk_stoch_rsi_stream *s = state;
    double *lows = room + fk_line_room(&s->mean.line);
    double *highs = lows + (fk_extreme_bytes(s->fastk) + sizeof(double) - 1) / sizeof(double);
    double index = fk_rsi_stream_next(&s->rsi, in[0]);
    out[0] = out[1] = NAN;
    if (s->ranked == 0 && index != index) return;
    double lowest = fk_extreme_next(&s->lowest, lows, index, stays);
    double highest = fk_extreme_next(&s->highest, highs, index, stays);
    if (++s->ranked < s->fastk) return;
    double range = (highest - lowest) / 100.0;
    double standing = range < FK_NO_RANGE ? 0.0 : (index - lowest) / range;
    if (index != index) standing = NAN;
    double mean = fk_sums_stream_next(&s->mean, room, standing, stays);
    if (s->mean.line.seen < s->mean.sums.window) return;
    out[0] = standing;
    out[1] = mean;
}

typedef struct {
    ptrdiff_t period, seen; /* rows since each price has been there once */
    int met;                /* prices that have: 1 high, 2 low, 4 close */
    double sum, before;     /* of the first ranges; the close before */
    fk_decay decay;
    double rows[FK_LANES];
} fk_atr_stream;

static void fk_atr_stream_start(void *state, const double *p) {
    fk_atr_stream *s = state;
    s->period = (ptrdiff_t)p[0];
    s->seen = 0;
    s->met = 0;
    s->sum = 0.0;
    s->before = NAN;
    fk_decay_start(&s->decay, 1.0 / p[0], NAN);
    memset(s->rows, 0, sizeof s->rows);
}

static void fk_atr_stream_step(void *state, double *room, const double *in, double *out,
                               int stays) {
    fk_atr_stream *s = state;
    double range = fk_true_range_of(in[0], in[1], s->before);
    (void)room;
    (void)stays;
    out[0] = NAN;
    s->met |= (in[0] == in[0]) | (in[1] == in[1]) << 1 | (in[2] == in[2]) << 2;
    if (s->met != 7) return;
    s->before = in[2];
    s->seen++;
    if (s->seen == 1) return;
    if (s->seen > s->period + 1) {
        ptrdiff_t place = (s->seen - s->period - 2) & (FK_LANES - 1);
        out[0] = fk_decay_next(&s->decay, s->rows, place, range);
        return;
    }
    s->sum += range;
    if (s->seen <= s->period) return;
    out[0] = s->sum / (double)s->period;
    fk_decay_start(&s->decay, 1.0 / (double)s->period, out[0]);
}

#endif
