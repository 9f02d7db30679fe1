/* Exact decimals with the results of ccxt's Precise: an integer of up to 320 bits and its decimals.
 *
 * Every function refuses when a number it needs does not fit 320 bits, when a divisor is zero or
 * an operand was refused; a refused decimal stays refused, so that a chain needs one test, at its
 * end (fk_to_double in fk_value.h). Nothing ever wraps.
 *
 * Integers and decimals are those of Precise(repr(x)), not only the value: where Precise's floor
 * division of negative numbers depends on them, so do the results here.
 */
#ifndef FK_DECIMAL_H
#define FK_DECIMAL_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "fk_limbs.h"
#include "fk_shortest.h"

#define FK_WIDTH 5   /* limbs */
#define FK_DIGITS 97 /* of the largest number, at most */
#define FK_REFUSED (-1)
/* Decimals of a quotient, in Precise. */
#define FK_QUOTIENT_DECIMALS 18

typedef struct {
    uint64_t limb[FK_WIDTH];
    int size; /* limbs in use, or FK_REFUSED */
    int decimals;
    int negative; /* never for zero */
} fk_decimal;

static inline fk_decimal fk_refused(void) {
    fk_decimal result;
    result.size = FK_REFUSED;
    result.decimals = result.negative = 0;
    return result;
}

static inline fk_decimal fk_decimal_of_integer(uint64_t magnitude, int decimals, int negative) {
    fk_decimal result;
    result.limb[0] = magnitude;
    result.size = magnitude != 0;
    result.decimals = decimals;
    result.negative = magnitude != 0 && negative;
    return result;
}

/* Precise(repr(x)): repr prints whole numbers below 1e16 with ".0". */
static inline fk_decimal fk_decimal_of(double x) {
    fk_short shortest;
    if (!isfinite(x)) return fk_refused();
    shortest = fk_shortest(x);
    if (shortest.decimals <= 0 && fabs(x) < 1e16)
        return fk_decimal_of_integer(shortest.digits * FK_TEN[1 - shortest.decimals], 1,
                                     shortest.negative);
    return fk_decimal_of_integer(shortest.digits, shortest.decimals, shortest.negative);
}

static inline fk_decimal fk_neg(const fk_decimal *a) {
    fk_decimal result = *a;
    result.negative = result.size > 0 && !a->negative;
    return result;
}

static inline fk_decimal fk_abs(const fk_decimal *a) {
    fk_decimal result = *a;
    result.negative = 0;
    return result;
}

/* The integer of a, times 10^power. */
static inline void fk_raise(fk_decimal *a, int power) {
    while (power > 0 && a->size > 0) {
        const int step = power < FK_TEN_LAST ? power : FK_TEN_LAST;
        const uint64_t carry = fk_limbs_scale(a->limb, a->size, FK_TEN[step], 0);
        power -= step;
        if (carry == 0) continue;
        if (a->size == FK_WIDTH) {
            *a = fk_refused();
            return;
        }
        a->limb[a->size++] = carry;
    }
}

/* The integer of a, divided by 10^power and rounded towards minus infinity. */
static inline void fk_lower(fk_decimal *a, int power) {
    const uint64_t one = 1;
    int inexact = 0;
    while (power > 0 && a->size > 0) {
        const int step = power < FK_TEN_LAST ? power : FK_TEN_LAST;
        inexact |= fk_limbs_divide_small(a->limb, a->size, FK_TEN[step]) != 0;
        a->size = fk_limbs_trimmed(a->limb, a->size);
        power -= step;
    }
    if (!a->negative || !inexact) {
        a->negative = a->negative && a->size > 0;
    } else if (a->size == 0) {
        a->limb[a->size++] = 1;
    } else if (fk_limbs_add(a->limb, a->size, &one, 1)) {
        a->limb[a->size++] = 1; /* there is room: the number was at least ten times larger */
    }
}

/* Both with the larger number of decimals; false when refused. */
static inline int fk_align(fk_decimal *a, fk_decimal *b) {
    if (a->decimals < b->decimals) {
        fk_raise(a, b->decimals - a->decimals);
        a->decimals = b->decimals;
    } else if (b->decimals < a->decimals) {
        fk_raise(b, a->decimals - b->decimals);
        b->decimals = a->decimals;
    }
    return a->size >= 0 && b->size >= 0;
}

/* |a| + |b|, with the decimals and sign of a. */
static inline fk_decimal fk_add_magnitudes(const fk_decimal *a, const fk_decimal *b) {
    fk_decimal sum = a->size >= b->size ? *a : *b;
    const fk_decimal *other = a->size >= b->size ? b : a;
    sum.negative = a->negative;
    if (fk_limbs_add(sum.limb, sum.size, other->limb, other->size)) {
        if (sum.size == FK_WIDTH) return fk_refused();
        sum.limb[sum.size++] = 1;
    }
    return sum;
}

/* |a| - |b|, with the decimals and sign of a where |a| is larger, else the other sign. */
static inline fk_decimal fk_subtract_magnitudes(const fk_decimal *a, const fk_decimal *b) {
    const int order = fk_limbs_compare(a->limb, a->size, b->limb, b->size);
    fk_decimal difference = order >= 0 ? *a : *b;
    const fk_decimal *other = order >= 0 ? b : a;
    fk_limbs_subtract(difference.limb, difference.size, other->limb, other->size);
    difference.size = fk_limbs_trimmed(difference.limb, difference.size);
    difference.negative = order != 0 && a->negative == (order > 0);
    return difference;
}

static inline fk_decimal fk_add(const fk_decimal *a, const fk_decimal *b) {
    fk_decimal left = *a, right = *b;
    if (!fk_align(&left, &right)) return fk_refused();
    if (left.size == 0) return right;
    if (right.size == 0) return left;
    if (left.negative == right.negative) return fk_add_magnitudes(&left, &right);
    return fk_subtract_magnitudes(&left, &right);
}

static inline fk_decimal fk_sub(const fk_decimal *a, const fk_decimal *b) {
    const fk_decimal minus = fk_neg(b);
    return fk_add(a, &minus);
}

/* a * b for one-limb b; limbs are written one by one, which the next reader needs to be fast. */
static inline fk_decimal fk_mul_limb(const fk_decimal *a, const fk_decimal *b) {
    fk_decimal result;
    uint64_t carry = 0;
    for (int i = 0; i < a->size; i++)
        result.limb[i] = fk_muladd64(a->limb[i], b->limb[0], carry, &carry);
    if (carry && a->size == FK_WIDTH) return fk_refused();
    if (carry) result.limb[a->size] = carry;
    result.size = a->size + (carry != 0);
    result.decimals = a->decimals + b->decimals;
    result.negative = a->size > 0 && a->negative != b->negative;
    return result;
}

static inline fk_decimal fk_mul_wide(const fk_decimal *a, const fk_decimal *b) {
    uint64_t product[2 * FK_WIDTH];
    const int size = fk_limbs_multiply(product, a->limb, a->size, b->limb, b->size);
    fk_decimal result;
    if (size > FK_WIDTH) return fk_refused();
    memcpy(result.limb, product, (size_t)size * sizeof *product);
    result.size = size;
    result.decimals = a->decimals + b->decimals;
    result.negative = size > 0 && a->negative != b->negative;
    return result;
}

static inline fk_decimal fk_mul(const fk_decimal *a, const fk_decimal *b) {
    if (a->size < 0 || b->size < 0) return fk_refused();
    if (b->size == 1) return fk_mul_limb(a, b);
    if (a->size == 1) return fk_mul_limb(b, a);
    return fk_mul_wide(a, b);
}

/* |a| becomes |a| / |b| rounded down, |rest| what remains; b is not zero. */
static inline void fk_divide_magnitudes(fk_decimal *a, const fk_decimal *b, fk_decimal *rest) {
    uint64_t remains[FK_WIDTH + 1];
    if (b->size == 1) {
        remains[0] = fk_limbs_divide_small(a->limb, a->size, b->limb[0]);
        rest->size = remains[0] != 0;
    } else {
        rest->size = fk_limbs_divide(a->limb, a->size, b->limb, b->size, remains);
    }
    a->size = fk_limbs_trimmed(a->limb, a->size);
    memcpy(rest->limb, remains, (size_t)rest->size * sizeof *remains);
}

static inline fk_decimal fk_div(const fk_decimal *a, const fk_decimal *b) {
    fk_decimal quotient = *a, rest;
    if (a->size < 0 || b->size <= 0) return fk_refused();
    if (b->decimals + FK_QUOTIENT_DECIMALS >= a->decimals)
        fk_raise(&quotient, b->decimals + FK_QUOTIENT_DECIMALS - a->decimals);
    else
        fk_lower(&quotient, a->decimals - b->decimals - FK_QUOTIENT_DECIMALS);
    if (quotient.size < 0) return quotient;
    quotient.decimals = FK_QUOTIENT_DECIMALS;
    quotient.negative = quotient.negative != b->negative;
    fk_divide_magnitudes(&quotient, b, &rest);
    quotient.negative = quotient.negative && quotient.size > 0;
    return quotient;
}

/* The remainder has the divisor's sign, as in Python. */
static inline fk_decimal fk_mod(const fk_decimal *a, const fk_decimal *b) {
    fk_decimal dividend = *a, divisor = *b, rest;
    if (!fk_align(&dividend, &divisor) || divisor.size == 0) return fk_refused();
    rest = divisor;
    fk_divide_magnitudes(&dividend, &divisor, &rest);
    if (rest.size == 0) {
        rest.negative = 0;
    } else if (dividend.negative != divisor.negative) {
        const fk_decimal short_of = rest;
        rest = fk_subtract_magnitudes(&divisor, &short_of);
    }
    return rest;
}

/* -1, 0, 1 into *order; false when refused. */
static inline int fk_compare(const fk_decimal *a, const fk_decimal *b, int *order) {
    fk_decimal left = *a, right = *b;
    if (!fk_align(&left, &right)) return 0;
    if (left.negative != right.negative) {
        *order = left.negative ? -1 : 1;
        return 1;
    }
    *order = fk_limbs_compare(left.limb, left.size, right.limb, right.size);
    if (left.negative) *order = -*order;
    return 1;
}

#endif
