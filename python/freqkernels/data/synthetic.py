"""Synthetic markets: seeded candles that look and misbehave like those of an exchange.

A pair's candles depend on the seed, its name and the :class:`MarketSpec` alone, not on the pairs
that are made with it. Every phenomenon draws from its own stream of random numbers: the candles
of a market with gaps are those of the market without, less some. The arithmetic gives the same
bits on every processor; numpy, however, keeps the right to draw other normal numbers in a later
version.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from freqkernels._frames import require_columns, require_dates
from freqkernels.data._paths import (
    Floats,
    Ints,
    PricePath,
    exp,
    make_path,
    runs,
    stream,
    volumes,
    wave,
)
from freqkernels.data.market_spec import (
    SIZES,
    MarketSize,
    MarketSpec,
    check_int,
    check_pair,
    pair_names,
    sized_market,
)
from freqkernels.errors import InvalidInputError
from freqkernels.timeframes import fixed_step_seconds

__all__ = [
    "COLUMNS",
    "MARK_TIMEFRAMES",
    "SIZES",
    "FuturesMarket",
    "MarketSize",
    "MarketSpec",
    "aggregate_candles",
    "make_candles",
    "make_futures",
    "make_market",
    "pair_names",
    "sized_market",
]

#: Mark candles that freqtrade asks for: 1h since 2026, 8h before.
MARK_TIMEFRAMES = ("1h", "8h")
#: Columns of every frame here, in this order.
COLUMNS = ("date", "open", "high", "low", "close", "volume")
_HOUR_MS = 3_600_000
_FUNDING_MS = 8 * _HOUR_MS


@dataclass(frozen=True, slots=True)
class FuturesMarket:
    """The frames of one perpetual future, all of columns date, open, high, low, close, volume.

    :param candles: as :func:`make_candles` gives them.
    :param mark: mark price candles by timeframe (:data:`MARK_TIMEFRAMES`), volume 0.
    :param funding: one row every eight hours, up to 19 ms late; the rate (a fraction of the
        position's value) is in ``open``, the other columns are 0.
    """

    candles: pd.DataFrame
    mark: dict[str, pd.DataFrame]
    funding: pd.DataFrame


def make_candles(pair: str, spec: MarketSpec, seed: int = 0) -> pd.DataFrame:
    """Candles of one pair.

    :param pair: "BTC/USDT", or "BTC/USDT:USDT" for a future.
    :param spec: settings of the market.
    :param seed: 0 to 2**63 - 1; the same seed, pair and settings give the same candles.
    :return: columns date (``datetime64[ms, UTC]``), open, high, low, close (float64, quote
        currency), volume (float64, base currency); at most ``spec.candles`` rows, more with
        duplicates; in order unless the settings ask for late ones; low <= open, close <= high.
    :raise InvalidInputError: for what is no pair, settings or seed.
    """
    check_arguments(spec, seed)
    return _candles(make_path(check_pair(pair), spec, seed), pair, spec, seed)


def make_market(pairs: Iterable[str], spec: MarketSpec, seed: int = 0) -> dict[str, pd.DataFrame]:
    """Candles of several pairs, each as :func:`make_candles` gives it.

    :param pairs: names, each once.
    :param spec: settings of the market.
    :param seed: 0 to 2**63 - 1.
    :return: candles by pair, in the order of ``pairs``.
    :raise InvalidInputError: for what are no pairs, settings or seed.
    """
    return {pair: make_candles(pair, spec, seed) for pair in check_pairs(pairs)}


def make_futures(pair: str, spec: MarketSpec, seed: int = 0) -> FuturesMarket:
    """Candles, mark price and funding rates of one perpetual future.

    :param pair: with a settle currency, like "BTC/USDT:USDT".
    :param spec: settings of the market; mark and funding have no gaps and no disorder.
    :param seed: 0 to 2**63 - 1.
    :return: the frames; ``candles`` is what :func:`make_candles` gives.
    :raise InvalidInputError: for what is no future, settings or seed.
    """
    check_arguments(spec, seed)
    if ":" not in check_pair(pair):
        raise InvalidInputError(f"pair: expected a future such as BTC/USDT:USDT, got {pair!r}")
    path = make_path(pair, spec, seed)
    hourly = _mark(path, pair, spec, seed)
    return FuturesMarket(
        candles=_candles(path, pair, spec, seed),
        mark={timeframe: aggregate_candles(hourly, timeframe) for timeframe in MARK_TIMEFRAMES},
        funding=_funding(pair, spec, seed),
    )


def aggregate_candles(candles: pd.DataFrame, timeframe: str) -> pd.DataFrame:
    """Candles of a longer timeframe out of shorter ones, partial ones at the ends included.

    :param candles: columns date (aware, increasing), open, high, low, close, volume.
    :param timeframe: of the result, up to six days ("1h").
    :return: the same columns, ``datetime64[ms, UTC]`` and float64; a time without any candle has
        none in the result; the volume is the sum, rounded to 8 decimals.
    :raise InvalidInputError: for a frame or a timeframe that does not serve.
    """
    seconds = fixed_step_seconds(timeframe)
    if seconds is None:
        raise InvalidInputError(f"timeframe: expected one of up to six days, got {timeframe!r}")
    times = _milliseconds(candles)
    if len(times) == 0 or (np.diff(times) <= 0).any():
        raise InvalidInputError("candles: expected at least one row and increasing dates")
    bins = times // (1000 * seconds)
    first = np.flatnonzero(np.diff(bins, prepend=bins[0] - 1))
    last = np.append(first[1:], len(bins)) - 1
    column = {name: candles[name].to_numpy(np.float64) for name in COLUMNS[1:]}
    volume: Floats = np.add.reduceat(column["volume"], first)
    return _frame(
        bins[first] * (1000 * seconds),
        column["open"][first],
        np.maximum.reduceat(column["high"], first),
        np.minimum.reduceat(column["low"], first),
        column["close"][last],
        volume.round(8),
    )


def check_pairs(pairs: Iterable[str]) -> list[str]:
    """The names as a list.

    :raise InvalidInputError: unless they are names of pairs, at least one and none twice.
    """
    if isinstance(pairs, str) or not isinstance(pairs, Iterable):
        raise InvalidInputError(f"pairs: expected several names, got {pairs!r}")
    names = [check_pair(pair) for pair in pairs]
    if not names or len(set(names)) < len(names):
        raise InvalidInputError(f"pairs: expected at least one name and none twice, got {names!r}")
    return names


def check_arguments(spec: object, seed: object) -> None:
    """Refuse what are no settings or no seed.

    :raise InvalidInputError: naming the argument.
    """
    if not isinstance(spec, MarketSpec):
        raise InvalidInputError(f"spec: expected a MarketSpec, got {type(spec).__name__}")
    check_int("seed", seed, 0, 2**63 - 1)


def _candles(path: PricePath, pair: str, spec: MarketSpec, seed: int) -> pd.DataFrame:
    size, spread = spec.candles, path.spread
    random = stream(seed, pair, "shape")
    jitter = np.where(random.random(size) < 0.3, 0.1 * random.standard_normal(size), 0.0)
    up, down = np.abs(random.standard_normal((2, size)))
    close = path.edges[1:]
    open_ = np.where(path.flat, close, path.edges[:-1] * exp(spread * jitter))
    high = np.where(path.flat, close, np.maximum(open_, close) * exp(0.4 * spread * up))
    low = np.where(path.flat, close, np.minimum(open_, close) * exp(-0.4 * spread * down))
    kept = ~runs(stream(seed, pair, "gaps"), size, spec.gaps, 4.0)
    kept[[0, -1]] = True

    def in_ticks(prices: Floats) -> Floats:
        return path.ticks.round(np.clip(prices, *spec.price_range))[kept]

    candles = _frame(
        spec.start_ms + spec.step_ms * np.flatnonzero(kept),
        in_ticks(open_),
        in_ticks(high),
        in_ticks(low),
        in_ticks(close),
        volumes(path, pair, spec, seed)[kept],
    )
    return _disordered(candles, pair, spec, seed) if spec.duplicates or spec.late else candles


def _disordered(candles: pd.DataFrame, pair: str, spec: MarketSpec, seed: int) -> pd.DataFrame:
    """Adds duplicates and delays rows; freqtrade's cleaning gives the candles back."""
    random = stream(seed, pair, "duplicates")
    twice = random.random(len(candles)) < spec.duplicates
    rows = np.repeat(np.arange(len(candles)), 1 + twice)
    frame = candles.iloc[rows].reset_index(drop=True)
    followed = np.append(rows[1:] == rows[:-1], False)
    snapshot = followed & (random.random(len(rows)) < 0.5)
    for name in ("high", "low", "close"):
        frame.loc[snapshot, name] = frame.loc[snapshot, "open"]
    frame.loc[snapshot, "volume"] *= 0.5
    random = stream(seed, pair, "late")
    late = (random.random(len(rows)) < spec.late) & ~snapshot
    delay = random.integers(1, 21, len(rows)) + 0.5
    order = np.argsort(np.arange(len(rows)) + np.where(late, delay, 0.0), kind="stable")
    return frame.iloc[order].reset_index(drop=True)


def _mark(path: PricePath, pair: str, spec: MarketSpec, seed: int) -> pd.DataFrame:
    """Hourly candles of a price that follows the pair closely, without its wicks."""
    first = spec.start_ms // _HOUR_MS * _HOUR_MS
    opens = np.arange(first, spec.end_ms, _HOUR_MS, dtype=np.int64)
    step = math.gcd(_HOUR_MS, spec.step_ms, spec.start_ms)
    per_hour = _HOUR_MS // step
    times = first + step * np.arange(len(opens) * per_hour + 1, dtype=np.int64)
    edge_times = spec.start_ms + spec.step_ms * np.arange(len(path.edges), dtype=np.int64)
    noise = stream(seed, pair, "mark").standard_normal(len(times))
    points = np.interp(times, edge_times, path.edges) * exp(2e-4 * noise)
    rows = np.clip((times - spec.start_ms) // spec.step_ms, 0, spec.candles - 1)
    points = path.ticks.at(rows).round(points)
    hours = points[:-1].reshape(len(opens), per_hour)
    close = points[per_hour::per_hour]
    return _frame(
        opens,
        hours[:, 0],
        np.maximum(hours.max(axis=1), close),
        np.minimum(hours.min(axis=1), close),
        close,
        np.zeros(len(opens)),
    )


def _funding(pair: str, spec: MarketSpec, seed: int) -> pd.DataFrame:
    """Rates near the usual 0.01 %, often exactly that; the first one at or before the start."""
    random = stream(seed, pair, "funding")
    first = spec.start_ms // _FUNDING_MS * _FUNDING_MS
    times = np.arange(first, spec.end_ms + 1, _FUNDING_MS, dtype=np.int64)
    size = len(times)
    late = np.where(random.random(size) < 0.6, random.integers(1, 20, size), 0)
    drift = 1.5e-4 * wave(random, size, 15) + 5e-5 * random.standard_normal(size)
    rate = 1e-4 + np.where(random.random(size) < 0.4, 0.0, drift)
    zeros = np.zeros(size)
    return _frame(times + late, np.rint(rate * 1e8) / 1e8, zeros, zeros, zeros, zeros)


def _milliseconds(candles: pd.DataFrame) -> Ints:
    require_columns(candles, COLUMNS, "candles")
    require_dates(candles, "date", "candles")
    dates = candles["date"].dt
    if dates.tz is None:
        raise InvalidInputError("candles: column 'date' has no time zone")
    naive = dates.tz_convert("UTC").dt.tz_localize(None)
    times: Ints = naive.to_numpy("datetime64[ms]").astype(np.int64)
    return times


def _frame(
    times: Ints, open_: Floats, high: Floats, low: Floats, close: Floats, volume: Floats
) -> pd.DataFrame:
    dates = pd.DatetimeIndex(times.astype("datetime64[ms]")).tz_localize("UTC")
    columns = (dates, open_, high, low, close, volume)
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))
