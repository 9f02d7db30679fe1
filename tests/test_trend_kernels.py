"""The kernels of the trend indicators: both twins on the same arrays, whatever is in them."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from freqkernels.indicators import trend
from freqkernels.reference import trend as reference
from test_kernels import FLOATS, same, twins

assert trend  # importing it registers the kernels
ROWS = st.integers(0, 40)
PERIODS = st.integers(1, 12) | st.just(50)
#: Few different numbers, so that changes of zero and crossings of equal numbers occur.
STEPS = st.integers(-3, 3).map(lambda step: 10.0 + step * 0.1) | st.sampled_from([math.nan, 0.0])
PARAMETERS = st.floats(0, 1) | st.sampled_from([0.0, 0.02, 0.2, 5.0])


def inputs(data: st.DataObject, count: int) -> tuple[list[np.ndarray], int]:
    """Arrays of one to three columns of the same number of rows."""
    rows, columns = data.draw(ROWS), data.draw(st.integers(1, 3))
    elements = data.draw(st.sampled_from([FLOATS, STEPS, st.floats(1e-9, 1e9)]))
    column = hnp.arrays(np.float64, rows * columns, elements=elements)
    return [data.draw(column) for _ in range(count)], rows


def outputs(size: int, count: int) -> tuple[np.ndarray, ...]:
    """Arrays that hold something else before."""
    return tuple(np.full(size, 7.5) for _ in range(count))


@given(st.data())
def test_kama(data: st.DataObject) -> None:
    (values,), rows = inputs(data, 1)
    period = data.draw(PERIODS)
    same("trend.kama", values, rows, period, outputs=outputs(len(values), 1), tail=(1,))


@given(st.data())
def test_psar(data: st.DataObject) -> None:
    prices, rows = inputs(data, 2)
    factors = data.draw(PARAMETERS), data.draw(PARAMETERS)
    same("trend.psar", *prices, rows, *factors, outputs=outputs(len(prices[0]), 1), tail=(1,))


@given(st.data())
def test_heikin_ashi(data: st.DataObject) -> None:
    prices, rows = inputs(data, 4)
    same("trend.heikin_ashi", *prices, rows, outputs=outputs(len(prices[0]), 4), tail=(1,))


@given(st.data())
def test_supertrend(data: st.DataObject) -> None:
    prices, rows = inputs(data, 3)
    size = len(prices[0])
    lines = outputs(size, 3)
    written = (lines[0], np.full(size, 9, dtype=np.int64), *lines[1:])
    parameters = data.draw(PERIODS), data.draw(st.floats(0.1, 5.0))
    same("trend.supertrend", *prices, rows, *parameters, outputs=written, tail=(1,))


@given(st.data())
def test_dynamic_bands(data: st.DataObject) -> None:
    (values,), rows = inputs(data, 1)
    parameters = (
        data.draw(PERIODS),
        *data.draw(st.tuples(*[st.floats(-200, 200)] * 2)),
        data.draw(st.floats(0.01, 3.0)),
        data.draw(st.floats(-2.0, 2.0)),
        *data.draw(st.tuples(*[st.floats(0, 60)] * 2)),
    )
    written = outputs(len(values), 4)
    same("trend.dynamic_bands", values, rows, *parameters, outputs=written, tail=(1,))


def walks(count: int, rows: int) -> list[np.ndarray]:
    steps = np.random.default_rng(rows).normal(0, 0.01, (count, rows))
    return list(100.0 * np.exp(np.cumsum(steps, axis=1)))


@pytest.mark.parametrize("period", [1, 3, 8, 20])
def test_dynamic_bands_at_the_ends_of_blocks(period: int) -> None:
    parameters = (period, 35.0, 100.0, 0.7, 0.3, 10.0, 50.0)
    for rows in range(1, 60):
        (values,) = walks(1, rows)
        written = outputs(rows, 4)
        same("trend.dynamic_bands", values, rows, *parameters, outputs=written, tail=(1,))


CALLS: dict[str, tuple[int, tuple[Any, ...], int]] = {
    "kama": (1, (30,), 1),
    "psar": (2, (0.02, 0.2), 1),
    "heikin_ashi": (4, (), 4),
    "supertrend": (3, (10, 3.0), 4),
    "dynamic_bands": (1, (20, 35.0, 100.0, 0.7, 0.3, 10.0, 50.0), 4),
}


def outputs_of(name: str, size: int) -> list[np.ndarray]:
    written = list(outputs(size, CALLS[name][2]))
    if name == "supertrend":
        written[1] = written[1].astype(np.int64)
    return written


def run(name: str, arrays: list[np.ndarray], rows: int, threads: int) -> list[np.ndarray]:
    """The compiled kernel alone."""
    written = outputs_of(name, len(arrays[0]))
    twins(f"trend.{name}")[0](*arrays, rows, *CALLS[name][1], *written, threads)
    return written


@pytest.mark.parametrize("name", CALLS)
def test_columns_and_threads_do_not_matter(name: str) -> None:
    """Seven columns in one call, by any number of threads, are seven calls."""
    rows, columns = 700, 7
    arrays = walks(CALLS[name][0], rows * columns)
    alone = [
        run(name, [np.ascontiguousarray(array[at : at + rows]) for array in arrays], rows, 1)
        for at in range(0, rows * columns, rows)
    ]
    expected = [np.concatenate(parts).tobytes() for parts in zip(*alone, strict=True)]
    for threads in (1, 2, 5):
        assert [each.tobytes() for each in run(name, arrays, rows, threads)] == expected


@pytest.mark.parametrize("name", CALLS)
def test_more_rows_change_nothing_before_them(name: str) -> None:
    """A stream that is at some row has what the whole series has there."""
    arrays = walks(CALLS[name][0], 1200)
    whole = run(name, arrays, 1200, 1)
    for rows in (1, 9, 31, 512, 600):
        part = run(name, [np.ascontiguousarray(array[:rows]) for array in arrays], rows, 1)
        assert [each.tobytes() for each in part] == [each[:rows].tobytes() for each in whole]


@pytest.mark.parametrize("name", CALLS)
def test_none_and_wrong_types(name: str) -> None:
    compiled = twins(f"trend.{name}")[0]
    count, parameters, _ = CALLS[name]
    arguments = 3, *parameters, *outputs_of(name, 3), 1
    with pytest.raises(TypeError, match="must not be None"):
        compiled(*[None] * count, *arguments)
    with pytest.raises(ValueError, match="dtype"):
        compiled(*[np.zeros(3, dtype=np.float32)] * count, *arguments)
    with pytest.raises(ValueError, match="contiguous"):
        compiled(*[np.zeros(6)[::2]] * count, *arguments)


@given(FLOATS, FLOATS, FLOATS)
def test_exact_fma(x: float, y: float, z: float) -> None:
    """The twins' product and sum in one rounding: by fractions, and as plain floats elsewhere."""
    found = reference._exact_fma(x, y, z)
    assert found == reference._fma(x, y, z) or math.isnan(found)
    if not all(map(math.isfinite, (x, y, z))):
        with np.errstate(all="ignore"):
            expected = float(np.float64(x) * y + z)
        if math.isinf(z) and math.isfinite(x) and math.isfinite(y):
            expected = z
        assert found == expected or (math.isnan(found) and math.isnan(expected))
        return
    exact = Fraction(x) * Fraction(y) + Fraction(z)
    if abs(exact) < Fraction(2) ** 1023:
        assert found == float(exact)
        assert exact or math.copysign(1.0, found) == math.copysign(1.0, x * y + z)
