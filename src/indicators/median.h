/* Median of the last ``window`` values, as pandas' rolling().median(); one value at a time.
 *
 * The window lies sorted, with infinity for what is missing: what is not finite, and what has not
 * come yet. The value that enters takes the place of the one that leaves:
 *   - Small windows are written anew into a second array. Each place takes its own value or that of
 *     a neighbour, which is known without a search and without a branch.
 *   - Large ones are blocks of equal size, each a ring, so that the rank of a value says where it
 *     is. Only what lies between the two places moves by one: inside their blocks by memmove, from
 *     block to block by its end. That takes the square root of the window's size.
 *
 * Equal values stand in the order in which they came, and the oldest leaves first, which shows
 * where 0.0 and -0.0 meet.
 */
#ifndef FK_MEDIAN_H
#define FK_MEDIAN_H

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "indicators/window_values.h"

enum { FK_MEDIAN_SMALL = 384, FK_MEDIAN_PAD = 4 };

typedef struct {
    double *ring;     /* the last values as they came, infinity for what is missing */
    double *sorted;   /* the window; large: its blocks one after the other */
    double *other;    /* small: where the next window goes */
    ptrdiff_t *heads; /* large: where in its ring each block begins */
    ptrdiff_t window, min_periods, next, present, block, shift;
    int turn; /* small: which of the two arrays is ``sorted`` */
} fk_median;

/* Large windows: blocks have 2 ** shift values, a power of four. */
static inline ptrdiff_t fk_median_shift(ptrdiff_t window) {
    ptrdiff_t shift = 8;
    while (((ptrdiff_t)1 << 2 * shift) < window) shift += 2;
    return shift;
}

/* Doubles in one array of a small window: whole fours, and what surrounds them. */
static inline ptrdiff_t fk_median_room(ptrdiff_t window) {
    return (window + 3) / 4 * 4 + 2 * FK_MEDIAN_PAD;
}

/* Bytes of memory that a window needs. */
static inline size_t fk_median_bytes(ptrdiff_t window) {
    ptrdiff_t shift = fk_median_shift(window), blocks = ((window - 1) >> shift) + 1;
    size_t ring = (size_t)window * sizeof(double);
    if (window <= FK_MEDIAN_SMALL)
        return ring + 2 * (size_t)fk_median_room(window) * sizeof(double);
    return ring + ((size_t)blocks << shift) * sizeof(double) + (size_t)blocks * sizeof(ptrdiff_t);
}

/* Tell where the memory is, also after it has been moved. */
static inline void fk_median_attach(fk_median *state, void *memory) {
    ptrdiff_t room = fk_median_room(state->window), blocks;
    state->ring = memory;
    state->sorted = state->other = state->ring + state->window;
    state->heads = NULL;
    if (state->window <= FK_MEDIAN_SMALL) {
        state->sorted += FK_MEDIAN_PAD + state->turn * room;
        state->other += FK_MEDIAN_PAD + !state->turn * room;
    } else {
        blocks = ((state->window - 1) >> state->shift) + 1;
        state->heads = (ptrdiff_t *)(state->sorted + blocks * state->block);
    }
}

static inline void fk_median_start(fk_median *state, ptrdiff_t window, ptrdiff_t min_periods,
                                   void *memory) {
    ptrdiff_t blocks;
    double *at = memory, *end;
    state->window = window;
    state->min_periods = min_periods > 1 ? min_periods : 1;
    state->shift = fk_median_shift(window);
    state->block = (ptrdiff_t)1 << state->shift;
    state->next = state->present = 0;
    state->turn = 0;
    fk_median_attach(state, memory);
    if (window <= FK_MEDIAN_SMALL) {
        end = state->ring + window + 2 * fk_median_room(window);
    } else {
        blocks = ((window - 1) >> state->shift) + 1;
        end = (double *)state->heads;
        memset(state->heads, 0, (size_t)blocks * sizeof(ptrdiff_t));
    }
    while (at < end) *at++ = INFINITY;
    if (window <= FK_MEDIAN_SMALL) state->sorted[-1] = state->other[-1] = -INFINITY;
}

FK_INLINE double *fk_median_slot(const fk_median *state, ptrdiff_t block, ptrdiff_t place) {
    ptrdiff_t at = (state->heads[block] + place) & (state->block - 1);
    return state->sorted + (block << state->shift) + at;
}

FK_INLINE double *fk_median_at(const fk_median *state, ptrdiff_t rank) {
    if (state->window <= FK_MEDIAN_SMALL) return state->sorted + rank;
    return fk_median_slot(state, rank >> state->shift, rank & (state->block - 1));
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

FK_INLINE int fk_median_under(double one, double value, int equal) {
    return equal ? one <= value : one < value;
}

/* Large: how many values are below ``value``, or not above it. First by blocks, eight at a time,
 * then by quarters of the block: few steps, as each of them waits for the one before. */
FK_INLINE ptrdiff_t fk_median_find(const fk_median *state, double value, int equal) {
    ptrdiff_t last = (state->window - 1) >> state->shift, mask = state->block - 1;
    ptrdiff_t block, coarse = 0, fine = 0, quarter = state->block >> 2, place, rank;
    const double *values;
    for (ptrdiff_t i = 8; i <= last; i += 8)
        coarse += fk_median_under(*fk_median_slot(state, i, 0), value, equal);
    for (ptrdiff_t i = 8 * coarse + 1; i <= last && i < 8 * coarse + 8; i++)
        fine += fk_median_under(*fk_median_slot(state, i, 0), value, equal);
    block = 8 * coarse + fine;
    values = state->sorted + (block << state->shift);
    place = state->heads[block];
    for (; quarter > 0; quarter >>= 2) {
        ptrdiff_t at = place + quarter - 1;
        int parts = fk_median_under(values[at & mask], value, equal);
        parts += fk_median_under(values[(at + quarter) & mask], value, equal);
        parts += fk_median_under(values[(at + 2 * quarter) & mask], value, equal);
        place += parts * quarter;
    }
    place += fk_median_under(values[place & mask], value, equal);
    rank = (block << state->shift) + place - state->heads[block];
    return rank < state->window ? rank : state->window;
}

/* What stands at a place with these neighbours when ``old`` has left and ``value`` is there. */
FK_INLINE double fk_median_place(double before, double here, double after, double old,
                                 double value) {
    double first = before < old ? before : here, second = here < old ? here : after;
    second = value < second ? value : second;
    return first > second ? first : second;
}

FK_INLINE void fk_median_renew(const double *__restrict from, double *__restrict to,
                               ptrdiff_t count, double old, double value) {
    for (ptrdiff_t i = 0; i < count; i++)
        to[i] = fk_median_place(from[i - 1], from[i], from[i + 1], old, value);
}

FK_INLINE double fk_median_of(double lower, double higher, ptrdiff_t count) {
    return count % 2 ? higher : (higher + lower) / 2.0;
}

FK_INLINE double fk_median_value(const fk_median *state) {
    ptrdiff_t middle = state->present / 2;
    if (state->present < state->min_periods) return NAN;
    return fk_median_of(*fk_median_at(state, middle - (middle > 0)),
                        *fk_median_at(state, middle), state->present);
}

FK_INLINE double fk_median_step(fk_median *state, double value) {
    double old = state->ring[state->next], *before = state->sorted;
    ptrdiff_t leaves, enters;
    if (fk_missing(value)) value = INFINITY;
    if (state->window <= FK_MEDIAN_SMALL) {
        fk_median_renew(before, state->other, (state->window + 3) / 4 * 4, old, value);
        state->sorted = state->other;
        state->other = before;
        state->turn = !state->turn;
    } else {
        leaves = fk_median_find(state, old, 0);
        enters = fk_median_find(state, value, 1) - (old <= value);
        fk_median_move(state, leaves, enters);
        *fk_median_at(state, enters) = value;
    }
    state->present += (value < INFINITY) - (old < INFINITY);
    state->ring[state->next] = value;
    state->next = state->next + 1 < state->window ? state->next + 1 : 0;
    return fk_median_value(state);
}

/* What stands at a rank after a step to ``value`` that is not done. */
FK_INLINE double fk_median_then(const fk_median *state, ptrdiff_t rank, double old, double value) {
    double before = rank > 0 ? *fk_median_at(state, rank - 1) : -INFINITY;
    double after = rank + 1 < state->window ? *fk_median_at(state, rank + 1) : INFINITY;
    return fk_median_place(before, *fk_median_at(state, rank), after, old, value);
}

/* What the next step would return; changes nothing. */
FK_INLINE double fk_median_peek(const fk_median *state, double value) {
    double old = state->ring[state->next];
    ptrdiff_t present, middle;
    if (fk_missing(value)) value = INFINITY;
    present = state->present + (value < INFINITY) - (old < INFINITY);
    middle = present / 2;
    if (present < state->min_periods) return NAN;
    return fk_median_of(fk_median_then(state, middle - (middle > 0), old, value),
                        fk_median_then(state, middle, old, value), present);
}

/* Medians of a column; ``memory`` has fk_median_bytes(window). */
FK_CLONES static void fk_median_column(const double *x, ptrdiff_t rows, ptrdiff_t window,
                                       ptrdiff_t min_periods, void *memory, double *out) {
    fk_median state;
    fk_median_start(&state, window, min_periods, memory);
    for (ptrdiff_t i = 0; i < rows; i++) out[i] = fk_median_step(&state, x[i]);
}

#endif
