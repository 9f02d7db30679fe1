"""What a strategy imports: merging informative candles, crossings.

The names and results are those that strategies know from ``freqtrade.strategy`` and
``technical.qtpylib``, so that changing an import is all that changes::

    from freqkernels.strategy import crossed_above, merge_informative_pair
"""

from freqkernels.crossings import crossed, crossed_above, crossed_below
from freqkernels.informative import merge_informative_pair

__all__ = ["crossed", "crossed_above", "crossed_below", "merge_informative_pair"]
