"""Funding fees as the columns that the engine sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels.runtime import Support, refuse


def funding_of(exchange: Any, frame: pd.DataFrame) -> tuple[NDArray[Any], ...] | Support:
    """Times in nanoseconds and fees per unit, as ``calculate_funding_fees`` sums them."""
    if frame.empty:
        return np.empty(0, np.int64), np.empty(0)
    if not hasattr(exchange, "_add_funding_columns"):  # freqtrade 2026.6 multiplies each time
        times = frame["date"].dt.as_unit("ns").array.asi8
        fees = (frame["open_fund"] * frame["open_mark"]).to_numpy()
    else:
        if "_ff_fee_per_unit" not in frame.columns:
            frame = exchange._add_funding_columns(frame)
        times = frame["_ff_date_ns"].to_numpy()
        fees = frame["_ff_fee_per_unit"].to_numpy()
    if times.dtype != np.int64 or fees.dtype != np.float64 or (np.diff(times) < 0).any():
        return refuse("funding fees are not numbers in the order of their dates")
    return np.ascontiguousarray(times), np.ascontiguousarray(fees)
