"""freqkernels.identity: equal results have no difference, and every difference is found."""

import copy
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqkernels.errors import InvalidInputError
from freqkernels.identity import Attribute, Difference, first_difference


class Side(Enum):
    LONG = "long"
    SHORT = "short"


@dataclass
class Point:
    x: float
    y: object


def frame(**columns):
    base = {
        "date": pd.date_range("2024-01-01", periods=3, freq="5min", tz="UTC"),
        "price": [1.5, math.nan, -0.0],
        "tag": pd.Series(["a", None, "b"], dtype=object),
        "orders": [[{"cost": 1.0}], [], [{"cost": 2.0}, {"cost": 3.0}]],
    }
    return pd.DataFrame(base | columns)


EQUAL = [
    None,
    1.5,
    math.nan,
    -0.0,
    math.inf,
    10**40,
    complex(math.nan, -0.0),
    "text",
    b"bytes",
    Decimal("1.10"),
    Side.LONG,
    Path("a/b"),
    datetime(2024, 1, 1, tzinfo=UTC),
    timedelta(seconds=1),
    pd.Timestamp("2024-01-01", tz="UTC"),
    pd.NaT,
    pd.NA,
    pd.Timedelta("1s"),
    np.float64(-0.0),
    np.float32("nan"),
    np.datetime64("NaT", "ns"),
    np.array([1.0, np.nan, -0.0]),
    np.array([[1, 2], [3, 4]], dtype=np.int8),
    np.array([], dtype=np.float64),
    np.array(3.0),
    np.array([1 + 2j, complex(math.nan, 0)]),
    np.array([None, 1.0, "x", [math.nan]], dtype=object),
    np.array([(1.0, 2), (math.nan, 3)], dtype=[("a", "f8"), ("b", "i4", (2,))]),
    np.array(["2024-01-01", "NaT"], dtype="M8[ms]"),
    np.array(["a", "b"]),
    pd.array([1, None], dtype="Int64"),
    pd.array([1.5, None], dtype="Float64"),
    pd.array(["x", None], dtype="string"),
    pd.Categorical(["a", "b", None]),
    pd.period_range("2024-01", periods=3, freq="M"),
    pd.interval_range(0, 3),
    pd.RangeIndex(5),
    pd.Index(["a", "b"], name="pair"),
    pd.date_range("2024-01-01", periods=3, freq="5min", tz="UTC"),
    pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["pair", None]),
    pd.Series([1.0, math.nan], name="x", index=["a", "b"]),
    pd.Series([], dtype="datetime64[ms, UTC]"),
    frame(),
    frame().iloc[:0],
    pd.DataFrame(),
    {"a": [1, (2.0, {"b": math.nan})], 3: {1, 2.0, "x"}},
    frozenset({math.nan}),
    Point(math.nan, [1]),
    range(3),
]


@pytest.mark.parametrize("value", EQUAL, ids=lambda value: repr(value)[:30])
def test_a_copy_is_identical(value):
    assert first_difference(value, copy.deepcopy(value)) is None
    assert first_difference([value], [copy.deepcopy(value)]) is None


@pytest.mark.parametrize("left", EQUAL, ids=lambda value: repr(value)[:30])
def test_no_two_of_the_examples_are_identical(left):
    assert sum(first_difference(left, right) is None for right in EQUAL) == 1


UNEQUAL = [
    # left, right, kind, where
    (0.0, -0.0, "value", ""),
    (1.0, math.nextafter(1.0, 2.0), "value", ""),
    (1, 1.0, "type", ""),
    (1, True, "type", ""),
    (1.0, np.float64(1.0), "type", ""),
    (np.float64(0.0), np.float64(-0.0), "value", ""),
    (np.datetime64(0, "s"), np.datetime64(0, "ms"), "dtype", ""),
    (None, math.nan, "type", ""),
    (complex(0, 0.0), complex(0, -0.0), "value", ""),
    ("a", "b", "value", ""),
    (Side.LONG, Side.SHORT, "value", ""),
    (Decimal("1.0"), Decimal("1.1"), "value", ""),
    (datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 1), "value", ""),
    (
        datetime(2024, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
        datetime(2024, 1, 1, tzinfo=UTC),
        "value",
        "",
    ),
    (pd.Timestamp(0).as_unit("s"), pd.Timestamp(0).as_unit("ns"), "value", ""),
    ([1, 2, 3], [1, 2], "length", ""),
    ([1, [2, 3]], [1, [2, 4]], "value", "[1][1]"),
    ((1,), [1], "type", ""),
    ({"a": 1}, {"a": 1, "b": 2}, "keys", ""),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "order", ""),
    ({1: 0}, {True: 0}, "type", ".keys()[0]"),
    ({"a": {"b": 1.0}}, {"a": {"b": 2.0}}, "value", "['a']['b']"),
    ({1, 2}, {1, 3}, "keys", ""),
    ({1}, {1.0}, "keys", ""),
    (Point(1.0, 2), Point(1.0, 3), "value", ".y"),
    (np.zeros(2), np.zeros(2, np.float32), "dtype", ""),
    (np.zeros(2), np.zeros(2, ">f8"), "dtype", ""),
    (np.zeros(2), np.zeros((2, 1)), "length", ""),
    (np.zeros((2, 2)), np.array([[0.0, 0.0], [-0.0, 0.0]]), "value", "[1][0]"),
    (np.array([1, None], object), np.array([1.0, None], object), "type", "[0]"),
    (np.array([[{"a": 1}]], object), np.array([[{"a": 2}]], object), "value", "[0][0]['a']"),
    (
        np.array([(1.0, math.nan)], [("a", "f8"), ("b", "O")]),
        np.array([(1.0, None)], [("a", "f8"), ("b", "O")]),
        "value",
        "[0]",
    ),
    (np.array(["NaT"], "M8[s]"), np.array([0], "M8[s]"), "value", "[0]"),
    (pd.Index([1, 2]), pd.RangeIndex(1, 3), "type", ""),
    (pd.Index([1], name="a"), pd.Index([1], name="b"), "value", ".names[0]"),
    (pd.Index([1, 2]), pd.Index([1, 3]), "value", "[1]"),
    (
        pd.DatetimeIndex(["2024-01-01", "2024-01-02"], freq="D"),
        pd.DatetimeIndex(["2024-01-01", "2024-01-02"]),
        "value",
        ".freq",
    ),
    (
        pd.MultiIndex.from_tuples([("a", 1), ("b", 2)]),
        pd.MultiIndex.from_tuples([("a", 1), ("b", 3)]),
        "value",
        ".get_level_values(1)[1]",
    ),
    (pd.array([1, None], dtype="Int64"), pd.array([1, 1], dtype="Int64"), "type", "[1]"),
    (pd.array([1], dtype="Int64"), pd.array([1], dtype="Int32"), "dtype", ""),
    (pd.array([1], dtype="Int64"), pd.array([1, 1], dtype="Int64"), "length", ""),
    (pd.Categorical(["a"]), pd.Categorical(["a"], ordered=True), "value", ".ordered"),
    (pd.Categorical([], ["a", "b"]), pd.Categorical([], ["b", "a"]), "value", ".categories[0]"),
    (pd.Categorical(["a"], ["a", "b"]), pd.Categorical(["b"], ["a", "b"]), "value", "[0]"),
    (pd.Series([1.0], name="x"), pd.Series([1.0], name="y"), "value", ".name"),
    (pd.Series([1.0]), pd.Series([1]), "dtype", ""),
    (pd.Series([1.0], index=[0]), pd.Series([1.0], index=[1]), "value", ".index[0]"),
    (pd.Series([0.0, 0.0]), pd.Series([0.0, -0.0]), "value", "[1]"),
    (frame(), frame(price=[1.5, math.nan, 0.0]), "value", "[2]['price']"),
    (frame(), frame(tag=pd.Series(["a", math.nan, "b"], dtype=object)), "type", "[1]['tag']"),
    (frame(), frame(tag=pd.Series(["a", "b", "b"], dtype="string")), "dtype", ".dtypes['tag']"),
    (
        frame(),
        frame(orders=[[{"cost": 1.0}], [], [{"cost": 2.0}, {"cost": 4.0}]]),
        "value",
        "[2]['orders'][1]['cost']",
    ),
    (frame(), frame(more=1), "length", ".columns"),
    (frame(), frame()[["price", "date", "tag", "orders"]], "value", ".columns[0]"),
    (frame(), frame().iloc[:2], "length", ""),
    (frame(), frame(date=frame()["date"].dt.as_unit("s")), "dtype", ".dtypes['date']"),
    (frame(), frame(date=frame()["date"].dt.tz_localize(None)), "dtype", ".dtypes['date']"),
    (frame(), frame().set_axis(pd.Index([0, 1, 2])), "type", ".index"),
    (frame(), frame().set_axis(pd.RangeIndex(1, 4)), "value", ".index[0]"),
    (frame(), frame().rename_axis(columns="c"), "type", ".columns.names[0]"),
]


@pytest.mark.parametrize(("left", "right", "kind", "where"), UNEQUAL)
def test_a_difference_is_found_from_both_sides(left, right, kind, where):
    found, back = first_difference(left, right), first_difference(right, left)
    assert found is not None
    assert back is not None
    assert (found.kind, found.where) == (kind, where)
    assert (back.kind, back.path) == (found.kind, found.path)
    assert str(found)


def test_values_of_the_difference_come_from_their_sides():
    found = first_difference({"a": [1.5, -0.0]}, {"a": [1.5, 0.0]})
    assert found == Difference(("a", 1), "value", -0.0, 0.0)
    assert str(found) == "['a'][1]: -0.0 != 0.0"
    assert str(first_difference(1, 1.0)) == "result (type): int != float"


def test_the_first_difference_of_a_frame_is_that_of_the_smallest_row():
    left = pd.DataFrame({"a": [1, 2, 3], "b": [1.0, 2.0, 3.0], "c": ["x", "y", "z"]})
    right = pd.DataFrame({"a": [1, 2, 4], "b": [1.0, 9.0, 3.0], "c": ["x", "n", "z"]})
    found = first_difference(left, right)
    assert found is not None
    assert found.path == (1, "b")


def test_columns_with_one_label_are_all_compared():
    left = pd.DataFrame([[1.0, 2.0]], columns=["a", "a"])
    right = pd.DataFrame([[1.0, 3.0]], columns=["a", "a"])
    found = first_difference(left, right)
    assert found is not None
    assert (found.path, found.left, found.right) == ((0, "a"), 2.0, 3.0)


def test_attrs_count():
    changed = frame()
    changed.attrs["source"] = "elsewhere"
    found = first_difference(frame(), changed)
    assert found is not None
    assert found.path[0] == Attribute("attrs")


def test_two_classes_of_utc_are_not_one():
    zones = pytest.importorskip("zoneinfo")
    date = datetime(2024, 1, 1, tzinfo=UTC)
    other = date.replace(tzinfo=zones.ZoneInfo("UTC"))
    assert date == other
    assert first_difference(date, other) is not None
    assert first_difference(pd.Series([date]), pd.Series([other])) is not None


def test_numpy_errors_are_not_raised():
    with np.errstate(all="raise"):
        array = np.array([np.nan, np.inf, 5e-324])
        assert first_difference(array, array.copy()) is None


def test_a_long_value_is_cut_in_the_text_only():
    found = first_difference("a" * 1000, "b")
    assert found is not None
    assert found.left == "a" * 1000
    assert len(str(found)) < 400


class Opaque:
    pass


@pytest.mark.parametrize("value", [Opaque(), np.ma.array([1], mask=[True])])
def test_what_cannot_be_compared_is_refused(value):
    with pytest.raises(InvalidInputError, match="left"):
        first_difference({"a": value}, {"a": copy.deepcopy(value)})


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.floats().map(np.float64),
    st.datetimes(),
    st.lists(st.floats(), max_size=5).map(np.array),
    st.lists(st.floats(), max_size=5).map(lambda values: pd.Series(values, dtype="float64")),
)
NESTED = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(st.text(max_size=3), inner, max_size=4),
    ),
    max_leaves=12,
)


@given(NESTED)
def test_any_nested_value_is_identical_to_its_copy(value):
    assert first_difference(value, copy.deepcopy(value)) is None


def leaves(value, path=()):
    """Paths of all numbers in lists, dicts, arrays and series."""
    if isinstance(value, dict):
        return [p for key, item in value.items() for p in leaves(item, (*path, key))]
    if isinstance(value, (list, np.ndarray, pd.Series)):
        return [p for i, item in enumerate(value) for p in leaves(item, (*path, i))]
    return [path] if isinstance(value, float) else []


def with_change(value, path):
    """A copy of ``value`` in which the number at ``path`` is the next larger one."""
    changed = copy.deepcopy(value)
    target = changed
    for step in path[:-1]:
        target = target[step]
    number = float(target[path[-1]])
    other = type(target[path[-1]])(0.0 if math.isnan(number) else math.nextafter(number, math.inf))
    if isinstance(target, pd.Series):
        target.iloc[path[-1]] = other
    else:
        target[path[-1]] = other
    return changed, number


NUMBERS = st.one_of(
    st.floats(),
    st.floats().map(np.float64),
    st.lists(st.floats(), min_size=1, max_size=5).map(np.array),
    st.lists(st.floats(), min_size=1, max_size=5).map(lambda values: pd.Series(values)),
)
TREES = st.recursive(
    NUMBERS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4),
        st.dictionaries(st.text(max_size=3), inner, min_size=1, max_size=4),
    ),
    max_leaves=10,
).filter(lambda value: leaves(value) not in ([], [()]))


@given(TREES, st.data())
def test_a_change_in_the_last_bit_of_one_number_is_found_where_it_is(tree, data):
    path = data.draw(st.sampled_from(leaves(tree)))
    changed, number = with_change(tree, path)
    found = first_difference(tree, changed)
    if number == math.inf:
        assert found is None
        return
    assert found is not None
    assert (found.path, found.kind) == (path, "value")


@given(NESTED, NESTED)
def test_the_answer_does_not_depend_on_the_side(left, right):
    one, other = first_difference(left, right), first_difference(right, left)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert (one.path, one.kind) == (other.path, other.kind)
