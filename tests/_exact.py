"""Numbers for the tests of exact arithmetic, and how a kernel is compared with an original.

``agree`` compares bits. A refused value is NaN in ``out`` and counted; where the original raises,
it has to be refused, and elsewhere only what does not fit the 320 bits or 28 digits may be.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import strategies as st

from freqkernels import exact as _registers_the_kernels  # noqa: F401
from freqkernels import runtime

BACKENDS = ("compiled", "reference")
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def same_float(a: float, b: float) -> bool:
    return (math.isnan(a) and math.isnan(b)) or (a, math.copysign(1, a)) == (b, math.copysign(1, b))


def twin(name: str, backend: str = "compiled") -> Callable[..., Any]:
    return runtime.kernel("exact", name).twin(backend)


def run(name: str, *args: Any, backend: str = "compiled") -> tuple[np.ndarray, int]:
    """Output and number of refused rows of a kernel whose first array says how long it is."""
    plain = [np.ascontiguousarray(arg) if isinstance(arg, np.ndarray) else arg for arg in args]
    out = np.full(len(next(arg for arg in plain if isinstance(arg, np.ndarray))), 1.5)
    return out, twin(name, backend)(*plain, out)


def agree(name: str, args: tuple[Any, ...], oracle: Callable[..., float], spare: int = 0) -> None:
    """Compiled kernel and oracle on each row; at most ``spare`` rows are refused without need."""
    out, refused = run(name, *args)
    columns = [arg.tolist() for arg in args if isinstance(arg, np.ndarray)]
    needless = 0
    for got, row in zip(out.tolist(), zip(*columns, strict=True), strict=True):
        try:
            expected = oracle(*row)
        except (ArithmeticError, ValueError, AssertionError):
            expected = math.nan
        if got != expected or (got == 0.0 and math.copysign(1, got) != math.copysign(1, expected)):
            assert math.isnan(got), f"{name}{row}: {got!r}, expected {expected!r}"
            needless += not math.isnan(expected)
    assert needless <= spare, f"{name} refused {needless} rows"
    if refused is not None:
        assert refused == np.isnan(out).sum() or any(np.isnan(column).any() for column in columns)


def twins_agree(name: str, *args: Any) -> None:
    """Both twins, bit for bit, in what they refuse too."""
    (out, refused), (expected, as_well) = (run(name, *args, backend=which) for which in BACKENDS)
    np.testing.assert_array_equal(out.view(np.int64), expected.view(np.int64))
    assert refused == as_well


# ---- numbers


def around(values: np.ndarray, steps: int = 2) -> np.ndarray:
    """The values with their neighbours, and all of them negative too."""
    found = [values]
    up, down = values, values
    with np.errstate(over="ignore"):
        for _ in range(steps):
            up, down = np.nextafter(up, np.inf), np.nextafter(down, -np.inf)
            found += [up, down]
    near = np.concatenate(found)
    near = near[np.isfinite(near)]
    return np.concatenate([near, -near])


def of_any_bits(count: int, seed: int) -> np.ndarray:
    bits = np.random.default_rng(seed).integers(0, 2**64, count, dtype=np.uint64)
    values = bits.view(np.float64)
    return values[np.isfinite(values)]


def ordinary(count: int, seed: int) -> np.ndarray:
    """Prices and amounts of 0 to 12 decimals, 1e-9 to 1e6, a third of them computed."""
    rng = np.random.default_rng(seed)
    values = rng.random(count) * 10.0 ** rng.integers(-8, 7, count)
    decimals = rng.integers(0, 13, count).tolist()
    listed = [round(x, d) for x, d in zip(values.tolist(), decimals, strict=True)]
    return np.where(rng.random(count) < 1 / 3, values, listed) + 1e-9 * (np.array(listed) == 0)


@functools.cache
def special() -> np.ndarray:
    """Powers of ten and two, subnormal, huge, whole and 17-digit numbers, with neighbours."""
    powers = [2.0**k for k in range(-1074, 1024)] + [float(f"1e{k}") for k in range(-323, 309)]
    rng = np.random.default_rng(3)
    subnormal = rng.integers(1, 2**52, 500, dtype=np.uint64).view(np.float64)
    whole = rng.integers(0, 2**62, 500).astype(np.float64)
    digits = [float(f"{n}e{k}") for n, k in rng.integers(10**16, 10**17, (200, 2)) % (10**17, 40)]
    return around(np.concatenate([[0.0, 1e16, 1e22], powers, subnormal, whole, digits]))


def grid_neighbours(tick: float, count: int, seed: int) -> np.ndarray:
    """Multiples of a tick and the midpoints between them, with their neighbours."""
    rng = np.random.default_rng(seed)
    halves = np.concatenate([np.arange(60), rng.integers(0, 2_000_000, count)]).tolist()
    exactly = Decimal(repr(tick)) / 2
    near = around(np.array([float(half * exactly) for half in halves]), steps=1)
    return near[np.abs(near) > 1e-300]
