"""Quantiles in bounded memory, beside numpy's."""

from __future__ import annotations

import json
import math
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqkernels.errors import InvalidInputError
from freqkernels.runtime.histogram import BUCKETS, Histogram

DAY = 86_400 * 10**9
#: From one nanosecond to a day, small and large alike.
DURATIONS = st.one_of(
    st.integers(1, 1000), st.integers(1, DAY), st.builds(lambda n: 2**n, st.integers(0, 46))
)


def histogram_of(durations: list[int]) -> Histogram:
    made = Histogram()
    for duration in durations:
        made.record(duration)
    return made


@given(st.lists(DURATIONS, min_size=1, max_size=200), st.floats(0, 1))
def test_quantiles_beside_numpy(durations: list[int], q: float) -> None:
    found = histogram_of(durations).quantile(q)
    low, high = (np.quantile(durations, q, method=method) for method in ("lower", "higher"))
    assert low * 0.968 <= found <= high * 1.032


@given(st.lists(DURATIONS, min_size=1, max_size=200))
def test_quantiles_of_ranks(durations: list[int]) -> None:
    """The quantile of rank / n is the value of that rank."""
    made, count = histogram_of(durations), len(durations)
    for rank in {1, count // 2 + 1, count}:
        value = sorted(durations)[rank - 1]
        assert made.quantile((rank - 0.5) / count) == pytest.approx(value, rel=0.032)


@given(st.lists(DURATIONS, max_size=50), st.lists(DURATIONS, max_size=50))
def test_merging_is_recording_both(left: list[int], right: list[int]) -> None:
    merged = histogram_of(left)
    merged.merge(histogram_of(right))
    assert merged.to_dict() == histogram_of(left + right).to_dict()
    assert merged.count == len(left) + len(right)


@given(st.lists(DURATIONS, max_size=50))
def test_a_file_and_back(durations: list[int]) -> None:
    made = histogram_of(durations)
    read = Histogram.from_dict(json.loads(json.dumps(made.to_dict())))
    assert (read.to_dict(), read.count) == (made.to_dict(), made.count)


@pytest.mark.parametrize("duration", [1, 15, 16, 17, 31, 32, 33, 63, 64, 1023, 1024, DAY])
def test_edges_of_buckets(duration: int) -> None:
    assert histogram_of([duration]).quantile(0.5) == pytest.approx(duration, rel=0.032)


def test_what_lies_outside() -> None:
    assert histogram_of([-5, 0]).quantile(1) == 1
    assert histogram_of([DAY * 10**6]).quantile(0) > DAY


def test_memory_is_fixed() -> None:
    made = Histogram()
    before = sys.getsizeof(made._counts)
    for i in range(20_000):
        made.record(i * i)
    assert sys.getsizeof(made._counts) == before < 6000


def test_empty() -> None:
    assert math.isnan(Histogram().quantile(0.5))


@pytest.mark.parametrize("q", [-0.01, 1.01, math.nan])
def test_bad_quantiles(q: float) -> None:
    with pytest.raises(InvalidInputError, match="q: expected a number from 0 to 1"):
        Histogram().quantile(q)


@pytest.mark.parametrize(
    "values",
    [
        None,
        [],
        {},
        {"buckets": 12, "counts": []},
        {"buckets": BUCKETS},
        *(
            {"buckets": BUCKETS, "counts": counts}
            for counts in (
                "ab",
                [1],
                [[1]],
                [[1, 2, 3]],
                [[1.0, 2]],
                [[1, True]],
                [[-1, 1]],
                [[BUCKETS, 1]],
                [[1, 0]],
                [[1, -1]],
                [[1, 2**64]],
                [[1, 1], [1, 1]],
            )
        ),
    ],
)
def test_rubbish_is_refused(values: Any) -> None:
    with pytest.raises(InvalidInputError, match="histogram"):
        Histogram.from_dict(values)
