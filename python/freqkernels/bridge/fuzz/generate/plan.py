"""A case from its main choices: how many pairs and candles, which market, where a month begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from freqkernels.bridge.fuzz.case import Case, Column, Market, Pair, Row
from freqkernels.bridge.fuzz.generate import markets, money, rules
from freqkernels.bridge.fuzz.generate.candles import Style, candles, detailed, style
from freqkernels.bridge.fuzz.generate.draw import Draw
from freqkernels.bridge.fuzz.generate.signals import often, plain_signals
from freqkernels.timeframes import fixed_step_seconds

_BASES = ("AAA", "BBB", "CCC", "DDD", "EEE", "FFF")
_MONTHS = (datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC))
Signals = Callable[..., dict[str, Column]]


@dataclass(slots=True)
class Plan:
    """Main choices of a case.

    :param kind: name of the generator.
    :param seed: text that stands for seed and number.
    :param futures: whether futures are traded.
    :param pairs: how many.
    :param count: candles of the longest pair.
    :param timeframe: of the candles.
    :param parts: small candles that a candle is made of; 0 without a detail timeframe.
    :param ragged: probability of a pair that starts late or ends early.
    :param often: how often entries and exits are signalled; None to draw it for each pair.
    :param signals: makes the columns of a pair.
    :param shape: changes the looks of a pair.
    """

    draw: Draw
    kind: str
    seed: str
    futures: bool = False
    pairs: int = 2
    count: int = 120
    timeframe: str = "5m"
    parts: int = 0
    ragged: float = 0.2
    often: tuple[float, float] | None = None
    signals: Signals = plain_signals
    shape: Callable[[Style], Style] = field(default=lambda how: how)

    @property
    def seconds(self) -> int:
        """Length of a candle."""
        return fixed_step_seconds(self.timeframe) or 7 * 86_400


def sized(draw: Draw, kind: str, seed: str, *, futures: bool) -> Plan:
    """A plan of a usual size: most are small."""
    pairs = draw.one(1, 2, 2, 3, 4, 6)
    count = draw.one(60, 100, 150, 250, 400)
    if draw.chance(0.04):
        count = 900
    return Plan(draw, kind, seed, futures, pairs, min(count, 900 // pairs * 2))


def build(plan: Plan) -> Case:
    """The case of a plan: its settings are drawn too."""
    draw = plan.draw
    turn = draw.randint(-plan.count // 2, plan.count)
    start = draw.choice(_MONTHS) - timedelta(seconds=turn * plan.seconds)
    if plan.timeframe == "1w":
        start = _MONTHS[0] - timedelta(weeks=turn)
    case = Case(plan.kind, plan.seed, start.isoformat(), plan.timeframe, [])
    case.precision_mode = markets.mode(draw)
    case.date_unit = draw.one("ms", "ms", "ns")
    case.pairs = [_pair(plan, case, turn, base) for base in _BASES[: plan.pairs]]
    case.strategy = rules.strategy(draw, max(1, plan.seconds // 60))
    case.config = money.config(draw)
    if plan.futures:
        _add_futures(draw, case)
    if draw.chance(0.15):
        case.strategy["protections"] = rules.protections(draw)
        case.config["enable_protections"] = True
    return case


def _add_futures(draw: Draw, case: Case) -> None:
    case.config |= {"trading_mode": "futures", "margin_mode": "isolated"}
    if draw.chance(0.2):
        case.config["liquidation_buffer"] = draw.one(0.0, 0.01, 0.2)
    if draw.chance(0.1):
        case.config["futures_funding_rate"] = draw.one(0, 0.0001)
    case.strategy["can_short"] = draw.chance(0.9)
    if draw.chance(0.7):
        case.strategy_class = "FuzzedLeverage"
        case.strategy["fuzzed_leverage"] = markets.leverage(draw)


def _pair(plan: Plan, case: Case, turn: int, base: str) -> Pair:
    draw = plan.draw
    how = plan.shape(style(draw, turn))
    slots = _span(plan)
    small: list[Row] = []
    if plan.parts:
        rows, small = detailed(draw, how, slots, plan.parts)
    else:
        rows = candles(draw, how, slots)
    columns = plan.signals(draw, rows, plan.often or often(draw), shorts=plan.futures)
    price = how.written(how.level)
    market: Market = markets.market(draw, price, case.precision_mode, futures=plan.futures)
    pair = Pair(
        f"{base}/USDT{':USDT' if plan.futures else ''}", market, rows, columns, detail=small
    )
    pair.ticks = draw.one("data", "data", "data", "exchange", _ticks(draw, plan, price))
    if plan.futures:
        pair.funding = markets.funding(draw, rows, plan.seconds, draw.one(1, 4, 8, 8))
    return pair


def _span(plan: Plan) -> range:
    draw, count = plan.draw, plan.count
    first = draw.randint(1, count // 2) if draw.chance(plan.ragged) else 0
    last = count - (draw.randint(1, count // 3) if draw.chance(plan.ragged) else 0)
    return range(first, max(first + 3, last))


def _ticks(draw: Draw, plan: Plan, price: float) -> Any:
    """Tick sizes of two or three months, one of them perhaps unknown."""
    digits = [draw.randint(1, 5) - int(f"{price:e}".partition("e")[2]) for _ in range(3)]
    sizes = [float(f"1e{-digit}") * draw.one(1, 1, 5) for digit in digits]
    if draw.chance(0.2):
        sizes[draw.randrange(3)] = float("nan")
    slots = sorted(draw.sample(range(-plan.count, plan.count), 3))
    return list(zip(slots, sizes, strict=True))
