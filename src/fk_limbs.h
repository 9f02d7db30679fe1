/* Unsigned integers of many 64-bit limbs, lowest limb first. A number has no leading zero limb, so
 * zero has no limbs. The caller provides the room; each function says how much it needs.
 */
#ifndef FK_LIMBS_H
#define FK_LIMBS_H

#include <stdint.h>
#include <string.h>

#include "fk_words.h"

static inline int fk_limbs_trimmed(const uint64_t *a, int size) {
    while (size > 0 && a[size - 1] == 0) size--;
    return size;
}

static inline int fk_limbs_bits(const uint64_t *a, int size) {
    return size ? 64 * (size - 1) + fk_bits64(a[size - 1]) : 0;
}

/* -1, 0, 1 for a < b, a == b, a > b. */
static inline int fk_limbs_compare(const uint64_t *a, int a_size, const uint64_t *b, int b_size) {
    if (a_size != b_size) return a_size < b_size ? -1 : 1;
    for (int i = a_size - 1; i >= 0; i--)
        if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
    return 0;
}

/* a = a * factor + carry in place; returns the limb that did not fit. */
static inline uint64_t fk_limbs_scale(uint64_t *a, int size, uint64_t factor, uint64_t carry) {
    for (int i = 0; i < size; i++) a[i] = fk_muladd64(a[i], factor, carry, &carry);
    return carry;
}

/* out = a * b, not aliased; out has room for a_size + b_size limbs. Returns its size. */
static inline int fk_limbs_multiply(uint64_t *out, const uint64_t *a, int a_size, const uint64_t *b,
                                    int b_size) {
    memset(out, 0, (size_t)(a_size + b_size) * sizeof *out);
    for (int i = 0; i < a_size; i++) {
        uint64_t carry = 0;
        for (int j = 0; j < b_size; j++) {
            uint64_t high, low = fk_muladd64(a[i], b[j], carry, &high);
            low += out[i + j];
            carry = high + (low < out[i + j]);
            out[i + j] = low;
        }
        out[i + b_size] = carry;
    }
    return fk_limbs_trimmed(out, a_size + b_size);
}

/* a += b, where a_size >= b_size; returns the carry out of a. */
static inline uint64_t fk_limbs_add(uint64_t *a, int a_size, const uint64_t *b, int b_size) {
    uint64_t carry = 0;
    for (int i = 0; i < a_size && (i < b_size || carry); i++) {
        const uint64_t addend = i < b_size ? b[i] : 0, sum = a[i] + addend;
        const uint64_t overflow = sum < addend;
        a[i] = sum + carry;
        carry = overflow | (a[i] < sum);
    }
    return carry;
}

/* a -= b, where a_size >= b_size; returns the borrow out of a (0 when a >= b). */
static inline uint64_t fk_limbs_subtract(uint64_t *a, int a_size, const uint64_t *b, int b_size) {
    uint64_t borrow = 0;
    for (int i = 0; i < a_size && (i < b_size || borrow); i++) {
        const uint64_t subtrahend = i < b_size ? b[i] : 0, difference = a[i] - subtrahend;
        const uint64_t underflow = a[i] < subtrahend;
        a[i] = difference - borrow;
        borrow = underflow | (difference < borrow);
    }
    return borrow;
}

/* a <<= bits in place, bits < 64; returns the bits that left at the top. */
static inline uint64_t fk_limbs_shift(uint64_t *a, int size, int bits) {
    uint64_t carry = 0;
    if (bits == 0) return 0;
    for (int i = 0; i < size; i++) {
        const uint64_t limb = a[i];
        a[i] = (limb << bits) | carry;
        carry = limb >> (64 - bits);
    }
    return carry;
}

/* a /= divisor in place; returns the remainder. */
static inline uint64_t fk_limbs_divide_small(uint64_t *a, int size, uint64_t divisor) {
    uint64_t remainder = 0;
    for (int i = size - 1; i >= 0; i--) a[i] = fk_div128(remainder, a[i], divisor, &remainder);
    return remainder;
}

/* a becomes a / b, rest (room for b_size + 1 limbs) a % b; returns the size of rest. Bit by bit,
 * which has no rare branches: divisors of several limbs are rare themselves. */
static inline int fk_limbs_divide(uint64_t *a, int a_size, const uint64_t *b, int b_size,
                                  uint64_t *rest) {
    int size = 0;
    for (int at = 64 * a_size - 1; at >= 0; at--) {
        const uint64_t bit = UINT64_C(1) << (at % 64);
        if (fk_limbs_shift(rest, size, 1)) rest[size++] = 1;
        if (a[at / 64] & bit) {
            if (size == 0) rest[size++] = 0;
            rest[0] |= 1;
        }
        a[at / 64] &= ~bit;
        if (fk_limbs_compare(rest, size, b, b_size) < 0) continue;
        fk_limbs_subtract(rest, size, b, b_size);
        size = fk_limbs_trimmed(rest, size);
        a[at / 64] |= bit;
    }
    return size;
}

#endif
