/* Minimum and maximum of the last ``window`` values, as pandas' rolling().min() and .max().
 *
 * What is not finite counts as missing. Of equal values the newest is the result, which shows where
 * 0.0 and -0.0 meet. That does not depend on how a window is cut into overlapping blocks, as long
 * as the later block stands on the right of fk_winner: so the blocks are chosen for speed alone.
 *
 * A column is done in chunks whose levels stay in the nearest cache:
 *   1. level[i] is the extreme of the ``size`` (1, 2, 4, 8 or 16) values that end at i;
 *   2. windows up to 64 are covered by up to four blocks of that size; larger ones by rows of 16
 *      blocks side by side, each lane with the prefixes and suffixes of van Herk, Gil and Werman:
 *      three comparisons a value, however large the window is.
 * In place of missing values the levels see an infinity that always loses; how many values a
 * window really has is counted only where some are missing.
 */
#ifndef FK_EXTREMES_H
#define FK_EXTREMES_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define FK_AVX2
#endif

#include "indicators/window_values.h"

enum {
    FK_ROW = 16,
    FK_FEW_BLOCKS = 4 * FK_ROW,
    FK_CHUNK = 1024,
    FK_LINE = 8, /* doubles in a line of the cache */
    FK_MARGIN = 32 /* values before a chunk that its levels may read */
};

/* What loses against every value that is not missing. */
FK_INLINE double fk_loser(int most) { return most ? -INFINITY : INFINITY; }

#if defined(FK_AVX2)
#define FK_KIND(name) name##_avx2
#define FK_TARGET __attribute__((target("avx2")))
#define FK_FOUR __m256d
#define FK_LOAD4(from) _mm256_loadu_pd(from)
#define FK_STORE4(to, a) _mm256_storeu_pd(to, a)
#define FK_MIDDLE4(a, b) _mm256_permute2f128_pd(a, b, 0x21)
#define FK_LOW4(a, b) _mm256_min_pd(a, b)
#define FK_HIGH4(a, b) _mm256_max_pd(a, b)
#define FK_SEEN4(seen, a) _mm256_or_pd(seen, _mm256_sub_pd(a, a))
#include "indicators/extremes_rows.h"
#endif

typedef struct {
    double lane[4];
} fk_lanes;

#define FK_EACH(expression) \
    fk_lanes r; \
    for (int i = 0; i < 4; i++) r.lane[i] = (expression); \
    return r
FK_INLINE fk_lanes fk_lanes_from(const double *from) { FK_EACH(from[i]); }
FK_INLINE fk_lanes fk_lanes_middle(fk_lanes a, fk_lanes b) {
    FK_EACH(i < 2 ? a.lane[i + 2] : b.lane[i - 2]);
}
FK_INLINE fk_lanes fk_lanes_low(fk_lanes a, fk_lanes b) {
    FK_EACH(fk_winner(a.lane[i], b.lane[i], 0));
}
FK_INLINE fk_lanes fk_lanes_high(fk_lanes a, fk_lanes b) {
    FK_EACH(fk_winner(a.lane[i], b.lane[i], 1));
}
FK_INLINE fk_lanes fk_lanes_seen(fk_lanes a, fk_lanes b) {
    FK_EACH(a.lane[i] + (b.lane[i] - b.lane[i]));
}
FK_INLINE void fk_lanes_store(double *to, fk_lanes a) { memcpy(to, a.lane, sizeof a.lane); }
#undef FK_EACH

#define FK_KIND(name) name##_plain
#define FK_TARGET
#define FK_FOUR fk_lanes
#define FK_LOAD4(from) fk_lanes_from(from)
#define FK_STORE4(to, a) fk_lanes_store(to, a)
#define FK_MIDDLE4(a, b) fk_lanes_middle(a, b)
#define FK_LOW4(a, b) fk_lanes_low(a, b)
#define FK_HIGH4(a, b) fk_lanes_high(a, b)
#define FK_SEEN4(seen, a) fk_lanes_seen(seen, a)
#include "indicators/extremes_rows.h"

/* A column and where its levels, its suffixes and its values without the missing ones are. */
typedef struct {
    const double *x;
    ptrdiff_t rows, window, min_periods, chunk, missing;
    int most, size;
    double *level, *suffix, *clean;
} fk_extreme;

/* Levels of the past that a window needs; as much as its suffixes take. */
static inline ptrdiff_t fk_extreme_history(ptrdiff_t window) {
    return (window / FK_ROW + 1) * FK_ROW;
}

/* Rows at a time: whole blocks, if the window has many rows. */
static inline ptrdiff_t fk_extreme_chunk(ptrdiff_t window) {
    ptrdiff_t block = window > FK_FEW_BLOCKS ? window / FK_ROW * FK_ROW : FK_CHUNK;
    return block > FK_CHUNK ? block : FK_CHUNK / block * block;
}

/* Doubles of memory that fk_extreme_column needs for a window. */
static inline ptrdiff_t fk_extreme_space(ptrdiff_t window) {
    return 2 * fk_extreme_history(window) + fk_extreme_chunk(window) + FK_ROW + FK_MARGIN
           + FK_CHUNK + 4 + FK_LINE;
}

static inline void fk_extreme_start(fk_extreme *state, const double *x, ptrdiff_t rows,
                                    ptrdiff_t window, ptrdiff_t min_periods, int most,
                                    double *space) {
    state->x = x;
    state->rows = rows;
    state->window = window;
    state->min_periods = min_periods > 1 ? min_periods : 1;
    state->chunk = fk_extreme_chunk(window);
    state->missing = 0;
    state->most = most;
    state->size = window < 4 ? (window + 1) / 2 : window < 8 ? 4 : window < 16 ? 8 : 16;
    state->suffix = space + (FK_LINE - (uintptr_t)space / sizeof *space % FK_LINE) % FK_LINE;
    state->level = state->suffix + 2 * fk_extreme_history(window);
    state->clean = state->level + state->chunk + FK_ROW;
    for (double *at = state->suffix; at < state->level; at++) *at = fk_loser(most);
}

/* A copy of x[from..to) and the margin before, without missing values, and some more to make the
 * last four whole. Returns whether any of x[from..to) is missing. */
static inline int fk_extreme_clean(const fk_extreme *state, ptrdiff_t from, ptrdiff_t to) {
    const double *x = state->x;
    double loser = fk_loser(state->most), *clean = state->clean;
    ptrdiff_t margin = from < FK_MARGIN ? from : FK_MARGIN, count = to - from + margin, i;
    int missing = 0;
    for (i = margin; i < FK_MARGIN; i++) *clean++ = loser;
    x += from - margin;
    for (i = 0; i < count; i++) clean[i] = x[i] - x[i] == 0.0 ? x[i] : loser;
    for (i = margin; i < count; i++) missing |= clean[i] == loser;
    for (i = count; i < count + 3; i++) clean[i] = loser;
    return missing;
}

static inline int fk_extreme_level(const fk_extreme *state, const double *x, ptrdiff_t count,
                                   double *level) {
#if defined(FK_AVX2)
    if (__builtin_cpu_supports("avx2"))
        return fk_levels_avx2(x, count, level, state->size, state->most);
#endif
    return fk_levels_plain(x, count, level, state->size, state->most);
}

static inline void fk_extreme_cover(const fk_extreme *state, ptrdiff_t count, double *out) {
#if defined(FK_AVX2)
    if (__builtin_cpu_supports("avx2")) {
        fk_cover_avx2(state->level, count, state->window, state->size, state->suffix, out,
                      state->most);
        return;
    }
#endif
    fk_cover_plain(state->level, count, state->window, state->size, state->suffix, out,
                   state->most);
}

/* Levels of x[from..to); returns whether any of these values is missing. */
static inline int fk_extreme_levels(const fk_extreme *state, ptrdiff_t from, ptrdiff_t to) {
    int missing = 0;
    for (ptrdiff_t i = from, count; i < to; i += count) {
        double *level = state->level + i - from;
        count = to - i < FK_CHUNK ? to - i : FK_CHUNK;
        if (i >= FK_MARGIN && count >= 4) {
            count -= count % 4;
            if (!fk_extreme_level(state, state->x + i, count, level)) continue;
        } else if (i < FK_MARGIN && count > FK_MARGIN) {
            count = FK_MARGIN;
        }
        missing |= fk_extreme_clean(state, i, i + count);
        fk_extreme_level(state, state->clean + FK_MARGIN, (count + 3) / 4 * 4, level);
    }
    return missing;
}

/* NaN for the windows of x[from..to) that have too few values. */
static inline void fk_extreme_count(fk_extreme *state, ptrdiff_t from, ptrdiff_t to, int missing,
                                    double *out) {
    const double *x = state->x;
    ptrdiff_t window = state->window, count = state->missing;
    if (!missing && count == 0) {
        for (ptrdiff_t i = from; i < to && i < state->min_periods - 1; i++) out[i] = NAN;
        return;
    }
    for (ptrdiff_t i = from; i < to; i++) {
        count += fk_missing(x[i]) - (i >= window && fk_missing(x[i - window]));
        out[i] = (i < window ? i + 1 : window) - count < state->min_periods ? NAN : out[i];
    }
    state->missing = count;
}

/* Extremes of a column; ``space`` has fk_extreme_space(window) doubles. */
static inline void fk_extreme_column(const double *x, ptrdiff_t rows, ptrdiff_t window,
                                     ptrdiff_t min_periods, int most, double *space,
                                     double *out) {
    fk_extreme state;
    ptrdiff_t history = fk_extreme_history(window);
    fk_extreme_start(&state, x, rows, window, min_periods, most, space);
    for (ptrdiff_t from = 0, to; from < rows; from = to) {
        int missing;
        to = rows - from < state.chunk ? rows : from + state.chunk;
        missing = fk_extreme_levels(&state, from, to);
        fk_extreme_cover(&state, to - from, out + from);
        fk_extreme_count(&state, from, to, missing, out);
        memmove(state.level - history, state.level + (to - from) - history,
                (size_t)history * sizeof *out);
    }
}

#endif
