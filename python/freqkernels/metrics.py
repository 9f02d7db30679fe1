"""Trade and market metrics, with freqtrade's names, signatures and results.

Each public function is the exact definition in pandas with a fast function in front of it (see
:mod:`freqkernels.runtime.dispatch`): the fast function answers where it promises the same result
to the last bit, the body you read here everywhere else. Inside freqtrade the same fast functions
stand before freqtrade's own code.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels._frames import (
    FLOAT64,
    NAT,
    NO_DATE,
    PANDAS_3,
    Dates,
    column_of,
    date_range,
    dates_of,
    floats_of,
    plain_frame,
    require_columns,
    require_dates,
)
from freqkernels.drawdowns import DrawDownResult as DrawDownResult
from freqkernels.drawdowns import calculate_csum as calculate_csum
from freqkernels.drawdowns import calculate_max_drawdown as calculate_max_drawdown
from freqkernels.drawdowns import calculate_underwater as calculate_underwater
from freqkernels.drawdowns import create_cum_profit as create_cum_profit
from freqkernels.errors import InvalidInputError
from freqkernels.runtime import Support, accelerate, kernel, refuse, threads_for
from freqkernels.timeframes import fixed_step_seconds, timeframe_to_resample_freq

logger = logging.getLogger(__name__)

_trade_span = kernel("metrics", "trade_span")
_open_trade_counts = kernel("metrics", "open_trade_counts")
_valid_span = kernel("metrics", "valid_span")
_valid_span_since = kernel("metrics", "valid_span_since")
_rel_mean = kernel("metrics", "rel_mean")
_row_mean = kernel("metrics", "row_mean")

_REL_MEAN_NS_PER_VALUE = 3.0
_MEAN_NS_PER_VALUE = 1.0
_DAY_SECONDS = 86_400
# Two things that pandas does differently before version 3: the unit of a range of dates, and
# whether a range from a date to the same one, end excluded, is empty.
_MOMENT = pd.Timestamp(0).as_unit("s")
_RANGES_KEEP_UNIT = pd.date_range(_MOMENT, periods=1, freq="1s").unit == "s"
_INSTANT_PERIODS = len(pd.date_range(_MOMENT, _MOMENT, freq="1s", inclusive="left"))


def fast_trade_parallelism(trades: Any, timeframe: Any) -> pd.DataFrame | Support:
    """Fast path of :func:`analyze_trade_parallelism`."""
    seconds = fixed_step_seconds(timeframe)
    if seconds is None:
        return refuse(f"timeframe {timeframe!r} has no fixed length")
    unusable = plain_frame(trades, "trades")
    if unusable is not None:
        return unusable
    opened, closed = dates_of(trades, "open_date"), dates_of(trades, "close_date")
    if isinstance(opened, Support):
        return opened
    if isinstance(closed, Support):
        return closed
    pairs = column_of(trades, "pair")
    if isinstance(pairs, Support):
        return pairs
    if not opened.same_kind(closed):
        return refuse("open_date and close_date differ in unit or time zone")
    if not (opened.usable and closed.usable):
        return refuse(NO_DATE)
    if "date" in trades.columns:
        return refuse("the trades have a column date of their own")
    return _open_trades(opened, closed, pairs.notna().to_numpy().view(np.uint8), seconds)


def _open_trades(
    opened: Dates, closed: Dates, counted: NDArray[np.uint8], seconds: int
) -> pd.DataFrame | Support:
    step = seconds * opened.per_second
    first, last = _trade_span(opened.values, closed.values, step, _INSTANT_PERIODS)
    if last < first:
        return refuse("no trade lasts")
    # pandas anchors the periods at the midnight before the first date.
    day = _DAY_SECONDS * opened.per_second
    midnight = first // day * day
    start = midnight + (first - midnight) // step * step
    counts = np.empty((last - start) // step + 1, dtype=np.int64)
    counted = np.ascontiguousarray(counted)
    spans = (opened.values, closed.values, counted, start, step, _INSTANT_PERIODS)
    _open_trade_counts(*spans, counts)
    index = date_range(
        start, len(counts), f"{seconds}s", opened.naive(), None if _RANGES_KEEP_UNIT else "ns"
    )
    return pd.DataFrame({"open_trades": counts}, index=index, copy=False)


@accelerate(fast_trade_parallelism)
def analyze_trade_parallelism(trades: pd.DataFrame, timeframe: str) -> pd.DataFrame:
    """Number of trades open in each candle period, over the time in which any was open.

    Identical to ``freqtrade.data.btanalysis.analyze_trade_parallelism``. A trade counts in every
    period that begins, counted from its own opening in steps of the timeframe, before it closes.

    :param trades: one row a trade; columns ``pair``, ``open_date``, ``close_date`` (datetime).
    :param timeframe: length of a period, for example "5m".
    :return: int64 column ``open_trades``; index ``date``, naive UTC start of each period.
    :raise InvalidInputError: for missing columns, missing dates, no trades, or no timeframe.
    """
    require_columns(trades, ("pair", "open_date", "close_date"), "trades")
    if len(trades) == 0:
        raise InvalidInputError("trades: expected at least one trade, got none")
    require_dates(trades, "open_date", "trades")
    require_dates(trades, "close_date", "trades")
    freq = timeframe_to_resample_freq(timeframe)
    periods = [
        pd.date_range(opened, closed, freq=freq, inclusive="left").tz_localize(None)
        for opened, closed in zip(trades["open_date"], trades["close_date"], strict=True)
    ]
    dates = periods[0].append(periods[1:])
    pairs = np.repeat(trades["pair"].to_numpy(dtype=object), [len(span) for span in periods])
    open_trades = pd.Series(pairs, index=dates.rename("date"), name="open_trades")
    return open_trades.resample(freq).count().to_frame()


def evaluate_result_multi(
    trades: pd.DataFrame, timeframe: str, max_open_trades: float
) -> pd.DataFrame:
    """Periods in which more than ``max_open_trades`` trades were open.

    Identical to ``freqtrade.data.btanalysis.evaluate_result_multi``.

    :param trades: as for :func:`analyze_trade_parallelism`.
    :param timeframe: length of a period, for example "5m".
    :param max_open_trades: an int, or infinity.
    :return: the rows of :func:`analyze_trade_parallelism` above the limit.
    :raise InvalidInputError: as :func:`analyze_trade_parallelism`.
    """
    open_trades = analyze_trade_parallelism(trades, timeframe)
    return open_trades[open_trades["open_trades"] > max_open_trades]


def fast_market_change(
    data: Any,
    column: Any = "close",
    min_date: Any = None,
    *,
    _logger: logging.Logger = logger,
) -> float | Support:
    """Fast path of :func:`calculate_market_change`."""
    if not isinstance(data, dict):
        return refuse("data is not a dict")
    changes = []
    empty = []
    for pair, frame in data.items():
        change = _change_of(frame, column, min_date)
        if isinstance(change, Support):
            return change
        if change is None:
            empty.append(pair)
        else:
            changes.append(change)
    for pair in empty:
        _logger.warning(f"Pair {pair} has no data after {min_date}.")
    return float(np.mean(changes)) if changes else 0.0


def _change_of(frame: Any, column: Any, min_date: Any) -> float | Support | None:
    """Change of one pair; None when it has no rows since ``min_date``."""
    if frame.__class__ is not pd.DataFrame or len(frame) == 0:
        return refuse("a frame is empty or not a plain DataFrame")
    values = floats_of(frame, column)
    if isinstance(values, Support):
        return values
    if min_date is None:
        start, end = _valid_span(values)
    else:
        dates = dates_of(frame)
        if isinstance(dates, Support):
            return dates
        since = dates.ceil(min_date)
        if since is None:
            return refuse("min_date cannot be compared with the dates")
        start, end, dated = _valid_span_since(dates.values, values, since)
        if not dated:
            return None
    if start < 0:
        return refuse(f"column {column!r} of a pair has no values")
    first, last = float(values[start]), float(values[end])
    change = (last - first) / first if first else np.nan
    return change if np.isfinite(change) else refuse("a change is not finite")


@accelerate(fast_market_change)
def calculate_market_change(
    data: dict[str, pd.DataFrame], column: str = "close", min_date: datetime | None = None
) -> float:
    """Mean over all pairs of the relative change from the first to the last value.

    Identical to ``freqtrade.data.metrics.calculate_market_change``.

    :param data: frame by pair; missing values at either end are skipped.
    :param column: column to measure.
    :param min_date: rows before it do not count; needs a column ``date``.
    :return: for example 0.05 for 5 %; 0.0 when no pair has data.
    :raise InvalidInputError: for missing columns or a pair without any value.
    """
    changes = []
    for pair, frame in data.items():
        require_columns(frame, (column,) if min_date is None else (column, "date"), "data")
        used = frame if min_date is None else frame[frame["date"] >= min_date]
        if used.empty:
            logger.warning(f"Pair {pair} has no data after {min_date}.")
            continue
        values = used[column].dropna()
        if values.empty:
            raise InvalidInputError(f"data: column {column!r} of {pair} has no values")
        changes.append((values.iloc[-1] - values.iloc[0]) / values.iloc[0])
    return float(np.mean(changes)) if changes else 0.0


def _shared_dates(data: Any) -> tuple[pd.Index, Dates] | Support:
    """The date index that all frames have in common, row by row."""
    if not isinstance(data, dict) or not data:
        return refuse("data is no dict with frames")
    first: Dates | None = None
    for frame in data.values():
        unusable = plain_frame(frame, "a frame")
        if unusable is not None:
            return unusable
        dates = dates_of(frame)
        if isinstance(dates, Support):
            return dates
        if first is None:
            first = dates
        elif not dates.same_kind(first) or not _equal(dates.values, first.values):
            return refuse("the pairs have different dates")
    assert first is not None
    if first.values.min() == NAT:
        return refuse("a date is missing")
    # set_index itself makes the index, so that it is the one which freqtrade gets.
    return next(iter(data.values()))[["date"]].set_index("date").index, first


def _equal(left: NDArray[np.int64], right: NDArray[np.int64]) -> bool:
    if len(left) == len(right) and left.ctypes.data == right.ctypes.data:
        return True
    return np.array_equal(left, right)


def _columns_of(data: dict[Any, pd.DataFrame], column: Any, index: pd.Index) -> list[Any] | Support:
    """The column of each pair as a Series over the shared index, named after the pair."""
    columns = []
    for pair, frame in data.items():
        if pair.__class__ is not str:
            return refuse("a pair is no text")
        if column == "date" or pair == "date":
            return refuse("a column is named date")
        if pair != column and pair in frame.columns:
            return refuse("a frame has a column with the name of its pair")
        values = column_of(frame, column)
        if isinstance(values, Support):
            return values
        # A shallow copy shares memory the way pandas knows of: writing to either copies first.
        named = values.copy(deep=False)
        named.index = index
        named.name = pair
        columns.append(named)
    return columns


def fast_combine(data: Any, column: Any = "close") -> pd.DataFrame | Support:
    """Fast path of :func:`combine_dataframes_by_column`: no joining of equal dates."""
    shared = _shared_dates(data)
    if isinstance(shared, Support):
        return shared
    columns = _columns_of(data, column, shared[0])
    return columns if isinstance(columns, Support) else pd.concat(columns, axis=1)


@accelerate(fast_combine)
def combine_dataframes_by_column(
    data: dict[str, pd.DataFrame], column: str = "close"
) -> pd.DataFrame:
    """One column of all pairs side by side, joined by date.

    Identical to ``freqtrade.data.metrics.combine_dataframes_by_column``.

    :param data: frame by pair, each with ``date`` and ``column``.
    :param column: column to take.
    :return: one column a pair, index ``date``; NaN where a pair has no such date.
    :raise InvalidInputError: for missing columns, or no data at all (also a ValueError).
    """
    if not data:
        raise InvalidInputError("data: No data provided.")
    for frame in data.values():
        require_columns(frame, ("date", column), "data")
    return pd.concat(
        [
            frame.set_index("date").rename({column: pair}, axis=1)[pair]
            for pair, frame in data.items()
        ],
        axis=1,
    )


def fast_combine_with_mean(data: Any, column: Any = "close") -> pd.DataFrame | Support:
    """Fast path of :func:`combine_dataframes_with_mean`."""
    shared = _shared_dates(data)
    if isinstance(shared, Support):
        return shared
    index, _ = shared
    columns = _columns_of(data, column, index)
    if isinstance(columns, Support):
        return columns
    if len(index) < 2:
        return refuse("one row alone is summed in another way")
    if "mean" in data or any(values.dtype != FLOAT64 for values in columns):
        return refuse("a column is not float64, or a pair is named mean")
    mean = np.empty(len(index))
    arrays = [np.ascontiguousarray(values.to_numpy()) for values in columns]
    threads = threads_for(len(mean) * len(arrays) * _MEAN_NS_PER_VALUE)
    if not _row_mean(arrays, mean, threads):
        return refuse("a price is infinite")
    columns.append(pd.Series(mean, index=index, name="mean", copy=False))
    combined: pd.DataFrame = pd.concat(columns, axis=1)
    return combined


@accelerate(fast_combine_with_mean)
def combine_dataframes_with_mean(
    data: dict[str, pd.DataFrame], column: str = "close"
) -> pd.DataFrame:
    """One column of all pairs side by side, and their mean.

    Identical to ``freqtrade.data.metrics.combine_dataframes_with_mean``.

    :param data: as for :func:`combine_dataframes_by_column`.
    :param column: column to take.
    :return: as :func:`combine_dataframes_by_column`, with a last column ``mean``.
    :raise InvalidInputError: as :func:`combine_dataframes_by_column`.
    """
    combined = combine_dataframes_by_column(data, column)
    return pd.concat([combined, combined.mean(axis=1).rename("mean")], axis=1)


def fast_rel_mean(
    data: Any, fromdt: Any, todt: Any, column: Any = "close"
) -> pd.DataFrame | Support:
    """Fast path of :func:`combined_dataframes_with_rel_mean`: one pass over all pairs."""
    shared = _shared_dates(data)
    if isinstance(shared, Support):
        return shared
    index, dates = shared
    low, high = dates.ceil(fromdt), dates.ceil(todt)
    if low is None or high is None:
        return refuse("fromdt or todt cannot be compared with the dates")
    if not bool((dates.values[1:] > dates.values[:-1]).all()):
        return refuse("the dates are not strictly increasing")
    start, stop = np.searchsorted(dates.values, [low, high]).tolist()
    if stop < start + 2:
        return refuse("less than two rows lie between fromdt and todt")
    columns = []
    for pair, frame in data.items():
        if pair != column and pair in frame.columns:
            return refuse("a frame has a column with the name of its pair")
        values = floats_of(frame, column)
        if isinstance(values, Support):
            return values
        if not PANDAS_3 and np.isnan(values).any():
            return refuse("before version 3, pandas fills missing values in changes")
        columns.append(values[start:stop])
    return _rel_mean_frame(columns, index[start:stop])


def _rel_mean_frame(columns: list[NDArray[np.float64]], index: pd.Index) -> pd.DataFrame | Support:
    rows = len(index)
    mean, change = np.empty(rows), np.empty(rows)
    count = np.empty(rows, dtype=np.int64)
    threads = threads_for(rows * len(columns) * _REL_MEAN_NS_PER_VALUE)
    if not _rel_mean(columns, mean, change, count, threads):
        return refuse("a price is infinite or a change divides by zero")
    return pd.DataFrame({"mean": mean, "rel_mean": change, "count": count}, index=index)


@accelerate(fast_rel_mean)
def combined_dataframes_with_rel_mean(
    data: dict[str, pd.DataFrame], fromdt: datetime, todt: datetime, column: str = "close"
) -> pd.DataFrame:
    """Mean over all pairs, its cumulated relative change, and the number of pairs.

    Identical to ``freqtrade.data.metrics.combined_dataframes_with_rel_mean`` (of freqtrade
    2026.6 and later; earlier releases define it otherwise).

    :param data: as for :func:`combine_dataframes_by_column`.
    :param fromdt: first date that counts.
    :param todt: first date that does not count any more.
    :param column: column to take.
    :return: columns ``mean``, ``rel_mean`` (float64) and ``count`` (int64), index ``date``.
    :raise InvalidInputError: as :func:`combine_dataframes_by_column`.
    """
    combined = combine_dataframes_by_column(data, column)
    used = combined.iloc[(combined.index >= fromdt) & (combined.index < todt)]
    change = used.pct_change().mean(axis=1).fillna(0)
    return pd.DataFrame(
        {"mean": used.mean(axis=1), "rel_mean": change.cumsum(), "count": used.count(axis=1)}
    )
