"""freqtrade's backtest statistics on no more than they need.

freqtrade filters frames of 28 columns, objects and texts among them, hundreds of times to look at
four of them. Here its own functions get frames of these four, and wallets of one row a moment.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels._frames import column_of, dates_of, floats_of, plain_frame
from freqkernels.bridge.own_code import own_code
from freqkernels.bridge.report_lines import Span, Trades, result_line, trades_of
from freqkernels.drawdowns import max_drawdown
from freqkernels.runtime import Support, refuse

_REPORTS = "freqtrade.optimize.optimize_reports.optimize_reports"
_METRICS = "freqtrade.data.metrics"
_LINE = ("profit_abs", "profit_ratio", "trade_duration", "close_date")


def generate_pair_metrics(
    pairlist: Any,
    stake_currency: Any,
    starting_balance: Any,
    results: Any,
    min_date: Any,
    max_date: Any,
    skip_nan: Any = False,
) -> Any:
    """freqtrade's function of this name."""
    span = Span(min_date, max_date, starting_balance)
    trades = trades_of(results, span)
    if not isinstance(trades, Support) and "pair" in results.columns:
        return _pair_lines(pairlist, results["pair"], trades, span, skip_nan)
    needed = _columns(results, ("pair", *_LINE))
    function = own_code(_REPORTS, "generate_pair_metrics")
    if isinstance(needed, Support):
        return needed
    if isinstance(function, Support):
        return function
    return function(
        pairlist, stake_currency, starting_balance, needed, min_date, max_date, skip_nan
    )


def generate_tag_metrics(
    tag_type: Any,
    starting_balance: Any,
    results: Any,
    min_date: Any,
    max_date: Any,
    skip_nan: Any = False,
) -> Any:
    """freqtrade's function of this name."""
    tags = tag_type if isinstance(tag_type, list) else [tag_type]
    if not all(tag in ("enter_tag", "exit_reason") for tag in tags):
        return refuse("tag_type is not a tag")
    span = Span(min_date, max_date, starting_balance)
    trades = trades_of(results, span)
    if not isinstance(trades, Support) and all(tag in results.columns for tag in tags):
        return _tag_lines(tag_type, results[tags], trades, span)
    needed = _columns(results, (*tags, *_LINE))
    function = own_code(_REPORTS, "generate_tag_metrics")
    if isinstance(needed, Support):
        return needed
    if isinstance(function, Support):
        return function
    return function(tag_type, starting_balance, needed, min_date, max_date, skip_nan)


def _pair_lines(
    pairlist: Any, pairs: pd.Series, trades: Trades, span: Span, skip_nan: Any
) -> list[dict[str, Any]]:
    lines = []
    empty: dict[str, Any] | None = None
    for pair in pairlist:
        chosen = np.flatnonzero((pairs == pair).to_numpy(dtype=np.bool_))
        if len(chosen):
            lines.append(result_line(trades.at(chosen), span, pair))
        elif not skip_nan:
            empty = empty or _empty_line(trades, span)
            lines.append({**empty, "key": pair})
    return _with_total(lines, trades, span)


def _tag_lines(
    tag_type: Any, tags: pd.DataFrame, trades: Trades, span: Span
) -> list[dict[str, Any]]:
    rows = tags.assign(row=np.arange(len(tags)))
    lines = [
        result_line(trades.at(group["row"].to_numpy()), span, tag)
        for tag, group in rows.groupby(tag_type)
    ]
    return _with_total(lines, trades, span)


def _empty_line(trades: Trades, span: Span) -> dict[str, Any]:
    """freqtrade's line of no trades."""
    none = trades.at(slice(0, 0))
    columns = (none.profits, none.ratios, none.durations, none.closed)
    frame = pd.DataFrame(dict(zip(_LINE, columns, strict=True)))
    line: dict[str, Any] = sys.modules[_REPORTS]._generate_result_line(
        frame, span.min_date, span.max_date, span.starting_balance, ""
    )
    return line


def _with_total(lines: list[dict[str, Any]], trades: Trades, span: Span) -> list[dict[str, Any]]:
    ordered = sorted(lines, key=lambda line: line["profit_total_abs"], reverse=True)
    return [*ordered, result_line(trades, span, "TOTAL")]


def generate_all_periodic_breakdown_stats(trade_list: Any) -> Any:
    """freqtrade's function of this name; it leaves two columns in the frame."""
    needed = _columns(trade_list, ("profit_abs", "close_date"))
    function = own_code(_REPORTS, "generate_all_periodic_breakdown_stats")
    if isinstance(needed, Support):
        return needed
    if isinstance(function, Support):
        return function
    result = function(needed)
    for column in needed.columns.difference(["profit_abs"], sort=False):
        trade_list[column] = needed[column]
    return result


def _columns(results: Any, names: tuple[str, ...]) -> pd.DataFrame | Support:
    """A frame of these columns."""
    unusable = plain_frame(results, "results")
    if unusable is not None:
        return unusable
    if not results.columns.is_unique:
        return refuse("results has two columns of one name")
    missing = [name for name in names if name not in results.columns]
    if missing:
        return refuse(f"results has no column {missing[0]}")
    needed: pd.DataFrame = results[list(dict.fromkeys(names))].copy()
    return needed


def calculate_stats_for_period(data: Any) -> dict[str, Any] | Support:
    """freqtrade's ``_calculate_stats_for_period``."""
    if data.__class__ is not pd.DataFrame:
        return refuse("data is not a plain DataFrame")
    profits = floats_of(data, "profit_abs")
    if isinstance(profits, Support):
        return profits
    if not np.isfinite(profits).all():
        return refuse("a profit is not finite")
    won, lost = profits > 0, profits < 0
    winning, losing = profits[won].sum(), profits[lost].sum()
    wins, losses = int(np.count_nonzero(won)), int(np.count_nonzero(lost))
    return {
        "profit_abs": profits.sum().round(10),
        "wins": wins,
        "draws": len(profits) - wins - losses,
        "losses": losses,
        "trades": len(profits),
        "profit_factor": round(winning / abs(losing) if losing else 0.0, 8),
    }


def calculate_max_drawdown(
    trades: Any,
    *,
    date_col: Any = "close_date",
    value_col: Any = "profit_abs",
    starting_balance: Any = 0,
    relative: Any = False,
) -> Any:
    """freqtrade's function of this name."""
    kind = sys.modules[_METRICS].DrawDownResult
    return max_drawdown(trades, date_col, value_col, starting_balance, relative, kind)


def generate_wallet_stats(wallet_df: Any, stake_currency: Any) -> Any:
    """freqtrade's function of this name; it leaves a column in the frame."""
    if wallet_df.__class__ is pd.DataFrame and wallet_df.empty:  # hyperopt captures no wallets
        exact = own_code(_REPORTS, "generate_wallet_stats")
        return exact if isinstance(exact, Support) else exact(wallet_df, stake_currency)
    unusable = plain_frame(wallet_df, "wallet_df")
    if unusable is not None:
        return unusable
    dates, balances = dates_of(wallet_df), column_of(wallet_df, "balance")
    rates = column_of(wallet_df, "rate")
    function = own_code(_REPORTS, "generate_wallet_stats")
    if isinstance(dates, Support):
        return dates
    if isinstance(balances, Support):
        return balances
    if isinstance(rates, Support):
        return rates
    if isinstance(function, Support):
        return function
    total = rates * balances
    values = total.to_numpy()
    begins = np.ones(len(values), dtype=np.bool_)
    steps = np.diff(dates.values)
    begins[1:] = steps != 0
    if values.dtype != np.float64 or not np.isfinite(values).all() or (steps < 0).any():
        return refuse("captures are not floats in the order of time")
    moments = pd.DataFrame(
        {"date": wallet_df["date"].array[begins], "rate": 1.0, "balance": _sums(values, begins)}
    )
    result = function(moments, stake_currency)
    wallet_df.loc[:, "total_quote"] = total
    return result


def _sums(values: NDArray[np.float64], begins: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Sum of each group of rows, as the installed pandas adds in ``groupby().sum()``.

    Its way of adding changes from release to release, so it adds here too; but it need not look
    for the groups.

    :param values: the rows.
    :param begins: first row of each group.
    """
    numbers = np.cumsum(begins) - 1
    groups: Any = pd.Categorical.from_codes(
        numbers, categories=pd.RangeIndex(numbers[-1] + 1), validate=False
    )
    sums = pd.Series(values).groupby(groups, observed=False).sum()
    result: NDArray[np.float64] = sums.to_numpy()
    return result
