"""Run a scenario by ``freqkernels.simulate``, and see what it left in the words of the tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from math import inf
from typing import Any

import pandas as pd

import freqkernels
from freqkernels import Simulated
from freqkernels.bridge.engine.locks import lock_reason
from scenarios.check import differences as told
from scenarios.runner import COUNTERS, RUNNERS, Outcome, Ran, uninstalled
from scenarios.scenario import Scenario
from scenarios.world import World, build
from simulate_arguments import arguments_of, differences

#: Attributes of LocalTrade under which the columns of results stand in the tables.
ATTRIBUTES = {
    "trade_id": "id",
    "profit_ratio": "close_profit",
    "profit_abs": "close_profit_abs",
    "initial_stop_loss_abs": "initial_stop_loss",
    "initial_stop_loss_ratio": "initial_stop_loss_pct",
    "stop_loss_abs": "stop_loss",
    "stop_loss_ratio": "stop_loss_pct",
}
_COUNTED = {
    "rejected": "rejected_signals",
    "timedout_entry": "timedout_entry_orders",
    "timedout_exit": "timedout_exit_orders",
    "canceled_exit": "canceled_exit_orders",
}


def can_simulate(scenario: Scenario) -> bool:
    """Whether it is one run, to its end, without callbacks but ``leverage()``."""
    endless = scenario.settings.get("stake_amount") == "unlimited" and (
        -1 in (scenario.settings.get("max_open_trades"), scenario.strategy.get("max_open_trades"))
        or inf in scenario.strategy.values()
    )
    return not (scenario.events or scenario.original or scenario.again or scenario.error or endless)


def run_simulated(scenario: Scenario) -> Ran:
    """By ``simulate``, from the frames that freqtrade's strategy and trimming leave.

    :raise FreqkernelsError: what ``simulate`` raises.
    """
    with uninstalled():
        world = build(scenario)
        simulated = freqkernels.simulate(**arguments_of(world.backtesting, _analysed(world)))
    return Ran(_outcome(simulated, world.backtesting), world.clock)


RUNNERS["simulated"] = run_simulated


def wrong_in(scenario: Scenario, backends: Sequence[str], *, by_bits: bool) -> list[str]:
    """In which simulations differ from the table, and from what freqtrade's own run leaves.

    :param scenario: the scenario.
    :param backends: each has its turn; with ``by_bits``, the first one alone meets the table.
    :param by_bits: whether freqtrade's own run is made, and compared to the last bit.
    """
    from freqtrade.optimize.backtesting import Backtesting

    wrong = []
    with uninstalled():
        world = build(scenario)
        bt, processed, content = world.backtesting, world.processed(), None
        if by_bits:
            moments = {"start_date": world.start, "end_date": world.end}
            content = Backtesting.backtest(bt, processed=processed, **moments)
        arguments = arguments_of(bt, processed if by_bits else _analysed(world))
        for backend in backends:
            with freqkernels.use_backend(backend):
                simulated = freqkernels.simulate(**arguments)
            found = differences(simulated, bt, content) if content else []
            if not content or backend == backends[0]:
                found += told(_as_floats(scenario), Ran(_outcome(simulated, bt), world.clock))
            wrong += [f"{backend}: {line}" for line in found]
    return wrong


def _as_floats(scenario: Scenario) -> Scenario:
    """Sums that freqtrade has as ints where nothing was added are floats here."""
    final = scenario.final if scenario.final is None else float(scenario.final)
    return replace(scenario, final=final, locks=re.sub(r"(?<![\d.])0 < ", "0.0 < ", scenario.locks))


def _analysed(world: World) -> dict[str, pd.DataFrame]:
    from freqtrade.data.converter import trim_dataframe

    bt, frames = world.backtesting, {}
    for pair, frame in world.processed().items():
        analysed = bt.strategy.ft_advise_signals(frame, {"pair": pair})
        frames[pair] = trim_dataframe(analysed, bt.timerange, startup_candles=bt.required_startup)
    return frames


def _outcome(simulated: Simulated, backtesting: Any) -> Outcome:
    counted = dict.fromkeys(COUNTERS, 0)
    counted |= {name: simulated.counters[ours] for name, ours in _COUNTED.items()}
    counted |= {
        name: simulated.counters[f"{name[:-1]}_id_counter"] for name in ("trades", "orders")
    }
    return Outcome(
        content={
            "results": simulated.results(),
            "final_balance": simulated.final_balance,
            "wallet_summary": simulated.wallet,
        },
        error=None,
        counters=counted,
        trades=_trades(simulated.trades, simulated, backtesting),
        left=_trades(simulated.left_open.assign(is_open=True), simulated, backtesting),
        pairs=[],
        locks=_locks(simulated, backtesting),
        rejected=_rejected(simulated),
        captures=[],
        wallets=({}, {}),
        total=(0, len(simulated.left_open)),
        processed={},
        provider=(),
    )


def _trades(frame: pd.DataFrame, simulated: Simulated, backtesting: Any) -> list[dict[str, Any]]:
    orders = simulated.orders.rename(columns={"safe_price": "price"}).astype({"order_id": str})
    by_trade = {number: part.to_dict("records") for number, part in orders.groupby("trade_id")}
    trades = frame.rename(columns=ATTRIBUTES).to_dict("records")
    for trade in trades:
        trade["orders"] = by_trade[trade["id"]]
        trade["contract_size"] = backtesting.exchange.get_contract_size(trade["pair"])
    return [{k: None if v is pd.NaT else v for k, v in trade.items()} for trade in trades]


def _locks(simulated: Simulated, backtesting: Any) -> list[tuple[Any, ...]]:
    if simulated.locks.empty:
        return []
    from freqtrade.plugins.protectionmanager import ProtectionManager

    manager = ProtectionManager(backtesting.config, backtesting.strategy.protections)
    handlers = {handler.name: handler for handler in manager._protection_handlers}
    return [
        (
            lock.pair,
            lock.side,
            lock.lock_time,
            lock.lock_end_time,
            lock_reason(handlers[lock.protection], lock.value, no_addend=False),
            True,
        )
        for lock in simulated.locks.itertuples(index=False)
    ]


def _rejected(simulated: Simulated) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for pair, date, tag in simulated.rejected.itertuples(index=False):
        found.setdefault(pair, []).append([date, tag])
    return found
