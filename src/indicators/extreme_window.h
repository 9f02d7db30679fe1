/* Minimum or maximum of the last ``window`` values, one value at a time; bit for bit what
 * extremes.h has for whole columns.
 *
 * A queue holds those values that may still become the result, each better than all after it. Every
 * value enters and leaves it once: constant time a value on average, not for each single one.
 */
#ifndef FK_EXTREME_WINDOW_H
#define FK_EXTREME_WINDOW_H

#include <math.h>
#include <stddef.h>

#include "indicators/window_values.h"

typedef struct {
    double *ring;     /* the last values as they came */
    ptrdiff_t *queue; /* places in that ring, the best value first; a ring too */
    ptrdiff_t window, min_periods, seen, next, present, first, queued;
    int most;
} fk_extreme_window;

/* Bytes of memory that a window needs. */
static inline size_t fk_extreme_bytes(ptrdiff_t window) {
    return (size_t)window * (sizeof(double) + sizeof(ptrdiff_t));
}

/* Tell where the memory is, also after it has been moved. */
static inline void fk_extreme_attach(fk_extreme_window *state, void *memory) {
    state->ring = memory;
    state->queue = (ptrdiff_t *)(state->ring + state->window);
}

static inline void fk_extreme_begin(fk_extreme_window *state, ptrdiff_t window,
                                    ptrdiff_t min_periods, int most, void *memory) {
    state->window = window;
    state->min_periods = min_periods > 1 ? min_periods : 1;
    state->seen = state->next = state->present = state->first = state->queued = 0;
    state->most = most;
    fk_extreme_attach(state, memory);
}

static inline void fk_min_start(fk_extreme_window *state, ptrdiff_t window, ptrdiff_t min_periods,
                                void *memory) {
    fk_extreme_begin(state, window, min_periods, 0, memory);
}

static inline void fk_max_start(fk_extreme_window *state, ptrdiff_t window, ptrdiff_t min_periods,
                                void *memory) {
    fk_extreme_begin(state, window, min_periods, 1, memory);
}

/* A place in the queue, counted from its front. */
static inline ptrdiff_t fk_extreme_queued(const fk_extreme_window *state, ptrdiff_t place) {
    ptrdiff_t at = state->first + place;
    return state->queue[at < state->window ? at : at - state->window];
}

/* How many values will be present if ``value`` comes next. */
static inline ptrdiff_t fk_extreme_present(const fk_extreme_window *state, double value) {
    ptrdiff_t present = state->present + !fk_missing(value);
    if (state->seen == state->window) present -= !fk_missing(state->ring[state->next]);
    return present;
}

/* Whether the front of the queue leaves the window with the next value. */
static inline int fk_extreme_leaves(const fk_extreme_window *state) {
    return state->queued && state->seen == state->window
           && fk_extreme_queued(state, 0) == state->next;
}

/* What the next step would return; changes nothing. */
static inline double fk_extreme_peek(const fk_extreme_window *state, double value) {
    ptrdiff_t front = fk_extreme_leaves(state);
    double best;
    if (fk_extreme_present(state, value) < state->min_periods) return NAN;
    if (front == state->queued) return value;
    best = state->ring[fk_extreme_queued(state, front)];
    return fk_missing(value) ? best : fk_winner(best, value, state->most);
}

/* The result with ``value`` as the newest one; NaN if too few values are present. */
static inline double fk_extreme_step(fk_extreme_window *state, double value) {
    ptrdiff_t at;
    state->present = fk_extreme_present(state, value);
    if (fk_extreme_leaves(state)) {
        state->first = state->first + 1 < state->window ? state->first + 1 : 0;
        state->queued--;
    }
    if (!fk_missing(value)) {
        while (state->queued) {
            double last = state->ring[fk_extreme_queued(state, state->queued - 1)];
            if (state->most ? last > value : last < value) break;
            state->queued--;
        }
        at = state->first + state->queued++;
        state->queue[at < state->window ? at : at - state->window] = state->next;
    }
    state->ring[state->next] = value;
    state->next = state->next + 1 < state->window ? state->next + 1 : 0;
    state->seen += state->seen < state->window;
    if (state->present < state->min_periods) return NAN;
    return state->ring[fk_extreme_queued(state, 0)];
}

#endif
