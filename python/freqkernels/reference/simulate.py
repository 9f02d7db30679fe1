"""Twin of the engine: freqtrade's backtest in plain Python, every candle of every pair."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freqkernels.layout import (
    CAPTURE,
    LOCK,
    NEVER,
    ORDER,
    REJECTION,
    TRADE,
    Kind,
    OrderState,
    Refusal,
)
from freqkernels.reference.exact import RefusedError
from freqkernels.reference.protections import Protections, RaisesError
from freqkernels.reference.simulate_loop import handle_left_open, run_candle
from freqkernels.reference.simulate_market import GivenUpError, Market, fields
from freqkernels.reference.simulate_run import Pair, Run
from freqkernels.reference.simulate_trade import Order, Trade, Trades
from freqkernels.reference.simulate_wallet import Wallets

Struct = NDArray[Any]
Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]


class Simulation:
    """One run of the engine: ``run`` in slices of candles, then ``finish``, then what came out.

    Pairs are given by ``set_candles``, ``set_details`` and ``set_funding`` before ``start``.
    """

    def __init__(
        self,
        rules: Struct,
        wallet: Struct,
        roi: Struct,
        markets: Struct,
        ticks: Struct,
        tiers: Struct,
        start_capital: Floats,
        whole_start: Bytes,
        leverage: Callable[..., Any] | None,
    ) -> None:
        self.leverage = leverage
        self.error: BaseException | None = None
        self._refusal = (int(Refusal.RUNS), 0, 0)
        self._candle = 0
        self._left: list[Trade] = []
        r = fields(rules[0])
        r.entry_timeout_us = None if r.entry_timeout_us == NEVER else r.entry_timeout_us
        r.exit_timeout_us = None if r.exit_timeout_us == NEVER else r.exit_timeout_us
        length = r.end_ms - r.start_ms
        self._candles = max(length, 0) // r.timeframe_ms
        capital = zip(start_capital.tolist(), whole_start.tolist(), strict=True)
        start = [int(value) if whole else value for value, whole in capital]
        trades = Trades()
        self._run = Run(
            r,
            dict(roi.tolist()),
            [Pair(i, Market.of(r, row, ticks, tiers)) for i, row in enumerate(markets)],
            trades,
            Wallets(r, fields(wallet[0]), start, trades),
            self._asked_leverage,
            trade_id=r.trade_id,
            order_id=r.order_id,
        )

    # ---- what goes in

    def set_candles(
        self,
        pair: int,
        open: Floats,
        high: Floats,
        low: Floats,
        close: Floats,
        signals: Bytes,
        first_candle: int,
        candle: NDArray[np.int32] | None,
        stop_tags: Bytes | None,
    ) -> None:
        """A pair's rows; ``candle`` is None where they follow each other without a gap."""
        p = self._run.pairs[pair]
        p.opens, p.highs, p.lows, p.closes = (c.tolist() for c in (open, high, low, close))
        p.signals = signals.tolist()
        p.candles = list(range(first_candle, first_candle + len(p.opens)))
        if candle is not None:
            p.candles = candle.tolist()
        p.stop_tags = [] if stop_tags is None else stop_tags.tolist()

    def set_details(
        self,
        pair: int,
        time_ms: NDArray[np.int64],
        open: Floats,
        high: Floats,
        low: Floats,
        close: Floats,
    ) -> None:
        """A pair's rows of the detail timeframe."""
        times, *prices = (column.tolist() for column in (time_ms, open, high, low, close))
        p = self._run.pairs[pair]
        p.detail_times, p.details = times, list(zip(times, *prices, strict=True))

    def set_funding(self, pair: int, time_ns: NDArray[np.int64], fee_per_unit: Floats) -> None:
        """A pair's funding fees per unit."""
        self._run.pairs[pair].market.set_funding(time_ns, fee_per_unit)

    def set_protections(
        self, protections: Struct, grid: NDArray[np.int64], end_included: bool
    ) -> None:
        """Protections, and how the ends of their locks are rounded."""
        run = self._run
        balance, compensated = run.wallets.wallet.starting_balance, run.rules.compensated_sum
        self._run.protections = Protections(
            protections, grid.tolist(), balance, bool(compensated), bool(end_included)
        )

    # ---- running

    def start(self) -> bool:
        """Ready for the first candle; False if the run was given up."""
        return self._does_well(self._run.wallets.update)

    def run(self, until: int) -> bool:
        """Candles up to that one; False if the run was given up."""
        while self._candle < min(until, self._candles) and self._refusal[0] == Refusal.RUNS:
            self._candle += 1
            self._does_well(lambda: run_candle(self._run, self._candle))
        return self._refusal[0] == Refusal.RUNS

    def finish(self) -> bool:
        """Forced exits of what is open; False if the run was given up."""
        went_well = self._does_well(lambda: handle_left_open(self._run))
        self._left = list(self._run.trades.open)
        return went_well

    def _does_well(self, step: Callable[[], None]) -> bool:
        try:
            step()
        except RefusedError:
            self._refusal = (int(Refusal.ARITHMETIC), *self._run.at)
        except RaisesError:
            self._refusal = (int(Refusal.PROTECTION_RAISES), *self._run.at)
        except GivenUpError as given_up:
            self._refusal = (int(given_up.refusal), *self._run.at)
        return self._refusal[0] == Refusal.RUNS

    def _asked_leverage(self, *arguments: Any) -> float:
        try:
            assert self.leverage is not None
            answer = self.leverage(*arguments)
            if type(answer) is not float and type(answer) is not int:
                raise TypeError(f"leverage: {type(answer).__name__}")
            exact = float(answer) == answer
        except BaseException as error:
            self.error = error
            raise GivenUpError(Refusal.LEVERAGE_CALLBACK) from error
        if not exact:
            raise GivenUpError(Refusal.LEVERAGE_CALLBACK)
        return answer

    # ---- what comes out

    @property
    def candle(self) -> int:
        """The last candle that was done."""
        return self._candle

    @property
    def candles(self) -> int:
        """The last candle of the run."""
        return int(self._candles)

    @property
    def closed_trades(self) -> int:
        """How many trades have closed."""
        return len(self._run.trades.closed)

    @property
    def refusal(self) -> tuple[int, int, int]:
        """Why the run was given up, in which pair and when."""
        return self._refusal

    def summary(self) -> dict[str, Any]:
        """Counters and sums by name."""
        run, wallets = self._run, self._run.wallets
        return {
            "trade_id": run.trade_id,
            "order_id": run.order_id,
            "last_visit_ms": NEVER if run.last_visit_ms is None else run.last_visit_ms,
            "rejected_signals": run.rejected_signals,
            "timedout_entry_orders": run.timedout_entry_orders,
            "timedout_exit_orders": run.timedout_exit_orders,
            "canceled_exit_orders": run.canceled_exit_orders,
            "total_profit": float(run.trades.total_profit),
            "free": float(wallets.free),
            "total": float(wallets.totals[wallets.wallet.stake_currency]),
        }

    def visited_rows(self) -> list[int]:
        """By pair, how many rows the run has visited."""
        return [pair.visited for pair in self._run.pairs]

    def take_trades(self) -> bytes:
        """Bytes of the closed trades in the order of closing."""
        return _structs(TRADE, map(_trade, self._run.trades.closed))

    def take_left(self) -> bytes:
        """Bytes of the trades that could not be closed in the end."""
        return _structs(TRADE, map(_trade, self._left))

    def take_captures(self) -> bytes:
        """Bytes of the wallet captures."""
        return _structs(CAPTURE, self._run.captures)

    def take_rejections(self) -> bytes:
        """Bytes of the rejected signals."""
        return _structs(REJECTION, self._run.rejections)

    def take_visits(self) -> bytes:
        """Bytes of the pairs in the order of their first visit."""
        return _structs(np.dtype(np.int32), self._run.trades.of_pair)

    def locks(self) -> bytes:
        """Bytes of the pair locks in the order in which they were made."""
        protections = self._run.protections
        locks = protections.locks if protections else []
        return _structs(LOCK, (tuple(vars(lock).values()) for lock in locks))


def sizes() -> dict[str, int]:
    """Bytes of the structs that go out, by their names in freqkernels.layout."""
    structs = {"TRADE": TRADE, "ORDER": ORDER, "CAPTURE": CAPTURE}
    structs |= {"REJECTION": REJECTION, "LOCK": LOCK}
    return {name: dtype.itemsize for name, dtype in structs.items()}


# ---- structs


def _structs(dtype: np.dtype, rows: Iterable[Any]) -> bytes:
    return np.array(list(rows), dtype=dtype).tobytes()


def _kind(value: float | None) -> Kind:
    if value is None:
        return Kind.NONE
    return Kind.INT if type(value) is int else Kind.FLOAT


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


def _or_zero(value: float | None) -> float:
    return 0.0 if value is None else value


def _or_never(time_ms: int | None) -> int:
    return NEVER if time_ms is None else time_ms


def _order(order: Order | None) -> tuple[Any, ...]:
    if order is None:
        return (0, 0, NEVER, 0, 0.0, 0.0, 0.0, OrderState.NONE, 0, Kind.FLOAT)
    return (
        *(order.id, order.placed_ms, _or_never(order.filled_ms), order.row),
        *(order.price, order.amount, _or_zero(order.funding_fee)),
        OrderState.OPEN if order.is_open else OrderState.CLOSED,
        *(order.reason, _kind(order.funding_fee)),
    )


def _latest(trade: Trade, is_entry: bool) -> Order | None:
    return trade.open_order(is_entry) or trade.filled_order(is_entry)


def _trade(t: Trade) -> tuple[Any, ...]:
    return (
        *(t.id, t.open_ms, _or_never(t.close_ms), t.entry_row, t.reason_row),
        *(_order(_latest(t, True)), _order(_latest(t, False))),
        *(t.open_rate, t.open_rate_requested, _or_nan(t.close_rate)),
        *(t.amount, t.stake_amount, t.max_stake_amount, t.open_trade_value),
        *(_or_nan(t.close_profit), _or_nan(t.close_profit_abs)),
        *(t.stop_loss, _or_nan(t.stop_loss_pct)),
        *(t.initial_stop_loss, _or_nan(t.initial_stop_loss_pct)),
        *(_or_nan(t.max_rate), _or_nan(t.min_rate)),
        *(t.leverage, _or_nan(t.liquidation_price)),
        *(_or_zero(t.funding_fees), _or_zero(t.funding_fee_running), _or_nan(t.grid.precision)),
        *(t.pair, t.grid.mode),
        *(t.is_short, t.is_open, t.is_stop_loss_trailing, t.exit_reason),
        *(_kind(t.leverage), _kind(t.funding_fees), _kind(t.funding_fee_running)),
        t.grid.from_history,
    )
