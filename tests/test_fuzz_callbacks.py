"""Random strategies with callbacks: the same calls of the same state, and the same results."""

from __future__ import annotations

import copy
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from freqtrade.data.dataprovider import DataProvider
from freqtrade.optimize import backtesting as backtesting_module
from freqtrade.optimize.backtesting import Backtesting
from freqtrade.persistence import CustomDataWrapper, LocalTrade, PairLocks
from freqtrade.strategy import interface, strategy_wrapper
from freqtrade.wallets import Wallets

from freqkernels.bench.fuzz.campaign import Tally, run_campaign, shrink_and_save
from freqkernels.bench.fuzz.compare import Verdict, compare_case
from freqkernels.bench.fuzz.describe_calls import describe_calls
from freqkernels.bridge.fuzz.callbacks.source import PLACES, source_of
from freqkernels.bridge.fuzz.case import Callback, Case, Step
from freqkernels.bridge.fuzz.case_file import load_case, read_case, save_case, write_case
from freqkernels.bridge.fuzz.generate import acts
from freqkernels.bridge.fuzz.generate.answers import PARAMETERS
from freqkernels.bridge.fuzz.generate.kinds import CALLBACK_KINDS, make_case
from freqkernels.bridge.fuzz.run import run_case
from freqkernels.bridge.fuzz.sides import original, plain, with_swaps
from freqkernels.bridge.replace import certificate
from freqkernels.bridge.targets import ENGINE
from freqkernels.identity import first_difference

SEED, EACH = 20260901, 15
#: How often callbacks have to be called at least, all cases together.
OFTEN = dict.fromkeys(PARAMETERS, 20) | {
    **dict.fromkeys(("custom_exit", "custom_stoploss", "custom_roi", "bot_loop_start"), 400),
    **dict.fromkeys(("check_buy_timeout", "check_sell_timeout", "adjust_exit_price"), 1),
    **dict.fromkeys(("adjust_order_price", "adjust_entry_price"), 5),
}
SUBJECTS = (
    *(acts.READS, acts.CUSTOM_DATA, acts.LOCKS, acts.SETTINGS, acts.COPIES, acts.ORIGINALS),
    *(acts.ORDERS, acts.OTHERS, acts.RAISES),
)
#: Other reasons are a loss of coverage: most strategies have to run on the engine.
ENOUGH = 0.7
#: What freqtrade itself ends with an error proves little.
MOST_ERRORS = 0.15


@pytest.fixture(scope="module")
def tallies() -> dict[str, Tally]:
    """All cases, in two processes."""
    kinds = tuple(CALLBACK_KINDS)
    return run_campaign(EACH * len(kinds), SEED, kinds, jobs=2)


@pytest.fixture(scope="module")
def happened(tallies: dict[str, Tally]) -> Counter[str]:
    return sum((tally.happened for tally in tallies.values()), Counter())


@pytest.mark.parametrize("kind", CALLBACK_KINDS)
def test_engines_agree(kind: str, tallies: dict[str, Tally]) -> None:
    tally = tallies[kind]
    assert tally.cases == EACH
    assert not tally.refused
    differences = [f"{kind} {SEED}-{one.number}{one.difference}" for one in tally.differences]
    assert not differences


@pytest.mark.parametrize("kind", CALLBACK_KINDS)
def test_cases_run_on_the_engine(kind: str, tallies: dict[str, Tally]) -> None:
    tally = tallies[kind]
    if not certificate(ENGINE).support:
        assert tally.original == {certificate(ENGINE).support.reason: tally.epochs}
    else:
        assert tally.compiled >= ENOUGH * tally.epochs, tally.original
        assert tally.events.total() >= ENOUGH * tally.compiled


def test_all_callbacks_are_called(happened: Counter[str]) -> None:
    called = {name: happened[f"called {name}"] for name in PARAMETERS}
    assert not {name: count for name, count in called.items() if count < OFTEN[name]}


def test_all_that_callbacks_can_do_is_done(happened: Counter[str]) -> None:
    done = {name.partition(" does ")[2] for name in happened}
    for subject in SUBJECTS:
        names = {name for name, _ in subject}
        assert len(names & done) > 0.6 * len(names), names - done
    assert not [place for place in PLACES if not happened[f"placed {place}"]]
    assert sum(happened[f"property {name}"] for name in acts.PROPERTIES) > 3


def test_most_cases_are_not_cut_short(happened: Counter[str]) -> None:
    errors = sum(count for name, count in happened.items() if name.startswith("error "))
    assert errors < MOST_ERRORS * happened["case"]
    assert happened["epoch without trades"] < 0.3 * happened["epoch"]


@pytest.mark.parametrize("kind", CALLBACK_KINDS)
def test_faster_objects_change_nothing(kind: str) -> None:
    """freqtrade's own time loop, with the faster methods of its objects."""
    for number in range(2):
        with plain():
            expected = run_case(make_case(kind, SEED + 1, number))
            found = run_case(make_case(kind, SEED + 1, number), with_swaps)
        assert first_difference(found, expected) is None


# ---- cases


@pytest.mark.parametrize("kind", CALLBACK_KINDS)
def test_same_seed_same_case_and_files_are_exact(kind: str, tmp_path: Path) -> None:
    case = make_case(kind, 5, 1)
    assert first_difference(make_case(kind, 5, 1), case) is None
    assert first_difference(make_case(kind, 5, 2), case) is not None
    save_case(case, tmp_path / "case.json")
    saved = load_case(tmp_path / "case.json")
    assert first_difference(saved, case) is None
    assert source_of(saved) == source_of(case)


def test_files_without_callbacks_are_still_read() -> None:
    case = make_case("spot", 5, 0)
    text = write_case(case)
    older = text.replace(',\n "callbacks": [],\n "properties": {}', "")
    assert older != text
    assert first_difference(read_case(older), case) is None


def test_every_place_is_called_alike() -> None:
    """Where a callback is defined changes nothing of what it is called with."""
    logs = []
    for place in PLACES[:-1]:
        case = replace(rich_case(), callbacks=[replace(one, place=place) for one in CALLBACKS])
        with plain():
            logs.append(run_case(case)[0]["calls"])
    assert all(first_difference(log, logs[0]) is None for log in logs[1:])


# ---- damage

_EXIT = Callback(
    "custom_exit",
    PARAMETERS["custom_exit"] + ", **kwargs",
    [
        Step("counts", "trade.set_custom_data('n', (trade.get_custom_data('n') or 0) + 1)", 3),
        Step("spoils", "trade.max_rate = 1e9\ntrade.orders.clear()", 2),
        Step("marks", "for one in Trade.get_open_trades():\n    one.enter_tag = 'marked'", 20),
        Step("held", "return trade.max_rate > trade.open_rate * 1.02"),
    ],
)
CALLBACKS = [
    Callback("bot_loop_start", "current_time, **kwargs", [Step("reads", acts.READS[2][1], 3)]),
    _EXIT,
    Callback(
        "custom_stoploss",
        PARAMETERS["custom_stoploss"].replace("after_fill", "**kwargs"),
        [Step("follows", "return -0.03 if current_profit > 0.01 else None")],
    ),
    Callback(
        "adjust_trade_position",
        PARAMETERS["adjust_trade_position"] + ", **kwargs",
        [
            Step("adds", "if len(trade.orders) < 4:\n    return 20.0, 'more'", 6),
            Step("nothing", "return None"),
        ],
    ),
    Callback(
        "order_filled",
        PARAMETERS["order_filled"] + ", **kwargs",
        [Step("locks", "self.lock_pair(pair, current_time + timedelta(minutes=9))")],
    ),
]
CALLBACKS[0].steps[0].code = CALLBACKS[0].steps[0].code.replace("PAIR", "'AAA/USDT'")
CALLBACKS[0].steps.append(Step("nothing", "return None"))


def rich_case() -> Case:
    """Three pairs with many trades, positions that are added to, stops, custom data, locks."""
    case = make_case("late", 11, 11)
    settings = {"minimal_roi": {}, "stoploss": -0.2, "use_custom_stoploss": True}
    settings["position_adjustment_enable"] = True
    config = {"max_open_trades": 3, "stake_amount": 50.0}
    return replace(case, callbacks=CALLBACKS, strategy=settings, config=config)


Damage = Callable[[pytest.MonkeyPatch], None]


def now_and_then(function: Callable[..., Any], instead: Callable[..., Any]) -> Callable[..., Any]:
    """A function that does something else in each fifth call."""
    calls = []

    def sometimes(*args: Any, **kwargs: Any) -> Any:
        calls.append(None)
        return (function if len(calls) % 5 else instead)(*args, **kwargs)

    return sometimes


def nothing(*args: Any, **kwargs: Any) -> None:
    """What a part of an engine does that was forgotten."""


def no_damage(patch: pytest.MonkeyPatch) -> None:
    """freqtrade as it is."""


def _skipped(patch: pytest.MonkeyPatch, module: Any, callback: str) -> None:
    wrapper = module.strategy_safe_wrapper

    def wrapped(function: Any, *args: Any, **kwargs: Any) -> Any:
        called = wrapper(function, *args, **kwargs)
        return skipping(called) if function.__name__ == callback else called

    counted: list[None] = []

    def skipping(called: Any) -> Any:
        counted.append(None)
        return called if len(counted) % 5 else nothing

    patch.setattr(module, "strategy_safe_wrapper", wrapped)


def exit_not_asked(patch: pytest.MonkeyPatch) -> None:
    _skipped(patch, interface, "custom_exit")


def loop_not_started(patch: pytest.MonkeyPatch) -> None:
    _skipped(patch, backtesting_module, "bot_loop_start")


def called_twice(patch: pytest.MonkeyPatch) -> None:
    check = Backtesting._check_adjust_trade_for_candle

    def twice(self: Any, trade: Any, row: Any, time: Any) -> Any:
        self.strategy.custom_exit(
            pair=trade.pair, trade=trade, current_time=time, current_rate=1.0, current_profit=0.0
        )
        return check(self, trade, row, time)

    patch.setattr(Backtesting, "_check_adjust_trade_for_candle", now_and_then(check, twice))


def pairs_swapped(patch: pytest.MonkeyPatch) -> None:
    steps = Backtesting._time_pair_generator_det
    patch.setattr(
        Backtesting,
        "_time_pair_generator_det",
        now_and_then(steps, lambda self, time, pairs: steps(self, time, pairs[::-1])),
    )


def wallet_stale(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Wallets, "update", now_and_then(Wallets.update, nothing))


def max_rate_stale(patch: pytest.MonkeyPatch) -> None:
    rates = LocalTrade.adjust_min_max_rates
    patch.setattr(LocalTrade, "adjust_min_max_rates", now_and_then(rates, nothing))


def stop_one_ulp_off(patch: pytest.MonkeyPatch) -> None:
    adjust = LocalTrade.adjust_stop_loss

    def off(self: Any, *args: Any, **kwargs: Any) -> None:
        adjust(self, *args, **kwargs)
        self.stop_loss = math.nextafter(self.stop_loss, 0.0)

    patch.setattr(LocalTrade, "adjust_stop_loss", now_and_then(adjust, off))


def slice_forgotten(patch: pytest.MonkeyPatch) -> None:
    limit = DataProvider._set_dataframe_max_index
    patch.setattr(DataProvider, "_set_dataframe_max_index", now_and_then(limit, nothing))


def date_forgotten(patch: pytest.MonkeyPatch) -> None:
    limit = DataProvider._set_dataframe_max_date
    patch.setattr(DataProvider, "_set_dataframe_max_date", now_and_then(limit, nothing))


def argument_of_numpy(patch: pytest.MonkeyPatch) -> None:
    ratio = LocalTrade.calc_profit_ratio

    def of_numpy(self: Any, *args: Any, **kwargs: Any) -> Any:
        return np.float64(ratio(self, *args, **kwargs))

    patch.setattr(LocalTrade, "calc_profit_ratio", now_and_then(ratio, of_numpy))


def not_copied(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(strategy_wrapper, "deepcopy", lambda trade: trade)


def orders_not_copied(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(strategy_wrapper, "deepcopy", copy.copy)


def copied_too_early(patch: pytest.MonkeyPatch) -> None:
    copies: dict[int, Any] = {}

    def remembered(trade: Any) -> Any:
        if len(copies) % 2:
            copies.pop(trade.id, None)
        return copies.setdefault(trade.id, copy.deepcopy(trade))

    patch.setattr(strategy_wrapper, "deepcopy", remembered)


def custom_data_lost(patch: pytest.MonkeyPatch) -> None:
    write = CustomDataWrapper.set_custom_data
    patch.setattr(CustomDataWrapper, "set_custom_data", staticmethod(now_and_then(write, nothing)))


def lock_lost(patch: pytest.MonkeyPatch) -> None:
    lock = PairLocks.lock_pair
    patch.setattr(PairLocks, "lock_pair", staticmethod(now_and_then(lock, nothing)))


def closed_trade_late(patch: pytest.MonkeyPatch) -> None:
    close = LocalTrade.close_bt_trade

    def uncounted(trade: Any) -> None:
        close(trade)
        LocalTrade.bt_total_profit -= trade.close_profit_abs

    patch.setattr(LocalTrade, "close_bt_trade", staticmethod(now_and_then(close, uncounted)))


def order_counted_wrong(patch: pytest.MonkeyPatch) -> None:
    enter = Backtesting._enter_trade

    def counting(self: Any, *args: Any, **kwargs: Any) -> Any:
        self.order_id_counter += 1
        return enter(self, *args, **kwargs)

    patch.setattr(Backtesting, "_enter_trade", now_and_then(enter, counting))


DAMAGES = (
    *(exit_not_asked, loop_not_started, called_twice, pairs_swapped, wallet_stale),
    *(max_rate_stale, stop_one_ulp_off, slice_forgotten, date_forgotten, argument_of_numpy),
    *(not_copied, orders_not_copied, copied_too_early, custom_data_lost, lock_lost),
    *(closed_trade_late, order_counted_wrong),
)


def damaged(damage: Damage) -> Any:
    """freqtrade's own backtest with a part of it changed."""

    def engine(backtesting: Any, processed: Any, start: Any, end: Any) -> dict[str, Any]:
        with pytest.MonkeyPatch.context() as patch:
            damage(patch)
            return original(backtesting, processed, start, end)

    return engine


@pytest.fixture(scope="module")
def undamaged() -> list[dict[str, Any]]:
    with plain():
        return run_case(rich_case())


def test_no_damage_no_difference(undamaged: list[dict[str, Any]]) -> None:
    verdict = compare_case(rich_case(), damaged(no_damage))
    assert verdict.difference is None
    assert first_difference(verdict.found, undamaged) is None
    assert all(verdict.happened[f"called {one.name}"] > 9 for one in CALLBACKS)
    assert verdict.happened["long"] > 9
    assert not any(name.startswith("error") for name in verdict.happened)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_damage_is_seen(damage: Damage, undamaged: list[dict[str, Any]]) -> None:
    """In the log of calls, where it happens, not only in what comes of it."""
    with plain():
        found = run_case(rich_case(), damaged(damage))
    difference = first_difference(found, undamaged)
    assert difference is not None
    assert difference.path[1] == "calls"
    assert "first call that differs" in next(
        describe_calls(found[0]["calls"], undamaged[0]["calls"])
    )


# ---- shrinking


@pytest.fixture(scope="module")
def shrunk(tmp_path_factory: pytest.TempPathFactory) -> tuple[Verdict, str, Path]:
    folder = tmp_path_factory.mktemp("cases")
    case = replace(rich_case(), pairs=rich_case().pairs[:2], callbacks=CALLBACKS[:3])
    return (*shrink_and_save(case, folder, damaged(max_rate_stale)), folder)


def test_shrinking_drops_callbacks(shrunk: tuple[Verdict, str, Path]) -> None:
    small = shrunk[0].case
    assert shrunk[0].difference is not None
    assert len(small.callbacks) == 1
    assert len(small.callbacks[0].steps) <= 2
    assert len(small.pairs) == 1
    assert small.rows < 20


def test_a_small_case_is_described_and_replays(shrunk: tuple[Verdict, str, Path]) -> None:
    verdict, text, folder = shrunk
    assert "class FuzzedCallbacks(Called):" in text
    assert "first call that differs" in text
    assert str(verdict.difference) in text
    (path,) = folder.glob("*.json")
    again = compare_case(load_case(path), damaged(max_rate_stale))
    assert str(again.difference) == str(verdict.difference)
    assert compare_case(load_case(path), damaged(no_damage)).difference is None
