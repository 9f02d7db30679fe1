"""Crossings against technical's, and a strategy that uses what freqkernels.strategy offers."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from technical import qtpylib

import freqkernels
from _arrays import prices
from freqkernels import crossings, indicators, informative, strategy
from freqkernels.errors import InvalidInputError
from freqkernels.identity import first_difference
from freqkernels.runtime import events, use_backend
from freqtrade_runs import run_commands
from market_workspace import Workspace
from oracle import assert_identical, observe
from test_kernels import FLOATS, same

NAMES = ("crossed", "crossed_above", "crossed_below")
ROWS = 80
FRAME = pd.DataFrame({"fast": prices(ROWS, 1), "slow": prices(ROWS, 2)})
#: First arguments, each of them with 80 rows.
SERIES: dict[str, Any] = {
    "series": FRAME["fast"],
    "array": FRAME["fast"].to_numpy(),
    "dated": FRAME.set_index(pd.date_range("2024", periods=ROWS, freq="5min", tz="UTC"))["fast"],
    "named index": FRAME.rename_axis("row")["fast"],
    "shuffled index": FRAME.sample(frac=1, random_state=3)["fast"],
    "equal labels": FRAME.set_axis([7] * ROWS)["fast"],
    "nan": FRAME["fast"].where(np.arange(ROWS) % 7 != 3),
    "all nan": FRAME["fast"] * np.nan,
    "infinite": FRAME["fast"].where(np.arange(ROWS) % 3 != 1, np.inf),
    "every other row": pd.concat([FRAME, FRAME])["fast"].iloc[::2],
    "strided array": np.repeat(FRAME["fast"].to_numpy(), 3)[::3],
    "unnamed": FRAME["fast"].rename(None),
    "named by a number": FRAME["fast"].rename(3),
    "int": FRAME["fast"].astype("int64"),
    "float32": FRAME["fast"].astype("float32"),
    "object": FRAME["fast"].astype(object),
    "nullable": FRAME["fast"].astype("Float64"),
    "big-endian": FRAME["fast"].astype(">f8"),
    "flags": FRAME["fast"] > 100,
    "frame": FRAME,
    "two dimensions": FRAME.to_numpy(),
    "list": FRAME["fast"].tolist(),
    "text": "fast",
    "nothing": None,
}
OTHERS: dict[str, Any] = {
    **{name: SERIES[name] for name in ("series", "array", "dated", "named index", "nan", "int")},
    **{name: SERIES[name] for name in ("float32", "object", "list", "frame", "nothing", "unnamed")},
    "slow": FRAME["slow"],
    "same name": FRAME["slow"].rename("fast"),
    "shifted": FRAME["fast"].shift(1),
    "other index": FRAME["slow"].set_axis(range(1, ROWS + 1)),
    "same labels": FRAME["slow"].set_axis(pd.Index(np.arange(ROWS))),
    "shorter": FRAME["slow"].iloc[:-1],
    "shorter array": FRAME["slow"].to_numpy()[:-1],
    "one": np.array([100.0]),
    "level": 100.0,
    "int level": 100,
    "zero": 0,
    "-0.0": -0.0,
    "nan level": np.nan,
    "infinite level": -np.inf,
    "large level": 2**63,
    "inexact level": 2**53 + 1,
    "numpy level": np.float32(100.1),
    "numpy int level": np.int16(100),
    "flag": True,
    "numpy flag": np.True_,
    "long level": np.longdouble("100.1"),
}


def check(name: str, *args: Any) -> Any:
    """Where technical answers, we answer the same; where it fails, we fail, if more clearly."""
    ours, theirs = getattr(strategy, name), getattr(qtpylib, name)
    expected = observe(theirs, args, {})
    if expected.error is None:
        return assert_identical(ours, theirs, *args)
    found = observe(ours, args, {})
    assert found.error is not None
    assert found.error == expected.error or found.error[0] == "InvalidInputError"
    return expected


@pytest.mark.usefixtures("backend", "float_errors")
@pytest.mark.parametrize("other", OTHERS)
def test_crossings(other: str) -> None:
    for name in NAMES:
        for series in SERIES.values():
            check(name, series, OTHERS[other])
    assert [event for event in events() if event.kind != "refusal"] == []


@pytest.mark.parametrize("direction", ["above", "below", None])
def test_directions(direction: Any) -> None:
    for path in (crossings.crossed, crossings.crossed.exact):  # type: ignore[attr-defined]
        for other in (FRAME["slow"], FRAME["slow"].to_numpy(), 100.0):
            assert_identical(path, qtpylib.crossed, FRAME["fast"], other, direction)
            assert_identical(path, qtpylib.crossed, FRAME["fast"], other, direction=direction)


@pytest.mark.parametrize("series", ["series", "array", "dated", "shuffled index", "nan", "unnamed"])
def test_ordinary_arguments_take_the_fast_path(series: str) -> None:
    first = SERIES[series]
    others = [first * 1.001 - 0.1, FRAME["slow"].to_numpy(), 100.0, 100, np.float64(100.0)]
    for other in others:
        for name in NAMES:
            found = check(name, first, other)
            assert found.error is None
    assert [event.reason for event in events()] == []


def test_some_prices_cross() -> None:
    both = strategy.crossed(FRAME["fast"], FRAME["slow"])
    above = strategy.crossed_above(FRAME["fast"], FRAME["slow"])
    below = strategy.crossed_below(FRAME["fast"], FRAME["slow"])
    assert above.sum() > 0
    assert below.sum() > 0
    assert not (above & below).any()
    assert ((above | below) == both).all()
    assert both.name is None


@pytest.mark.parametrize("rows", [0, 1, 2, 511, 512, 513, 514, 1025, 1500])
def test_lengths(rows: int) -> None:
    """Crossings at each place of a block: the compiled twin works by blocks."""
    first, second = pd.Series(prices(rows, 3, 1)), pd.Series(prices(rows, 4, 1))
    for backend in ("compiled", "reference"):
        with use_backend(backend):
            for name in NAMES:
                check(name, first, second)
                check(name, first, 100.0)
                check(name, first * 0 + np.arange(rows) % 2, 0.5)


def test_attributes_are_kept_by_pandas() -> None:
    series = FRAME["fast"].copy()
    series.attrs["source"] = "test"
    for name in NAMES:
        check(name, series, FRAME["slow"])
        check(name, FRAME["fast"], series)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((FRAME, 1.0), "series1: expected a Series, an array with one dimension, got DataFrame"),
        ((None, 1.0), "series1: .* got NoneType"),
        ((FRAME.to_numpy(), 1.0), "series1: .* got ndarray"),
        ((FRAME["fast"], "x"), "series2: expected .* or a number, got str"),
        ((FRAME["fast"], FRAME), "series2: .* got DataFrame"),
        ((FRAME["fast"], FRAME.to_numpy()), "series2: .* got ndarray"),
    ],
)
def test_clear_errors(arguments: tuple[Any, ...], text: str) -> None:
    for function in (strategy.crossed, strategy.crossed_above, strategy.crossed_below):
        with pytest.raises(InvalidInputError, match=text):
            function(*arguments)


@pytest.mark.parametrize("direction", ["sideways", "", 1, True, ["above"], np.nan])
def test_other_directions(direction: Any) -> None:
    with pytest.raises(InvalidInputError, match="direction: expected 'above', 'below' or None"):
        strategy.crossed(FRAME["fast"], 100.0, direction)


@given(st.data())
def test_kernels(data: st.DataObject) -> None:
    rows = data.draw(st.integers(0, 30))
    few = st.sampled_from([0.0, -0.0, 1.0, 2.0, np.nan, np.inf])
    column = hnp.arrays(np.float64, rows, elements=st.one_of(few, FLOATS))
    series, other = data.draw(column), data.draw(column)
    level = data.draw(few)
    out = np.full(rows, 9, dtype=np.uint8)
    for direction in (1, -1, 0):
        _, (found,) = same("strategy.crossings", series, other, direction, outputs=(out,))
        assert found.tolist() == crossed_by_hand(series, other, direction)
        _, (found,) = same("strategy.level_crossings", series, level, direction, outputs=(out,))
        assert found.tolist() == crossed_by_hand(series, np.full(rows, level), direction)


def crossed_by_hand(series: np.ndarray, other: np.ndarray, direction: int) -> list[int]:
    found = [0] * len(series)
    for at in range(1, len(series)):
        before, now = (series[at - 1], other[at - 1]), (series[at], other[at])
        above = now[0] > now[1] and before[0] <= before[1]
        below = now[0] < now[1] and before[0] >= before[1]
        found[at] = int((above and direction >= 0) or (below and direction <= 0))
    return found


def test_names() -> None:
    assert strategy.merge_informative_pair is informative.merge_informative_pair
    assert strategy.crossed_above is crossings.crossed_above
    assert freqkernels.strategy is strategy
    assert len({*strategy.__all__}) == len(strategy.__all__)
    for name in strategy.__all__:
        assert callable(getattr(strategy, name))
    assert {*indicators.__all__} < {*strategy.__all__}
    for name in indicators.__all__:
        assert getattr(strategy, name) is getattr(indicators, name)


STRATEGY = """
import pickle
from pathlib import Path

from freqtrade.strategy import IStrategy, informative, merge_informative_pair
from HELPERS import crossed_above, crossed_below


class Informed(IStrategy):
    timeframe = "5m"
    minimal_roi = {"0": 0.01}
    stoploss = -0.03
    startup_candle_count = 30

    def informative_pairs(self):
        return [(pair, "1h") for pair in self.dp.current_whitelist()]

    @informative("1h")
    def populate_indicators_1h(self, dataframe, metadata):
        dataframe["mean"] = dataframe["close"].rolling(5).mean()
        dataframe["rising"] = dataframe["close"] > dataframe["open"]
        dataframe["count"] = range(len(dataframe))
        return dataframe

    @informative("1h", "BTC/{stake}", fmt="{base}_{column}_{timeframe}", ffill=False)
    def populate_indicators_btc(self, dataframe, metadata):
        return dataframe

    def populate_indicators(self, dataframe, metadata):
        longer = self.dp.get_pair_dataframe("ETH/USDT", "1h")
        longer = longer.assign(mean=longer["close"].rolling(3).mean())
        dataframe = merge_informative_pair(
            dataframe, longer, "5m", "1h", append_timeframe=False, suffix="eth"
        )
        dataframe["fast"] = dataframe["close"].rolling(6).mean()
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        crossed = crossed_above(dataframe["fast"], dataframe["close"].rolling(20).mean())
        dataframe.loc[crossed & (dataframe["count_1h"] > 9), "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe.loc[crossed_below(dataframe["fast"], dataframe["mean_1h"]), "exit_long"] = 1
        number = len([*Path().glob("frame-*.pkl")])
        with Path(f"frame-{number}.pkl").open("wb") as file:
            pickle.dump((metadata["pair"], dataframe), file)
        return dataframe
"""


def frames_of(root: Path) -> list[Any]:
    """What the strategy has written, in order; it makes room for the next run."""
    found = []
    for file in sorted(root.glob("frame-*.pkl")):
        found.append(pickle.loads(file.read_bytes()))
        file.unlink()
    return sorted(found, key=lambda pair_and_frame: pair_and_frame[0])


def test_a_strategy_with_informative_candles(tmp_path: Path) -> None:
    """A backtest by freqtrade with technical's crossings, and one by us with ours."""
    workspace = Workspace(tmp_path).create()
    strategies = workspace.root / "user_data" / "strategies"
    results = []
    for helpers in ("technical.qtpylib", "freqkernels.strategy"):
        (strategies / "informed.py").write_text(STRATEGY.replace("HELPERS", helpers))
        command = [
            *("backtesting", "-c", str(workspace.write_config()), "--strategy", "Informed"),
            *("--datadir", str(workspace.datadir), "--timerange", "20230902-20230906"),
            *("--cache", "none", "--export", "none"),
        ]
        plain, accelerated = run_commands([command], workspace.root)
        assert plain["code"] in (None, 0), plain["printed"]
        assert accelerated["code"] == plain["code"]
        results += [plain["printed"], accelerated["printed"]]
        refused = [name for _, name, _ in accelerated["events"]]
        assert not {"merge_informative_pair", "freqkernels.crossings.crossed"} & {*refused}
        frames = frames_of(workspace.root)
        assert len(frames) == 6  # three pairs, plain and accelerated
        for first, second in zip(frames[::2], frames[1::2], strict=True):
            assert first_difference(first, second) is None
            merged = first[1]
            assert {"mean_1h", "rising_1h", "btc_close_1h", "close_eth"} <= {*merged.columns}
            assert merged["mean_1h"].notna().sum() > 1000
            assert merged["enter_long"].sum() > 3
    assert "│" in results[0]
    assert len({*results}) == 1
