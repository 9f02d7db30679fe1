"""Candles and signals as they come, as frames that the engine's columns are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels._frames import NAT, Dates, dates_in
from freqkernels.errors import InvalidInputError
from freqkernels.runtime import Support
from freqkernels.signals import PRICES, SIGNALS, TAGS
from freqkernels.simulation.columns import Candles, Grid, candles_of, dates_too_far, details_of

_DATE = "date"
_CANDLES = (_DATE, *PRICES)
_WISHES = (*SIGNALS, *TAGS)
_ENTRIES = ("enter_long", "enter_short")


@dataclass(frozen=True, slots=True)
class Span:
    """The dates of all pairs, in milliseconds since 1970.

    :param first: first one.
    :param last: last one.
    """

    first: int
    last: int


# ---- tables


def _table(table: Any, argument: str) -> dict[str, Any]:
    """Columns by name, all of one length."""
    if isinstance(table, pd.DataFrame):
        if not table.columns.is_unique:
            raise InvalidInputError(f"{argument}: a column name occurs twice")
        columns = {name: _column(table[name]) for name in table.columns}
    elif isinstance(table, np.ndarray) and table.dtype.names:
        columns = {name: table[name] for name in table.dtype.names}
    elif isinstance(table, Mapping):
        columns = {name: _column(values) for name, values in table.items()}
    else:
        raise InvalidInputError(
            f"{argument}: expected a DataFrame, a mapping of arrays or a structured array, "
            f"got {type(table).__name__}"
        )
    for name, values in columns.items():
        if getattr(values, "ndim", 1) != 1:
            raise InvalidInputError(f"{argument}: column {name!r} has {values.ndim} dimensions")
    lengths = {name: len(values) for name, values in columns.items()}
    first = next(iter(lengths), "")
    for name, length in lengths.items():
        if length != lengths[first]:
            raise InvalidInputError(
                f"{argument}: column {name!r} has {length} rows, {first!r} has {lengths[first]}"
            )
    return columns


def _column(values: Any) -> Any:
    if isinstance(values, (pd.Series, pd.Index)):
        return values.to_numpy() if isinstance(values.dtype, np.dtype) else values.array
    return values if isinstance(values, pd.api.extensions.ExtensionArray) else np.asarray(values)


def _require(columns: Mapping[str, Any], names: tuple[str, ...], argument: str) -> None:
    missing = [name for name in names if name not in columns]
    if missing:
        raise InvalidInputError(f"{argument}: no column {', '.join(map(repr, missing))}")
    if len(columns[names[0]]) == 0:
        raise InvalidInputError(f"{argument}: no rows")


def _dates(values: Any, argument: str) -> pd.Series:
    """Dates in UTC; numbers are milliseconds since 1970."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu":
        values = values.astype(np.int64).view("M8[ms]")
    elif isinstance(values, np.ndarray) and values.dtype.kind == "M":
        unit = np.datetime_data(values.dtype)[0]
        values = values.astype(f"M8[{unit if unit in _UNITS else 'ms'}]")
    column = pd.Series(values, copy=False)
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        raise InvalidInputError(
            f"{argument}: column 'date' is {column.dtype}, neither datetime64 nor whole "
            "milliseconds since 1970"
        )
    if column.dt.tz is not None:
        column = column.dt.tz_convert("UTC")
    dates = dates_in(column, _DATE)
    if isinstance(dates, Support):
        raise InvalidInputError(f"{argument}: {dates.reason}")
    if (dates.values == NAT).any():
        raise InvalidInputError(f"{argument}: column 'date' has a missing date")
    if not dates.usable:
        raise InvalidInputError(f"{argument}: column 'date' has dates out of range")
    return column


_UNITS = ("s", "ms", "us", "ns")


def _as_integers(column: pd.Series) -> Dates:
    dates = dates_in(column, _DATE)
    if isinstance(dates, Support):
        raise AssertionError(dates.reason)
    return dates


def _floats(values: Any, name: str, argument: str) -> NDArray[np.float64]:
    dtype = values.dtype
    if dtype.kind not in "iuf":
        raise InvalidInputError(f"{argument}: column {name!r} is {dtype}, not numbers")
    if not isinstance(dtype, np.dtype):
        values = values.to_numpy(dtype=np.float64, na_value=np.nan)
    floats: NDArray[np.float64] = np.asarray(values, dtype=np.float64)
    return floats


def _prices(columns: Mapping[str, Any], argument: str) -> dict[str, Any]:
    """Dates and prices."""
    _require(columns, _CANDLES, argument)
    prices = {name: _floats(columns[name], name, argument) for name in PRICES}
    return {_DATE: _dates(columns[_DATE], argument), **prices}


def _wishes(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Signals and tags, as far as there are any."""
    return {
        name: values.astype(object) if name in TAGS and isinstance(values, np.ndarray) else values
        for name, values in columns.items()
        if name in _WISHES
    }


# ---- pairs


def pair_frames(candles: Any, signals: Any) -> dict[str, pd.DataFrame]:
    """A frame of candles and signals by pair.

    :param candles: table by pair, as :func:`freqkernels.simulate` takes it.
    :param signals: the same, or None.
    :raise InvalidInputError: naming argument, pair and column.
    """
    if not isinstance(candles, Mapping) or not candles:
        raise InvalidInputError("candles: expected a mapping of pairs to candles, with a pair")
    _check_pairs(candles, signals)
    frames = {}
    for pair, table in candles.items():
        argument = f"candles[{pair!r}]"
        columns = _table(table, argument)
        frame = _prices(columns, argument)
        if signals is not None:
            columns = _signals(signals[pair], frame, f"signals[{pair!r}]")
        frames[pair] = pd.DataFrame({**frame, **_wishes(columns)}, copy=False)
    if not any(name in frame.columns for frame in frames.values() for name in _ENTRIES):
        raise InvalidInputError("signals: no pair has a column 'enter_long' or 'enter_short'")
    return frames


def _check_pairs(candles: Mapping[Any, Any], signals: Any) -> None:
    for pair in candles:
        if not isinstance(pair, str):
            raise InvalidInputError(f"candles: expected names of pairs, got {pair!r:.60}")
    if signals is None:
        return
    if not isinstance(signals, Mapping):
        raise InvalidInputError(
            f"signals: expected a mapping of pairs to signals, or None for columns of candles, "
            f"got {type(signals).__name__}"
        )
    for pair in {**candles, **signals}:
        if (pair in candles) != (pair in signals):
            where = "candles" if pair in signals else "signals"
            raise InvalidInputError(f"{where}: no pair {pair!r}")


def _signals(table: Any, candles: Mapping[str, Any], argument: str) -> dict[str, Any]:
    columns = _table(table, argument)
    for name in columns:
        if name not in (_DATE, *_WISHES):
            raise InvalidInputError(f"{argument}: unknown column {name!r}")
    rows = len(candles[_DATE])
    if columns and len(next(iter(columns.values()))) != rows:
        raise InvalidInputError(
            f"{argument}: {len(next(iter(columns.values())))} rows, but {rows} candles"
        )
    if _DATE in columns:
        told = _dates(columns[_DATE], argument).dt.tz_localize(None)
        if not (told.to_numpy() == candles[_DATE].dt.tz_localize(None).to_numpy()).all():
            raise InvalidInputError(f"{argument}: the dates are not those of the candles")
    return columns


def span_of(frames: Mapping[str, pd.DataFrame]) -> Span:
    """From the first to the last date of all pairs.

    :raise InvalidInputError: for dates that are not whole milliseconds, or too far away.
    """
    firsts, lasts = [], []
    for pair, frame in frames.items():
        dates = _as_integers(frame[_DATE])
        _require_near(dates, f"candles[{pair!r}]")
        ends = [int(dates.values.min()), int(dates.values.max())]
        if any(end * 1000 % dates.per_second for end in ends):
            raise InvalidInputError(f"candles[{pair!r}]: a date is not a whole millisecond")
        first, last = (end * 1000 // dates.per_second for end in ends)
        firsts.append(first)
        lasts.append(last)
    return Span(min(firsts), max(lasts))


def _require_near(dates: Dates, argument: str) -> None:
    if dates_too_far(dates):
        raise InvalidInputError(f"{argument}: column 'date' has dates before 1685 or after 2255")


# ---- columns


def pair_candles(pair: str, frame: pd.DataFrame, grid: Grid, *, stop_tags: bool) -> Candles:
    """A pair's rows as the engine takes them.

    :param pair: its name.
    :param frame: of :func:`pair_frames`.
    :param grid: times of the loop.
    :param stop_tags: whether it matters which exit tags read like a stop's reason.
    :raise InvalidInputError: naming what is wrong, and where.
    """
    argument = f"candles[{pair!r}]"
    if len(frame) == 1:
        _explain_prices(frame, argument)
    found = candles_of(frame, grid, stop_tags=stop_tags)
    if isinstance(found, Support):
        _explain_prices(frame, argument)
        _explain_dates(frame, grid, argument)
        raise InvalidInputError(f"{argument}: {found.reason}")
    return found


def pair_details(pair: str, table: Any) -> tuple[NDArray[Any], ...]:
    """A pair's rows of the detail timeframe.

    :param pair: its name.
    :param table: candles, as :func:`freqkernels.simulate` takes them.
    :raise InvalidInputError: naming what is wrong, and where.
    """
    argument = f"detail[{pair!r}]"
    frame = pd.DataFrame(_prices(_table(table, argument), argument), copy=False)
    found = details_of(frame)
    if isinstance(found, Support):
        _explain_prices(frame, argument)
        _explain_order(frame, argument)
        raise InvalidInputError(f"{argument}: {found.reason}")
    return found


def pair_funding(pair: str, frame: pd.DataFrame | None) -> tuple[NDArray[Any], ...]:
    """A pair's funding fees: times in nanoseconds, and fees per unit.

    :param pair: its name.
    :param frame: columns date, open_fund and open_mark; None for no fees.
    :raise InvalidInputError: naming what is wrong.
    """
    argument = f"markets[{pair!r}]: funding"
    columns = {} if frame is None else _table(frame, argument)
    if frame is None or len(frame) == 0:
        return np.empty(0, np.int64), np.empty(0)
    _require(columns, (_DATE, "open_fund", "open_mark"), argument)
    dates = _as_integers(_dates(columns[_DATE], argument))
    _require_near(dates, argument)
    if (np.diff(dates.values) < 0).any():
        raise InvalidInputError(f"{argument}: the dates are not in order")
    rates, marks = (_floats(columns[name], name, argument) for name in ("open_fund", "open_mark"))
    return dates.values * (10**9 // dates.per_second), np.ascontiguousarray(rates * marks)


def _explain_prices(frame: pd.DataFrame, argument: str) -> None:
    for name in PRICES:
        prices = frame[name].to_numpy()
        wrong = np.flatnonzero(~((prices > 0.0) & (prices < np.inf)))
        if len(wrong):
            row = int(wrong[0])
            raise InvalidInputError(
                f"{argument}: column {name!r} has {prices[row]} in row {row} "
                f"({frame[_DATE].iloc[row]}): prices have to be finite and above zero"
            )


def _explain_order(frame: pd.DataFrame, argument: str) -> None:
    dates = frame[_DATE]
    steps = np.diff(_as_integers(dates).values)
    for row in np.flatnonzero(steps <= 0)[:1].tolist():
        if steps[row] == 0:
            raise InvalidInputError(f"{argument}: the date {dates.iloc[row]} occurs twice")
        raise InvalidInputError(
            f"{argument}: the dates are not in order: {dates.iloc[row + 1]} comes after "
            f"{dates.iloc[row]}"
        )


def _explain_dates(frame: pd.DataFrame, grid: Grid, argument: str) -> None:
    _explain_order(frame, argument)
    dates = _as_integers(frame[_DATE])
    start_of_grid = grid.start_ms * dates.per_second // 1000
    step = grid.timeframe_ms * dates.per_second // 1000
    for row in np.flatnonzero((dates.values - start_of_grid) % step)[:1].tolist():
        start = pd.Timestamp(grid.start_ms, unit="ms")
        raise InvalidInputError(
            f"{argument}: the date {frame[_DATE].iloc[row]} is not whole candles after {start}, "
            f"where the first pair begins"
        )
