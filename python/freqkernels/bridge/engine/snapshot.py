"""A ``Backtesting`` object as the structs that the engine runs by."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from math import inf, nan
from typing import Any

import numpy as np

from freqkernels.bridge.engine.callbacks import own_leverage
from freqkernels.bridge.engine.genuine import lookup
from freqkernels.layout import (
    RULES,
    WALLET,
    Liquidation,
)
from freqkernels.runtime import Support, refuse
from freqkernels.simulation.market_tables import (
    MarketTables,
    milliseconds,
    or_nan,
    tick_steps,
    tier_steps,
)
from freqkernels.simulation.structs import (
    Setup,
    Struct,
    filled,
    reserves,
    roi_steps,
    timeout_us,
)


def snapshot(backtesting: Any, pairs: tuple[str, ...], start: Any, end: Any) -> Setup | Support:
    """Everything the engine needs to know besides candles.

    :param backtesting: freqtrade's ``Backtesting``, which passed the support check.
    :param pairs: pairs in the order of their frames.
    :param start: first date of the run.
    :param end: last date of the run.
    """
    start_ms, end_ms = milliseconds(start), milliseconds(end)
    if start_ms is None or end_ms is None:
        return refuse("the run does not begin and end at whole milliseconds")
    currencies = _currencies(backtesting, pairs)
    markets = _markets(backtesting, pairs, currencies)
    if isinstance(markets, Support):
        return markets
    start_capital = backtesting.wallets._start_cap
    wallet = _wallet(backtesting, currencies)
    if isinstance(wallet, Support):
        return wallet
    return Setup(
        pairs,
        tuple(currencies),
        np.array([type(start_capital.get(name, 0.0)) is int for name in currencies]),
        rules_of(backtesting, start_ms, end_ms),
        wallet,
        roi_steps(backtesting.strategy.minimal_roi),
        *markets,
        np.array([start_capital.get(name, 0.0) for name in currencies], dtype=np.float64),
    )


def _currencies(backtesting: Any, pairs: tuple[str, ...]) -> dict[str, int]:
    """Numbers of all currencies, the stake currency first."""
    names = [backtesting.wallets._stake_currency]
    for pair in pairs:
        names += [backtesting.exchange.get_pair_base_currency(pair), pair.split("/")[0]]
    names += backtesting.wallets._start_cap
    return {name: number for number, name in enumerate(dict.fromkeys(names))}


# ---- rules


def _liquidation(backtesting: Any, futures: bool) -> Liquidation:
    if not futures:
        return Liquidation.NONE
    found = lookup(type(backtesting.exchange), "dry_run_liquidation_price")
    owner = found[0].__name__ if found else ""
    return Liquidation.BASE if owner == "Exchange" else Liquidation.BINANCE


def rules_of(backtesting: Any, start_ms: int, end_ms: int) -> Struct:
    """The settings of a strategy and a configuration.

    :param backtesting: freqtrade's ``Backtesting``.
    :param start_ms: first date of the run, milliseconds since 1970.
    :param end_ms: its last date.
    """
    strategy, config = backtesting.strategy, backtesting.config
    futures = backtesting.trading_mode == "futures"
    from freqtrade.constants import DEFAULT_AMOUNT_RESERVE_PERCENT

    reserve = config.get("amount_reserve_percent", DEFAULT_AMOUNT_RESERVE_PERCENT)
    timeouts = config.get("unfilledtimeout", {})
    positive = strategy.trailing_stop_positive
    detail = backtesting.timeframe_detail_td // timedelta(milliseconds=1)
    return filled(
        RULES,
        start_ms=start_ms,
        end_ms=end_ms,
        timeframe_ms=backtesting.timeframe_td // timedelta(milliseconds=1),
        detail_ms=detail,
        funding_ms=backtesting.funding_fee_timeframe_secs * 1000 if futures else 0,
        timeframe_min=backtesting.timeframe_min,
        entry_timeout_us=timeout_us(timeouts, "entry"),
        exit_timeout_us=timeout_us(timeouts, "exit"),
        trade_id=backtesting.trade_id_counter,
        order_id=backtesting.order_id_counter,
        stoploss=strategy.stoploss,
        trailing_stop_positive=0.0 if positive is None else positive,
        trailing_stop_positive_offset=strategy.trailing_stop_positive_offset,
        exit_profit_offset=strategy.exit_profit_offset,
        fee=backtesting.fee,
        max_open_trades=strategy.max_open_trades,
        ignore_expired_after_s=strategy.ignore_buying_expired_candle_after or 0,
        liquidation_buffer=backtesting.exchange.liquidation_buffer if futures else 0.0,
        **reserves(reserve),
        trailing_stop=bool(strategy.trailing_stop),
        has_trailing_stop_positive=positive is not None,
        trailing_only_offset_is_reached=bool(strategy.trailing_only_offset_is_reached),
        use_exit_signal=bool(strategy.use_exit_signal),
        exit_profit_only=bool(strategy.exit_profit_only),
        ignore_roi_if_entry_signal=bool(strategy.ignore_roi_if_entry_signal),
        position_stacking=bool(backtesting._position_stacking),
        can_short=bool(backtesting._can_short),
        futures=futures,
        entry_limit=strategy.order_types["entry"] == "limit",
        exit_limit=strategy.order_types["exit"] == "limit",
        capture_wallets=backtesting._is_backtest_runmode,
        collect_rejected=config.get("export", "none") == "signals"
        and backtesting._is_backtest_runmode,
        compensated_sum=sys.version_info >= (3, 12),
        liquidation=_liquidation(backtesting, futures),
        asks_leverage=futures and own_leverage(strategy),
    )


def _wallet(backtesting: Any, currencies: dict[str, int]) -> Struct | Support:
    config, wallets = backtesting.config, backtesting.wallets
    stake = config["stake_amount"]
    if backtesting.strategy.config["stake_currency"] != wallets._stake_currency:
        return refuse("the wallet's currency is not the stake currency")
    return filled(
        WALLET,
        start=wallets._start_cap.get(wallets._stake_currency, 0),
        tradable_balance_ratio=config["tradable_balance_ratio"],
        available_capital=config.get("available_capital", nan),
        stake_amount=nan if stake == "unlimited" else stake,
        last_stake_amount_min_ratio=config["last_stake_amount_min_ratio"],
        starting_balance=backtesting.starting_balance,
        stake_currency=currencies[wallets._stake_currency],
        amend_last_stake_amount=bool(config["amend_last_stake_amount"]),
    )


# ---- markets


def _markets(
    backtesting: Any, pairs: tuple[str, ...], currencies: dict[str, int]
) -> tuple[Struct, Struct, Struct] | Support:
    """Markets, tick histories and leverage tiers."""
    tables = MarketTables()
    for pair in pairs:
        history = tick_steps(backtesting.price_pair_prec.get(pair))
        if isinstance(history, Support):
            return history
        market = _market(backtesting, pair, currencies)
        if isinstance(market, Support):
            return market
        tables.add(history, tier_steps(_tiers(backtesting, pair)), **market)
    return tables.arrays()


def _in_amount(backtesting: Any, pair: str, contracts: Any) -> float:
    if contracts is None:
        return nan
    return float(backtesting.exchange._contracts_to_amount(pair, contracts))


def _market(backtesting: Any, pair: str, currencies: dict[str, int]) -> dict[str, Any] | Support:
    exchange = backtesting.exchange
    limits = exchange.markets[pair]["limits"]
    precisions = {
        "amount": (exchange.get_precision_amount(pair), backtesting.precision_mode),
        "price": (exchange.get_precision_price(pair), backtesting.precision_mode_price),
    }
    for name, (precision, mode) in precisions.items():
        if precision is not None and (mode not in (2, 3, 4) or not 0 <= precision < inf):
            return refuse(f"the {name} precision of {pair} is {precision!r} in mode {mode!r}")
        if precision is not None and mode == 4 and precision == 0:
            return refuse(f"the {name} precision of {pair} is zero")
    return {
        "amount_precision": or_nan(precisions["amount"][0]),
        "price_precision": or_nan(precisions["price"][0]),
        "contract_size": exchange.get_contract_size(pair) or 0,
        "cost_min": _in_amount(backtesting, pair, limits["cost"]["min"]),
        "cost_max": _in_amount(backtesting, pair, limits["cost"]["max"]),
        "amount_min": _in_amount(backtesting, pair, limits["amount"]["min"]),
        "amount_max": _in_amount(backtesting, pair, limits["amount"]["max"]),
        "taker_fee": _taker_fee(exchange, pair),
        "amount_mode": precisions["amount"][1] or 0,
        "price_mode": precisions["price"][1] or 0,
        "base_currency": currencies[exchange.get_pair_base_currency(pair)],
        "captured_currency": currencies[pair.split("/")[0]],
    }


def _taker_fee(exchange: Any, pair: str) -> float:
    """The fee in freqtrade's formula of the liquidation price."""
    found = lookup(type(exchange), "dry_run_liquidation_price")
    if exchange.trading_mode != "futures" or found is None or found[0].__name__ != "Exchange":
        return 0.0
    taker = exchange.markets[pair]["taker"]
    if not taker:
        described = exchange._api.describe().get("fees", {}).get("trading", {})
        taker = described.get("taker", 0.001)
    return float(taker)


def _tiers(backtesting: Any, pair: str) -> Sequence[dict[str, Any]]:
    if backtesting.trading_mode != "futures":
        return ()
    tiers: Sequence[dict[str, Any]] = backtesting.exchange._leverage_tiers.get(pair, ())
    return tiers
