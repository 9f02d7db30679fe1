"""A case's candles, signals and funding as the frames that freqtrade would have loaded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd
from freqtrade.exchange import timeframe_to_seconds

from freqkernels.bridge.fuzz.case import Case, Pair, Row

COLUMNS = ("date", "open", "high", "low", "close", "volume")


def candle_frame(case: Case, rows: list[Row], timeframe: str) -> pd.DataFrame:
    """Candles as a data handler of freqtrade gives them."""
    frame = pd.DataFrame(
        {name: [float(row[i]) for row in rows] for i, name in enumerate(COLUMNS) if i},
        dtype="float64",
    )
    frame.insert(0, "date", dates(case, [row[0] for row in rows], timeframe_to_seconds(timeframe)))
    return frame


def larger(frame: pd.DataFrame, seconds: int) -> pd.DataFrame:
    """Candles of a larger timeframe, of so many seconds."""
    opening = frame["date"].dt.floor(f"{seconds}s")
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    return frame.groupby(opening).agg(how).reset_index()


def dates(case: Case, slots: Iterable[float], seconds: int) -> pd.Series:
    """Openings of slots of so many seconds."""
    start = pd.Timestamp(case.start).value // 1_000_000
    stamps = pd.Series([start + round(slot * seconds * 1000) for slot in slots], dtype="int64")
    moments = pd.to_datetime(stamps, unit="ms", utc=True)
    return moments.dt.as_unit(case.date_unit)


def signal_columns(pair: Pair) -> dict[str, Any]:
    """The strategy's columns of a pair, a value a candle."""
    slots = [row[0] for row in pair.candles]
    return {
        name: pd.Series([column.at.get(slot, column.default) for slot in slots], dtype=column.dtype)
        for name, column in pair.signals.items()
    }


def tick_series(case: Case, stated: list[tuple[float, float]]) -> pd.Series:
    """Tick sizes by time, where a case states them."""
    index = dates(case, [slot for slot, _ in stated], timeframe_to_seconds(case.timeframe))
    ticks = [float(tick) for _, tick in stated]
    return pd.Series(ticks, index=pd.DatetimeIndex(index), dtype="float64")


def funding_frame(case: Case, pair: Pair, exchange: Any) -> pd.DataFrame:
    """Funding rates and mark prices, combined by the exchange object."""
    date = dates(case, [hour for hour, _, _ in pair.funding], 3600)
    rates = pd.DataFrame({"date": date, "open": [float(rate) for _, rate, _ in pair.funding]})
    marks = pd.DataFrame({"date": date, "open": [float(mark) for _, _, mark in pair.funding]})
    combined: pd.DataFrame = exchange.combine_funding_and_mark(
        funding_rates=rates,
        mark_rates=marks,
        futures_funding_rate=exchange._config.get("futures_funding_rate"),
    )
    return combined
