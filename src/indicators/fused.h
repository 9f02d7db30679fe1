/* fma(x, y, z): x * y + z rounded once, as TA-Lib 0.8 rounds its recurrences.
 *
 * The compiler fuses nothing by itself; what is fused says fma. A function marked FK_FUSED is
 * compiled twice, for processors with the instruction and for those whose C library computes it:
 * the same bits.
 */
#ifndef FK_FUSED_H
#define FK_FUSED_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fk_clones.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__GLIBC__) \
    && !defined(__SANITIZE_ADDRESS__)
#define FK_FUSED __attribute__((target_clones("fma", "default")))
#else
#define FK_FUSED
#endif

/* One of two numbers without a branch, so that none is mispredicted and loops become vectors. */
FK_INLINE double fk_pick(int condition, double yes, double no) {
    uint64_t mask = (uint64_t)0 - (uint64_t)condition, left, right;
    double picked;
    memcpy(&left, &yes, sizeof left);
    memcpy(&right, &no, sizeof right);
    left = (left & mask) | (right & ~mask);
    memcpy(&picked, &left, sizeof picked);
    return picked;
}

#endif
