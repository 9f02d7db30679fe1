"""The wallet over time as ``Backtesting.wallet_captures`` has it, from arrays."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freqkernels.bridge.engine.lazy_list import LazyList
from freqkernels.simulation.frame_columns import PYTHON_MOMENT
from freqkernels.simulation.wallet_frame import Integers

_MILLISECOND = timedelta(milliseconds=1)
_NONE = np.empty(0, dtype=np.intp)


def wallet_captures(
    times_ms: NDArray[np.int64],
    currency_codes: NDArray[np.int32],
    currencies: tuple[str, ...],
    rates: NDArray[np.float64],
    balances: NDArray[np.float64],
    *,
    stake_code: int = 0,
    integer_balances: Integers = False,
    numpy_balances: NDArray[np.intp] = _NONE,
    moment: datetime = PYTHON_MOMENT,
) -> LazyList:
    """The captures as tuples; other parameters as of ``wallet_summary_frame``.

    :param numpy_balances: places of balances that are numbers of numpy.
    :return: list of (moment, currency, rate, balance), made when somebody looks at it. Until then
        it holds on to the arrays, which must not change.
    """

    def make() -> list[tuple[Any, ...]]:
        names = np.array(currencies, dtype=object).take(currency_codes).tolist()
        ones = currency_codes == stake_code
        integers = np.broadcast_to(np.asarray(integer_balances), len(balances))
        totals = _with_integers(balances, integers)
        for place in numpy_balances.tolist():
            totals[place] = balances[place]
        columns = (
            _moments(times_ms, moment),
            names,
            _with_integers(rates, ones),
            totals,
        )
        return list(zip(*columns, strict=True))

    return LazyList(len(times_ms), make)


def _moments(times_ms: NDArray[np.int64], moment: datetime) -> list[datetime]:
    """Objects like ``moment``; captures of one candle share one, as in freqtrade's loop."""
    begins = np.ones(len(times_ms), dtype=np.bool_)
    begins[1:] = times_ms[1:] != times_ms[:-1]
    since_1970 = moment - (PYTHON_MOMENT if moment.tzinfo else PYTHON_MOMENT.replace(tzinfo=None))
    after = times_ms[begins] - since_1970 // _MILLISECOND
    moments = np.array([moment + time * _MILLISECOND for time in after.tolist()], dtype=object)
    result: list[datetime] = moments.take(np.cumsum(begins) - 1).tolist()
    return result


def _with_integers(values: NDArray[np.float64], integers: NDArray[np.bool_]) -> list[Any]:
    """Floats, ints where ``integers`` says so."""
    objects = values.astype(object)
    objects[integers] = values[integers].astype(np.int64).astype(object)
    result: list[Any] = objects.tolist()
    return result
