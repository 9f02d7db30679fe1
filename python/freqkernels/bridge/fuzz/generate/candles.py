"""Candles with the irregularities of real ones and some that should not exist.

Prices are whole numbers of a smallest unit ``10**-digits`` until they are written down, so that
a price is the double next to its decimal.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from freqkernels.bridge.fuzz.case import Row
from freqkernels.bridge.fuzz.generate.draw import Draw

Prices = tuple[int, int, int, int]


@dataclass(slots=True)
class Style:
    """How the prices of a pair look.

    :param level: first price, in units.
    :param digits: decimals of the unit.
    :param coarse: units that prices are multiples of, before and from slot ``turn`` on.
    :param turn: slot at which a new month begins.
    :param move: usual relative move in a candle.
    :param jumps: share of candles that move ten times as much.
    :param flat: share of candles without a move.
    :param odd: share of candles whose open or close is outside of low and high.
    :param apart: share of candles that do not open at the last close.
    :param missing: share of missing candles.
    """

    level: int
    digits: int
    coarse: tuple[int, int] = (1, 1)
    turn: int = 0
    move: float = 0.005
    jumps: float = 0.02
    flat: float = 0.05
    odd: float = 0.0
    apart: float = 0.1
    missing: float = 0.0
    _bounds: tuple[int, int] = field(init=False)

    def __post_init__(self) -> None:
        self._bounds = (max(1, self.level // 8), self.level * 8)

    def near(self, price: float, slot: int) -> int:
        """The nearest price that exists at a slot."""
        low, high = self._bounds
        unit = self.coarse[slot >= self.turn]
        return max(1, round(min(max(price, low), high) / unit)) * unit

    def written(self, price: int) -> float:
        """A price as a number."""
        return price / int(10**self.digits)


#: Level and digits: from shares of a cent to prices of a whole bond.
_LEVELS = (
    (10_000, 2), (250, 0), (4_321_000, 2), (30_000_000, 3), (52_340, 5), (1_234_567, 8),
    (60, 8), (9, 8), (43_210, 12), (980_000_000_000, 11), (25_000_000, 0), (3_141_592_653, 1),
)  # fmt: skip


def style(draw: Draw, count: int) -> Style:
    """Looks for a pair of so many candles."""
    level, digits = draw.choice(_LEVELS)
    level = max(5, round(level * draw.uniform(0.5, 2.0)))
    units = [unit for unit in (1, 1, 1, 5, 10, 25, 100) if unit * 40 < level] or [1]
    coarse = (draw.choice(units), draw.choice(units)) if draw.chance(0.4) else (1, 1)
    return Style(
        level,
        digits,
        coarse,
        turn=count,
        move=draw.one(0.001, 0.003, 0.006, 0.012, 0.03),
        jumps=draw.one(0.0, 0.02, 0.08),
        flat=draw.one(0.0, 0.03, 0.2, 0.5),
        odd=draw.one(0.0, 0.0, 0.0, 0.05, 0.3),
        apart=draw.one(0.0, 0.1, 0.5),
        missing=draw.one(0.0, 0.0, 0.0, 0.02, 0.2),
    )


def candles(draw: Draw, how: Style, slots: range) -> list[Row]:
    """Candles of the slots, less the missing ones; the first and last are never missing."""
    rows = []
    price = how.near(how.level, slots.start)
    for slot in slots:
        prices = _candle(draw, how, slot, price)
        price = prices[3]
        if slot in (slots.start, slots[-1]) or not draw.chance(how.missing):
            rows.append(row(draw, how, slot, prices))
    return rows


def row(draw: Draw, how: Style, slot: int, prices: Prices) -> Row:
    """A candle as it is written down; without a move there may be no volume either."""
    high, low = prices[1:3]
    traded = 0.0 if high == low and draw.chance(0.8) else draw.rounded(0.1, 1000.0, 3)
    opened, highest, lowest, closed = (how.written(price) for price in prices)
    return slot, opened, highest, lowest, closed, traded


def detailed(draw: Draw, how: Style, slots: range, parts: int) -> tuple[list[Row], list[Row]]:
    """Candles of the slots, and those of which they are made, ``parts`` for each.

    Some of the small ones are missing, some main candles have none, some do not fit.
    """
    main, small = [], []
    price = how.near(how.level, slots.start)
    for slot in slots:
        inner = []
        for _ in range(parts):
            inner.append(_candle(draw, how, slot, price))
            price = inner[-1][3]
        whole = (
            inner[0][0],
            max(prices[1] for prices in inner),
            min(prices[2] for prices in inner),
            inner[-1][3],
        )
        if draw.chance(how.odd):
            whole = _made_odd(draw, whole, how.coarse[slot >= how.turn])
        main.append(row(draw, how, slot, whole))
        if not draw.chance(how.missing):
            small += [
                row(draw, how, slot * parts + i, prices)
                for i, prices in enumerate(inner)
                if not draw.chance(how.missing)
            ]
    return main, small


def _candle(draw: Draw, how: Style, slot: int, last: int) -> Prices:
    opened = last if not draw.chance(how.apart) else last * (1 + draw.gauss(0, how.move))
    first = how.near(opened, slot)
    if draw.chance(how.flat):
        return (first, first, first, first)
    move = how.move * (10 if draw.chance(how.jumps) else 1)
    closed = how.near(first * (1 + draw.gauss(0, move)), slot)
    wick = [abs(draw.gauss(0, move / 2)) * draw.chance(0.7) for _ in range(2)]
    high = max(first, closed, how.near(max(first, closed) * (1 + wick[0]), slot))
    low = min(first, closed, how.near(min(first, closed) * (1 - wick[1]), slot))
    prices = (first, high, low, closed)
    return _made_odd(draw, prices, how.coarse[slot >= how.turn]) if draw.chance(how.odd) else prices


def _made_odd(draw: Draw, prices: Prices, unit: int) -> Prices:
    """Open or close outside of low and high, or low and high in the wrong order."""
    opened, high, low, closed = prices
    by = unit * draw.randint(1, 4)
    lower = max(unit, low - by)
    return draw.choice(
        [
            (high + by, high, low, closed),
            (lower, high, low, closed),
            (opened, high, low, high + by),
            (opened, high, low, lower),
            (opened, low, high, closed),
        ]
    )
