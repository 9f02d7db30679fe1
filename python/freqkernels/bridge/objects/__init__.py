"""freqtrade's objects of a backtest - trades, orders, wallets, markets - with faster methods.

While a backtest with callbacks runs, methods of freqtrade's own classes give way to functions that
do the same to the last bit; everything that a callback sees stays freqtrade's own object. Before
and after it, and for what is not certified, nothing is touched.
"""
