"""What a strategy imports: merging informative candles, crossings, and all indicators.

The names and results are those that strategies know from ``freqtrade.strategy``,
``technical.qtpylib``, TA-Lib and pandas; each function says which of them it equals::

    from freqkernels.strategy import crossed_above, merge_informative_pair, rsi
"""

from freqkernels import indicators
from freqkernels.crossings import crossed, crossed_above, crossed_below
from freqkernels.indicators import *  # noqa: F403 (indicators has the list)
from freqkernels.informative import merge_informative_pair

__all__ = ["crossed", "crossed_above", "crossed_below", "merge_informative_pair"]
__all__ += indicators.__all__
