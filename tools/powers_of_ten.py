"""Write src/fk_powers.h: the powers of ten that exact decimal arithmetic looks up.

Usage: ``python tools/powers_of_ten.py > src/fk_powers.h``. Nothing but integers is used here, so
every run writes the same file; a test compares it with the one in ``src``.
"""

from __future__ import annotations

#: A 320-bit integer is below 10**97: times 10**-421 it is below every double, see fk_value.h.
FIRST = -420
#: 10**324 is the largest power that the shortest digits of a double ask for.
LAST = 324
BITS = 128
HALF = BITS // 2

HEAD = """\
/* Powers of ten as 128-bit numbers, written by tools/powers_of_ten.py.
 *
 * FK_POWER[k - FK_POWER_FIRST] is ceil(10^k * 2^(127 - floor(log2(10^k)))): high word, low word.
 * It is exact for k in 0..55, elsewhere less than one too large.
 */
#ifndef FK_POWERS_H
#define FK_POWERS_H

#include <stdint.h>
"""


def significand(k: int) -> int:
    """The 128 leading bits of 10**k, rounded up."""
    numerator, denominator = (10**k, 1) if k >= 0 else (1, 10**-k)
    shift = BITS - numerator.bit_length() + denominator.bit_length()
    while True:
        top, bottom = numerator << max(shift, 0), denominator << max(-shift, 0)
        value = -(-top // bottom)
        if (top // bottom).bit_length() == BITS:
            return value
        shift += BITS - (top // bottom).bit_length()


def header() -> str:
    """The whole text of the header."""
    rows = []
    for k in range(FIRST, LAST + 1):
        high, low = divmod(significand(k), 1 << HALF)
        rows.append(f"{{0x{high:016x}, 0x{low:016x}}}")
    lines = [", ".join(rows[at : at + 2]) for at in range(0, len(rows), 2)]
    body = ",\n    ".join(lines)
    return (
        f"{HEAD}\n#define FK_POWER_FIRST ({FIRST})\n#define FK_POWER_LAST {LAST}\n\n"
        f"static const uint64_t FK_POWER[{len(rows)}][2] = {{\n    {body}}};\n\n#endif\n"
    )


if __name__ == "__main__":
    print(header(), end="")
