"""freqtrade's backtest over plain columns, without freqtrade.

:func:`simulate` is the way in, ``freqkernels.simulate`` is the same function. The columns, structs
and frames below it serve freqtrade's own backtest, too.
"""

from freqkernels.simulation.api import simulate
from freqkernels.simulation.markets import Market
from freqkernels.simulation.settings import Rules, WalletRules
from freqkernels.simulation.simulated import Simulated

__all__ = ["Market", "Rules", "Simulated", "WalletRules", "simulate"]
