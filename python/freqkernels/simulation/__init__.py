"""freqtrade's backtest over plain columns, without freqtrade."""
