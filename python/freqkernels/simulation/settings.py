"""A backtest's settings, under freqtrade's names and with freqtrade's defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any, Literal

from freqkernels.simulation.checks import (
    is_number,
    reject,
    require_choice,
    require_flag,
    require_keys,
    require_number,
    timeframe_minutes,
)

_MOST_TRADES = 2**31 - 1
_FLAGS = (
    *("trailing_stop", "trailing_only_offset_is_reached", "use_exit_signal", "exit_profit_only"),
    *("ignore_roi_if_entry_signal", "position_stacking", "can_short"),
)
_SIDES = ("entry", "exit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When trades are opened and closed; what is not said here is as freqtrade documents it.

    :param timeframe: of the candles, like "5m".
    :param stoploss: ratio, from -1 to below 0.
    :param fee: of entries and exits, from 0 to below 1.
    :param max_open_trades: slots; -1 for no limit.
    :param minimal_roi: profit ratio by minutes since the opening.
    :param trailing_stop_positive: None for the distance of ``stoploss``.
    :param ignore_buying_expired_candle_after: seconds, 0 for off; concerns detail candles only.
    :param order_types: "limit" or "market" of "entry" and "exit".
    :param unfilledtimeout: how long orders of "entry" and "exit" may wait, in "unit" ("minutes" or
        "seconds"); a side that is absent waits for ever.
    :param trading_mode: "spot" or "futures" (with isolated margin).
    :param can_short: whether short entries count; futures only.
    :param leverage: a number from 1 on, or a function that is called at each entry with freqtrade's
        arguments of ``leverage()`` by name, and returns a number. Futures only.
    :param liquidation_formula: "binance", or "base" for the one that freqtrade has for exchanges
        without one of their own.
    :param liquidation_buffer: share of the way to the liquidation price that is kept free.
    :param funding_fee_timeframe: how often funding fees are due.
    :param timeframe_detail: of the detail candles.
    """

    timeframe: str
    stoploss: float
    fee: float
    max_open_trades: float
    minimal_roi: Mapping[int, float] | Mapping[str, float] = field(default_factory=dict)
    trailing_stop: bool = False
    trailing_stop_positive: float | None = None
    trailing_stop_positive_offset: float = 0.0
    trailing_only_offset_is_reached: bool = False
    use_exit_signal: bool = True
    exit_profit_only: bool = False
    exit_profit_offset: float = 0.0
    ignore_roi_if_entry_signal: bool = False
    ignore_buying_expired_candle_after: float = 0
    order_types: Mapping[str, Any] = field(
        default_factory=lambda: {"entry": "limit", "exit": "limit"}
    )
    unfilledtimeout: Mapping[str, Any] = field(default_factory=dict)
    position_stacking: bool = False
    trading_mode: Literal["spot", "futures"] = "spot"
    can_short: bool = False
    leverage: float | Callable[..., float] = 1.0
    liquidation_formula: Literal["binance", "base"] = "binance"
    liquidation_buffer: float = 0.05
    funding_fee_timeframe: str = "1h"
    timeframe_detail: str | None = None

    def __post_init__(self) -> None:
        """Check.

        :raise InvalidInputError: naming the setting.
        """
        require_number("stoploss", self.stoploss, -1.0, below=0.0)
        require_number("fee", self.fee, 0.0, below=1.0)
        if self.max_open_trades not in (-1, inf):
            require_number("max_open_trades", self.max_open_trades, 0, _MOST_TRADES)
            if self.max_open_trades != int(self.max_open_trades):
                reject("max_open_trades", "a whole number", self.max_open_trades)
        _ = roi_table(self.minimal_roi)
        require_number("trailing_stop_positive", self.trailing_stop_positive, 0.0, optional=True)
        require_number("trailing_stop_positive_offset", self.trailing_stop_positive_offset, 0.0)
        require_number("exit_profit_offset", self.exit_profit_offset)
        expired = self.ignore_buying_expired_candle_after
        require_number("ignore_buying_expired_candle_after", expired, 0)
        for name in _FLAGS:
            require_flag(name, getattr(self, name))
        self._check_orders()
        self._check_futures()
        self._check_times()

    @property
    def futures(self) -> bool:
        """Whether it trades futures."""
        return self.trading_mode == "futures"

    def _check_orders(self) -> None:
        if not isinstance(self.order_types, Mapping):
            reject("order_types", "a mapping", self.order_types)
        for side in _SIDES:
            require_choice(f"order_types[{side!r}]", self.order_types.get(side), _ORDER_TYPES)
        require_keys("unfilledtimeout", self.unfilledtimeout, _TIMEOUT_KEYS)
        for side in _SIDES:
            timeout = self.unfilledtimeout.get(side)
            name = f"unfilledtimeout[{side!r}]"
            require_number(name, timeout, 0, _LONGEST_TIMEOUT, optional=True)
        unit = self.unfilledtimeout.get("unit", "minutes")
        require_choice("unfilledtimeout['unit']", unit, ("minutes", "seconds"))

    def _check_futures(self) -> None:
        require_choice("trading_mode", self.trading_mode, ("spot", "futures"))
        require_choice("liquidation_formula", self.liquidation_formula, ("binance", "base"))
        require_number("liquidation_buffer", self.liquidation_buffer, 0.0, 0.99)
        if not callable(self.leverage):
            require_number("leverage", self.leverage, 1.0)
        if not self.futures and (callable(self.leverage) or self.leverage != 1):
            reject("leverage", "1 where trading_mode is 'spot'", self.leverage)
        if not self.futures and self.can_short:
            reject("can_short", "False where trading_mode is 'spot'", self.can_short)

    def _check_times(self) -> None:
        minutes = timeframe_minutes("timeframe", self.timeframe)
        timeframe_minutes("funding_fee_timeframe", self.funding_fee_timeframe)
        if self.timeframe_detail is None:
            return
        if timeframe_minutes("timeframe_detail", self.timeframe_detail) >= minutes:
            expected = f"a shorter timeframe than {self.timeframe!r}"
            reject("timeframe_detail", expected, self.timeframe_detail)


_ORDER_TYPES = ("limit", "market")
_TIMEOUT_KEYS = ("entry", "exit", "unit", "exit_timeout_count")
#: A year in seconds; times are counted in microseconds.
_LONGEST_TIMEOUT = 366 * 86_400


def roi_table(minimal_roi: Any) -> dict[int, float]:
    """``minimal_roi`` with minutes as ints, which a configuration file has as texts.

    :param minimal_roi: freqtrade's setting.
    :raise InvalidInputError: naming it.
    """
    if not isinstance(minimal_roi, Mapping):
        reject("minimal_roi", "a mapping of ratios by minutes", minimal_roi)
    table = {}
    for key, ratio in minimal_roi.items():
        text = isinstance(key, str) and key.isascii() and key.isdigit()
        minutes = int(key) if text else key
        if not is_number(minutes) or minutes != int(minutes) or not 0 <= minutes <= _MOST_TRADES:
            reject("minimal_roi", "minutes as whole numbers from 0 on", key)
        require_number(f"minimal_roi[{key!r}]", ratio)
        table[int(minutes)] = ratio
    return table


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletRules:
    """What there is to trade with, and how much a trade gets of it.

    :param stake_currency: what all pairs are traded in, like "USDT".
    :param stake_amount: of a trade, or "unlimited" to share everything among the slots.
    :param dry_run_wallet: of the stake currency, or amounts by currency.
    :param tradable_balance_ratio: share of the balance that may be used.
    :param available_capital: used instead of the balance, together with the profits; None for off.
    :param amend_last_stake_amount: whether a trade may get the rest if that is less than its stake.
    :param last_stake_amount_min_ratio: how much of the stake the rest has to be.
    :param amount_reserve_percent: reserve on top of a market's least amounts, 0.05 for 5 %.
    """

    stake_currency: str
    stake_amount: float | Literal["unlimited"]
    dry_run_wallet: float | Mapping[str, float] = 1000
    tradable_balance_ratio: float = 0.99
    available_capital: float | None = None
    amend_last_stake_amount: bool = False
    last_stake_amount_min_ratio: float = 0.5
    amount_reserve_percent: float = 0.05

    def __post_init__(self) -> None:
        """Check.

        :raise InvalidInputError: naming the setting.
        """
        if not isinstance(self.stake_currency, str) or not self.stake_currency:
            reject("stake_currency", "a text like 'USDT'", self.stake_currency)
        if isinstance(self.stake_amount, str):
            require_choice("stake_amount", self.stake_amount, ("unlimited",))
        else:
            require_number("stake_amount", self.stake_amount, 0.0)
        for currency, balance in self.balances.items():
            require_number(f"dry_run_wallet[{currency!r}]", balance, 0.0)
        require_number("tradable_balance_ratio", self.tradable_balance_ratio, 0.0, 1.0)
        require_number("available_capital", self.available_capital, 0.0, optional=True)
        require_flag("amend_last_stake_amount", self.amend_last_stake_amount)
        require_number("last_stake_amount_min_ratio", self.last_stake_amount_min_ratio, 0.0, 1.0)
        require_number("amount_reserve_percent", self.amount_reserve_percent, 0.0, 0.5)

    @property
    def balances(self) -> dict[str, float]:
        """Amounts by currency at the start."""
        if isinstance(self.dry_run_wallet, Mapping):
            return dict(self.dry_run_wallet)
        return {self.stake_currency: self.dry_run_wallet}
