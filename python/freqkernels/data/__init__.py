"""Candles: synthetic markets and freqtrade data directories."""
