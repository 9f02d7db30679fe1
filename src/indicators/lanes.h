/* Eight rows at a time: two vectors of four doubles, or plain arrays where there are none.
 *
 * Every operation is one IEEE operation a lane, in an order that is written down, so that the bits
 * are the same on every machine, with and without vectors, and in the numpy twin. Sums along the
 * lanes run in the order of Hillis and Steele: lane 3 is (d3 + d2) + (d1 + d0).
 *
 * What a lane becomes never depends on later lanes: a stream may call with fewer rows than eight.
 */
#ifndef FK_LANES_H
#define FK_LANES_H

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "fk_clones.h"

enum { FK_LANES = 8 };

#if defined(__GNUC__)

typedef double fk_four __attribute__((vector_size(32)));
typedef long long fk_four_bits __attribute__((vector_size(32)));

FK_INLINE fk_four fk_four_of(double value) { return (fk_four){value, value, value, value}; }
FK_INLINE fk_four fk_four_from(double a, double b, double c, double d) {
    return (fk_four){a, b, c, d};
}
FK_INLINE fk_four fk_add4(fk_four a, fk_four b) { return a + b; }
FK_INLINE fk_four fk_sub4(fk_four a, fk_four b) { return a - b; }
FK_INLINE fk_four fk_mul4(fk_four a, fk_four b) { return a * b; }
FK_INLINE fk_four fk_div4(fk_four a, fk_four b) { return a / b; }
FK_INLINE fk_four fk_abs4(fk_four a) {
    return (fk_four)((fk_four_bits)a & 0x7fffffffffffffffLL);
}
/* The lanes one or two up; zeros come in. */
FK_INLINE fk_four fk_up1(fk_four a) {
#if defined(__clang__)
    return __builtin_shufflevector(a, (fk_four){0}, 4, 0, 1, 2);
#else
    return __builtin_shuffle(a, (fk_four){0}, (fk_four_bits){4, 0, 1, 2});
#endif
}
FK_INLINE fk_four fk_up2(fk_four a) {
#if defined(__clang__)
    return __builtin_shufflevector(a, (fk_four){0}, 4, 4, 0, 1);
#else
    return __builtin_shuffle(a, (fk_four){0}, (fk_four_bits){4, 4, 0, 1});
#endif
}
FK_INLINE double fk_last4(fk_four a) { return a[3]; }
FK_INLINE fk_four fk_max4(fk_four a, fk_four b) {
    fk_four_bits more = a > b;
    return (fk_four)(((fk_four_bits)a & more) | ((fk_four_bits)b & ~more));
}
FK_INLINE fk_four fk_min4(fk_four a, fk_four b) {
    fk_four_bits less = a < b;
    return (fk_four)(((fk_four_bits)a & less) | ((fk_four_bits)b & ~less));
}
/* ``a`` where ``b`` is not zero, else zero. */
FK_INLINE fk_four fk_unless_zero4(fk_four a, fk_four b) {
    return (fk_four)((fk_four_bits)a & (fk_four_bits)(b != fk_four_of(0.0)));
}
/* ``a`` unless ``b`` is below ``least``, then zero. */
FK_INLINE fk_four fk_unless_below4(fk_four a, fk_four b, fk_four least) {
    return (fk_four)((fk_four_bits)a & ~(fk_four_bits)(b < least));
}
/* Lanes in which everything looked at so far was within its bounds. */
typedef fk_four_bits fk_flags;
FK_INLINE fk_flags fk_flags_up(void) { return (fk_flags){-1, -1, -1, -1}; }
FK_INLINE int fk_all_up(fk_flags f) { return (f[0] & f[1] & f[2] & f[3]) != 0; }
FK_INLINE fk_flags fk_flag4(fk_flags f, fk_four a, fk_four low) { return f & (a >= low); }

#else

typedef struct {
    double lane[4];
} fk_four;

#define FK_EACH4(expression) \
    fk_four r; \
    for (int i = 0; i < 4; i++) r.lane[i] = (expression); \
    return r

FK_INLINE fk_four fk_four_of(double value) { FK_EACH4(value); }
FK_INLINE fk_four fk_four_from(double a, double b, double c, double d) {
    fk_four r = {{a, b, c, d}};
    return r;
}
FK_INLINE fk_four fk_add4(fk_four a, fk_four b) { FK_EACH4(a.lane[i] + b.lane[i]); }
FK_INLINE fk_four fk_sub4(fk_four a, fk_four b) { FK_EACH4(a.lane[i] - b.lane[i]); }
FK_INLINE fk_four fk_mul4(fk_four a, fk_four b) { FK_EACH4(a.lane[i] * b.lane[i]); }
FK_INLINE fk_four fk_div4(fk_four a, fk_four b) { FK_EACH4(a.lane[i] / b.lane[i]); }
FK_INLINE fk_four fk_abs4(fk_four a) { FK_EACH4(fabs(a.lane[i])); }
FK_INLINE fk_four fk_up1(fk_four a) { FK_EACH4(i < 1 ? 0.0 : a.lane[i - 1]); }
FK_INLINE fk_four fk_up2(fk_four a) { FK_EACH4(i < 2 ? 0.0 : a.lane[i - 2]); }
FK_INLINE double fk_last4(fk_four a) { return a.lane[3]; }
FK_INLINE fk_four fk_max4(fk_four a, fk_four b) {
    FK_EACH4(a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]);
}
FK_INLINE fk_four fk_min4(fk_four a, fk_four b) {
    FK_EACH4(a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i]);
}
FK_INLINE fk_four fk_unless_zero4(fk_four a, fk_four b) {
    FK_EACH4(b.lane[i] != 0.0 ? a.lane[i] : 0.0);
}
FK_INLINE fk_four fk_unless_below4(fk_four a, fk_four b, fk_four least) {
    FK_EACH4(b.lane[i] < least.lane[i] ? 0.0 : a.lane[i]);
}
typedef int fk_flags;
FK_INLINE fk_flags fk_flags_up(void) { return 1; }
FK_INLINE int fk_all_up(fk_flags f) { return f; }
FK_INLINE fk_flags fk_flag4(fk_flags f, fk_four a, fk_four low) {
    for (int i = 0; i < 4; i++) f &= a.lane[i] >= low.lane[i];
    return f;
}
#undef FK_EACH4

#endif

/* Eight rows. */
typedef struct {
    fk_four low, high;
} fk_eight;

FK_INLINE fk_eight fk_load(const double *at) {
    fk_eight rows;
    memcpy(&rows.low, at, sizeof rows.low);
    memcpy(&rows.high, at + 4, sizeof rows.high);
    return rows;
}
FK_INLINE void fk_store(double *at, fk_eight rows) {
    memcpy(at, &rows.low, sizeof rows.low);
    memcpy(at + 4, &rows.high, sizeof rows.high);
}

#define FK_BOTH(name, part) \
    FK_INLINE fk_eight name(fk_eight a, fk_eight b) { \
        fk_eight rows = {part(a.low, b.low), part(a.high, b.high)}; \
        return rows; \
    }
#define FK_WITH_ONE(name, part) \
    FK_INLINE fk_eight name(fk_eight a, double b) { \
        fk_four each = fk_four_of(b); \
        fk_eight rows = {part(a.low, each), part(a.high, each)}; \
        return rows; \
    }
FK_BOTH(fk_add, fk_add4)
FK_BOTH(fk_sub, fk_sub4)
FK_BOTH(fk_mul, fk_mul4)
FK_BOTH(fk_div, fk_div4)
FK_BOTH(fk_max, fk_max4)
FK_BOTH(fk_min, fk_min4)
FK_BOTH(fk_unless_zero, fk_unless_zero4)
FK_WITH_ONE(fk_plus, fk_add4)
FK_WITH_ONE(fk_minus, fk_sub4)
FK_WITH_ONE(fk_times, fk_mul4)
FK_WITH_ONE(fk_over, fk_div4)
#undef FK_BOTH
#undef FK_WITH_ONE

FK_INLINE fk_eight fk_abs(fk_eight a) {
    fk_eight rows = {fk_abs4(a.low), fk_abs4(a.high)};
    return rows;
}
/* Take down the flags of lanes that are below the bound; a NaN always is. */
FK_INLINE fk_flags fk_flag(fk_flags flags, fk_eight a, fk_eight low) {
    return fk_flag4(fk_flag4(flags, a.low, low.low), a.high, low.high);
}
FK_INLINE fk_eight fk_unless_below(fk_eight a, fk_eight b, double least) {
    fk_four each = fk_four_of(least);
    fk_eight rows = {fk_unless_below4(a.low, b.low, each), fk_unless_below4(a.high, b.high, each)};
    return rows;
}
FK_INLINE fk_eight fk_eight_of(double value) {
    fk_eight rows = {fk_four_of(value), fk_four_of(value)};
    return rows;
}
/* One row later: ``first`` comes in, the last goes. */
FK_INLINE fk_eight fk_later(fk_eight a, double first) {
    fk_four into_high = fk_four_from(fk_last4(a.low), 0.0, 0.0, 0.0);
    a.low = fk_add4(fk_up1(a.low), fk_four_from(first, 0.0, 0.0, 0.0));
    a.high = fk_add4(fk_up1(a.high), into_high);
    return a;
}
FK_INLINE double fk_last(fk_eight a) { return fk_last4(a.high); }

/* Running sums along the rows. */
FK_INLINE fk_eight fk_running(fk_eight a) {
    a.low = fk_add4(a.low, fk_up1(a.low));
    a.high = fk_add4(a.high, fk_up1(a.high));
    a.low = fk_add4(a.low, fk_up2(a.low));
    a.high = fk_add4(a.high, fk_up2(a.high));
    a.high = fk_add4(a.high, fk_four_of(fk_last4(a.low)));
    return a;
}

/* The first ``count`` rows; the others are zero. */
FK_INLINE fk_eight fk_load_some(const double *at, ptrdiff_t count) {
    double some[FK_LANES] = {0};
    if (count >= FK_LANES) return fk_load(at);
    for (ptrdiff_t i = 0; i < count; i++) some[i] = at[i];
    return fk_load(some);
}

#endif
