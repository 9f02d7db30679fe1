"""Candle files: freqtrade finds and loads what was written."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from freqtrade.data.history import load_data
from freqtrade.data.history.datahandlers.featherdatahandler import FeatherDataHandler
from freqtrade.enums import CandleType, TradingMode
from freqtrade.exchange import Exchange
from pandas import DataFrame
from pandas.testing import assert_frame_equal

from freqkernels.data.datadir import candle_file, write_candles, write_datadir
from freqkernels.data.synthetic import MarketSpec, aggregate_candles, make_candles, make_futures
from freqkernels.errors import InvalidInputError

FUTURE = "BTC/USDT:USDT"


def load(directory: Path, pair: str, timeframe: str, kind: str, fill: bool = False) -> DataFrame:
    frames = load_data(
        datadir=directory,
        pairs=[pair],
        timeframe=timeframe,
        candle_type=CandleType.from_string(kind),
        fill_up_missing=fill,
        fail_without_data=True,
    )
    return frames[pair]


@pytest.mark.parametrize("messy", [False, True])
def test_freqtrade_loads_spot(tmp_path: Path, messy: bool) -> None:
    spec = MarketSpec(candles=3_000, gaps=0.02)
    pairs = ["BTC/USDT", "PEPE/USDT"]
    written = write_datadir(tmp_path, pairs, spec.messy() if messy else spec, 4, informative=["1h"])
    assert sorted(written) == sorted(path for path in tmp_path.rglob("*") if path.is_file())
    orderly = replace(spec.messy(), duplicates=0.0, late=0.0) if messy else spec
    for pair in pairs:
        expected = make_candles(pair, orderly, 4)
        assert_frame_equal(load(tmp_path, pair, "5m", "spot"), expected, check_exact=True)
        assert len(load(tmp_path, pair, "5m", "spot", fill=True)) == spec.candles
        hourly = aggregate_candles(expected, "1h")
        assert_frame_equal(load(tmp_path, pair, "1h", "spot"), hourly, check_exact=True)
    found = FeatherDataHandler.ohlcv_get_available_data(tmp_path, TradingMode.SPOT)
    assert sorted(found) == sorted((p, t, CandleType.SPOT) for p in pairs for t in ("5m", "1h"))


@pytest.mark.parametrize("timeframe", ["1h", "8h"])
def test_freqtrade_loads_futures(tmp_path: Path, timeframe: str) -> None:
    spec = MarketSpec(candles=3_000)
    write_datadir(tmp_path, [FUTURE], spec, 4)
    future = make_futures(FUTURE, spec, 4)
    candles = load(tmp_path, FUTURE, "5m", "futures")
    assert_frame_equal(candles, future.candles, check_exact=True)
    mark = load(tmp_path, FUTURE, timeframe, "mark")
    assert_frame_equal(mark, future.mark[timeframe], check_exact=True)
    rates = load(tmp_path, FUTURE, timeframe, "funding_rate", fill=True)
    combined = Exchange.combine_funding_and_mark(rates, mark)
    combined = combined[combined["date"].dt.hour % 8 == 0].dropna()
    assert list(combined["open_fund"]) == list(future.funding["open"])
    assert list(combined["date"]) == list(future.funding["date"].dt.floor("s"))


@pytest.mark.parametrize("kind", ["spot", "futures", "mark", "funding_rate"])
@pytest.mark.parametrize("pair", ["BTC/USDT", FUTURE, "A.B@C$+/USD:USD-241227"])
@pytest.mark.parametrize("timeframe", ["5m", "1M"])
def test_files_have_the_names_that_freqtrade_gives(pair: str, timeframe: str, kind: str) -> None:
    expected = FeatherDataHandler._pair_data_filename(
        Path("data"), pair, timeframe, CandleType.from_string(kind)
    )
    assert candle_file("data", pair, timeframe, kind) == expected


def test_same_files_again_and_none_replaced_unasked(tmp_path: Path) -> None:
    spec = MarketSpec(candles=500)

    def digests() -> dict[str, str]:
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in tmp_path.rglob("*")
            if path.is_file()
        }

    write_datadir(tmp_path, ["BTC/USDT", FUTURE], spec)
    before = digests()
    with pytest.raises(InvalidInputError, match=r"directory: .*BTC_USDT.* and 5 more exist"):
        write_datadir(tmp_path, ["XRP/USDT", FUTURE, "BTC/USDT"], spec, 1)
    assert digests() == before
    write_datadir(tmp_path, ["BTC/USDT", FUTURE], spec, overwrite=True)
    assert digests() == before
    write_datadir(tmp_path, ["BTC/USDT", FUTURE], spec, 1, overwrite=True)
    assert digests().keys() == before.keys()
    assert not set(digests().values()) & set(before.values())


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    occupied = tmp_path / "x.feather"
    occupied.mkdir()
    with pytest.raises(OSError):
        write_candles(make_candles("BTC/USDT", MarketSpec(candles=5)), occupied)
    assert list(tmp_path.iterdir()) == [occupied]


def test_bad_arguments_are_refused_by_name_and_write_nothing(tmp_path: Path) -> None:
    spec = MarketSpec(candles=10)
    frame = make_candles("BTC/USDT", spec)
    refused = {
        "pairs: .*share a file": lambda: write_datadir(tmp_path, ["A.B/C", "A@B/C"], spec),
        "pairs: .*several": lambda: write_datadir(tmp_path, "A/B", spec),
        "spec: ": lambda: write_datadir(tmp_path, ["A/B"], None),  # type: ignore[arg-type]
        "seed: ": lambda: write_datadir(tmp_path, ["A/B"], spec, -1),
        "informative: .*several": lambda: write_datadir(tmp_path, ["A/B"], spec, informative="1h"),
        "informative: .*'7m'": lambda: write_datadir(tmp_path, ["A/B"], spec, informative=["7m"]),
        "informative: .*'5m'": lambda: write_datadir(tmp_path, ["A/B"], spec, informative=["5m"]),
        "candle_type: ": lambda: candle_file(tmp_path, "A/B", "5m", "index"),
        "timeframe: .*'x'": lambda: candle_file(tmp_path, "A/B", "x"),
        "pair: ": lambda: candle_file(tmp_path, "../A", "5m"),
        "candles: no column": lambda: write_candles(frame.drop(columns="low"), tmp_path / "x"),
    }
    for message, call in refused.items():
        with pytest.raises(InvalidInputError, match=f"^{message}"):
            call()
    assert list(tmp_path.iterdir()) == []
