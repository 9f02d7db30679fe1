"""What a synthetic market looks like: its settings, sizes and pairs."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from freqkernels.errors import InvalidInputError
from freqkernels.timeframes import fixed_step_seconds

#: Usual prices of well-known bases in US dollars; pairs of other names get a random one.
_DOLLARS = {
    "BTC": 43_000.0,
    "XRP": 0.53,
    "PEPE": 1.1e-6,
    "ETH": 2_300.0,
    "DOGE": 0.08,
    "SOL": 95.0,
    "ADA": 0.5,
    "SHIB": 9.2e-6,
    "LTC": 68.0,
    "HOT": 0.0018,
    "YFI": 7_500.0,
    "TRX": 0.11,
    "LINK": 14.5,
    "SATS": 4.3e-7,
    "DOT": 7.1,
    "AVAX": 35.0,
    "XLM": 0.115,
    "BONK": 1.2e-5,
    "ATOM": 9.8,
    "BCH": 240.0,
    "ETC": 25.0,
    "LUNC": 1.1e-4,
    "UNI": 6.4,
    "NEAR": 2.9,
    "FIL": 5.2,
}
_DOLLAR_QUOTES = ("USDT", "USDC", "USD")
#: Below this price futures are traded by the thousand (1000PEPE).
_THOUSANDS_BELOW = 5e-4
_CODE = r"[A-Za-z0-9$][A-Za-z0-9.@$+-]*"
_PAIR = re.compile(f"{_CODE}/{_CODE}(:{_CODE})?")
_YEAR_LIMIT = 2200


class MarketSize(NamedTuple):
    """Number of pairs, and of candles of each before gaps are taken out."""

    pairs: int
    candles: int


#: The named sizes; with 5m candles they last 17 days, half a year and a year.
SIZES: Mapping[str, MarketSize] = {
    "small": MarketSize(3, 5_000),
    "medium": MarketSize(10, 50_000),
    "large": MarketSize(100, 100_000),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSpec:
    """Settings of a synthetic market; the same for all of its pairs.

    Shares are fractions of the candles, between 0 and 0.5, and met on average.

    :param timeframe: of the candles, up to six days ("5m").
    :param candles: number of candles before gaps are taken out.
    :param start: opening of the first candle; aware, and on the grid of ``timeframe``.
    :param price_range: lowest and highest price, before rounding to ticks. A pair starts near
        the price its base is known for, or anywhere in the range if it is not known, and stays
        within a tenth and ten times of that.
    :param max_decimals: most decimals of a price, 0 to 15.
    :param daily_volatility: standard deviation of the logarithm of a day's return, 0 to 2.
    :param clustering: how much volatility itself varies; 0 for constant volatility, up to 2.
    :param correlation: share of every pair's variance that comes from the whole market, 0 to 1.
    :param tick_changes: probability at the turn of a month that a pair's tick size changes,
        0 to 1. Pairs of a few ticks a price keep theirs.
    :param gaps: share of missing candles; the first and the last candle are never missing.
    :param zero_volume: share of candles without a trade: flat, at the last close, volume 0.
    :param ties: share of candles that close where the last one closed, though there was volume;
        half of them are flat.
    :param duplicates: share of candles that come twice, as a copy or as a first snapshot of
        the candle (only its open, half its volume) and then the candle.
    :param late: share of candles that come 1 to 20 rows late.
    :raise InvalidInputError: naming the field that is out of bounds.
    """

    timeframe: str = "5m"
    candles: int = 5_000
    start: datetime = datetime(2024, 1, 20, tzinfo=UTC)
    price_range: tuple[float, float] = (1e-8, 1e5)
    max_decimals: int = 8
    daily_volatility: float = 0.05
    clustering: float = 0.6
    correlation: float = 0.4
    tick_changes: float = 0.5
    gaps: float = 0.002
    zero_volume: float = 0.005
    ties: float = 0.02
    duplicates: float = 0.0
    late: float = 0.0

    def __post_init__(self) -> None:
        if fixed_step_seconds(self.timeframe) is None:
            raise InvalidInputError(
                f"timeframe: expected a fixed step of up to six days (like '5m'), "
                f"got {self.timeframe!r}"
            )
        check_int("candles", self.candles, 1, 10**9)
        check_int("max_decimals", self.max_decimals, 0, 15)
        self._check_dates()
        self._check_prices()
        for name in ("daily_volatility", "clustering"):
            _check_number(name, getattr(self, name), 0.0, 2.0)
        for name in ("correlation", "tick_changes"):
            _check_number(name, getattr(self, name), 0.0, 1.0)
        for name in ("gaps", "zero_volume", "ties", "duplicates", "late"):
            _check_number(name, getattr(self, name), 0.0, 0.5)

    @property
    def step_ms(self) -> int:
        """Milliseconds of a candle."""
        return 1000 * (fixed_step_seconds(self.timeframe) or 0)

    @property
    def start_ms(self) -> int:
        """Opening of the first candle, milliseconds since 1970 UTC."""
        return (self.start - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)

    @property
    def end_ms(self) -> int:
        """End of the last candle, milliseconds since 1970 UTC."""
        return self.start_ms + self.candles * self.step_ms

    def messy(self) -> MarketSpec:
        """The same market with much of what goes wrong at exchanges and in downloads."""
        return replace(self, gaps=0.02, zero_volume=0.05, ties=0.1, duplicates=0.01, late=0.01)

    def _check_dates(self) -> None:
        if not isinstance(self.start, datetime) or self.start.tzinfo is None:
            raise InvalidInputError(f"start: expected an aware datetime, got {self.start!r}")
        if self.start.microsecond % 1000 or self.start_ms % self.step_ms:
            raise InvalidInputError(
                f"start: no {self.timeframe} candle opens at {self.start.isoformat()}"
            )
        limit = datetime(_YEAR_LIMIT, 1, 1, tzinfo=UTC).timestamp() * 1000
        if self.start_ms < 0 or self.end_ms > limit:
            raise InvalidInputError(
                f"start: expected all candles between 1970 and {_YEAR_LIMIT}, got {self.candles} "
                f"candles of {self.timeframe} from {self.start.isoformat()}"
            )

    def _check_prices(self) -> None:
        bounds = self.price_range
        if not isinstance(bounds, tuple) or len(bounds) != 2:
            raise InvalidInputError(f"price_range: expected (lowest, highest), got {bounds!r}")
        low = _check_number("price_range", bounds[0], 1e-15, 1e9)
        high = _check_number("price_range", bounds[1], 1e-15, 1e9)
        if low >= high:
            raise InvalidInputError(f"price_range: {low!r} is not below {high!r}")
        if low * 10.0**self.max_decimals < 1.0 - 1e-9:
            raise InvalidInputError(
                f"price_range: {low!r} cannot be written with max_decimals={self.max_decimals}"
            )


def sized_market(
    size: str, *, futures: bool = False, **changes: Any
) -> tuple[list[str], MarketSpec]:
    """Pairs and settings of one of the :data:`SIZES`.

    :param size: "small", "medium" or "large".
    :param futures: perpetual futures instead of spot pairs.
    :param changes: fields of :class:`MarketSpec` that differ from the defaults.
    :return: names of the pairs, settings.
    :raise InvalidInputError: for another size or a field out of bounds.
    """
    if size not in SIZES:
        raise InvalidInputError(f"size: expected one of {', '.join(SIZES)}, got {size!r}")
    pairs, candles = SIZES[size]
    spec = MarketSpec(**{"candles": candles, **changes})
    return pair_names(pairs, futures=futures), spec


def pair_names(count: int, *, futures: bool = False) -> list[str]:
    """Names for synthetic pairs, prices from high to low well mixed: BTC/USDT first.

    :param count: how many, 1 to 10,000. Those that have no well-known base left are called
        SYN26/USDT and so on.
    :param futures: perpetual futures ("BTC/USDT:USDT") instead of spot pairs.
    :return: names.
    :raise InvalidInputError: if ``count`` is out of bounds.
    """
    check_int("count", count, 1, 10_000)
    known = list(_DOLLARS)
    bases = known[:count] + [f"SYN{i + 1}" for i in range(len(known), count)]
    if not futures:
        return [f"{base}/USDT" for base in bases]
    thousands = {base for base, price in _DOLLARS.items() if price < _THOUSANDS_BELOW}
    return [f"1000{b}/USDT:USDT" if b in thousands else f"{b}/USDT:USDT" for b in bases]


def usual_price(pair: str) -> float | None:
    """The price at which a well-known pair trades, None for all others."""
    base, quote = pair.split(":")[0].split("/")
    if quote not in _DOLLAR_QUOTES:
        return None
    if base in _DOLLARS:
        return _DOLLARS[base]
    thousandth = _DOLLARS.get(base.removeprefix("1000"))
    return None if thousandth is None else 1000 * thousandth


def check_pair(pair: object) -> str:
    """Refuse what is no name of a pair.

    :raise InvalidInputError: unless it is like "BTC/USDT" or "BTC/USDT:USDT".
    """
    if not isinstance(pair, str) or not _PAIR.fullmatch(pair):
        raise InvalidInputError(f"pair: expected BASE/QUOTE or BASE/QUOTE:SETTLE, got {pair!r}")
    return pair


def check_int(name: str, value: object, low: int, high: int) -> int:
    """Refuse what is no integer from ``low`` to ``high``.

    :raise InvalidInputError: naming ``name``.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidInputError(f"{name}: expected an integer {low} to {high}, got {value!r}")
    return value


def _check_number(name: str, value: object, low: float, high: float) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not math.isfinite(value)
        or not low <= value <= high
    ):
        raise InvalidInputError(f"{name}: expected a number {low:g} to {high:g}, got {value!r}")
    return float(value)
