"""One run of the engine over columns, and what came out as structured arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freqkernels.layout import CAPTURE, LOCK, REJECTION, TRADE, Refusal
from freqkernels.runtime import Support, kernel, refuse
from freqkernels.simulation.structs import Setup, Struct

Simulation = kernel("simulate", "Simulation")
#: Rows between two looks at whether the run shall be aborted: a few milliseconds.
_ROWS_OF_A_SLICE = 1 << 20

_REASONS = {
    Refusal.NO_MEMORY: "there is not enough memory",
    Refusal.ARITHMETIC: "a number is too long for exact arithmetic, or none",
    Refusal.PARTIAL_EXIT: "an amount does not keep the precision of its market",
    Refusal.LEVERAGE_TIERS: "a stake lies outside of the leverage tiers",
    Refusal.LEVERAGE_CALLBACK: "leverage() failed or returned something else than a number",
    Refusal.LIQUIDATION_PRICE: "a liquidation price cannot be calculated",
    Refusal.PROTECTION_RAISES: "a protection fails on the trades so far",
}


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that goes in.

    :param candles: arguments of ``set_candles`` behind the pair, by pair.
    :param details: those of ``set_details``, None for a pair without.
    :param funding: those of ``set_funding``, None for a pair without.
    :param protections: those of ``set_protections``, None if they are disabled.
    :param leverage: asked at entries; None if leverage is always 1.
    """

    setup: Setup
    candles: tuple[tuple[Any, ...], ...]
    details: tuple[tuple[Any, ...] | None, ...]
    funding: tuple[tuple[Any, ...] | None, ...]
    protections: tuple[Any, ...] | None = None
    leverage: Callable[..., Any] | None = None


@dataclass(frozen=True, slots=True)
class Records:
    """What came out; the dtypes are those of ``freqkernels.layout``.

    :param trades: closed trades, in the order of closing.
    :param left: trades that the end could not close.
    :param visits: pairs in the order of their first visit.
    :param visited_rows: by pair, how many rows were visited.
    :param summary: counters and sums.
    """

    trades: Struct
    left: Struct
    captures: Struct
    rejections: Struct
    locks: Struct
    visits: NDArray[np.int32]
    visited_rows: list[int]
    summary: dict[str, Any]


def run_engine(inputs: Inputs, advance: Callable[[int], None]) -> Records | Support:
    """Run the engine.

    :param inputs: what goes in.
    :param advance: called between slices with the number of candles done since the last call; may
        raise to abort the run.
    :return: what came out, or why the engine cannot run this backtest.
    """
    run = _prepared(inputs)
    went_well = run.start()
    step = max(1, _ROWS_OF_A_SLICE // max(1, len(inputs.candles)))
    while went_well and run.candle < run.candles:
        before = run.candle
        went_well = run.run(before + step)
        advance(run.candle - before)
    if not (went_well and run.finish()):
        return _refused(run, inputs.setup)
    return Records(
        np.frombuffer(run.take_trades(), TRADE),
        np.frombuffer(run.take_left(), TRADE),
        np.frombuffer(run.take_captures(), CAPTURE),
        np.frombuffer(run.take_rejections(), REJECTION),
        np.frombuffer(run.locks(), LOCK),
        np.frombuffer(run.take_visits(), np.int32),
        run.visited_rows(),
        run.summary(),
    )


def set_columns(run: Any, inputs: Inputs) -> None:
    """Give a run of the engine the candles and details of all pairs.

    :param run: ``Simulation``, or ``Walk`` for a run event by event.
    :param inputs: what goes in.
    """
    for pair, candles in enumerate(inputs.candles):
        run.set_candles(pair, *candles)
    for pair, details in enumerate(inputs.details):
        if details is not None:
            run.set_details(pair, *details)


def _prepared(inputs: Inputs) -> Any:
    s = inputs.setup
    start = (s.start_capital, s.whole_start.view(np.uint8))
    run = Simulation(s.rules, s.wallet, s.roi, s.markets, s.ticks, s.tiers, *start, inputs.leverage)
    set_columns(run, inputs)
    for pair, funding in enumerate(inputs.funding):
        if funding is not None:
            run.set_funding(pair, *funding)
    if inputs.protections is not None:
        run.set_protections(*inputs.protections)
    return run


def _refused(run: Any, setup: Setup) -> Support:
    code, pair, _ = run.refusal
    if code == Refusal.LEVERAGE_CALLBACK and isinstance(run.error, (KeyboardInterrupt, SystemExit)):
        raise run.error
    where = f" ({setup.pairs[pair]})" if 0 <= pair < len(setup.pairs) else ""
    return refuse(_REASONS[Refusal(code)] + where)
