"""The strategy's ``leverage``, asked as freqtrade asks it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from freqkernels.simulation.columns import tags_at


class Leverage:
    """Stands between the engine and a strategy.

    Without freqtrade's wrapper, which logs failures: after one freqtrade's own code runs, and asks
    again.

    :param strategy: whose ``leverage`` depends on nothing but its arguments and plain settings.
    :param pairs: names by number.
    :param frames: analysed and trimmed frames by pair.
    """

    def __init__(self, strategy: Any, pairs: Sequence[str], frames: dict[str, Any]) -> None:
        self._asked = strategy.leverage
        self._pairs = pairs
        self._frames = frames
        self._known: dict[int, tuple[datetime, list[Any]]] = {}

    def __call__(
        self, pair: int, row: int, time_ms: int, rate: float, is_short: int, max_leverage: float
    ) -> Any:
        """The leverage that the strategy wants for an entry."""
        epoch, tags = self._known.get(pair) or self._learn(pair)
        return self._asked(
            pair=self._pairs[pair],
            current_time=epoch + timedelta(milliseconds=time_ms),
            current_rate=rate,
            proposed_leverage=1.0,
            max_leverage=max_leverage,
            side="short" if is_short else "long",
            entry_tag=tags[row],
        )

    def _learn(self, pair: int) -> tuple[datetime, list[Any]]:
        """1970 as a date like those of the pair's candles, and the enter tags of its rows."""
        frame: pd.DataFrame = self._frames[self._pairs[pair]]
        epoch = datetime(1970, 1, 1, tzinfo=frame["date"].dt.tz)
        tags = tags_at(frame, "enter_tag", np.arange(len(frame) - 1))
        self._known[pair] = epoch, tags
        return epoch, tags
