"""Cases that are outside of what a compiled engine promises: callbacks and data off the grid.

They have to run on freqtrade's own code, with the same outcome, and with a reason.
"""

from __future__ import annotations

from freqkernels.bridge.fuzz.case import Case, Row
from freqkernels.bridge.fuzz.generate.draw import Draw
from freqkernels.bridge.fuzz.generate.plan import build, sized

CALLBACKS = (
    "FuzzedExits",
    "FuzzedStops",
    "FuzzedConfirmation",
    "FuzzedPrices",
    "FuzzedPositions",
)
_NAN = float("nan")


def outside(draw: Draw, seed: str) -> Case:
    """A strategy with callbacks, candles that are no candles, or a time loop cut short."""
    plan = sized(draw, "outside", seed, futures=draw.chance(0.3))
    plan.pairs, plan.count = min(plan.pairs, 3), min(plan.count, 150)
    case = build(plan)
    choice = draw.randint(0, 4)
    if choice == 0:
        case.strategy_class = draw.choice(CALLBACKS)
        case.strategy.pop("fuzzed_leverage", None)
    elif choice == 4 and case.futures:
        case.strategy_class = "FuzzedLeverage"
        case.strategy["fuzzed_leverage"] = draw.one({"by": "nothing"}, {"by": "", "value": "3"})
    elif choice == 1:
        case.window = (draw.randint(1, 10), draw.randint(0, 10))
    else:
        spoil = _spoil_prices if choice == 2 else _spoil_dates
        pair = draw.choice(case.pairs)
        pair.candles = spoil(draw, pair.candles)
    return case


def _spoil_prices(draw: Draw, rows: list[Row]) -> list[Row]:
    """A price that is none."""
    spoilt = list(rows)
    at, column = draw.randrange(1, len(rows)), draw.randint(1, 4)
    values = list(spoilt[at])
    values[column] = draw.one(_NAN, 0.0, float("inf"), -values[column])
    spoilt[at] = tuple(values)  # type: ignore[assignment]
    return spoilt


def _spoil_dates(draw: Draw, rows: list[Row]) -> list[Row]:
    """A candle off the grid, or twice."""
    at = draw.randrange(1, len(rows))
    spoilt = (rows[at][0] + draw.one(0.4, 0.0), *rows[at][1:])
    return (
        [*rows[: at + 1], spoilt, *rows[at + 1 :]]
        if draw.chance(0.5)
        else [*rows[:at], (rows[at][0] + 0.4, *rows[at][1:]), *rows[at + 1 :]]
    )
