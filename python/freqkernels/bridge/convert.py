"""``Backtesting._get_ohlcv_as_lists`` with the conversion to rows done by freqkernels."""

from __future__ import annotations

import sys
from typing import Any

from freqkernels.runtime import accelerate
from freqkernels.signals import Timestamps, exact_rows, fast_rows

_rows = accelerate(fast_rows, name="_get_ohlcv_as_lists", switched_as="ohlcv_as_lists")(exact_rows)


def get_ohlcv_as_lists(self: Any, processed: dict[str, Any]) -> dict[str, list[Any]]:
    """Analysed frames as rows; the calls into the strategy and freqtrade are freqtrade's own.

    :param self: freqtrade's ``Backtesting``.
    :param processed: frame by pair; each is replaced by its analysed and trimmed form.
    :return: rows by pair.
    """
    backtesting: Any = sys.modules["freqtrade.optimize.backtesting"]
    _begin(self, backtesting.BacktestState.CONVERT, len(processed))
    timestamps = Timestamps()
    data: dict[str, list[Any]] = {}
    for pair, frame in processed.items():
        self.check_abort()
        _advance(self)
        analyzed = self.strategy.ft_advise_signals(frame, {"pair": pair})
        self.dataprovider._set_cached_df(
            pair, self.timeframe, analyzed, self.config["candle_type_def"]
        )
        trimmed = backtesting.trim_dataframe(
            analyzed, self.timerange, startup_candles=self.required_startup
        )
        processed[pair] = trimmed
        data[pair] = _rows(trimmed, timestamps)
    return data


def _begin(backtesting: Any, state: Any, total: int) -> None:
    """Progress as freqtrade of this version reports it."""
    if hasattr(backtesting, "_set_progress_step"):
        backtesting._set_progress_step(state, total)
    else:
        backtesting.progress.init_step(state, total)


def _advance(backtesting: Any) -> None:
    if hasattr(backtesting, "_increment_progress"):
        backtesting._increment_progress()
    else:
        backtesting.progress.increment()
