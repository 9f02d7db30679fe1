"""What the wallets of a backtest hold, and what of it may be staked."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from freqkernels.bridge.objects.swaps import Swap
from freqkernels.bridge.targets import Target

_WALLETS = "freqtrade.wallets"
_TRADE_MODEL = "freqtrade.persistence.trade_model"
_OPEN_TRADES = (
    f"{_TRADE_MODEL}:Trade.get_trades_proxy",
    f"{_TRADE_MODEL}:LocalTrade.get_trades_proxy",
)
_STAKES = f"{_TRADE_MODEL}:Trade.total_open_trades_stakes"


def get_available_stake_amount(original: Callable[..., Any]) -> Callable[..., Any]:
    """The replacement of ``Wallets.get_available_stake_amount``."""
    from freqtrade.persistence import LocalTrade, Trade
    from freqtrade.wallets import Wallets

    @wraps(original)
    def fast(self: Any) -> Any:
        if type(self) is not Wallets or Trade.use_db or "available_capital" in self._config:
            return original(self)
        balance = self._wallets.get(self._stake_currency)
        free = balance.free if balance and balance.free else 0
        tied = sum([trade.stake_amount for trade in LocalTrade.bt_trades_open]) or 0
        return min((tied + free) * self._config["tradable_balance_ratio"] - tied, free)

    return fast


def update_dry(original: Callable[..., Any]) -> Callable[..., Any]:
    """The replacement of ``Wallets._update_dry``: on spot markets, and each trade's orders once."""
    from freqtrade.enums import TradingMode
    from freqtrade.persistence import LocalTrade, Trade
    from freqtrade.wallets import Wallet, Wallets

    def balance_of(trade: Any, currency: str, start: Any) -> tuple[Any, Any]:
        """The wallet of a trade's base currency, and the stake that its entry orders use."""
        orders = trade.open_orders
        if orders:
            entry, leave = trade.entry_side, trade.exit_side
            used = sum(o.stake_amount for o in orders if o.ft_order_side == entry)
            pending = sum(o.amount for o in orders if o.amount and o.ft_order_side == leave)
        else:
            used = pending = 0
        amount = trade.amount
        return Wallet(currency, start + amount - pending, pending, amount + start), used

    def is_simple(wallets: Any) -> bool:
        config = wallets._config
        return (
            type(wallets) is Wallets
            and wallets._is_backtest
            and not Trade.use_db
            and config.get("trading_mode", "spot") != TradingMode.FUTURES
            and config.get("margin_mode") != "cross"
        )

    @wraps(original)
    def fast(self: Any) -> None:
        if not is_simple(self):
            original(self)
            return
        open_trades = LocalTrade.bt_trades_open
        profit = LocalTrade.bt_total_profit
        profit += sum([trade.realized_profit for trade in open_trades])
        in_trades = sum([trade.stake_amount for trade in open_trades])
        start, stake_currency = self._start_cap, self._stake_currency
        wallets, used_stake = {}, 0.0
        for trade in open_trades:
            currency = self._exchange.get_pair_base_currency(trade.pair)
            wallets[currency], used = balance_of(trade, currency, start.get(currency, 0))
            used_stake += used
        current = start.get(stake_currency, 0) + profit - in_trades
        free = current + 0.0  # cross margin, of which there is none
        wallets[stake_currency] = Wallet(stake_currency, free, used_stake, current + used_stake)
        for currency, balance in start.items():
            if currency not in wallets:
                wallets[currency] = Wallet(currency, balance, 0, balance)
        self._wallets = wallets
        self._positions = {}

    return fast


def _wallet_swap(name: str, factory: str, imitates: tuple[str, ...]) -> Swap:
    return Swap(
        Target(
            f"Wallets.{name}",
            _WALLETS,
            f"Wallets.{name}",
            {"": f"bridge.objects.wallet_sums.{factory}"},
            imitates=imitates,
        )
    )


SWAPS: tuple[Swap, ...] = (
    _wallet_swap(
        "get_available_stake_amount",
        "get_available_stake_amount",
        (
            f"{_WALLETS}:Wallets.get_total_stake_amount",
            f"{_WALLETS}:Wallets.get_free",
            _STAKES,
            *_OPEN_TRADES,
        ),
    ),
    _wallet_swap("_update_dry", "update_dry", _OPEN_TRADES),
)
"""What this module replaces."""
