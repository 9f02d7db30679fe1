"""Candles as the simulation gets them: with the signals of the strategy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd

from freqkernels.bridge.run import run_freqtrade
from freqkernels.errors import FreqkernelsError


def analysed_candles(
    arguments: list[str], strategy: str, pair: str, offline_markets: str | None = None
) -> pd.DataFrame:
    """Run freqtrade up to the simulation, for one pair.

    :param arguments: for freqtrade, beginning with ``backtesting``.
    :param strategy: name of the one strategy to ask.
    :param pair: the only one to load.
    :param offline_markets: record of an exchange or ``auto``, instead of asking the exchange.
    :return: what the strategy makes of the candles, startup candles included.
    :raise FreqkernelsError: if freqtrade does not get that far; its log says why.
    """
    found: list[pd.DataFrame] = []
    run_freqtrade(
        [*arguments, "--pairs", pair, "--cache", "none"],
        offline_markets,
        plain=True,
        around=_stopped_before_simulation(strategy, found),
    )
    if not found:
        raise FreqkernelsError(f"freqtrade ended before it had signals for {pair}")
    return found[0]


@contextmanager
def _stopped_before_simulation(strategy: str, found: list[pd.DataFrame]) -> Iterator[None]:
    from freqtrade.optimize.backtesting import Backtesting

    analyse, simulate = Backtesting.backtest_one_strategy, Backtesting.backtest

    def analyse_one(backtesting: Any, one: Any, *args: Any, **kwargs: Any) -> Any:
        if one.get_strategy_name() == strategy:
            return analyse(backtesting, one, *args, **kwargs)
        return None, None  # first and last date of a strategy that was not asked for

    def look(backtesting: Any, processed: dict[str, pd.DataFrame], *_: Any, **__: Any) -> None:
        for pair, candles in processed.items():
            found.append(backtesting.strategy.ft_advise_signals(candles, {"pair": pair}))
        raise SystemExit(0)

    Backtesting.backtest_one_strategy, Backtesting.backtest = analyse_one, look
    try:
        yield
    finally:
        Backtesting.backtest_one_strategy, Backtesting.backtest = analyse, simulate
