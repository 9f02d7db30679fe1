"""Simulated trades as the columns of freqtrade's results, with their tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from freqkernels.layout import EXIT_REASONS, Kind, OrderState
from freqkernels.simulation.columns import tags_at
from freqkernels.simulation.results_frame import OrderColumns, TradeColumns
from freqkernels.simulation.structs import Struct

#: Enter tags, exit reasons, and exit reasons of the exit orders.
Tags = tuple[list[Any], list[Any], list[Any]]
_SIGNAL = EXIT_REASONS.index("exit_signal")


def tags_of(
    records: Struct, pairs: Sequence[str], frames: Mapping[str, pd.DataFrame], absent: Any = None
) -> Tags:
    """The tags of trades.

    :param records: trades as ``freqkernels.layout.TRADE``.
    :param pairs: names by number.
    :param frames: the frames that the engine's columns came from, by name.
    :param absent: the tag in a frame without such a column.
    """

    def tags(name: str, rows: NDArray[np.int64]) -> list[Any]:
        return tags_at_rows(name, records["pair"], rows, pairs, frames, absent)

    return (
        tags("enter_tag", records["entry_row"]),
        exit_reasons(records["reason"], tags("exit_tag", records["reason_row"])),
        exit_reasons(records["exit"]["reason"], tags("exit_tag", records["exit"]["row"])),
    )


def tags_at_rows(
    name: str,
    numbers: NDArray[np.int32],
    rows: NDArray[np.int64],
    pairs: Sequence[str],
    frames: Mapping[str, pd.DataFrame],
    absent: Any = None,
) -> list[Any]:
    """Tags at the engine's rows of several pairs.

    :param name: enter_tag or exit_tag.
    :param numbers: number of the pair, of each row.
    :param rows: rows of the engine.
    :param pairs: names by number.
    :param frames: by name.
    :param absent: the tag in a frame without such a column.
    """
    tags = np.empty(len(rows), dtype=object)
    for number in np.unique(numbers):
        of_pair = np.flatnonzero(numbers == number)
        tags[of_pair] = objects_of(tags_at(frames[pairs[number]], name, rows[of_pair], absent))
    result: list[Any] = tags.tolist()
    return result


def objects_of(values: Sequence[Any]) -> NDArray[Any]:
    """An array of these objects, whatever they are."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def exit_reasons(reasons: NDArray[np.uint8], tags: Sequence[Any]) -> list[Any]:
    """Texts of exit reasons; the tag of a signal, if there is one, is its reason."""
    return [
        tag if reason == _SIGNAL and tag else EXIT_REASONS[reason]
        for reason, tag in zip(reasons.tolist(), tags, strict=True)
    ]


def _of_kind(values: NDArray[np.float64], kinds: NDArray[np.uint8]) -> NDArray[Any]:
    """Numbers as Python has them: floats, ints, or objects where both occur."""
    whole = kinds == Kind.INT
    if not whole.any():
        return values
    if whole.all():
        return values.astype(np.int64)
    objects = values.astype(object)
    objects[whole] = values[whole].astype(np.int64).astype(object)
    return objects


def trade_columns(records: Struct, tags: Tags) -> TradeColumns:
    """Closed trades as the columns of the results frame.

    :param records: trades as ``freqkernels.layout.TRADE``.
    :param tags: theirs.
    """
    plain = {
        name: np.ascontiguousarray(records[name])
        for name in (
            *("stake_amount", "max_stake_amount", "amount", "open_ms", "close_ms", "open_rate"),
            *("close_rate", "initial_stop_loss", "initial_stop_loss_pct", "stop_loss"),
            *("stop_loss_pct", "min_rate", "max_rate", "funding_fees"),
        )
    }
    return TradeColumns(
        pair_codes=np.ascontiguousarray(records["pair"]),
        profit_ratio=np.ascontiguousarray(records["close_profit"]),
        profit_abs=np.ascontiguousarray(records["close_profit_abs"]),
        exit_reason=tags[1],
        enter_tag=tags[0],
        leverage=_of_kind(np.ascontiguousarray(records["leverage"]), records["leverage_kind"]),
        is_short=records["is_short"] != 0,
        first_order=np.arange(0, 2 * len(records) + 1, 2),
        **plain,
    )


def order_columns(records: Struct, tags: Tags, fee: Any) -> OrderColumns:
    """The entry and the exit of each trade; closed trades have no other orders.

    :param records: trades as ``freqkernels.layout.TRADE``.
    :param tags: theirs.
    :param fee: of the backtest.
    """
    both = np.stack([records["entry"], records["exit"]], axis=1).ravel()
    if not (both["state"] == OrderState.CLOSED).all():
        raise AssertionError("a closed trade has an order that is not closed")
    tag = np.empty((len(records), 2), dtype=object)
    tag[:, 0] = objects_of(tags[0])
    tag[:, 1] = objects_of(tags[2])
    return OrderColumns(
        amount=np.ascontiguousarray(both["amount"]),
        price=np.ascontiguousarray(both["price"]),
        is_entry=np.tile([True, False], len(records)),
        filled_ms=np.ascontiguousarray(both["filled_ms"]),
        tag=tag.ravel().tolist(),
        cost=both["amount"] * both["price"] * (1 + fee),
    )
