"""Which of freqtrade's code the compiled engine takes over, by name; nothing is imported here.

A name is ``module:qualname`` as :mod:`freqkernels.bridge.fingerprints` has it. All names together
are the fingerprint of the engine: a release in which one of them differs is not certified, and its
own code runs. At run time every *watched* name must still stand for the code of its source file.
"""

from __future__ import annotations

#: The engine's name in the table of certified sources.
NAME = "backtest"

BACKTESTING = "freqtrade.optimize.backtesting"
STRATEGY = "freqtrade.strategy.interface"
TRADES = "freqtrade.persistence.trade_model"
LOCKS = "freqtrade.persistence.pairlock_middleware"
WALLETS = "freqtrade.wallets"
EXCHANGE = "freqtrade.exchange.exchange"
ROUNDING = "freqtrade.exchange.exchange_utils"
PROVIDER = "freqtrade.data.dataprovider"
PROTECTIONS = "freqtrade.plugins.protections"
_TIMEFRAMES = "freqtrade.exchange.exchange_utils_timeframe"
_PRECISE = "ccxt.base.precise"
_DECIMALS = "ccxt.base.decimal_to_precision"

#: Methods of the live ``Backtesting``, its data provider and its wallets.
BACKTESTING_METHODS = (
    "_get_ohlcv_as_lists",
    "disable_database_use",
    "check_abort",
    "_set_progress_step",
    "_increment_progress",
    "get_pair_precision",
    "_get_close_rate",
    "_get_close_rate_for_stoploss",
    "_get_close_rate_for_roi",
    "_check_adjust_trade_for_candle",
    "_get_order_filled",
    "_call_adjust_stop",
    "_try_close_open_order",
    "_process_exit_order",
    "_get_exit_for_signal",
    "_exit_trade",
    "_check_trade_exit",
    "_run_funding_fees",
    "get_valid_entry_price_and_stake",
    "_enter_trade",
    "handle_left_open",
    "trade_slot_available",
    "check_for_trade_entry",
    "run_protections",
    "manage_open_orders",
    "cancel_open_orders",
    "handle_similar_order",
    "check_order_cancel",
    "check_order_replace",
    "validate_row",
    "_sync_pair_index",
    "_collate_rejected",
    "backtest_loop",
    "get_detail_data",
    "_time_generator",
    "_time_generator_det",
    "_time_pair_generator_det",
    "time_pair_generator",
    "_capture_wallet",
)
PROVIDER_METHODS = ("_set_dataframe_max_index", "_set_dataframe_max_date")
WALLETS_METHODS = (
    "get_free",
    "get_used",
    "get_total",
    "_update_dry",
    "update",
    "get_total_stake_amount",
    "get_available_stake_amount",
    "_calculate_unlimited_stake_amount",
    "_check_available_stake_amount",
    "get_trade_stake_amount",
    "validate_stake_amount",
    "_local_log",
)

#: What ``IStrategy`` does itself on the way; a strategy is not meant to override it.
STRATEGY_INTERNALS = (
    "should_exit",
    "ft_stoploss_adjust",
    "ft_stoploss_reached",
    "min_roi_reached_entry",
    "min_roi_reached",
    "ft_check_timed_out",
    "ignore_expired_candle",
    "_adjust_trade_position_internal",
)

#: Callbacks of strategies that can change a trade; their default bodies change nothing.
CALLBACKS = (
    "bot_loop_start",
    "custom_exit",
    "custom_sell",
    "custom_stoploss",
    "custom_roi",
    "adjust_trade_position",
    "custom_entry_price",
    "custom_exit_price",
    "leverage",
    "custom_stake_amount",
    "confirm_trade_entry",
    "confirm_trade_exit",
    "order_filled",
    "check_entry_timeout",
    "check_exit_timeout",
    "check_buy_timeout",
    "check_sell_timeout",
    "adjust_order_price",
    "adjust_entry_price",
    "adjust_exit_price",
)

#: Methods of the live exchange, for every trading mode.
EXCHANGE_METHODS = (
    "markets",
    "get_max_leverage",
    "get_min_pair_stake_amount",
    "get_max_pair_stake_amount",
    "_get_stake_amount_limit",
    "_get_stake_amount_considering_leverage",
    "_contracts_to_amount",
    "get_contract_size",
    "get_precision_amount",
    "get_precision_price",
    "get_pair_base_currency",
    "get_liquidation_price",
)
#: Methods of the live exchange that only futures get to.
FUTURES_METHODS = (
    "_get_max_notional_from_tiers",
    "dry_run_liquidation_price",
    "get_maintenance_ratio_and_amt",
    "calculate_funding_fees",
)
#: What an exchange may override, because the engine has that formula too: other definitions of a
#: method, and whether they hold for futures or only where the method does nothing (spot).
OTHER_FORMULAS: dict[str, tuple[tuple[str, bool], ...]] = {
    "dry_run_liquidation_price": (("freqtrade.exchange.binance:Binance", True),),
    "get_max_leverage": (("freqtrade.exchange.hyperliquid:Hyperliquid", False),),
}

#: Classes whose objects the engine replaces, with the members that count.
CLASSES: dict[str, tuple[str, ...]] = {
    f"{TRADES}:LocalTrade": (
        "__init__",
        "to_json",
        "adjust_min_max_rates",
        "set_liquidation_price",
        "set_funding_fees",
        "__set_stop_loss",
        "adjust_stop_loss",
        "close",
        "recalc_open_trade_value",
        "_calc_open_trade_value",
        "calculate_interest",
        "_calc_base_close",
        "calc_close_trade_value",
        "calculate_profit",
        "calc_profit_ratio",
        "calc_close_rate_for_roi",
        "recalc_trade_from_orders",
        "select_order",
        "select_filled_orders",
        "select_filled_or_open_orders",
        "nr_of_successful_entries",
        "_date_last_filled_utc",
        "date_last_filled_utc",
        "open_date_utc",
        "close_date_utc",
        "entry_side",
        "exit_side",
        "trade_direction",
        "safe_base_currency",
        "safe_quote_currency",
        "open_orders",
        "has_open_orders",
        "has_open_position",
        "get_trades_proxy",
        "close_bt_trade",
        "add_bt_trade",
        "remove_bt_trade",
    ),
    f"{TRADES}:Order": (
        "order_date_utc",
        "order_filled_utc",
        "safe_amount",
        "safe_price",
        "safe_filled",
        "safe_cost",
        "safe_remaining",
        "safe_fee_base",
        "safe_amount_after_fee",
        "trade",
        "stake_amount",
        "to_json",
        "close_bt_order",
    ),
    f"{TRADES}:Trade": (
        "get_trades_proxy",
        "get_total_closed_profit",
        "total_open_trades_stakes",
    ),
    f"{LOCKS}:PairLocks": (
        "lock_pair",
        "get_pair_locks",
        "is_global_lock",
        "is_pair_locked",
        "get_all_locks",
    ),
    "freqtrade.plugins.protectionmanager:ProtectionManager": ("global_stop", "stop_per_pair"),
    "freqtrade.enums.exitchecktuple:ExitCheckTuple": ("__init__", "exit_flag"),
    "freqtrade.util.ft_precise:FtPrecise": ("__init__",),
    f"{_PRECISE}:Precise": (
        "__init__",
        "__add__",
        "__sub__",
        "__mul__",
        "__truediv__",
        "__mod__",
        "__gt__",
        "__eq__",
        "__str__",
        "mul",
        "div",
        "add",
        "sub",
        "mod",
        "gt",
        "equals",
        "reduce",
    ),
}

#: Functions, wherever freqtrade's code on the way looks them up by name.
FUNCTIONS = (
    f"{ROUNDING}:amount_to_contracts",
    f"{ROUNDING}:contracts_to_amount",
    f"{ROUNDING}:amount_to_precision",
    f"{ROUNDING}:amount_to_contract_precision",
    f"{ROUNDING}:__price_to_precision_significant_digits",
    f"{ROUNDING}:price_to_precision",
    f"{_DECIMALS}:decimal_to_precision",
    f"{_DECIMALS}:power_of_10",
    f"{_PRECISE}:pow10",
    f"{_TIMEFRAMES}:timeframe_to_seconds",
    f"{_TIMEFRAMES}:timeframe_to_next_date",
    "freqtrade.leverage.liquidation_price:update_liquidation_prices",
    "freqtrade.strategy.strategy_wrapper:strategy_safe_wrapper",
    "freqtrade.data.converter.converter:trim_dataframe",
    "freqtrade.data.btanalysis.bt_fileutils:trade_list_to_dataframe",
    "freqtrade.optimize.optimize_reports.optimize_reports:convert_bt_wallet_collection",
    "freqtrade.util.datetime_helpers:dt_ts_none",
    "freqtrade.util.datetime_helpers:dt_ts",
)

#: The shipped protections: module, class, members.
_STOPS = ("__init__", "global_stop", "stop_per_pair")
SHIPPED_PROTECTIONS: dict[str, tuple[str, ...]] = {
    f"{PROTECTIONS}.cooldown_period:CooldownPeriod": (*_STOPS[1:], "_cooldown_period", "_reason"),
    f"{PROTECTIONS}.low_profit_pairs:LowProfitPairs": (*_STOPS, "_low_profit", "_reason"),
    f"{PROTECTIONS}.max_drawdown_protection:MaxDrawdown": (*_STOPS, "_max_drawdown", "_reason"),
    f"{PROTECTIONS}.stoploss_guard:StoplossGuard": (*_STOPS, "_stoploss_guard", "_reason"),
}
PROTECTION_BASE = f"{PROTECTIONS}.iprotection:IProtection"
PROTECTION_BASE_MEMBERS = ("__init__", "calculate_lock_end")

#: Part of the fingerprint, but really called or only read: a patch of them takes effect anyway.
_RELIED_ON = (
    f"{BACKTESTING}:Backtesting.reset_backtest",
    f"{BACKTESTING}:Backtesting._load_protections",
    *(
        f"{BACKTESTING}:{name}"
        for name in [
            "HEADERS",
            "DATE_IDX",
            "OPEN_IDX",
            "HIGH_IDX",
            "LOW_IDX",
            "CLOSE_IDX",
            "LONG_IDX",
            "ELONG_IDX",
            "SHORT_IDX",
            "ESHORT_IDX",
            "ENTER_TAG_IDX",
            "EXIT_TAG_IDX",
        ]
    ),
    f"{STRATEGY}:IStrategy.ft_advise_signals",
    f"{STRATEGY}:IStrategy.advise_entry",
    f"{STRATEGY}:IStrategy.advise_exit",
    f"{WALLETS}:Wallets.__init__",
    f"{WALLETS}:Wallets.get_starting_balance",
    f"{WALLETS}:Wallet",
    f"{WALLETS}:PositionWallet",
    f"{PROVIDER}:DataProvider.clear_cache",
    f"{PROVIDER}:DataProvider._set_cached_df",
    f"{EXCHANGE}:Exchange.combine_funding_and_mark",
    f"{EXCHANGE}:Exchange._add_funding_columns",
    f"{TRADES}:LocalTrade.reset_trades",
    *(
        f"{TRADES}:LocalTrade.{name}"
        for name in [
            "bt_total_profit",
            "realized_profit",
            "fee_open_cost",
            "open_rate",
            "open_trade_value",
            "close_profit",
            "close_profit_abs",
            "stake_amount",
            "max_stake_amount",
            "amount",
            "close_date",
            "stop_loss",
            "stop_loss_pct",
            "initial_stop_loss",
            "initial_stop_loss_pct",
            "is_stop_loss_trailing",
            "max_rate",
            "min_rate",
            "exit_reason",
            "exit_order_status",
            "enter_tag",
            "liquidation_price",
            "is_short",
            "leverage",
            "interest_rate",
            "funding_fees",
            "funding_fee_running",
        ]
    ),
    f"{TRADES}:ProfitStruct",
    f"{LOCKS}:PairLocks.reset_locks",
    "freqtrade.data.btanalysis.historic_precision:get_tick_size_over_time",
    "freqtrade.data.btanalysis.bt_fileutils:BT_DATA_COLUMNS",
    "freqtrade.enums.exittype:ExitType",
    "freqtrade.constants:NON_OPEN_EXCHANGE_STATES",
    "freqtrade.constants:UNLIMITED_STAKE_AMOUNT",
    "freqtrade.constants:DEFAULT_AMOUNT_RESERVE_PERCENT",
)


def _members(owner: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{owner}.{name}" for name in names)


def _all() -> tuple[str, ...]:
    names: list[str] = [
        *_members(f"{BACKTESTING}:Backtesting", BACKTESTING_METHODS),
        *_members(f"{PROVIDER}:DataProvider", PROVIDER_METHODS),
        *_members(f"{WALLETS}:Wallets", WALLETS_METHODS),
        *_members(f"{STRATEGY}:IStrategy", STRATEGY_INTERNALS + CALLBACKS),
        *_members(f"{EXCHANGE}:Exchange", EXCHANGE_METHODS + FUTURES_METHODS),
        *(f"{owner}.{method}" for method, rows in OTHER_FORMULAS.items() for owner, _ in rows),
        *_members(PROTECTION_BASE, PROTECTION_BASE_MEMBERS),
        *FUNCTIONS,
        *_RELIED_ON,
    ]
    for classes in (CLASSES, SHIPPED_PROTECTIONS):
        for owner, members in classes.items():
            names += _members(owner, members)
    return tuple(names)


#: All definitions in the engine's fingerprint, besides ``Backtesting.backtest`` itself.
IMITATED = _all()
