"""Drawdowns and cumulative profit: freqtrade's functions are the judges."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

import freqtrade
import numpy as np
import pandas as pd
import pytest
from freqtrade.data import metrics as theirs
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from _arrays import frame_zoo
from freqkernels import drawdowns, metrics
from freqkernels.bridge.certify import variant_for
from freqkernels.bridge.targets import LEFT_ALONE
from freqkernels.errors import InvalidInputError
from freqkernels.identity import first_difference
from freqkernels.runtime import events
from oracle import assert_identical, observe
from replaced import pair_of
from test_kernels import FLOATS, same
from test_report import FRAMES as REPORTS
from test_report import trades

NAMES = ("calculate_max_drawdown", "calculate_underwater", "calculate_csum")
EARLIER = variant_for("calculate_underwater", freqtrade.__version__) == LEFT_ALONE
#: Candles as trades: closed at the date, with the close as their profit.
ZOO = [
    (name, frame.rename(columns={"date": "close_date", "close": "profit_abs"}))
    for name, frame in frame_zoo()
]
FRAMES = [*REPORTS.items(), *ZOO]
BALANCES = [0, 1000, 1000.5, -0.0, -5.0, 10**400, np.nan, np.inf, True, np.float64(7), None, "1"]
each_frame = pytest.mark.parametrize(
    ("name", "frame"), FRAMES, ids=[f"{name} {at}" for at, (name, _) in enumerate(FRAMES)]
)


def check(name: str, *args: Any, **kwargs: Any) -> None:
    pair = pair_of(name)
    if pair is not None:
        assert_identical(*pair, *args, **kwargs)
        assert [event for event in events() if event.kind != "refusal"] == []


def without_class(result: Any) -> Any:
    return asdict(result) if hasattr(result, "drawdown_abs") else result


def agree(function: str, *args: Any, **kwargs: Any) -> None:
    """Where freqtrade answers, both paths of the public function do, or say what is wrong."""
    if EARLIER and function in NAMES[:2]:
        return
    expected = observe(getattr(theirs, function), args, kwargs)
    ours = getattr(metrics, function)
    for path in (ours, ours.exact):
        found = observe(path, args, kwargs)
        if found.error is not None:
            assert expected.error or found.error[0] == "InvalidInputError", found.error
        elif expected.error is None:
            values = without_class(found.value), without_class(expected.value)
            difference = first_difference(*values)
            assert difference is None, str(difference)


@pytest.mark.usefixtures("float_errors")
@pytest.mark.parametrize("frame", REPORTS.values(), ids=REPORTS)
def test_replacements_when_numpy_raises(frame: pd.DataFrame) -> None:
    for balance in (1000, 0):
        check("calculate_max_drawdown", frame, starting_balance=balance)
        check("calculate_underwater", frame, starting_balance=balance)
    check("calculate_csum", frame)


@each_frame
@pytest.mark.usefixtures("backend")
def test_replacements(name: str, frame: pd.DataFrame) -> None:
    for balance in (1000, 0):
        check("calculate_max_drawdown", frame, starting_balance=balance)
        check("calculate_max_drawdown", frame, starting_balance=balance, relative=True)
        check("calculate_underwater", frame, value_col="profit_abs", starting_balance=balance)
        check("calculate_csum", frame, balance)


@each_frame
def test_public_functions(name: str, frame: pd.DataFrame) -> None:
    for function in NAMES:
        options = {"value_col": "profit_abs"} if function == "calculate_underwater" else {}
        agree(function, frame, starting_balance=100.0, **options)
    for options in ({"relative": True}, {"date_col": "open_date"}, {"value_col": "nothing"}):
        agree("calculate_max_drawdown", frame, **options)


@pytest.mark.parametrize("balance", BALANCES, ids=str)
@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.filterwarnings("ignore:overflow")
def test_balances(balance: Any, relative: bool) -> None:
    for name in ("many", "lost", "won", "ruined", "one"):
        frame = REPORTS[name]
        check("calculate_max_drawdown", frame, starting_balance=balance, relative=relative)
        check("calculate_underwater", frame, starting_balance=balance)
        check("calculate_csum", frame, starting_balance=balance)


def test_ordinary_trades_are_not_left_to_pandas() -> None:
    frames = [
        frame.assign(close_date=frame["close_date"].dt.as_unit("ns"))
        for frame in (
            trades(400),
            trades(20_000, 2, "1min").sort_values("close_date", ignore_index=True),
        )
    ]
    for frame in frames:
        for balance in (0, 1000.0):
            check("calculate_max_drawdown", frame, starting_balance=balance)
            check("calculate_max_drawdown", frame, starting_balance=balance, relative=True)
            check("calculate_underwater", frame, starting_balance=balance)
        check("calculate_csum", frame)
    assert not events()


@given(st.data())
def test_any_profits(data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 30))
    minutes = data.draw(hnp.arrays(np.int64, rows, elements=st.integers(0, 40)))
    elements = FLOATS if data.draw(st.booleans()) else st.integers(-3, 3).map(float)
    frame = pd.DataFrame(
        {
            "close_date": pd.to_datetime(minutes * 60, unit="s", utc=True),
            "profit_abs": data.draw(hnp.arrays(np.float64, rows, elements=elements)),
        }
    )
    balance = data.draw(st.sampled_from([0, 2.0, 1000]))
    for relative in (False, True):
        check("calculate_max_drawdown", frame, starting_balance=balance, relative=relative)
    options = {"value_col": "profit_abs", "starting_balance": balance}
    check("calculate_underwater", frame, **options)
    check("calculate_csum", frame, balance)
    agree("calculate_underwater", frame, **options)


@given(hnp.arrays(np.float64, st.integers(1, 50), elements=FLOATS), st.sampled_from([0.0, 5.0]))
def test_kernel(profits: np.ndarray, balance: float) -> None:
    outputs = tuple(np.zeros(len(profits) + 1) for _ in range(4))
    results = []
    for backend in ("compiled", "reference"):
        written = [np.copy(output) for output in outputs]
        plain = drawdowns._drawdown_series.twin(backend)(profits, balance, *written)
        results.append((plain, written if plain else None))
    assert first_difference(*results) is None
    finite = np.where(np.abs(profits) < 1e9, profits, 1.0)
    finite[0] = 1.0
    plain, _ = same("metrics.drawdown_series", finite, balance, outputs=outputs)
    assert plain


def test_the_result_has_freqtrades_fields() -> None:
    ours, original = fields(drawdowns.DrawDownResult), fields(theirs.DrawDownResult)
    assert [(field.name, field.default) for field in ours] == [
        (field.name, field.default) for field in original
    ]
    result = metrics.calculate_max_drawdown(REPORTS["many"])
    assert type(result) is metrics.DrawDownResult


def test_errors() -> None:
    good = trades(5)
    for frame, text in (
        (good.iloc[:0], "Trade dataframe empty"),
        (good.drop(columns="profit_abs"), "no column 'profit_abs'"),
        (good.assign(profit_abs="1"), "'profit_abs' is .*, no numbers"),
        ([1.0], "expected a DataFrame"),
    ):
        for function in NAMES:
            options = {"value_col": "profit_abs"} if function == "calculate_underwater" else {}
            with pytest.raises(InvalidInputError, match=f"trades: .*{text}"):
                getattr(metrics, function)(frame, **options)
        with pytest.raises(InvalidInputError, match=f"trades: .*{text}"):
            metrics.create_cum_profit(candles(), frame, "profit", "5m")  # type: ignore[arg-type]
    for bad in (good.drop(columns="close_date"), good.assign(close_date="2024")):
        with pytest.raises(InvalidInputError, match=r"trades: .*'close_date'"):
            metrics.calculate_underwater(bad)
    for bad in (candles().iloc[:0], None, "df"):
        with pytest.raises(InvalidInputError, match="df: "):
            metrics.create_cum_profit(bad, good, "profit", "5m")  # type: ignore[arg-type]
    for timeframe in ("", "5x", None, 5, True):
        with pytest.raises(InvalidInputError, match="timeframe"):
            metrics.create_cum_profit(candles(), good, "profit", timeframe)  # type: ignore[arg-type]


def candles(start: str = "2024-01-01", count: int = 9504, freq: str = "5min") -> pd.DataFrame:
    dates = pd.date_range(start, periods=count, freq=freq, tz="UTC", name="date")
    unit = trades(1)["close_date"].dt.unit
    return pd.DataFrame({"close": np.arange(count) + 0.5}, index=dates.as_unit(unit))


CHARTS = {
    "all": candles(),
    "part": candles("2024-01-10", 500),
    "begin later": candles("2024-01-30", 9000),
    "before": candles("2023-06-01", 100),
    "after": candles("2025-06-01", 100),
    "off the grid": candles("2024-01-01 00:02", 9000, "3min"),
    "one": candles(count=1),
    "gaps": candles().iloc[::7],
    "twice": pd.concat([candles(count=50), candles(count=9)]).sort_index(),
    "backwards": candles().iloc[::-1],
    "named profit": candles().assign(profit=1.0),
    "no dates": candles().reset_index(drop=True),
    "naive": candles().tz_localize(None),
    "other unit": candles().set_axis(candles().index.as_unit("s")),
    "two of a name": pd.concat([candles(), candles()], axis=1),
}


@pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS)
@pytest.mark.parametrize("timeframe", ["5m", "1h", "7h", "1d", "1w", "1M"])
def test_cum_profit(chart: pd.DataFrame, timeframe: str) -> None:
    for name in ("many", "three", "one", "lost", "not a number", "nanoseconds", "naive"):
        agree("create_cum_profit", chart, REPORTS[name], "profit", timeframe)


def test_cum_profit_of_strange_trades() -> None:
    for _, frame in FRAMES:
        agree("create_cum_profit", candles("2024-01-15", 300), frame, "profit", "5m")
    agree("create_cum_profit", candles(), REPORTS["many"].assign(profit_abs=-0.0), "profit", "5m")


def test_cum_profit_changes_the_candles_and_is_fast() -> None:
    chart = candles()
    frame = trades(900, 4).assign(close_date=lambda f: f["close_date"].dt.floor("5min"))
    expected = theirs.create_cum_profit(chart.copy(), frame, "profit", "5m")
    found = metrics.create_cum_profit(chart, frame, "profit", "5m")
    assert found is chart
    assert first_difference(found, expected) is None
    assert not events()
    assert found["profit"].iloc[-1] != 0
