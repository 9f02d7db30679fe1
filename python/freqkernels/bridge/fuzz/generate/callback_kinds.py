"""The kinds of cases with callbacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from freqkernels.bridge.fuzz.case import Case, Epoch
from freqkernels.bridge.fuzz.generate import rules
from freqkernels.bridge.fuzz.generate.answers import PARAMETERS
from freqkernels.bridge.fuzz.generate.callbacks import BOLD, CALM, HOSTILE, add_callbacks
from freqkernels.bridge.fuzz.generate.draw import Draw
from freqkernels.bridge.fuzz.generate.plan import Plan, build, sized
from freqkernels.bridge.fuzz.generate.signals import odd_signals

ENTRIES = (
    "custom_entry_price", "custom_stake_amount", "confirm_trade_entry", "confirm_trade_exit",
    "custom_exit_price", "order_filled", "leverage",
)  # fmt: skip
CANDLES = ("custom_exit", "custom_stoploss", "custom_roi", "custom_sell")
WAITING = (
    "check_entry_timeout", "check_exit_timeout", "check_buy_timeout", "check_sell_timeout",
    "adjust_order_price", "adjust_entry_price", "adjust_exit_price",
)  # fmt: skip
_OLDER = {"check_entry_timeout": "check_buy_timeout", "check_exit_timeout": "check_sell_timeout"}
ALL = tuple(PARAMETERS)


def entries(draw: Draw, seed: str) -> Case:
    """Callbacks at entries, exits and fills only."""
    case = _built(draw, "entries", seed)
    add_callbacks(draw, case, draw.some(ENTRIES, 1), draw.one(CALM, BOLD))
    return case


def candles(draw: Draw, seed: str) -> Case:
    """Callbacks that are called for every candle of an open trade."""
    case = _built(draw, "candles", seed)
    names = draw.some(CANDLES, 1) + draw.some(ENTRIES, 0, 2)
    add_callbacks(draw, case, names, draw.one(CALM, BOLD))
    return case


def orders(draw: Draw, seed: str) -> Case:
    """Callbacks about orders that wait."""
    plan = _plan(draw, "orders", seed)
    plan.shape = lambda how: replace(how, move=0.006)
    plan.often = (0.5, draw.one(0.1, 0.4))
    case = build(plan)
    case.strategy |= {"minimal_roi": {"0": 0.2}, "stoploss": -0.2}
    case.config.pop("unfilledtimeout", None)
    if draw.chance(0.4):
        times = {"entry": draw.one(15, 30, 60), "exit": draw.one(10, 30)}
        case.config["unfilledtimeout"] = times | {"unit": "minutes"}
    for name in ("order_types", "protections"):
        case.strategy.pop(name, None)
    prices = ["custom_entry_price", "custom_exit_price"]
    names = prices + draw.some(WAITING, 2, 5) + draw.some(("custom_exit", "order_filled"))
    if not case.futures and draw.chance(0.4):
        names = [_OLDER.get(name, name) for name in names]
    far = dict.fromkeys(prices, ("far away", "better"))
    add_callbacks(draw, case, names, draw.one(CALM, BOLD), far)
    case.strategy["use_exit_signal"] = True
    return case


def dca(draw: Draw, seed: str) -> Case:
    """Positions that are added to and sold in parts."""
    case = _built(draw, "dca", seed)
    case.strategy["stoploss"] = draw.one(-0.05, -0.2, -0.5)
    if draw.chance(0.6):
        case.config["stake_amount"] = draw.one(20, 50.5)
    others = draw.some((*ENTRIES, "custom_stoploss", "custom_exit"), 0, 3)
    add_callbacks(draw, case, ["adjust_trade_position", *others], draw.one(CALM, BOLD))
    return case


def loop(draw: Draw, seed: str) -> Case:
    """A callback for every candle, trades or not."""
    case = _built(draw, "loop", seed)
    others = draw.some((*ENTRIES, *CANDLES), 0, 2)
    add_callbacks(draw, case, ["bot_loop_start", *others], draw.one(CALM, BOLD, HOSTILE))
    return case


def detail_calls(draw: Draw, seed: str) -> Case:
    """Any callbacks with a detail timeframe."""
    plan = _plan(draw, "detail_calls", seed)
    small, plan.timeframe, plan.parts = draw.one(("1m", "5m", 5), ("5m", "15m", 3), ("1m", "3m", 3))
    plan.pairs, plan.count = min(plan.pairs, 2), draw.one(20, 40)
    case = build(plan)
    case.config["timeframe_detail"] = small
    add_callbacks(draw, case, draw.some(ALL, 1, 6), draw.one(CALM, BOLD))
    return case


def hostile(draw: Draw, seed: str) -> Case:
    """Any callbacks that answer, do and raise what they should not, set in odd places."""
    case = _built(draw, "hostile", seed)
    add_callbacks(draw, case, draw.some(ALL, 2, 8), HOSTILE)
    return case


def _plan(draw: Draw, kind: str, seed: str) -> Plan:
    plan = sized(draw, kind, seed, futures=draw.chance(0.45))
    plan.pairs, plan.count = draw.one(1, 2, 2, 3), draw.one(50, 80, 120)
    plan.often = (draw.one(0.1, 0.3, 0.7), draw.one(0.0, 0.02, 0.1))
    return plan


def _built(draw: Draw, kind: str, seed: str) -> Case:
    plan = _plan(draw, kind, seed)
    plan.timeframe = draw.one("5m", "5m", "5m", "1m", "15m", "1h")
    if draw.chance(0.15):
        plan.signals = odd_signals
    case = build(plan)
    if draw.chance(0.25):
        case.strategy["startup_candle_count"] = draw.one(1, 5, 20)
    if draw.chance(0.1):
        case.epochs = [Epoch(), Epoch(strategy={"stoploss": rules.stop(draw)})]
    return case


CALLBACK_KINDS: dict[str, Callable[[Draw, str], Case]] = {
    "entries": entries,
    "candles": candles,
    "orders": orders,
    "dca": dca,
    "loop": loop,
    "detail_calls": detail_calls,
    "hostile": hostile,
}
