"""How long calls take: quantiles of any number of durations in a fixed amount of memory.

Each power of two is cut into 16 buckets of equal width, so that the middle of a bucket is at most
1/32 away from what was recorded. Buckets reach from 1 ns to 39 hours; what lies outside counts in
the first or the last one.
"""

from __future__ import annotations

import math
from array import array
from typing import Any, Self

from freqkernels.errors import InvalidInputError

_BITS = 4
_MOST_BITS = 47
_LONGEST = (1 << _MOST_BITS) - 1
#: Number of buckets.
BUCKETS = (_MOST_BITS - _BITS + 1) << _BITS
_MOST_COUNT = 1 << 53


class Histogram:
    """Counts of durations by bucket. Whoever shares one between threads holds a lock."""

    __slots__ = ("_counts", "count")

    def __init__(self) -> None:
        self._counts = array("Q", [0]) * BUCKETS
        self.count = 0

    def record(self, nanoseconds: int) -> None:
        """Count one duration."""
        nanoseconds = min(max(nanoseconds, 1), _LONGEST)
        shift = max(nanoseconds.bit_length() - _BITS - 1, 0)
        self._counts[(shift << _BITS) + (nanoseconds >> shift)] += 1
        self.count += 1

    def quantile(self, q: float) -> float:
        """The shortest duration that at least the share ``q`` of all do not exceed, within 3.2 %.

        :param q: from 0 to 1.
        :return: nanoseconds; NaN if nothing was recorded.
        :raise InvalidInputError: for any other ``q``.
        """
        if not 0 <= q <= 1:
            raise InvalidInputError(f"q: expected a number from 0 to 1, got {q!r}")
        if not self.count:
            return math.nan
        rank = max(math.ceil(q * self.count), 1)
        for bucket, count in enumerate(self._counts):
            rank -= count
            if rank <= 0:
                return _middle(bucket)
        return _middle(BUCKETS - 1)

    def merge(self, other: Histogram) -> None:
        """Add what another one has counted."""
        for bucket, count in enumerate(other._counts):
            if count:
                self._counts[bucket] += count
        self.count += other.count

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a file: the buckets that are not empty, as pairs of number and count."""
        used = [[bucket, count] for bucket, count in enumerate(self._counts) if count]
        return {"buckets": BUCKETS, "counts": used}

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """The histogram that :meth:`to_dict` wrote.

        :raise InvalidInputError: for anything else.
        """
        if not isinstance(values, dict) or values.get("buckets") != BUCKETS:
            raise InvalidInputError(f"histogram: expected a dict with {BUCKETS} buckets")
        pairs = values.get("counts")
        if not isinstance(pairs, list) or not all(map(_is_pair, pairs)):
            raise InvalidInputError("histogram: expected counts to be pairs of bucket and count")
        made = cls()
        for bucket, count in pairs:
            if made._counts[bucket]:
                raise InvalidInputError(f"histogram: bucket {bucket} is there twice")
            made._counts[bucket] = count
        made.count = sum(made._counts)
        return made


def _middle(bucket: int) -> float:
    shift = max((bucket >> _BITS) - 1, 0)
    return float((bucket - (shift << _BITS)) << shift) + ((1 << shift) - 1) / 2


def _is_pair(pair: Any) -> bool:
    if not isinstance(pair, list) or len(pair) != 2 or not all(type(n) is int for n in pair):
        return False
    bucket, count = pair
    return bool(0 <= bucket < BUCKETS and 0 < count <= _MOST_COUNT)
