"""Signal columns: how often, of which type, with which tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from freqkernels.bridge.fuzz.case import Column, Row
from freqkernels.bridge.fuzz.generate.draw import Draw

NAN = float("nan")
#: Type of a column, its usual value, and what else may stand in it.
_KINDS: tuple[tuple[str, Any, tuple[Any, ...]], ...] = (
    ("int64", 0, (1,)),
    ("int64", 0, (1, 1, 2, -1)),
    ("float64", 0.0, (1.0,)),
    ("float64", NAN, (1.0, 1.0, 0.0)),
    ("float64", 0.0, (1.0, 1.0, 0.5, 2.0, NAN, -0.0)),
    ("bool", False, (True,)),
    ("object", 0, (1, 1.0, True, None, NAN, 0.5, 2)),
    ("object", None, (1,)),
    ("Int64", 0, (1,)),
    ("int32", 0, (1,)),
    ("float32", 0.0, (1.0, 0.5)),
)
_TAGS = ("dip", "rise", "", None, NAN, "a longer tag, with äöü")


def plain_signals(
    draw: Draw, rows: Sequence[Row], often: tuple[float, float], *, shorts: bool
) -> dict[str, Column]:
    """Whole numbers and now and then a tag.

    :param rows: candles of the pair.
    :param often: probability of an entry and of an exit signal.
    :param shorts: with signals for shorts.
    """
    sides = ("long", "short") if shorts else ("long",)
    columns = {}
    for side in sides:
        for name, probability in zip(("enter", "exit"), often, strict=True):
            columns[f"{name}_{side}"] = Column(
                "int64", 0, _scattered(draw, rows, probability, (1,))
            )
    for name in ("enter_tag", "exit_tag"):
        if draw.chance(0.3):
            columns[name] = Column("object", "", _scattered(draw, rows, 0.5, ("one", "two", None)))
    return columns


def odd_signals(
    draw: Draw, rows: Sequence[Row], often: tuple[float, float], *, shorts: bool
) -> dict[str, Column]:
    """Columns of all types, with values that are neither 0 nor 1, some of them missing."""
    columns = plain_signals(draw, rows, often, shorts=shorts)
    for name in [name for name in columns if not name.endswith("tag")]:
        dtype, default, values = draw.choice(_KINDS)
        probability = often[name.startswith("exit")]
        columns[name] = Column(dtype, default, _scattered(draw, rows, probability, values))
        if draw.chance(0.08) and name != "enter_long":
            del columns[name]
    for name in ("enter_tag", "exit_tag"):
        if draw.chance(0.7):
            dtype = draw.one("object", "object", "str")
            default = draw.one("", None, "usual")
            columns[name] = Column(dtype, default, _scattered(draw, rows, 0.5, _TAGS))
    return columns


def often(draw: Draw) -> tuple[float, float]:
    """How often entries and exits are signalled."""
    return draw.one(0.03, 0.1, 0.3, 0.7, 1.0), draw.one(0.0, 0.02, 0.1, 0.4)


def _scattered(
    draw: Draw, rows: Sequence[Row], probability: float, values: Sequence[Any]
) -> dict[float, Any]:
    return {int(row[0]): draw.choice(values) for row in rows if draw.chance(probability)}
