"""Run a scenario by freqtrade's own function and by the installed one; see all that it left."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pandas as pd

import freqkernels
from freqkernels.bridge.install import is_installed
from freqkernels.bridge.replace import certificate
from freqkernels.bridge.targets import TARGETS, Target
from scenarios.scenario import Scenario
from scenarios.table import Clock
from scenarios.world import World, build

QUALNAME = "Backtesting.backtest"
COUNTERS = {
    "rejected": "rejected_trades",
    "timedout_entry": "timedout_entry_orders",
    "timedout_exit": "timedout_exit_orders",
    "canceled_trades": "canceled_trade_entries",
    "canceled_entry": "canceled_entry_orders",
    "canceled_exit": "canceled_exit_orders",
    "replaced_entry": "replaced_entry_orders",
    "replaced_exit": "replaced_exit_orders",
}
IDS = {"trades": "trade_id_counter", "orders": "order_id_counter"}
TRADE = """
    id pair base_currency stake_currency is_open is_short leverage exchange enter_tag timeframe
    fee_open fee_open_cost fee_close fee_close_cost open_rate open_rate_requested open_trade_value
    close_rate close_profit close_profit_abs realized_profit stake_amount max_stake_amount amount
    amount_requested open_date close_date stop_loss stop_loss_pct initial_stop_loss
    initial_stop_loss_pct is_stop_loss_trailing max_rate min_rate exit_reason exit_order_status
    liquidation_price funding_fees funding_fee_running amount_precision price_precision
    precision_mode precision_mode_price contract_size trading_mode
"""
ORDER = """
    id order_id ft_trade_id ft_pair ft_order_side side ft_is_open status order_type symbol
    ft_price price average amount filled remaining cost order_date order_filled_date
    order_update_date funding_fee ft_order_tag
"""


@dataclass
class Outcome:
    """Everything that a run left behind, in values that can be compared bit by bit.

    :param content: the returned dict without the configuration and the locks, None after an error.
    :param error: class name and text of the exception.
    :param counters: of the Backtesting object, ids given out included.
    :param trades: closed trades, all attributes and orders.
    :param left: open ones.
    :param pairs: pairs in the order of ``bt_trades_open_pp``.
    :param locks: pair, side, start, end, reason, active.
    :param rejected: ``rejected_dict``.
    :param captures: ``wallet_captures``.
    :param wallets: all balances, and positions.
    :param total: ``bt_total_profit`` and the number of open trades.
    :param processed: the trimmed frames in the dict that was passed.
    :param provider: the data provider's frames, slices and date.
    """

    content: Any
    error: tuple[str, str] | None
    counters: dict[str, int]
    trades: list[dict[str, Any]]
    left: list[dict[str, Any]]
    pairs: list[str]
    locks: list[tuple[Any, ...]]
    rejected: dict[str, list[Any]]
    captures: list[Any]
    wallets: tuple[dict[str, Any], dict[str, Any]]
    total: tuple[Any, int]
    processed: dict[str, pd.DataFrame]
    provider: tuple[Any, ...]


@dataclass
class Ran:
    """A scenario and what came of it.

    :param outcome: what it left.
    :param clock: row numbers.
    :param compiled: whether the compiled engine did it, None where there is none.
    :param reason: why it did not.
    """

    outcome: Outcome
    clock: Clock
    compiled: bool | None = None
    reason: str = ""


def engine_target() -> Target | None:
    """The target that replaces ``Backtesting.backtest``.

    None while there is none, and where this freqtrade is not certified for it.
    """
    found = next((target for target in TARGETS if target.qualname == QUALNAME), None)
    return found if found is not None and certificate(found).support else None


def last_run() -> Any:
    """The engine's note of its last run: true, or the reason why not; None without an engine."""
    if engine_target() is None:
        return None
    return importlib.import_module("freqkernels.bridge.engine").last_run()


def ran_compiled(before: Any) -> bool | None:
    """Whether the run since then was compiled; None where no engine is installed.

    :param before: :func:`last_run` before the run.
    """
    if engine_target() is None or not is_installed():
        return None
    now = last_run()
    return now is not before and bool(now)


def run_original(scenario: Scenario) -> Ran:
    """By freqtrade's own function, with nothing of ours in front of anything."""
    from freqtrade.optimize.backtesting import Backtesting

    with uninstalled():
        world = build(scenario)
        return Ran(_run(world, Backtesting.backtest), world.clock)


def run_installed(scenario: Scenario) -> Ran:
    """By what stands in freqtrade's class after ``install()``."""
    from freqtrade.optimize.backtesting import Backtesting

    assert is_installed()
    world = build(scenario)
    before = last_run()
    outcome = _run(world, Backtesting.backtest)
    return Ran(outcome, world.clock, ran_compiled(before), getattr(last_run(), "reason", ""))


#: ``scenarios.simulated`` adds a third one: ``freqkernels.simulate``.
RUNNERS: dict[str, Callable[[Scenario], Ran]] = {
    "original": run_original,
    "installed": run_installed,
}


@contextmanager
def uninstalled() -> Iterator[None]:
    """freqtrade as it is, even where freqkernels is installed."""
    before = is_installed()
    if before:
        freqkernels.uninstall()
    try:
        yield
    finally:
        if before:
            freqkernels.install()


def _run(world: World, function: Callable[..., Any]) -> Outcome:
    content, error, processed = None, None, world.processed()
    for attributes in ({}, *world.scenario.again):
        for name, value in attributes.items():
            setattr(world.backtesting.strategy, name, value)
        processed = world.processed()
        try:
            content = function(
                world.backtesting,
                processed=processed,
                start_date=world.start,
                end_date=world.end,
            )
        except Exception as raised:
            error = (type(raised).__name__, str(raised))
    return _observe(world.backtesting, content, error, processed)


def _observe(
    backtesting: Any, content: Any, error: tuple[str, str] | None, processed: Any
) -> Outcome:
    from freqtrade.persistence import LocalTrade, PairLocks

    if content is not None:
        content = {key: content[key] for key in content if key not in ("config", "locks")}
    names = {**COUNTERS, **IDS}
    wallets = backtesting.wallets
    return Outcome(
        content=content,
        error=error,
        counters={name: getattr(backtesting, attribute) for name, attribute in names.items()},
        trades=[_trade(trade) for trade in LocalTrade.bt_trades],
        left=[_trade(trade) for trade in LocalTrade.bt_trades_open],
        pairs=list(LocalTrade.bt_trades_open_pp),
        locks=[
            (lock.pair, lock.side, lock.lock_time, lock.lock_end_time, lock.reason, lock.active)
            for lock in PairLocks.locks
        ],
        rejected=backtesting.rejected_dict,
        captures=list(getattr(backtesting, "wallet_captures", [])),
        wallets=(wallets.get_all_balances(), wallets.get_all_positions()),
        total=(LocalTrade.bt_total_profit, LocalTrade.bt_open_open_trade_count),
        processed=dict(processed),
        provider=_provider(backtesting.dataprovider),
    )


def _trade(trade: Any) -> dict[str, Any]:
    seen = {name: getattr(trade, name) for name in TRADE.split()}
    orders = [{name: getattr(order, name) for name in ORDER.split()} for order in trade.orders]
    return {**seen, "orders": orders}


def _provider(provider: Any) -> tuple[Any, ...]:
    """Cached frames (their time of caching left out), slices and the slice's date."""
    frames = {key: frame for key, (frame, _) in vars(provider)[_private("cached_pairs")].items()}
    return frames, vars(provider)[_private("slice_index")], vars(provider)[_private("slice_date")]


def _private(name: str) -> str:
    return f"_DataProvider__{name}"
