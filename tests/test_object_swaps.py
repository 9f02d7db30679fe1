"""Wallets, precisions, funding fees and locks of a backtest: the same as freqtrade's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("freqtrade")

from freqtrade.exchange import Exchange
from freqtrade.optimize.backtesting import Backtesting
from freqtrade.persistence import LocalTrade, PairLocks, Trade
from freqtrade.wallets import Wallets
from hypothesis import given
from hypothesis import strategies as st

from freqkernels.bridge.objects import (
    funding,
    locks,
    precision_history,
    wallet_sums,
)
from freqkernels.bridge.objects.swaps import swapped
from made_trades import NOW, make_order, make_trade
from swapped_calls import both, no_database, outcome, same


@pytest.fixture(autouse=True)
def backtest() -> Iterator[None]:
    """As a backtest finds it."""
    with no_database():
        yield


# Precisions


def history(values: list[float], **dates: Any) -> pd.Series:
    given = {"start": "2024-01-01", "freq": "MS", "tz": "UTC"} | dates
    return pd.Series(values, index=pd.date_range(periods=len(values), **given))


SERIES = {
    "usual": history([0.1, 0.01, 0.001, 0.0001]),
    "gaps": history([np.nan, 0.01, np.nan, np.nan]),
    "nothing": history([np.nan, np.nan]),
    "one": history([0.5]),
    "ints": history([1, 2]),
    "empty": history([]),
    "no zone": history([0.5, 0.1], tz=None),
    "other zone": history([0.5, 0.1], tz="Asia/Tokyo"),
    "backwards": history([0.5, 0.1])[::-1],
    "twice": pd.concat([history([0.5, 0.1]), history([0.2, 0.3])]).sort_index(kind="stable"),
    "fine": history([0.5, 0.25], freq="1ns"),
    "numbers": pd.Series([0.5, 0.1], index=[1, 2]),
}
MOMENTS = [
    *(NOW + timedelta(days=days) for days in (-1, 0, 1, 30, 31, 45, 60, 61, 400)),
    NOW.replace(tzinfo=None),
    NOW.astimezone(timezone(timedelta(hours=3))),
    pd.Timestamp(NOW),
    NOW + timedelta(microseconds=-1),
    "2024-02-01",
]


@pytest.mark.parametrize("name", [*SERIES, "absent"])
def test_precisions_by_date(name: str) -> None:
    backtesting = SimpleNamespace(
        price_pair_prec={"A/B": SERIES[name]} if name in SERIES else {},
        exchange=SimpleNamespace(get_precision_price=lambda pair: f"price of {pair}"),
        precision_mode_price=2,
    )
    for moment in MOMENTS:
        ours, theirs = both(
            precision_history.SWAPS,
            lambda moment=moment: Backtesting.get_pair_precision(backtesting, "A/B", moment),
        )
        assert ours == theirs


def test_another_history_of_a_pair_is_noticed() -> None:
    backtesting = SimpleNamespace(price_pair_prec={"A/B": SERIES["usual"]})
    with swapped(precision_history.SWAPS):
        same(Backtesting.get_pair_precision(backtesting, "A/B", NOW)[0], np.float64(0.1))
        backtesting.price_pair_prec["A/B"] = SERIES["one"]
        same(Backtesting.get_pair_precision(backtesting, "A/B", NOW)[0], np.float64(0.5))


# Funding fees


def funding_frame(fund: list[float], mark: list[float], unit: str = "ms") -> pd.DataFrame:
    dates = pd.date_range(NOW, periods=len(fund), freq="1h").as_unit(unit)
    return pd.DataFrame({"date": dates, "open_fund": fund, "open_mark": mark})


class Bare(Exchange):
    """An exchange that knows its markets and nothing else."""

    def __init__(self, markets: dict[str, Any] | None = None) -> None:
        self._markets = markets or {}

    def __del__(self) -> None:
        """There is nothing to close."""


def fees(frame: Any, calls: list[tuple[Any, ...]]) -> Callable[[], list[Any]]:
    return lambda: [
        outcome(lambda call=call: Exchange.calculate_funding_fees(Bare(), frame, *call))
        for call in calls
    ]


FEE = st.floats(-1e-3, 1e-3) | st.sampled_from([0.0, -0.0, 1e300, float("nan"), float("inf")])


@given(
    st.lists(st.tuples(FEE, st.floats(0.001, 1e5)), max_size=40),
    st.lists(
        st.tuples(
            st.sampled_from([1.5, 0.1, 3, np.float64(0.7), 0.0, -0.0, 1e-7, True]),
            st.booleans(),
            st.sampled_from([0, 1, 5, 5.5]),
            st.floats(0, 41),
        ),
        max_size=30,
    ),
    st.sampled_from(["ms", "us", "ns"]),
)
def test_funding_fees(rates: list[Any], calls: list[Any], unit: str) -> None:
    fund, mark = [fee for fee, _ in rates], [price for _, price in rates]
    frame = funding_frame(fund, mark, unit)
    made = [
        (amount, short, NOW + timedelta(hours=first), NOW + timedelta(hours=last))
        for amount, short, first, last in calls
    ]
    ours, theirs = both(funding.SWAPS, fees(frame.copy(), made))
    assert ours == theirs


def test_funding_fees_as_a_trade_grows_older() -> None:
    rng = np.random.default_rng(5)
    frame = funding_frame(rng.normal(0, 1e-4, 500).tolist(), rng.uniform(1, 9, 500).tolist())
    calls = [(0.123, False, NOW, NOW + timedelta(hours=hours)) for hours in range(500)]
    calls += [(0.123, True, NOW, NOW + timedelta(hours=hours)) for hours in (400, 3, 450)]
    ours, theirs = both(funding.SWAPS, fees(frame, calls))
    assert ours == theirs


@pytest.mark.parametrize(
    "call",
    [
        (1.0, True, NOW.replace(tzinfo=None), NOW + timedelta(hours=3)),
        (1.0, True, NOW, (NOW + timedelta(hours=3)).replace(tzinfo=None)),
        (1.0, True, pd.Timestamp(NOW), pd.Timestamp(NOW) + pd.Timedelta(hours=3)),
        (1.0, True, NOW, None),
        (None, True, NOW, NOW),
        ("1", True, NOW, NOW),
        (1.0, 0, NOW, NOW + timedelta(hours=3)),
        (1.0, None, NOW + timedelta(hours=3), NOW),
        (2**80, True, NOW, NOW + timedelta(hours=3)),
    ],
)
def test_funding_fees_of_odd_calls(call: tuple[Any, ...]) -> None:
    frame = funding_frame([1e-4] * 5, [2.0] * 5)
    ours, theirs = both(funding.SWAPS, fees(frame, [call]))
    assert ours == theirs


def test_funding_fees_of_odd_frames() -> None:
    call = (1.0, True, NOW, NOW + timedelta(hours=3))
    frames = [
        funding_frame([], []),
        funding_frame([1, 2, 3], [2, 3, 4]),
        funding_frame([1e-4] * 5, [2.0] * 5)[::-1].reset_index(drop=True),
    ]
    for frame in frames:
        ours, theirs = both(funding.SWAPS, fees(frame, [call]))
        assert ours == theirs


# Wallets

MARKETS = {"A/B": {"base": "A"}, "C/B": {"base": "C"}, "A/D": {"base": "A"}}


def wallets(start: Any, **config: Any) -> Any:
    """Wallets of a backtest."""
    market = Bare(MARKETS)
    market._config, market._ft_has = {"stake_currency": "B"}, {}
    given = {"dry_run": True, "dry_run_wallet": start, "stake_currency": "B"}
    given |= {"tradable_balance_ratio": 0.99, "stake_amount": "unlimited"}
    given |= {"amend_last_stake_amount": False, "runmode": "backtest"}
    return Wallets(given | config, market, is_backtest=True)


CONFIGS: dict[str, dict[str, Any]] = {
    "spot": {},
    "futures": {"trading_mode": "futures", "margin_mode": "isolated"},
    "capital": {"available_capital": 500},
}
STARTS: list[Any] = [1000, 1000.5, {"B": 1000, "A": 3, "X": 7.5}, {"A": 1}, {}]


def state(held: Any) -> list[Any]:
    """What wallets say, each number with its type."""
    numbers = [
        [(type(value), repr(value)) for value in wallet] for wallet in held._wallets.values()
    ]
    asked = [
        outcome(held.get_available_stake_amount),
        outcome(held.get_total_stake_amount),
        outcome(Trade.total_open_trades_stakes),
        outcome(lambda: held.get_trade_stake_amount("A/B", 3, update=False)),
        outcome(lambda: held.get_trade_stake_amount("A/B", float("inf"), update=True)),
        outcome(lambda: held.validate_stake_amount("A/B", 50, 10, 1e9, None)),
    ]
    return [list(held._wallets), numbers, repr(held._positions), asked]


@contextmanager
def open_trades(trades: list[Any], profit: Any) -> Iterator[None]:
    Trade.reset_trades()
    for trade in trades:
        LocalTrade.add_bt_trade(trade)
    LocalTrade.bt_total_profit = profit
    yield
    Trade.reset_trades()


AMOUNT = st.floats(0, 1e6) | st.sampled_from([0, 1, 0.1, 0.2])
TRADES = st.lists(
    st.tuples(
        st.sampled_from(list(MARKETS)), AMOUNT, AMOUNT, AMOUNT, st.booleans(), st.integers(0, 3)
    ),
    max_size=6,
)


@given(
    TRADES, st.floats(-1e3, 1e3) | st.just(0), st.sampled_from(STARTS), st.sampled_from([*CONFIGS])
)
def test_wallets(trades: list[Any], profit: Any, start: Any, config: str) -> None:
    made = []
    for pair, amount, stake, realized, short, orders in trades:
        trade = make_trade(0, pair=pair, is_short=short)
        trade.amount, trade.stake_amount, trade.realized_profit = amount, stake, realized
        for number in range(orders):
            order = make_order(trade, number, amount=amount or None, ft_amount=1.5)
            if number == 1:
                order.ft_order_side = trade.exit_side
            if number == 2:
                order.ft_is_open = False
            trade.orders.append(order)
        made.append(trade)
    with open_trades(made, profit):

        def look() -> Any:
            held = wallets(start, **CONFIGS[config])
            held.update()
            return state(held)

        ours, theirs = both(wallet_sums.SWAPS, look)
    assert ours == theirs


def test_other_wallets_are_left_alone() -> None:
    class Mine(Wallets):
        def get_free(self, currency: str) -> float:
            return 17.0

    held = wallets(1000)
    held.__class__ = Mine
    with open_trades([make_trade(2)], 0):
        ours, theirs = both(wallet_sums.SWAPS, held.get_available_stake_amount)
    assert ours == theirs


# Locks

LOCK = st.tuples(
    st.sampled_from(["A/B", "C/B", "*"]),
    st.integers(-20, 60),
    st.sampled_from(["long", "short", "*"]),
    st.sampled_from([None, "x", "y"]),
)


@given(
    st.lists(LOCK, max_size=12),
    st.lists(st.sampled_from(["unlock", "reason", "inactive"]), max_size=2),
)
def test_locks(made: list[Any], then: list[str]) -> None:
    def look() -> Any:
        PairLocks.reset_locks()
        for pair, minutes, side, reason in made:
            PairLocks.lock_pair(pair, NOW + timedelta(minutes=minutes), reason, now=NOW, side=side)
        for step in then:
            if step == "unlock":
                PairLocks.unlock_pair("A/B", NOW)
            elif step == "reason":
                PairLocks.unlock_reason("x", NOW)
            elif PairLocks.locks:
                PairLocks.locks[0].active = False
        asked = [
            (pair, moment, side)
            for pair in ("A/B", "C/B", "*")
            for moment in (NOW, NOW + timedelta(minutes=17), pd.Timestamp(NOW))
            for side in ("long", "short", "*")
        ]
        found = [PairLocks.is_pair_locked(*call) for call in asked]
        found += [PairLocks.is_pair_locked("A/B", NOW), PairLocks.is_pair_locked("A/B")]
        found += [PairLocks.is_global_lock(NOW, "long"), PairLocks.is_global_lock()]
        places = [
            [PairLocks.locks.index(lock) for lock in PairLocks.get_pair_locks(*call)]
            for call in [*asked, (None, NOW), ("A/B", NOW)]
        ]
        longest = PairLocks.get_pair_longest_lock("A/B", NOW)
        return found, places, longest and (longest.pair, longest.lock_end_time)

    ours, theirs = both(locks.SWAPS, look)
    assert ours == theirs


def test_locks_that_are_no_ordinary_ones() -> None:
    from freqtrade.persistence.models import PairLock

    half = PairLock(pair="A/B", lock_end_time=NOW + timedelta(hours=1), active=True)
    other = SimpleNamespace(
        pair="A/B", lock_end_time=datetime.max.replace(tzinfo=UTC), active=True, side="*"
    )
    for lock in (half, other):
        PairLocks.locks = [lock]
        for side in ("long", None):
            ours, theirs = both(
                locks.SWAPS, lambda side=side: len(PairLocks.get_pair_locks("A/B", NOW, side))
            )
            assert ours == theirs
