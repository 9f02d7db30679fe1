"""Backtests small enough to read: tables of candles, settings and the trades they must give."""
