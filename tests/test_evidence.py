"""Files of recorded calls: what goes in comes out to the last bit, and rubbish is an error."""

from __future__ import annotations

import json
import math
import os
import random
import re
import struct
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from freqtrade.enums import CandleType
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from freqkernels import evidence
from freqkernels.errors import EvidenceError, InvalidInputError, StateError
from freqkernels.evidence import Placeholder, Raised, Record, decode, files
from freqkernels.evidence.encode import Encoder
from freqkernels.identity import first_difference

QUIET_NAN = struct.unpack(">d", bytes.fromhex("7ff8000000000123"))[0]
BERLIN = ZoneInfo("Europe/Berlin")
MOMENTS = pd.date_range("2024-10-27", periods=5, freq="h", tz="Europe/Berlin")


class Strategy:
    """Something that no file holds."""

    def __repr__(self) -> str:
        raise RuntimeError("not even this")


class Colour(Enum):
    RED = 1


def class_of(value: Any) -> str:
    return type(value).__name__


def kept(value: Any) -> Any:
    """A value from a file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        record = evidence.read(evidence.write(Path(folder), Record("x", "failure", (value,))))
    assert record.obstacle == ""
    return record.args[0]


def bits(value: Any) -> Any:
    """What ``first_difference`` does not look at: every bit of floats, order, memory."""
    if isinstance(value, np.generic):
        return value.dtype.str, None if value.dtype.names else value.tobytes()
    if isinstance(value, (float, complex)):
        return struct.pack(">dd", complex(value).real, complex(value).imag)
    if isinstance(value, np.ndarray):
        flags = value.flags
        return flags.c_contiguous, flags.f_contiguous, flags.writeable, bits_of_array(value)
    if isinstance(value, dict):
        return [(bits(key), bits(item)) for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        return [bits(item) for item in value]
    if isinstance(value, pd.DataFrame):
        return [bits(value.iloc[:, i]) for i in range(value.shape[1])]
    if isinstance(value, (pd.Series, pd.Index)) and isinstance(value.dtype, np.dtype):
        return bits_of_array(value.to_numpy())
    return str(value) if isinstance(value, Decimal) else None


def bits_of_array(value: np.ndarray) -> Any:
    if value.dtype.names:  # what lies between them has no meaning
        return [bits(np.asarray(value[name])) for name in value.dtype.names]
    return [bits(one) for one in value.ravel()] if value.dtype == object else value.tobytes()


def assert_kept(value: Any) -> None:
    again = kept(value)
    assert first_difference(value, again) is None
    assert bits(value) == bits(again)


def read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


VALUES = [
    *(None, True, False, 0, -1, 2**63 - 1, 2**63, -(2**63), 10**5000, -(10**40)),
    *(0.0, -0.0, 1.5, math.inf, -math.inf, math.nan, QUIET_NAN, 5e-324, complex(QUIET_NAN, -0.0)),
    *(
        "",
        "close",
        '\x00\n"\\',
        "\ud800",
        "\ud83d\ude00",
        "\U0001f600",
        "\ufeffä",
        b"",
        b"\x00\xff",
    ),
    *([], (), {}, set(), frozenset(), [1, [2, (3,)]], (None, [math.nan]), {1, "a"}, {(1, 2.0)}),
    {1.5: "a", (1, "b"): [2], None: {}, frozenset({1}): 3, b"k": 4, True: 5},
    {"b": 1, "a": 2},
    *(slice(1, None, 2), slice(None, 1.5)),
    *(Decimal("1.10"), Decimal("-0"), Decimal("1E+9999"), CandleType.SPOT),
    *(date(2024, 1, 1), timedelta(-1, 5, 7), time(1, 2, 3, 4), time(1, tzinfo=UTC, fold=1)),
    *(datetime(2024, 1, 1), datetime(2024, 1, 1, 2, 3, 4, 5, tzinfo=UTC), datetime.min),
    datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN, fold=1),
    datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=-5, seconds=1))),
    datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=1), "CET")),
    *(pd.NaT, pd.NA, pd.Timestamp(1), pd.Timestamp("2024-01-01", tz="UTC").as_unit("s")),
    *(MOMENTS[2], MOMENTS[3], pd.Timestamp("2024-01-01T00:00:00.000001", tz="+05:30")),
    pd.Timestamp("2024-01-01", tz=timezone(timedelta(0))),
    *(pd.Timedelta("1ns"), pd.Timedelta(5, "s").as_unit("ms")),
    *(np.float64(-0.0), np.float32("nan"), np.int8(-3), np.uint64(2**64 - 1), np.bool_(True)),
    *(np.str_(""), np.str_("ä\ud800"), np.bytes_(b""), np.bytes_(b"a\x00b"), np.longdouble(0.1)),
    *(np.datetime64("2024-01-01", "ms"), np.datetime64("NaT", "ns"), np.timedelta64(3, "25s")),
    np.array([(1.0, 2)], dtype=[("a", "f8"), ("b", "i4", (2,))])[0],
    *(Raised("ValueError", "x"), Raised("a.B", "")),
]
ARRAYS = [
    *(np.array([1.0, -0.0, QUIET_NAN]), np.array(3.0), np.zeros((0, 7)), np.zeros((2, 0, 3))),
    *(np.arange(6, dtype=">i4").reshape(2, 3), np.asfortranarray(np.arange(6.0).reshape(2, 3))),
    *(np.arange(10.0)[::2], np.arange(12).reshape(3, 4)[:, 1:3], np.array([1 + 2j], dtype=">c8")),
    *(read_only(np.arange(3)), read_only(np.array([None, "x"], dtype=object)), np.array([True])),
    *(np.array(["ä", ""]), np.array([b"a", b""]), np.array([], dtype="U5"), np.zeros(3, "V4")),
    *(np.array(["2024", "NaT"], dtype="M8[D]"), np.array([1, 2], dtype=">m8[25ns]")),
    np.array([(1.0, 2)], dtype=[("a", ">f8"), ("b", "i2", (2,))]),
    np.zeros(2, np.dtype({"names": ["a", "b"], "formats": ["i1", "f8"], "offsets": [3, 16]})),
    *(np.array([1.0], "f2"), np.array([0.1], "g"), np.array([math.inf], ">f4")),
    np.array([None, math.nan, "\ud800", [1], np.float32(1), pd.NA, {"a": 1}], dtype=object),
    *(np.array([["a", 1], [2.5, None]], dtype=object, order="F"), np.array(None, dtype=object)),
    *(np.array([], dtype=object), np.array([np.array(5), None, 1], dtype=object)[::2]),
]
FRAME = pd.DataFrame(
    {
        "date": pd.date_range("2024-01-01", periods=4, freq="5min", tz="UTC"),
        "naive": pd.date_range("2024-01-01", periods=4, freq="5min").as_unit("ms"),
        "close": [1.5, math.nan, -0.0, QUIET_NAN],
        "volume": np.array([1, 2, 3, 4], dtype=np.int32),
        "tag": pd.Series(["a", None, math.nan, pd.NA], dtype=object),
        "text": pd.Series(["a", None, "\x00", ""], dtype="string"),
        "orders": [[{"cost": 1.0}], [], None, (1,)],
        "whole": pd.array([1, None, 3, 4], dtype="UInt8"),
        "real": pd.arrays.FloatingArray(
            np.array([1.0, math.nan, 0, 1]), np.array([0, 0, 1, 0]) > 0
        ),
        "flag": pd.array([True, None, False, True], dtype="boolean"),
        "kind": pd.Categorical(["b", "a", None, "b"], categories=["b", "a", "c"], ordered=True),
        "lasting": pd.to_timedelta([1, 2, None, 3], unit="s"),
        "berlin": MOMENTS[:4].as_unit("us"),
    }
)
PANDAS = [
    *(pd.RangeIndex(5), pd.RangeIndex(9, 1, -2, name=("a", 1)), pd.Index([], dtype=object)),
    *(pd.Index(["a", "b"], name="pair"), pd.Index([1, "a", None]), pd.Index([1.5, QUIET_NAN])),
    *(pd.Index([1, 2], dtype="int8"), pd.Index([True, False]), pd.Index([1, None], dtype="Int64")),
    *(MOMENTS, MOMENTS[[0, 3]], pd.date_range("2024", periods=3, freq="MS").as_unit("s")),
    *(pd.date_range("2024", periods=0, freq="5min"), pd.timedelta_range("1s", periods=3)),
    pd.Index([("a", 1), ("b", 2)], tupleize_cols=False, name="pairs"),
    *(pd.CategoricalIndex(["a", "b"], name="x"), pd.DatetimeIndex(["2024", None], tz="UTC")),
    pd.MultiIndex.from_tuples([("a", 1), ("b", math.nan)], names=["pair", None]),
    pd.MultiIndex.from_product([MOMENTS[:2], ["x"]]),
    *(pd.Series(dtype=float), pd.Series([1.0, math.nan], name=("a", 1), index=["a", "a"])),
    *(pd.Series(["x", None], dtype=object), pd.Series(["x", "y"]), pd.Series(MOMENTS, name=3)),
    *(pd.Series(["a", None], dtype=f"string[{storage}]") for storage in ("python", "pyarrow")),
    *(FRAME, FRAME.iloc[:0], FRAME.iloc[1:3], FRAME[["close"]].set_index(FRAME["date"])),
    *(pd.DataFrame(), pd.DataFrame(index=[1, 2]), pd.DataFrame(columns=["a", "b"])),
    pd.DataFrame([[1, 2.0], [3, 4.0]], columns=["a", "a"], index=["x", "x"]),
    pd.DataFrame(
        np.arange(6.0).reshape(2, 3), columns=pd.MultiIndex.from_product([["a"], [1, 2, 3]])
    ),
]


@pytest.mark.parametrize("value", [*VALUES, *ARRAYS, *PANDAS], ids=class_of)
def test_a_value_is_kept(value: Any) -> None:
    assert_kept(value)
    assert_kept([value, {"in": (value,)}])


def test_kinds_that_are_easily_mistaken() -> None:
    """``True == 1 == 1.0``, and yet they are three."""
    assert [type(value) for value in kept([True, 1, 1.0, np.int64(1)])] == [
        bool,
        int,
        float,
        np.int64,
    ]
    strings = kept(pd.Series(["a", "b"], dtype=object))
    assert strings.dtype == object


def test_texts_where_pandas_has_no_such_dtype(monkeypatch: Any) -> None:
    """pandas 2.2 keeps as objects what pandas 3 makes a dtype of its own."""
    node = [
        "series",
        ["strings", ["list", "a", None], "python", "nan"],
        ["range index", 0, 2, 1, None],
    ]
    new = pd.StringDtype
    monkeypatch.setattr(decode.pd, "StringDtype", lambda storage: new(storage))
    made = decode.Decoder([]).value([*node, "name"])
    assert first_difference(made, pd.Series(["a", None], dtype=object, name="name")) is None


def test_the_same_array_stays_the_same_array() -> None:
    out = np.arange(4.0)
    first, second, (third,) = kept((out, np.arange(4.0), [out]))
    assert first is third
    assert first is not second
    first[:] = 7
    assert third.tolist() == [7, 7, 7, 7]


def test_pytz_where_it_is_installed() -> None:
    pytz = pytest.importorskip("pytz")
    assert_kept(pd.Timestamp("2024-07-01", tz=pytz.timezone("Europe/Berlin")))
    assert_kept(pd.Series(pd.date_range("2024", periods=2, tz=pytz.timezone("Europe/Berlin"))))
    assert_kept(datetime(2024, 1, 1, tzinfo=pytz.utc))


LEAVES = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(width=64), st.complex_numbers()),
    st.text(st.characters(), max_size=5),  # with surrogates
    *(st.binary(max_size=5), st.decimals(allow_nan=False), st.dates(), st.timedeltas(), st.times()),
    st.datetimes(timezones=st.none() | st.timezones(), allow_imaginary=False),
    hnp.arrays(hnp.scalar_dtypes(), hnp.array_shapes(min_dims=0, min_side=0)),
)
KEYS = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.binary())
)
NESTED = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(KEYS | st.tuples(KEYS, KEYS), inner, max_size=3)
        | st.frozensets(KEYS, max_size=3)
    ),
    max_leaves=12,
)


@given(NESTED)
def test_any_nesting_is_kept(value: Any) -> None:
    assert_kept(value)


@pytest.mark.parametrize("text", ["NaN", "-NaN7", "sNaN123", "Infinity"])
def test_decimals_that_are_no_numbers(text: str) -> None:
    again = kept([Decimal(text)])
    assert type(again[0]) is Decimal
    assert str(again[0]) == text


@given(st.binary(min_size=8, max_size=8))
def test_every_bit_of_a_float_is_kept(content: bytes) -> None:
    assert_kept(struct.unpack("<d", content)[0])
    assert_kept(np.frombuffer(content, "<f8"))
    assert_kept(np.frombuffer(content, "<f4")[0])


UNKNOWN: list[tuple[Any, str]] = [
    (Strategy(), "is a .*Strategy"),
    ([1, {"x": Strategy()}], "holds a .*Strategy"),
    (Colour.RED, "is a .*Colour"),
    (OrderedDict(a=1), "is a collections.OrderedDict"),
    (np.ma.masked_array([1], [True]), "is a numpy.*MaskedArray"),
    (len, "is a builtin_function_or_method"),
    (pd.period_range("2024-01", periods=2, freq="M"), "is a pandas.*PeriodIndex"),
    (pd.Series(pd.period_range("2024-01", periods=2, freq="M")), r"is values of dtype period\[M]"),
    (pd.Series(pd.cut([1, 2], 2)), "is a pandas.*IntervalIndex"),
    (np.dtype("f8"), "is a numpy.*Float64DType"),
    (Path("a"), "is a pathlib.*Path"),
    (np.zeros(1, [("\u4e2d", "f8")]), "is a numpy array of dtype .*"),
    (np.zeros(1, [(f"a{i}", "f8") for i in range(900)]), "is a numpy array of dtype .*"),
    (np.rec.array([(1, 2.0)])[0], "is a numpy array of dtype .*"),
    (np.rec.array([(1, 2.0)]), "is a numpy.*recarray"),
    (pd.Series([1, 0], dtype="Sparse[int]"), "is values of dtype Sparse.*"),
    (np.zeros(1, [("a", "O")]), "is a numpy array of dtype .*"),
    (pd.RangeIndex(10**12), "is a pandas.RangeIndex of 1000000000000"),
]


@pytest.mark.parametrize(("value", "reason"), UNKNOWN, ids=[reason for _, reason in UNKNOWN])
def test_what_no_file_holds_is_said(tmp_path: Path, value: Any, reason: str) -> None:
    again = evidence.read(evidence.write(tmp_path, Record("x", "failure", (1, value, "close"))))
    assert re.fullmatch(f"argument 2 {reason}", again.obstacle)
    assert again.args[0] == 1
    assert again.args[2] == "close"


def test_only_arguments_are_obstacles(tmp_path: Path) -> None:
    record = Record("x", "mismatch", (1,), exact=Strategy(), fast=ValueError("no"))
    again = evidence.read(evidence.write(tmp_path, record))
    assert again.obstacle == ""
    assert again.exact == Placeholder("a test_evidence.Strategy")
    assert again.fast == Raised("ValueError", "no")
    named = Record("x", "mismatch", (), {"data": Strategy()})
    path = evidence.write(tmp_path, named)
    assert evidence.read(path).obstacle == "argument 'data' is a test_evidence.Strategy"
    twice = evidence.read(evidence.write(tmp_path, evidence.read(path)))
    assert twice.obstacle == "argument 'data' is a test_evidence.Strategy"


def test_what_contains_itself_ends() -> None:
    endless: list[Any] = [1]
    endless.append(endless)
    encoder = Encoder()
    assert "nested too deeply" in json.dumps(encoder.node(endless))
    wide: Any = 0
    for _ in range(28):
        wide = [wide, wide]
    assert len(json.dumps(Encoder().node(wide))) < decode.MOST_TEXT


def test_what_is_too_much_is_left_out(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("freqkernels.evidence.encode.MOST_BYTES", 1000)
    record = Record("x", "mismatch", (np.zeros(100), np.zeros(100), np.zeros(1)))
    again = evidence.read(evidence.write(tmp_path, record))
    assert again.obstacle == ("argument 2 is a numpy array of 800 bytes, more than fit into a file")
    assert again.args[2].tolist() == [0]
    monkeypatch.setattr("freqkernels.evidence.decode.MOST_TEXT", 2000)
    long = Record("x", "mismatch", tuple(f"{i:0100}" for i in range(50)))
    assert evidence.read(evidence.write(tmp_path, long)).obstacle == (
        "argument 1 is more than a file may hold"
    )


def test_secrets_stay_secret(tmp_path: Path) -> None:
    config = {
        "exchange": {"name": "binance", "key": "k-1", "secret": "s-1", "password": ""},
        "telegram": {"token": "t-1", "chat_id": "c-1"},
        "nested": {"exchange": {"uid": "u-1"}},
        "key": "BTC/USDT",
    }
    path = evidence.write(tmp_path, Record("x", "failure", (config, {"api_key": "a-1"})))
    assert not [
        secret for secret in (b"k-1", b"s-1", b"t-1", b"u-1", b"a-1") if secret in path.read_bytes()
    ]
    again = evidence.read(path)
    assert again.args[0]["exchange"] == {
        **{"name": "binance", "key": "REDACTED", "secret": "REDACTED", "password": ""}
    }
    assert again.args[0]["key"] == "BTC/USDT"
    assert config["exchange"]["key"] == "k-1"


def example() -> Record:
    return Record(
        "metrics.rel_mean",
        "mismatch",
        ([np.arange(4.0), np.array([1.0, QUIET_NAN])], FRAME.drop(columns="orders"), "close"),
        {"dates": (MOMENTS, datetime(2024, 1, 1, tzinfo=UTC)), "n": 2**70},
        exact={"a": [1.5, math.nan]},
        fast=Raised("ZeroDivisionError", "division by zero"),
        difference="result['a'][0]: 1.5 != 2.5",
    )


FIELDS = ("switch", "kind", "args", "kwargs", "exact", "fast", "difference", "time", "obstacle")


def assert_same(left: Record, right: Record) -> None:
    for name in FIELDS:
        assert first_difference(getattr(left, name), getattr(right, name)) is None, name
    assert dict(left.versions) == dict(right.versions)


class TestFiles:
    def test_a_record_comes_back(self, tmp_path: Path) -> None:
        record = example()
        path = evidence.write(tmp_path / "new" / "folder", record)
        assert path.parent == tmp_path / "new" / "folder"
        assert "metrics.rel_mean" in path.name
        assert [file.name for file in path.parent.iterdir()] == [path.name]
        assert_same(evidence.read(path), record)
        assert record.versions["pandas"] == pd.__version__
        assert record.versions["freqtrade"] != "not installed"

    def test_numpy_reads_the_arrays_too(self, tmp_path: Path) -> None:
        path = evidence.write(tmp_path, Record("x", "failure", (np.arange(3.0),)))
        with zipfile.ZipFile(path) as archive:
            assert archive.namelist() == ["manifest.json", "arrays/0.npy"]
            assert np.load(archive.open("arrays/0.npy")).tolist() == [0, 1, 2]
            assert json.loads(archive.read("manifest.json"))["switch"] == "x"

    @pytest.mark.parametrize("switch", ["../../x", "", "a/b\\c:d", "ä\ud800", "x" * 999])
    def test_a_name_is_only_a_name(self, tmp_path: Path, switch: str) -> None:
        path = evidence.write(tmp_path, Record(switch, "failure"))
        assert path.parent == tmp_path
        assert evidence.read(path).switch == switch[:200]

    def test_bad_records(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInputError, match="mismatch, failure, backtest"):
            evidence.write(tmp_path, Record("x", "other"))  # type: ignore[arg-type]
        with pytest.raises(InvalidInputError, match="time zone"):
            evidence.write(tmp_path, Record("x", "failure", time=datetime(2024, 1, 1)))

    def test_a_folder_that_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(StateError, match="no evidence can be kept there"):
            evidence.write(tmp_path / "file", Record("x", "failure"))

    def test_an_interrupted_write_leaves_nothing(self, tmp_path: Path, monkeypatch: Any) -> None:
        def full(*args: Any) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
        with pytest.raises(StateError, match="No space left"):
            evidence.write(tmp_path, Record("x", "failure"))
        assert list(tmp_path.iterdir()) == []

    def test_the_oldest_go(self, tmp_path: Path, monkeypatch: Any) -> None:
        monkeypatch.setattr(files, "MOST_FILES", 3)
        foreign = tmp_path / "20200101T000000000000Z-mine.zip"
        foreign.write_text("kept")
        unfinished = [tmp_path / f".20200101T000000000000Z-x-{i:016}.zip.1.2" for i in range(2)]
        for file in unfinished:
            file.write_text("")
        os.utime(unfinished[0], (0, 0))
        start = datetime(2024, 1, 1, tzinfo=UTC)
        paths = [
            evidence.write(tmp_path, Record("x", "failure", time=start + timedelta(days=day)))
            for day in range(5)
        ]
        assert set(tmp_path.iterdir()) == {foreign, unfinished[1], *paths[2:]}
        early = evidence.write(tmp_path, Record("x", "failure", time=start - timedelta(days=9)))
        assert set(tmp_path.iterdir()) == {
            foreign,
            unfinished[1],
            early,
            *paths[3:],
        }  # the clock went back

    def test_a_folder_does_not_grow(self, tmp_path: Path, monkeypatch: Any) -> None:
        monkeypatch.setattr(files, "MOST_FOLDER_BYTES", 30_000)
        start = datetime(2024, 1, 1, tzinfo=UTC)
        for day in range(6):
            moment = start + timedelta(days=day)
            evidence.write(tmp_path, Record("x", "failure", (np.zeros(1000),), time=moment))
        names = sorted(path.name[:8] for path in tmp_path.iterdir())
        assert names == ["20240104", "20240105", "20240106"]

    def test_many_threads(self, tmp_path: Path, monkeypatch: Any) -> None:
        monkeypatch.setattr(files, "MOST_FILES", 5)
        errors: list[BaseException] = []

        def work(number: int) -> None:
            try:
                for i in range(6):
                    evidence.write(tmp_path, Record("x", "failure", (number, i, np.arange(9))))
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert 1 <= len(list(tmp_path.iterdir())) <= 8
        evidence.write(tmp_path, Record("x", "failure"))
        assert len(list(tmp_path.iterdir())) == 5
        for path in tmp_path.iterdir():
            assert evidence.read(path).switch == "x"


def rewritten(path: Path, change: Callable[[dict[str, Any]], None], **members: bytes) -> Path:
    """A file whose manifest somebody else wrote, with valid checksums."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(content["manifest.json"])
    change(manifest)
    content["manifest.json"] = json.dumps(manifest).encode()
    content.update(members)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


def npy(header: str, data: bytes = b"") -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def outcome(path: Path) -> Record | EvidenceError:
    """What reading a file comes to; any other error is a defect."""
    try:
        return evidence.read(path)
    except EvidenceError as error:
        if str(path) not in str(error):
            raise AssertionError("which file?") from error
        return error


class TestRubbish:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return evidence.write(tmp_path, example())

    def test_truncated_anywhere(self, path: Path) -> None:
        content = path.read_bytes()
        for length in [*range(0, len(content), 97), *range(len(content) - 200, len(content))]:
            path.write_bytes(content[:length])
            with pytest.raises(EvidenceError):
                evidence.read(path)

    def test_a_flipped_bit_changes_nothing_or_is_noticed(self, path: Path) -> None:
        content = bytearray(path.read_bytes())
        whole = evidence.read(path)
        rng = random.Random(1)
        places = rng.sample(range(len(content)), 250) + list(
            range(len(content) - 300, len(content))
        )
        for place in places:
            flip = 1 << rng.randrange(8)
            content[place] ^= flip
            path.write_bytes(content)
            content[place] ^= flip
            again = outcome(path)
            if not isinstance(again, EvidenceError):
                assert_same(again, whole)

    @given(st.binary(max_size=300))
    def test_any_bytes(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "rubbish.zip"
        path.write_bytes(content)
        with pytest.raises(EvidenceError):
            evidence.read(path)

    NODES = st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-3, 9)
        | st.integers()
        | st.text(max_size=4)
        | st.sampled_from(["<f8", "C", "ns", "7ff8000000000000", "2024-01-01", "NA", "5min"])
        | st.builds(lambda tag: [tag], st.sampled_from(sorted(decode._DECODERS))),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.builds(
                lambda tag, rest: [tag, *rest],
                st.sampled_from(sorted(decode._DECODERS)),
                st.lists(inner, max_size=5),
            )
        ),
        max_leaves=10,
    )

    @given(NODES)
    def test_any_values(self, tmp_path: Path, node: Any) -> None:
        path = evidence.write(tmp_path, Record("x", "failure", (np.arange(3), np.arange(2.0))))
        rewritten(path, lambda manifest: manifest["args"].append(node))
        outcome(path)
        path.unlink()

    @given(st.data())
    def test_one_part_of_a_value_changed(self, path: Path, data: st.DataObject) -> None:
        """Whatever stands where we wrote something else."""
        before = path.read_bytes()

        def spoil(manifest: dict[str, Any]) -> None:
            node: Any = manifest["args"]
            for _ in range(data.draw(st.integers(0, 5))):
                lists = [item for item in node if isinstance(item, list) and item]
                if not lists:
                    break
                node = data.draw(st.sampled_from(lists))
            node[data.draw(st.integers(0, len(node) - 1))] = data.draw(self.NODES)

        rewritten(path, spoil)
        outcome(path)
        path.write_bytes(before)

    @pytest.mark.parametrize(
        ("name", "value", "words"),
        [
            ("format", 2, "has format 2, this freqkernels reads 1"),
            ("format", "x" * 999, "a newer one wrote it"),
            ("what", "something", "no evidence of ours"),
            ("kind", "other", "unknown kind 'other'"),
            ("switch", 5, "something else where texts should be"),
            ("time", "yesterday", "damaged"),
            ("versions", {"numpy": 5}, "something else where texts should be"),
            ("versions", None, "damaged"),
            ("args", 5, "damaged"),
            ("args", [1.5], "a value is missing"),
            ("args", [["exec", "1"]], "unknown form 'exec'"),
            ("args", [["enum", "os", "x"]], "damaged"),
            ("args", [["enum", "__builtins__", "x"]], "no enumeration"),
            ("args", [["scalar", "|O", "00"]], "unknown dtype"),
            ("args", [["scalar", "(999999999,)f8", ""]], "unknown dtype"),
            ("args", [["scalar", "<U999999999", ""]], "damaged"),
            ("args", [["array", 99, "C", True]], "an array is missing"),
            ("args", [["array", -1, "C", True]], "an array is missing"),
            ("args", [["array", True, "C", True]], "an array is missing"),
            ("args", [["range index", 0, 10**18, 1, None]], "longer than any file"),
            ("args", [["objects", [10**30, 0], ["list"], "C", True]], "damaged"),
            ("args", [["datetime", "2024-01-01", 0, ["zoneinfo", "../../etc/passwd"]]], "damaged"),
            ("args", [["datetime", "2024-01-01", 0, ["lunar"]]], "unknown kind"),
            ("args", [["set", ["list"]]], "unhashable"),
        ],
        ids=str,
    )
    def test_manifests_of_others(self, path: Path, name: str, value: Any, words: str) -> None:
        with pytest.raises(EvidenceError, match=words):
            evidence.read(rewritten(path, lambda manifest: manifest.__setitem__(name, value)))

    def test_a_part_of_the_manifest_is_missing(self, path: Path) -> None:
        for name in ("what", "format", "switch", "kind", "args", "kwargs", "exact", "fast", "time"):
            before = path.read_bytes()
            with pytest.raises(EvidenceError):
                evidence.read(rewritten(path, lambda manifest, name=name: manifest.pop(name)))
            path.write_bytes(before)

    @pytest.mark.parametrize(
        "text", [b"", b"[]", b"{", b"5", b"\xff", b"NaN", b"[" * 10**6, b"9" * 10**5]
    )
    def test_manifests_that_are_none(self, path: Path, text: bytes) -> None:
        with pytest.raises(EvidenceError):
            evidence.read(rewritten(path, lambda manifest: None, **{"manifest.json": text}))

    @pytest.mark.parametrize(
        "content",
        [
            npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}", b"x" * 8),
            npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}"),
            npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", b"x" * 8),
            npy("{'descr': '|V0', 'fortran_order': False, 'shape': (1000000000000,)}"),
            npy("{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (1,)}", b"x" * 8),
            npy("__import__('os')"),
            npy("(" * 9000),
            npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", b"x" * 17),
            b"\x80\x04N.",
            b"",
        ],
    )
    def test_arrays_of_others(self, path: Path, content: bytes) -> None:
        with pytest.raises(EvidenceError):
            evidence.read(rewritten(path, lambda manifest: None, **{"arrays/0.npy": content}))

    def test_members_of_others(self, path: Path) -> None:
        before = path.read_bytes()
        for name in ("../evil", "/etc/passwd", "arrays/999.npy", "extra", "manifest.json/"):
            with pytest.raises(EvidenceError, match="no evidence of ours"):
                evidence.read(rewritten(path, lambda manifest: None, **{name: b""}))
            path.write_bytes(before)
        with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
            archive.writestr("manifest.json", "{}")
        with pytest.raises(EvidenceError, match="no evidence of ours"):
            evidence.read(path)

    def test_a_bomb(self, tmp_path: Path) -> None:
        path = tmp_path / "bomb.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("manifest.json", b" " * 10**8)
        with pytest.raises(EvidenceError, match="compressed"):
            evidence.read(path)

    def test_members_that_overlap(self, path: Path) -> None:
        """Each entry of the directory may be true, and all of them together more than there is."""
        content = path.read_bytes()
        at = content.rindex(b"PK\x01\x02")
        end = content.rindex(b"PK\x05\x06")
        entry = content[at:end]
        names = [f"arrays/{i}.npy".encode() for i in range(2000)]
        entries = [entry]  # the last array
        old = entry[46 : 46 + struct.unpack("<H", entry[28:30])[0]]
        entries += [
            entry[:28] + struct.pack("<H", len(name)) + entry[30:46] + name + entry[46 + len(old) :]
            for name in names
        ]
        directory = b"".join(entries)
        tail = struct.pack(
            "<4s4H2LH", b"PK\x05\x06", 0, 0, *[len(entries)] * 2, len(directory), at, 0
        )
        path.write_bytes(content[:at] + directory + tail)
        with pytest.raises(EvidenceError):
            evidence.read(path)

    @pytest.mark.parametrize("name", ["missing.zip", "."])
    def test_files_that_are_none(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(EvidenceError, match="no such file"):
            evidence.read(tmp_path / name)

    def test_a_file_larger_than_any(self, tmp_path: Path) -> None:
        path = tmp_path / "large.zip"
        with path.open("wb") as file:
            file.truncate(10**12)
        with pytest.raises(EvidenceError, match="larger than evidence ever is"):
            evidence.read(path)

    def test_a_package_that_is_missing(self, path: Path, monkeypatch: Any) -> None:
        monkeypatch.setitem(sys.modules, "freqtrade.enums", None)
        node = ["enum", "CandleType", "SPOT"]
        with pytest.raises(EvidenceError, match=r"cannot make what it holds.*freqtrade\.enums"):
            evidence.read(rewritten(path, lambda manifest: manifest["args"].append(node)))


class TestDescribe:
    def test_arrays_and_frames(self) -> None:
        array, series, frame, many = evidence.describe(
            (np.arange(6.0).reshape(2, 3), pd.Series([1, 2]), FRAME, {"BTC": np.arange(3)})
        )
        assert array.startswith("1: numpy.ndarray (2, 3) float64, digest ")
        assert "Series of 2, int64, digest " in series
        assert "DataFrame of 4 x 13 (datetime64[" in frame
        assert many.startswith("4: dict of 1 (numpy.ndarray (3,) int64, digest ")
        assert evidence.describe(("close", None, 1.5), {"n": 2}) == [
            *("1: 'close'", "2: None", "3: 1.5", "n: 2")
        ]

    def test_digests_tell_values_apart(self) -> None:
        long = np.zeros(1_000_000)
        other = long.copy()
        other[-1] = -0.0
        assert evidence.describe((long,)) == evidence.describe((long.copy(),))
        assert evidence.describe((long,)) != evidence.describe((other,))
        for one, two in ((FRAME, FRAME.assign(close=1.0)), (MOMENTS, MOMENTS + pd.Timedelta("1s"))):
            assert evidence.describe((one,)) == evidence.describe((one.copy(),))
            assert evidence.describe((one,)) != evidence.describe((two,))

    def test_texts_within_are_not_shown(self) -> None:
        lines = evidence.describe(({"secret": "s-1"}, ["s-1"], "s" * 50))
        assert "s-1" not in str(lines)
        assert "ssss" not in str(lines)

    @given(NESTED)
    def test_any_value(self, value: Any) -> None:
        (line,) = evidence.describe((value,))
        assert len(line) <= 600

    def test_many_and_long(self) -> None:
        lines = evidence.describe(tuple(range(99)))
        assert len(lines) == 33
        assert lines[-1] == "and 67 more"
        (line,) = evidence.describe(([{str(i): "x" * i for i in range(50)}] * 50,))
        assert len(line) <= 600
        assert evidence.describe((10**9999,)) == ["1: int of 33216 bits"]

    @pytest.mark.parametrize(
        "value", [*VALUES, *ARRAYS, *PANDAS, *(pair[0] for pair in UNKNOWN)], ids=class_of
    )
    def test_it_never_raises(self, value: Any) -> None:
        assert len(evidence.describe((value, [value]), {"named": value})) == 3

    def test_classes_of_others(self) -> None:
        class Nasty(Strategy):
            __module__ = "numpy.nasty"

            @property
            def flat(self) -> Any:
                return 1

            @property
            def shape(self) -> Any:
                raise RuntimeError("no")

        assert evidence.describe((Nasty(),)) == ["1: Nasty that cannot be described (RuntimeError)"]

    def test_it_imports_nothing(self) -> None:
        code = (
            "import sys; from freqkernels import evidence\n"
            "evidence.describe((1, 'a', [2.5], {'b': b'c'}))\n"
            "print({'numpy', 'pandas'} & set(sys.modules))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
        )
        assert done.stdout.strip() == "set()"
