"""The kernels of the indicators: both twins give the same bits, whatever the values are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from freqkernels import indicators
from test_kernels import same, twins

MODULES = (indicators,)  # importing it registers its kernels
Floats = NDArray[np.float64]

GARBAGE = 7.25e77
#: Kernels of one input by name: number of outputs, and parameters of a window or period.
ONE_INPUT: dict[str, tuple[int, Any]] = {
    "sma": (1, lambda window: (window,)),
    "wma": (1, lambda window: (window,)),
    "ema": (1, lambda window: (window,)),
    "rsi": (1, lambda window: (window,)),
    "zlema": (2, lambda window: (window,)),
    "macd": (3, lambda window: ((window + 1) // 2, window, window // 3 + 1)),
    "stoch_rsi": (3, lambda window: (window, window // 2 + 1, window // 4 + 1)),
    "rolling_sum": (1, lambda window: (window, window, False)),
    "rolling_var": (1, lambda window: (window, window, 1)),
    "rolling_std": (1, lambda window: (window, window, 1)),
    "rolling_zscore": (1, lambda window: (window, window, 0)),
    "bollinger_bands": (3, lambda window: (window, window, 0, 2.0)),
}
#: Kernels that take a number of values that a result needs, and what follows it.
SPARSE: dict[str, tuple[int, tuple[Any, ...]]] = {
    "rolling_sum": (1, (True,)),
    "rolling_var": (1, (1,)),
    "rolling_std": (1, (0,)),
    "rolling_zscore": (1, (1,)),
    "bollinger_bands": (3, (0, 2.5)),
}


def twins_agree(
    name: str, inputs: tuple[Floats, ...], rows: int, parameters: tuple[Any, ...], threads: int = 1
) -> list[Floats]:
    """What both write into outputs full of garbage, none of which is left."""
    count = 1 if name == "atr" else ONE_INPUT[name][0]
    outputs = tuple(np.full(len(inputs[0]), GARBAGE) for _ in range(count))
    written: list[Floats] = same(
        f"indicators.{name}", *inputs, rows, *parameters, outputs=outputs, tail=(threads,)
    )[1]
    for output in written:
        assert not (output == GARBAGE).any(), f"{name} left rows of an output as they were"
    return written


def every_kernel(values: Floats, window: int) -> None:
    """All kernels on one column, windows whole or of any number of finite values."""
    rows = len(values)
    for name, (_, parameters) in ONE_INPUT.items():
        twins_agree(name, (values,), rows, parameters(window))
    for name, (_, others) in SPARSE.items():
        for least in {0, 1, (window + 1) // 2}:
            twins_agree(name, (values,), rows, (window, least, *others))
    twins_agree("atr", (values, values[::-1].copy(), np.roll(values, 3)), rows, (window,))


def walk(rows: int, scale: float, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    return scale * np.exp(np.cumsum(rng.normal(0.0, 0.01, rows)))


def changes(rows: int, scale: float, seed: int) -> Floats:
    """Around zero: sums that cancel."""
    return scale * np.random.default_rng(seed).normal(0.0, 1.0, rows)


def scattered(values: Floats, seed: int, *specials: float) -> Floats:
    rng = np.random.default_rng(seed)
    out = values.copy()
    for special in specials:
        out[rng.integers(0, len(values), max(len(values) // 150, 1))] = special
    return out


def calm_and_storm(rows: int, seed: int) -> Floats:
    """Parts of very different sizes and spreads, flat ones among them."""
    rng = np.random.default_rng(seed)
    parts: list[Floats] = []
    for count in rng.integers(1, 120, rows).tolist():
        level, spread = 10.0 ** rng.integers(-9, 10), 10.0 ** rng.integers(-12, 3)
        noise = rng.normal(0.0, 1.0, count) * (rng.random() < 0.7)
        parts.append(level * (1.0 + spread * noise))
    return np.concatenate(parts)[:rows]


def zoo(rows: int) -> Iterator[tuple[str, Floats]]:
    """Series by name."""
    for exponent in (-8, 0, 5, 9):
        yield f"walk of 1e{exponent}", walk(rows, 10.0**exponent, exponent + 20)
    yield "changes", changes(rows, 1.0, 1)
    yield "calm and storm", calm_and_storm(rows, 2)
    yield "outliers", scattered(walk(rows, 1.0, 3), 4, 1e12, -1e12)
    yield "outliers that cancel", scattered(changes(rows, 1e-3, 5), 6, 1e12, -1e12, 1e-300)
    yield "NaN", scattered(walk(rows, 1.0, 7), 8, np.nan)
    yield "infinite", scattered(walk(rows, 1.0, 9), 10, np.inf, -np.inf, np.nan)
    yield "late NaN", np.append(walk(rows - 1, 1.0, 11), np.nan)
    yield "leading NaN", np.append(np.full(min(37, rows), np.nan), walk(rows, 1.0, 12))[:rows]
    yield "all NaN", np.full(rows, np.nan)
    yield "flat", np.full(rows, 0.1)
    yield "zeros of both signs", np.where(np.arange(rows) % 3 == 0, -0.0, 0.0)
    yield "negative zeros", np.full(rows, -0.0)
    yield "steps", np.round(walk(rows, 3.0, 13), 1)
    yield "steps and zeros", scattered(np.round(walk(rows, 3.0, 14), 1), 15, 0.0, -0.0)
    yield "trend", np.linspace(1.0, 1e6, rows)
    yield "far from zero", 1e9 + changes(rows, 1e-6, 16)
    yield "an ulp apart", np.where(np.arange(rows) % 311 == 5, np.nextafter(1e9 / 3, 1e10), 1e9 / 3)
    yield "denormal", changes(rows, 5e-322, 17)
    yield "denormal beside ordinary", scattered(walk(rows, 1.0, 18), 19, 5e-324, -1e-310)
    yield "fading", 0.5 ** np.arange(float(rows))
    yield "huge", walk(rows // 4, 1e290, 20)


ZOO = dict(zoo(2600))


@pytest.mark.parametrize("name", ZOO)
@pytest.mark.parametrize("window", [1, 2, 7, 8, 9, 14, 33, 64, 65, 300])
def test_long_series(name: str, window: int) -> None:
    """Series that pass many fresh starts."""
    every_kernel(ZOO[name], window)


@pytest.mark.parametrize("window", range(1, 41))
def test_every_window(window: int) -> None:
    for name in ("walk of 1e0", "calm and storm", "infinite", "far from zero"):
        every_kernel(ZOO[name][:331], window)


@pytest.mark.parametrize("rows", [*range(20), 63, 64, 65, 255, 256, 257, 263, 264, 265])
def test_every_length(rows: int) -> None:
    """Around groups and fresh starts, and windows larger than the data."""
    for window in (1, 3, 8, 20, rows + 1, 1000, 2**31 - 1):
        every_kernel(walk(rows, 100.0, rows), window)
        every_kernel(scattered(changes(rows + 1, 1.0, rows), rows, np.nan)[:rows], window)


ELEMENTS = (
    st.floats(-1e300, 1e300)
    | st.floats(0.9, 1.1)
    | st.integers(0, 3).map(float)
    | st.sampled_from([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e12, -1e12, 5e-324, 1e-310, 1e9])
)


@given(st.data())
def test_any_values(data: st.DataObject) -> None:
    """A few drawn values, repeated and shuffled into a series of any length."""
    drawn = data.draw(hnp.arrays(np.float64, st.integers(1, 12), elements=ELEMENTS))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    runs = rng.integers(1, 2 + data.draw(st.integers(0, 60)), 600)
    values = np.repeat(rng.choice(drawn, 600), runs)[: data.draw(st.integers(0, 600))]
    if data.draw(st.booleans()):
        values = values + rng.normal(0.0, 10.0 ** data.draw(st.integers(-12, 3)), len(values))
    every_kernel(np.ascontiguousarray(values), data.draw(st.integers(1, 40) | st.integers(41, 700)))


@given(
    hnp.arrays(np.float64, st.integers(0, 90), elements=ELEMENTS),
    st.integers(1, 40),
    st.integers(0, 40),
    st.integers(0, 40),
)
def test_values_needed_and_degrees_of_freedom(
    values: Floats, window: int, least: int, ddof: int
) -> None:
    least = min(least, window)
    rows = len(values)
    for mean in (False, True):
        twins_agree("rolling_sum", (values,), rows, (window, least, mean))
    for name in ("rolling_var", "rolling_std", "rolling_zscore"):
        twins_agree(name, (values,), rows, (window, least, ddof))
    twins_agree("bollinger_bands", (values,), rows, (window, least, ddof, -1.5))


@given(
    hnp.arrays(np.float64, st.integers(0, 120), elements=ELEMENTS),
    st.integers(1, 40),
    st.integers(0, 40),
    st.integers(1, 40),
)
def test_periods_of_several_averages(values: Floats, slow: int, less: int, signal: int) -> None:
    rows = len(values)
    twins_agree("macd", (values,), rows, (max(slow - less, 1), slow, signal))
    twins_agree("stoch_rsi", (values,), rows, (slow, less + 1, signal))
    twins_agree("stoch_rsi", (values,), rows, (1, 1, signal))


@given(st.data())
def test_true_ranges(data: st.DataObject) -> None:
    rows = data.draw(st.integers(0, 80))
    candles = [data.draw(hnp.arrays(np.float64, rows, elements=ELEMENTS)) for _ in range(3)]
    twins_agree("atr", tuple(candles), rows, (data.draw(st.integers(1, 30)),))


@pytest.mark.parametrize("threads", [1, 2])
def test_columns_are_independent(threads: int) -> None:
    """Each column as by itself, whatever stands beside it."""
    columns = [ZOO[name][:700] for name in ("walk of 1e5", "infinite", "all NaN", "outliers")]
    together = np.concatenate(columns)
    for name, (_, parameters) in ONE_INPUT.items():
        written = twins_agree(name, (together,), 700, parameters(21), threads)
        for number, column in enumerate(columns):
            alone = twins_agree(name, (column,), 700, parameters(21))
            for each, one in zip(written, alone, strict=True):
                part = each[number * 700 : (number + 1) * 700]
                assert np.array_equal(
                    part.view(np.int64)[~np.isnan(part)], one.view(np.int64)[~np.isnan(one)]
                )
                assert np.array_equal(np.isnan(part), np.isnan(one))
    twins_agree("atr", (together, together[::-1].copy(), together), 700, (14,), threads)


def compiled(name: str, values: Floats, parameters: tuple[Any, ...]) -> Floats:
    """Outputs of the compiled kernel below each other."""
    outputs = np.full((ONE_INPUT[name][0], len(values)), GARBAGE)
    twins(f"indicators.{name}")[0](values, len(values), *parameters, *outputs, 1)
    return outputs


@pytest.mark.parametrize("name", ZOO)
@pytest.mark.parametrize("window", [3, 8, 21, 70])
def test_no_row_depends_on_later_ones(name: str, window: int) -> None:
    """Series that end anywhere, in the middle of a group above all, have the same bits so far."""
    values = ZOO[name][:420]
    cases = [(kernel, parameters(window)) for kernel, (_, parameters) in ONE_INPUT.items()]
    cases += [(kernel, (window, 1, *others)) for kernel, (_, others) in SPARSE.items()]
    for kernel, parameters in cases:
        whole = compiled(kernel, values, parameters)
        for rows in {*range(1, 420, 5), *range(250, 300)}:
            part = compiled(kernel, values[:rows], parameters)
            known = ~np.isnan(part)
            assert np.array_equal(known, ~np.isnan(whole[:, :rows])), (kernel, rows)
            assert np.array_equal(
                part[known].view(np.int64), whole[:, :rows][known].view(np.int64)
            ), (kernel, rows)


@pytest.mark.parametrize("rows", [0, 5])
def test_no_columns(rows: int) -> None:
    empty = np.empty(0)
    for name, (_, parameters) in ONE_INPUT.items():
        twins_agree(name, (empty,), rows, parameters(3), 2)
    twins_agree("atr", (empty, empty, empty), rows, (3,), 2)


def test_what_stands_before_the_first_row_does_not_count() -> None:
    """A column behind another one: no kernel may read across the border."""
    for first in (np.nan, 0.0, 1e300):
        for name in ("huge", "far from zero", "denormal"):
            column = ZOO[name][:400]
            pair = np.concatenate([np.full(400, first), column])
            for kernel, (_, parameters) in ONE_INPUT.items():
                for window in (5, 8, 30):
                    both = twins_agree(kernel, (pair,), 400, parameters(window))
                    alone = twins_agree(kernel, (column,), 400, parameters(window))
                    for each, one in zip(both, alone, strict=True):
                        assert np.array_equal(each[400:], one, equal_nan=True)
