"""Profits of many trades, against freqtrade's LocalTrade."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from freqtrade.enums import TradingMode
from freqtrade.persistence import LocalTrade
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from _exact import ordinary, special
from freqkernels import trades, use_backend
from freqkernels.errors import InvalidInputError
from freqkernels.identity import first_difference
from test_kernels import same, twins

NOW = datetime(2024, 1, 1, tzinfo=UTC)
SETTINGS = ("fee_open", "fee_close", "funding_fees", "leverage", "is_short")


def local_trade(**values: Any) -> LocalTrade:
    given_values: dict[str, Any] = {"pair": "A/B", "exchange": "binance", "is_open": True}
    given_values |= {"stake_amount": 1.0, "open_date": NOW, "trading_mode": TradingMode.FUTURES}
    return LocalTrade(**{**given_values, **values})


# ---- profits


def freqtrade_profit(
    entry: float, exit_rate: float, quantity: float, **settings: Any
) -> tuple[float, float]:
    trade = local_trade(open_rate=entry, amount=quantity, **settings)
    trade.recalc_open_trade_value()
    profit = trade.calculate_profit(exit_rate)
    return profit.profit_abs, profit.profit_ratio


def assert_as_freqtrade(found: trades.Profits, rows: list[dict[str, Any]]) -> None:
    expected = np.array([freqtrade_profit(**row) for row in rows])
    difference = first_difference(
        (found.profit_abs, found.profit_ratio), (expected[:, 0].copy(), expected[:, 1].copy())
    )
    assert difference is None, f"{difference}: {rows[difference.path[-1]]}"


def rows_of(columns: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    lists = [column.tolist() for column in columns.values()]
    return [dict(zip(columns, values, strict=True)) for values in zip(*lists, strict=True)]


def drawn_columns(count: int, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    entry = ordinary(count, seed)
    return {
        "entry": entry,
        "exit_rate": np.abs(entry * (1 + rng.normal(0, 0.05, count))),
        "quantity": ordinary(count, seed + 1),
        "fee_open": rng.choice([0.0, 0.001, 0.00075, 0.0026, 0.3, 1.0], count),
        "fee_close": rng.choice([0.0, 0.001, 0.0004], count),
        "funding_fees": rng.choice([0.0, -0.0, 1.0, -1e-3], count) * ordinary(count, seed + 2),
        "leverage": rng.choice([1.0, 3.0, 2.5, 125.0], count),
        "is_short": rng.random(count) < 0.5,
    }


def pnl_of(columns: dict[str, Any]) -> Any:
    first = [columns[name] for name in ("entry", "exit_rate", "quantity")]
    return trades.calculate_pnl(*first, **{name: columns[name] for name in SETTINGS})


@pytest.mark.parametrize("seed", range(3))
def test_profits_of_any_settings(seed: int, backend: str) -> None:
    columns = drawn_columns(1500, 10 * seed)
    assert_as_freqtrade(pnl_of(columns), rows_of(columns))


@pytest.mark.parametrize("is_short", [False, True])
@pytest.mark.parametrize("stake", [0.01, 20.0, 1000.0, 250_000.0, 1e12])
def test_profits_of_one_setting(stake: float, is_short: bool) -> None:
    """Small stakes are done in doubles, large ones often in decimals."""
    count = 700
    entry = ordinary(count, 3)
    settings = dict(zip(SETTINGS, (0.001, 0.0005, -0.25, 3.0, is_short), strict=True))
    columns = {"entry": entry, "exit_rate": ordinary(count, 4), "quantity": stake / entry}
    columns["exit_rate"] = np.round(entry * (0.9 + columns["exit_rate"] % 0.2), 6)
    found = trades.calculate_pnl(*columns.values(), **settings)
    assert_as_freqtrade(found, [row | settings for row in rows_of(columns)])


def test_profits_at_halves_of_the_last_decimal_and_at_zero(backend: str) -> None:
    halves = 1.0 + (np.arange(-300, 300) + 0.5) * 1e-8
    exits = np.concatenate([halves, np.nextafter(halves, 2), np.nextafter(halves, 0), [1.0]])
    for settings in ({"is_short": True}, {"leverage": 3.0}, {"funding_fees": 5e-9}, {}):
        found = trades.calculate_pnl(1.0, exits, 1.0, **settings)
        rows = [{"entry": 1.0, "exit_rate": x, "quantity": 1.0, **settings} for x in exits.tolist()]
        plain = {"fee_open": 0.0, "fee_close": 0.0, "funding_fees": 0.0}
        plain |= {"leverage": 1.0, "is_short": False}
        assert_as_freqtrade(found, [{**plain, **row} for row in rows])


def test_profits_in_spot_markets() -> None:
    columns = drawn_columns(300, 77)
    columns["funding_fees"] = np.zeros(300)
    rows = [row | {"trading_mode": TradingMode.SPOT} for row in rows_of(columns)]
    assert_as_freqtrade(pnl_of(columns), rows)


def test_profits_that_leave_the_numbers() -> None:
    """Products beyond a double, below it, and open values of 0."""
    columns = {
        "entry": np.array([1e300, 1e-300, 1.0, 1.0, 5e-324, 1e10]),
        "exit_rate": np.array([1e301, 1e-299, 0.0, 2.0, 1e-323, 1e300]),
        "quantity": np.array([1e10, 1e-20, 1.0, 0.0, 1.0, 1e200]),
        "fee_open": np.array([0.0, 0.001, 0.0, 0.001, 0.0, 1e-3]),
        "fee_close": np.array([0.001, 0.0, 1.0, 0.5, 0.0, 1e-3]),
        "funding_fees": np.array([0.0, 0.0, -1.0, 1e300, -5e-324, 0.0]),
        "leverage": np.array([1.0, 2.0, 1e300, 1.0, 1.0, 1e-300]),
        "is_short": np.array([True, False, True, False, True, True]),
    }
    columns["fee_open"][2] = 1.0  # short: an open value of 0
    assert_as_freqtrade(pnl_of(columns), rows_of(columns))


@given(st.data())
def test_twins_of_profits(data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 12))
    numbers = (
        st.floats(0, 1e6) | st.floats() | st.sampled_from([0.0, 1.0, 0.001, 1e-40, 1e-90, 1e308])
    )
    lengths = st.sampled_from([1, rows])
    columns = [data.draw(hnp.arrays(float, data.draw(lengths), elements=numbers)) for _ in range(7)]
    is_short = data.draw(hnp.arrays(np.uint8, data.draw(lengths), elements=st.integers(0, 1)))
    same("trades.profits", *columns, is_short, outputs=(np.zeros(rows),) * 2, tail=(1,))


def test_twins_of_profits_in_bulk() -> None:
    """Whatever doubles decide is what decimals say."""
    count = 20_000
    rng = np.random.default_rng(5)
    one = np.ones(1)
    fees = rng.choice([0.0, 0.001, 0.25, 0.26, 0.9999999, 1 - 2**-30], (2, count))
    shorts = rng.random(count) < 0.5
    for stake in (10.0, 20_000.0):
        entry = np.exp(rng.normal(0, 6, count))
        columns = (entry, entry * rng.choice([0.9, 1.0, 1.1, 1e3], count), stake / entry)
        settings = (*fees, rng.normal(0, 1, count) * stake, one, shorts.view(np.uint8))
        outputs = (np.zeros(count),) * 2
        same("trades.profits", *columns, *settings, outputs=outputs, tail=(1,))
    odd = np.abs(np.random.default_rng(6).permutation(special())[:9000]).reshape(3, -1)
    settings = (one * 0.001, one * 0.001, one * 0.0, one, np.zeros(1, np.uint8))
    same("trades.profits", *odd, *settings, outputs=(np.zeros(3000),) * 2, tail=(1,))


def test_profits_do_not_depend_on_blocks_and_threads() -> None:
    whole = pnl_of(drawn_columns(1100, 50))
    compiled = twins("trades.profits")[0]
    for rows in (1, 255, 256, 257, 512, 1100):
        columns = [column[:rows].copy() for column in drawn_columns(1100, 50).values()]
        columns[-1] = columns[-1].view(np.uint8)
        for threads in (1, 2, 5):
            out = np.zeros((2, rows))
            assert compiled(*columns, *out, threads) == 0
            assert first_difference(list(out), [column[:rows] for column in whole]) is None


def test_profits_are_of_the_kind_of_the_arguments(backend: str) -> None:
    single = trades.calculate_pnl(100, np.float64(110), 2.0, 0.001)
    assert first_difference(tuple(single), (19.58, 0.0978022)) is None
    arrays = trades.calculate_pnl([100, 100], 110.0, np.float32(2), np.array([0.001, 0.001]))
    assert first_difference(arrays.profit_abs, np.array([19.58, 19.58])) is None
    index = pd.Index(["x", "y"], name="trade")
    for entry in (pd.Series([100, 100], index), pd.Series([100, 100], index, dtype="Float64")):
        frame = trades.calculate_pnl(entry, np.full(2, 110.0), 2.0, fee_open=0.001, fee_close=0.001)
        expected = {"profit_ratio": [0.0978022] * 2, "profit_abs": [19.58] * 2}
        assert first_difference(frame, pd.DataFrame(expected, index=index)) is None
    assert len(trades.calculate_pnl([], [], []).profit_abs) == 0
    shorts = trades.calculate_pnl(100.0, 110.0, 2.0, is_short=pd.array([True, False]))
    assert shorts.profit_abs.tolist() == [-20.0, 20.0]
    strided = np.arange(1.0, 9.0)[::2]
    assert trades.calculate_pnl(strided, strided + 1, 1.0).profit_abs.tolist() == [1.0] * 4


PROFIT_ERRORS: list[tuple[str, dict[str, Any]]] = [
    (r"entry: .* got nan in row 1", {"entry": [1.0, np.nan]}),
    (r"entry: .* got 0.0 in row 0", {"entry": 0.0}),
    (r"exit: .* got -1.0 in row 1", {"exit": [1.0, -1.0]}),
    (r"exit: .* got inf", {"exit": np.inf}),
    (r"quantity: .* got -3.0", {"quantity": -3}),
    (r"fee: .* got -0.001", {"fee": -0.001}),
    (r"fee_open: .* got nan", {"fee_open": np.nan}),
    (r"fee_open: .* got -0.001", {"fee_open": -0.001}),
    (r"fee_close: .* got -1.0", {"fee_close": [0.0, -1.0]}),
    (r"funding_fees: expected finite numbers, got -inf", {"funding_fees": -np.inf}),
    (r"leverage: expected finite numbers above 0", {"leverage": 0}),
    (r"quantity: expected 2 rows, as entry has, got 3", {"entry": [1, 2], "quantity": [1] * 3}),
    (r"exit: expected 2 rows, as entry has, got 1", {"entry": [1, 2], "exit": [1]}),
    (r"entry: expected numbers, got <U", {"entry": ["1", "2"]}),
    (r"entry: expected numbers, got object", {"entry": None}),
    (r"quantity: expected numbers, got bool", {"quantity": True}),
    (r"exit: expected one dimension, got 2", {"exit": np.ones((2, 2))}),
    (r"exit: expected numbers, got \[", {"exit": [[1.0], [1.0, 2.0]]}),
    (r"is_short: expected booleans, got int", {"is_short": 1}),
    (r"exit: a value is missing", {"exit": pd.Series([1.0, None], dtype="Float64")}),
    (r"fee: expected 0, or 1e-40 to 1, got 1e-90", {"fee": 1e-90}),
    (r"fee_close: .* got 1.5 in row 1", {"fee_close": [0.1, 1.5]}),
]


@pytest.mark.parametrize(("message", "changed"), PROFIT_ERRORS, ids=[m for m, _ in PROFIT_ERRORS])
def test_bad_trades_are_named(message: str, changed: dict[str, Any], float_errors: str) -> None:
    arguments = {"entry": 1.0, "exit": 2.0, "quantity": 3.0, **changed}
    for name in ("compiled", "reference"):
        with use_backend(name), pytest.raises(InvalidInputError, match=message):
            trades.calculate_pnl(**arguments)


def test_series_of_other_trades_are_refused() -> None:
    left, right = pd.Series([1.0, 2.0]), pd.Series([1.0, 2.0], index=[1, 2])
    with pytest.raises(InvalidInputError, match="exit: its index"):
        trades.calculate_pnl(left, right, 1.0)
