"""Digits, doubles, decimals and sums against Python and ccxt's Precise, value by value."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from _exact import (
    BACKENDS,
    FLOATS,
    agree,
    around,
    of_any_bits,
    ordinary,
    run,
    same_float,
    special,
    twin,
    twins_agree,
)

ROOT = Path(__file__).parents[1]


# ---- digits


def test_the_powers_of_ten_are_what_the_tool_writes() -> None:
    tool = ROOT / "tools" / "powers_of_ten.py"
    names: dict[str, Any] = {"__name__": "tool"}
    exec(compile(tool.read_text("utf-8"), str(tool), "exec"), names)
    assert (ROOT / "src" / "fk_powers.h").read_text("utf-8") == names["header"]()
    for k in range(names["FIRST"], names["LAST"] + 1):
        power, exponent = Fraction(10) ** k, (k * 1741647) >> 19
        assert Fraction(2) ** exponent <= power < Fraction(2) ** (exponent + 1)
        off = names["significand"](k) - power * Fraction(2) ** (127 - exponent)
        assert 0 <= off < 1
        assert (off == 0) == (0 <= k <= 55)


def test_decades_of_binary_exponents() -> None:
    for exponent in range(-1074, 972):
        for factor, offset in ((Fraction(1), 0), (Fraction(3, 4), 524031)):
            k = (exponent * 1262611 - offset) >> 22
            assert Fraction(10) ** k <= factor * Fraction(2) ** exponent < Fraction(10) ** (k + 1)


def check_shortest(x: np.ndarray, backend: str = "compiled") -> None:
    digits, decimals = np.zeros(len(x), np.uint64), np.zeros(len(x), np.int64)
    twin("shortest", backend)(x, digits, decimals)
    assert not ((digits % 10 == 0) & (x != 0)).any()
    for value, n, k in zip(x.tolist(), digits.tolist(), decimals.tolist(), strict=True):
        assert Decimal(f"{n}e{-k}") == Decimal(repr(abs(value))), value.hex()


def test_shortest_digits_are_those_of_repr() -> None:
    check_shortest(special())
    check_shortest(special(), "reference")
    check_shortest(of_any_bits(700_000, 1))
    check_shortest(ordinary(300_000, 2))


@given(hnp.arrays(np.float64, 50, elements=FLOATS))
def test_shortest_digits_of_any_float(x: np.ndarray) -> None:
    check_shortest(x)


def check_nearest(digits: Any, decimals: Any, backend: str = "compiled") -> None:
    n, k = np.array(digits, dtype=np.uint64), np.array(decimals, dtype=np.int64)
    out = np.empty(len(n))
    twin("nearest", backend)(n, k, out)
    for got, m, d in zip(out.tolist(), n.tolist(), k.tolist(), strict=True):
        assert got == float(f"{m}e{-d}"), (m, d)


def test_nearest_double_of_a_decimal() -> None:
    rng = np.random.default_rng(4)
    digits = rng.integers(0, 2**64, 400_000, dtype=np.uint64)
    check_nearest(digits, rng.integers(-330, 450, len(digits)))
    check_nearest(digits >> np.uint64(12), rng.integers(-30, 30, len(digits)))
    check_nearest(digits[:20_000], rng.integers(-330, 450, 20_000), "reference")


@pytest.mark.parametrize("backend", BACKENDS)
def test_nearest_double_of_ties(backend: str) -> None:
    """Halfway between two doubles, and a digit beside it."""
    odd = [2**53 + 1 + 2 * k for k in range(400)] + [2**54 - 1 - 2 * k for k in range(400)]
    for twos in range(5):
        ties = [n * 5**twos for n in odd if n * 5**twos < 2**64]
        for off in (-1, 0, 1):
            check_nearest([n + off for n in ties], [twos] * len(ties), backend)
    # Below the normal doubles: 19 digits of odd multiples of half the smallest one.
    scale = 10**342
    units = [int(Fraction(2 * k + 1, 2**1075) * scale) for k in range(4)]
    for off in (-1, 0, 1):
        check_nearest([n + off for n in units], [342] * len(units), backend)


# ---- Precise


@pytest.fixture(scope="module")
def precise() -> Any:
    from freqtrade.util import FtPrecise

    return FtPrecise


def pairs(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Ordinary pairs, and special ones in random company."""
    rng = np.random.default_rng(5)
    odd = np.concatenate([special(), of_any_bits(10_000, 6), -ordinary(10_000, 7)])
    company = np.where(rng.random(len(odd)) < 0.5, rng.permutation(odd), ordinary(len(odd), 8))
    return np.r_[ordinary(count, 9), odd, company], np.r_[ordinary(count, 10), company, odd]


def test_products(precise: Any) -> None:
    a, b = pairs(200_000)
    agree("multiply", (a, b), lambda x, y: float(precise(x) * precise(y)))
    twins_agree("multiply", a[-40_000:], b[-40_000:])


def test_quotients(precise: Any) -> None:
    """Floor division of cut negative numbers included, which is no truncation."""
    a, b = pairs(120_000)
    far = np.abs(np.frexp(a)[1] - np.frexp(b)[1]) > 200
    agree("divide", (a[~far], b[~far]), lambda x, y: float(precise(x) / precise(y)))
    agree("divide", (a[far], b[far]), lambda x, y: float(precise(x) / precise(y)), spare=len(a))
    twins_agree("divide", a[-40_000:], b[-40_000:])
    tiny = -np.random.default_rng(11).random(5000) * 1e-17
    agree("divide", (tiny, np.full(5000, -0.3)), lambda x, y: float(precise(x) / precise(y)))


def combined(precise: Any, operation: int) -> Callable[..., float]:
    def result(a: float, b: float, c: float, d: float) -> float:
        left, right = precise(a) * precise(b), precise(c) * precise(d)
        if operation == 4:
            return float((left > right) - (left < right))
        return float(
            (left.add, left.sub, left.div, left.mod)[operation](right)  # ccxt's methods
        )

    return result


def four_factors() -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(12)
    columns = [ordinary(24_000, seed) for seed in range(20, 24)]
    signs = rng.choice([-1.0, 1.0], (4, 24_000))
    wide = np.exp(rng.normal(0, 12, (4, 10_000))) * rng.choice([-1.0, 1.0], (4, 10_000))
    equal = [column[:2000] for column in (columns[0], columns[1], columns[1], columns[0])]
    return tuple(
        np.r_[column, column * sign, far, same]
        for column, sign, far, same in zip(columns, signs, wide, equal, strict=True)
    )


@pytest.mark.parametrize("operation", range(5))
def test_products_combined(precise: Any, operation: int) -> None:
    factors = four_factors()
    agree("combine", (operation, *factors), combined(precise, operation), spare=200)
    twins_agree("combine", operation, *(column[::6] for column in factors))
    strange = [np.random.default_rng(seed).permutation(special())[:4000] for seed in range(4)]
    agree("combine", (operation, *strange), combined(precise, operation), spare=4000)
    twins_agree("combine", operation, *strange)


@given(
    st.integers(0, 4), st.lists(hnp.arrays(np.float64, 8, elements=FLOATS), min_size=4, max_size=4)
)
def test_products_of_any_floats_combined(operation: int, factors: list[np.ndarray]) -> None:
    twins_agree("combine", operation, *factors)


def test_sums_beside_ties(precise: Any) -> None:
    """Products halfway between two doubles, and something tiny added or taken away."""
    odd = np.array([float((2**53 // 3 | 1) + 2 * k) for k in range(300)])  # times 3: 54 bits
    threes, ones = np.full(len(odd), 3.0), np.ones(len(odd))
    for off in (0.0, 1e-60, -1e-60, 1e-20, -1e-20):
        for scale in (1.0, 0.5, 0.25, 2.0**-20, 2.0**30):
            columns = (odd * scale, threes, off * ones, ones)
            agree("combine", (0, *columns), combined(precise, 0))
            twins_agree("combine", 0, *columns)


def test_division_of_several_limbs(precise: Any) -> None:
    """Quotients and remainders of long numbers by long ones, close to powers of two."""
    rng = np.random.default_rng(13)
    near = around(2.0 ** rng.integers(40, 53, 3000).astype(float), steps=1)
    a, b, c, d = (rng.permutation(np.abs(near)) for _ in range(4))
    for operation in (2, 3):
        columns = (a * 1e9, b, c, d)
        agree("combine", (operation, *columns), combined(precise, operation))
        twins_agree("combine", operation, *columns)


def test_what_does_not_fit_is_refused() -> None:
    one, huge, tiny = np.ones(1), np.array([1e300]), np.array([1e-300])
    for operation in range(5):
        out, refused = run("combine", operation, huge, one, one, tiny)
        assert refused == 1
        assert np.isnan(out[0])
    for bad in (np.nan, np.inf, -np.inf):
        for name in ("multiply", "divide"):
            assert run(name, np.array([bad]), one)[1] == 1
            assert run(name, one, np.array([bad]))[1] == 1
    assert run("divide", one, np.zeros(1))[1] == 1
    out, refused = run("multiply", huge, tiny)  # no digits beside the first: a narrow product
    assert (out[0], refused) == (1.0, 0)


# ---- sums


def summed(x: np.ndarray, compensated: bool, backend: str = "compiled") -> float:
    return twin("float_sum", backend)(x, compensated)


@given(hnp.arrays(np.float64, st.integers(1, 30), elements=st.floats()))
def test_sums_are_pythons(x: np.ndarray) -> None:
    """The version at hand decides which; the other one is held by its definition in the twin."""
    assert same_float(summed(x, sys.version_info >= (3, 12)), sum(x.tolist()))
    for compensated in (True, False):
        assert same_float(summed(x, compensated), summed(x, compensated, "reference"))


def test_sums_of_both_kinds() -> None:
    x = np.array([1e100, 1.0, -1e100, 1e-3])
    assert (summed(x, False), summed(x, True)) == (1e-3, 1.001)
    assert summed(np.array([1e308, 1e308, -1e308]), True) == math.inf
    assert math.copysign(1, summed(np.array([-0.0, -0.0]), True)) == 1
    assert summed(np.empty(0), True) == 0.0
    rng = np.random.default_rng(38)
    for size in rng.integers(1, 3000, 40):
        values = rng.normal(0, 10.0 ** rng.integers(-6, 6, size), size)
        assert summed(values, sys.version_info >= (3, 12)) == sum(values.tolist())
        assert summed(values, False) == np.cumsum(np.r_[0.0, values])[-1]
        assert abs(summed(values, True) - math.fsum(values)) <= math.ulp(math.fsum(values))
