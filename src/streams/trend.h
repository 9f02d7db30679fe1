/* Streams of what goes on row by row anyway: KAMA, PSAR, Supertrend, Heikin-Ashi, bands. */
#ifndef FK_STREAM_TREND_H
#define FK_STREAM_TREND_H

#include "indicators/bands.h"
#include "indicators/heikin_ashi.h"
#include "indicators/kama.h"
#include "indicators/psar.h"
#include "indicators/supertrend.h"
#include "parts.h"

typedef struct {
    fk_line line;
    fk_kama kama;
} fk_kama_stream;

static void fk_kama_stream_start(void *state, const double *p) {
    fk_kama_stream *s = state;
    fk_line_start(&s->line, (ptrdiff_t)p[0] + 1);
    fk_kama_start(&s->kama, (ptrdiff_t)p[0]);
}

static void fk_kama_stream_step(void *state, double *room, const double *in, double *out,
                                int stays) {
    fk_kama_stream *s = state;
    const double *newest = fk_line_add(&s->line, room, in[0]);
    out[0] = fk_kama_step(&s->kama, in[0], fk_line_back(&s->line, newest, s->kama.period));
    fk_line_settle(&s->line, room, stays);
}

static void fk_psar_stream_start(void *state, const double *p) {
    fk_psar_start(state, p[0], p[1]);
}

static void fk_psar_stream_step(void *state, double *room, const double *in, double *out,
                                int stays) {
    (void)room;
    (void)stays;
    out[0] = fk_psar_step(state, in[0], in[1]);
}

static void fk_supertrend_stream_start(void *state, const double *p) {
    fk_supertrend_start(state, (ptrdiff_t)p[0], p[1]);
}

static void fk_supertrend_stream_step(void *state, double *room, const double *in, double *out,
                                      int stays) {
    fk_supertrend_row row = fk_supertrend_step(state, in[0], in[1], in[2]);
    (void)room;
    (void)stays;
    out[0] = row.value;
    out[1] = (double)row.direction;
    out[2] = row.lower;
    out[3] = row.upper;
}

static void fk_heikin_ashi_stream_start(void *state, const double *p) {
    (void)p;
    fk_heikin_ashi_start(state);
}

static void fk_heikin_ashi_stream_step(void *state, double *room, const double *in, double *out,
                                       int stays) {
    fk_heikin_ashi_row row = fk_heikin_ashi_step(state, in[0], in[1], in[2], in[3]);
    (void)room;
    (void)stays;
    out[0] = row.open;
    out[1] = row.high;
    out[2] = row.low;
    out[3] = row.close;
}

typedef struct {
    fk_line line;
    fk_bands_mean mean;
    fk_bands_rules rules;
} fk_bands_stream;

static void fk_bands_stream_start(void *state, const double *p) {
    fk_bands_stream *s = state;
    fk_line_start(&s->line, (ptrdiff_t)p[0] + 1);
    fk_bands_mean_start(&s->mean, (ptrdiff_t)p[0]);
    s->rules = fk_bands_rules_of(p[1], p[2], p[3], p[4], p[5], p[6]);
}

static void fk_bands_stream_step(void *state, double *room, const double *in, double *out,
                                 int stays) {
    fk_bands_stream *s = state;
    const double *newest = fk_line_add(&s->line, room, in[0]);
    fk_bands_row row = fk_bands_step(&s->mean, &s->rules, in[0],
                                     fk_line_back(&s->line, newest, s->mean.window));
    fk_line_settle(&s->line, room, stays);
    out[0] = row.lower;
    out[1] = row.upper;
    out[2] = row.ratio;
    out[3] = row.mean;
}

#endif
