"""The kernels themselves: both twins on the same arrays, and against independent definitions."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from freqkernels import metrics, ohlcv, runtime, signals, strategy, trades
from freqkernels.identity import first_difference

MODULES = (metrics, ohlcv, signals, strategy, trades)  # importing them registers their kernels
FLOATS = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, -0.0, np.nan, 1.5])
DATES = st.integers(-(2**40), 2**40)


def twins(name: str) -> tuple[Any, Any]:
    kernel = runtime.kernel(*name.split("."))
    return kernel.twin("compiled"), kernel.twin("reference")


def same(name: str, *args: Any, outputs: tuple[Any, ...] = (), tail: tuple[Any, ...] = ()) -> Any:
    """Call both twins with fresh outputs and compare what they return and what they wrote."""
    results = []
    for twin in twins(name):
        inputs = [np.copy(value) if isinstance(value, np.ndarray) else value for value in args]
        written = [np.copy(value) for value in outputs]
        results.append((twin(*inputs, *written, *tail), written))
        assert first_difference(list(args), inputs) is None, f"{name} changed an input"
    difference = first_difference(*results)
    assert difference is None, f"{name}{difference}"
    return results[0]


def test_every_kernel_has_a_twin_with_the_same_signature() -> None:
    kernels = runtime.kernels()
    assert len(kernels) >= 13
    for kernel in kernels:
        compiled, reference = twins(kernel.name)
        if isinstance(reference, type):  # test_simulate_twins.py
            continue
        assert list(inspect.signature(compiled).parameters) == list(
            inspect.signature(reference).parameters
        )
        assert (compiled.__doc__ or "").split("\n\n")[1].split("\n")[0] == (
            reference.__doc__ or ""
        ).split("\n")[0]


@given(hnp.arrays(np.int64, st.integers(0, 50), elements=st.integers(-9, 9)))
def test_date_order(dates: np.ndarray) -> None:
    order, _ = same("ohlcv.date_order", dates)
    unsorted = list(dates) != sorted(dates)
    assert order == (0 if unsorted else 2 if len(set(dates)) == len(dates) else 1)


def float_columns(count: int, rows: int) -> st.SearchStrategy[list[np.ndarray]]:
    column = hnp.arrays(np.float64, rows, elements=FLOATS)
    return st.lists(column, min_size=count, max_size=count)


@given(st.data())
def test_merge_candles(data: st.DataObject) -> None:
    rows = data.draw(st.integers(0, 20))
    dates = data.draw(hnp.arrays(np.int64, rows, elements=st.integers(0, 6)))
    columns = data.draw(float_columns(5, rows))
    order = np.argsort(dates, kind="stable").astype(np.int64)
    outputs = (np.zeros(rows, dtype=np.int64), np.zeros((5, rows)))
    count, _ = same("ohlcv.merge_candles", dates, order, *columns, outputs=outputs)
    assert count == len(set(dates.tolist()))


@given(st.data())
def test_fill_candles(data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 20))
    dates = np.sort(data.draw(hnp.arrays(np.int64, rows, elements=st.integers(0, 200))))
    columns = data.draw(float_columns(5, rows))
    step = data.draw(st.integers(1, 30))
    first = int(dates[0]) // step * step
    cells = (int(dates[-1]) - first) // step + 1
    twin_outputs = []
    for twin in twins("ohlcv.fill_candles"):
        out = np.zeros((5, cells))
        answered = twin(dates, *columns, first, step, out)
        twin_outputs.append((answered, out if answered else None))
    difference = first_difference(*twin_outputs)
    assert difference is None, str(difference)


@given(hnp.arrays(np.float64, st.integers(0, 60), elements=FLOATS), st.booleans())
def test_count_decimals_of_any_float(prices: np.ndarray, fixed: bool) -> None:
    rounded = np.round(prices, 14) if fixed and np.all(np.abs(prices) < 1e290) else prices
    same("ohlcv.count_decimals", rounded, fixed, outputs=(np.zeros(len(prices)),), tail=(1,))


def decimals_by_numpy(price: float) -> float:
    """As freqtrade does it: print 14 significant digits, count those after the point."""
    text = np.format_float_positional(price, precision=14, unique=False, fractional=False, trim="-")
    digits = text.partition(".")[2].rstrip("0")
    return float(len(digits)) if digits else math.nan


def _neighbourhood(values: np.ndarray) -> np.ndarray:
    near = [values]
    up, down = values, values
    for _ in range(3):
        up, down = np.nextafter(up, np.inf), np.nextafter(down, -np.inf)
        near += [up, down]
    return np.concatenate(near)


def _hard_prices() -> np.ndarray:
    """Ties of the 14th digit, powers of ten and two, and round prices, with their neighbours."""
    rng = np.random.default_rng(7)
    powers = np.array([10.0**k for k in range(-30, 20)] + [2.0**k for k in range(-60, 60)])
    digits = rng.integers(10**13, 10**14, 4000).astype(np.float64)
    ties = (digits + 0.5) / 10.0 ** rng.integers(0, 22, 4000)
    exact_ties = rng.integers(2**40, 2**46, 2000) + rng.choice([0.5, 0.25, 0.75, 0.125], 2000)
    rounds = np.round(rng.random(6000) * 10.0 ** rng.integers(-8, 6, 6000), 8)
    return _neighbourhood(np.concatenate([powers, ties, exact_ties, rounds]))


def test_count_decimals_at_ties_and_their_neighbours() -> None:
    prices = _hard_prices()
    out = np.zeros(len(prices))
    twins("ohlcv.count_decimals")[0](prices, False, out, 1)
    expected = np.array([decimals_by_numpy(price) for price in prices.tolist()])
    wrong = ~((out == expected) | (np.isnan(out) & np.isnan(expected)))
    assert not wrong.any(), prices[wrong][:5]


@given(st.data())
def test_row_and_segment_maximum(data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 30))
    counts = st.integers(1, 20).map(float) | st.just(math.nan)
    columns = [data.draw(hnp.arrays(np.float64, rows, elements=counts)) for _ in range(4)]
    _, (most,) = same("ohlcv.row_maximum", *columns, outputs=(np.zeros(rows),))
    starts = np.sort(data.draw(hnp.arrays(np.int64, 3, elements=st.integers(0, rows))))
    same("ohlcv.segment_maximum", most, starts, outputs=(np.zeros(3),))


@given(hnp.arrays(np.float64, st.integers(0, 40), elements=FLOATS), st.integers(-50, 50))
def test_valid_span(values: np.ndarray, since: int) -> None:
    (first, last), _ = same("metrics.valid_span", values)
    rows = [i for i, value in enumerate(values) if not math.isnan(value)]
    assert (first, last) == ((rows[0], rows[-1]) if rows else (-1, -1))
    dates = np.random.default_rng(len(values)).integers(-50, 50, len(values))
    same("metrics.valid_span_since", dates, values, since)


@given(st.data())
def test_open_trades(data: st.DataObject) -> None:
    rows = data.draw(st.integers(0, 30))
    opened = data.draw(hnp.arrays(np.int64, rows, elements=st.integers(-200, 200)))
    closed = opened + data.draw(hnp.arrays(np.int64, rows, elements=st.integers(-3, 90)))
    counted = data.draw(hnp.arrays(np.uint8, rows, elements=st.integers(0, 1)))
    step = data.draw(st.integers(1, 40))
    instant = data.draw(st.integers(0, 1))
    (first, last), _ = same("metrics.trade_span", opened, closed, step, instant)
    points = [
        list(range(begin, end, step)) if begin != end else [begin] * instant
        for begin, end in zip(opened.tolist(), closed.tolist(), strict=True)
    ]
    every = [date for dates in points for date in dates]
    assert (first, last) == ((min(every), max(every)) if every else (0, -1))
    if not every:
        return
    start = first // step * step
    counts = np.full((last - start) // step + 1, 99, dtype=np.int64)
    args = (opened, closed, counted, start, step, instant)
    _, (found,) = same("metrics.open_trade_counts", *args, outputs=(counts,))
    expected = np.zeros_like(found)
    for dates, is_counted in zip(points, counted, strict=True):
        for date in dates:
            expected[(date - start) // step] += is_counted
    assert found.tolist() == expected.tolist()


@given(st.data())
def test_means(data: st.DataObject) -> None:
    rows = data.draw(st.integers(0, 30))
    prices = st.floats(1e-9, 1e9) | st.just(math.nan)
    elements = FLOATS if data.draw(st.booleans()) else prices
    column = hnp.arrays(np.float64, rows, elements=elements)
    columns = data.draw(st.lists(column, max_size=6))
    results = []
    for function, outputs in (
        ("rel_mean", (np.zeros(rows), np.zeros(rows), np.zeros(rows, dtype=np.int64))),
        ("row_mean", (np.zeros(rows),)),
    ):
        for twin in twins(f"metrics.{function}"):
            written = [np.copy(output) for output in outputs]
            answered = twin(columns, *written, 1)
            results.append((answered, written if answered else None))
    for ours, reference in (results[:2], results[2:]):
        difference = first_difference(ours, reference)
        assert difference is None, str(difference)


@pytest.mark.parametrize("name", ["metrics.row_mean", "metrics.rel_mean"])
def test_chunking_agnosticism(name: str) -> None:
    """Rows around the block size: every row is written, whatever the number of threads."""
    for rows in (1, 2047, 2048, 2049, 4096, 4097, 10_000):
        columns = list(np.random.default_rng(rows).random((5, rows)) + 0.5)
        outputs = [np.zeros(rows)]
        if name == "metrics.rel_mean":
            outputs += [np.zeros(rows), np.zeros(rows, dtype=np.int64)]
        for threads in (1, 2, 5):
            same(name, columns, outputs=tuple(outputs), tail=(threads,))


def test_compiled_kernels_refuse_none_and_wrong_types() -> None:
    compiled = twins("metrics.valid_span")[0]
    with pytest.raises(TypeError, match="values"):
        compiled(None)
    with pytest.raises(ValueError, match="dtype"):
        compiled(np.zeros(3, dtype=np.float32))
    with pytest.raises(ValueError, match="contiguous"):
        compiled(np.zeros(8)[::2])


def test_read_only_input() -> None:
    values = np.array([np.nan, 1.0, 2.0])
    values.flags.writeable = False
    for twin in twins("metrics.valid_span"):
        assert twin(values) == (1, 2)
