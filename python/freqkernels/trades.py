"""Arithmetic of many trades at once, with the bits of freqtrade's ``LocalTrade``.

:func:`calculate_pnl` says what trades earned, :func:`apply_stoploss` where a stop ends them and
how it moves on the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels._trade_columns import (
    Argument,
    Floats,
    columns_of,
    flags,
    floats,
    integers,
    require,
    require_amounts,
    require_positive,
)
from freqkernels.errors import InvalidInputError
from freqkernels.runtime import kernel, threads_for

__all__ = ["Profits", "StopTouch", "apply_stoploss", "calculate_pnl"]

_profits = kernel("trades", "profits")
_first_touches = kernel("trades", "first_touches")
_stop_paths = kernel("trades", "stop_paths")

_PROFIT_NS_PER_TRADE = 2.5
_STOP_NS_PER_ROW = 1.5
#: Smaller fees would make numbers that are too long for exact arithmetic.
_LEAST_FEE = 1e-40


class Profits(NamedTuple):
    """What trades earned.

    :param profit_abs: in stake currency, 8 decimals.
    :param profit_ratio: of the stake, leverage included, 8 decimals: 0.05 is 5 %.
    """

    profit_abs: Any
    profit_ratio: Any


class StopTouch(NamedTuple):
    """Where a stop was touched.

    :param row: of the prices, counted from 0; -1 if nothing touched the stop.
    :param rate: the stop at that moment; NaN if nothing touched it.
    :param path: the stop that each row met, None if it was not asked for.
    """

    row: Any
    rate: Any
    path: Any = None


# ---- profits


def calculate_pnl(
    entry: Any,
    exit: Any,
    quantity: Any,
    fee: Any = 0.0,
    *,
    fee_open: Any = None,
    fee_close: Any = None,
    is_short: Any = False,
    leverage: Any = 1.0,
    funding_fees: Any = 0.0,
) -> Any:
    """What trades earned, fees and funding included.

    Identical to ``LocalTrade.calculate_profit`` of freqtrade 2026.9 for spot markets and futures:
    the values at entry and exit are exact in decimals and rounded to a float once, the profits have
    8 decimals. Interest of margin trading is not computed. Each argument is one value for all
    trades or one for each: an array, a list or a Series. Numbers are taken as float64.

    :param entry: open rates, above 0.
    :param exit: close rates.
    :param quantity: amounts in base currency, positive for short trades, too.
    :param fee: rate of the fees on both sides: 0.001 is 0.1 %.
    :param fee_open: rate of the fee at the entry, in place of ``fee``.
    :param fee_close: rate of the fee at the exit, in place of ``fee``.
    :param is_short: bool, whether a trade gains from falling rates.
    :param leverage: above 0; multiplies the ratio.
    :param funding_fees: in stake currency, earned if positive; 0 in spot markets.
    :return: :class:`Profits`, of floats if all arguments are single values, else of arrays; if one
        is a Series, a DataFrame with its index and with the columns ``profit_ratio`` and
        ``profit_abs``, named as in freqtrade's results.
    :raise InvalidInputError: for numbers that are missing, infinite or negative, an entry or
        leverage of 0, fees above 1 or (but for 0) below 1e-40, and lengths or indexes that differ.
    """
    opening = Argument("fee", fee) if fee_open is None else Argument("fee_open", fee_open)
    closing = Argument("fee", fee) if fee_close is None else Argument("fee_close", fee_close)
    arguments = (
        Argument("entry", entry),
        Argument("exit", exit),
        Argument("quantity", quantity),
        opening,
        closing,
        Argument("funding_fees", funding_fees),
        Argument("leverage", leverage),
        Argument("is_short", is_short, flags),
    )
    trades = columns_of(*arguments)
    absolute, ratio = np.empty(trades.count), np.empty(trades.count)
    threads = threads_for(trades.count * _PROFIT_NS_PER_TRADE)
    if _profits(*trades.columns, absolute, ratio, threads):
        _refuse_trades([each.name for each in arguments], trades.columns)
    if trades.is_single:
        return Profits(float(absolute[0]), float(ratio[0]))
    if trades.index is None:
        return Profits(absolute, ratio)
    columns = {"profit_ratio": ratio, "profit_abs": absolute}
    return pd.DataFrame(columns, index=trades.index, copy=False)


def _refuse_trades(names: list[str], columns: list[NDArray[Any]]) -> None:
    """Say which argument has numbers that no trade has."""
    for name, column in zip(names[:-1], columns[:-1], strict=True):
        if name in ("entry", "leverage"):
            require_positive(column, name)
        elif name == "funding_fees":
            require(column, np.isfinite(column), name, "finite numbers")
        elif name in ("exit", "quantity"):
            require_amounts(column, name)
        else:
            good = (column == 0) | ((column >= _LEAST_FEE) & (column <= 1))
            require(column, good, name, f"0, or {_LEAST_FEE} to 1")


# ---- stops


def apply_stoploss(
    prices: Any,
    stoploss: Any,
    entry: Any,
    trailing: bool = False,
    *,
    high: Any = None,
    low: Any = None,
    start: Any = 0,
    end: Any = None,
    is_short: Any = False,
    leverage: Any = 1.0,
    trailing_stop_positive: float | None = None,
    trailing_stop_positive_offset: float = 0.0,
    trailing_only_offset_is_reached: bool = False,
    fee: float = 0.0,
    path: bool = False,
) -> StopTouch:
    """Where trades touch their stops first, and how the stops move until then.

    Identical to ``LocalTrade.adjust_stop_loss`` in the order of ``IStrategy.ft_stoploss_reached``
    (freqtrade 2026.9, backtesting), without callbacks and without rounding to an exchange's grid.
    In each row, the stop of before is compared with the worse end of the candle (long: low); if it
    is not touched it trails the better end, and is compared again. Profits that are compared with
    the offset are those of an amount of 1, without funding fees.

    ``stoploss``, ``entry``, ``start``, ``end``, ``is_short`` and ``leverage`` are one value for all
    trades or one for each. Only rows up to the first touch are looked at.

    :param prices: closes, if there is neither ``high`` nor ``low``: an array or a Series. Or a
        DataFrame with the columns ``high`` and ``low``.
    :param stoploss: below 0: -0.1 is 10 % of the stake, hence 10 % / ``leverage`` of the rate.
    :param entry: open rates, above 0.
    :param trailing: freqtrade's ``trailing_stop``.
    :param high: of each row of ``prices``.
    :param low: of each row of ``prices``.
    :param start: first row of the trade, that of its entry.
    :param end: the row before which the trade ends otherwise; the end of the prices if absent.
    :param is_short: bool.
    :param leverage: above 0.
    :param trailing_stop_positive: distance above the offset; None: the one of ``stoploss``.
    :param trailing_stop_positive_offset: profit ratio above which that distance holds.
    :param trailing_only_offset_is_reached: whether the stop stays where it is below the offset.
    :param fee: rate of the fees on both sides, which the profit needs; below 1.
    :param path: whether to return the stop of every row as well.
    :return: row and rate of the touch: numbers if there is a single trade, else arrays, or Series
        if an argument of the trades is one. The path of a single trade has a row for each price,
        NaN outside of the trade, and is a Series if ``prices`` has an index; for many trades, it
        is a list of arrays from ``start`` to the last row of each.
    :raise InvalidInputError: for no prices, prices on the way that are missing, infinite or not
        above 0, a low above its high, rows outside of the prices, lengths or indexes that differ,
        and settings that freqtrade refuses.
    """
    candles = _candles_of(prices, high, low)
    rules = _rules_of(
        trailing,
        trailing_stop_positive,
        trailing_stop_positive_offset,
        trailing_only_offset_is_reached,
        fee,
    )
    trades = columns_of(
        Argument("start", start, integers),
        Argument("end", len(candles.low) if end is None else end, integers),
        Argument("entry", entry),
        Argument("stoploss", stoploss),
        Argument("leverage", leverage),
        Argument("is_short", is_short, flags),
    )
    columns = trades.spread()
    _require_stops(columns, len(candles.low))
    first, last = columns[:2]
    rows, rates = np.empty(trades.count, dtype=np.int64), np.empty(trades.count)
    threads = threads_for(float((last - first).sum()) * _STOP_NS_PER_ROW)
    _first_touches(candles.low, candles.high, *columns, *rules, rows, rates, threads)
    if (rows < -1).any():
        _refuse_candle(candles, *(int(ends[rows < -1][0]) for ends in (first, last)))
    paths = None
    if path:
        columns[1] = np.where(rows < 0, last, rows + 1)
        paths = _paths(candles, columns, rules, threads)
    if trades.is_single:
        whole = None if paths is None else candles.wrap(paths[0], int(first[0]))
        return StopTouch(int(rows[0]), float(rates[0]), whole)
    if trades.index is None:
        return StopTouch(rows, rates, paths)
    return StopTouch(
        pd.Series(rows, index=trades.index, name="row", copy=False),
        pd.Series(rates, index=trades.index, name="rate", copy=False),
        paths,
    )


@dataclass(frozen=True, slots=True)
class _Candles:
    """Rows with two ends, what they are called, and their index."""

    low: Floats
    high: Floats
    names: tuple[str, str]
    index: pd.Index | None

    def wrap(self, stops: Floats, start: int) -> Any:
        """A row for each candle."""
        column = np.full(len(self.low), np.nan)
        column[start : start + len(stops)] = stops
        return column if self.index is None else pd.Series(column, index=self.index, name="stop")


def _candles_of(prices: Any, high: Any, low: Any) -> _Candles:
    names = ("low", "high")
    if isinstance(prices, pd.DataFrame) and high is None and low is None:
        missing = [name for name in names if name not in prices.columns]
        if missing:
            raise InvalidInputError(f"prices: no column {', '.join(map(repr, missing))}")
        high, low = prices["high"], prices["low"]
        prices = high
    if (high is None) != (low is None):
        absent, present = names if low is None else names[::-1]
        raise InvalidInputError(f"{absent}: expected one, as there is {present}")
    closes = Argument("prices", prices)
    if high is None:
        trades = columns_of(closes)
        [column] = trades.columns
        candles = _Candles(column, column, ("prices", "prices"), trades.index)
    else:
        trades = columns_of(closes, Argument("low", low), Argument("high", high))
        candles = _Candles(trades.columns[1], trades.columns[2], names, trades.index)
    if trades.is_single or trades.count == 0:
        raise InvalidInputError("prices: expected at least one row of an array or a Series")
    if not len(candles.low) == len(candles.high) == trades.count:
        raise InvalidInputError(f"low, high: expected {trades.count} rows, as prices has")
    return candles


def _rules_of(
    trailing: Any, positive: Any, offset: Any, only_offset: Any, fee: Any
) -> tuple[bool, float, float, bool, float]:
    """The settings as kernels take them; what freqtrade's configuration refuses is refused."""
    names = ("trailing", "trailing_only_offset_is_reached")
    for name, flag in zip(names, (trailing, only_offset), strict=True):
        if not isinstance(flag, (bool, np.bool_)):
            raise InvalidInputError(f"{name}: expected a bool, got {flag!r}")
    distance = np.nan
    if positive is not None:
        distance = _setting(positive, "trailing_stop_positive")
        if distance == 0.0:
            raise InvalidInputError("trailing_stop_positive: expected a number above 0, or None")
    least = _setting(offset, "trailing_stop_positive_offset")
    if not trailing and (positive is not None or least or only_offset):
        raise InvalidInputError("trailing: expected True with settings of trailing stops")
    if only_offset and positive is None:
        raise InvalidInputError(
            "trailing_stop_positive: expected one with trailing_only_offset_is_reached"
        )
    if 0.0 < least <= distance:
        raise InvalidInputError(
            f"trailing_stop_positive_offset: expected more than trailing_stop_positive, got {least}"
        )
    rate = _setting(fee, "fee")
    if rate >= 1.0 or 0.0 < rate < _LEAST_FEE:
        raise InvalidInputError(f"fee: expected 0, or {_LEAST_FEE} to below 1, got {rate}")
    return bool(trailing), distance, least, bool(only_offset), rate


def _setting(value: Any, name: str) -> float:
    if np.ndim(value) != 0:
        raise InvalidInputError(f"{name}: expected one number for all trades")
    column = floats(value, name)
    require_amounts(column, name)
    return float(column[0])


def _require_stops(columns: list[NDArray[Any]], rows: int) -> None:
    start, end, entry, stoploss, leverage, _ = columns
    require(start, (start >= 0) & (start < rows), "start", f"rows from 0 to {rows - 1}")
    require(end, (end >= start) & (end <= rows), "end", f"rows from start to {rows}")
    require_positive(entry, "entry")
    good = (stoploss < 0) & (stoploss > -np.inf)
    require(stoploss, good, "stoploss", "finite numbers below 0")
    require_positive(leverage, "leverage")


def _refuse_candle(candles: _Candles, start: int, end: int) -> None:
    """Say which price makes a row no candle."""
    low, high = candles.low[start:end], candles.high[start:end]
    for name, column in zip(candles.names, (low, high), strict=True):
        require_positive(column, name, start)
    row = start + int(np.flatnonzero(low > high)[0])
    raise InvalidInputError(f"low: above high in row {row}")


def _paths(
    candles: _Candles, columns: list[NDArray[Any]], rules: tuple[Any, ...], threads: int
) -> list[Floats]:
    """The stop in each row of each trade."""
    lengths = columns[1] - columns[0]
    begin = np.cumsum(lengths) - lengths
    stops = np.empty(int(lengths.sum()))
    _stop_paths(candles.low, candles.high, *columns, *rules, begin, stops, threads)
    return np.split(stops, begin[1:]) if len(begin) else []
