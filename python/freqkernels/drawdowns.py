"""Drawdowns and cumulative profit of trades, with freqtrade's names, signatures and results.

As in :mod:`freqkernels.metrics`, which has these functions, too, a body is the exact definition in
pandas, and the fast function in front of it answers where it promises the same result to the last
bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels._frames import (
    NO_DATE,
    Dates,
    column_of,
    dates_in,
    dates_of,
    floats_of,
    plain_frame,
    require_columns,
)
from freqkernels.errors import InvalidInputError
from freqkernels.runtime import Support, accelerate, kernel, refuse
from freqkernels.timeframes import fixed_step_seconds, timeframe_to_resample_freq

_date_order = kernel("ohlcv", "date_order")
_drawdown_series = kernel("metrics", "drawdown_series")
_UNSORTED, _STRICTLY_INCREASING = 0, 2
_DAY_SECONDS = 86_400
Floats = NDArray[np.float64]


@dataclass
class DrawDownResult:
    """The largest drawdown and the one at the end, as ``freqtrade.data.metrics.DrawDownResult``.

    :param drawdown_abs: distance from the highest to the lowest cumulative profit after it.
    :param high_date: when that height was reached.
    :param low_date: when that low was reached.
    :param high_value: cumulative profit at that height.
    :param low_value: cumulative profit at that low.
    :param relative_account_drawdown: the distance in parts of the balance at that height.
    :param current_high_date: when the highest cumulative profit before the last trade was reached.
    :param current_high_value: highest cumulative profit.
    :param current_drawdown_abs: distance from there to the cumulative profit at the end.
    :param current_relative_account_drawdown: that in parts of the balance.
    """

    drawdown_abs: float = 0.0
    high_date: Any = None
    low_date: Any = None
    high_value: float = 0.0
    low_value: float = 0.0
    relative_account_drawdown: float = 0.0
    current_high_date: Any = None
    current_high_value: float = 0.0
    current_drawdown_abs: float = 0.0
    current_relative_account_drawdown: float = 0.0


class Series(NamedTuple):
    """Profits of trades in the order of time, added up; each array begins with a row of zeros.

    :param moments: dates of the trades in order, without such a row.
    :param cumulative: profit so far.
    :param high: the highest so far, zero at least.
    :param drawdown: distance between the two, zero or less.
    :param relative: that in parts of the balance.
    """

    moments: Any
    cumulative: Floats
    high: Floats
    drawdown: Floats
    relative: Floats


def _series_of(
    trades: Any, date_col: Any, value_col: Any, starting_balance: Any
) -> Series | Support:
    unusable = plain_frame(trades, "trades")
    if unusable is not None:
        return unusable
    dates, values = dates_of(trades, date_col), floats_of(trades, value_col)
    if isinstance(dates, Support):
        return dates
    if isinstance(values, Support):
        return values
    if not isinstance(starting_balance, (int, float)) or not 0 <= starting_balance < np.inf:
        return refuse("starting_balance is no number, negative or infinite")
    if not dates.usable:
        return refuse(NO_DATE)
    moments = trades[date_col].array
    if _date_order(dates.values) != _STRICTLY_INCREASING:
        order = moments.argsort(kind="quicksort")  # as sort_values, unstable as it is
        moments, values = moments[order], values[order]
    columns = np.empty((4, len(values) + 1))
    if not _drawdown_series(values, float(starting_balance), *columns):
        return refuse("a profit or a balance is not finite, or the first profits are -0.0")
    return Series(moments, *columns)


def fast_underwater(
    trades: Any,
    *,
    date_col: Any = "close_date",
    value_col: Any = "profit_ratio",
    starting_balance: Any = 0.0,
) -> pd.DataFrame | Support:
    """Fast path of :func:`calculate_underwater`."""
    series = _series_of(trades, date_col, value_col, starting_balance)
    if isinstance(series, Support):
        return series
    # pandas chooses the unit of the row of zeros by itself.
    if pd.Series([series.moments[0]]).dtype != series.moments.dtype:
        return refuse("the unit of the dates is not the one that pandas gives to a single date")
    first_twice = np.arange(-1, len(series.moments)).clip(0)
    dates = series.moments.take(first_twice)
    columns = {
        "cumulative": series.cumulative,
        "high_value": series.high,
        "drawdown": series.drawdown,
        "drawdown_relative": series.relative,
    }
    return pd.DataFrame({**columns, "date": dates}, copy=False)


def max_drawdown(
    trades: Any,
    date_col: Any,
    value_col: Any,
    starting_balance: Any,
    relative: Any,
    kind: Any = DrawDownResult,
) -> Any:
    """The fields of :class:`DrawDownResult` in a class of that kind, or why not.

    :param kind: called with the fields by name; for the others see :func:`calculate_max_drawdown`.
    """
    series = _series_of(trades, date_col, value_col, starting_balance)
    if isinstance(series, Support):
        return series
    moments, cumulative, high, drawdown, distance = series
    low = int(np.nanargmax(distance) if relative else drawdown.argmin())
    top = int(high[: low + 1].argmax())
    current_top = int(high[:-1].argmax())
    return kind(
        drawdown_abs=abs(drawdown[low]),
        high_date=moments[max(top - 1, 0)],
        low_date=moments[max(low - 1, 0)],
        high_value=cumulative[top],
        low_value=cumulative[low],
        relative_account_drawdown=distance[low],
        current_high_date=moments[max(current_top - 1, 0)],
        current_high_value=high[-1],
        current_drawdown_abs=high[-1] - cumulative[-1],
        current_relative_account_drawdown=distance[-1],
    )


def fast_max_drawdown(
    trades: Any,
    *,
    date_col: Any = "close_date",
    value_col: Any = "profit_abs",
    starting_balance: Any = 0,
    relative: Any = False,
) -> DrawDownResult | Support:
    """Fast path of :func:`calculate_max_drawdown`."""
    result: DrawDownResult | Support = max_drawdown(
        trades, date_col, value_col, starting_balance, relative
    )
    return result


def _require_trades(trades: Any, dates: tuple[str, ...], values: str) -> None:
    require_columns(trades, (*dates, values), "trades")
    if len(trades) == 0:
        raise InvalidInputError("trades: Trade dataframe empty.")
    for name in dates:
        if not pd.api.types.is_datetime64_any_dtype(trades[name].dtype):
            raise InvalidInputError(f"trades: column {name!r} is {trades[name].dtype}, not dates")
    if not pd.api.types.is_numeric_dtype(trades[values].dtype):
        raise InvalidInputError(f"trades: column {values!r} is {trades[values].dtype}, no numbers")


def _calc_drawdown_series(
    ordered: pd.DataFrame, date_col: str, value_col: str, starting_balance: float
) -> pd.DataFrame:
    """Drawdown after each trade, and before the first one; exact definition in pandas."""
    cumulative = ordered[value_col].cumsum()
    high = np.maximum(0, cumulative.cummax())
    if starting_balance:
        top = starting_balance + high
        relative = (top - (starting_balance + cumulative)) / top
    else:
        relative = (high - cumulative) / high
    columns = {
        "cumulative": cumulative,
        "high_value": high,
        "drawdown": cumulative - high,
        "drawdown_relative": relative,
    }
    before = {name: [0.0] for name in columns}
    return pd.concat(
        [
            pd.DataFrame({**before, "date": [ordered[date_col].iloc[0]]}),
            pd.DataFrame({**columns, "date": ordered[date_col]}),
        ],
        ignore_index=True,
    )


@accelerate(fast_underwater)
def calculate_underwater(
    trades: pd.DataFrame,
    *,
    date_col: str = "close_date",
    value_col: str = "profit_ratio",
    starting_balance: float = 0.0,
) -> pd.DataFrame:
    """Cumulative profit and drawdown after each trade, in the order of their dates.

    Identical to ``freqtrade.data.metrics.calculate_underwater`` (of freqtrade 2026.3 and later;
    earlier releases have no row of zeros).

    :param trades: one row a trade; columns ``date_col`` (datetime), ``value_col`` (numbers).
    :param date_col: by which they are ordered; at one date as ``sort_values`` leaves them.
    :param value_col: profit of each.
    :param starting_balance: drawdowns are relative to the highest balance; without one (0) to
        the highest profit.
    :return: columns ``cumulative``, ``high_value``, ``drawdown``, ``drawdown_relative``
        (float64), ``date``; the first row is that before any trade.
    :raise InvalidInputError: for missing columns, other types, or no trades.
    """
    _require_trades(trades, (date_col,), value_col)
    ordered = trades.sort_values(date_col).reset_index(drop=True)
    return _calc_drawdown_series(ordered, date_col, value_col, starting_balance)


@accelerate(fast_max_drawdown)
def calculate_max_drawdown(
    trades: pd.DataFrame,
    *,
    date_col: str = "close_date",
    value_col: str = "profit_abs",
    starting_balance: float = 0,
    relative: bool = False,
) -> DrawDownResult:
    """The largest drawdown, and the one at the end.

    Identical to ``freqtrade.data.metrics.calculate_max_drawdown`` (of freqtrade 2026.3 and later),
    but for the class of the result, which has the same fields.

    :param trades: as for :func:`calculate_underwater`.
    :param date_col: as for :func:`calculate_underwater`.
    :param value_col: as for :func:`calculate_underwater`.
    :param starting_balance: as for :func:`calculate_underwater`.
    :param relative: the largest in parts of the balance, not by itself.
    :return: both drawdowns.
    :raise InvalidInputError: as :func:`calculate_underwater`.
    """
    _require_trades(trades, (date_col,), value_col)
    ordered = trades.sort_values(date_col).reset_index(drop=True)
    series: Any = _calc_drawdown_series(ordered, date_col, value_col, starting_balance)
    low = series["drawdown_relative"].idxmax() if relative else series["drawdown"].idxmin()
    top = series["high_value"].iloc[: low + 1].idxmax()
    current_top = series["high_value"].iloc[:-1].idxmax()
    end = series.iloc[-1]
    return DrawDownResult(
        drawdown_abs=abs(series.at[low, "drawdown"]),
        high_date=ordered.at[max(top - 1, 0), date_col],
        low_date=ordered.at[max(low - 1, 0), date_col],
        high_value=series.at[top, "cumulative"],
        low_value=series.at[low, "cumulative"],
        relative_account_drawdown=series.at[low, "drawdown_relative"],
        current_high_date=ordered.at[max(current_top - 1, 0), date_col],
        current_high_value=end["high_value"],
        current_drawdown_abs=end["high_value"] - end["cumulative"],
        current_relative_account_drawdown=end["drawdown_relative"],
    )


def fast_csum(trades: Any, starting_balance: Any = 0) -> tuple[float, float] | Support:
    """Fast path of :func:`calculate_csum`."""
    unusable = plain_frame(trades, "trades")
    if unusable is not None:
        return unusable
    profits = column_of(trades, "profit_abs")
    if isinstance(profits, Support):
        return profits
    cumulative = profits.cumsum()
    return cumulative.min() + starting_balance, cumulative.max() + starting_balance


@accelerate(fast_csum)
def calculate_csum(trades: pd.DataFrame, starting_balance: float = 0) -> tuple[float, float]:
    """Lowest and highest balance after a trade, in the order of the rows.

    Identical to ``freqtrade.data.metrics.calculate_csum``.

    :param trades: one row a trade; column ``profit_abs`` (numbers).
    :param starting_balance: balance before the first trade.
    :return: lowest, highest.
    :raise InvalidInputError: for a missing column, another type, or no trades.
    """
    _require_trades(trades, (), "profit_abs")
    cumulative = trades["profit_abs"].cumsum()
    return cumulative.min() + starting_balance, cumulative.max() + starting_balance


def fast_cum_profit(df: Any, trades: Any, col_name: Any, timeframe: Any) -> pd.DataFrame | Support:
    """Fast path of :func:`create_cum_profit`: only periods in which a trade closed are made."""
    seconds = fixed_step_seconds(timeframe)
    if seconds is None:
        return refuse(f"timeframe {timeframe!r} has no fixed length")
    unusable = plain_frame(trades, "trades") or plain_frame(df, "df")
    if unusable is not None:
        return unusable
    closed, profits = dates_of(trades, "close_date"), floats_of(trades, "profit_abs")
    if isinstance(closed, Support):
        return closed
    if isinstance(profits, Support):
        return profits
    candles = _candle_dates(df, col_name)
    if isinstance(candles, Support):
        return candles
    if not candles.same_kind(closed):
        return refuse("close_date and the index of df differ in unit or time zone")
    if not closed.usable:
        return refuse(NO_DATE)
    column = _cumulated_at(candles.values, closed, profits, seconds * closed.per_second)
    if isinstance(column, Support):
        return column
    df[col_name] = column
    result: pd.DataFrame = df
    return result


def _candle_dates(df: pd.DataFrame, col_name: Any) -> Dates | Support:
    """The dates of candles that can get a column of this name."""
    if type(col_name) is not str or col_name in df.columns or not df.columns.is_unique:
        return refuse("col_name is no text, or df has such a column, or two of one name")
    dates = dates_in(df.index.to_series(), "date")
    if isinstance(dates, Support):
        return dates
    if not dates.usable or _date_order(dates.values) != _STRICTLY_INCREASING:
        return refuse("the dates of df are not strictly increasing")
    return dates


def _cumulated_at(
    dates: NDArray[np.int64], closed: Dates, profits: Floats, step: int
) -> Floats | Support:
    """Profit up to each of these dates, told only where a period begins, else the one before."""
    moments = closed.values
    if _date_order(moments) == _UNSORTED:
        order = np.argsort(moments, kind="stable")
        moments, profits = moments[order], profits[order]
    day = _DAY_SECONDS * closed.per_second
    midnight = int(moments[0]) // day * day  # from which pandas counts the periods
    numbers = (moments - midnight) // step
    begins = np.diff(numbers, prepend=-1) != 0
    numbers = numbers[begins]
    groups: Any = pd.Categorical.from_codes(
        np.cumsum(begins) - 1, categories=pd.RangeIndex(len(numbers)), validate=False
    )
    # How it adds up groups is pandas' own affair, which changes from release to release.
    sums = pd.Series(profits).groupby(groups, observed=False).sum().to_numpy()
    with np.errstate(all="ignore"):
        cumulative = sums.cumsum()
    if not np.isfinite(cumulative).all() or np.signbit(cumulative[cumulative == 0.0]).any():
        return refuse("a profit is not finite, or the first profits are -0.0")
    periods, within = np.divmod(dates - midnight, step)
    known = (within == 0) & (periods >= numbers[0]) & (periods <= numbers[-1])
    column = np.zeros(len(dates))
    column[known] = cumulative[np.searchsorted(numbers, periods[known], side="right") - 1]
    known[0] = True
    column[0] = 0.0
    filled: Floats = column[np.maximum.accumulate(np.where(known, np.arange(len(dates)), 0))]
    return filled


@accelerate(fast_cum_profit)
def create_cum_profit(
    df: pd.DataFrame, trades: pd.DataFrame, col_name: str, timeframe: str
) -> pd.DataFrame:
    """Add the cumulative profit of trades to candles.

    Identical to ``freqtrade.data.metrics.create_cum_profit``. The first candle gets 0, and a
    candle that does not begin a period between the first and the last trade the value before it.

    :param df: candles, the index being their dates; it gets the column.
    :param trades: one row a trade; columns ``close_date`` (datetime), ``profit_abs`` (numbers).
    :param col_name: name of the column.
    :param timeframe: length of a period, for example "5m".
    :return: ``df``.
    :raise InvalidInputError: for missing columns, other types, no trades or candles, or no
        timeframe.
    """
    _require_trades(trades, ("close_date",), "profit_abs")
    if not isinstance(df, pd.DataFrame) or len(df) == 0:
        raise InvalidInputError("df: expected at least one candle")
    period = timeframe_to_resample_freq(timeframe)
    sums = trades.resample(period, on="close_date")[["profit_abs"]].sum()
    df.loc[:, col_name] = sums["profit_abs"].cumsum()
    df.loc[df.index[0], col_name] = 0
    df[col_name] = df[col_name].ffill()
    return df
