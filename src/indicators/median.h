/* Median of the last ``window`` values, as pandas' rolling().median(); one value at a time.
 *
 * The window lies sorted in blocks of equal size, each a ring, so that the rank of a value says
 * where it is. A value that enters takes the place of the one that leaves, and only what lies
 * between the two moves by one: inside their blocks by memmove, from block to block by its end.
 * That is one memmove for windows of one block, and square-root time for larger ones.
 *
 * What is not finite counts as missing. Equal values stand in the order in which they came, and the
 * oldest leaves first, which shows where 0.0 and -0.0 meet.
 */
#ifndef FK_MEDIAN_H
#define FK_MEDIAN_H

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "indicators/window_values.h"

enum { FK_MEDIAN_BLOCK = 1024, FK_MEDIAN_SCANNED = 64 };

typedef struct {
    double *sorted, *ring; /* blocks one after the other; the last values as they came */
    ptrdiff_t *heads;      /* where in its ring each block begins; NULL if there is one block */
    ptrdiff_t window, min_periods, block, shift, count, seen, next;
} fk_median;

typedef struct {
    ptrdiff_t leaves, enters;
} fk_median_ranks;

static inline ptrdiff_t fk_median_shift(ptrdiff_t window) {
    ptrdiff_t shift = 9;
    if (window <= FK_MEDIAN_BLOCK) return 10;
    while (((ptrdiff_t)1 << 2 * shift) / 8 < window) shift++;
    return shift;
}

static inline ptrdiff_t fk_median_blocks(ptrdiff_t window) {
    ptrdiff_t shift = fk_median_shift(window);
    return ((window - 1) >> shift) + 1;
}

/* Bytes of memory that a window needs. */
static inline size_t fk_median_bytes(ptrdiff_t window) {
    ptrdiff_t blocks = fk_median_blocks(window);
    ptrdiff_t sorted = blocks > 1 ? blocks << fk_median_shift(window) : window;
    return (size_t)(window + sorted) * sizeof(double) + (size_t)blocks * sizeof(ptrdiff_t);
}

/* Tell where the memory is, also after it has been moved. */
static inline void fk_median_attach(fk_median *state, void *memory) {
    ptrdiff_t blocks = fk_median_blocks(state->window);
    state->ring = memory;
    state->sorted = state->ring + state->window;
    state->heads = blocks > 1 ? (ptrdiff_t *)(state->sorted + blocks * state->block) : NULL;
}

static inline void fk_median_start(fk_median *state, ptrdiff_t window, ptrdiff_t min_periods,
                            void *memory) {
    state->window = window;
    state->min_periods = min_periods > 1 ? min_periods : 1;
    state->shift = fk_median_shift(window);
    state->block = (ptrdiff_t)1 << state->shift;
    state->count = state->seen = state->next = 0;
    fk_median_attach(state, memory);
    if (state->heads) memset(state->heads, 0, (size_t)fk_median_blocks(window) * sizeof(ptrdiff_t));
}

FK_INLINE double *fk_median_slot(const fk_median *state, ptrdiff_t block, ptrdiff_t place) {
    ptrdiff_t at = (state->heads[block] + place) & (state->block - 1);
    return state->sorted + (block << state->shift) + at;
}

FK_INLINE double *fk_median_at(const fk_median *state, ptrdiff_t rank) {
    if (!state->heads) return state->sorted + rank;
    return fk_median_slot(state, rank >> state->shift, rank & (state->block - 1));
}

/* How many values are below ``low``, and how many are not above ``high``. */
FK_INLINE fk_median_ranks fk_median_find(const fk_median *state, double low, double high) {
    fk_median_ranks found = {0, 0};
    ptrdiff_t length = state->count;
    if (length <= FK_MEDIAN_SCANNED && !state->heads) {
        for (ptrdiff_t i = 0; i < length; i++) {
            found.leaves += state->sorted[i] < low;
            found.enters += state->sorted[i] <= high;
        }
        return found;
    }
    for (ptrdiff_t half; length > 0; length -= half) {
        half = (length + 1) / 2;
        found.leaves += *fk_median_at(state, found.leaves + half - 1) < low ? half : 0;
        found.enters += *fk_median_at(state, found.enters + half - 1) <= high ? half : 0;
    }
    return found;
}

/* What a step would change: ranks of the value that leaves and, without that, of the one that
 * enters; the rank of a missing one is the number of values. */
FK_INLINE fk_median_ranks fk_median_change(const fk_median *state, double value) {
    double old = state->seen < state->window ? NAN : state->ring[state->next];
    fk_median_ranks ranks = fk_median_find(state, old, value);
    ptrdiff_t rest = state->count;
    if (fk_missing(old)) {
        ranks.leaves = state->count;
    } else {
        rest--;
        ranks.enters -= old <= value;
    }
    if (fk_missing(value)) ranks.enters = rest;
    return ranks;
}

/* Inside a block: the values after ``from`` up to ``to`` move one place down. */
FK_INLINE void fk_median_down(fk_median *state, ptrdiff_t block, ptrdiff_t from, ptrdiff_t to) {
    double *first = fk_median_slot(state, block, from), *last = fk_median_slot(state, block, to);
    double *base = state->sorted + (block << state->shift), *end = base + state->block - 1;
    if (last < first) {
        memmove(first, first + 1, (size_t)(end - first) * sizeof *first);
        *end = *base;
        first = base;
    }
    memmove(first, first + 1, (size_t)(last - first) * sizeof *first);
}

/* Inside a block: the values from ``from`` to before ``to`` move one place up. */
FK_INLINE void fk_median_up(fk_median *state, ptrdiff_t block, ptrdiff_t from, ptrdiff_t to) {
    double *first = fk_median_slot(state, block, from), *last = fk_median_slot(state, block, to);
    double *base = state->sorted + (block << state->shift), *end = base + state->block - 1;
    if (last < first) {
        memmove(base + 1, base, (size_t)(last - base) * sizeof *base);
        *base = *end;
        last = end;
    }
    memmove(first + 1, first, (size_t)(last - first) * sizeof *first);
}

/* Over several blocks: the place of rank ``from`` becomes that of rank ``to``. */
static inline void fk_median_move(fk_median *state, ptrdiff_t from, ptrdiff_t to) {
    ptrdiff_t last = state->block - 1, shift = state->shift;
    ptrdiff_t block = from >> shift, target = to >> shift, place = from & last;
    for (; block < target; block++, place = 0) {
        if (place)
            fk_median_down(state, block, place, last);
        else
            state->heads[block] = (state->heads[block] + 1) & last;
        *fk_median_slot(state, block, last) = *fk_median_slot(state, block + 1, 0);
    }
    for (; block > target; block--, place = last) {
        if (place < last)
            fk_median_up(state, block, 0, place);
        else
            state->heads[block] = (state->heads[block] - 1) & last;
        *fk_median_slot(state, block, 0) = *fk_median_slot(state, block - 1, last);
    }
    if (place <= (to & last))
        fk_median_down(state, block, place, to & last);
    else
        fk_median_up(state, block, to & last, place);
}

FK_INLINE void fk_median_replace(fk_median *state, ptrdiff_t from, ptrdiff_t to, double value) {
    double *sorted = state->sorted;
    if (state->heads)
        fk_median_move(state, from, to);
    else if (from < to)
        memmove(sorted + from, sorted + from + 1, (size_t)(to - from) * sizeof *sorted);
    else
        memmove(sorted + to + 1, sorted + to, (size_t)(from - to) * sizeof *sorted);
    *fk_median_at(state, to) = value;
}

FK_INLINE double fk_median_of(double lower, double higher, ptrdiff_t count) {
    return count % 2 ? higher : (higher + lower) / 2.0;
}

FK_INLINE double fk_median_value(const fk_median *state) {
    ptrdiff_t middle = state->count / 2;
    if (state->count < state->min_periods) return NAN;
    return fk_median_of(*fk_median_at(state, middle - (middle > 0)),
                        *fk_median_at(state, middle), state->count);
}

FK_INLINE double fk_median_step(fk_median *state, double value) {
    fk_median_ranks ranks = fk_median_change(state, value);
    ptrdiff_t rest = state->count - (ranks.leaves < state->count);
    if (!fk_missing(value)) {
        fk_median_replace(state, ranks.leaves, ranks.enters, value);
        rest++;
    } else if (rest < state->count) {
        fk_median_replace(state, ranks.leaves, rest, NAN);
    }
    state->count = rest;
    state->ring[state->next] = value;
    state->next = state->next + 1 < state->window ? state->next + 1 : 0;
    state->seen += state->seen < state->window;
    return fk_median_value(state);
}

/* The value of a rank after a step to ``value`` that is not done. */
FK_INLINE double fk_median_then(const fk_median *state, fk_median_ranks ranks, double value,
                                ptrdiff_t rank) {
    if (!fk_missing(value)) {
        if (rank == ranks.enters) return value;
        rank -= rank > ranks.enters;
    }
    return *fk_median_at(state, rank + (rank >= ranks.leaves));
}

/* What the next step would return; changes nothing. */
FK_INLINE double fk_median_peek(const fk_median *state, double value) {
    fk_median_ranks ranks = fk_median_change(state, value);
    ptrdiff_t count = state->count - (ranks.leaves < state->count) + !fk_missing(value);
    ptrdiff_t middle = count / 2;
    if (count < state->min_periods) return NAN;
    return fk_median_of(fk_median_then(state, ranks, value, middle - (middle > 0)),
                        fk_median_then(state, ranks, value, middle), count);
}

/* Medians of a column; ``memory`` has fk_median_bytes(window). */
FK_CLONES static void fk_median_column(const double *x, ptrdiff_t rows, ptrdiff_t window,
                                       ptrdiff_t min_periods, void *memory, double *out) {
    fk_median state;
    fk_median_start(&state, window, min_periods, memory);
    for (ptrdiff_t i = 0; i < rows; i++) out[i] = fk_median_step(&state, x[i]);
}

#endif
