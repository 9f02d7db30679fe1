/* 64-bit words: wide products and quotients, with or without a 128-bit type, and bit counts. */
#ifndef FK_WORDS_H
#define FK_WORDS_H

#include <stdint.h>

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#endif

/* Low word of a * b; the high word in *high. */
static inline uint64_t fk_mul64(uint64_t a, uint64_t b, uint64_t *high) {
#if defined(__SIZEOF_INT128__)
    const unsigned __int128 product = (unsigned __int128)a * b;
    *high = (uint64_t)(product >> 64);
    return (uint64_t)product;
#elif defined(_MSC_VER) && defined(_M_X64)
    return _umul128(a, b, high);
#else
    const uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    const uint64_t low = a0 * b0, cross = a1 * b0 + (low >> 32);
    const uint64_t middle = a0 * b1 + (uint32_t)cross;
    *high = a1 * b1 + (cross >> 32) + (middle >> 32);
    return (middle << 32) | (uint32_t)low;
#endif
}

/* a * b + c, which always fits two words. */
static inline uint64_t fk_muladd64(uint64_t a, uint64_t b, uint64_t c, uint64_t *high) {
    const uint64_t low = fk_mul64(a, b, high);
    *high += low + c < low;
    return low + c;
}

/* Quotient of high:low by divisor, where high < divisor; the remainder in *remainder. */
static inline uint64_t fk_div128(uint64_t high, uint64_t low, uint64_t divisor,
                                 uint64_t *remainder) {
#if defined(__SIZEOF_INT128__)
    const unsigned __int128 dividend = ((unsigned __int128)high << 64) | low;
    const uint64_t quotient = (uint64_t)(dividend / divisor);
    *remainder = low - quotient * divisor;
    return quotient;
#elif defined(_MSC_VER) && defined(_M_X64)
    return _udiv128(high, low, divisor, remainder);
#else
    uint64_t quotient = 0;
    for (int bit = 0; bit < 64; bit++) {
        const uint64_t carry = high >> 63;
        high = (high << 1) | (low >> 63);
        low <<= 1;
        quotient <<= 1;
        if (carry || high >= divisor) {
            high -= divisor;
            quotient |= 1;
        }
    }
    *remainder = high;
    return quotient;
#endif
}

/* Bits of x, 0 for 0. */
static inline int fk_bits64(uint64_t x) {
#if defined(__GNUC__) || defined(__clang__)
    return x ? 64 - __builtin_clzll(x) : 0;
#elif defined(_MSC_VER) && (defined(_M_X64) || defined(_M_ARM64))
    unsigned long top;
    return _BitScanReverse64(&top, x) ? (int)top + 1 : 0;
#else
    int bits = 0;
    for (; x; x >>= 1) bits++;
    return bits;
#endif
}

#endif
