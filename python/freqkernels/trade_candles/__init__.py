"""Candles from trades, of one timeframe as freqtrade makes them, and of several from a stream."""

from freqkernels.trade_candles.convert import fast_trades_to_ohlcv, trades_to_ohlcv
from freqkernels.trade_candles.stream import TradeCandles, trades_to_candles

__all__ = ["TradeCandles", "fast_trades_to_ohlcv", "trades_to_candles", "trades_to_ohlcv"]
