"""Statistics, stored results and analysed frames: freqtrade's functions are the judges."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import freqtrade
import numpy as np
import pandas as pd
import pytest
from freqtrade.data import metrics
from freqtrade.optimize.optimize_reports import bt_storage, optimize_reports
from freqtrade.strategy import IStrategy

from _arrays import candles
from freqkernels import runtime
from freqkernels.bridge import archive, feather
from freqkernels.bridge.archive import Deflater, ParallelZipFile
from freqkernels.bridge.certify import variant_for
from freqkernels.bridge.targets import LEFT_ALONE
from freqkernels.identity import first_difference
from freqkernels.runtime import events
from oracle import assert_identical
from replaced import pair_of

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
LAST = datetime(2024, 2, 3, tzinfo=UTC)
BALANCE = 1000


def _pair_of(name: str) -> Any:
    """Replacement and original; None where this release's function is left alone or missing."""
    return None if variant_for(name, freqtrade.__version__) == LEFT_ALONE else pair_of(name)


def check(name: str, *args: Any, **kwargs: Any) -> Any:
    both = _pair_of(name)
    return both and assert_identical(*both, *args, **kwargs)


def check_fast(name: str, *args: Any, **kwargs: Any) -> None:
    """Identical, and it was the fast function that answered."""
    check(name, *args, **kwargs)
    assert not events()


def trades(number: int, seed: int = 0, step: str = "7min", **columns: Any) -> pd.DataFrame:
    """Results of a backtest; many closed at the same moment, and not in the order of time."""
    rng = np.random.default_rng(seed)
    moments = pd.date_range(FIRST, LAST, freq=step)
    closed = rng.choice(len(moments), number)
    profits = np.where(rng.random(number) < 0.1, 0.0, rng.normal(0.2, 20, number)).round(8)
    return pd.DataFrame(
        {
            "pair": rng.choice(["A/USDT", "B/USDT", "C/USDT"], number),
            "close_date": moments[closed],
            "profit_ratio": profits / 100,
            "profit_abs": profits,
            "trade_duration": rng.integers(0, 900, number),
            "exit_reason": rng.choice(["roi", "stop_loss", "force_exit"], number),
            "enter_tag": rng.choice(["", "dip"], number),
            "is_short": rng.random(number) < 0.5,
            "orders": [[{"cost": 1.5}] for _ in range(number)],
        }
    ).assign(**columns)


FRAMES = {
    "many": trades(400),
    "more": trades(900, 1, "1h"),
    "three": trades(3, 2),
    "one": trades(1, 3),
    "lost": trades(50, 4).assign(profit_abs=-1.0),
    "won": trades(50, 4).assign(profit_abs=0.1),
    "nothing won": trades(50, 4).assign(profit_abs=0.0, profit_ratio=0.0),
    "ruined": trades(50, 4).assign(profit_abs=-30.0),
    "sorted": trades(300, 5).sort_values("close_date", ignore_index=True),
    "odd index": trades(300, 6).set_index("profit_ratio", drop=False).rename_axis(None),
    "filtered": trades(300, 7).iloc[::3],
    "not a number": trades(30, 8).assign(profit_abs=lambda f: f["profit_abs"].where(f.index > 3)),
    "infinite": trades(30, 8).assign(profit_abs=np.inf),
    "integers": trades(30, 8).assign(profit_abs=3),
    "objects": trades(30, 8).assign(profit_abs=lambda f: f["profit_abs"].astype(object)),
    "no date": trades(30, 8).assign(close_date=lambda f: f["close_date"].where(f.index > 3)),
    "no tags": trades(30, 8).assign(enter_tag=None),
    "naive": trades(30, 8).assign(close_date=lambda f: f["close_date"].dt.tz_localize(None)),
    "nanoseconds": trades(30, 8).assign(close_date=lambda f: f["close_date"].dt.as_unit("ns")),
    "none": trades(0),
    "no rows, no types": pd.DataFrame(columns=trades(1).columns),
    "no columns": pd.DataFrame(),
    "column missing": trades(9).drop(columns="profit_abs"),
}
frames = pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)


@frames
def test_pair_metrics(frame: pd.DataFrame) -> None:
    for skip_nan in (True, False):
        check(
            "generate_pair_metrics",
            ["A/USDT", "C/USDT", "Z/USDT"],
            "USDT",
            BALANCE,
            frame,
            FIRST,
            LAST,
            skip_nan,
        )


@frames
@pytest.mark.parametrize("tag", ["enter_tag", "exit_reason", ["enter_tag", "exit_reason"], "pair"])
def test_tag_metrics(frame: pd.DataFrame, tag: Any) -> None:
    check("generate_tag_metrics", tag, BALANCE, frame, FIRST, LAST, skip_nan=False)


@frames
def test_periodic_breakdown(frame: pd.DataFrame) -> None:
    """The columns that freqtrade leaves in its argument are compared as well."""
    check("generate_all_periodic_breakdown_stats", frame)
    check("generate_all_periodic_breakdown_stats", frame.to_dict(orient="records"))


@frames
def test_stats_for_period(frame: pd.DataFrame) -> None:
    check("_calculate_stats_for_period", frame)


@frames
@pytest.mark.parametrize("relative", [True, False])
@pytest.mark.parametrize("balance", [BALANCE, 0, -5.0])
def test_max_drawdown(frame: pd.DataFrame, relative: bool, balance: float) -> None:
    check("calculate_max_drawdown", frame, starting_balance=balance, relative=relative)
    check("calculate_max_drawdown", frame, value_col="profit_ratio", starting_balance=balance)


def test_fast_statistics() -> None:
    """An ordinary result is not left to freqtrade's own code."""
    frame = FRAMES["many"]
    line = (BALANCE, frame, FIRST, LAST)
    check_fast("generate_pair_metrics", ["A/USDT"], "USDT", *line)
    check_fast("generate_tag_metrics", "enter_tag", *line)
    check_fast("generate_all_periodic_breakdown_stats", frame)
    check_fast("calculate_max_drawdown", frame, starting_balance=BALANCE)
    check_fast("generate_wallet_stats", wallet(), "USDT")


def wallet(rows: int = 4000, **columns: Any) -> pd.DataFrame:
    """Captures of a wallet: one of the stake currency a moment, some of others."""
    rng = np.random.default_rng(rows)
    moments = pd.date_range(FIRST, periods=rows, freq="5min").as_unit("us")
    counts = rng.integers(1, 9, rows)
    dates = moments.repeat(counts)
    stake = np.diff(dates.asi8, prepend=0) != 0
    return pd.DataFrame(
        {
            "date": dates,
            "currency": np.where(stake, "USDT", "BTC"),
            "rate": np.where(stake, 1.0, rng.lognormal(0, 2, len(dates))),
            "balance": rng.lognormal(2, 4, len(dates)),
        }
    ).assign(**columns)


WALLETS = {
    "many": wallet(),
    "one moment": wallet().iloc[:1],
    "two moments": wallet(2),
    "only stake": wallet().drop_duplicates("date", ignore_index=True).astype({"rate": "int64"}),
    "integers": wallet(60).assign(rate=1, balance=7),
    "ruined": wallet(60).assign(balance=-1.0),
    "nothing": wallet(60).assign(balance=-0.0),
    "not a number": wallet(60).assign(balance=lambda f: f["balance"].where(f.index > 3)),
    "infinite": wallet(60).assign(balance=np.inf),
    "disordered": wallet(60).iloc[::-1],
    "no date": wallet(60).assign(date=lambda f: f["date"].where(f.index > 3)),
    "extra": wallet(60).assign(total_quote=3, note="x"),
    "none": pd.DataFrame(),
}


@pytest.mark.parametrize("frame", WALLETS.values(), ids=WALLETS)
def test_wallet_stats(frame: pd.DataFrame) -> None:
    check("generate_wallet_stats", frame, "USDT")


def test_patched_inner_functions_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """What somebody put in the place of a function that is fed less is given everything."""
    both = _pair_of("generate_tag_metrics")
    if both is None:
        return
    seen: list[Any] = []
    line = optimize_reports._generate_result_line
    monkeypatch.setattr(
        optimize_reports,
        "_generate_result_line",
        lambda result, *rest: seen.append(list(result.columns)) or line(result, *rest),
    )
    both[0]("enter_tag", BALANCE, FRAMES["many"], FIRST, LAST)
    assert seen
    assert all(columns == list(FRAMES["many"].columns) for columns in seen)
    assert "_generate_result_line" in events()[-1].reason


def test_drawdown_is_freqtrades_class() -> None:
    both = _pair_of("calculate_max_drawdown")
    if both is not None:
        result = both[0](FRAMES["many"], starting_balance=5.0)
        assert type(result) is metrics.DrawDownResult


@pytest.fixture
def three_threads() -> Any:
    """Files are written in parallel, whatever machine this is."""
    runtime.set_num_threads(3)
    yield
    runtime.set_num_threads(None)


def stored(function: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, **parts: Any) -> Any:
    """Everything that a caller sees: files, members of the archive and what they are like."""
    folder.mkdir()
    monkeypatch.setattr(zipfile.time, "localtime", lambda *_: (2024, 1, 2, 3, 4, 6, 0, 1, 0))
    stats = {
        "metadata": {"S": {"run_id": "x"}},
        "strategy": {"S": {"trades": [{"profit": 0.1, "at": FIRST}] * 40_000}},
        "strategy_comparison": [{"key": "S", "value": np.float64(1.5)}],
    }
    config = {"exportdirectory": folder, "original_config": {"exchange": {"secret": "x"}}}
    config |= {"export": "signals", "runmode": optional_runmode()}
    path = function(config, stats, "2024", **parts)
    with zipfile.ZipFile(path) as stored_archive:
        assert stored_archive.testzip() is None
        members = {
            info.filename: (
                stored_archive.read(info),
                *(info.date_time, info.compress_type, info.external_attr, info.create_system),
                *(info.flag_bits, info.file_size, info.CRC),
            )
            for info in stored_archive.infolist()
        }
    others = {
        file.name: file.read_bytes() for file in folder.iterdir() if file.suffix not in (".zip",)
    }
    return path.relative_to(folder), members, others


def optional_runmode() -> Any:
    from freqtrade.enums import RunMode

    return RunMode.BACKTEST


@pytest.mark.usefixtures("three_threads")
@pytest.mark.parametrize("rows", [0, 10, 140_000])
def test_stored_results(rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Same files, same members in the same order, each of the same bytes."""
    both = _pair_of("store_backtest_results")
    assert both is not None
    captures = wallet(max(rows // 4, 1)).iloc[:rows].reset_index(drop=True)
    change = pd.DataFrame({"mean": np.linspace(1, 2, rows), "count": np.arange(rows)})
    change.index = pd.date_range(FIRST, periods=rows, freq="1min", name="date")
    strategy = tmp_path / "strategy.py"
    strategy.write_text("class S: pass\n" * 100_000)
    parts: dict[str, Any] = {
        "market_change_data": change,
        "analysis_results": {"signals": {"S": {"A/USDT": captures.iloc[:50]}}},
        "strategy_files": {"S": str(strategy), "T": "missing.py"},
    }
    if "wallet_summary" in str(bt_storage.store_backtest_results.__kwdefaults__):
        parts["wallet_summary"] = {"S": captures, "T": pd.DataFrame()}
    ours = stored(both[0], tmp_path / "ours", monkeypatch, **parts)
    theirs = stored(both[1], tmp_path / "theirs", monkeypatch, **parts)
    assert not events()
    difference = first_difference(ours, theirs)
    assert difference is None, str(difference)[:300]
    assert list(ours[1]) == list(theirs[1])


@pytest.mark.usefixtures("three_threads")
def test_stored_with_nothing_and_with_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = _pair_of("store_backtest_results")
    assert both is not None
    ours = stored(both[0], tmp_path / "ours", monkeypatch)
    assert first_difference(ours, stored(both[1], tmp_path / "theirs", monkeypatch)) is None
    for odd in ("text", [1]):
        with pytest.raises(AttributeError):
            stored(both[0], tmp_path / str(odd), monkeypatch, market_change_data=odd)


def test_a_patched_archive_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = _pair_of("store_backtest_results")
    assert both is not None
    names: list[str] = []

    class Archive(zipfile.ZipFile):
        def writestr(self, name: Any, *args: Any, **kwargs: Any) -> None:
            names.append(name)
            super().writestr(name, *args, **kwargs)

    monkeypatch.setattr(bt_storage, "ZipFile", Archive)
    stored(both[0], tmp_path / "ours", monkeypatch)
    assert names
    assert "ZipFile" in events()[-1].reason


@pytest.mark.usefixtures("three_threads")
@pytest.mark.parametrize("rows", [65_536, 65_537, 200_000])
@pytest.mark.parametrize("compression", ["lz4", "zstd"])
def test_feather(rows: int, compression: Any) -> None:
    """Texts, missing values, dates, bools and a length that is no multiple of a batch."""
    rng = np.random.default_rng(rows)
    frame = pd.DataFrame(
        {
            "date": pd.date_range(FIRST, periods=rows, freq="1min"),
            "text": pd.Series(rng.choice(["a", "long text", "é"], rows)).where(
                rng.random(rows) < 0.9
            ),
            "value": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows)),
            "flag": rng.random(rows) < 0.5,
            "number": np.arange(rows),
        }
    )
    expected, found = io.BytesIO(), io.BytesIO()
    frame.to_feather(expected, compression=compression, compression_level=9)
    assert feather._parts(frame, compression, 9, 2) is not None
    feather.write_feather(frame, found, compression, 9)
    assert found.getvalue() == expected.getvalue()


def test_feather_of_categories_is_left_to_pandas() -> None:
    frame = pd.DataFrame({"tag": pd.Categorical(["a", "b"] * 40_000)})
    assert feather._parts(frame, "lz4", 9, 2) is None


@pytest.mark.usefixtures("three_threads")
@pytest.mark.parametrize("size", [0, 1, archive._PIECE, archive._PIECE + 1, 5 * archive._PIECE])
def test_deflate(size: int) -> None:
    """One stream that everybody can read, hardly longer than zlib's own."""
    data = (b"freqtrade stores %d results " * (size // 25 + 1))[:size]
    sink = io.BytesIO()
    with ParallelZipFile(sink, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("text.json", data)
        made.writestr("frame.feather", data)
        with made.open("streamed.json", "w") as member:
            member.write(data[: size // 2])
            member.write(data[size // 2 :])
        made.writestr("stored.json", data, zipfile.ZIP_STORED)
    with zipfile.ZipFile(sink) as read:
        assert read.testzip() is None
        assert all(read.read(name) == data for name in read.namelist())
        assert read.getinfo("text.json").compress_size < size / 50 + 100
    assert Deflater().compress(b"") == b""


class Strategy(IStrategy):
    """Writes to what it gets, and keeps it."""

    timeframe = "5m"
    stoploss = -0.1
    minimal_roi: dict[str, float] = {}  # noqa: RUF012
    extra_columns = 0
    returns: Any = None

    def populate_indicators(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> Any:
        dataframe["sma"] = dataframe["close"].rolling(3).mean()
        dataframe.loc[dataframe.index[3], "open"] = 77.0
        dataframe["volume"] *= 2
        for number in range(self.extra_columns):
            dataframe[f"column {number}"] = number
        self.kept = dataframe
        return dataframe if self.returns is None else self.returns(dataframe)

    def populate_entry_trend(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> Any:
        return dataframe

    def populate_exit_trend(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> Any:
        return dataframe


def advise(function: Any, extra_columns: int, returns: Any) -> Any:
    """Result, argument and what the strategy kept, after writing to each of them."""
    strategy = Strategy({"stake_currency": "USDT", "runmode": optional_runmode()})
    strategy.extra_columns, strategy.returns = extra_columns, returns
    data = {f"{name}/USDT": candles(60, seed=seed) for seed, name in enumerate("AB")}
    try:
        result = function(strategy, data)
    except Exception as error:
        return type(error), str(error), data
    result["A/USDT"].loc[5, "close"] = 1.0
    result["B/USDT"]["enter_long"] = 1
    strategy.kept.loc[6, "low"] = 2.0
    data["B/USDT"].loc[7, "high"] = 3.0
    return result, data, strategy.kept


RETURNS: list[Any] = [
    None,
    lambda frame: None,
    lambda frame: frame.iloc[:-1],
    lambda frame: frame["close"],
    lambda frame: frame.assign(close=0.0),
    lambda frame: [frame],
    lambda frame: frame.to_numpy(),
]


@pytest.mark.parametrize("returns", RETURNS, ids=range(len(RETURNS)))
@pytest.mark.parametrize("extra_columns", [0, 120])
@pytest.mark.filterwarnings("ignore:DataFrame is highly fragmented")
def test_advise_all_indicators(extra_columns: int, returns: Any) -> None:
    """Candles, result and the strategy's own frame are independent of one another."""
    both = _pair_of("advise_all_indicators")
    if both is not None:
        ours, theirs = (advise(function, extra_columns, returns) for function in both)
        assert first_difference(ours, theirs) is None


@pytest.mark.filterwarnings("error")
def test_advised_frames_take_more_columns() -> None:
    """pandas warns of frames in many pieces; freqtrade's copy puts them together."""
    both = _pair_of("advise_all_indicators")
    if both is not None:
        strategy = Strategy({"stake_currency": "USDT", "runmode": optional_runmode()})
        strategy.extra_columns = 90
        frame = both[0](strategy, {"A/USDT": candles(60)})["A/USDT"]
        for number in range(30):
            frame[f"signal {number}"] = number
