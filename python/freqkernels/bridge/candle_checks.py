"""freqtrade's look at freshly loaded candles, without a Python object for each of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from freqkernels._frames import floats_of, plain_frame
from freqkernels.bridge.own_code import own_code
from freqkernels.runtime import Support

_HANDLERS = "freqtrade.data.history.datahandlers.idatahandler"
_JUMP = 0.1  # of the price, from which on freqtrade says so in its log


def check_empty_df(
    self: Any,
    pairdf: Any,
    pair: Any,
    timeframe: Any,
    candle_type: Any,
    warn_no_data: Any,
    warn_price: Any = False,
) -> bool | Support:
    """freqtrade's ``IDataHandler._check_empty_df``, which has something to say of few frames."""
    unusable = plain_frame(pairdf, "pairdf")
    if unusable is None and not (warn_price and _may_jump(pairdf)):
        return False
    function = own_code(_HANDLERS, "IDataHandler._check_empty_df")
    if isinstance(function, Support):
        return function
    answer: bool = function(self, pairdf, pair, timeframe, candle_type, warn_no_data, warn_price)
    return answer


def _may_jump(candles: Any) -> bool:
    """Whether a candle opens far from where the one before closed; True if that is not known."""
    opens, closes = floats_of(candles, "open"), floats_of(candles, "close")
    if isinstance(opens, Support) or isinstance(closes, Support):
        return True
    before = closes[:-1]
    with np.errstate(all="ignore"):
        gaps = np.abs((opens[1:] - before) / before)
    return bool((gaps > _JUMP).any())
