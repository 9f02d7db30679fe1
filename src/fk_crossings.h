/* Where one series crosses another: by blocks, in lanes as wide as the numbers, then made bytes. */
#ifndef FK_CROSSINGS
#define FK_CROSSINGS

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "fk_clones.h"

#define FK_CROSSINGS_BLOCK 512

/* The quiet comparisons: false for NaN without a floating point exception. */
FK_CLONES
static void fk_crossings_above(const double *x, const double *y, ptrdiff_t count, int64_t *out)
{
    for (ptrdiff_t i = 0; i < count; i++)
        out[i] |= (isgreater(x[i], y[i]) ? (int64_t)1 : 0)
            & (islessequal(x[i - 1], y[i - 1]) ? (int64_t)1 : 0);
}

FK_CLONES
static void fk_crossings_bytes(const int64_t *wide, ptrdiff_t count, uint8_t *out)
{
    for (ptrdiff_t i = 0; i < count; i++)
        out[i] = (uint8_t)wide[i];
}

/* 1 where x crosses y above (direction 1), below (-1) or either (0); y is level where NULL. */
static inline void fk_crossings(const double *x, const double *y, double level, ptrdiff_t count,
                                int direction, uint8_t *out)
{
    double levels[FK_CROSSINGS_BLOCK + 1];
    int64_t wide[FK_CROSSINGS_BLOCK];
    for (ptrdiff_t i = 0; i <= FK_CROSSINGS_BLOCK; i++)
        levels[i] = level;
    if (count > 0)
        out[0] = 0;
    for (ptrdiff_t start = 1; start < count; start += FK_CROSSINGS_BLOCK) {
        ptrdiff_t left = count - start;
        ptrdiff_t size = left < FK_CROSSINGS_BLOCK ? left : FK_CROSSINGS_BLOCK;
        const double *a = x + start, *b = y ? y + start : levels + 1;
        for (ptrdiff_t i = 0; i < size; i++)
            wide[i] = 0;
        if (direction >= 0)
            fk_crossings_above(a, b, size, wide);
        if (direction <= 0)
            fk_crossings_above(b, a, size, wide);
        fk_crossings_bytes(wide, size, out + start);
    }
}

#endif
