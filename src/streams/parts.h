/* What streaming objects are made of.
 *
 * A stream is a plain struct without pointers, and an array of doubles, its room, whose size is
 * fixed from the start. So a copy is a copy of both, and a peek is a step of a copy of the struct:
 * a step writes nothing into the room but after the values that are there, unless it is to stay.
 *
 * A part of the struct that has its share of the room is a line, a minimum or maximum, or a median;
 * their shares follow each other in the order in which the kind lists them.
 */
#ifndef FK_STREAM_PARTS_H
#define FK_STREAM_PARTS_H

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "indicators/extreme_window.h"
#include "indicators/median.h"
#include "indicators/window.h"

enum { FK_INPUTS = 4, FK_OUTPUTS = 4, FK_STRUCT = 1024, FK_SPARE = 64 };

/* The last ``keep`` values, and those before that have not been thrown away. The first place is
   no value, and there is always a place for one more. */
typedef struct {
    ptrdiff_t keep, seen, filled;
} fk_line;

static inline void fk_line_start(fk_line *line, ptrdiff_t keep) {
    line->keep = keep;
    line->seen = 0;
    line->filled = 1;
}

static inline ptrdiff_t fk_line_room(const fk_line *line) { return 2 * line->keep + FK_SPARE; }

/* The place of the new value. */
static inline const double *fk_line_add(fk_line *line, double *room, double value) {
    room[line->filled] = value;
    line->seen++;
    return room + line->filled++;
}

static inline void fk_line_settle(fk_line *line, double *room, int stays) {
    if (!stays || line->filled < fk_line_room(line)) return;
    memmove(room + 1, room + line->filled - line->keep, (size_t)line->keep * sizeof *room);
    line->filled = line->keep + 1;
}

/* The value ``back`` rows before the newest; NaN where there is none. */
static inline double fk_line_back(const fk_line *line, const double *newest, ptrdiff_t back) {
    return line->seen > back ? newest[-back] : NAN;
}

/* A number of the struct that is part of its state: ``count`` of them from the byte ``at`` on. */
typedef struct {
    size_t at;
    int type, count;
    double low, high;
} fk_field;

enum { FK_NUMBERS = 1, FK_COUNTERS, FK_SWITCHES };

#define FK_MOST_ROWS 9007199254740992.0
#define FK_DOUBLES(of, field, count) {offsetof(of, field), FK_NUMBERS, count, 0.0, 0.0}
#define FK_COUNTER(of, field) {offsetof(of, field), FK_COUNTERS, 1, 0.0, FK_MOST_ROWS}
#define FK_SWITCH(of, field, low, high) {offsetof(of, field), FK_SWITCHES, 1, low, high}

typedef struct {
    enum { FK_NO_PART, FK_LINE_PART, FK_EXTREME_PART, FK_MEDIAN_PART } type;
    size_t at;
} fk_part;

typedef struct {
    const char *name;
    int inputs, outputs, parameters;
    int whole; /* the output that is an integer; 0: none */
    size_t size;
    void (*start)(void *state, const double *parameters);
    void (*step)(void *state, double *room, const double *in, double *out, int stays);
    fk_field fields[16];
    fk_part parts[4];
} fk_kind;

static inline ptrdiff_t fk_part_room(const fk_part *part, const void *state) {
    const char *at = (const char *)state + part->at;
    if (part->type == FK_LINE_PART) return fk_line_room((const fk_line *)at);
    size_t bytes = part->type == FK_MEDIAN_PART
                       ? fk_median_bytes(((const fk_median *)at)->window)
                       : fk_extreme_bytes(((const fk_extreme_window *)at)->window);
    return (ptrdiff_t)((bytes + sizeof(double) - 1) / sizeof(double));
}

/* Doubles in the room of a stream that has started. */
static inline ptrdiff_t fk_room(const fk_kind *kind, const void *state) {
    ptrdiff_t total = 0;
    for (const fk_part *part = kind->parts; part->type; part++) total += fk_part_room(part, state);
    return total;
}

/* Empty parts. */
static inline void fk_begin(const fk_kind *kind, void *state, double *room) {
    for (const fk_part *part = kind->parts; part->type; part++) {
        void *at = (char *)state + part->at;
        fk_extreme_window *extreme = at;
        fk_median *median = at;
        if (part->type == FK_LINE_PART) room[0] = 0.0;
        if (part->type == FK_EXTREME_PART)
            fk_extreme_begin(extreme, extreme->window, extreme->min_periods, extreme->most, room);
        if (part->type == FK_MEDIAN_PART)
            fk_median_start(median, median->window, median->min_periods, room);
        room += fk_part_room(part, state);
    }
}

static inline void fk_step(const fk_kind *kind, void *state, double *room, const double *in,
                           double *out) {
    kind->step(state, room, in, out, 1);
}

static inline void fk_peek(const fk_kind *kind, const void *state, double *room, const double *in,
                           double *out) {
    double copy[FK_STRUCT / sizeof(double)];
    memcpy(copy, state, kind->size);
    kind->step(copy, room, in, out, 0);
}

#endif
