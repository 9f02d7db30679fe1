"""The public functions without a bridge: both paths against freqtrade, and clear errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from freqtrade.data import btanalysis, converter
from freqtrade.data import metrics as ft_metrics

from _arrays import candles, date_zoo, shape_zoo
from freqkernels import metrics, ohlcv
from freqkernels._frames import Dates, dates_of
from freqkernels.bridge.fingerprints import normalised_source
from freqkernels.errors import InvalidInputError
from freqkernels.identity import first_difference
from freqkernels.timeframes import timeframe_to_resample_freq, timeframe_to_seconds
from oracle import observe
from replaced import pair_of
from test_replacements import ENDS, MARKETS, RANGES, TRADES, trades

EARLIER_MEAN = "pd.concat" not in normalised_source(
    "freqtrade.data.metrics:combine_dataframes_with_mean"
)
FRAMES = [*date_zoo(), *shape_zoo()]
FILL = {"fill_missing": True, "drop_incomplete": False}
DROP = {"fill_missing": False, "drop_incomplete": True}


def agree(
    name: str, ours: Callable[..., Any], theirs: Callable[..., Any], *args: Any, **kw: Any
) -> None:
    """Where freqtrade answers, both of our paths answer the same or refuse with our own error."""
    if pair_of(name) is None:  # this freqtrade defines it otherwise
        return
    expected = observe(theirs, args, kw)
    for path in (ours, getattr(ours, "exact", ours)):
        found = observe(path, args, kw)
        if expected.error is None and found.error is None:
            difference = first_difference(found.value, expected.value)
            assert difference is None, str(difference)
        elif expected.error is None:
            assert found.error is not None
            assert found.error[0] == "InvalidInputError", found.error


@pytest.mark.parametrize(("name", "frame"), FRAMES, ids=[name for name, _ in FRAMES])
class TestFrames:
    def test_clean(self, name: str, frame: pd.DataFrame) -> None:
        target = "clean_ohlcv_dataframe"
        for options in (FILL, DROP):
            args = (frame, "5m", "A/B")
            agree(
                target,
                ohlcv.clean_ohlcv_dataframe,
                converter.clean_ohlcv_dataframe,
                *args,
                **options,
            )

    def test_fill(self, name: str, frame: pd.DataFrame) -> None:
        functions = (ohlcv.ohlcv_fill_up_missing_data, converter.ohlcv_fill_up_missing_data)
        for timeframe in ("5m", "1h", "1w", "1M", "1y"):
            agree("ohlcv_fill_up_missing_data", *functions, frame, timeframe, "A/B")

    def test_trim(self, name: str, frame: pd.DataFrame) -> None:
        for timerange in (RANGES[0], RANGES[3]):
            agree(
                "trim_dataframe", ohlcv.trim_dataframe, converter.trim_dataframe, frame, timerange
            )

    def test_tick_size(self, name: str, frame: pd.DataFrame) -> None:
        target = "get_tick_size_over_time"
        decimals_as_today = "format_float_positional" in vars(
            __import__("freqtrade.data.btanalysis.historic_precision", fromlist=["x"])
        )
        if decimals_as_today:
            agree(target, ohlcv.get_tick_size_over_time, btanalysis.get_tick_size_over_time, frame)


@pytest.mark.parametrize(("name", "data"), MARKETS, ids=[name for name, _ in MARKETS])
class TestMarkets:
    def test_market_change(self, name: str, data: Any) -> None:
        for min_date in (None, ENDS[0][0]):
            agree(
                "calculate_market_change",
                metrics.calculate_market_change,
                ft_metrics.calculate_market_change,
                data,
                min_date=min_date,
            )

    def test_combine(self, name: str, data: Any) -> None:
        for target in ("combine_dataframes_by_column", "combine_dataframes_with_mean"):
            if target.endswith("mean") and name in ("pair named mean", "attrs") and EARLIER_MEAN:
                continue  # earlier releases set the column in place; ours is today's definition
            agree(target, getattr(metrics, target), getattr(ft_metrics, target), data)

    def test_rel_mean(self, name: str, data: Any) -> None:
        target = "combined_dataframes_with_rel_mean"
        for ends in ENDS:
            agree(target, getattr(metrics, target), getattr(ft_metrics, target), data, *ends)


@pytest.mark.parametrize(("name", "frame"), TRADES, ids=[name for name, _ in TRADES])
def test_trades(name: str, frame: pd.DataFrame) -> None:
    for timeframe in ("5m", "1h", "1w", "1M"):
        for target, rest in (("analyze_trade_parallelism", ()), ("evaluate_result_multi", (2,))):
            functions = (getattr(metrics, target), getattr(btanalysis, target))
            agree("analyze_trade_parallelism", *functions, frame, timeframe, *rest)


def test_trim_dataframes() -> None:
    data = {"A": candles(200), "B": candles(20, start="2023-01-01"), "C": candles(0)}
    for timerange in (RANGES[1], RANGES[3]):
        for startup in (0, 30):
            ours = ohlcv.trim_dataframes(data, timerange, startup)
            theirs = converter.trim_dataframes(data, timerange, startup)
            assert first_difference(ours, theirs) is None


ERRORS: list[tuple[Callable[[], Any], str]] = [
    (
        lambda: ohlcv.clean_ohlcv_dataframe(None, "5m", "A", **FILL),
        "dataframe: expected a DataFrame",
    ),
    (
        lambda: ohlcv.clean_ohlcv_dataframe(candles(5).drop(columns="low"), "5m", "A", **FILL),
        "dataframe: no column 'low'",
    ),
    (
        lambda: ohlcv.clean_ohlcv_dataframe(candles(5).assign(date="x"), "5m", "A", **FILL),
        "dataframe: column 'date' is .*, not dates",
    ),
    (
        lambda: ohlcv.clean_ohlcv_dataframe(candles(5).assign(date=pd.NaT), "5m", "A", **FILL),
        "dataframe: column 'date' has missing dates",
    ),
    (
        lambda: ohlcv.clean_ohlcv_dataframe(
            candles(5), "5m", "A", candle_type="funding_rate", **FILL
        ),
        "candle_type: funding_rate has no prices",
    ),
    (lambda: ohlcv.ohlcv_fill_up_missing_data(candles(5), "5x", "A"), "timeframe: .*'5x'"),
    (lambda: ohlcv.get_tick_size_over_time(candles(5).drop(columns="date")), "candles: no column"),
    (lambda: ohlcv.get_tick_size_over_time(7), "candles: expected a DataFrame, got int"),
    (lambda: ohlcv.trim_dataframe(candles(5), RANGES[1], df_date_col="day"), "df: no column 'day'"),
    (lambda: metrics.combine_dataframes_by_column({}), "data: No data provided"),
    (
        lambda: metrics.combine_dataframes_by_column({"A": candles(5)}, "rsi"),
        "data: no column 'rsi'",
    ),
    (lambda: metrics.calculate_market_change({"A": candles(5)}, "rsi"), "data: no column 'rsi'"),
    (
        lambda: metrics.calculate_market_change({"A": candles(5).assign(close=np.nan)}),
        "data: column 'close' of A has no values",
    ),
    (
        lambda: metrics.analyze_trade_parallelism(trades(0, 0), "5m"),
        "trades: expected at least one",
    ),
    (lambda: metrics.analyze_trade_parallelism(trades(5, 0), "soon"), "timeframe: .*'soon'"),
    (
        lambda: metrics.analyze_trade_parallelism(trades(5, 0).drop(columns="pair"), "5m"),
        "trades: no column 'pair'",
    ),
]


@pytest.mark.parametrize(("call", "text"), ERRORS, ids=[text for _, text in ERRORS])
def test_errors_name_the_argument(call: Callable[[], Any], text: str) -> None:
    with pytest.raises(InvalidInputError, match=text):
        call()


@pytest.mark.parametrize(
    "timeframe",
    ["1s", "1m", "5m", "7m", "1h", "4h", "1d", "3d", "6d", "1w", "2w", "1M", "3M", "1y", "2y"],
)
def test_timeframes(timeframe: str) -> None:
    from freqtrade import exchange

    assert timeframe_to_seconds(timeframe) == exchange.timeframe_to_seconds(timeframe)
    assert timeframe_to_resample_freq(timeframe) == exchange.timeframe_to_resample_freq(timeframe)


@pytest.mark.parametrize("timeframe", ["", "5", "m", "5x", "five m", None, 5, "5 M m"])
def test_what_is_no_timeframe(timeframe: Any) -> None:
    with pytest.raises(InvalidInputError, match="timeframe"):
        timeframe_to_seconds(timeframe)


def test_min_date_finer_than_the_dates() -> None:
    """A moment between two representable dates still cuts at the right row."""
    data = {"A": candles(20, unit="s")}
    moment = datetime(2024, 1, 15, 10, 10, 0, 1, tzinfo=UTC)
    assert metrics.calculate_market_change(data, min_date=moment) == (
        ft_metrics.calculate_market_change(data, min_date=moment)
    )


@pytest.mark.parametrize("unit", ["s", "ns"])
@pytest.mark.parametrize("year", [1, 9999])
def test_moments_that_the_dates_cannot_reach(unit: str, year: int) -> None:
    """Nanoseconds end in 2262; a moment beyond lies after, or before, all of them."""
    dates = dates_of(candles(5, unit=unit))
    assert isinstance(dates, Dates)
    moment = datetime(year, 12, 31, tzinfo=UTC)
    for date in (dates.ceil(moment), dates.floor(moment)):
        assert date is not None
        assert (dates.values < date).all() if year > 2000 else (dates.values > date).all()
        assert np.searchsorted(dates.values, date) == (5 if year > 2000 else 0)
