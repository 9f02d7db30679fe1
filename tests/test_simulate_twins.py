"""The engine and its twin in plain Python: random runs, and runs that are given up."""

from __future__ import annotations

import inspect
import itertools
import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from _simulation import (
    BACKENDS,
    DTYPES,
    EMPTY,
    Inputs,
    difference,
    leaves,
    outcome,
    plain_inputs,
    random_inputs,
)
from freqkernels import layout
from freqkernels.layout import ENTER_LONG, ENTER_SHORT, TRUE_SHIFT, Refusal
from freqkernels.runtime import kernel

SEEDS = 1500
#: What the random runs have to do; a rule that is never used is not tested.
REACHED = (
    *(f"exit {reason}" for reason in layout.EXIT_REASONS[1:]),
    *("short", "leverage int", "funding", "history", "late fill", "late exit", "same row"),
    *("rejected_signals", "timedout_entry_orders", "timedout_exit_orders"),
    *("canceled_exit_orders", "left", "rejections", "locks", "captures", "whole capture"),
    *("late pair", "detail", "stacking", "closed before it opened", "stop below zero", "refused"),
)
LONG, SHORT = ENTER_LONG | ENTER_LONG << TRUE_SHIFT, ENTER_SHORT | ENTER_SHORT << TRUE_SHIFT
FLAT = (100.0, 101.0, 99.0, 100.0)
FALL = (100.0, 101.0, 50.0, 60.0)
FUTURES = {"futures": True, "funding_ms": 3_600_000, "can_short": True, "liquidation": 2}
TIERS = ((0.0, 1000.0, 20.0, 0.01, 0.0, 1), (2000.0, 1e6, 10.0, 0.02, 10.0, 1))


def both(inputs: Inputs) -> list[Any]:
    return [inputs.simulation(backend) for backend in BACKENDS]


@pytest.fixture(scope="module")
def runs() -> list[tuple[Inputs, dict[str, Any], str]]:
    """Inputs, what comes out of the engine, and where its twin differs."""
    found = []
    for seed in range(SEEDS):
        inputs = random_inputs(seed)
        compiled, reference = map(outcome, both(inputs))
        found.append((inputs, compiled, difference(compiled, reference)))
    return found


# ---- random runs


def test_twins_agree(runs: list[tuple[Inputs, dict[str, Any], str]]) -> None:
    assert not {seed: where for seed, (_, _, where) in enumerate(runs) if where}


def happened(inputs: Inputs, found: dict[str, Any]) -> Counter[str]:
    if not found["goes well"]:
        return Counter(["refused"])
    trades, visits = found["trades"], found["visits"].tolist()
    counts = {f"exit {layout.EXIT_REASONS[code]}": 1 for code in trades["reason"]}
    entry, exit_ = trades["entry"], trades["exit"]
    counts |= {name: found["summary"][name] for name in REACHED if name in found["summary"]}
    counts |= {name: len(found[name]) for name in ("left", "rejections", "locks", "captures")}
    counts |= {
        "short": trades["is_short"].sum(),
        "leverage int": (trades["leverage_kind"] == layout.Kind.INT).sum(),
        "funding": (trades["funding_fees"] != 0).sum(),
        "history": trades["from_history"].sum(),
        "late fill": (entry["filled_ms"] > entry["placed_ms"]).sum(),
        "late exit": (exit_["filled_ms"] > exit_["placed_ms"]).sum(),
        "same row": (trades["close_ms"] == trades["open_ms"]).sum(),
        "closed before it opened": (trades["close_ms"] < trades["open_ms"]).sum(),
        "stop below zero": (trades["stop_loss"] < 0).sum(),
        "whole capture": found["captures"]["is_whole"].sum(),
        "late pair": visits != sorted(visits),
        "detail": len(trades) * bool(inputs.rules["detail_ms"]),
        "stacking": len(trades) * bool(inputs.rules["position_stacking"]),
    }
    return Counter({name: int(count) for name, count in counts.items()})


def test_runs_reach_the_rules(runs: list[tuple[Inputs, dict[str, Any], str]]) -> None:
    total = sum((happened(inputs, found) for inputs, found, _ in runs), Counter[str]())
    assert not {name: total[name] for name in REACHED if total[name] < 20}
    assert total["refused"] < 0.2 * SEEDS


@pytest.mark.parametrize("backend", BACKENDS)
def test_slices_of_any_size_give_the_same(backend: str) -> None:
    for seed in range(200):
        inputs = random_inputs(seed)
        steps = iter(np.random.default_rng(seed).choice([1, 1, 2, 7, 30], 1000).tolist())
        sliced = outcome(inputs.simulation(backend), steps)
        assert not difference(outcome(inputs.simulation(backend)), sliced), seed


# ---- runs that are given up


def raises(*_: Any) -> float:
    raise RuntimeError("no leverage")


def answers(value: Any) -> Callable[..., Any]:
    return lambda *_: value


def protected(inputs: Inputs, trade_limit: float) -> Inputs:
    """StoplossGuard; with a limit of no trades it asks for the last of none."""
    rule = (3_600_000, 3_600_000, trade_limit, 0.0, -1, 3, 0, 0, 0)
    grid = np.array([300_000, 0, 0], np.int64)
    inputs.protections = (np.array([rule], layout.PROTECTION), grid, False)
    return inputs


def futures(leverage: Callable[..., Any] | None = None, **inputs: Any) -> Inputs:
    rules = {**FUTURES, "asks_leverage": leverage is not None, **inputs.pop("rules", {})}
    arguments = {"tiers": TIERS, **inputs}
    return plain_inputs([FLAT] * 4, [SHORT] * 4, rules=rules, leverage=leverage, **arguments)


def exit_without_trades() -> Inputs:
    wins = plain_inputs([FLAT, FLAT, FALL], [LONG, 0, 0])
    wins.roi = [(0, 0.005)]
    return protected(wins, 0.0)


REFUSED = {
    "tick too fine": (
        Refusal.ARITHMETIC,
        lambda: plain_inputs([FLAT] * 3, [LONG] * 3, market={"price_precision": 1e-27}),
    ),
    "amount does not keep its precision": (
        Refusal.PARTIAL_EXIT,
        lambda: plain_inputs(
            [FLAT] * 3,
            [LONG] * 3,
            wallet={"stake_amount": 1000.0},
            market={"contract_size": 17.1012410018, "amount_precision": 1e-9},
        ),
    ),
    "stake above all tiers": (
        Refusal.LEVERAGE_TIERS,
        lambda: futures(tiers=((0.0, 100.0, 5.0, 0.01, 0.0, 0),)),
    ),
    "stake between tiers": (
        Refusal.LEVERAGE_TIERS,
        lambda: futures(wallet={"stake_amount": 75.0}),
    ),
    "leverage below 1": (
        Refusal.LEVERAGE_TIERS,
        lambda: futures(tiers=((0.0, 1e6, 0.5, 0.01, 0.0, 0),)),
    ),
    "leverage() raises": (Refusal.LEVERAGE_CALLBACK, lambda: futures(raises)),
    "leverage() is a text": (Refusal.LEVERAGE_CALLBACK, lambda: futures(answers("3"))),
    "leverage() is numpy's": (Refusal.LEVERAGE_CALLBACK, lambda: futures(answers(np.float64(3)))),
    "leverage() is no number": (Refusal.LEVERAGE_CALLBACK, lambda: futures(answers(math.nan))),
    "leverage() has too many digits": (
        Refusal.LEVERAGE_CALLBACK,
        lambda: futures(answers(2**53 + 1)),
    ),
    "no maintenance amount": (
        Refusal.LIQUIDATION_PRICE,
        lambda: futures(tiers=((0.0, 1e6, 20.0, 0.01, math.nan, 0),)),
    ),
    "no maintenance margin left": (
        Refusal.LIQUIDATION_PRICE,
        lambda: futures(
            tiers=((0.0, 1e6, 20.0, -1.5, 0.0, 0),),
            rules={"liquidation": 1},
            market={"taker_fee": 0.5},
        ),
    ),
    "protection raises": (Refusal.PROTECTION_RAISES, exit_without_trades),
}


@pytest.mark.parametrize("name", REFUSED)
def test_same_runs_are_given_up(name: str) -> None:
    expected, make = REFUSED[name]
    for run in both(make()):
        found = outcome(run)
        assert not found["goes well"]
        assert found["refusal"] == (expected, 0)
        assert run.run(run.candles) is False


def test_neighbours_of_given_up_runs_go_well() -> None:
    neighbours = [
        futures(market={"contract_size": 17.25, "amount_precision": 1e-9}),
        futures(wallet={"stake_amount": 50.0}),
        futures(answers(3)),
        futures(rules={"liquidation": 1}),
        protected(exit_without_trades(), 1.0),
    ]
    for inputs in neighbours:
        found = [outcome(run) for run in both(inputs)]
        assert all(each["goes well"] and len(each["trades"]) for each in found)
        assert not difference(*found)


def test_error_of_the_callback_is_kept() -> None:
    for run in both(futures(raises)):
        outcome(run)
        assert isinstance(run.error, RuntimeError)
    for run in both(futures(answers("3"))):
        outcome(run)
        assert isinstance(run.error, TypeError)
    for run in both(futures(answers(2))):
        outcome(run)
        assert run.error is None


def test_arguments_of_the_callback() -> None:
    asked: list[tuple[Any, ...]] = []

    def leverage(*arguments: Any) -> int:
        asked.append(arguments)
        return 2

    for run in both(futures(leverage)):
        outcome(run)
    assert asked[: len(asked) // 2] == asked[len(asked) // 2 :]
    pair, row, time_ms, rate, is_short, max_leverage = asked[0]
    assert (pair, row, rate, is_short) == (0, 0, 100.0, 1)
    assert time_ms == futures().rules["start_ms"] + 300_000
    assert (type(max_leverage), max_leverage) == (int, 10)


# ---- what random numbers do not meet


def test_last_stake_at_its_limit() -> None:
    """Half a stake is left, and more than half would be needed."""
    stakes = {"start": 250.0, "amend_last_stake_amount": True}
    inputs = plain_inputs([FLAT] * 2, [LONG, 0], pairs=3, wallet=stakes)
    found = [outcome(run) for run in both(inputs)]
    assert not difference(*found)
    assert len(found[0]["trades"]) == 2


@pytest.mark.parametrize("leverage", [3, 7.0, 11, 13])
def test_stake_of_an_entry_that_does_not_fill(leverage: float) -> None:
    """What it ties up is divided by the leverage last; the next stake is what is left."""
    above = (100.3, 100.1, 99.0, 100.0)
    inputs = plain_inputs(
        [above] * 2,
        [LONG] * 2,
        pairs=2,
        rules={**FUTURES, "entry_limit": False, "asks_leverage": True},
        wallet={"stake_amount": 600.0, "amend_last_stake_amount": True},
        market={"amount_precision": math.nan, "last_tier": 1},
        tiers=((0.0, 1e6, 20.0, 0.01, 0.0, 1),),
        leverage=answers(leverage),
    )
    inputs.candles[1] = plain_inputs([FLAT] * 2, [LONG] * 2).candles[0]
    found = [outcome(run) for run in both(inputs)]
    assert not difference(*found)
    assert found[0]["trades"]["pair"].tolist() == [1]
    assert found[0]["summary"]["trade_id"] == 2
    amount = 600.0 / 100.3 * leverage
    tied_up = amount * 100.3 / leverage
    assert found[0]["trades"]["entry"]["amount"][0] == (1000.0 - tied_up) / 100.0 * leverage


@pytest.mark.parametrize("rows", [0, 1])
def test_hardly_any_rows(rows: int) -> None:
    inputs = plain_inputs([FLAT] * 2, [LONG] * 2, pairs=2)
    columns = [(EMPTY, EMPTY, EMPTY, EMPTY, np.empty(0, np.uint8), 0, None, None)]
    full = inputs.candles[0]
    inputs.candles = [*columns, (*(column[:rows] for column in full[:5]), *full[5:])]
    found = [outcome(run) for run in both(inputs)]
    assert not difference(*found)
    assert found[0]["visits"].tolist() == [1][:rows]


# ---- the comparison, and the doors


def test_comparison_sees_every_bit_but_padding() -> None:
    found = outcome(random_inputs(1).simulation("compiled"))
    assert {len(found[name]) > 0 for name in ("trades", "captures")} == {True}
    for name, dtype in DTYPES.items():
        for path, _ in leaves(np.zeros(1, dtype)):
            one, other = np.zeros((2, 3), dtype)
            *_, last = [other, *(each for step, each in parts(other) if step == path)]
            last[1] = 1
            where = difference({**found, name: one}, {**found, name: other})
            assert where.startswith(f"{name}[1]{path}: "), (name, path, where)
    assert not difference(found, {**found, "trades": found["trades"].copy()})
    zero = {**found, "summary": {**found["summary"], "free": 0.0}}
    minus = {**found, "summary": {**found["summary"], "free": -0.0}}
    assert difference(zero, minus)


def parts(array: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """The plain fields as views, to be written to."""
    return list(leaves(array))


def test_doors_are_the_same() -> None:
    compiled, reference = (kernel("simulate", "Simulation").twin(name) for name in BACKENDS)
    sizes = [kernel("simulate", "sizes").twin(name)() for name in BACKENDS]
    assert sizes[0] == sizes[1]
    assert sizes[0] == {name: getattr(layout, name).itemsize for name in sizes[0]}
    assert inspect.getdoc(compiled) == inspect.getdoc(reference)
    ours, theirs = ({n for n in dir(door) if n[0] != "_"} for door in (compiled, reference))
    assert ours - {"leverage", "error"} == theirs  # attributes, there
    for name in theirs:
        one, other = getattr(compiled, name), getattr(reference, name)
        if callable(one):
            assert list(inspect.signature(one).parameters) == list(
                inspect.signature(other).parameters
            )
            assert inspect.getdoc(one).split("\n\n")[1] == inspect.getdoc(other)


def test_nothing_comes_out_of_nothing() -> None:
    for run in both(plain_inputs([FLAT], [0])):
        found = outcome(run)
        names = itertools.chain(found, ("nothing",))
        assert [n for n in names if isinstance(found.get(n), np.ndarray) and len(found[n])] == [
            "visits"
        ]
        assert (run.candles, run.candle, run.closed_trades, run.refusal[0]) == (1, 1, 0, 0)
