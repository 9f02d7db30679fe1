"""``Backtesting.backtest`` with the simulation done by the compiled engine.

The strategy's own methods are freqtrade's business here too: signals are advised as freqtrade
advises them. What the engine cannot promise runs on freqtrade's own code, and the log says why.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd

from freqkernels.bridge import imitated
from freqkernels.bridge.engine.funding import funding_of
from freqkernels.bridge.engine.leverage import Leverage
from freqkernels.bridge.engine.locks import lock_end_included, lock_grid, protection_rules
from freqkernels.bridge.engine.memory import warn_if_short
from freqkernels.bridge.engine.outcome import Outcome
from freqkernels.bridge.engine.protections import loaded_support
from freqkernels.bridge.engine.snapshot import snapshot
from freqkernels.bridge.engine.support import (
    engine_support,
    events_support,
    names_support,
    run_support,
)
from freqkernels.bridge.replace import certificate
from freqkernels.bridge.targets import ENGINE
from freqkernels.runtime import SUPPORTED, Support, refuse, switch
from freqkernels.runtime.journal import record
from freqkernels.signals import ohlcv_as_lists
from freqkernels.simulation import columns
from freqkernels.simulation.run import Inputs, run_engine
from freqkernels.simulation.structs import Setup

_STOPLOSS_GUARD = 3
_last_run: Support | None = None

__all__ = ["backtest", "forget_last_run", "last_run"]


def last_run() -> Support | None:
    """Whether the last backtest that the engine was asked for was simulated by it, and why not."""
    return _last_run


def forget_last_run() -> None:
    """The next backtest may not ask the engine at all."""
    global _last_run
    _last_run = None


def backtest(
    self: Any,
    processed: dict[str, pd.DataFrame],
    start_date: Any,
    end_date: Any,
    *,
    _original: Callable[..., Any],
) -> Any:
    """One backtest, simulated by the engine where it can.

    :param self: freqtrade's ``Backtesting``.
    :param processed: frame by pair; each is replaced by its analysed and trimmed form.
    :param start_date: first date.
    :param end_date: last date.
    :param _original: freqtrade's own function.
    :return: what freqtrade's function returns.
    """
    backtesting = self
    support = _way(backtesting, processed)
    if not support:
        _note(support)
        return _original(backtesting, processed, start_date, end_date)
    backtesting.reset_backtest(backtesting.enable_protections)
    backtesting.wallets.update()
    _analyse(backtesting, processed)
    compiled = _still_compiled(backtesting, processed)
    support = compiled or (_events_wanted() and events_support(backtesting, processed))
    content = support and _simulated(
        backtesting, processed, start_date, end_date, compiled=bool(compiled)
    )
    if not isinstance(content, Support):
        _note(Support(True, "" if compiled else f"events, because {compiled.reason}"))
        return content
    _note(content)
    return _by_freqtrade(_original, backtesting, processed, start_date, end_date)


def _way(backtesting: Any, processed: dict[str, pd.DataFrame]) -> Support:
    """Whether the run can be done in one of the engine's two ways."""
    support = engine_support(backtesting, processed)
    if support or run_support(backtesting, processed):
        return support
    known = certificate(ENGINE).support and names_support(backtesting)
    return known and _events_wanted() and events_support(backtesting, processed)


def _events_wanted() -> Support:
    """Whether backtests from event to event are switched on; they are younger than the others."""
    decision = switch("backtest_events").decide()
    if decision.variant == "fast":
        return SUPPORTED
    return refuse(f"event by event, the switch backtest_events: {decision.reason}")


def _still_compiled(backtesting: Any, processed: dict[str, pd.DataFrame]) -> Support:
    """The strategy's own methods have run since the first look."""
    from freqtrade.persistence import PairLocks

    if PairLocks.locks:
        return refuse("the strategy has locked a pair before the first candle")
    return run_support(backtesting, processed)


def _note(support: Support) -> None:
    global _last_run
    _last_run = support
    if support.reason:
        record("way" if support else "refusal", imitated.NAME, support.reason)


def _analyse(backtesting: Any, processed: dict[str, pd.DataFrame]) -> None:
    """The strategy's signals, and frames without their startup candles."""
    module: Any = sys.modules["freqtrade.optimize.backtesting"]
    backtesting._set_progress_step(module.BacktestState.CONVERT, len(processed))
    for pair, frame in processed.items():
        backtesting.check_abort()
        backtesting._increment_progress()
        analyzed = backtesting.strategy.ft_advise_signals(frame, {"pair": pair})
        backtesting.dataprovider._set_cached_df(
            pair, backtesting.timeframe, analyzed, backtesting.config["candle_type_def"]
        )
        processed[pair] = module.trim_dataframe(
            analyzed, backtesting.timerange, startup_candles=backtesting.required_startup
        )


def _by_freqtrade(
    original: Callable[..., Any],
    backtesting: Any,
    processed: dict[str, pd.DataFrame],
    start_date: Any,
    end_date: Any,
) -> Any:
    """freqtrade's own simulation, of a backtest that is reset and analysed already."""
    warn_if_short(backtesting, processed, compiled=False)
    rows = {pair: ohlcv_as_lists(frame) for pair, frame in processed.items()}
    done = {"reset_backtest": lambda _: None, "_get_ohlcv_as_lists": lambda _: rows}
    vars(backtesting).update(done)
    try:
        return original(backtesting, processed, start_date, end_date)
    finally:
        for name in done:
            delattr(backtesting, name)


def _simulated(
    backtesting: Any,
    processed: dict[str, pd.DataFrame],
    start_date: Any,
    end_date: Any,
    *,
    compiled: bool,
) -> dict[str, Any] | Support:
    """The whole simulation by the engine, or event by event with freqtrade's own code."""
    taken = snapshot(backtesting, tuple(processed), start_date, end_date)
    if isinstance(taken, Support):
        return taken
    warn_if_short(backtesting, processed, compiled=True)
    if compiled:
        inputs = _inputs(backtesting, taken, processed)
    else:
        inputs = _columns(backtesting, taken, processed, stop_tags=False)
    if isinstance(inputs, Support):
        return inputs
    advance = _progress(backtesting, start_date, end_date)
    if not compiled:
        switch("backtest_events").count("fast", sum(map(len, processed.values())))
        from freqkernels.bridge.events import simulate

        return simulate(backtesting, taken, inputs, processed, start_date, advance)
    simulated = run_engine(inputs, advance)
    if isinstance(simulated, Support):
        return simulated
    return Outcome(backtesting, taken, processed, simulated, start_date).apply()


def _progress(backtesting: Any, start_date: Any, end_date: Any) -> Callable[[int], None]:
    """To be called as the run goes on, with the number of candles done; raises to abort it."""
    module: Any = sys.modules["freqtrade.optimize.backtesting"]
    candles = int((end_date - start_date) / backtesting.timeframe_td)
    backtesting._set_progress_step(module.BacktestState.BACKTEST, candles)

    def advance(done: int) -> None:
        backtesting.check_abort()
        backtesting._increment_progress(done)

    return advance


# ---- what goes in


def _inputs(backtesting: Any, taken: Setup, processed: dict[str, pd.DataFrame]) -> Inputs | Support:
    protections = _protections(backtesting)
    if isinstance(protections, Support):
        return protections
    stop_tags = protections is not None and bool((protections[0]["kind"] == _STOPLOSS_GUARD).any())
    inputs = _columns(backtesting, taken, processed, stop_tags=stop_tags)
    if isinstance(inputs, Support):
        return inputs
    funding = []
    for pair in processed:
        part = _funding(backtesting, pair)
        if isinstance(part, Support):
            return refuse(f"{pair}: {part.reason}")
        funding.append(part)
    strategy, asks = backtesting.strategy, taken.rules["asks_leverage"][0]
    leverage = Leverage(strategy, taken.pairs, processed) if asks else None
    return replace(inputs, funding=tuple(funding), protections=protections, leverage=leverage)


def _columns(
    backtesting: Any, taken: Setup, processed: dict[str, pd.DataFrame], *, stop_tags: bool
) -> Inputs | Support:
    """Candles and details of all pairs."""
    rules = taken.rules[0]
    grid = columns.Grid(int(rules["start_ms"]), int(rules["timeframe_ms"]))
    candles, details = [], []
    for pair, frame in processed.items():
        c: Any = columns.candles_of(frame, grid, stop_tags=stop_tags)
        d: Any = _details(backtesting, pair)
        for part in (c, d):
            if isinstance(part, Support):
                return refuse(f"{pair}: {part.reason}")
        candles.append((*c.prices, c.signals, c.first_candle, c.candle, c.stop_tags))
        details.append(d)
    return Inputs(taken, tuple(candles), tuple(details), (None,) * len(candles))


def _details(backtesting: Any, pair: str) -> Any:
    if not backtesting.timeframe_detail_td or pair not in backtesting.detail_data:
        return None
    return columns.details_of(backtesting.detail_data[pair])


def _funding(backtesting: Any, pair: str) -> Any:
    if backtesting.trading_mode != "futures":
        return None
    if pair not in backtesting.futures_data:
        return refuse("there are no funding fees")
    return funding_of(backtesting.exchange, backtesting.futures_data[pair])


def _protections(backtesting: Any) -> tuple[Any, ...] | Support | None:
    if not backtesting.enable_protections:
        return None
    support = loaded_support(backtesting)
    if not support:
        return support
    rules = protection_rules(backtesting.protections)
    if isinstance(rules, Support):
        return rules
    grid = lock_grid(backtesting.timeframe)
    return grid if isinstance(grid, Support) else (rules, grid, lock_end_included())
