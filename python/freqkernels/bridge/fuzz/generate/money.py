"""Stakes, wallets, fees, timeouts: what the configuration says."""

from __future__ import annotations

from typing import Any

from freqkernels.bridge.fuzz.generate.draw import Draw

FEES = (
    0.0,
    0,
    0.001,
    0.001,
    0.00075,
    0.0004,
    0.0025,
    0.0010000000000000002,
    0.00123456789,
    0.1 / 300,
)


def config(draw: Draw) -> dict[str, Any]:
    """Settings that every kind of case varies a little."""
    found: dict[str, Any] = {"fee": draw.choice(FEES)}
    found["max_open_trades"] = draw.one(1, 2, 3, 3, 5, -1)
    if draw.chance(0.3):
        found["export"] = draw.one("trades", "signals")
    if draw.chance(0.15):
        found["runmode"] = "hyperopt"
    if draw.chance(0.15):
        found["position_stacking"] = True
    if draw.chance(0.3):
        found |= timeouts(draw)
    found |= stakes(draw, found["max_open_trades"]) if draw.chance(0.5) else {}
    return found


def stakes(draw: Draw, slots: int) -> dict[str, Any]:
    """Stake, wallet and how much of it may be used; small wallets run out."""
    found: dict[str, Any] = {}
    wallet = draw.one(1000.0, 1000, 250.5, 99, 12345.678901, 10_000_000)
    found["dry_run_wallet"] = wallet
    if draw.chance(0.2):
        found["dry_run_wallet"] = {"USDT": wallet, "AAA": draw.one(0.5, 3), "XYZ": 7.25}
        if draw.chance(0.1):
            del found["dry_run_wallet"]["USDT"]
    if draw.chance(0.2):
        found["amount_reserve_percent"] = draw.one(0.0, 0.01, 0.5)
    if slots != -1 and draw.chance(0.5):
        found["stake_amount"] = "unlimited"
    else:
        found["stake_amount"] = draw.one(100, 33.3, 0.7, 400.0, draw.rounded(1, 300, 8))
    if draw.chance(0.3):
        found["tradable_balance_ratio"] = draw.one(1.0, 0.5, 0.33, 1)
    if draw.chance(0.25):
        found["available_capital"] = draw.one(200, 500.5, 1e4)
    if draw.chance(0.4):
        found["amend_last_stake_amount"] = True
        found["last_stake_amount_min_ratio"] = draw.one(0.0, 0.5, 0.9, 1.0)
    return found


def timeouts(draw: Draw) -> dict[str, Any]:
    """When orders that wait are given up."""
    unit = draw.one("minutes", "minutes", "seconds")
    long = 60 if unit == "seconds" else 1
    entry, leave = (draw.one(1, 5 * long, 15 * long, 60 * long) for _ in range(2))
    return {"unfilledtimeout": {"entry": entry, "exit": leave, "unit": unit}}
