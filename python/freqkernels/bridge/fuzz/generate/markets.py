"""What the exchange says: precisions, limits, contract sizes, leverage tiers, funding."""

from __future__ import annotations

from typing import Any

from freqkernels.bridge.fuzz.case import Market, Row, Tier
from freqkernels.bridge.fuzz.generate.draw import Draw

DECIMAL_PLACES, SIGNIFICANT_DIGITS, TICK_SIZE = 2, 3, 4
_TIERS: tuple[list[Tier], ...] = (
    [(0.0, 1e12, 0.01, 50.0, 0.0)],
    [(0.0, 5000.0, 0.01, 50.0, 0.0), (5000.0, 25000.0, 0.025, 20.0, 75.0),
     (25000.0, 1e9, 0.05, 10.0, 700.0)],
    [(0.0, 100.0, 0.004, 125.0, 0.0), (100.0, 500.0, 0.025, 20.0, 2.1),
     (500.0, 2000.0, 0.1, 5.0, 39.6), (2000.0, None, 0.5, 1.0, 839.6)],
    [(0.0, 1000.0, 0.02, 25.0, 0.0), (1000.0, 1e7, 0.125, 4.0, 105.0)],
)  # fmt: skip


def market(draw: Draw, price: float, mode: int, *, futures: bool) -> Market:
    """A market for a pair of about this price."""
    found = Market(price=_price_step(draw, price, mode), amount=_amount_step(draw, price, mode))
    if futures:
        found.tiers = list(draw.choice(_TIERS))
        found.contract_size = draw.one(1.0, 1.0, 1.0, 0.01, 10.0, 1000.0, 0.1)
    if draw.chance(0.5):
        found.limits = _limits(draw, price)
    return found


def mode(draw: Draw) -> int:
    """A way of counting digits; mostly Binance's own."""
    return int(draw.one(*(TICK_SIZE,) * 7, DECIMAL_PLACES, DECIMAL_PLACES, SIGNIFICANT_DIGITS))


def _price_step(draw: Draw, price: float, mode: int) -> float | None:
    if draw.chance(0.03):
        return None
    digits = max(0, draw.randint(2, 6) - _magnitude(price))
    if mode == TICK_SIZE:
        # freqtrade trades no pair with a finer price.
        step = float(f"1e-{min(digits, 10)}")
        return float(draw.one(step, step, step, float(f"{5 * step:.3g}"), 0.5, 0.025))
    return digits if mode == DECIMAL_PLACES else draw.randint(3, 8)


def _amount_step(draw: Draw, price: float, mode: int) -> float | None:
    if draw.chance(0.03):
        return None
    digits = min(12, max(0, _magnitude(price) + draw.randint(1, 6)))
    if mode == TICK_SIZE:
        return float(f"{draw.one(1, 1, 1, 5)}e-{digits}")
    return digits if mode == DECIMAL_PLACES else draw.randint(3, 8)


def _magnitude(price: float) -> int:
    """Digits before the point, negative for leading zeros behind it."""
    return int(f"{price:e}".partition("e")[2])


def _limits(draw: Draw, price: float) -> dict[str, dict[str, float | None]]:
    cost: dict[str, float | None] = {"min": draw.one(None, 5.0, 10, 90.0, 105.0, 120.0)}
    cost["max"] = draw.one(None, None, 150.0, 9000000.0)
    amount: dict[str, float | None] = {
        "min": draw.one(None, 0.001 / price, 30 / price, 100 / price)
    }
    amount["max"] = draw.one(None, None, 60 / price, 1e6 / price)
    return {"cost": cost, "amount": amount}


def funding(
    draw: Draw, rows: list[Row], seconds: int, every: int
) -> list[tuple[int, float, float]]:
    """Rates and mark prices at some hours, a few of them NaN or missing.

    :param rows: candles that have the prices.
    :param seconds: length of a candle.
    :param every: hours between two payments.
    """
    found = []
    last = int(rows[-1][0] * seconds // 3600) + 1
    step = max(1, every, last // 400)
    for hour in range(-step, last + 1, step):
        near = rows[min(len(rows) - 1, max(0, int(len(rows) * hour / max(1, last))))]
        rate = draw.one(0.0001, draw.rounded(-0.002, 0.002, 8), 0.0, -0.00005)
        mark: float = near[1] * draw.one(1.0, 1.001, 0.9995)
        if draw.chance(0.04):
            rate = float("nan")
        if draw.chance(0.02):
            mark = float("nan")
        if not draw.chance(0.05):
            found.append((hour, rate, mark))
    return found


def leverage(draw: Draw) -> dict[str, Any]:
    """A rule for the ``leverage`` callback."""
    found: dict[str, Any] = draw.one(
        {"by": "constant", "value": draw.one(2.0, 3.0, 5.0, 10.0, 2.5, 25.0)},
        {"by": "constant", "value": draw.one(1, 2, 7, 0, 0.5)},
        {"by": "side", "long": 3.0, "short": 5},
        {"by": "rate", "modulus": 7.0},
        {"by": "limit"},
        {"by": "tag", "value": 4.0},
    )
    return found
