"""Preparation of candles, with freqtrade's names, signatures and results.

As in :mod:`freqkernels.metrics`, a body is the exact definition in pandas, and the fast function
in front of it answers where it promises the same result to the last bit.
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels._frames import (
    NAT,
    NO_DATE,
    PANDAS_3,
    Dates,
    dates_of,
    floats_of,
    plain_frame,
    require_columns,
    require_dates,
)
from freqkernels.errors import InvalidInputError
from freqkernels.runtime import Support, accelerate, kernel, refuse
from freqkernels.ticks import get_tick_size_over_time
from freqkernels.timeframes import fixed_step_seconds, timeframe_to_resample_freq
from freqkernels.trade_candles import TradeCandles, trades_to_candles, trades_to_ohlcv

logger = logging.getLogger(__name__)

_date_order = kernel("ohlcv", "date_order")
_merge_candles = kernel("ohlcv", "merge_candles")
_fill_candles = kernel("ohlcv", "fill_candles")

__all__ = [
    "TradeCandles",
    "clean_ohlcv_dataframe",
    "get_tick_size_over_time",
    "ohlcv_fill_up_missing_data",
    "trades_to_candles",
    "trades_to_ohlcv",
    "trim_dataframe",
    "trim_dataframes",
]

OHLCV = ("open", "high", "low", "close", "volume")
_UNSORTED, _STRICTLY_INCREASING = 0, 2
_SINGLE_VALUE_TYPES = ("funding_rate", "open_interest")
_DAY_SECONDS = 86_400
_FILL_FACTOR_LIMIT = 1000

Candles = tuple[Dates, list[NDArray[np.float64]]]


def _candles_of(dataframe: Any, candle_type: Any) -> Candles | Support:
    """Dates and the five value columns of a frame of ordinary candles."""
    if candle_type in _SINGLE_VALUE_TYPES:
        return refuse(f"candle type {candle_type} has no prices")
    if not isinstance(candle_type, str | None):
        return refuse("candle_type is no text")
    unusable = plain_frame(dataframe)
    if unusable is not None:
        return unusable
    dates = dates_of(dataframe)
    if isinstance(dates, Support):
        return dates
    if not dates.usable:
        return refuse(NO_DATE)
    values = []
    for name in OHLCV:
        column = floats_of(dataframe, name)
        if isinstance(column, Support):
            return column
        values.append(column)
    return dates, values


def _frame_of(dates: Dates, columns: Any) -> pd.DataFrame:
    date = pd.Series(dates.values.view(f"M8[{dates.unit}]"), copy=False)
    if dates.tz is not None:
        date = date.dt.tz_localize(dates.tz)
    named = dict(zip(OHLCV, columns, strict=True))
    return pd.DataFrame({"date": date, **named}, copy=False)


def _negative_zeros(columns: list[NDArray[np.float64]]) -> bool:
    return any(bool(np.signbit(column[column == 0.0]).any()) for column in columns)


def _merged(
    candles: Candles,
) -> tuple[NDArray[np.int64], NDArray[np.float64] | list[Any]] | Support:
    """One candle a date, sorted: arrays of our own."""
    dates, columns = candles
    order = _date_order(dates.values)
    if order == _STRICTLY_INCREASING:
        return dates.values.copy(), [column.copy() for column in columns]
    if _negative_zeros(columns):
        return refuse("among 0.0 and -0.0 each pandas has another maximum")
    rows = (
        np.argsort(dates.values, kind="stable")
        if order == _UNSORTED
        else np.arange(len(dates.values))
    )
    out_dates = np.empty(len(rows), dtype=np.int64)
    out = np.empty((5, len(rows)))
    count = _merge_candles(dates.values, rows.astype(np.int64), *columns, out_dates, out)
    return out_dates[:count].copy(), np.ascontiguousarray(out[:, :count])


def fast_clean(
    dataframe: Any,
    timeframe: Any,
    pair: Any,
    *,
    fill_missing: Any,
    drop_incomplete: Any,
    candle_type: Any = None,
    _logger: logging.Logger = logger,
) -> pd.DataFrame | Support:
    """Fast path of :func:`clean_ohlcv_dataframe`."""
    candles = _candles_of(dataframe, candle_type)
    if isinstance(candles, Support):
        return candles
    if "date" in dataframe.index.names:
        return refuse("the index is named date too")
    merged = _merged(candles)
    if isinstance(merged, Support):
        return merged
    values, columns = merged
    if drop_incomplete:
        values, columns = values[:-1], [column[:-1] for column in columns]
        if len(values) == 0:
            return refuse("the only candle is dropped as incomplete")
    dates = Dates(values, candles[0].unit, candles[0].tz)
    result = _filled(dates, columns, timeframe) if fill_missing else _frame_of(dates, columns)
    if isinstance(result, Support):
        return result
    if drop_incomplete:
        _logger.debug("Dropping last candle")
    if fill_missing:
        _log_fill(_logger, pair, timeframe, len(values), len(result))
    return result


@accelerate(fast_clean)
def clean_ohlcv_dataframe(
    dataframe: pd.DataFrame,
    timeframe: str,
    pair: str,
    *,
    fill_missing: bool,
    drop_incomplete: bool,
    candle_type: str | None = None,
) -> pd.DataFrame:
    """Candles sorted by date, one a date, optionally without the last one and without holes.

    Identical to ``freqtrade.data.converter.clean_ohlcv_dataframe``. Candles of one date are
    merged into first open, highest high, lowest low, last close and highest volume.

    :param dataframe: columns ``date`` (datetime), ``open high low close volume``.
    :param timeframe: for example "5m".
    :param pair: named in log messages.
    :param fill_missing: also :func:`ohlcv_fill_up_missing_data`.
    :param drop_incomplete: leave out the last candle.
    :param candle_type: "spot", "futures", "mark" ...; single-value types are refused.
    :return: a new frame with these columns and a RangeIndex.
    :raise InvalidInputError: for missing columns or dates.
    """
    _require_candles(dataframe, candle_type)
    rules = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "max"}
    merged = dataframe.groupby("date", as_index=False, sort=True).agg(rules)
    if drop_incomplete:
        merged = merged.iloc[:-1]
        logger.debug("Dropping last candle")
    if fill_missing:
        return ohlcv_fill_up_missing_data(merged, timeframe, pair)
    return merged


def fast_fill(
    dataframe: Any,
    timeframe: Any,
    pair: Any,
    candle_type: Any = None,
    *,
    _logger: logging.Logger = logger,
) -> pd.DataFrame | Support:
    """Fast path of :func:`ohlcv_fill_up_missing_data`."""
    candles = _candles_of(dataframe, candle_type)
    if isinstance(candles, Support):
        return candles
    dates, columns = candles
    if _date_order(dates.values) == _UNSORTED:
        return refuse("the dates are not sorted")
    result = _filled(dates, columns, timeframe)
    if not isinstance(result, Support):
        _log_fill(_logger, pair, timeframe, len(dates.values), len(result))
    return result


def _filled(dates: Dates, columns: Any, timeframe: Any) -> pd.DataFrame | Support:
    seconds = fixed_step_seconds(timeframe)
    if seconds is None:
        return refuse(f"timeframe {timeframe!r} has no fixed length")
    step = seconds * dates.per_second
    day = _DAY_SECONDS * dates.per_second
    before, first_date, last_date = len(dates.values), int(dates.values[0]), int(dates.values[-1])
    # pandas anchors the grid at the midnight before the first date.
    midnight = first_date // day * day
    first = midnight + (first_date - midnight) // step * step
    after = (last_date - first) // step + 1
    if after > _FILL_FACTOR_LIMIT * before:
        return refuse("the gaps are thousands of times longer than the data")
    out = np.empty((5, after))
    if not _fill_candles(dates.values, *columns, first, step, out):
        return refuse("three candles in one period, or a volume of -0.0")
    grid = first + step * np.arange(after, dtype=np.int64)
    return _frame_of(Dates(grid, dates.unit, dates.tz), out)


def _log_fill(log: logging.Logger, pair: Any, timeframe: Any, before: int, after: int) -> None:
    missing = (after - before) / before
    if before != after:
        log.log(
            logging.INFO if missing > 0.01 else logging.DEBUG,
            f"Missing data fillup for {pair}, {timeframe}: "
            f"before: {before} - after: {after} - {missing:.2%}",
        )


@accelerate(fast_fill)
def ohlcv_fill_up_missing_data(
    dataframe: pd.DataFrame, timeframe: str, pair: str, candle_type: str | None = None
) -> pd.DataFrame:
    """A candle for every period from the first to the last one.

    Identical to ``freqtrade.data.converter.ohlcv_fill_up_missing_data``. A period without trades
    gets the last close as its four prices and volume 0; candles off the grid are merged.

    :param dataframe: columns ``date`` (datetime, sorted), ``open high low close volume``.
    :param timeframe: for example "5m".
    :param pair: named in the log message, which is at level info from 1 % missing on.
    :param candle_type: as for :func:`clean_ohlcv_dataframe`.
    :return: a new frame with these columns and a RangeIndex.
    :raise InvalidInputError: for missing columns or dates, or no timeframe.
    """
    _require_candles(dataframe, candle_type)
    rules = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    filled = dataframe.resample(timeframe_to_resample_freq(timeframe), on="date").agg(rules)
    filled["close"] = filled["close"].ffill()
    for name in ("open", "high", "low"):
        filled[name] = filled[name].fillna(filled["close"])
    if len(dataframe):
        _log_fill(logger, pair, timeframe, len(dataframe), len(filled))
    return filled.reset_index()


def _require_candles(dataframe: Any, candle_type: Any) -> None:
    if candle_type in _SINGLE_VALUE_TYPES:
        raise InvalidInputError(f"candle_type: {candle_type} has no prices to clean or fill")
    require_columns(dataframe, ("date", *OHLCV), "dataframe")
    require_dates(dataframe, "date", "dataframe")


def fast_trim(
    df: Any, timerange: Any, *, df_date_col: Any = "date", startup_candles: Any = 0
) -> pd.DataFrame | Support:
    """Fast path of :func:`trim_dataframe`: sorted dates make the rows one slice."""
    if not PANDAS_3:
        return refuse("before version 3, pandas shares a slice's memory with its source")
    unusable = plain_frame(df, "df")
    if unusable is not None:
        return unusable
    if not startup_candles and timerange.starttype != "date" and timerange.stoptype != "date":
        whole: pd.DataFrame = df
        return whole
    dates = dates_of(df, df_date_col)
    if isinstance(dates, Support):
        return dates
    if dates.values[0] == NAT or _date_order(dates.values) == _UNSORTED:
        return refuse("the dates are not sorted, or one is missing")
    if any(getattr(dtype, "isnative", True) is False for dtype in df.dtypes):
        return refuse("a column has foreign byte order")
    rows = _rows_in(dates, timerange, startup_candles)
    if isinstance(rows, Support):
        return rows
    trimmed: pd.DataFrame = df.iloc[slice(*rows)]
    # A choice of rows by date has memory of its own, the rows after a number of candles share it.
    masked = timerange.stoptype == "date" or not startup_candles
    return trimmed.copy() if masked else trimmed


def _rows_in(dates: Dates, timerange: Any, startup_candles: Any) -> tuple[int, int] | Support:
    """First row and row after the last one of a time range, over sorted dates."""
    start, stop = 0, len(dates.values)
    if startup_candles:
        if startup_candles.__class__ is not int or startup_candles < 0:
            return refuse("startup_candles is no positive int")
        start = min(startup_candles, stop)
    elif timerange.starttype == "date":
        earliest = dates.ceil(timerange.startdt)
        if earliest is None:
            return refuse("the start cannot be compared with the dates")
        start = int(np.searchsorted(dates.values, earliest))
    if timerange.stoptype == "date":
        latest = dates.floor(timerange.stopdt)
        if latest is None:
            return refuse("the end cannot be compared with the dates")
        stop = int(np.searchsorted(dates.values, latest, side="right"))
    return start, max(start, stop)


@accelerate(fast_trim)
def trim_dataframe(
    df: pd.DataFrame, timerange: Any, *, df_date_col: str = "date", startup_candles: int = 0
) -> pd.DataFrame:
    """The rows of a time range, or those after the first ``startup_candles``.

    Identical to ``freqtrade.data.converter.trim_dataframe``.

    :param df: any frame with a date column.
    :param timerange: object with ``starttype``, ``stoptype`` ("date" or None), ``startdt`` and
        ``stopdt``, like freqtrade's TimeRange. Both ends are included.
    :param df_date_col: name of the date column.
    :param startup_candles: unless 0, that many rows are dropped in place of the start date.
    :return: the rows, with their index labels.
    :raise InvalidInputError: for a missing date column.
    """
    if startup_candles:
        df = df.iloc[startup_candles:, :]
    elif timerange.starttype == "date":
        require_columns(df, (df_date_col,), "df")
        df = df.loc[df[df_date_col] >= timerange.startdt, :]
    if timerange.stoptype == "date":
        require_columns(df, (df_date_col,), "df")
        df = df.loc[df[df_date_col] <= timerange.stopdt, :]
    return df


def trim_dataframes(
    preprocessed: dict[str, pd.DataFrame], timerange: Any, startup_candles: int
) -> dict[str, pd.DataFrame]:
    """:func:`trim_dataframe` for every pair; pairs without rows left are dropped with a warning.

    Identical to ``freqtrade.data.converter.trim_dataframes``.

    :param preprocessed: frame by pair.
    :param timerange: as for :func:`trim_dataframe`.
    :param startup_candles: as for :func:`trim_dataframe`.
    :return: trimmed frame by pair.
    """
    trimmed = {}
    for pair, frame in preprocessed.items():
        rows = trim_dataframe(frame, timerange, startup_candles=startup_candles)
        if rows.empty:
            logger.warning(
                f"{pair} has no data left after adjusting for startup candles, skipping."
            )
        else:
            trimmed[pair] = rows
    return trimmed
