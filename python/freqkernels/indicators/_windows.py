"""The parameters of moving windows, as pandas has them."""

from __future__ import annotations

from typing import Any

from freqkernels.errors import InvalidInputError
from freqkernels.indicators._columns import whole


def window_of(window: Any, min_periods: Any) -> tuple[int, int]:
    """Number of rows of a window, and how many values a result needs.

    :param window: at least 1.
    :param min_periods: from 0 to ``window``; None stands for ``window``.
    :raise InvalidInputError: for numbers out of their range.
    """
    rows = whole(window, "window")
    if min_periods is None:
        return rows, rows
    least = whole(min_periods, "min_periods", 0)
    if least > rows:
        raise InvalidInputError(
            f"min_periods: expected at most window, which is {rows}, got {least}"
        )
    return rows, least
