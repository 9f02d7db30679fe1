"""Entry signals without a free slot: most are passed by the walk, some seen by freqtrade."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import numpy as np
import pandas as pd

from freqkernels.bridge.engine.outcome import rejected_signals
from freqkernels.layout import REJECTION
from freqkernels.simulation.structs import Setup

_DATE, _ENTER_TAG = 0, 9


class Rejections:
    """Brings both kinds into the order in which freqtrade would have noted them.

    :param backtesting: freqtrade's ``Backtesting``.
    :param setup: its settings and markets.
    :param frames: analysed and trimmed frames by pair.
    :param walk: counts what it passes.
    """

    def __init__(
        self, backtesting: Any, setup: Setup, frames: dict[str, pd.DataFrame], walk: Any
    ) -> None:
        self._backtesting = backtesting
        self._setup = setup
        self._frames = frames
        self._walk = walk
        self._seen: list[tuple[int, str, Any, Any]] = []

    def __enter__(self) -> None:
        vars(self._backtesting)["_collate_rejected"] = self._collate

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        del vars(self._backtesting)["_collate_rejected"]
        self._note()

    def _collate(self, pair: str, row: list[Any]) -> None:
        """In place of ``Backtesting._collate_rejected``."""
        if self._setup.rules["collect_rejected"][0]:
            passed = self._walk.rejected_signals
            self._seen.append((passed, pair, row[_DATE], row[_ENTER_TAG]))

    def _note(self) -> None:
        backtesting, seen = self._backtesting, self._seen
        passed = np.frombuffer(self._walk.take_rejections(), REJECTION)
        backtesting.rejected_trades += self._walk.rejected_signals
        found = [
            (number, 1, *signal)
            for number, signal in enumerate(
                rejected_signals(backtesting, self._setup, self._frames, passed)
            )
        ]
        merged = sorted(found + [(n, 0, *signal) for n, *signal in seen], key=lambda r: r[:2])
        for _, _, pair, date, tag in merged:
            backtesting.rejected_dict.setdefault(pair, []).append([date, tag])
