"""Analysed, trimmed frames as the columns that the engine walks through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels._frames import Dates, column_of, dates_of, floats_of, plain_frame
from freqkernels.layout import TRUE_SHIFT
from freqkernels.runtime import Support, refuse
from freqkernels.signals import PRICES, SIGNALS, shifted_values

Floats = NDArray[np.float64]
_PLAIN_OBJECTS = (bool, int, float, type(None))
#: Dates of candles and funding fees lie within so many milliseconds of 1970 (in the years 1685 to
#: 2255): as nanoseconds, and as differences, they fit into 64 bits.
FARTHEST_MS = 9_000_000_000_000
#: What StoplossGuard takes for the end of a trade by a stop.
STOP_REASONS = frozenset({"stop_loss", "trailing_stop_loss", "stoploss_on_exchange", "liquidation"})


@dataclass(frozen=True, slots=True)
class Grid:
    """The times of a loop.

    :param start_ms: candle 0, milliseconds since 1970.
    :param timeframe_ms: length of a candle.
    """

    start_ms: int
    timeframe_ms: int


@dataclass(frozen=True, slots=True)
class Candles:
    """One pair's rows as the engine takes them; signals are those of the row before.

    :param prices: open, high, low, close.
    :param signals: bits as in ``freqkernels.layout``.
    :param first_candle: candle of the first row.
    :param candle: candle of each row, None if they follow each other without a gap.
    :param stop_tags: rows whose exit tag reads like a stop's reason, None if that is of no matter.
    """

    prices: tuple[Floats, Floats, Floats, Floats]
    signals: NDArray[np.uint8]
    first_candle: int
    candle: NDArray[np.int32] | None
    stop_tags: NDArray[np.uint8] | None


NO_ROWS = Candles(
    (np.empty(0), np.empty(0), np.empty(0), np.empty(0)), np.empty(0, np.uint8), 0, None, None
)


def candles_of(frame: pd.DataFrame, grid: Grid, *, stop_tags: bool) -> Candles | Support:
    """The columns of a frame that ``Backtesting`` has analysed and trimmed.

    :param frame: the frame; it is not changed.
    :param grid: times of the loop.
    :param stop_tags: whether it matters which exit tags read like a stop's reason.
    :return: the columns, or why freqtrade has to run this backtest.
    """
    if len(frame) < 2:
        return NO_ROWS if len(frame) or frame.__class__ is pd.DataFrame else refuse("no frame")
    unusable = plain_frame(frame)
    if unusable is not None:
        return unusable
    places = _places(frame, grid)
    prices = _prices(frame)
    signals = _signals(frame)
    problem = _exit_tag_problem(frame)
    for part in (places, prices, signals, problem):
        if isinstance(part, Support):
            return part
    first_candle, candle = places  # type: ignore[misc]
    tags = _stop_tags(frame) if stop_tags else None
    return Candles(prices, signals, first_candle, candle, tags)  # type: ignore[arg-type]


def _places(frame: pd.DataFrame, grid: Grid) -> tuple[int, NDArray[np.int32] | None] | Support:
    """Candle of the second row, and of each row from there on if there are gaps."""
    dates = dates_of(frame)
    if isinstance(dates, Support):
        return dates
    if dates_too_far(dates):
        return refuse("there are dates before 1685 or after 2255")
    start, step = _in_units(grid.start_ms, dates), _in_units(grid.timeframe_ms, dates)
    if start is None or not step:
        return refuse("the dates have a unit too coarse for the timeframe")
    values = dates.values[1:]
    first = int(values[0]) - start
    if first < step or first % step:
        return refuse("a row lies before the first candle of the loop, or off its grid")
    steps = np.diff(values)
    if (steps == step).all():
        return first // step, None
    if (steps <= 0).any() or (steps % step != 0).any():
        return refuse("dates are not in order, or off the grid of the timeframe")
    candle = (values - start) // step
    if candle[-1] >= np.iinfo(np.int32).max:
        return refuse("a date lies too far behind the start")
    return first // step, candle.astype(np.int32)


def dates_too_far(dates: Dates) -> bool:
    """Whether some lie farther from 1970 than :data:`FARTHEST_MS`."""
    most = FARTHEST_MS * dates.per_second // 1000
    return bool(dates.values.min() < -most or dates.values.max() > most)


def _in_units(ms: int, dates: Dates) -> int | None:
    """Milliseconds in the unit of dates, None where that is not whole."""
    value, rest = divmod(ms * dates.per_second, 1000)
    return None if rest else value


def _prices(frame: pd.DataFrame) -> tuple[Floats, ...] | Support:
    columns = []
    for name in PRICES:
        column = floats_of(frame, name)
        if isinstance(column, Support):
            return column
        if not (column.min() > 0.0 and column.max() < np.inf):
            return refuse(f"column {name!r} has prices that are not finite and above zero")
        columns.append(column[1:])
    return tuple(columns)


def _signals(frame: pd.DataFrame) -> NDArray[np.uint8] | Support:
    bits = np.zeros(len(frame) - 1, dtype=np.uint8)
    for place, name in enumerate(SIGNALS):
        if name not in frame.columns:
            continue
        column = column_of(frame, name)
        if isinstance(column, Support):
            return column
        meaning = _meaning(column)
        if isinstance(meaning, Support):
            return meaning
        is_one, is_true = meaning
        bits |= is_one.view(np.uint8) << np.uint8(place)
        bits |= is_true.view(np.uint8) << np.uint8(place + TRUE_SHIFT)
    return bits


def _meaning(column: pd.Series) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | Support:
    """Of each row but the last: whether the signal equals 1, and whether it is true."""
    dtype = column.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf" and dtype.isnative:
        values = column.to_numpy()[:-1]
        is_one = values == 1
        if dtype.kind == "b" or (len(values) and values.min() >= 0 and values.max() <= 1):
            # Mostly there are only zeros and ones.
            is_true = values if dtype.kind == "b" else values != 0
            return is_one, is_true
        return is_one, (values != 0) & (values == values)
    objects = shifted_values(column, is_tag=False)
    if any(type(value) not in _PLAIN_OBJECTS for value in objects):
        return refuse(f"column {column.name!r} has signals that are neither numbers nor flags")
    is_one = np.fromiter((value == 1 for value in objects), np.bool_, len(objects))
    return is_one, np.fromiter(map(bool, objects), np.bool_, len(objects))


# ---- tags


def tags_at(
    frame: pd.DataFrame, name: str, rows: NDArray[np.int64], absent: Any = None
) -> list[Any]:
    """The tags that freqtrade has at rows of the engine.

    :param frame: the frame that :func:`candles_of` took.
    :param name: enter_tag or exit_tag.
    :param rows: rows of the engine, that is without the frame's first.
    :param absent: the tag where the frame has no such column.
    """
    if not len(rows):
        return []
    if name not in frame.columns:
        return [absent] * len(rows)
    # Values move down by one row: those of the frame's rows of the same numbers count.
    chosen = frame[name].iloc[np.append(rows, rows[-1])]
    return shifted_values(chosen, is_tag=True)


def _exit_tag_problem(frame: pd.DataFrame) -> Support | None:
    """freqtrade asks for the length of exit tags that are not None."""
    if "exit_tag" not in frame.columns:
        return None
    column = column_of(frame, "exit_tag")
    if isinstance(column, Support):
        return column
    missing = column.isna()
    if missing.any():
        found = shifted_values(column[missing].iloc[[0, 0]], is_tag=True)
        if found[0] is not None:
            return refuse("exit tags that are missing do not become None")
        column = column[~missing]
    if len(column) == 0 or isinstance(column.dtype, pd.StringDtype):
        return None
    if pd.api.types.infer_dtype(column, skipna=False) == "string":
        return None
    return refuse("an exit tag is not a text")


def _stop_tags(frame: pd.DataFrame) -> NDArray[np.uint8] | None:
    if "exit_tag" not in frame.columns:
        return None
    reads_so = frame["exit_tag"].isin(STOP_REASONS).to_numpy(dtype=np.bool_)
    return reads_so[:-1].view(np.uint8) if reads_so.any() else None


# ---- the detail timeframe


def details_of(frame: pd.DataFrame) -> tuple[NDArray[Any], ...] | Support:
    """Times in milliseconds and prices of a frame of the detail timeframe."""
    if list(frame.columns[:5]) != ["date", *PRICES]:
        return refuse("the detail candles have other columns")
    if len(frame) == 0:
        return (np.empty(0, np.int64), *(np.empty(0) for _ in PRICES))
    unusable = plain_frame(frame, "the detail candles")
    if unusable is not None:
        return unusable
    dates = dates_of(frame)
    if isinstance(dates, Support):
        return dates
    if dates.per_second < 1000:
        times, rest = dates.values * 1000, np.zeros(1)
    else:
        times, rest = np.divmod(dates.values, dates.per_second // 1000)
    if rest.any() or (np.diff(times) < 0).any():
        return refuse("the dates of the detail candles are not in order, or not whole milliseconds")
    columns: list[Any] = [times]
    for name in PRICES:
        column = floats_of(frame, name)
        if isinstance(column, Support):
            return column
        if not (column.min() > 0.0 and column.max() < np.inf):
            return refuse(f"detail column {name!r} has prices that are not finite and above zero")
        columns.append(column)
    return tuple(columns)
