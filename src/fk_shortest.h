/* The shortest decimal that reads back as a given double, and of those the nearest one: the digits
 * that Python's repr() prints. After R. Giulietti, "The Schubfach way to render doubles" (2020).
 */
#ifndef FK_SHORTEST_H
#define FK_SHORTEST_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "fk_powers.h"
#include "fk_ten.h"
#include "fk_words.h"

/* digits / 10^decimals, the last digit not zero (zero itself: no digits, no decimals). */
typedef struct {
    uint64_t digits;
    int decimals;
    int negative;
} fk_short;

/* floor(log2(10^k)), right for |k| <= 1233. */
static inline int fk_log2_of_power(int k) { return (k * 1741647) >> 19; }

/* scale * power / 2^128 with a sticky last bit: 1 if anything beyond it counts. */
static inline uint64_t fk_scale_sticky(const uint64_t power[2], uint64_t scale) {
    uint64_t carry, high, low;
    fk_mul64(power[1], scale, &carry);
    low = fk_muladd64(power[0], scale, carry, &high);
    return high | (low != 0); /* a power's excess is too small to make low one */
}

/* The decimal of 16 or 17 digits, or less near zero, for significand * 2^exponent. */
static inline uint64_t fk_nearest_in_interval(uint64_t significand, int exponent,
                                              unsigned lower_is_close, int *decimals) {
    /* One unit of the decimal is at most the width of the interval that rounds to the double. */
    const int k = (exponent * 1262611 - (lower_is_close ? 524031 : 0)) >> 22;
    const uint64_t *power = FK_POWER[-k - FK_POWER_FIRST];
    const int shift = exponent + fk_log2_of_power(-k) + 1;
    const uint64_t open = significand & 1; /* the interval's ends round to the even neighbour */
    const uint64_t four = significand << 2;
    const uint64_t value = fk_scale_sticky(power, four << shift);
    const uint64_t least = fk_scale_sticky(power, (four - 2 + lower_is_close) << shift) + open;
    const uint64_t most = fk_scale_sticky(power, (four + 2) << shift) - open;
    const uint64_t floor_units = value >> 2, tens = floor_units / 10;
    const unsigned ten_below = least <= 40 * tens, ten_above = 40 * tens + 40 <= most;
    unsigned below, above;
    *decimals = -k;
    if (floor_units >= 10 && ten_below != ten_above) {
        *decimals -= 1;
        return tens + ten_above;
    }
    below = least <= 4 * floor_units;
    above = 4 * floor_units + 4 <= most;
    if (below != above) return floor_units + above;
    return floor_units + (value > 4 * floor_units + 2 - (floor_units & 1));
}

/* x is finite. */
static inline fk_short fk_shortest(double x) {
    fk_short result = {0, 0, signbit(x) != 0};
    uint64_t bits, fraction;
    int biased;
    memcpy(&bits, &x, sizeof bits);
    fraction = bits & UINT64_C(0xfffffffffffff);
    biased = (int)(bits >> 52) & 0x7ff;
    if (biased == 0 && fraction == 0) return result;
    if (biased) fraction |= UINT64_C(1) << 52;
    result.digits =
        fk_nearest_in_interval(fraction, (biased ? biased : 1) - 1075,
                               fraction == UINT64_C(1) << 52 && biased > 1, &result.decimals);
    result.digits = fk_strip(result.digits, UINT64_C(0xc767074b22e90e21), 8, 100000000,
                             &result.decimals);
    result.digits = fk_strip(result.digits, UINT64_C(0xd288ce703afb7e91), 4, 10000,
                             &result.decimals);
    result.digits = fk_strip(result.digits, UINT64_C(0x8f5c28f5c28f5c29), 2, 100,
                             &result.decimals);
    while (result.digits % 10 == 0) { /* twice at most, for 10^16 */
        result.digits /= 10;
        result.decimals--;
    }
    return result;
}

#endif
