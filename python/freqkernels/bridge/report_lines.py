"""Lines of freqtrade's tables - one pair, one tag, the total - from arrays of their trades.

freqtrade's ``_generate_result_line`` cuts a frame into winners and losers for each of its numbers.
Here they are cut once. What pandas has a rule of its own for (means, deviations) it computes here
too; freqtrade's formulas of two or three numbers are freqtrade's own functions.
"""

from __future__ import annotations

import math
import sys
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels._frames import dates_of, floats_of, plain_frame
from freqkernels.runtime import Support, refuse

_REPORTS = "freqtrade.optimize.optimize_reports.optimize_reports"
_METRICS = "freqtrade.data.metrics"
#: Sums and squares of less are finite.
_TOO_MUCH = 1e150
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trades:
    """The columns of trades that a line is made of.

    :param profits: ``profit_abs``.
    :param ratios: ``profit_ratio``.
    :param durations: ``trade_duration``, minutes.
    :param closed: ``close_date`` as pandas has it.
    """

    profits: Floats
    ratios: Floats
    durations: NDArray[np.int64]
    closed: Any

    def at(self, rows: Any) -> Trades:
        """Some of them.

        :param rows: their places, or a flag of each.
        """
        return Trades(
            self.profits[rows], self.ratios[rows], self.durations[rows], self.closed[rows]
        )

    def digest(self) -> bytes:
        """The same for equal trades, and else for no others."""
        content = blake2b(digest_size=16)
        for column in (self.profits, self.ratios, self.durations, self.closed.asi8):
            content.update(np.ascontiguousarray(column).data)
        return content.digest()


@dataclass(frozen=True, slots=True)
class Span:
    """What else a line depends on: freqtrade's arguments of these names."""

    min_date: Any
    max_date: Any
    starting_balance: Any


def trades_of(results: Any, span: Span) -> Trades | Support:
    """The columns of a frame of trades.

    :param results: freqtrade's frame.
    :param span: of the lines to be made of them.
    :return: the columns, or why freqtrade has to make the lines.
    """
    unusable = plain_frame(results, "results")
    if unusable is not None:
        return unusable
    if not results.columns.is_unique:
        return refuse("results has two columns of one name")
    profits, ratios = floats_of(results, "profit_abs"), floats_of(results, "profit_ratio")
    for part in (profits, ratios, _span_problem(span), _times_problem(results)):
        if isinstance(part, Support):
            return part
    if not (_is_moderate(profits) and _is_moderate(ratios)):  # type: ignore[arg-type]
        return refuse("a profit is not finite")
    durations = results["trade_duration"].to_numpy()
    return Trades(profits, ratios, durations, results["close_date"].array)  # type: ignore[arg-type]


def _is_moderate(values: Floats) -> bool:
    with np.errstate(all="ignore"):
        return bool(np.abs(values).sum() < _TOO_MUCH)


def _span_problem(span: Span) -> Support | None:
    balance = span.starting_balance
    if type(balance) not in (int, float) or not 0 < balance < _TOO_MUCH:
        return refuse("without a starting balance")
    if not isinstance(span.min_date, datetime) or not isinstance(span.max_date, datetime):
        return refuse("the run has no dates")
    return None


def _times_problem(results: pd.DataFrame) -> Support | None:
    dates = dates_of(results, "close_date")
    if isinstance(dates, Support):
        return dates
    if not dates.usable:
        return refuse("a date is missing")
    if "trade_duration" not in results.columns or results["trade_duration"].dtype != np.int64:
        return refuse("trade_duration is not a column of whole numbers")
    return None


#: Lines without their keys: the total of all trades is asked for in each table.
_made: OrderedDict[tuple[Any, ...], dict[str, Any]] = OrderedDict()
_MOST_MADE = 32


def result_line(trades: Trades, span: Span, key: Any) -> dict[str, Any]:
    """What ``_generate_result_line`` returns.

    :param trades: at least one.
    :param span: dates and balance.
    :param key: the line's name.
    """
    content = (trades.digest(), span.min_date, span.max_date, span.starting_balance)
    known = _made.pop(content, None) or _line(trades, span)
    _made[content] = known
    if len(_made) > _MOST_MADE:
        _made.popitem(last=False)
    return {"key": key, **known}


def _line(trades: Trades, span: Span) -> dict[str, Any]:
    metrics: Any = sys.modules[_METRICS]
    reports: Any = sys.modules[_REPORTS]
    profits, balance, number = trades.profits, span.starting_balance, len(trades.profits)
    won, lost = profits[profits > 0], profits[profits < 0]
    total, winning, losing = profits.sum(), won.sum(), lost.sum()
    profit_total = total / balance
    days = (span.max_date - span.min_date).days
    drawdown = _deepest(trades, balance)
    mean_ratio = pd.Series(trades.ratios).mean()
    expectancy = _expectancy(winning, losing, len(won), len(lost), number)
    minutes = round(pd.Series(trades.durations).mean())
    return {
        "trades": number,
        "profit_mean": mean_ratio,
        "profit_mean_pct": round(mean_ratio * 100.0, 2),
        "profit_total_abs": total,
        "profit_total": profit_total,
        "profit_total_pct": round(profit_total * 100.0, 2),
        "duration_avg": str(timedelta(minutes=minutes)),
        "wins": len(won),
        "draws": number - len(won) - len(lost),
        "losses": len(lost),
        "winrate": len(won) / number,
        "cagr": reports.calculate_cagr(days or 1, balance, balance + total),
        "expectancy": expectancy[0],
        "expectancy_ratio": expectancy[1],
        **_ratios(metrics, trades, span, lost, drawdown[0]),
        "profit_factor": winning / abs(losing) if losing else 0.0,
        "max_drawdown_account": drawdown[0],
        "max_drawdown_abs": drawdown[1],
    }


def _deepest(trades: Trades, balance: Any) -> tuple[Any, Any]:
    """The drawdown of the most money: relative to the account, and absolute."""
    order = trades.closed.argsort(kind="quicksort")  # as sort_values, unstable as it is
    with np.errstate(all="ignore"):
        cumulative = np.concatenate([[0.0], trades.profits[order].cumsum()])
        high = np.maximum(0, np.maximum.accumulate(cumulative))
        distance = cumulative - high
        low = int(distance.argmin())
        highest = balance + high[low]
        relative = (highest - (balance + cumulative[low])) / highest
    return relative, abs(distance[low])


def _expectancy(winning: Any, losing: Any, wins: int, losses: int, number: int) -> tuple[Any, Any]:
    """freqtrade's ``calculate_expectancy``: a trade's, and per unit at risk."""
    average_win = winning / wins if wins > 0 else 0
    average_loss = abs(losing) / losses if losses > 0 else 0
    winrate, loserate = wins / number, losses / number
    ratio = 100.0
    if average_loss > 0:
        ratio = ((1 + average_win / average_loss) * winrate) - 1
    return (winrate * average_win) - (loserate * average_loss), ratio


def _ratios(
    metrics: Any, trades: Trades, span: Span, lost: Floats, drawdown: Any
) -> dict[str, Any]:
    """Sortino, Sharpe, Calmar, SQN and p-value, in the order of the line."""
    balance, number = span.starting_balance, len(trades.profits)
    returns = pd.Series(trades.profits / balance)
    annualized = metrics._calculate_annualized_ratio
    found: dict[str, Any] = {"sortino": 0, "sharpe": 0, "calmar": 0.0}
    if span.min_date != span.max_date:
        days = max(1, (span.max_date - span.min_date).days)
        expected = returns.sum() / days
        relative = trades.profits.sum() / balance / days * 100
        found = {
            "sortino": annualized(expected, np.std(pd.Series(lost / balance))),
            "sharpe": annualized(expected, np.std(returns)),
            "calmar": annualized(relative, drawdown),
        }
    deviation = returns.std()
    quality = -100.0
    if deviation != 0 and not np.isnan(deviation):
        quality = math.sqrt(number) * (returns.mean() / deviation)
    found["sqn"] = round(quality, 4)
    found["p_value"] = 1.0
    if number >= 2 and deviation != 0:
        found["p_value"] = float(metrics.stats.ttest_1samp(returns, popmean=0)[1])
    return found
