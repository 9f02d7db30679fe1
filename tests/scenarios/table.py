"""The language of the tables.

Candles: a line with a pair's name, then one line a candle: row number (or ``4-9``, the same candle
several times), open, high, low, close and what the strategy signals on that candle::

    A/USDT
    0    100 101  99 100   L tag:dip
    1    100 101  99 100
    2-4  100 101  99 100   XL

Row n begins n timeframes after the first moment; a missing number is a missing candle. Signals are
L, S (enter long, short) and XL, XS (exit), ``L=0.5`` for another value than 1, ``tag:`` and
``exit_tag:`` for tags (``tag:None`` is None). A detail table numbers its candles ``3+2``: two
minutes into row 3.

Expectations: a line of column names, then one line a trade (or lock, or wallet capture). A number
has to be met exactly; ``~0.0497`` is met by what rounds to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
SIGNALS = {"L": "enter_long", "S": "enter_short", "XL": "exit_long", "XS": "exit_short"}
TAGS = {"tag": "enter_tag", "exit_tag": "exit_tag"}
TEXTS = (
    *("pair", "side", "reason", "tag", "open", "close", "filled", "orders", "order_ids"),
    *("row", "currency", "start", "until"),
)


@dataclass(frozen=True)
class Clock:
    """Row numbers and moments."""

    step: timedelta
    first: datetime = FIRST

    def moment(self, row: str) -> datetime:
        """The moment of ``3`` or ``3+2``."""
        number, _, minutes = row.partition("+")
        return self.first + int(number) * self.step + timedelta(minutes=int(minutes or 0))

    def row(self, moment: datetime | None) -> str:
        """A moment as the tables write it."""
        if moment is None:
            return "None"
        rows, rest = divmod(moment - self.first, self.step)
        return f"{rows}+{rest // timedelta(minutes=1)}" if rest else str(rows)


def parse_candles(text: str, clock: Clock) -> dict[str, pd.DataFrame]:
    """Frames by pair, with the wished signals in columns of their own."""
    rows: dict[str, list[dict[str, Any]]] = {}
    pair = ""
    for line in _lines(text):
        if "/" in line.split()[0]:
            pair = line.split()[0]
            rows[pair] = []
        else:
            rows[pair].extend(_parse_candle(line, clock))
    return {pair: _frame(found) for pair, found in rows.items()}


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        stripped = line.partition("#")[0].strip()
        if stripped:
            yield stripped


def _parse_candle(line: str, clock: Clock) -> Iterator[dict[str, Any]]:
    number, opened, high, low, close, *signals = line.split()
    wishes = dict(_parse_signal(signal) for signal in signals)
    first, _, last = number.partition("-")
    for row in range(int(first), int(last) + 1) if last else (number,):
        yield {
            "date": clock.moment(str(row)),
            "open": float(opened),
            "high": float(high),
            "low": float(low),
            "close": float(close),
            "volume": 1000.0,
            **wishes,
        }


def _parse_signal(text: str) -> tuple[str, Any]:
    name, _, tag = text.partition(":")
    if name in TAGS:
        return f"wish_{TAGS[name]}", None if tag == "None" else tag
    name, _, value = text.partition("=")
    return f"wish_{SIGNALS[name]}", float(value or 1)


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    columns = ["date", "open", "high", "low", "close", "volume"]
    frame = pd.DataFrame(
        rows, columns=list(dict.fromkeys([*columns, *(k for r in rows for k in r)]))
    )
    frame["date"] = pd.to_datetime(frame["date"], utc=True).astype("datetime64[ms, UTC]")
    for tag in TAGS.values():
        if f"wish_{tag}" in frame:
            wished = [row.get(f"wish_{tag}", "") for row in rows]
            frame[f"wish_{tag}"] = pd.Series(wished, dtype=object)
    return frame


def parse_expected(text: str) -> list[dict[str, str]]:
    """Rows by column name; the last column takes the rest of the line."""
    names, *lines = list(_lines(text)) or [""]
    columns = names.split()
    return [
        dict(zip(columns, line.split(maxsplit=len(columns) - 1), strict=True)) for line in lines
    ]


def difference(column: str, expected: str, found: Any) -> str:
    """What is wrong with a value, "" if nothing is."""
    if expected == "None":
        return (
            "" if found is None or found != found or found == "None" else f"{found!r} is not None"
        )
    if column in TEXTS:
        expected = "" if expected == '""' else expected
        return "" if expected == str(found) else f"{found!r} is not {expected!r}"
    if expected.startswith("~"):
        decimals = len(re.sub(r"^[^.]*\.?", "", expected))
        met = round(found, decimals) == float(expected[1:])
    else:
        met = found == float(expected)
    return "" if met else f"{found!r} is not {expected}"
