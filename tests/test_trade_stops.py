"""Stops of many trades, against freqtrade's IStrategy and LocalTrade."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from freqtrade.enums import ExitType
from freqtrade.strategy import IStrategy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from _arrays import candles
from freqkernels import trades, use_backend
from freqkernels.errors import InvalidInputError
from freqkernels.identity import first_difference
from test_kernels import same
from test_trades import NOW, local_trade


class Stopped(IStrategy):
    """freqtrade's stop, with the settings that its resolver would give."""

    use_custom_stoploss = False
    trailing_stop = trailing_only_offset_is_reached = False
    trailing_stop_positive_offset = 0.0

    def __init__(self, **settings: Any) -> None:
        self.config = {"dry_run": True}
        for name, value in settings.items():
            setattr(self, name, value)

    def populate_indicators(self, dataframe: Any, metadata: dict[str, Any]) -> Any:
        return dataframe


def freqtrade_stop(
    low: list[float], high: list[float], settings: dict[str, Any], fee: float, **values: Any
) -> tuple[int, float, list[float]]:
    """Row and rate of the touch, and the stop after each row, of rows with two ends or one."""
    strategy = Stopped(**settings)
    trade = local_trade(amount=1.0, fee_open=fee, fee_close=fee, **values)
    trade.recalc_open_trade_value()
    trade.adjust_stop_loss(trade.open_rate, strategy.stoploss, initial=True)
    path = []
    for row, (least, most) in enumerate(zip(low, high, strict=True)):
        ends = {"low": least, "high": most} if low is not high else {}
        profit = trade.calc_profit_ratio(least)
        reached = strategy.ft_stoploss_reached(least, trade, NOW, profit, 0, **ends)
        path.append(trade.stop_loss)
        if reached.exit_type != ExitType.NONE:
            return row, trade.stop_loss, path
    return -1, math.nan, path


RULES: dict[str, dict[str, Any]] = {
    "fixed": {},
    "trailing": {"trailing_stop": True},
    "positive": {"trailing_stop": True, "trailing_stop_positive": 0.004},
    "offset": {
        "trailing_stop": True,
        "trailing_stop_positive": 0.003,
        "trailing_stop_positive_offset": 0.008,
    },
    "only offset": {
        "trailing_stop": True,
        "trailing_stop_positive": 0.003,
        "trailing_stop_positive_offset": 0.008,
        "trailing_only_offset_is_reached": True,
    },
}


def as_arguments(settings: dict[str, Any]) -> dict[str, Any]:
    return {("trailing" if k == "trailing_stop" else k): v for k, v in settings.items()}


def assert_stops_as_freqtrade(
    frame: pd.DataFrame,
    starts: np.ndarray,
    settings: dict[str, Any],
    fee: float = 0.001,
    closes_only: bool = False,
    **values: Any,
) -> int:
    """Many trades at once and freqtrade's one by one; returns how many touched their stops."""
    low, high = (frame["close" if closes_only else name].tolist() for name in ("low", "high"))
    entries = frame["open"].to_numpy()[starts]
    length = min(250, len(frame))
    ends = np.minimum(starts + length, len(frame))
    options = {"leverage": values.get("leverage", 1.0), "is_short": values.get("is_short", False)}
    rules = as_arguments(settings)
    found = trades.apply_stoploss(
        frame["close"] if closes_only else frame,
        **{"stoploss": rules.pop("stoploss"), "entry": entries, "start": starts, "end": ends},
        **{**rules, **options, "fee": fee, "path": True},
    )
    touched = 0
    for at, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        ends_of = [low[start:end], high[start:end]]
        if closes_only:
            ends_of[1] = ends_of[0]
        trade = {"open_rate": float(entries[at]), **values}
        row, rate, path = freqtrade_stop(*ends_of, settings, fee, **trade)
        touched += row >= 0
        expected = (row + start if row >= 0 else -1, rate, np.array(path))
        ours = (int(found.row[at]), float(found.rate[at]), found.path[at])
        difference = first_difference(ours, expected)
        assert difference is None, f"trade {at}: {difference}"
    return touched


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("is_short", [False, True])
def test_stops_of_candles(rules: str, is_short: bool, backend: str) -> None:
    touched = 0
    for seed, (stoploss, leverage) in enumerate([(-0.01, 1.0), (-0.1, 5.0), (-1.5, 1.0)]):
        frame = candles(400, seed, level=10.0 ** (2 * seed - 2), decimals=6)
        starts = np.arange(0, 400, 57)
        settings = {"stoploss": stoploss, **RULES[rules]}
        values = {"leverage": leverage, "is_short": is_short}
        touched += assert_stops_as_freqtrade(frame, starts, settings, **values)
        assert_stops_as_freqtrade(frame, starts, settings, 0.0, True, **values)
    assert touched > 5


@pytest.mark.parametrize("rules", RULES)
def test_stops_of_real_candles(rules: str, shared_data: Path) -> None:
    frame = pd.read_feather(
        shared_data / "binance" / "futures" / "XRP_USDT_USDT-5m-futures.feather"
    )
    settings = {"stoploss": -0.015, **RULES[rules]}
    for is_short, leverage in ((False, 1.0), (True, 3.0)):
        starts = np.arange(0, len(frame), len(frame) // 12)
        values = {"is_short": is_short, "leverage": leverage}
        assert assert_stops_as_freqtrade(frame, starts, settings, 0.0004, **values) > 0


@given(st.data())
def test_profits_next_to_the_offset(data: st.DataObject) -> None:
    """Rates at which the profit rounds to the offset, or just not."""
    is_short, leverage = data.draw(st.booleans()), data.draw(st.sampled_from([1.0, 3.0, 10.0]))
    offset = data.draw(st.sampled_from([0.0, 0.01, 0.0123, 0.05]))
    fee = data.draw(st.sampled_from([0.0, 0.001, 0.25]))
    entry = data.draw(st.sampled_from([1.0, 0.1 + 0.2, 12345.678, 3.3e-7]))
    side = -1.0 if is_short else 1.0
    at_offset = entry * (1 + side * fee) / (1 - side * fee) * (1 + side * offset / leverage)
    near = data.draw(hnp.arrays(float, 6, elements=st.floats(-3e-8, 3e-8)))
    rates = at_offset * (1 + near / leverage)
    settings = {"stoploss": -0.9, "trailing_stop": True, "trailing_stop_positive_offset": offset}
    settings["trailing_stop_positive"] = 0.009 if offset else data.draw(st.just(0.5))
    settings["trailing_only_offset_is_reached"] = data.draw(st.booleans())
    values = {"open_rate": entry, "leverage": leverage, "is_short": is_short}
    for rate in rates.tolist():
        row, stop, path = freqtrade_stop(*[[rate]] * 2, settings, fee, **values)
        arguments = as_arguments(settings) | {"entry": entry, "fee": fee, "path": True}
        arguments |= {"leverage": leverage, "is_short": is_short}
        for name in ("compiled", "reference"):
            with use_backend(name):
                found = trades.apply_stoploss(np.array([rate]), **arguments)
            assert first_difference(tuple(found), (row, stop, np.array(path))) is None


PRICES = st.floats(0.5, 2.0) | st.sampled_from([1.0, 1.1, 1e-9, 1e9])
ODD = PRICES | st.sampled_from([0.0, np.nan, np.inf, -1.0, 5e-324, 1e308])


@given(st.data())
def test_twins_of_stops(data: st.DataObject) -> None:
    rows, count = data.draw(st.integers(1, 150)), data.draw(st.integers(0, 5))
    prices = data.draw(st.sampled_from([PRICES, ODD]))
    low = data.draw(hnp.arrays(float, rows, elements=prices))
    high = low * (1 + data.draw(hnp.arrays(float, rows, elements=st.floats(0, 0.1))))
    start = data.draw(hnp.arrays(np.int64, count, elements=st.integers(0, rows - 1)))
    end = np.minimum(start + data.draw(st.integers(0, rows)), rows)

    def each(*values: float) -> np.ndarray:
        return data.draw(hnp.arrays(float, count, elements=st.sampled_from(values)))

    trade = (each(1.0, 0.3, 1e9, 5e-324), each(-0.1, -0.99, -1.0, -40.0), each(1.0, 3.0, 0.1))
    is_short = data.draw(hnp.arrays(np.uint8, count, elements=st.integers(0, 1)))
    rules = data.draw(
        st.tuples(
            st.booleans(),
            st.sampled_from([np.nan, 0.01, 0.3]),
            st.sampled_from([0.0, 0.02, 0.4]),
            st.booleans(),
            st.sampled_from([0.0, 0.001, 0.9]),
        )
    )
    arguments = (low, high, start, end, *trade, is_short, *rules)
    outputs = (np.zeros(count, dtype=np.int64), np.zeros(count))
    _, (touched, _) = same("trades.first_touches", *arguments, outputs=outputs, tail=(1,))
    if (touched < -1).any():
        return
    end = np.where(touched < 0, end, touched + 1)
    lengths = end - start
    arguments = (low, high, start, end, *trade, is_short, *rules, np.cumsum(lengths) - lengths)
    same("trades.stop_paths", *arguments, outputs=(np.zeros(lengths.sum()),), tail=(2,))


def test_stops_do_not_depend_on_threads_and_blocks() -> None:
    frame = candles(3000, 8, decimals=6)
    low, high = frame["low"].to_numpy(), frame["high"].to_numpy()
    starts = np.arange(0, 3000, 7)
    options = {"start": starts, "entry": low[starts]}
    for settings in RULES.values():
        kinds = [
            trades.apply_stoploss(frame, -0.03, **options, **as_arguments(settings)),
            trades.apply_stoploss(
                low, -0.03, high=high, low=low, **options, **as_arguments(settings)
            ),
        ]
        assert first_difference(*map(tuple, kinds)) is None
        for at in (0, 100, 400):
            one = {"start": int(starts[at]), "entry": float(low[starts[at]])}
            single = trades.apply_stoploss(frame, -0.03, **one, **as_arguments(settings), path=True)
            assert (single.row, single.path.index.tolist()) == (
                kinds[0].row[at],
                frame.index.tolist(),
            )
            assert single.row < 0 or single.rate == single.path[single.row] == kinds[0].rate[at]
            shown = single.path.first_valid_index(), single.path.last_valid_index()
            assert shown == (starts[at], single.row if single.row >= 0 else 2999)


@pytest.mark.parametrize(("is_short", "touching"), [(False, 90.0), (True, 100.0 * 1.1)])
def test_a_touch_in_each_row_of_a_block(is_short: bool, touching: float) -> None:
    for row in range(130):
        prices = np.full(130, 100.0)
        prices[row] = touching
        found = trades.apply_stoploss(prices, -0.1, 100.0, is_short=is_short)
        assert found[:2] == (row, touching)
        prices[row] = np.nextafter(touching, 100.0)
        assert trades.apply_stoploss(prices, -0.1, 100.0, is_short=is_short).row == -1
        for wrong in (-1.0, 0.0, np.nan, np.inf):
            prices[row] = wrong
            with pytest.raises(InvalidInputError, match=f"prices: .* in row {row}"):
                trades.apply_stoploss(prices, -2.0, 100.0, is_short=is_short)


@pytest.mark.parametrize("is_short", [0, 1])
@pytest.mark.parametrize(
    ("stoploss", "rules"),
    [
        (-0.05, (True, 0.01, 0.02, False, 0.0)),
        (-0.05, (True, 0.01, 0.02, True, 0.0)),
        (-0.05, (True, 0.3, 0.4, False, 0.0)),
        (-2.0, (True, np.nan, 0.0, False, 0.0)),
    ],
)
def test_a_change_in_each_row_of_a_block(
    is_short: int, stoploss: float, rules: tuple[Any, ...]
) -> None:
    """New extremes, touches, rates at the offset, and what is no candle."""
    one = np.ones(1)
    side = -1.0 if is_short else 1.0
    trade = (np.zeros(1, np.int64), np.full(1, 200), one * 100.0, one * stoploss, one)
    shorts, outputs = np.full(1, is_short, np.uint8), (np.zeros(1, np.int64), np.zeros(1))
    changes = [100.0 + side * by for by in (1.0, 2.0, np.nextafter(2.0, 3.0), 3.0, -5.0, -5.5)]

    def rows(low: np.ndarray, high: np.ndarray) -> np.ndarray:
        arguments = (low, high, *trade, shorts, *rules)
        _, (found, _) = same("trades.first_touches", *arguments, outputs=outputs, tail=(1,))
        return found

    for row in range(0, 130, 3):
        for change in (*changes, 0.0, -50.0, -100.0, np.nan, np.inf):
            prices = np.full(200, 100.0)
            prices[row] = change
            prices[row + 66 :] += np.linspace(0, -10 * side, 134 - row)
            rows(prices, prices)
    for low, high in ((100.0, 99.9), (-50.0, 100.0)):
        lows, highs = np.full((2, 200), 100.0)
        lows[70], highs[70] = low, high
        assert rows(lows, highs) == [-2]


def test_stops_are_of_the_kind_of_the_arguments(backend: str) -> None:
    closes = pd.Series([10.0, 9.5, 8.0], index=[3, 4, 5])
    single = trades.apply_stoploss(closes, -0.1, 10.0, path=True)
    path = pd.Series([9.0] * 3, index=[3, 4, 5], name="stop")
    assert first_difference(tuple(single), (2, 9.0, path)) is None
    array = trades.apply_stoploss(closes.to_numpy(), -0.1, 10.0, start=1, end=2, path=True)
    assert first_difference(tuple(array), (-1, math.nan, np.array([np.nan, 9.0, np.nan]))) is None
    entry = pd.Series([10.0, 9.0], index=["a", "b"])
    many = trades.apply_stoploss(closes, [-0.1, -0.01], entry)
    rows = pd.Series([2, 2], index=["a", "b"], name="row")
    rates = pd.Series([9.0, 9.0 * (1 - 0.01)], index=["a", "b"], name="rate")
    assert first_difference(tuple(many), (rows, rates, None)) is None
    none = trades.apply_stoploss(closes, -0.1, [], path=True)
    assert (len(none.row), len(none.rate), none.path) == (0, 0, [])


FRAME = candles(30)
CLOSE = FRAME["close"].to_numpy()
STOP_ERRORS: list[tuple[str, dict[str, Any]]] = [
    ("prices: .* got nan in row 3", {"prices": [99.0, 99.0, 99.0, np.nan]}),
    ("prices: expected at least one row", {"prices": []}),
    ("prices: expected at least one row", {"prices": 100.0}),
    ("prices: no column 'low'", {"prices": FRAME[["high", "close"]]}),
    ("low: expected one, as there is high", {"high": CLOSE}),
    ("high: expected one, as there is low", {"low": CLOSE}),
    ("low: expected 30 rows, as prices has, got 29", {"low": CLOSE[1:], "high": CLOSE}),
    ("expected 30 rows, as prices has", {"low": 1.0, "high": 2.0}),
    ("low: above high in row 0", {"low": CLOSE + 1, "high": CLOSE, "trailing": True}),
    ("high: .* got inf", {"low": CLOSE, "high": CLOSE + np.inf, "trailing": True}),
    ("entry: .* got 0.0", {"entry": 0.0}),
    ("entry: .* got nan in row 1", {"entry": [1.0, np.nan]}),
    ("stoploss: expected finite numbers below 0, got 0.1", {"stoploss": 0.1}),
    ("stoploss: .* got 0.0", {"stoploss": [-0.1, 0.0]}),
    ("leverage: .* got -1.0", {"leverage": -1.0}),
    ("start: expected rows from 0 to 29, got 30", {"start": 30}),
    ("start: .* got -1 in row 1", {"start": [0, -1]}),
    ("start: expected integers, got float64", {"start": 1.0}),
    ("start: expected integers, got bool", {"start": True}),
    ("end: expected rows from start to 30, got 31", {"end": 31}),
    ("end: .* got 2", {"start": 3, "end": 2}),
    ("entry: expected 2 rows, as start has, got 3", {"start": [0, 1], "entry": [1.0] * 3}),
    ("is_short: expected booleans", {"is_short": "yes"}),
    ("trailing: expected a bool, got 0.01", {"trailing": 0.01}),
    ("trailing: expected True", {"trailing_stop_positive": 0.01}),
    ("trailing_stop_positive: .* got -0.01", {"trailing": True, "trailing_stop_positive": -0.01}),
    ("trailing_stop_positive: .* above 0", {"trailing": True, "trailing_stop_positive": 0}),
    ("trailing_stop_positive: expected one number", {"trailing_stop_positive": [0.1, 0.2]}),
    (
        "trailing_stop_positive_offset: expected more than",
        {
            "trailing": True,
            "trailing_stop_positive": 0.02,
            "trailing_stop_positive_offset": 0.01,
        },
    ),
    (
        "trailing_stop_positive: expected one with",
        {"trailing": True, "trailing_only_offset_is_reached": True},
    ),
    ("fee: .* got -0.1", {"fee": -0.1}),
    ("fee: expected 0, or 1e-40 to below 1, got 1.0", {"fee": 1}),
    ("fee: expected 0, or 1e-40", {"fee": 1e-60}),
]


@pytest.mark.parametrize(("message", "changed"), STOP_ERRORS, ids=[m for m, _ in STOP_ERRORS])
def test_bad_stops_are_named(message: str, changed: dict[str, Any], float_errors: str) -> None:
    arguments = {"prices": CLOSE, "stoploss": -0.1, "entry": 100.0, **changed}
    for name in ("compiled", "reference"):
        with use_backend(name), pytest.raises(InvalidInputError, match=message):
            trades.apply_stoploss(**arguments)
