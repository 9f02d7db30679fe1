/* Python's round(x, places): half to even on the exact binary value, then the nearest double. */
#ifndef FK_ROUND_H
#define FK_ROUND_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "fk_decimal.h"
#include "fk_value.h"

/* |high:low| / 2^shift, half to even, for numbers below 2^117 and shifts of 1..1074. */
static inline void fk_round_shift(uint64_t *high, uint64_t *low, int shift) {
    uint64_t half, beyond;
    if (shift >= 118) {
        *high = *low = 0;
        return;
    }
    if (shift > 64) {
        beyond = *low | (*high << (64 - (shift - 64)) << 1);
        half = *high >> (shift - 65);
        *low = *high >> (shift - 64);
        *high = 0;
    } else {
        beyond = *low << (64 - shift) << 1;
        half = *low >> (shift - 1);
        *low = shift < 64 ? (*low >> shift) | (*high << (64 - shift)) : *high;
        *high = shift < 64 ? *high >> shift : 0;
    }
    if ((half & 1) && (beyond || (*low & 1))) {
        *low += 1;
        *high += *low == 0;
    }
}

/* places of 0..19; below 2^52 every other double is whole already. */
static inline double fk_round_places(double x, int places) {
    const double magnitude = fabs(x);
    uint64_t bits, high, low;
    double value;
    int biased;
    fk_decimal rounded;
    if (!(magnitude < 4503599627370496.0)) return x;
    memcpy(&bits, &magnitude, sizeof bits);
    biased = (int)(bits >> 52);
    bits &= UINT64_C(0xfffffffffffff);
    if (biased) bits |= UINT64_C(1) << 52;
    low = fk_mul64(bits, FK_TEN[places], &high);
    fk_round_shift(&high, &low, 1075 - (biased ? biased : 1));
    if (high == 0 && low <= UINT64_C(1) << 53)
        return copysign((double)low / FK_POW10[places], x);
    rounded = fk_decimal_of_integer(low, places, 0);
    rounded.limb[1] = high;
    rounded.size = high ? 2 : 1;
    fk_to_double(&rounded, &value);
    return copysign(value, x);
}

#endif
