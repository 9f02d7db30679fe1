"""Random small inputs of the engine, as arrays, and how its twins are run and compared."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from freqkernels.layout import (
    CAPTURE,
    LOCK,
    MARKET,
    NEVER,
    PROTECTION,
    REJECTION,
    ROI_STEP,
    RULES,
    TICK,
    TIER,
    TRADE,
    WALLET,
)
from freqkernels.runtime import kernel

BACKENDS = ("compiled", "reference")
MINUTE = 60_000
HOUR = 60 * MINUTE
#: 2024-01-31 20:00 in UTC: a month ends, and it is a funding time.
START = 1_706_731_200_000
EMPTY = np.empty(0)
DTYPES = {"trades": TRADE, "left": TRADE, "captures": CAPTURE, "rejections": REJECTION}
DTYPES |= {"locks": LOCK, "visits": np.dtype(np.int32)}


@dataclass
class Inputs:
    """What a twin gets; the functions that fill it in draw from ``rng``."""

    rng: np.random.Generator
    rules: dict[str, Any]
    wallet: dict[str, Any]
    roi: list[tuple[int, float]]
    markets: list[dict[str, Any]] = field(default_factory=list)
    ticks: list[tuple[int, float]] = field(default_factory=list)
    tiers: list[tuple[Any, ...]] = field(default_factory=list)
    capital: list[float] = field(default_factory=list)
    whole: list[int] = field(default_factory=list)
    candles: list[tuple[Any, ...]] = field(default_factory=list)
    details: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    funding: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    protections: tuple[Any, ...] | None = None
    leverage: Callable[..., Any] | None = None

    def simulation(self, backend: str) -> Any:
        """A twin that has everything but its first candle."""
        run = kernel("simulate", "Simulation").twin(backend)(
            struct(RULES, self.rules),
            struct(WALLET, self.wallet),
            np.array(self.roi, ROI_STEP),
            np.concatenate([np.zeros(0, MARKET), *(struct(MARKET, m) for m in self.markets)]),
            np.array(self.ticks, TICK),
            np.array(self.tiers, TIER),
            np.array(self.capital, np.float64),
            np.array(self.whole, np.uint8),
            self.leverage,
        )
        for pair, columns in enumerate(self.candles):
            run.set_candles(pair, *columns)
        for pair, columns in self.details.items():
            run.set_details(pair, *columns)
        for pair, columns in self.funding.items():
            run.set_funding(pair, *columns)
        if self.protections is not None:
            run.set_protections(*self.protections)
        return run


def struct(dtype: np.dtype, values: dict[str, Any]) -> np.ndarray:
    assert set(values) <= set(dtype.names or ()), set(values) - set(dtype.names or ())
    result = np.zeros(1, dtype)
    for name, value in values.items():
        result[name] = value
    return result


# ---- running and comparing


def outcome(run: Any, steps: Iterator[int] | None = None) -> dict[str, Any]:
    """Everything that comes out of a run, in one go or in slices of so many candles."""
    goes_well = run.start()
    while goes_well and run.candle < run.candles:
        goes_well = run.run(run.candle + next(steps) if steps else run.candles)
    goes_well = goes_well and run.finish()
    found: dict[str, Any] = {"refusal": run.refusal[:2], "goes well": goes_well}
    if not goes_well:
        return found
    found |= {"summary": run.summary(), "visited rows": run.visited_rows(), "candle": run.candle}
    found["closed trades"] = run.closed_trades
    locks = run.locks()
    taken = {name: getattr(run, f"take_{name}")() for name in DTYPES if name != "locks"}
    return found | {
        name: np.frombuffer(taken.get(name, locks), dtype) for name, dtype in DTYPES.items()
    }


def leaves(array: np.ndarray, path: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """The plain fields of structs, without the padding between them."""
    if array.dtype.names is None:
        yield path, array
    for name in array.dtype.names or ():
        yield from leaves(array[name], f"{path}.{name}")


def difference(ours: dict[str, Any], other: dict[str, Any]) -> str:
    """Where two outcomes differ first, or ""."""
    if ours.keys() != other.keys():
        return f"{ours['refusal']} and {other['refusal']}"
    for name, value in ours.items():
        if not isinstance(value, np.ndarray):
            if repr(value) != repr(other[name]):
                return f"{name}: {value!r} and {other[name]!r}"
            continue
        if len(value) != len(other[name]):
            return f"{name}: {len(value)} and {len(other[name])}"
        for (path, a), (_, b) in zip(leaves(value), leaves(other[name]), strict=True):
            bits = np.dtype(f"u{a.dtype.itemsize}")
            differ = np.flatnonzero(
                np.ascontiguousarray(a).view(bits) != np.ascontiguousarray(b).view(bits)
            )
            if len(differ):
                at = int(differ[0])
                return f"{name}[{at}]{path}: {a[at]!r} and {b[at]!r}"
    return ""


# ---- random inputs


def one_of(rng: np.random.Generator, *choices: Any) -> Any:
    return choices[int(rng.integers(len(choices)))]


def maybe(rng: np.random.Generator, chance: float = 0.5) -> bool:
    return bool(rng.random() < chance)


def random_rules(rng: np.random.Generator) -> dict[str, Any]:
    futures = maybe(rng)
    timeframe = one_of(rng, 5, 15, 60)
    timeout = one_of(rng, NEVER, NEVER, 0, timeframe * MINUTE * 1000, 3 * HOUR * 1000)
    candles = int(rng.integers(20, 90))
    trailing_positive = one_of(rng, None, 0.0, 0.004, 0.02)
    return {
        "start_ms": START,
        "end_ms": START + candles * timeframe * MINUTE + one_of(rng, 0, 0, 0, MINUTE),
        "timeframe_ms": timeframe * MINUTE,
        "timeframe_min": timeframe,
        "detail_ms": one_of(rng, 0, 0, 0, timeframe * MINUTE // 5),
        "funding_ms": one_of(rng, 1, 2, 8) * HOUR if futures else 0,
        "entry_timeout_us": timeout,
        "exit_timeout_us": one_of(rng, NEVER, timeout),
        "trade_id": one_of(rng, 0, 41),
        "order_id": one_of(rng, 0, 97),
        "stoploss": one_of(rng, -0.01, -0.03, -0.1, -0.333, -0.99, -1.0, -1.5),
        "trailing_stop": maybe(rng),
        "has_trailing_stop_positive": trailing_positive is not None,
        "trailing_stop_positive": trailing_positive or 0.0,
        "trailing_stop_positive_offset": one_of(rng, 0.0, 0.005, 0.03),
        "trailing_only_offset_is_reached": maybe(rng),
        "use_exit_signal": maybe(rng, 0.8),
        "exit_profit_only": maybe(rng, 0.3),
        "exit_profit_offset": one_of(rng, 0.0, 0.01, -0.02),
        "ignore_roi_if_entry_signal": maybe(rng, 0.3),
        "position_stacking": maybe(rng, 0.25),
        "max_open_trades": one_of(rng, 1, 2, 3, math.inf, -1.0, 0.0),
        "can_short": futures and maybe(rng, 0.8),
        "futures": futures,
        "entry_limit": maybe(rng, 0.7),
        "exit_limit": maybe(rng, 0.7),
        "fee": one_of(rng, 0.0, 0.001, 0.0025, 0.00075),
        "ignore_expired_after_s": one_of(rng, 0.0, 120.0),
        "capture_wallets": maybe(rng, 0.8),
        "collect_rejected": maybe(rng),
        "compensated_sum": maybe(rng),
        "liquidation": one_of(rng, 1, 2) if futures else 0,
        "liquidation_buffer": one_of(rng, 0.0, 0.05) if futures else 0.0,
        "asks_leverage": futures and maybe(rng, 0.8),
        "margin_reserve": 1.05,
        "stoploss_reserve": 1.05 / 0.95,
    }


def random_wallet(rng: np.random.Generator) -> dict[str, Any]:
    unlimited = maybe(rng)
    start = one_of(rng, 1000.0, 777.77, 250.0)
    return {
        "start": start,
        "tradable_balance_ratio": one_of(rng, 0.99, 1.0, 0.5),
        "available_capital": one_of(rng, math.nan, math.nan, 300.0),
        "stake_amount": math.nan if unlimited else one_of(rng, 100.0, 33.3, 400.0),
        "last_stake_amount_min_ratio": 0.5,
        "starting_balance": start,
        "stake_currency": 0,
        "amend_last_stake_amount": maybe(rng),
    }


def random_roi(rng: np.random.Generator, timeframe_min: int) -> list[tuple[int, float]]:
    steps = [0, timeframe_min, 2 * timeframe_min + 1, 6 * timeframe_min, 1000]
    chosen = [step for step in steps if maybe(rng)]
    ratios = (0.002, 0.01, 0.03, 10.0, 10.0, 0.0, -0.01, -1.0)
    return [(step, float(one_of(rng, *ratios[: 5 if step == 0 else 8]))) for step in chosen]


def random_prices(rng: np.random.Generator, rows: int, unit: float, level: int) -> np.ndarray:
    """Open, high, low and close on a coarse grid, so that they often meet; some inconsistent."""
    if maybe(rng, 0.25):
        return _few_prices(rng, rows) * unit
    step = level // one_of(rng, 40, 150, 600)
    walk = level + np.cumsum(rng.integers(-step - 1, step + 2, rows + 1))
    walk = np.maximum(walk, level // 5 + 1)
    opens, closes = walk[:-1], walk[1:]
    spread = rng.integers(0, step + 2, (2, rows))
    highs = np.maximum(opens, closes) + spread[0]
    lows = np.maximum(np.minimum(opens, closes) - spread[1], 1)
    broken = rng.random((2, rows)) < one_of(rng, 0.0, 0.03, 0.15)
    highs = np.where(broken[0], np.minimum(opens, closes), highs)
    lows = np.where(broken[1], np.maximum(opens, closes), lows)
    lows, highs = np.minimum(lows, highs), np.maximum(lows, highs)
    return np.array([opens, highs, lows, closes]) / (1.0 / unit)


def _few_prices(rng: np.random.Generator, rows: int) -> np.ndarray:
    """Prices at the very distances of stops, offsets and returns from an entry at 1000."""
    steps = np.array([0, 0, 0, 2, 5, 10, 30])
    opens = 1000 + rng.choice([0, 0, 0, 0, 5, -10], rows)
    highs, lows = opens + rng.choice(steps, rows), opens - rng.choice(steps, rows)
    return np.array([opens, highs, lows, np.where(rng.random(rows) < 0.5, highs, lows)])


def random_signals(rng: np.random.Generator, rows: int) -> np.ndarray:
    """Truths, and of most of them also "== 1"."""
    chances = np.array([0.25, 0.08, 0.2, 0.08])[:, None]
    true = rng.random((4, rows)) < chances
    is_one = true & (rng.random((4, rows)) < 0.9)
    bits = np.concatenate([is_one, true])
    return np.packbits(bits, axis=0, bitorder="little")[0]


def add_pair(inputs: Inputs, pair: int) -> None:
    """Candles, details, funding, market, ticks and tiers of a pair."""
    rng, rules = inputs.rng, inputs.rules
    candles = (rules["end_ms"] - START) // rules["timeframe_ms"]
    first = int(one_of(rng, 1, 1, 1, rng.integers(1, candles + 1)))
    places = np.arange(first, first + one_of(rng, candles, candles + 5, candles // 2, 0))
    gaps = maybe(rng, 0.3)
    if gaps:
        places = places[rng.random(len(places)) < 0.8]
    decimals = int(rng.integers(0, 6))
    unit, level = 10.0**-decimals, int(10 ** rng.uniform(2, 4))
    rows = len(places)
    prices = random_prices(rng, rows, unit, level)
    if maybe(rng, 0.15):  # all digits that there are, most of them behind 18 decimals
        prices *= rng.uniform(0.5, 2.0) * 1e-7
        unit *= 1e-7
    signals = random_signals(rng, rows)
    stop_tags = (rng.random(rows) < 0.5).astype(np.uint8) if maybe(rng) else None
    candle = places.astype(np.int32) if gaps else None
    inputs.candles.append((*prices, signals, int(places[0]) if rows else 0, candle, stop_tags))
    if rules["detail_ms"] and maybe(rng, 0.8):
        inputs.details[pair] = _details(inputs, places, unit, level)
    if rules["futures"]:
        inputs.funding[pair] = _funding(rng, rules)
    _add_market(inputs, pair, unit, unit * level)


def _details(inputs: Inputs, places: np.ndarray, unit: float, level: int) -> tuple[Any, ...]:
    rng, rules = inputs.rng, inputs.rules
    steps = rules["timeframe_ms"] // rules["detail_ms"]
    times = (START + places[:, None] * rules["timeframe_ms"]).ravel()
    times = (times[:, None] + np.arange(steps) * rules["detail_ms"]).ravel()
    times = times[rng.random(len(times)) < one_of(rng, 1.0, 0.8, 0.3)].astype(np.int64)
    if maybe(rng, 0.2):
        times = np.sort(np.concatenate([times, times[:7]]))
    return times, *random_prices(rng, len(times), unit, level)


def _funding(rng: np.random.Generator, rules: dict[str, Any]) -> tuple[Any, ...]:
    times = np.arange(START - 8 * HOUR, rules["end_ms"] + HOUR, rules["funding_ms"], np.int64)
    times = times[rng.random(len(times)) < one_of(rng, 1.0, 0.7, 0.0)]
    fees = rng.normal(0, 0.02, len(times)) * one_of(rng, 1.0, 1e-4, 0.0)
    if len(fees) and maybe(rng, 0.1):
        fees[int(rng.integers(len(fees)))] = math.nan
    return times * 1_000_000, fees


def _add_market(inputs: Inputs, pair: int, unit: float, price: float) -> None:
    rng, futures = inputs.rng, inputs.rules["futures"]
    ticks = [
        (START + one_of(rng, -9, 0, 3, 5) * HOUR, unit * one_of(rng, 1, 1, 0.1, 5, 20))
        for _ in range(int(rng.integers(0, 3)))
    ]
    tiers = _tiers(rng) if futures else []
    mode = one_of(rng, 2, 4, 4)
    base = one_of(rng, pair + 1, pair + 1, 1)
    inputs.markets.append(
        {
            "first_tick": len(inputs.ticks),
            "last_tick": len(inputs.ticks) + len(ticks),
            "first_tier": len(inputs.tiers),
            "last_tier": len(inputs.tiers) + len(tiers),
            "amount_precision": one_of(rng, 8, 3) if mode == 2 else one_of(rng, 1e-8, 0.001, 0.05),
            "amount_mode": mode,
            "price_precision": one_of(rng, 6, 2) if mode == 2 else unit * one_of(rng, 1, 10, 0.5),
            "price_mode": mode,
            "contract_size": one_of(rng, 0.0, 1.0, 0.01, 10.0) if futures else 0.0,
            "cost_min": one_of(rng, math.nan, 5.0, 31.0, 95.0),
            "cost_max": one_of(rng, math.nan, math.nan, 150.0),
            "amount_min": one_of(rng, math.nan, 2 / price, 40 / price),
            "amount_max": one_of(rng, math.nan, math.nan, 90 / price),
            "taker_fee": 0.0005,
            "base_currency": base,
            "captured_currency": one_of(rng, base, base, base, 5),
        }
    )
    inputs.ticks += sorted(ticks)
    inputs.tiers += tiers


def _tiers(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    whole = maybe(rng)
    last = one_of(rng, math.nan, 1e9)
    return [
        (0.0, 2000.0, 50.0, 0.004, 0.0, whole),
        (2000.0, 10_000.0, 20.0, 0.01, 12.0, whole),
        (10_000.0, last, 10.0, 0.05, 400.0, whole),
    ][: one_of(rng, 1, 3, 3)] or []


def random_protections(rng: np.random.Generator, timeframe_ms: int) -> tuple[Any, ...]:
    rules = [
        (
            one_of(rng, 1, 5, 40) * timeframe_ms,
            one_of(rng, 0, 2, 7) * timeframe_ms + one_of(rng, 0, MINUTE),
            float(one_of(rng, 1, 2, 4)),
            one_of(rng, 0.0, 0.01, -0.02),
            one_of(rng, -1, -1, -1, 1290),
            kind,
            *(maybe(rng) for _ in range(3)),
        )
        for kind in rng.permutation(4)[: int(rng.integers(0, 5))]
    ]
    grid = np.array([timeframe_ms, 0, 0], np.int64)
    return np.array(rules, PROTECTION), grid, maybe(rng, 0.3)


def ask_leverage(
    pair: int, row: int, time_ms: int, rate: float, is_short: int, max_leverage: float
) -> float:
    """As a strategy may: ints and floats, below 1 and above what the market allows."""
    answers = (1, 3.0, 100, 0.5, 100, 20, max_leverage, 100.0)
    return answers[(pair + row + is_short + time_ms // MINUTE + int(rate)) % len(answers)]


def random_inputs(seed: int) -> Inputs:
    """The same seed gives the same inputs."""
    rng = np.random.default_rng(seed)
    rules = random_rules(rng)
    inputs = Inputs(rng, rules, random_wallet(rng), random_roi(rng, rules["timeframe_min"]))
    if rules["asks_leverage"] and maybe(rng, 0.2):  # nothing but a liquidation ends a trade
        rules |= {"stoploss": -1.5, "trailing_stop": False, "use_exit_signal": False}
        inputs.roi = []
    for pair in range(int(rng.integers(1, 5))):
        add_pair(inputs, pair)
    inputs.capital = [inputs.wallet["start"], *(one_of(rng, 0.0, 0.0, 3.0) for _ in range(5))]
    inputs.whole = [int(value == int(value) and maybe(rng)) for value in inputs.capital]
    if maybe(rng):
        inputs.protections = random_protections(rng, rules["timeframe_ms"])
    inputs.leverage = ask_leverage if rules["asks_leverage"] else None
    return inputs


# ---- plain inputs


def plain_inputs(
    prices: list[tuple[float, float, float, float]],
    signals: list[int],
    *,
    pairs: int = 1,
    rules: dict[str, Any] | None = None,
    wallet: dict[str, Any] | None = None,
    market: dict[str, Any] | None = None,
    tiers: tuple[tuple[Any, ...], ...] = (),
    leverage: Callable[..., Any] | None = None,
) -> Inputs:
    """The same candles for every pair, open, high, low and close; bits of signals by row."""
    end_ms = START + len(prices) * 5 * MINUTE
    times = {"start_ms": START, "end_ms": end_ms, "timeframe_ms": 5 * MINUTE, "timeframe_min": 5}
    switches = {"use_exit_signal": True, "entry_limit": True, "exit_limit": True}
    never = {"entry_timeout_us": NEVER, "exit_timeout_us": NEVER}
    limits = {"max_open_trades": math.inf, "stoploss": -0.1}
    reserve = {"margin_reserve": 1.05, "stoploss_reserve": 1.05 / 0.95}
    money = {"start": 1000.0, "tradable_balance_ratio": 1.0, "available_capital": math.nan}
    stake = {"stake_amount": 100.0, "last_stake_amount_min_ratio": 0.5, "starting_balance": 1000.0}
    inputs = Inputs(
        np.random.default_rng(0),
        {**times, **switches, **never, **limits, **reserve, **(rules or {})},
        {**money, **stake, **(wallet or {})},
        roi=[],
        tiers=list(tiers),
        leverage=leverage,
    )
    none = dict.fromkeys(("cost_min", "cost_max", "amount_min", "amount_max"), math.nan)
    precision = {"amount_precision": 1e-8, "amount_mode": 4}
    precision |= {"price_precision": 0.01, "price_mode": 4, "contract_size": 1.0}
    columns = tuple(np.array(column, np.float64) for column in zip(*prices, strict=True))
    for pair in range(pairs):
        places = {"last_tier": len(tiers), "base_currency": pair + 1, "captured_currency": pair + 1}
        inputs.markets.append({**none, **precision, **places, **(market or {})})
        inputs.candles.append((*columns, np.array(signals, np.uint8), 1, None, None))
    inputs.capital = [inputs.wallet["start"], *([0.0] * pairs)]
    inputs.whole = [0] * len(inputs.capital)
    return inputs
