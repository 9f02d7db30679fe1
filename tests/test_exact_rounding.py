"""Prices and amounts on grids, and rounding, against freqtrade, ccxt and Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from _exact import (
    FLOATS,
    agree,
    around,
    grid_neighbours,
    ordinary,
    same_float,
    special,
    twins_agree,
)
from freqkernels import exact
from freqkernels.errors import InvalidInputError
from freqkernels.exact import (
    DECIMAL_PLACES,
    ROUND,
    ROUND_DOWN,
    ROUND_UP,
    SIGNIFICANT_DIGITS,
    TICK_SIZE,
    TRUNCATE,
)

MODES = (TRUNCATE, ROUND, ROUND_UP, ROUND_DOWN)
TICKS = (1e-8, 1e-5, 0.0001, 0.0005, 0.002, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 250.0)


def test_round_is_pythons() -> None:
    rng = np.random.default_rng(14)
    halves = np.concatenate([np.arange(4000) / 2.0**k for k in range(1, 12)])
    near = around(np.r_[halves, np.arange(1, 3000) * 5e-9, np.arange(0.5, 2000) * 1e8])
    odd = np.r_[near, special(), np.nan, np.inf, -np.inf]
    every = np.r_[ordinary(150_000, 15), rng.normal(0, 1, 150_000), odd]
    for places, x in ((8, every), (14, every), *((n, every[::9]) for n in range(20))):
        agree("round_places", (x, places), lambda value, n=places: round(value, n))
    twins_agree("round_places", odd[::3], 8)


@pytest.fixture(scope="module")
def exchange() -> Any:
    from freqtrade.exchange import exchange_utils

    return exchange_utils


def check_price(exchange: Any, x: np.ndarray, to: tuple[float, int, int], spare: int = 0) -> None:
    """Compiled against freqtrade, and against the twin."""
    precision, counting, mode = to

    def oracle(price: float) -> float:
        return exchange.price_to_precision(price, precision, counting, rounding_mode=mode)

    agree("price_to_precision", (x, *to), oracle, spare)
    twins_agree("price_to_precision", x[::3], *to)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("tick", TICKS)
def test_ticks(exchange: Any, tick: float, mode: int) -> None:
    near = grid_neighbours(tick, 300, int(1000 * tick))
    x = np.r_[near, ordinary(2500, 16), -ordinary(300, 17), 0.0, -0.0, np.nan]
    check_price(exchange, x, (tick, TICK_SIZE, mode))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "tick", [1e-20, 1e-26, 1e-27, 5e-324, 1e16, 3.7e19, 1e300, 0.1 + 0.2, 0.0, -1.0]
)
def test_ticks_that_no_exchange_has(exchange: Any, tick: float, mode: int) -> None:
    x = np.r_[special()[::7], ordinary(300, 18), np.inf, 0.0, -0.0]
    check_price(exchange, x, (tick, TICK_SIZE, mode), spare=len(x))


@pytest.mark.parametrize("mode", MODES)
def test_midpoints_beyond_a_word(exchange: Any, mode: int) -> None:
    """An odd multiple of 1e-6 is one of half of 2^20 * 1e-25 too, in units of 68 bits."""
    odd = np.arange(1, 2_000_000, 2000) / 1e6
    check_price(exchange, around(odd, steps=1), (1.048576e-19, TICK_SIZE, mode))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("places", [0, 1, 2, 3.0, 5, 8, 11, 14, 2.5])
def test_decimal_places(exchange: Any, places: float, mode: int) -> None:
    near = grid_neighbours(10.0 ** -int(places), 300, 19)
    x = np.r_[near, ordinary(2500, 20), 0.0, -0.0, np.nan]
    check_price(exchange, x, (places, DECIMAL_PLACES, mode))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("digits", [1, 2, 3, 5, 8, 17, 18, 26])
def test_significant_digits(exchange: Any, digits: int, mode: int) -> None:
    near = np.abs(np.concatenate([grid_neighbours(tick, 200, 21) for tick in (1e-5, 0.01, 10.0)]))
    x = np.r_[near, ordinary(2500, 22), 0.0, -0.0, np.nan]
    check_price(exchange, x, (digits, SIGNIFICANT_DIGITS, mode))
    small = -x[np.abs(x) < 1]
    check_price(exchange, small, (digits, SIGNIFICANT_DIGITS, mode))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("counting", [DECIMAL_PLACES, SIGNIFICANT_DIGITS])
@pytest.mark.parametrize("precision", [-30, -3, -1, 0, 4, 20, 22, 23, 25, 27, 40])
def test_numbers_that_no_exchange_has(
    exchange: Any, precision: int, counting: int, mode: int
) -> None:
    x = np.r_[special()[::7], ordinary(300, 23), -ordinary(300, 24), np.inf, -np.inf, -0.0]
    check_price(exchange, x, (precision, counting, mode), spare=len(x))


@pytest.mark.parametrize("contract_size", [0.0, 1.0, 10.0, 0.001, 0.37])
@pytest.mark.parametrize(
    ("precision", "counting"),
    [
        *((tick, TICK_SIZE) for tick in (1e-8, 0.001, 0.5, 1.0, 25.0)),
        *((places, DECIMAL_PLACES) for places in (0, 3, 8)),
        (5, SIGNIFICANT_DIGITS),
    ],
)
def test_amounts(exchange: Any, precision: float, counting: int, contract_size: float) -> None:
    step = precision if counting == TICK_SIZE else 10.0**-precision
    x = np.r_[grid_neighbours(step * (contract_size or 1.0), 200, 25), ordinary(1000, 26), 0.0]

    def oracle(amount: float) -> float:
        return exchange.amount_to_contract_precision(amount, precision, counting, contract_size)

    agree("amount_to_contract_precision", (x, precision, counting, contract_size), oracle)
    odd = np.r_[x[::3], special()[::20], np.nan, np.inf]
    twins_agree("amount_to_contract_precision", odd, precision, counting, contract_size)


@given(
    hnp.arrays(np.float64, 30, elements=FLOATS | st.floats(0, 1e6)),
    st.sampled_from(TICKS) | st.floats(1e-12, 1e3),
    st.sampled_from(MODES),
)
def test_any_price_on_any_tick(exchange: Any, x: np.ndarray, tick: float, mode: int) -> None:
    check_price(exchange, x, (tick, TICK_SIZE, mode), spare=len(x))


# ---- public functions


def test_public_functions(exchange: Any, backend: str) -> None:
    x = np.r_[grid_neighbours(0.01, 40, 39), np.nan].tolist()
    rounded = exact.price_to_precision(x, 0.01, TICK_SIZE, rounding_mode=ROUND_UP).tolist()
    for got, price in zip(rounded, x, strict=True):
        expected = exchange.price_to_precision(price, 0.01, TICK_SIZE, rounding_mode=ROUND_UP)
        assert same_float(got, expected)
    cut = exact.amount_to_contract_precision(x[:-1], 0.1, TICK_SIZE, 0.01).tolist()
    assert cut == [
        exchange.amount_to_contract_precision(amount, 0.1, TICK_SIZE, 0.01) for amount in x[:-1]
    ]
    assert exact.amount_to_contract_precision([1.239], 2, DECIMAL_PLACES).tolist() == [1.23]
    assert exact.round_places(x[:-1], 3).tolist() == [round(value, 3) for value in x[:-1]]


def test_public_functions_refuse(backend: str) -> None:
    with pytest.raises(InvalidInputError, match="prices: expected numbers, got str"):
        exact.price_to_precision("x", 0.01, TICK_SIZE)
    with pytest.raises(InvalidInputError, match="prices: expected one dimension, got 2"):
        exact.price_to_precision([[1.0]], 0.01, TICK_SIZE)
    with pytest.raises(InvalidInputError, match="counting_mode: expected one of"):
        exact.price_to_precision([1.0], 0.01, 7)
    with pytest.raises(InvalidInputError, match="rounding_mode: expected one of"):
        exact.price_to_precision([1.0], 0.01, TICK_SIZE, rounding_mode=9)
    with pytest.raises(InvalidInputError, match=r"prices: 1 of 3 .* precision of 1e-08, .* 1e\+25"):
        exact.price_to_precision([np.nan, 1e25, 1.0], 1e-8, TICK_SIZE)
    with pytest.raises(InvalidInputError, match="amounts: 1 of 1"):
        exact.amount_to_contract_precision([np.nan], 1e-8, TICK_SIZE)
    with pytest.raises(InvalidInputError, match="places: expected one of"):
        exact.round_places([1.0], 20)
