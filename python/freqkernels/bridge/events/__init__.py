"""A backtest of a strategy with callbacks, event by event.

The engine passes all rows at which nothing can happen; on the others freqtrade's own
``Backtesting.backtest_loop`` runs, on freqtrade's own trades. Whatever a callback looks at is
therefore the real thing, and whatever it changes is read again after each event.
"""

from freqkernels.bridge.events.run import simulate

__all__ = ["simulate"]
