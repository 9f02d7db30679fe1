/* The part of freqtrade's calculate_max_drawdown that its protection asks for. */
#ifndef FK_ENGINE_DRAWDOWN_H
#define FK_ENGINE_DRAWDOWN_H

#include <stdint.h>
#include <stdlib.h>

#include "date_order.h"

/* Profits with their dates, in the order of closing. */
typedef struct {
    int64_t *dates;
    double *values;
    int32_t *order;
    int32_t count, room;
    int ascending; /* no date is before or the same as the one before it */
} fk_profits;

static inline void fk_profits_free(fk_profits *profits) {
    free(profits->dates);
    free(profits->values);
    free(profits->order);
    profits->dates = NULL;
    profits->values = NULL;
    profits->order = NULL;
    profits->count = profits->room = 0;
}

/* Empties it, with room for so many. Returns false if there is no memory. */
static inline int fk_profits_clear(fk_profits *profits, int32_t room) {
    profits->count = 0;
    profits->ascending = 1;
    if (room <= profits->room) return 1;
    fk_profits_free(profits);
    if (room < INT32_MAX / 2) room *= 2;
    profits->dates = malloc((size_t)room * sizeof *profits->dates);
    profits->values = malloc((size_t)room * sizeof *profits->values);
    profits->order = malloc((size_t)room * sizeof *profits->order);
    if (!profits->dates || !profits->values || !profits->order) {
        fk_profits_free(profits);
        return 0;
    }
    profits->room = room;
    return 1;
}

static inline void fk_profits_add(fk_profits *profits, int64_t date, double value) {
    const int32_t at = profits->count++;
    profits->dates[at] = date;
    profits->values[at] = value;
    if (at > 0 && date <= profits->dates[at - 1]) profits->ascending = 0;
}

/* How far the running sum falls below the highest one before, which is at least 0. Relative: as a
 * part of the balance at that height or, without a starting balance, of the height itself. */
static inline double fk_max_drawdown(fk_profits *profits, double starting_balance, int relative) {
    double sum = -0.0, height = 0.0, deepest = 0.0;
    if (!profits->ascending) fk_date_order(profits->dates, profits->order, profits->count);
    for (int32_t at = 0; at < profits->count; at++) {
        double high, depth;
        sum += profits->values[profits->ascending ? at : profits->order[at]];
        height = at == 0 || sum > height ? sum : height;
        high = 0.0 > height ? 0.0 : height;
        if (!relative)
            depth = high - sum;
        else if (starting_balance != 0.0)
            depth = ((starting_balance + high) - (starting_balance + sum)) /
                    (starting_balance + high);
        else
            depth = (high - sum) / high;
        if (depth > deepest) deepest = depth;
    }
    return deepest;
}

#endif
