"""Attributes of the strategy: targets, stops, trailing, exits, protections."""

from __future__ import annotations

from typing import Any

from freqkernels.bridge.fuzz.generate.draw import Draw


def roi(draw: Draw, minutes: int) -> dict[str, float]:
    """A ROI table whose times are on and off the grid of candles of so many minutes."""
    shape = draw.randint(0, 8)
    if shape == 0:
        return {}
    if shape == 1:
        return {"0": draw.one(0.0, 0.01, 0.002, 0.05)}
    if shape == 2:
        return {str(draw.randint(1, 12) * minutes): -1}
    if shape == 3:
        return {"0": draw.rounded(0.005, 0.05, 3), str(minutes * 5 + draw.one(0, 1)): -1.0}
    table = {"0": draw.rounded(0.01, 0.08, 4)} if draw.chance(0.8) else {}
    for _ in range(draw.randint(1, 4)):
        time = draw.randint(1, 40) * minutes + draw.one(0, 0, 0, 1, 2)
        table[str(time)] = draw.one(
            0.0, 0, draw.rounded(-0.05, 0.02, 3), draw.rounded(0.0, 0.03, 8), 0.01
        )
    items = list(table.items())
    draw.shuffle(items)
    return dict(items)


def stop(draw: Draw) -> float:
    """A stoploss."""
    return float(draw.choice((
        -0.005, -0.01, -0.02, -0.03, -0.05, -0.1, -0.1, -0.25, -0.5, -0.99, -1.0,
        -draw.rounded(0.001, 0.3, 5),
    )))  # fmt: skip


def trailing(draw: Draw) -> dict[str, Any]:
    """Attributes of a trailing stop that freqtrade accepts."""
    positive = draw.one(None, 0.002, 0.005, 0.01, 0.03, draw.rounded(0.001, 0.04, 5))
    found: dict[str, Any] = {"trailing_stop": True}
    if positive is None:
        return found
    found["trailing_stop_positive"] = positive
    if draw.chance(0.7):
        offset = draw.one(positive * 1.5, positive + 0.001, positive + 0.01, positive * 3)
        found["trailing_stop_positive_offset"] = round(offset, draw.one(3, 6, 10)) + 1e-10
        found["trailing_only_offset_is_reached"] = draw.chance(0.5)
    return found


def odd_trailing(draw: Draw) -> dict[str, Any]:
    """Attributes that freqtrade refuses in a configuration, but not from hyperopt."""
    return {
        "trailing_stop": draw.chance(0.8),
        "trailing_stop_positive": draw.one(None, 0.0, 0.01, 0.05),
        "trailing_stop_positive_offset": draw.one(0.0, 0.004, 0.02),
        "trailing_only_offset_is_reached": draw.chance(0.5),
    }


def exits(draw: Draw) -> dict[str, Any]:
    """Whether and when exit signals count."""
    found: dict[str, Any] = {}
    if draw.chance(0.15):
        found["use_exit_signal"] = False
    if draw.chance(0.3):
        found["exit_profit_only"] = True
        if draw.chance(0.6):
            found["exit_profit_offset"] = draw.one(0.01, 0.002, -0.01, 0.0)
    if draw.chance(0.25):
        found["ignore_roi_if_entry_signal"] = True
    return found


def order_types(draw: Draw) -> dict[str, Any]:
    """Limit and market orders."""
    return {
        "entry": draw.one("limit", "market"),
        "exit": draw.one("limit", "market"),
        "stoploss": "limit",
        "stoploss_on_exchange": False,
    }


def strategy(draw: Draw, minutes: int) -> dict[str, Any]:
    """All of it."""
    found: dict[str, Any] = {"minimal_roi": roi(draw, minutes), "stoploss": stop(draw)}
    if draw.chance(0.4):
        found |= trailing(draw)
    found |= exits(draw)
    if draw.chance(0.3):
        found["order_types"] = order_types(draw)
    if draw.chance(0.1):
        found["ignore_buying_expired_candle_after"] = draw.one(0, 1, 60, 150, 300, 3600)
    return found


def protections(draw: Draw) -> list[dict[str, Any]]:
    """One to four of freqtrade's protections."""
    chosen = draw.some(list(_PROTECTIONS), 1)
    draw.shuffle(chosen)
    return [{"method": name, **_PROTECTIONS[name](draw), **_spans(draw)} for name in chosen]


def _spans(draw: Draw) -> dict[str, Any]:
    """How far back a protection looks and how long it locks."""
    found: dict[str, Any] = {}
    if draw.chance(0.8):
        key = draw.one("lookback_period_candles", "lookback_period")
        found[key] = draw.one(1, 5, 20, 100, 600)
    ending = draw.one("stop_duration_candles", "stop_duration", "unlock_at", "")
    if ending == "unlock_at":
        found[ending] = draw.one("00:00", "12:30", "23:59")
    elif ending:
        found[ending] = draw.one(1, 2, 7, 30, 61)
    return found


def _cooldown(draw: Draw) -> dict[str, Any]:
    return {}


def _low_profit(draw: Draw) -> dict[str, Any]:
    found = {"trade_limit": draw.one(1, 2, 4), "required_profit": draw.one(0.0, 0.01, -0.01, 0.05)}
    return found | ({"only_per_side": True} if draw.chance(0.4) else {})


def _drawdown(draw: Draw) -> dict[str, Any]:
    found = {"trade_limit": draw.one(1, 3, 8), "max_allowed_drawdown": draw.one(0.0, 0.005, 0.05)}
    return found | ({"calculation_mode": draw.one("ratios", "equity")} if draw.chance(0.6) else {})


def _stoploss_guard(draw: Draw) -> dict[str, Any]:
    found: dict[str, Any] = {"trade_limit": draw.one(1, 2, 4)}
    for name in draw.some(("only_per_pair", "only_per_side")):
        found[name] = True
    return found | ({"required_profit": draw.one(-0.02, 0.0, 0.01)} if draw.chance(0.4) else {})


_PROTECTIONS = {
    "CooldownPeriod": _cooldown,
    "LowProfitPairs": _low_profit,
    "MaxDrawdown": _drawdown,
    "StoplossGuard": _stoploss_guard,
}
