"""The structs that Python and the engine share, as numpy dtypes.

Fields stand in the order of ``types.h``, ``protections.h`` and ``locks.h`` in ``src/engine`` and
are aligned as a C compiler aligns them; the compiled door refuses arrays that differ. Times are
milliseconds since 1970 in UTC unless the name says otherwise, ``NEVER`` stands for no time, NaN
for ``None``.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

NEVER = -(2**63)


def _struct(*groups: tuple[str | np.dtype, str]) -> np.dtype:
    fields = [(name, kind) for kind, names in groups for name in names.split()]
    return np.dtype(fields, align=True)


RULES = _struct(
    ("i8", "start_ms end_ms timeframe_ms detail_ms funding_ms timeframe_min"),
    ("i8", "entry_timeout_us exit_timeout_us trade_id order_id"),
    ("f8", "stoploss trailing_stop_positive trailing_stop_positive_offset exit_profit_offset"),
    ("f8", "fee max_open_trades ignore_expired_after_s liquidation_buffer"),
    ("f8", "margin_reserve stoploss_reserve"),
    ("u1", "trailing_stop has_trailing_stop_positive trailing_only_offset_is_reached"),
    ("u1", "use_exit_signal exit_profit_only ignore_roi_if_entry_signal position_stacking"),
    ("u1", "can_short futures entry_limit exit_limit capture_wallets collect_rejected"),
    ("u1", "compensated_sum liquidation asks_leverage"),
)
WALLET = _struct(
    ("f8", "start tradable_balance_ratio available_capital stake_amount"),
    ("f8", "last_stake_amount_min_ratio starting_balance"),
    ("i4", "stake_currency"),
    ("u1", "amend_last_stake_amount"),
)
ROI_STEP = _struct(("i8", "minutes"), ("f8", "ratio"))
MARKET = _struct(
    ("i8", "first_tick last_tick first_tier last_tier"),
    ("f8", "amount_precision price_precision contract_size"),
    ("f8", "cost_min cost_max amount_min amount_max taker_fee"),
    ("i4", "amount_mode price_mode base_currency captured_currency"),
)
TICK = _struct(("i8", "from_ms"), ("f8", "tick"))
TIER = _struct(
    ("f8", "min_notional max_notional max_leverage maintenance_ratio maintenance_amount"),
    ("u1", "whole"),
)
ORDER = _struct(
    ("i8", "id placed_ms filled_ms row"),
    ("f8", "price amount funding_fee"),
    ("u1", "state reason funding_kind"),
)
TRADE = _struct(
    ("i8", "id open_ms close_ms entry_row reason_row"),
    (ORDER, "entry exit"),
    ("f8", "open_rate open_rate_requested close_rate"),
    ("f8", "amount stake_amount max_stake_amount open_trade_value"),
    ("f8", "close_profit close_profit_abs"),
    ("f8", "stop_loss stop_loss_pct initial_stop_loss initial_stop_loss_pct"),
    ("f8", "max_rate min_rate leverage liquidation_price"),
    ("f8", "funding_fees funding_fee_running price_precision"),
    ("i4", "pair price_mode"),
    ("u1", "is_short is_open is_trailing reason leverage_kind funding_kind running_kind"),
    ("u1", "from_history"),
)
CAPTURE = _struct(("i8", "time_ms"), ("f8", "price total"), ("i4", "currency is_whole"))
REJECTION = _struct(("i8", "row time_ms"), ("i4", "pair unused"))
PROTECTION = _struct(
    ("i8", "lookback_ms stop_ms"),
    ("f8", "trade_limit threshold"),
    ("i4", "unlock_minute"),
    ("u1", "kind only_per_pair only_per_side equity"),
)
LOCK = _struct(
    ("i8", "lock_ms end_ms"), ("f8", "value"), ("i4", "pair rule"), ("u1", "side no_addend")
)


class Liquidation(IntEnum):
    """Whose formula gives the liquidation price of an isolated trade."""

    NONE = 0
    BASE = 1
    BINANCE = 2


class OrderState(IntEnum):
    """What became of an order."""

    NONE = 0
    OPEN = 1
    CLOSED = 2


class Kind(IntEnum):
    """The Python type of a number that freqtrade keeps as it comes."""

    FLOAT = 0
    INT = 1
    NONE = 2


class Refusal(IntEnum):
    """Why the engine gave a run up."""

    RUNS = 0
    NO_MEMORY = 1
    ARITHMETIC = 2
    PARTIAL_EXIT = 3
    LEVERAGE_TIERS = 4
    LEVERAGE_CALLBACK = 5
    LIQUIDATION_PRICE = 6
    PROTECTION_RAISES = 7


EXIT_REASONS = (
    "",
    "exit_signal",
    "stop_loss",
    "trailing_stop_loss",
    "liquidation",
    "roi",
    "force_exit",
)
ENTER_LONG, EXIT_LONG, ENTER_SHORT, EXIT_SHORT = 1, 2, 4, 8
TRUE_SHIFT = 4
