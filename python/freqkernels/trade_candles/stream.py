"""Candles of several timeframes from trades that come in chunks.

The candles are those of :func:`~freqkernels.trade_candles.trades_to_ohlcv` of all trades at once,
to the last bit, wherever the chunks end. Of the trades that were given, nothing is kept but the
candle in progress of each timeframe: from pandas 3.1 on also the amounts in it, 8 bytes a trade,
because such a pandas adds them pairwise, in an order that depends on how many there will be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd

from freqkernels._frames import Dates, require_columns
from freqkernels.errors import InvalidInputError
from freqkernels.runtime import Support, kernel
from freqkernels.timeframes import fixed_step_seconds
from freqkernels.trade_candles.convert import (
    NUMPY,
    Floats,
    Integers,
    Prices,
    Trades,
    addition_of_pandas,
    frame_of,
    joined_prices,
    midnight_before,
    prices_of,
    trades_of,
)

_compensated_sums = kernel("trade_candles", "compensated_sums")
_FEW = 1024
#: Sums of less are finite; of infinities each pandas makes something else.
_ENDLESS = 1e200
_NO_TRADES = Dates(np.empty(0, dtype=np.int64), "ms", UTC)


class _Volumes(Protocol):
    """Volumes of candles, the last of which may go on in the next chunk."""

    def add(self, amounts: Floats, rows: Integers, goes_on: bool) -> Floats:
        """Volumes of the candles that are complete now.

        :param amounts: of a chunk.
        :param rows: first trade of each candle in it.
        :param goes_on: the first of these candles began in an earlier chunk.
        """
        ...

    def last(self) -> float:
        """Volume of the candle in progress."""
        ...


class _NumpyVolumes:
    """As ``numpy.add.reduceat``, which has to see all amounts of a candle at once."""

    def __init__(self) -> None:
        self._amounts = np.empty(_FEW)  # room for more than there are
        self._count = 0

    def add(self, amounts: Floats, rows: Integers, goes_on: bool) -> Floats:
        complete = np.empty(0)
        if goes_on:
            self._keep(amounts[: rows[1] if len(rows) > 1 else None])
            rows = rows[1:]
        if len(rows) == 0:
            return complete
        if self._count:
            complete = np.array([self.last()])
        if len(rows) > 1:
            sums = np.add.reduceat(amounts[: rows[-1]], rows[:-1])
            complete = np.concatenate([complete, sums])
        self._count = 0
        self._keep(amounts[rows[-1] :])
        return complete

    def _keep(self, amounts: Floats) -> None:
        count = self._count + len(amounts)
        if count > len(self._amounts):
            kept = self._amounts[: self._count]
            self._amounts = np.empty(max(count, 2 * len(self._amounts)))
            self._amounts[: self._count] = kept
        self._amounts[self._count : count] = amounts
        self._count = count

    def last(self) -> float:
        return float(np.add.reduceat(self._amounts[: self._count], [0])[0])


class _CompensatedVolumes:
    """By Kahan, amount by amount."""

    def __init__(self) -> None:
        self._any = False
        self._total = self._compensation = 0.0

    def add(self, amounts: Floats, rows: Integers, goes_on: bool) -> Floats:
        sums = np.empty(len(rows))
        earlier = [self._total] if self._any and not goes_on else []
        start = (self._total, self._compensation) if goes_on else (0.0, 0.0)
        self._total, self._compensation = _compensated_sums(amounts, rows, *start, sums)
        self._any = True
        return np.concatenate([earlier, sums[:-1]])

    def last(self) -> float:
        return self._total


class _Complete(NamedTuple):
    """Candles that no trade can change any more."""

    dates: Integers
    prices: Floats
    volumes: Floats


def _joined(earlier: Floats, later: Floats) -> Floats:
    """Open, high, low, close of two parts of a candle, the earlier of equal values."""
    if np.isnan(earlier[0]) or np.isnan(later[0]):
        return later if np.isnan(earlier[0]) else earlier
    high = later[1] if later[1] > earlier[1] else earlier[1]
    low = later[2] if later[2] < earlier[2] else earlier[2]
    return np.array([earlier[0], high, low, later[3]])


class _Timeframe:
    """The candle in progress of a timeframe, and the complete ones that nobody has taken yet."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        self._date: int | None = None
        self._prices: Floats = np.empty(0)
        numpy = addition_of_pandas() == NUMPY
        self._volumes: _Volumes = _NumpyVolumes() if numpy else _CompensatedVolumes()
        self._complete: list[_Complete] = []

    def add(self, found: Prices, amounts: Floats) -> None:
        """Take candles of a chunk, and the amounts of the trades in it."""
        dates, prices = found.dates, found.values
        goes_on = self._date is not None and self._date == int(dates[0])
        volumes = self._volumes.add(amounts, found.rows, goes_on)
        if goes_on:
            prices = prices.copy()  # another timeframe may be as long
            prices[:, 0] = _joined(self._prices, prices[:, 0].copy())
        elif self._date is not None:
            dates = np.concatenate([[self._date], dates])
            prices = np.concatenate([self._prices[:, None], prices], axis=1)
        self._date, self._prices = int(dates[-1]), prices[:, -1].copy()
        if len(volumes):
            self._complete.append(_Complete(dates[:-1].copy(), prices[:, :-1].copy(), volumes))

    def finish(self) -> None:
        """No more trades: the candle in progress is complete."""
        if self._date is not None:
            volume = np.array([self._volumes.last()])
            last = _Complete(np.array([self._date]), self._prices[:, None], volume)
            self._complete.append(last)
            self._date = None

    def take(self, kind: Dates) -> pd.DataFrame:
        """The complete candles, which are forgotten here."""
        none = _Complete(np.empty(0, dtype=np.int64), np.empty((4, 0)), np.empty(0))
        parts, self._complete = [none, *self._complete], []
        return frame_of(
            kind,
            self.seconds,
            np.concatenate([part.dates for part in parts]),
            np.concatenate([part.prices for part in parts], axis=1),
            np.concatenate([part.volumes for part in parts]),
        )


class TradeCandles:
    """Candles of several timeframes from trades that come in chunks, in the order of time.

    ::

        candles = TradeCandles(["1m", "5m", "1h"])
        for chunk in chunks:
            candles.update(chunk)
            store(candles.take("1m"))
        candles.finish()

    All candles of a timeframe together are those that freqtrade's ``trades_to_ohlcv`` makes of
    all trades at once, to the last bit. Memory holds the candle in progress of each timeframe
    (with pandas 3.1 and later also its amounts), and the complete candles until they are taken.

    :param timeframes: for example ``["1m", "5m"]``, each shorter than a week.
    :raise InvalidInputError: for none, for what is no timeframe or has no fixed length (weeks,
        months), for one that is named twice, and if the installed pandas adds in a way of its own.
    """

    def __init__(self, timeframes: Sequence[str]) -> None:
        if isinstance(timeframes, str) or len(timeframes) == 0:
            raise InvalidInputError(f"timeframes: expected a list, got {timeframes!r}")
        self._timeframes: dict[str, _Timeframe] = {}
        for name in timeframes:
            seconds = fixed_step_seconds(name)
            if seconds is None:
                raise InvalidInputError(f"timeframes: {name!r} has no fixed length")
            if name in self._timeframes:
                raise InvalidInputError(f"timeframes: {name!r} is there twice")
            self._timeframes[name] = _Timeframe(seconds)
        if not addition_of_pandas():
            raise InvalidInputError("timeframes: this pandas adds volumes in a way of its own")
        self._kind: Dates | None = None
        self._anchor = self._latest = 0
        self._finished = False

    @property
    def timeframes(self) -> tuple[str, ...]:
        """The timeframes, in the order in which they were given."""
        return tuple(self._timeframes)

    def update(self, trades: pd.DataFrame) -> None:
        """Take more trades; after an error, everything is as before.

        :param trades: one row a trade, by date, the first not before the last one so far; columns
            ``date`` (datetime, UTC or without time zone), ``price``, ``amount`` (float64). A
            missing price is passed over. There may be no rows at all.
        :raise InvalidInputError: for missing columns or other types; dates that are missing, not
            in order, or of another unit or time zone than before; amounts that are missing,
            infinite or beyond 1e200.
        """
        if self._finished:
            raise InvalidInputError("trades: there can be none after finish()")
        require_columns(trades, ("date", "price", "amount"), "trades")
        if len(trades) == 0:
            return
        columns = trades_of(trades)
        if isinstance(columns, Support):
            raise InvalidInputError(f"trades: {columns.reason}")
        self._require_next(columns)
        if self._kind is None:
            self._anchor = midnight_before(columns.dates)
            self._kind = Dates(
                columns.dates.values[:0].copy(), columns.dates.unit, columns.dates.tz
            )
        found = self._prices_of(columns)
        for timeframe in self._timeframes.values():
            timeframe.add(found[timeframe.seconds], columns.amounts)
        self._latest = int(columns.dates.values[-1])

    def _prices_of(self, trades: Trades) -> dict[int, Prices]:
        """Candles of a chunk by seconds: of trades, or of the longest of those before that fit."""
        found: dict[int, Prices] = {}
        for seconds in sorted({timeframe.seconds for timeframe in self._timeframes.values()}):
            step = seconds * trades.dates.per_second
            fitting = [shorter for shorter in found if seconds % shorter == 0]
            if fitting:
                found[seconds] = joined_prices(found[fitting[-1]], self._anchor, step)
            else:
                found[seconds] = prices_of(trades, self._anchor, step)
        return found

    def _require_next(self, trades: Trades) -> None:
        if not (trades.amounts.min() > -_ENDLESS and trades.amounts.max() < _ENDLESS):
            raise InvalidInputError("trades: column 'amount' has missing or endless values")
        if self._kind is None:
            return
        if not trades.dates.same_kind(self._kind):
            raise InvalidInputError(
                "trades: column 'date' has another unit or time zone than before"
            )
        if trades.dates.values[0] < self._latest:
            first, latest = (
                pd.Timestamp(int(date), unit=self._kind.unit)
                for date in (trades.dates.values[0], self._latest)
            )
            raise InvalidInputError(f"trades: {first} comes after {latest}: not in order of time")

    def finish(self) -> None:
        """No more trades come: the candles in progress are complete, too."""
        self._finished = True
        for timeframe in self._timeframes.values():
            timeframe.finish()

    def take(self, timeframe: str) -> pd.DataFrame:
        """Complete candles of a timeframe, each of them once.

        :param timeframe: one of :attr:`timeframes`.
        :return: as from :func:`~freqkernels.trade_candles.trades_to_ohlcv`; no rows if there is
            none since the last time.
        :raise InvalidInputError: for a timeframe that was not asked for.
        """
        if timeframe not in self._timeframes:
            names = ", ".join(self._timeframes)
            raise InvalidInputError(f"timeframe: expected one of {names}, got {timeframe!r}")
        return self._timeframes[timeframe].take(self._kind or _NO_TRADES)


def trades_to_candles(
    chunks: Iterable[pd.DataFrame], timeframes: Sequence[str]
) -> dict[str, pd.DataFrame]:
    """Candles of several timeframes in one pass over trades.

    :param chunks: parts of the trades, in the order of time, as for :meth:`TradeCandles.update`.
    :param timeframes: as for :class:`TradeCandles`.
    :return: by timeframe what ``trades_to_ohlcv`` gives for all trades together.
    :raise InvalidInputError: as :class:`TradeCandles`, and if there are no trades.
    """
    candles = TradeCandles(timeframes)
    any_trades = False
    for chunk in chunks:
        candles.update(chunk)
        any_trades = any_trades or len(chunk) > 0
    if not any_trades:
        raise InvalidInputError("chunks: Trade-list empty.")
    candles.finish()
    return {timeframe: candles.take(timeframe) for timeframe in candles.timeframes}
