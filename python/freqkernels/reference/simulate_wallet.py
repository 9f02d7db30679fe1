"""freqtrade's Wallets in a dry run; ints of the configuration stay ints."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from freqkernels.reference.exact import sum_of
from freqkernels.reference.simulate_trade import Trades, open_entry_stakes


class UnavailableError(Exception):
    """freqtrade's DependencyException: the balance is lower than the stake."""


@dataclass
class Wallets:
    """What is owned, as of the last update."""

    rules: Any
    wallet: Any
    start: list[float]
    trades: Trades
    totals: list[float] = field(default_factory=list)
    free: float = 0

    def update(self) -> None:
        """Count anew."""
        stake_currency = self.wallet.stake_currency
        tied_up = self._tied_up()
        current = self.start[stake_currency] + self.trades.total_profit - tied_up
        used: float = 0.0
        totals = list(self.start)
        if self.rules.futures:
            used = tied_up
        else:
            for trade in self.trades.open:
                used += self._sum(open_entry_stakes(trade))
                currency = trade.market.limits.base_currency
                totals[currency] = trade.amount + self.start[currency]
        totals[stake_currency] = current + used
        self.totals, self.free = totals, current

    def available_stake(self) -> float:
        """get_available_stake_amount."""
        tied_up = self._tied_up()
        if math.isnan(self.wallet.available_capital):
            total: float = (tied_up + self.free) * self.wallet.tradable_balance_ratio
        else:
            profits = [trade.close_profit_abs or 0.0 for trade in self.trades.closed]
            total = self.wallet.available_capital + self._sum(profits)
        return min(total - tied_up, self.free)

    def trade_stake(self) -> float:
        """get_trade_stake_amount.

        :raise UnavailableError: where freqtrade raises DependencyException.
        """
        available = self.available_stake()
        stake: float = self.wallet.stake_amount
        if math.isnan(stake):
            stake = 0
            if self.rules.max_open_trades != 0:
                possible = (available + self._tied_up()) / self.rules.max_open_trades
                stake = min(possible, available)
        if self.wallet.amend_last_stake_amount:
            enough = available > stake * self.wallet.last_stake_amount_min_ratio
            stake = min(stake, available) if enough else 0
        if available < stake:
            raise UnavailableError
        return max(stake, 0)

    def valid_stake(self, stake: float, min_stake: float, max_stake: float) -> float:
        """validate_stake_amount."""
        if not stake or stake <= 0:
            return 0
        allowed = min(max_stake, self.available_stake())
        if min_stake > allowed:
            return 0
        if stake < min_stake:
            if stake * 1.3 < min_stake:
                return 0
            stake = min_stake
        return allowed if stake > allowed else stake

    def _tied_up(self) -> float:
        return self._sum([trade.stake_amount for trade in self.trades.open])

    def _sum(self, values: list[float]) -> float:
        return sum_of(values, self.rules.compensated_sum) if values else 0
