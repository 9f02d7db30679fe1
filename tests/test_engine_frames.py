"""Frames of results and of the wallet, from columns: freqtrade's own functions are the judges."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from freqkernels.bridge.engine.lazy_list import LazyList
from freqkernels.bridge.engine.wallet_summary import wallet_captures
from freqkernels.errors import InvalidInputError
from freqkernels.identity import first_difference
from freqkernels.simulation.results_frame import OrderColumns, TradeColumns, results_frame
from freqkernels.simulation.wallet_frame import wallet_summary_frame

freqtrade = pytest.importorskip("freqtrade")
bt_fileutils = pytest.importorskip("freqtrade.data.btanalysis.bt_fileutils")
persistence = pytest.importorskip("freqtrade.persistence")
reports = pytest.importorskip("freqtrade.optimize.optimize_reports")


def convert_bt_wallet_collection(captures: Any) -> pd.DataFrame:
    """freqtrade's function; releases that do not capture the wallet have none."""
    if hasattr(reports, "convert_bt_wallet_collection"):
        frame: pd.DataFrame = reports.convert_bt_wallet_collection(captures)
        return frame
    columns = ["date", "currency", "rate", "balance"]
    return pd.DataFrame(captures, columns=columns) if len(captures) else pd.DataFrame()


PAIRS = ("BTC/USDT", "ÄTH/USDT:USDT", "LTC/USDT")
NAT = np.iinfo(np.int64).min


def same(found: Any, expected: Any) -> None:
    difference = first_difference(found, expected)
    assert difference is None, difference
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(found, expected, check_exact=True)
        arrays = zip(found.items(), expected.items(), strict=True)
        assert all(type(ours.array) is type(theirs.array) for (_, ours), (_, theirs) in arrays)


def some_trades(rng: np.random.Generator, number: int, **odd: Any) -> tuple[Any, Any]:
    """Random columns of trades and their orders; ``odd`` replaces columns of the trades."""
    placed = rng.integers(0, 4, number)
    first_order = np.concatenate([[0], np.cumsum(placed)]).astype(np.int64)
    orders = int(first_order[-1])
    prices = rng.lognormal(3, 6, (8, number))
    opened = rng.integers(0, 2_000_000_000, number) * 1000
    tags = [None, "", "dip", "very long " * 9]
    trades = TradeColumns(
        pair_codes=rng.integers(0, len(PAIRS), number).astype(np.int32),
        stake_amount=prices[0],
        max_stake_amount=np.where(rng.random(number) < 0.2, 0.0, prices[1]),
        amount=prices[2],
        open_ms=opened,
        close_ms=opened + rng.integers(-90, 10**6, number) * 1000,
        open_rate=prices[3],
        close_rate=prices[4],
        profit_ratio=rng.normal(0, 1, number),
        profit_abs=rng.normal(0, 1, number).round(8),
        exit_reason=[str(rng.choice(["roi", "stop_loss", "", "tag"])) for _ in range(number)],
        initial_stop_loss=prices[5],
        initial_stop_loss_pct=np.where(rng.random(number) < 0.2, -0.0, -0.1),
        stop_loss=prices[6],
        stop_loss_pct=np.where(rng.random(number) < 0.2, 0.0, -prices[7]),
        min_rate=np.where(rng.random(number) < 0.1, np.nan, prices[7]),
        max_rate=prices[7] * 2,
        enter_tag=[tags[rng.integers(len(tags))] for _ in range(number)],
        leverage=rng.choice([1.0, 2.5, 10.0], number),
        is_short=rng.random(number) < 0.5,
        funding_fees=np.where(rng.random(number) < 0.5, 0.0, rng.normal(0, 1, number)),
        first_order=first_order,
    )
    made = OrderColumns(
        amount=rng.lognormal(3, 6, orders),
        price=rng.lognormal(3, 6, orders),
        is_entry=rng.random(orders) < 0.5,
        filled_ms=np.where(
            rng.random(orders) < 0.1, NAT, rng.integers(0, 2_000_000_000, orders) * 1000
        ),
        tag=[tags[rng.integers(len(tags))] for _ in range(orders)],
        cost=np.where(rng.random(orders) < 0.2, 0.0, rng.lognormal(3, 6, orders)),
    )
    return replace(trades, **odd), made


def at(milliseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def freqtrade_trades(trades: Any, orders: Any, fees: tuple[Any, Any]) -> list[Any]:
    """freqtrade's own objects of the same trades."""
    lists = {
        name: column.tolist() if isinstance(column, np.ndarray) else list(column)
        for name in trades.__slots__
        for column in [getattr(trades, name)]
    }
    result = []
    for row in range(len(trades.amount)):
        trade = persistence.LocalTrade(
            pair=PAIRS[lists["pair_codes"][row]],
            open_date=at(lists["open_ms"][row]),
            open_rate=lists["open_rate"][row],
            amount=lists["amount"][row],
            fee_open=fees[0],
            fee_close=fees[1],
            is_open=False,
            is_short=lists["is_short"][row],
            leverage=lists["leverage"][row],
        )
        trade.close_date = at(lists["close_ms"][row])
        trade.close_profit, trade.close_profit_abs = (
            lists["profit_ratio"][row],
            lists["profit_abs"][row],
        )
        for name in ("min_rate", "max_rate"):
            value = lists[name][row]
            setattr(trade, name, None if value != value else value)
        for name in (
            *("stake_amount", "max_stake_amount", "close_rate", "exit_reason", "enter_tag"),
            *("initial_stop_loss", "initial_stop_loss_pct", "stop_loss", "stop_loss_pct"),
            "funding_fees",
        ):
            setattr(trade, name, lists[name][row])
        span = range(lists["first_order"][row], lists["first_order"][row + 1])
        trade.orders = [freqtrade_order(trade, orders, place) for place in span]
        result.append(trade)
    return result


def freqtrade_order(trade: Any, orders: Any, place: int) -> Any:
    filled = int(orders.filled_ms[place])
    return persistence.Order(
        ft_order_side=trade.entry_side if orders.is_entry[place] else trade.exit_side,
        ft_pair=trade.pair,
        ft_is_open=filled == NAT,
        ft_amount=float(orders.amount[place]),
        ft_price=float(orders.price[place]),
        amount=float(orders.amount[place]),
        price=float(orders.price[place]),
        average=float(orders.price[place]),
        filled=0.0 if filled == NAT else float(orders.amount[place]),
        status="open" if filled == NAT else "closed",
        order_filled_date=None if filled == NAT else pd.Timestamp(at(filled)),
        ft_order_tag=orders.tag[place],
        cost=float(orders.cost[place]),
    )


def check_results(trades: Any, orders: Any, fees: tuple[Any, Any] = (0.001, 0.001)) -> None:
    expected = bt_fileutils.trade_list_to_dataframe(freqtrade_trades(trades, orders, fees))
    found = results_frame(PAIRS, trades, orders, fee_open=fees[0], fee_close=fees[1])
    same(found, expected)
    assert json.dumps(found["orders"].tolist()) == json.dumps(expected["orders"].tolist())


@pytest.mark.parametrize("seed", range(25))
def test_results(seed: int) -> None:
    """Random trades: every value, dtype, None and NaN, and the orders with their keys in order."""
    rng = np.random.default_rng(seed)
    check_results(*some_trades(rng, int(rng.integers(0, 40))))


INTEGERS = np.array([-1, -1, -1])
ODD: list[dict[str, Any]] = [
    {"leverage": np.array([3, 1, 5])},
    {"leverage": np.array([3, 1.5, 5], dtype=object)},
    {"stop_loss_pct": INTEGERS, "initial_stop_loss_pct": INTEGERS},
    {"stop_loss_pct": np.array([-1, -0.02, 0], dtype=object)},
    {"stop_loss_pct": np.array([-1, 0, 0]), "initial_stop_loss_pct": np.zeros(3, np.int64)},
    {"stop_loss_pct": np.zeros(3), "max_stake_amount": np.zeros(3)},
    {"max_stake_amount": np.array([1e-9, 0.0, 2.0])},
    {"min_rate": np.full(3, np.nan), "max_rate": np.array([np.nan, 1.0, np.nan])},
    {"funding_fees": np.array([-0.0, 0.0, 1.0])},
    {"enter_tag": [None] * 3},
    {"enter_tag": [""] * 3},
    {"enter_tag": ["a", 1, None]},
    {"enter_tag": [1.5, 2.5, 3.5]},
    {"exit_reason": [None, None, None]},
    {"exit_reason": np.array(["a", "b", "ü"], dtype=object)},
    {"profit_ratio": np.array([np.nan, np.inf, -0.0])},
    {"is_short": np.array([True, True, True])},
]
#: Not those of candles; releases before 2026 cut them off the dates, but not the timestamps.
FRACTIONS: list[dict[str, Any]] = [
    {"open_ms": np.array([1, 1_700_000_000_123, 1_700_000_000_999])},
    {"close_ms": np.array([1, 1_700_000_000_123, 1_700_000_059_999]), "open_ms": np.zeros(3, int)},
]
if freqtrade.__version__ >= "2026":
    ODD += FRACTIONS


@pytest.mark.parametrize("odd", ODD, ids=[" ".join(odd) for odd in ODD])
@pytest.mark.parametrize("fees", [(0.001, 0.002), (0, 0), (0.0, 0)])
def test_odd_results(odd: dict[str, Any], fees: tuple[Any, Any]) -> None:
    """Types of Python that show in the columns: ints, None, objects, and fractions of seconds."""
    check_results(*some_trades(np.random.default_rng(1), 3, **odd), fees)


def test_results_are_told_apart() -> None:
    """A changed bit, a changed type and a changed order are seen by the comparison above."""
    trades, orders = some_trades(np.random.default_rng(2), 5)
    expected = bt_fileutils.trade_list_to_dataframe(
        freqtrade_trades(trades, orders, (0.001, 0.001))
    )
    changed = [
        (replace(trades, profit_abs=np.nextafter(trades.profit_abs, 9)), orders),
        (replace(trades, leverage=trades.leverage.astype(np.int64)), orders),
        (trades, replace(orders, is_entry=~orders.is_entry)),
        (trades, replace(orders, cost=orders.cost + 1)),
    ]
    for ours, theirs in changed:
        with pytest.raises(AssertionError):
            same(results_frame(PAIRS, ours, theirs, fee_open=0.001, fee_close=0.001), expected)


def test_lengths_of_results() -> None:
    trades, orders = some_trades(np.random.default_rng(3), 5)
    with pytest.raises(InvalidInputError, match="amount: 4 rows, but pair_codes has 5"):
        results_frame(
            PAIRS, replace(trades, amount=trades.amount[1:]), orders, fee_open=0, fee_close=0
        )
    with pytest.raises(InvalidInputError, match="first_order"):
        results_frame(
            PAIRS, replace(trades, first_order=np.zeros(6, int)), orders, fee_open=0, fee_close=0
        )


CURRENCIES = ("USDT", "BTC", "É")


def captured(
    rng: np.random.Generator, number: int, integer_balances: Any, codes: Any = None
) -> dict[str, Any]:
    codes = rng.integers(0, 3, number) if codes is None else codes
    balances = rng.lognormal(3, 3, number)
    whole = np.broadcast_to(np.asarray(integer_balances), number)
    return {
        "times_ms": np.sort(rng.integers(0, 1000, number)) * 60_000 + 1_600_000_000_000,
        "currency_codes": codes.astype(np.int32),
        "currencies": CURRENCIES,
        "rates": np.where(codes == 0, 1.0, rng.lognormal(3, 3, number)),
        "balances": np.where(whole, balances.round() + 1, balances),
        "integer_balances": integer_balances,
    }


def freqtrade_captures(columns: dict[str, Any], kind: Any) -> list[tuple[Any, ...]]:
    whole = np.broadcast_to(np.asarray(columns["integer_balances"]), len(columns["rates"]))
    return [
        (
            kind(at(int(time))),
            CURRENCIES[code],
            1 if code == 0 else float(rate),
            int(balance) if integer else float(balance),
        )
        for time, code, rate, balance, integer in zip(
            *(columns[name] for name in ("times_ms", "currency_codes", "rates", "balances")),
            whole,
            strict=True,
        )
    ]


def moment(value: datetime) -> datetime:
    return value


def nanoseconds(value: datetime) -> Any:
    return pd.Timestamp(value).as_unit("ns")


def naive(value: datetime) -> datetime:
    return value.replace(tzinfo=None)


@pytest.mark.parametrize("kind", [moment, pd.Timestamp, nanoseconds, naive])
@pytest.mark.parametrize("integers", [False, True, "some"])
@pytest.mark.parametrize("which", ["all", "stake", "pairs"])
@pytest.mark.parametrize("number", [0, 1, 300])
def test_wallet_summary(number: int, which: str, integers: Any, kind: Any) -> None:
    """Types of dates, rates and balances; the list of captures, made late, is the same as well."""
    rng = np.random.default_rng(number)
    codes = {"all": None, "stake": np.zeros(number), "pairs": np.ones(number)}[which]
    codes = None if codes is None else codes.astype(int)
    mask = rng.random(number) < 0.5 if integers == "some" else integers
    columns = captured(rng, number, mask, codes)
    list_of_freqtrade = freqtrade_captures(columns, kind)
    columns["moment"] = kind(at(1_600_000_000_000))
    expected = convert_bt_wallet_collection(list_of_freqtrade)
    same(wallet_summary_frame(**copy.deepcopy(columns)), expected)

    captures = wallet_captures(**columns)
    assert len(captures) == number
    assert not captures.made
    same(convert_bt_wallet_collection(captures), expected)
    assert captures == list_of_freqtrade
    same(list(captures), list_of_freqtrade)


def test_wallet_summary_can_be_written() -> None:
    """freqtrade adds a column to it."""
    columns = captured(np.random.default_rng(0), 50, False)
    frame = wallet_summary_frame(**columns)
    frame.loc[:, "total_quote"] = frame["rate"] * frame["balance"]
    frame.loc[3, "balance"] = 5.0
    assert frame["balance"][3] == 5.0
    with pytest.raises(InvalidInputError, match="rates: 49 rows, but times_ms has 50"):
        wallet_summary_frame(**{**columns, "rates": columns["rates"][1:]})


def test_lazy_list() -> None:
    """Does what the list does, is made once and late, and copies are real lists."""
    calls: list[int] = []

    def make() -> list[Any]:
        calls.append(1)
        return [3, 1, 2]

    lazy = LazyList(3, make)
    assert len(lazy) == 3
    assert lazy
    assert not LazyList(0, list)
    assert not calls
    assert lazy[0] == 3
    assert lazy[1:] == [1, 2]
    lazy.append(4)
    assert len(lazy) == 4
    assert lazy == [3, 1, 2, 4]
    assert lazy != [3]
    assert [*lazy] == lazy.copy() == [3, 1, 2, 4]
    five = [5]
    assert lazy + five == [3, 1, 2, 4, 5]
    assert five + lazy == [5, 3, 1, 2, 4]
    assert 4 in lazy
    assert lazy.index(2) == 2
    lazy.sort(reverse=True)
    del lazy[0]
    lazy[0] = 9
    assert repr(lazy) == "[9, 2, 1]"
    for copied in (copy.deepcopy(lazy), pickle.loads(pickle.dumps(lazy))):
        assert type(copied) is list
        assert copied == [9, 2, 1]
    assert calls == [1]
