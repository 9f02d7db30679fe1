"""``store_backtest_results`` with the work of compressing done by all threads.

freqtrade's own code runs, on frames that write themselves in parallel, and with a ``ZipFile`` that
deflates in parallel. Every file and every member of the archive has the same bytes.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FunctionType
from typing import Any, BinaryIO, Literal

import pandas as pd

from freqkernels.bridge.archive import ParallelZipFile
from freqkernels.bridge.feather import write_feather
from freqkernels.bridge.own_code import own_code
from freqkernels.runtime import Support, refuse

_STORAGE = "freqtrade.optimize.optimize_reports.bt_storage"


class _Frame:
    """What ``store_backtest_results`` uses of a frame."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def reset_index(self) -> _Frame:
        return _Frame(self._frame.reset_index())

    def to_feather(
        self, file: BinaryIO, *, compression: Literal["lz4", "zstd"], compression_level: int
    ) -> None:
        write_feather(self._frame, file, compression, compression_level)


def store_backtest_results(
    config: Any,
    stats: Any,
    dtappendix: Any,
    *,
    market_change_data: Any = None,
    wallet_summary: Any = None,
    analysis_results: Any = None,
    strategy_files: Any = None,
) -> Path | Support:
    """freqtrade's function of this name.

    :param config: configuration.
    :param stats: statistics, stored as JSON.
    :param dtappendix: part of the name of the file.
    :param market_change_data: frame.
    :param wallet_summary: frame by strategy; older releases have none.
    :param analysis_results: frames by what they show, strategy and pair.
    :param strategy_files: file by strategy.
    :return: the archive.
    """
    summaries = {} if wallet_summary is None else wallet_summary
    if summaries.__class__ is not dict:
        return refuse("wallet_summary is not a dict")
    frames = [*summaries.values(), market_change_data]
    if not all(frame is None or frame.__class__ is pd.DataFrame for frame in frames):
        return refuse("something to store is not a plain DataFrame")
    store = _with_parallel_archive()
    if isinstance(store, Support):
        return store
    if wallet_summary is not None:
        store = partial(
            store, wallet_summary={name: _Frame(frame) for name, frame in summaries.items()}
        )
    result: Path = store(
        config,
        stats,
        dtappendix,
        market_change_data=None if market_change_data is None else _Frame(market_change_data),
        analysis_results=analysis_results,
        strategy_files=strategy_files,
    )
    return result


def _with_parallel_archive() -> Callable[..., Path] | Support:
    """freqtrade's function with another class under the name ZipFile."""
    namespace = vars(sys.modules[_STORAGE])
    if namespace.get("ZipFile") is not zipfile.ZipFile:
        return refuse(f"{_STORAGE}.ZipFile has been replaced by something else")
    function = own_code(_STORAGE, "store_backtest_results")
    if isinstance(function, Support):
        return function
    store = FunctionType(
        function.__code__,
        {**namespace, "ZipFile": ParallelZipFile},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    store.__kwdefaults__ = function.__kwdefaults__
    return store
