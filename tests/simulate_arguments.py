"""A ``Backtesting`` object's settings and frames as arguments of ``freqkernels.simulate``."""

from __future__ import annotations

from typing import Any

import pandas as pd

from freqkernels import Market, Rules, Simulated, WalletRules
from freqkernels.identity import first_difference

FLAGS = (
    *("trailing_stop", "trailing_only_offset_is_reached", "use_exit_signal", "exit_profit_only"),
    *("ignore_roi_if_entry_signal", "can_short"),
)
VALUES = (
    *("timeframe", "stoploss", "max_open_trades", "minimal_roi", "trailing_stop_positive"),
    *("trailing_stop_positive_offset", "exit_profit_offset", "order_types"),
    "ignore_buying_expired_candle_after",
)
WALLET = (
    *("stake_currency", "stake_amount", "dry_run_wallet", "tradable_balance_ratio"),
    *("amend_last_stake_amount", "last_stake_amount_min_ratio"),
)


def arguments_of(backtesting: Any, processed: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """What ``simulate`` has to be given to do the same.

    :param backtesting: freqtrade's, after a backtest or before it.
    :param processed: analysed and trimmed frames; a backtest leaves them behind.
    """
    bt, config = backtesting, backtesting.config
    is_backtest = config["runmode"].value == "backtest"
    frames = {
        # Strategies may be without any signals, callers of simulate are asked for some.
        pair: frame if "enter_long" in frame else frame.assign(enter_long=0)
        for pair, frame in processed.items()
        if len(frame)
    }
    return {
        "candles": frames,
        "signals": None,
        "rules": _rules(bt),
        "wallet": WalletRules(
            **{name: config[name] for name in WALLET},
            available_capital=config.get("available_capital"),
            amount_reserve_percent=config.get("amount_reserve_percent", 0.05),
        ),
        "markets": {pair: _market(bt, pair) for pair in frames},
        "detail": bt.detail_data if config.get("timeframe_detail") else None,
        "protections": bt.strategy.protections if bt.enable_protections else (),
        "capture_wallet": is_backtest,
        "collect_rejected": config.get("export") == "signals" and is_backtest,
    }


def _rules(bt: Any) -> Rules:
    strategy, futures = bt.strategy, bt.trading_mode == "futures"
    values = {name: getattr(strategy, name) for name in VALUES}
    values |= {name: bool(getattr(strategy, name)) for name in FLAGS}
    if futures:
        values |= {"trading_mode": "futures", "leverage": strategy.leverage}
        values["liquidation_buffer"] = bt.exchange.liquidation_buffer
        values["funding_fee_timeframe"] = bt.exchange.get_option("funding_fee_timeframe")
    return Rules(
        fee=bt.fee,
        unfilledtimeout=bt.config.get("unfilledtimeout", {}),
        position_stacking=bool(bt._position_stacking),
        timeframe_detail=bt.config.get("timeframe_detail") or None,
        **{**values, "can_short": bt._can_short},
    )


def _market(bt: Any, pair: str) -> Market:
    exchange, futures = bt.exchange, bt.trading_mode == "futures"
    limits = exchange.markets[pair]["limits"]
    bounds = {f"{kind}_{end}": limits[kind][end] for kind in ("cost", "amount") for end in ENDS}
    if futures:
        bounds |= {
            "contract_size": exchange.get_contract_size(pair),
            "leverage_tiers": exchange._leverage_tiers[pair],
            "funding": bt.futures_data[pair],
        }
    return Market(
        price_precision=exchange.get_precision_price(pair),
        amount_precision=exchange.get_precision_amount(pair),
        precision_mode=bt.precision_mode,
        ticks=bt.price_pair_prec.get(pair),
        **bounds,
    )


ENDS = ("min", "max")


# ---- comparing


def differences(simulated: Simulated, backtesting: Any, content: dict[str, Any]) -> list[str]:
    """All in which a simulation differs from what freqtrade's backtest returned and left."""
    from freqtrade.persistence import LocalTrade

    every = [*LocalTrade.bt_trades, *LocalTrade.bt_trades_open]
    pairs: dict[str, tuple[Any, Any]] = {
        "results": (simulated.results(), content["results"]),
        "more of trades": (_extra(simulated), _extra_of(LocalTrade.bt_trades)),
        "orders": (
            _orders(simulated),
            _orders_of(every),
        ),
        "left open": (_left_open(simulated), _left_open_of(LocalTrade.bt_trades_open)),
        "counters": (simulated.counters, _counters_of(backtesting, content)),
        "locks": (_locks(simulated), _locks_of()),
        "rejected": (_rejected(simulated), _rejected_of(backtesting)),
        "final balance": (simulated.final_balance, float(content["final_balance"])),
        **_wallet(simulated, content),
    }
    found = {name: first_difference(ours, theirs) for name, (ours, theirs) in pairs.items()}
    return [f"{name}{told}" for name, told in found.items() if told is not None]


EXTRA = ("is_stop_loss_trailing", "open_trade_value", "liquidation_price", "price_precision")


def _none(value: Any) -> Any:
    return None if value != value else value


def _extra(simulated: Simulated) -> list[tuple[Any, ...]]:
    rows = simulated.trades[["trade_id", *EXTRA]].itertuples(index=False)
    return [tuple(map(_none, row)) for row in rows]


def _extra_of(trades: Any) -> list[tuple[Any, ...]]:
    return [
        (trade.id, *(_number(getattr(trade, name)) for name in EXTRA)) for trade in list(trades)
    ]


def _number(value: Any) -> Any:
    return value if value is None or isinstance(value, bool) else float(value)


def _orders(simulated: Simulated) -> list[tuple[Any, ...]]:
    return [_plain(row) for row in simulated.orders.itertuples(index=False)]


def _plain(row: Any) -> tuple[Any, ...]:
    return tuple(
        value.to_pydatetime()
        if isinstance(value, pd.Timestamp)
        else None
        if value is pd.NaT
        else value
        for value in row
    )


def _orders_of(trades: Any) -> list[tuple[Any, ...]]:
    return [
        _plain(
            (
                trade.id,
                order.id,
                trade.pair,
                order.ft_order_side,
                order.ft_order_side == trade.entry_side,
                order.amount,
                order.ft_price,
                order.cost,
                order.order_date,
                order.order_filled_date,
                order.ft_order_tag,
            )
        )
        for trade in list(trades)
        for order in trade.orders
    ]


LEFT = ("pair", "is_short", "open_rate", "amount", "stake_amount", "stop_loss", "enter_tag")


def _left_open(simulated: Simulated) -> list[tuple[Any, ...]]:
    names = ["trade_id", *LEFT, "exit_price"]
    return [tuple(row) for row in simulated.left_open[names].itertuples(index=False)]


def _left_open_of(trades: list[Any]) -> list[tuple[Any, ...]]:
    return [
        (trade.id, *(getattr(trade, name) for name in LEFT), trade.orders[-1].ft_price)
        for trade in trades
    ]


def _counters_of(backtesting: Any, content: dict[str, Any]) -> dict[str, int]:
    returned = ("rejected_signals", "timedout_entry_orders", "timedout_exit_orders")
    kept = ("canceled_exit_orders", "trade_id_counter", "order_id_counter")
    counted = {name: content[name] for name in returned}
    return counted | {name: getattr(backtesting, name) for name in kept}


def _locks(simulated: Simulated) -> list[tuple[Any, ...]]:
    rows = simulated.locks[["pair", "side", "lock_time", "lock_end_time"]]
    return [_plain(row) for row in rows.itertuples(index=False)]


def _locks_of() -> list[tuple[Any, ...]]:
    from freqtrade.persistence import PairLocks

    return [
        _plain((lock.pair, lock.side, lock.lock_time, lock.lock_end_time))
        for lock in PairLocks.locks
    ]


def _rejected(simulated: Simulated) -> dict[str, list[tuple[Any, Any]]]:
    found: dict[str, list[tuple[Any, Any]]] = {}
    for pair, date, tag in simulated.rejected.itertuples(index=False):
        found.setdefault(pair, []).append((date.to_pydatetime(), tag))
    return found


def _rejected_of(backtesting: Any) -> dict[str, list[tuple[Any, Any]]]:
    return {
        pair: [(date.to_pydatetime(), tag) for date, tag in signals]
        for pair, signals in backtesting.rejected_dict.items()
        if signals
    }


def _wallet(simulated: Simulated, content: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    summary = content["wallet_summary"].copy()
    if summary.empty:
        return {"wallet": (len(simulated.wallet), 0)}
    # The dates of the loop have the unit of its first date.
    summary["date"] = summary["date"].astype(simulated.wallet["date"].dtype)
    total = (summary["rate"] * summary["balance"]).groupby(summary["date"]).sum()
    return {
        "wallet": (simulated.wallet, summary),
        "equity": (simulated.equity.tolist(), total.tolist()),
    }
