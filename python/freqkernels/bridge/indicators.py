"""``IStrategy.advise_all_indicators`` without the copies that pandas makes unnecessary."""

from __future__ import annotations

import sys
from typing import Any

import pandas as pd

from freqkernels._frames import PANDAS_3

#: pandas warns when a frame of more than a hundred separate columns gets another one.
_MANY_COLUMNS = 80


def advise_all_indicators(self: Any, data: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Indicators of every pair; the calls into the strategy are freqtrade's own.

    From version 3 on, pandas copies a column when somebody writes to it, so the frames can share
    the candles until then.

    :param self: freqtrade's ``IStrategy``.
    :param data: candles by pair, which stay as they are.
    :return: analysed frame by pair.
    """
    interface: Any = sys.modules["freqtrade.strategy.interface"]
    result = {}
    for pair, candles in data.items():
        validator = interface.StrategyResultValidator(
            candles, warn_only=self.disable_dataframe_checks
        )
        result[pair] = _copy(self.advise_indicators(_copy(candles), {"pair": pair}))
        validator.assert_df(result[pair])
    return result


def _copy(frame: Any) -> Any:
    if PANDAS_3 and frame.__class__ is pd.DataFrame and len(frame.columns) <= _MANY_COLUMNS:
        return frame.copy(deep=False)
    return frame.copy()
