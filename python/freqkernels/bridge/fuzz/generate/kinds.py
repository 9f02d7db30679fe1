"""The kinds of cases. ``KINDS`` is in the order in which a campaign goes through them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from freqkernels.bridge.fuzz.case import Case, Epoch
from freqkernels.bridge.fuzz.generate import markets, money, rules
from freqkernels.bridge.fuzz.generate.callback_kinds import CALLBACK_KINDS
from freqkernels.bridge.fuzz.generate.candles import Style
from freqkernels.bridge.fuzz.generate.draw import Draw
from freqkernels.bridge.fuzz.generate.outside import outside
from freqkernels.bridge.fuzz.generate.plan import Plan, build, sized
from freqkernels.bridge.fuzz.generate.signals import odd_signals
from freqkernels.bridge.fuzz.generate.ties import ties
from freqkernels.errors import InvalidInputError

Maker = Callable[[Draw, str], Case]


def make_case(kind: str, seed: int, number: int) -> Case:
    """A case of a kind.

    :param kind: a key of :data:`KINDS` or :data:`CALLBACK_KINDS`.
    :param seed: of the campaign.
    :param number: of the case in it.
    :raise InvalidInputError: for a kind that does not exist.
    """
    maker = ALL_KINDS.get(kind)
    if maker is None:
        raise InvalidInputError(f"kind: expected one of {', '.join(ALL_KINDS)}, got {kind!r}")
    name = f"{seed}-{number}"
    return maker(Draw(f"{kind}-{name}"), name)


def spot(draw: Draw, seed: str) -> Case:
    """Anything, spot."""
    return build(sized(draw, "spot", seed, futures=False))


def futures(draw: Draw, seed: str) -> Case:
    """Anything, longs and shorts with leverage and funding."""
    return build(sized(draw, "futures", seed, futures=True))


def detail(draw: Draw, seed: str) -> Case:
    """With a detail timeframe."""
    plan = sized(draw, "detail", seed, futures=draw.chance(0.4))
    small, plan.timeframe, plan.parts = draw.one(
        ("1m", "5m", 5), ("5m", "15m", 3), ("15m", "1h", 4), ("5m", "1h", 12), ("1m", "3m", 3)
    )
    plan.pairs, plan.count = min(plan.pairs, 3), draw.one(40, 80, 120)
    case = build(plan)
    case.config["timeframe_detail"] = small
    if draw.chance(0.3):
        expired = draw.one(0, 1, 60, 299, 300, 1800)
        case.strategy["ignore_buying_expired_candle_after"] = expired
    return case


def protections(draw: Draw, seed: str) -> Case:
    """With protections, and trades that lose often enough to set them off."""
    plan = sized(draw, "protections", seed, futures=draw.chance(0.4))
    plan.often = (draw.one(0.3, 0.7, 1.0), draw.one(0.0, 0.05, 0.3))
    case = build(plan)
    case.strategy["protections"] = rules.protections(draw)
    case.strategy["stoploss"] = draw.one(-0.003, -0.01, -0.02, -0.05)
    case.config["enable_protections"] = True
    return case


def signals(draw: Draw, seed: str) -> Case:
    """Signal columns of all types, tags, missing columns."""
    plan = sized(draw, "signals", seed, futures=draw.chance(0.5))
    plan.signals = odd_signals
    return build(plan)


def unfilled(draw: Draw, seed: str) -> Case:
    """Orders that wait: ticks coarser than the data, inconsistent candles, timeouts."""
    plan = sized(draw, "unfilled", seed, futures=draw.chance(0.4))
    plan.often = (draw.one(0.1, 0.5), draw.one(0.05, 0.2))
    inconsistent = draw.one(0.0, 0.2, 0.5)
    plan.shape = lambda how: replace(how, odd=max(how.odd, inconsistent), move=0.004)
    case = build(plan)
    for pair in case.pairs:
        unit = abs(pair.candles[0][1]) * draw.one(0.002, 0.01, 0.03)
        size = float(f"1e{int(f'{unit:e}'.partition('e')[2])}") * draw.one(1, 5)
        pair.ticks = draw.one([(-1, size)], [(-1, size), (plan.count // 2, size / 10)])
    if draw.chance(0.8):
        case.config |= money.timeouts(draw)
    if draw.chance(0.4):
        case.strategy["order_types"] = rules.order_types(draw)
    return case


def late(draw: Draw, seed: str) -> Case:
    """Pairs that start late and end early, with trades that are open at the end."""
    plan = sized(draw, "late", seed, futures=draw.chance(0.4))
    plan.pairs, plan.count, plan.ragged = draw.randint(3, 6), draw.one(40, 80, 150), 0.8
    plan.often = (draw.one(0.1, 0.5, 1.0), draw.one(0.0, 0.0, 0.05))
    case = build(plan)
    draw.shuffle(case.pairs)
    case.config["max_open_trades"] = draw.one(2, 5, -1)
    if case.config["max_open_trades"] == -1:
        case.config["stake_amount"] = 100
    if draw.chance(0.7):
        case.strategy |= {"minimal_roi": {}, "stoploss": draw.one(-0.3, -0.99)}
    return case


def liquidation(draw: Draw, seed: str) -> Case:
    """High leverage and wide stops."""
    plan = sized(draw, "liquidation", seed, futures=True)
    plan.often = (draw.one(0.1, 0.5, 1.0), draw.one(0.0, 0.0, 0.02))
    plan.shape = lambda how: replace(how, move=draw.one(0.006, 0.012, 0.03), jumps=0.05)
    case = build(plan)
    case.strategy_class = "FuzzedLeverage"
    case.strategy["fuzzed_leverage"] = {"by": "constant", "value": draw.one(10.0, 20.0, 50, 100.0)}
    case.strategy |= {"stoploss": draw.one(-0.5, -0.9, -0.99, -1.0), "can_short": True}
    case.strategy["minimal_roi"] = draw.one({}, {"0": 0.5}, {"600": -1})
    return case


def stakes(draw: Draw, seed: str) -> Case:
    """Wallets that run out, compounding, limits."""
    plan = sized(draw, "stakes", seed, futures=draw.chance(0.4))
    plan.often = (draw.one(0.3, 1.0), draw.one(0.05, 0.3))
    case = build(plan)
    case.config["max_open_trades"] = draw.one(1, 2, 3, 5, -1, 0)
    case.config |= money.stakes(draw, case.config["max_open_trades"])
    case.config["position_stacking"] = draw.chance(0.4)
    return case


def timeframes(draw: Draw, seed: str) -> Case:
    """Other timeframes, startup candles, time ranges."""
    plan = sized(draw, "timeframes", seed, futures=draw.chance(0.4))
    plan.timeframe = draw.one("1m", "3m", "15m", "30m", "1h", "4h", "1d", "1w")
    plan.count = min(plan.count, 150)
    case = build(plan)
    case.strategy["startup_candle_count"] = draw.one(0, 0, 1, 20, plan.count // 2)
    if draw.chance(0.6):
        opening = int(case.opening.timestamp())
        first = opening + draw.randint(-5, plan.count // 2) * plan.seconds
        last = opening + draw.randint(plan.count * 2 // 3, plan.count + 5) * plan.seconds
        case.config["timerange"] = draw.one(f"{first}-{last}", f"{first}-", f"-{last}")
    return case


def repeated(draw: Draw, seed: str) -> Case:
    """Several backtests on one object, with attributes changed between them."""
    plan = sized(draw, "repeated", seed, futures=draw.chance(0.4))
    plan.pairs, plan.count = min(plan.pairs, 3), min(plan.count, 120)
    case = build(plan)
    case.config["runmode"] = draw.one("backtest", "hyperopt")
    case.epochs = [Epoch()] + [_epoch(draw, plan) for _ in range(draw.randint(1, 3))]
    return case


def _epoch(draw: Draw, plan: Plan) -> Epoch:
    epoch = Epoch(abort=draw.chance(0.15))
    if draw.chance(0.7):
        epoch.strategy |= {"minimal_roi": rules.roi(draw, plan.seconds // 60)}
    if draw.chance(0.5):
        epoch.strategy["stoploss"] = rules.stop(draw)
    if draw.chance(0.5):
        epoch.strategy |= draw.one(rules.trailing, rules.odd_trailing)(draw)
    if draw.chance(0.3):
        slots = draw.one(0, 1, 4, float("inf"))
        epoch.strategy["max_open_trades"] = epoch.config["max_open_trades"] = slots
    if draw.chance(0.2):
        epoch.config["unfilledtimeout"] = {"entry": draw.one(0, 1), "exit": 0, "unit": "minutes"}
    return epoch


def reversal(draw: Draw, seed: str) -> Case:
    """Signals of both sides at once: positions turn round within a candle."""
    plan = sized(draw, "reversal", seed, futures=True)
    plan.often = (draw.one(0.3, 0.5, 0.7), draw.one(0.0, 0.3, 0.6))
    case = build(plan)
    case.strategy["can_short"] = True
    for pair in case.pairs:
        columns = pair.signals
        for one, other in (("enter_long", "enter_short"), ("enter_short", "enter_long")):
            for slot in list(columns[one].at):
                if draw.chance(0.8):
                    columns[other].at.pop(slot, None)
                    columns[f"exit_{other[6:]}"].at[slot] = 1
                    columns[f"exit_{one[6:]}"].at.pop(slot, None)
    return case


def coarse(draw: Draw, seed: str) -> Case:
    """Prices of a few ticks: equal prices everywhere, in all ways of counting digits."""
    plan = sized(draw, "coarse", seed, futures=draw.chance(0.4))
    level, digits, unit = draw.one((40, 8, 1), (60, 0, 1), (200, 2, 5), (900, 12, 25), (30, 1, 1))
    plan.shape = lambda how: Style(level * unit, digits, (unit, unit), how.turn, move=0.03)
    case = build(plan)
    mode = draw.one(markets.DECIMAL_PLACES, markets.SIGNIFICANT_DIGITS, markets.TICK_SIZE)
    case.precision_mode = mode
    for pair in case.pairs:
        pair.market = markets.market(draw, pair.candles[0][1], mode, futures=case.futures)
        pair.ticks = draw.one("data", "exchange", "exchange")
    return case


KINDS: dict[str, Maker] = {
    "spot": spot,
    "futures": futures,
    "detail": detail,
    "ties": ties,
    "protections": protections,
    "signals": signals,
    "unfilled": unfilled,
    "late": late,
    "liquidation": liquidation,
    "reversal": reversal,
    "stakes": stakes,
    "coarse": coarse,
    "timeframes": timeframes,
    "repeated": repeated,
    "outside": outside,
}
ALL_KINDS: dict[str, Maker] = KINDS | CALLBACK_KINDS
