"""Candles on disk, in the feather files and the layout of a freqtrade data directory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from freqkernels._frames import require_columns
from freqkernels.data.market_spec import MarketSpec, check_pair
from freqkernels.data.synthetic import (
    COLUMNS,
    MARK_TIMEFRAMES,
    aggregate_candles,
    check_arguments,
    check_pairs,
    make_candles,
    make_futures,
)
from freqkernels.errors import InvalidInputError, MissingFreqtradeError
from freqkernels.timeframes import fixed_step_seconds, timeframe_to_seconds

#: Names under which freqtrade looks for funding rates: 1h since 2026, 8h before.
FUNDING_TIMEFRAMES = ("1h", "8h")

_REPLACED_BY_UNDERSCORES = str.maketrans(dict.fromkeys("/ .@$+:", "_"))
_File = tuple[str, str]


def candle_file(
    directory: str | os.PathLike[str], pair: str, timeframe: str, candle_type: str = "spot"
) -> Path:
    """Where freqtrade keeps the candles of a pair.

    :param directory: the data directory, such as ``user_data/data/binance``.
    :param pair: "BTC/USDT" or "BTC/USDT:USDT".
    :param timeframe: for example "5m".
    :param candle_type: spot, futures, mark or funding_rate; all but spot are in ``futures/``.
    :return: path of the feather file, whether it exists or not.
    :raise InvalidInputError: for what is no pair, timeframe or type of candles.
    """
    timeframe_to_seconds(timeframe)
    if candle_type not in ("spot", "futures", "mark", "funding_rate"):
        raise InvalidInputError(
            f"candle_type: expected spot, futures, mark or funding_rate, got {candle_type!r}"
        )
    name = f"{check_pair(pair).translate(_REPLACED_BY_UNDERSCORES)}-{timeframe.replace('M', 'Mo')}"
    if candle_type == "spot":
        return Path(directory) / f"{name}.feather"
    return Path(directory) / "futures" / f"{name}-{candle_type}.feather"


def write_candles(candles: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write candles as freqtrade does: feather, compressed by lz4.

    The file appears whole or not at all; missing folders are made.

    :param candles: columns date (``datetime64``, UTC), open, high, low, close, volume (float64).
    :param path: of the file; replaced if it exists.
    :raise InvalidInputError: for a frame without these columns.
    :raise MissingFreqtradeError: if pyarrow, which comes with freqtrade, is not installed.
    """
    _require_pyarrow()
    require_columns(candles, COLUMNS, "candles")
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        stored = candles.loc[:, list(COLUMNS)].reset_index(drop=True)
        stored.to_feather(unfinished, compression="lz4", compression_level=9)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def write_datadir(
    directory: str | os.PathLike[str],
    pairs: Iterable[str],
    spec: MarketSpec,
    seed: int = 0,
    *,
    informative: Iterable[str] = (),
    overwrite: bool = False,
) -> list[Path]:
    """Write synthetic markets as a directory that freqtrade takes as its ``datadir``.

    Spot pairs get their candles. Futures get candles, mark candles and funding rates, under the
    names and in the layout that freqtrade 2025.9 to 2026.9 read; note that freqtrade before 2026
    renames the 1h funding rates to 8h when it runs a futures backtest.

    :param directory: made if missing.
    :param pairs: names, each once, spot and futures.
    :param spec: settings of the market.
    :param seed: 0 to 2**63 - 1.
    :param informative: more timeframes, multiples of ``spec.timeframe``, out of the same candles
        (without duplicates or late ones).
    :param overwrite: replace files that exist.
    :return: the files, in the order of ``pairs``.
    :raise InvalidInputError: for arguments out of bounds, or if a file exists and ``overwrite``
        is False; nothing is written then.
    :raise MissingFreqtradeError: if pyarrow, which comes with freqtrade, is not installed.
    """
    check_arguments(spec, seed)
    names, more = check_pairs(pairs), _check_informative(informative, spec)
    _require_pyarrow()
    files = [
        candle_file(directory, pair, *kind) for pair in names for kind in _kinds(pair, spec, more)
    ]
    if len(set(files)) < len(files):
        raise InvalidInputError(f"pairs: two of them would share a file: {names!r}")
    existing = [file for file in files if file.exists()]
    if existing and not overwrite:
        raise InvalidInputError(
            f"directory: {existing[0]} and {len(existing) - 1} more exist already; "
            "choose another directory or overwrite=True"
        )
    for pair in names:
        for kind, frame in _frames(pair, spec, seed, more):
            write_candles(frame, candle_file(directory, pair, *kind))
    return files


def _kinds(pair: str, spec: MarketSpec, informative: list[str]) -> list[_File]:
    """Timeframe and candle type of every file of a pair."""
    own = "futures" if ":" in pair else "spot"
    kinds = [(timeframe, own) for timeframe in (spec.timeframe, *informative)]
    if own == "futures":
        kinds += [(timeframe, "mark") for timeframe in MARK_TIMEFRAMES]
        kinds += [(timeframe, "funding_rate") for timeframe in FUNDING_TIMEFRAMES]
    return kinds


def _frames(
    pair: str, spec: MarketSpec, seed: int, informative: list[str]
) -> Iterator[tuple[_File, pd.DataFrame]]:
    """What :func:`_kinds` lists, in its order."""
    kinds = iter(_kinds(pair, spec, informative))
    future = make_futures(pair, spec, seed) if ":" in pair else None
    yield next(kinds), future.candles if future else make_candles(pair, spec, seed)
    if informative:
        orderly = make_candles(pair, replace(spec, duplicates=0.0, late=0.0), seed)
        for timeframe in informative:
            yield next(kinds), aggregate_candles(orderly, timeframe)
    if future:
        for timeframe in MARK_TIMEFRAMES:
            yield next(kinds), future.mark[timeframe]
        for _ in FUNDING_TIMEFRAMES:
            yield next(kinds), future.funding


def _check_informative(timeframes: Iterable[str], spec: MarketSpec) -> list[str]:
    if isinstance(timeframes, str):
        raise InvalidInputError(f"informative: expected several timeframes, got {timeframes!r}")
    names = list(timeframes)
    for name in names:
        step = 1000 * (fixed_step_seconds(name) or 0)
        if step <= spec.step_ms or step % spec.step_ms or names.count(name) > 1:
            raise InvalidInputError(
                f"informative: expected multiples of {spec.timeframe}, each once, got {name!r}"
            )
    return names


def _require_pyarrow() -> None:
    if find_spec("pyarrow") is None:
        raise MissingFreqtradeError(
            "candle files need pyarrow, which comes with freqtrade: "
            "pip install 'freqkernels[freqtrade]'"
        )
