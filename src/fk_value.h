/* The double nearest to a decimal, ties to even: what Python's float() makes of its text. */
#ifndef FK_VALUE_H
#define FK_VALUE_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "fk_decimal.h"
#include "fk_limbs.h"
#include "fk_powers.h"
#include "fk_ten.h"
#include "fk_words.h"

/* Room for both sides of fk_exact_order: at most 320 + 1075 and 54 + 267 + 1396 bits. */
#define FK_EXACT_LIMBS 32
/* The product in fk_nearest is off by less than this many units of its last bit. */
#define FK_PRODUCT_ERROR 8

/* a *= 10^power * 2^bits in place; returns the new size. */
static inline int fk_exact_scale(uint64_t *a, int size, int power, int bits) {
    for (; power > 0; power -= FK_TEN_LAST) {
        const uint64_t carry =
            fk_limbs_scale(a, size, FK_TEN[power < FK_TEN_LAST ? power : FK_TEN_LAST], 0);
        if (carry) a[size++] = carry;
    }
    if (bits > 0) {
        const uint64_t carry = fk_limbs_shift(a, size, bits % 64);
        if (carry) a[size++] = carry;
        memmove(a + bits / 64, a, (size_t)size * sizeof *a);
        memset(a, 0, (size_t)(bits / 64) * sizeof *a);
        size += bits / 64;
    }
    return size;
}

/* The order of limbs / 10^decimals and odd * 2^exponent, in whole numbers. */
static inline int fk_exact_order(const uint64_t *limbs, int size, int decimals, uint64_t odd,
                                 int exponent) {
    uint64_t left[FK_EXACT_LIMBS], right[FK_EXACT_LIMBS];
    int right_size;
    memcpy(left, limbs, (size_t)size * sizeof *limbs);
    right[0] = odd;
    size = fk_exact_scale(left, size, -decimals, -exponent);
    right_size = fk_exact_scale(right, 1, decimals, exponent);
    return fk_limbs_compare(left, size, right, right_size);
}

/* The highest 128 bits of a number that is not zero, as two words with the highest bit set. */
static inline void fk_leading_words(const uint64_t *limbs, int size, uint64_t *high,
                                    uint64_t *low) {
    const int shift = 64 - fk_bits64(limbs[size - 1]);
    const uint64_t second = size > 1 ? limbs[size - 2] : 0, third = size > 2 ? limbs[size - 3] : 0;
    *high = limbs[size - 1] << shift;
    *low = second << shift;
    if (shift) {
        *high |= second >> (64 - shift);
        *low |= third >> (64 - shift);
    }
}

/* significand * 2^exponent, for significands up to 2^53 and exponents of -1074..971. */
static inline double fk_assemble(uint64_t significand, int exponent) {
    const uint64_t bits = ((uint64_t)(exponent + 1074) << 52) + significand;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* limbs / 10^decimals for a number that is not zero, where FK_POWER has 10^-decimals. */
static inline double fk_nearest(const uint64_t *limbs, int size, int decimals) {
    const uint64_t *power = FK_POWER[-decimals - FK_POWER_FIRST];
    uint64_t high, low, cross, up, rest, half, significand, product_high, product_low;
    int exponent, drop;
    fk_leading_words(limbs, size, &high, &low);
    product_low = fk_mul64(high, power[0], &product_high);
    fk_mul64(high, power[1], &cross);
    product_low += cross;
    product_high += product_low < cross;
    fk_mul64(low, power[0], &cross);
    product_low += cross;
    product_high += product_low < cross;
    /* The value is product * 2^exponent, give or take FK_PRODUCT_ERROR. */
    exponent = fk_limbs_bits(limbs, size) + fk_log2_of_power(-decimals) - 127;
    drop = product_high >> 63 ? 75 : 74;
    if (exponent + drop < -1074) drop = -1074 - exponent; /* subnormal: fewer bits */
    exponent += drop;
    if (exponent > 971) return INFINITY;
    if (drop >= 130) return 0.0;
    if (drop >= 128) return fk_exact_order(limbs, size, decimals, 1, -1075) > 0 ? 5e-324 : 0.0;
    significand = product_high >> (drop - 64);
    half = UINT64_C(1) << (drop - 65);
    rest = product_high & (2 * half - 1);
    up = rest >= half;
    if ((rest == half && product_low <= FK_PRODUCT_ERROR) ||
        (rest == half - 1 && product_low >= UINT64_MAX - FK_PRODUCT_ERROR)) {
        const int order =
            fk_exact_order(limbs, size, decimals, 2 * significand + 1, exponent - 1);
        up = order > 0 || (order == 0 && (significand & 1));
    }
    return fk_assemble(significand + up, exponent);
}

/* float(str(a)) into *out; false, with NaN in *out, when a was refused. */
static inline int fk_to_double(const fk_decimal *a, double *out) {
    double value;
    if (a->size < 0) {
        *out = NAN;
        return 0;
    }
    if (a->size == 0) {
        *out = 0.0;
        return 1;
    }
    if (a->size == 1 && a->limb[0] <= UINT64_C(1) << 53 && a->decimals >= -22 && a->decimals <= 22)
        value = a->decimals < 0 ? (double)a->limb[0] * FK_POW10[-a->decimals]
                                : (double)a->limb[0] / FK_POW10[a->decimals];
    else if (-a->decimals < FK_POWER_FIRST)
        value = 0.0;
    else if (-a->decimals > FK_POWER_LAST)
        value = INFINITY;
    else
        value = fk_nearest(a->limb, a->size, a->decimals);
    *out = a->negative ? -value : value;
    return 1;
}

#endif
