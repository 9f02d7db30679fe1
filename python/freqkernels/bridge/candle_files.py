"""What candles a data directory holds, as freqtrade sees it. Imported when freqtrade is."""

from __future__ import annotations

from pathlib import Path

from freqtrade.data.history import get_datahandler
from freqtrade.enums import TradingMode
from freqtrade.exchange import timeframe_to_seconds


def available_candles(datadir: Path, trading_mode: str) -> dict[str, list[str]]:
    """Pairs that can be backtested, each with its timeframes, shortest first.

    :param datadir: freqtrade data directory with feather files.
    :param trading_mode: "spot" or "futures".
    """
    mode = TradingMode(trading_mode)
    found: dict[str, list[str]] = {}
    for pair, timeframe, candle_type in get_datahandler(
        datadir, "feather"
    ).ohlcv_get_available_data(datadir, mode):
        if candle_type.value == trading_mode and "/" in pair:
            found.setdefault(pair, []).append(timeframe)
    return {pair: sorted(found[pair], key=timeframe_to_seconds) for pair in sorted(found)}
