/* Small powers of ten, and taking them out of an integer. */
#ifndef FK_TEN_H
#define FK_TEN_H

#include <stdint.h>

/* 10^k for k in 0..22 is exact in a double. */
static const double FK_POW10[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
/* All powers of ten that an unsigned 64-bit integer holds. */
#define FK_TEN_LAST 19
static const uint64_t FK_TEN[FK_TEN_LAST + 1] = {
    UINT64_C(1), UINT64_C(10),
    UINT64_C(100), UINT64_C(1000),
    UINT64_C(10000), UINT64_C(100000),
    UINT64_C(1000000), UINT64_C(10000000),
    UINT64_C(100000000), UINT64_C(1000000000),
    UINT64_C(10000000000), UINT64_C(100000000000),
    UINT64_C(1000000000000), UINT64_C(10000000000000),
    UINT64_C(100000000000000), UINT64_C(1000000000000000),
    UINT64_C(10000000000000000), UINT64_C(100000000000000000),
    UINT64_C(1000000000000000000), UINT64_C(10000000000000000000)};

/* x / (2^twos * 5^twos) where that divides x, else x: multiplying by the inverse of the odd part
 * modulo 2^64 and rotating the factors of two away leaves the quotient, or something too large. */
static inline uint64_t fk_strip(uint64_t x, uint64_t inverse, int twos, uint64_t power,
                                int *decimals) {
    const uint64_t product = x * inverse;
    const uint64_t quotient = (product >> twos) | (product << (64 - twos));
    const int divides = quotient <= UINT64_MAX / power;
    *decimals -= divides ? twos : 0;
    return divides ? quotient : x;
}

#endif
