"""The random part of synthetic markets: price paths, tick sizes and seeded streams of numbers."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from freqkernels.data.market_spec import MarketSpec, usual_price

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

_DAY_MS = 86_400_000
#: ln 2 in two parts, the first with few enough digits that its multiples are exact.
_LN2_HIGH = float.fromhex("0x1.62e42fee00000p-1")
_LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
_POWERS_OF_TEN = np.array([float(10**k) for k in range(16)])
#: Of ten tick sizes with enough digits, two are 5 and one is 2 of the last decimal.
_MULTIPLES = (1, 1, 1, 1, 1, 1, 1, 5, 5, 2)


@dataclass(frozen=True, slots=True)
class Ticks:
    """Tick size of every candle: ``multiples`` / 10 ** ``decimals``."""

    decimals: Ints
    multiples: Ints

    def round(self, prices: Floats) -> Floats:
        """To the nearest tick above zero: a quotient of integers, so the nearest double to it."""
        scale = _POWERS_OF_TEN[self.decimals]
        count = np.maximum(np.rint(prices * scale / self.multiples), 1.0)
        rounded: Floats = count * self.multiples / scale
        return rounded

    def at(self, rows: Ints) -> Ticks:
        """The ticks of these rows."""
        return Ticks(self.decimals[rows], self.multiples[rows])


@dataclass(frozen=True, slots=True)
class PricePath:
    """A pair before it is cut into n candles.

    :param edges: prices at the n + 1 ends of candles.
    :param spread: usual size of a candle's return at that time, a fraction of the price.
    :param silent: candles without a trade.
    :param flat: candles of one price, the silent ones among them.
    """

    edges: Floats
    spread: Floats
    silent: Mask
    flat: Mask
    ticks: Ticks


@dataclass(frozen=True, slots=True)
class _Returns:
    """Returns in units of a candle's usual volatility, and how heated it was (about 1)."""

    values: Floats
    heat: Floats


def stream(seed: int, owner: str, aspect: str) -> np.random.Generator:
    """Random numbers for one aspect of one pair, independent of all others."""
    digest = hashlib.sha256(f"{seed}|{owner}|{aspect}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little")))


def runs(random: np.random.Generator, size: int, share: float, mean: float) -> Mask:
    """Marks about ``share`` of the rows, in runs of about ``mean`` rows."""
    starts = np.flatnonzero(random.random(size) < -math.log1p(-share) / mean)
    ends = np.minimum(starts + random.geometric(1 / mean, len(starts)), size)
    depth = np.bincount(starts, minlength=size + 1) - np.bincount(ends, minlength=size + 1)
    marked: Mask = np.cumsum(depth)[:size] > 0
    return marked


def wave(random: np.random.Generator, size: int, period: int) -> Floats:
    """Random numbers around 0 that change gradually, in about ``period`` rows."""
    knots = random.standard_normal(size // period + 2)
    knot, row = np.divmod(np.arange(size), period)
    part = row / period
    mixed: Floats = knots[knot] * (1 - part) + knots[knot + 1] * part
    return mixed


def exp(values: Floats) -> Floats:
    """Exponential by exact operations only: the same bits on every processor, unlike numpy's.

    Good to about 1e-15 of the result for values of moderate size.
    """
    halvings = np.rint(values / math.log(2))
    rest = (values - halvings * _LN2_HIGH) - halvings * _LN2_LOW
    series = np.full_like(rest, 1 / math.factorial(14))
    for k in range(13, -1, -1):
        series = series * rest + 1 / math.factorial(k)
    result: Floats = np.ldexp(series, halvings.astype(np.int32))
    return result


def make_path(pair: str, spec: MarketSpec, seed: int) -> PricePath:
    """The price path of a pair: a random walk in the logarithm, with a common part."""
    size = spec.candles
    market = _returns(seed, "market", spec)
    own = _returns(seed, pair, spec)
    shared, alone = math.sqrt(spec.correlation), math.sqrt(1 - spec.correlation)
    volatility = spec.daily_volatility * math.sqrt(spec.step_ms / _DAY_MS)
    silent = runs(stream(seed, pair, "silent"), size, spec.zero_volume, 2.0)
    random = stream(seed, pair, "ties")
    tied = random.random(size) < spec.ties
    steps = volatility * (shared * market.values + alone * own.values)
    steps[silent | tied] = 0.0
    level = _level(pair, spec, seed)
    low, high = max(spec.price_range[0], level / 10), min(spec.price_range[1], level * 10)
    walk = np.concatenate(([0.0], np.cumsum(steps))) + math.log(level)
    return PricePath(
        edges=exp(_fold(walk, math.log(low), math.log(high))),
        spread=volatility * np.sqrt((shared * market.heat) ** 2 + (alone * own.heat) ** 2),
        silent=silent,
        flat=silent | (tied & (random.random(size) < 0.5)),
        ticks=_ticks(pair, spec, seed, level),
    )


def volumes(path: PricePath, pair: str, spec: MarketSpec, seed: int) -> Floats:
    """Volume in base currency: a turnover that fits the pair, more of it when markets move."""
    random = stream(seed, pair, "volume")
    usual = spec.daily_volatility * math.sqrt(spec.step_ms / _DAY_MS)
    heat = path.spread / usual if usual else 1.0
    turnover = 10.0 ** random.uniform(5.0, 8.0) * spec.step_ms / _DAY_MS
    wanted = turnover * heat * exp(0.8 * random.standard_normal(spec.candles))
    scale = float(10 ** min(max(math.floor(math.log10(path.edges[0])) + 2, 0), 8))
    lots = np.maximum(np.rint(wanted / path.edges[1:] * scale), 1.0)
    volume: Floats = np.where(path.silent, 0.0, lots / scale)
    return volume


def _returns(seed: int, owner: str, spec: MarketSpec) -> _Returns:
    size = spec.candles
    random = stream(seed, owner, "heat")
    waves = 0.8 * wave(random, size, 400) + 0.6 * wave(random, size, 40)
    heat: Floats = exp(spec.clustering * waves - spec.clustering**2)
    random = stream(seed, owner, "returns")
    jumps = np.where(random.random(size) < 5e-4, 6.0, 1.0)
    return _Returns(heat * jumps * random.standard_normal(size), heat)


def _level(pair: str, spec: MarketSpec, seed: int) -> float:
    """The price at which a pair starts."""
    random = stream(seed, pair, "level")
    low, high = spec.price_range
    usual = usual_price(pair)
    if usual is None or not low <= usual <= high:
        return math.exp(random.uniform(math.log(low), math.log(high)))
    return min(max(usual * math.exp(0.1 * random.standard_normal()), low), high)


def _fold(values: Floats, low: float, high: float) -> Floats:
    """Reflects at both bounds what goes beyond them."""
    offset = np.mod(values - low, 2 * (high - low))
    folded: Floats = low + np.minimum(offset, 2 * (high - low) - offset)
    return folded


def _ticks(pair: str, spec: MarketSpec, seed: int, level: float) -> Ticks:
    """Tick sizes: four to six digits of the price, changing at the turn of some months."""
    random = stream(seed, pair, "ticks")
    leading = -math.floor(math.log10(level))
    decimals = min(max(int(random.integers(3, 6)) + leading, 0), spec.max_decimals)
    lowest = min(decimals, max(decimals - 1, leading + 2, 0))
    highest = min(decimals + 1, spec.max_decimals)
    times = spec.start_ms + spec.step_ms * np.arange(spec.candles, dtype=np.int64)
    months = times.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
    month = months - months[0]
    sizes: list[tuple[int, int]] = []
    for _ in range(int(month[-1]) + 1):
        changes = random.random() < spec.tick_changes and lowest < highest
        up, pick = random.random() < 0.5, int(random.integers(len(_MULTIPLES)))
        if sizes and not changes:
            sizes.append(sizes[-1])
            continue
        if sizes:
            decimals += 1 if decimals == lowest or (up and decimals < highest) else -1
        coarse = level * 10**decimals < 10_000
        sizes.append((decimals, 1 if coarse else _MULTIPLES[pick]))
    table = np.array(sizes, dtype=np.int64)[month]
    return Ticks(table[:, 0], table[:, 1])
