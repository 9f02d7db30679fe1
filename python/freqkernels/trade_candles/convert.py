"""Candles of one timeframe from trades, with freqtrade's name, signature and result.

As in :mod:`freqkernels.ohlcv`, the body of :func:`trades_to_ohlcv` is the exact definition in
pandas, and the fast function in front of it answers where it promises the same result to the last
bit.

Volumes are sums, and how pandas adds up a group is its own affair: with compensation (Kahan) up
to 3.0, from 3.1 on like ``numpy.add.reduceat`` unless an amount is missing. Both are here, and
:func:`addition_of_pandas` looks which of them the installed pandas does.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels._frames import (
    NO_DATE,
    Dates,
    date_range,
    dates_of,
    floats_of,
    plain_frame,
    require_columns,
    require_dates,
)
from freqkernels.errors import InvalidInputError
from freqkernels.runtime import Support, accelerate, kernel, refuse
from freqkernels.timeframes import fixed_step_seconds, timeframe_to_resample_freq

_date_order = kernel("ohlcv", "date_order")
_trade_prices = kernel("trade_candles", "trade_prices")
_join_prices = kernel("trade_candles", "join_prices")
_compensated_sums = kernel("trade_candles", "compensated_sums")

NUMPY, COMPENSATED = "numpy", "compensated"
_UNSORTED = 0
_DAY_SECONDS = 86_400
_COLUMNS = ("open", "high", "low", "close", "volume")
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Trades(NamedTuple):
    """The columns of sorted trades.

    :param dates: when each was made.
    :param prices: at which price, contiguous float64.
    :param amounts: how much, contiguous float64.
    """

    dates: Dates
    prices: Floats
    amounts: Floats


class Prices(NamedTuple):
    """Candles without their volumes.

    :param dates: begin of each, int64.
    :param rows: first trade of each, int64.
    :param values: rows open, high, low, close.
    """

    dates: Integers
    rows: Integers
    values: Floats


@cache
def addition_of_pandas() -> str:
    """How the installed pandas adds up the floats of a period, none of them NaN.

    :return: "numpy", "compensated", or "" if in neither way.
    """
    values = np.sin(np.arange(1.0, 1001.0)) * 1000.0
    index = pd.to_datetime(np.arange(len(values)), unit="ms")
    found = float(pd.Series(values, index=index).resample("60s").sum().iloc[0])
    start = np.zeros(1, dtype=np.int64)
    if found == np.add.reduceat(values, start)[0]:
        return NUMPY
    return COMPENSATED if found == compensated(values, start)[0] else ""


def compensated(values: Floats, rows: Integers) -> Floats:
    """Sums from each row to the next, NaN skipped, as pandas adds them with compensation."""
    sums = np.empty(len(rows))
    _compensated_sums(values, rows, 0.0, 0.0, sums)
    return sums


def trades_of(trades: pd.DataFrame) -> Trades | Support:
    """The columns of trades in the order of time, or why they cannot be used."""
    dates = dates_of(trades)
    prices, amounts = floats_of(trades, "price"), floats_of(trades, "amount")
    if isinstance(dates, Support):
        return dates
    if isinstance(prices, Support):
        return prices
    if isinstance(amounts, Support):
        return amounts
    if _date_order(dates.values) == _UNSORTED:
        return refuse("the dates are not sorted")
    if not Dates(dates.values[[0, -1]], dates.unit, dates.tz).usable:
        return refuse(NO_DATE)
    return Trades(dates, prices, amounts)


def midnight_before(dates: Dates) -> int:
    """Where pandas anchors the periods: the midnight before the first date."""
    day = _DAY_SECONDS * dates.per_second
    return int(dates.values[0]) // day * day


def prices_of(trades: Trades, anchor: int, step: int) -> Prices:
    """Candles without volumes of at least one trade.

    :param trades: in the order of time.
    :param anchor: a date on the grid of periods, not after the first trade.
    :param step: length of a period in the unit of the dates.
    """
    dates = trades.dates.values
    first, begins, rows, values = _room(dates, anchor, step)
    count = _trade_prices(dates, trades.prices, first, step, begins, rows, values)
    return Prices(begins[:count], rows[:count], values[:, :count])


def joined_prices(shorter: Prices, anchor: int, step: int) -> Prices:
    """The same from the candles of periods of which some make one of these.

    :param shorter: of the same trades and the same anchor.
    :param anchor: as for :func:`prices_of`.
    :param step: a multiple of theirs.
    """
    first, begins, rows, values = _room(shorter.dates, anchor, step)
    prices = np.ascontiguousarray(shorter.values)
    count = _join_prices(shorter.dates, shorter.rows, prices, first, step, begins, rows, values)
    return Prices(begins[:count], rows[:count], values[:, :count])


def _room(dates: Integers, anchor: int, step: int) -> tuple[int, Integers, Integers, Floats]:
    """Begin of the first period, and arrays for as many as there can be."""
    first = anchor + (int(dates[0]) - anchor) // step * step
    most = min(len(dates), (int(dates[-1]) - first) // step + 1)
    return (
        first,
        np.empty(most, dtype=np.int64),
        np.empty(most, dtype=np.int64),
        np.empty((4, most)),
    )


def fast_trades_to_ohlcv(trades: Any, timeframe: Any) -> pd.DataFrame | Support:
    """Fast path of :func:`trades_to_ohlcv`."""
    seconds = fixed_step_seconds(timeframe)
    if seconds is None:
        return refuse(f"timeframe {timeframe!r} has no fixed length")
    unusable = plain_frame(trades, "trades")
    if unusable is not None:
        return unusable
    columns = trades_of(trades)
    if isinstance(columns, Support):
        return columns
    addition = addition_of_pandas()
    if not addition:
        return refuse("this pandas adds in a way of its own")
    dates = columns.dates
    prices = prices_of(columns, midnight_before(dates), seconds * dates.per_second)
    # The least of values is NaN if one of them is: then every version of pandas compensates.
    if addition == NUMPY and not np.isnan(columns.amounts.min()):
        with np.errstate(all="ignore"):
            volumes = np.add.reduceat(columns.amounts, prices.rows)
    else:
        volumes = compensated(columns.amounts, prices.rows)
    if not np.isfinite(volumes).all():
        return refuse("a volume is not finite")
    frame = frame_of(dates, seconds, prices.dates, prices.values, volumes)
    return refuse("no trade has a price") if frame.empty else frame


def frame_of(
    kind: Dates, seconds: int, dates: Integers, prices: Floats, volumes: Floats
) -> pd.DataFrame:
    """Candles as freqtrade leaves them, those with missing values left out.

    :param kind: gives unit and time zone of the dates.
    :param seconds: length of a period.
    :param dates: begin of each candle.
    :param prices: rows open, high, low, close.
    :param volumes: one a candle.
    """
    columns = [*prices, volumes]
    missing = np.isnan(prices[0]) | np.isnan(volumes)
    if missing.any():
        dates, columns = dates[~missing], [column[~missing] for column in columns]
    date = _index(Dates(dates.copy(), kind.unit, kind.tz))
    named = zip(_COLUMNS, map(np.ascontiguousarray, columns), strict=True)
    index = _index_with_freq(Dates(dates, kind.unit, kind.tz), seconds)
    return pd.DataFrame({"date": date, **dict(named)}, index=index, copy=False)


def _index(dates: Dates) -> pd.DatetimeIndex:
    index = pd.DatetimeIndex(dates.values.view(f"M8[{dates.unit}]"), name="date", copy=False)
    return index if dates.tz is None else index.tz_localize(dates.tz)


def _index_with_freq(dates: Dates, seconds: int) -> pd.DatetimeIndex:
    """pandas keeps the frequency of periods when it takes every one, or every so many."""
    steps = np.diff(dates.values)
    if len(dates.values) == 0:
        return pd.DatetimeIndex(_index(dates), freq=f"{seconds}s")
    if not (steps == steps[:1]).all():
        return _index(dates)
    apart = int(steps[0]) // dates.per_second if len(steps) else seconds
    return date_range(int(dates.values[0]), len(dates.values), f"{apart}s", dates)


@accelerate(fast_trades_to_ohlcv)
def trades_to_ohlcv(trades: pd.DataFrame, timeframe: str) -> pd.DataFrame:
    """Candles of a timeframe from trades.

    Identical to ``freqtrade.data.converter.trades_to_ohlcv``. Periods without trades are left
    out. A missing price or amount is passed over; a period without any price is left out, too.

    :param trades: one row a trade; columns ``date`` (datetime), ``price``, ``amount`` (float64).
    :param timeframe: for example "5m".
    :return: columns ``date``, ``open``, ``high``, ``low``, ``close``, ``volume``; the index is
        the date, too.
    :raise InvalidInputError: for missing columns or dates, no trades, or no timeframe.
    """
    require_columns(trades, ("date", "price", "amount"), "trades")
    if trades.empty:
        raise InvalidInputError("trades: Trade-list empty.")
    require_dates(trades, "date", "trades")
    for name in ("price", "amount"):
        if not pd.api.types.is_numeric_dtype(trades[name].dtype):
            raise InvalidInputError(f"trades: column {name!r} is {trades[name].dtype}, no numbers")
    period = timeframe_to_resample_freq(timeframe)
    dated = trades.set_index("date")
    candles = dated["price"].resample(period).ohlc()
    candles["volume"] = dated["amount"].resample(period).sum()
    candles.insert(0, "date", candles.index)
    return candles.dropna()
