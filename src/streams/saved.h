/* The state of a stream as numbers, and back: fields in the order of the kind, then for each part
 * its values in the order in which they came. Everything that is read is checked.
 */
#ifndef FK_STREAM_SAVED_H
#define FK_STREAM_SAVED_H

#include "parts.h"

static inline double fk_field_get(const fk_field *field, const void *state, int i) {
    const char *at = (const char *)state + field->at;
    if (field->type == FK_NUMBERS) return ((const double *)at)[i];
    return field->type == FK_COUNTERS ? (double)*(const ptrdiff_t *)at : (double)*(const int *)at;
}

/* Whether the number can stand there. */
static inline int fk_field_set(const fk_field *field, void *state, int i, double number) {
    char *at = (char *)state + field->at;
    if (field->type == FK_NUMBERS) {
        ((double *)at)[i] = number;
        return 1;
    }
    if (!(number >= field->low && number <= field->high) || floor(number) != number) return 0;
    if (field->type == FK_COUNTERS)
        *(ptrdiff_t *)at = (ptrdiff_t)number;
    else
        *(int *)at = (int)number;
    return 1;
}

/* How many values of a part are saved. */
static inline ptrdiff_t fk_part_values(const fk_part *part, const void *state) {
    const char *at = (const char *)state + part->at;
    const fk_line *line = (const fk_line *)at;
    if (part->type == FK_LINE_PART) return line->seen < line->keep ? line->seen : line->keep;
    if (part->type == FK_EXTREME_PART) return ((const fk_extreme_window *)at)->seen;
    return ((const fk_median *)at)->window;
}

static inline double fk_part_value(const fk_part *part, const void *state, const double *room,
                                   ptrdiff_t count, ptrdiff_t i) {
    const char *at = (const char *)state + part->at;
    const fk_extreme_window *extreme = (const fk_extreme_window *)at;
    const fk_median *median = (const fk_median *)at;
    if (part->type == FK_LINE_PART) return room[((const fk_line *)at)->filled - count + i];
    if (part->type == FK_EXTREME_PART) {
        if (extreme->seen < extreme->window) return room[i];
        return room[(extreme->next + i) % extreme->window];
    }
    return room[(median->next + i) % median->window];
}

/* Numbers that a state takes. */
static inline ptrdiff_t fk_saved(const fk_kind *kind, const void *state) {
    ptrdiff_t total = 0;
    for (const fk_field *field = kind->fields; field->type; field++) total += field->count;
    for (const fk_part *part = kind->parts; part->type; part++)
        total += 1 + fk_part_values(part, state);
    return total;
}

static inline void fk_save(const fk_kind *kind, const void *state, const double *room,
                           double *to) {
    for (const fk_field *field = kind->fields; field->type; field++)
        for (int i = 0; i < field->count; i++) *to++ = fk_field_get(field, state, i);
    for (const fk_part *part = kind->parts; part->type; part++) {
        ptrdiff_t count = fk_part_values(part, state);
        const char *at = (const char *)state + part->at;
        *to++ = (double)(part->type == FK_LINE_PART ? ((const fk_line *)at)->seen : count);
        for (ptrdiff_t i = 0; i < count; i++) *to++ = fk_part_value(part, state, room, count, i);
        room += fk_part_room(part, state);
    }
}

/* A minimum, maximum or median follows from the values in its window. */
static inline void fk_part_fill(const fk_part *part, void *state, double *room, double seen,
                                const double *from, ptrdiff_t count) {
    void *at = (char *)state + part->at;
    if (part->type == FK_LINE_PART) {
        ((fk_line *)at)->seen = (ptrdiff_t)seen;
        ((fk_line *)at)->filled = count + 1;
        memcpy(room + 1, from, (size_t)count * sizeof *from);
    }
    for (ptrdiff_t i = 0; i < count; i++) {
        if (part->type == FK_EXTREME_PART) fk_extreme_step(at, from[i]);
        if (part->type == FK_MEDIAN_PART) fk_median_step(at, from[i]);
    }
}

/* Into a stream that has just begun; 0 if these numbers are no state of it. */
static inline int fk_load_saved(const fk_kind *kind, void *state, double *room, const double *from,
                                ptrdiff_t count) {
    const double *end = from + count;
    for (const fk_field *field = kind->fields; field->type; field++)
        for (int i = 0; i < field->count; i++)
            if (from == end || !fk_field_set(field, state, i, *from++)) return 0;
    for (const fk_part *part = kind->parts; part->type; part++) {
        const char *at = (const char *)state + part->at;
        double most = part->type == FK_LINE_PART      ? FK_MOST_ROWS
                      : part->type == FK_EXTREME_PART ? (double)((const fk_extreme_window *)at)->window
                                                      : (double)((const fk_median *)at)->window;
        double least = part->type == FK_MEDIAN_PART ? most : 0.0, seen, values;
        if (from == end) return 0;
        seen = values = *from++;
        if (!(seen >= least && seen <= most) || floor(seen) != seen) return 0;
        if (part->type == FK_LINE_PART && values > (double)((const fk_line *)at)->keep)
            values = (double)((const fk_line *)at)->keep;
        if (values > (double)(end - from)) return 0;
        fk_part_fill(part, state, room, seen, from, (ptrdiff_t)values);
        from += (ptrdiff_t)values;
        room += fk_part_room(part, state);
    }
    return from == end;
}

#endif
