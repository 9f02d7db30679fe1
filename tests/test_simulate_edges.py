"""The engine at its edges: any order of calls, and numbers that are as large or small as can be."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import freqkernels
from _simulation import BACKENDS, DTYPES, outcome, random_inputs, random_protections
from freqkernels import Market, Rules, Simulated, WalletRules, simulate
from freqkernels.errors import InvalidInputError, SimulationError
from freqkernels.identity import first_difference
from freqkernels.layout import TRADE

START, STEP = 1_704_067_200_000, 300_000
TIERS = (
    {
        "minNotional": 0.0,
        "maxNotional": 1e9,
        "maxLeverage": 20.0,
        "maintenanceMarginRate": 0.01,
        "maintAmt": 0.0,
    },
)
TINY, HUGE = 5e-324, 1e308

# ---- the door: whatever the order of calls, memory stays whole


def call_anything(run: Any, rng: np.random.Generator) -> None:
    """One call of many, with arguments of the right types."""
    calls = {
        "start": run.start,
        "run": lambda: run.run(int(rng.integers(-5, 100))),
        "run on": lambda: run.run(run.candle + int(rng.integers(0, 9))),
        "run to the end of time": lambda: run.run(2**63 - 1),
        "finish": run.finish,
        "protections": lambda: run.set_protections(*random_protections(rng, STEP)),
        "looks": lambda: (run.summary(), run.visited_rows(), run.refusal, run.closed_trades),
        "locks": lambda: np.frombuffer(run.locks(), DTYPES["locks"]),
        **{
            name: lambda name=name: np.frombuffer(getattr(run, f"take_{name}")(), DTYPES[name])
            for name in DTYPES
            if name != "locks"
        },
    }
    calls[list(calls)[int(rng.integers(len(calls)))]]()


@pytest.mark.parametrize("seed", range(150))
def test_calls_in_any_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    run = random_inputs(seed).simulation("compiled")
    if seed % 3:
        run.start()
    for _ in range(40):
        call_anything(run, rng)


@pytest.mark.parametrize("seed", range(30))
def test_trades_may_be_taken_on_the_way(seed: int) -> None:
    whole = outcome(random_inputs(seed).simulation("compiled"))
    run, parts = random_inputs(seed).simulation("compiled"), []
    went_well = run.start()
    while went_well and run.candle < run.candles:
        went_well = run.run(run.candle + 7)
        parts.append(run.take_trades())
    went_well = went_well and run.finish()
    parts.append(run.take_trades())
    assert went_well == whole["goes well"]
    if went_well:
        assert b"".join(parts) == whole["trades"].tobytes()
        assert sum(map(len, parts)) % TRADE.itemsize == 0


# ---- numbers


def table(scale: float = 1.0, start: int = START) -> dict[str, Any]:
    """Some candles with signals."""
    row = np.arange(40)
    return {
        "date": start + STEP * row,
        "open": (100.0 + row % 7) * scale,
        "high": (110.0 + row % 3) * scale,
        "low": (99.0 - row % 5) * scale,
        "close": (104.0 - row % 4) * scale,
        "enter_long": (row % 3 == 0) * 1,
        "exit_long": (row % 5 == 0) * 1,
        "enter_short": (row % 4 == 1) * 1,
    }


def run(
    candles: dict[str, Any],
    *,
    futures: bool,
    market: dict[str, Any] | None = None,
    wallet: dict[str, Any] | None = None,
    **rules: Any,
) -> Simulated:
    usual: dict[str, Any] = {"timeframe": "5m", "stoploss": -0.01, "fee": 0.001}
    usual |= {"max_open_trades": 2, "minimal_roi": {0: 0.02}, "trailing_stop": True}
    usual |= {"trailing_stop_positive": 0.001, "trailing_stop_positive_offset": 0.002}
    mode: dict[str, Any] = {"trading_mode": "futures", "can_short": True} if futures else {}
    tiers = {"leverage_tiers": TIERS} if futures else {}
    pair = "A/USDT:USDT" if futures else "A/USDT"
    return simulate(
        {pair: candles},
        None,
        Rules(**{**usual, **mode, **rules}),
        WalletRules(**{"stake_currency": "USDT", "stake_amount": 100, **(wallet or {})}),
        markets={pair: Market(**{**tiers, **(market or {})})},
    )


def told(backend: str, scale: float = 1.0, **settings: Any) -> Any:
    """Everything that a twin says, or why it says nothing."""
    with freqkernels.use_backend(backend):
        try:
            found = run(table(scale), **settings)
        except SimulationError as error:
            return str(error)
    names = ("trades", "orders", "left_open", "wallet", "counters", "final_balance")
    return {name: getattr(found, name) for name in names}


EXTREMES: dict[str, dict[str, Any]] = {
    **{f"prices of {scale}": {"scale": scale} for scale in (1e-300, 1e-15, 1e15, 1e100, 1e300)},
    **{
        f"{name} of {value}": {"wallet": {name: value}}
        for name in ("stake_amount", "dry_run_wallet", "available_capital")
        for value in (0, TINY, HUGE, 10**300)
    },
    **{
        f"{name} of {value}": {"market": {name: value}}
        for name in ("cost_min", "cost_max", "amount_min", "amount_max", "contract_size")
        for value in (TINY, HUGE)
    },
    **{
        f"{mode} digits: {price} and {amount}": {
            "market": {
                "precision_mode": mode,
                "price_precision": price,
                "amount_precision": amount,
            }
        }
        for mode in (2, 3)
        for price in (0, 20, 400, 1e300)
        for amount in (0, 8, HUGE)
    },
    **{
        f"steps: {price} and {amount}": {
            "market": {"price_precision": price, "amount_precision": amount}
        }
        for price in (TINY, 1e-15, HUGE)
        for amount in (TINY, 1.0, HUGE)
    },
    **{
        f"{name} of {value}": {name: value}
        for name, value in (
            *(("fee", TINY), ("fee", 1 - 2**-53), ("stoploss", -TINY), ("stoploss", -1)),
            *(("minimal_roi", {0: HUGE}), ("minimal_roi", {0: -HUGE})),
            *(("minimal_roi", {2**31 - 1: TINY}), ("trailing_stop_positive", HUGE)),
            *(("trailing_stop_positive_offset", HUGE), ("max_open_trades", 2**31 - 1)),
            *(("exit_profit_offset", -HUGE), ("ignore_buying_expired_candle_after", HUGE)),
        )
    },
}


@pytest.mark.parametrize("futures", [False, True])
@pytest.mark.parametrize("name", EXTREMES)
def test_twins_agree_on_extremes(name: str, futures: bool) -> None:
    settings = {**EXTREMES[name], "futures": futures}
    compiled, reference = (told(backend, **settings) for backend in BACKENDS)
    assert first_difference(compiled, reference) is None


@pytest.mark.parametrize("leverage", [HUGE, TINY, 0, -HUGE, 2**53, math.pi])
def test_twins_agree_on_leverage(leverage: float) -> None:
    settings = {"leverage": lambda **_: leverage, "futures": True}
    compiled, reference = (told(backend, **settings) for backend in BACKENDS)
    assert first_difference(compiled, reference) is None


@pytest.mark.parametrize("start", [2**62, -(2**62), 9_000_000_000_001, -9_000_000_000_001, 10**16])
def test_dates_too_far_away(start: int) -> None:
    with pytest.raises(InvalidInputError, match="'date' has dates before 1685 or after 2255"):
        run(table(start=start), futures=False)


@pytest.mark.parametrize("start", [0, -9_000_000_000_000, 9_000_000_000_000 - 40 * STEP])
def test_dates_far_away(start: int) -> None:
    assert len(run(table(start=start), futures=True).trades)


def test_funding_too_far_away() -> None:
    far = np.array([10**11, 10**11 + 3600]).view("M8[s]")
    funding: Any = {"date": far, "open_fund": [1e-4, 1e-4], "open_mark": [100.0, 100.0]}
    with pytest.raises(InvalidInputError, match="funding: column 'date' has dates before 1685"):
        run(table(), futures=True, market={"funding": funding})
