"""freqtrade's protections for the engine, and the engine's locks as freqtrade's ``PairLock``."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freqkernels.layout import PROTECTION
from freqkernels.runtime import Support, kernel, refuse
from freqkernels.simulation.protections import KINDS, MINUTE_MS, MOST_MINUTES, SIDES

_THRESHOLDS = {
    "CooldownPeriod": "",
    "LowProfitPairs": "_required_profit",
    "MaxDrawdown": "_max_allowed_drawdown",
    "StoplossGuard": "_profit_limit",
}
_WEEK_ORIGIN_MS = 4 * 24 * 60 * MINUTE_MS  # 1970-01-05, a Monday
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_order_of_dates = kernel("protections", "order_of_dates")
_next_candles = kernel("protections", "next_candles")


def _date(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)


# ---- protections


def _number(value: Any) -> float | None:
    """The float that compares with floats as the value does."""
    if not isinstance(value, (int, float, np.integer)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if number == value or number != number else None


def _unlock_minute(handler: Any) -> int:
    if handler._unlock_at is None:
        return -1
    hour, minute = handler._unlock_at.split(":")
    return int(hour) * 60 + int(minute)


@functools.cache
def _dates_are_ordered_alike() -> bool:
    """Whether numpy puts equal dates into the same order as the kernel."""
    dates = np.arange(700, dtype=np.int64) * 7919 % 61
    order = np.empty(len(dates), dtype=np.int32)
    _order_of_dates(dates, order)
    return np.array_equal(order, np.argsort(dates.view("M8[ms]"), kind="quicksort"))


def _rule(handler: Any) -> tuple[Any, ...] | Support:
    name = type(handler).__name__
    if name not in KINDS:
        return refuse(f"the protection {name} is not one of freqtrade's own")
    if name == "MaxDrawdown" and not hasattr(handler, "_calculation_mode"):
        return refuse("MaxDrawdown of this freqtrade release has another definition")
    if name == "MaxDrawdown" and not _dates_are_ordered_alike():
        return refuse("this numpy release orders equal dates in another way than the engine")
    minutes = (handler._lookback_period, handler._stop_duration)
    if max(map(abs, minutes)) > MOST_MINUTES:
        return refuse(f"the times of the protection {name} are longer than a lifetime")
    numbers = [
        _number(getattr(handler, attribute, 0))
        for attribute in ("_trade_limit", _THRESHOLDS[name] or "_no_threshold")
    ]
    if None in numbers:
        return refuse(f"the limits of the protection {name} are not plain numbers")
    return (
        *(MINUTE_MS * each for each in minutes),
        *numbers,
        _unlock_minute(handler),
        KINDS[name],
        bool(getattr(handler, "_disable_global_stop", False)),
        bool(getattr(handler, "_only_per_side", False)),
        getattr(handler, "_calculation_mode", None) == "equity",
    )


def protection_rules(manager: Any) -> NDArray[Any] | Support:
    """What the protections of a backtest go by.

    :param manager: the ``ProtectionManager``, whose protections are freqtrade's own code.
    :return: one ``PROTECTION`` each, in their order; a refusal if one cannot be compiled.
    """
    rules = []
    for handler in manager._protection_handlers:
        rule = _rule(handler)
        if isinstance(rule, Support):
            return rule
        rules.append(rule)
    return np.array(rules, dtype=PROTECTION)


# ---- locks


def _grids(timeframe: str) -> list[tuple[int, int, int]]:
    """Step, origin and months: in which ways ccxt's releases round to a timeframe."""
    from freqtrade.exchange import timeframe_to_msecs

    step = timeframe_to_msecs(timeframe)
    months = {"M": 1, "y": 12}.get(timeframe[-1], 0) * int(timeframe[:-1])
    return [(step, 0, 0), (step, _WEEK_ORIGIN_MS, 0), *([(step, 0, months)] if months else [])]


def lock_grid(timeframe: str) -> NDArray[np.int64] | Support:
    """How freqtrade rounds the end of a lock up to the next candle, found by trying.

    :param timeframe: the main timeframe.
    :return: step and origin in milliseconds, and months of a step by the calendar or 0.
    """
    from freqtrade.exchange import timeframe_to_next_date

    times = np.arange(1, 60, dtype=np.int64) * 34_567_891_234
    ends = [timeframe_to_next_date(timeframe, _date(ms)) for ms in times.tolist()]
    rounded = np.empty_like(times)
    for step, origin, months in _grids(timeframe):
        grid = np.array([step, origin, months], dtype=np.int64)
        _next_candles(times, grid, rounded)
        if [_date(ms) for ms in rounded.tolist()] == ends:
            return grid
    return refuse(f"the ends of {timeframe} candles are not known")


def lock_end_included() -> bool:
    """Whether a lock still holds at its end, as in freqtrade 2025.9."""
    from freqtrade.persistence import PairLocks
    from freqtrade.persistence.models import PairLock

    lock = PairLock(pair="", side="*", lock_time=_EPOCH, lock_end_time=_EPOCH, active=True)
    kept = PairLocks.use_db, PairLocks.locks
    PairLocks.use_db, PairLocks.locks = False, [lock]
    try:
        return bool(PairLocks.is_pair_locked("", _EPOCH))
    finally:
        PairLocks.use_db, PairLocks.locks = kept


def lock_reason(handler: Any, value: float, no_addend: bool) -> str:
    """The text of a lock's reason, from the protection itself.

    :param handler: the protection that made the lock.
    :param value: the profit or drawdown that it went by.
    :param no_addend: the profit is the sum of nothing, which is an int in Python.
    """
    name = type(handler).__name__
    if name == "LowProfitPairs":
        return str(handler._reason(0 if no_addend else value))
    if name == "MaxDrawdown":
        return str(handler._reason(np.float64(value)))
    return str(handler._reason())


def pair_locks(
    locks: NDArray[Any], pairs: Sequence[str], manager: Any, epoch: datetime = _EPOCH
) -> list[Any]:
    """The objects that freqtrade keeps in ``PairLocks.locks``.

    :param locks: ``LOCK`` each, in the order in which they were made.
    :param pairs: names of the pairs, by number.
    :param manager: the ``ProtectionManager`` whose rules made them.
    :param epoch: 1970 as a date like those of the time loop; freqtrade keeps the loop's dates.
    """
    from freqtrade.persistence.models import PairLock

    handlers = manager._protection_handlers
    return [
        PairLock(
            pair=pairs[pair] if pair >= 0 else "*",
            lock_time=epoch + timedelta(milliseconds=lock_ms),
            lock_end_time=_date(end_ms),
            reason=lock_reason(handlers[rule], value, bool(no_addend)),
            side=SIDES[side],
            active=True,
        )
        for lock_ms, end_ms, value, pair, rule, side, no_addend in locks.tolist()
    ]
