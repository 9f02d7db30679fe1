"""Cases in which something is exactly equal to a threshold, or next to it.

Random prices never meet a threshold. So the case is run once by freqtrade alone, and then a price
or a setting is moved to where one of its trades has the threshold.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from freqkernels.bridge.fuzz.case import Case, Pair
from freqkernels.bridge.fuzz.generate.draw import Draw
from freqkernels.bridge.fuzz.generate.plan import Plan, build, sized

#: Moves a case to a tie of the trade at a row of its pair.
Move = Callable[[Draw, Case, Any, Pair, int], None]


def ties(draw: Draw, seed: str) -> Case:
    """A target, stop, offset or liquidation price that a candle meets exactly."""
    plan = sized(draw, "ties", seed, futures=draw.chance(0.5))
    plan.pairs, plan.count, plan.often = min(plan.pairs, 3), min(plan.count, 150), (0.1, 0.03)
    case = _calm(draw, plan)
    for _ in range(draw.randint(1, 3)):
        _move_one(draw, plan, case)
    return case


def _calm(draw: Draw, plan: Plan) -> Case:
    """Trades that last."""
    case = build(plan)
    case.config |= {"max_open_trades": 5, "stake_amount": 100.0}
    case.strategy |= {"minimal_roi": {"0": draw.one(0.1, 10.0)}, "stoploss": draw.one(-0.05, -0.2)}
    if plan.futures:
        case.strategy_class = "FuzzedLeverage"
        value = draw.one(1.0, 3.0, 25.0)
        case.strategy |= {"can_short": True, "fuzzed_leverage": {"by": "constant", "value": value}}
    return case


def _move_one(draw: Draw, plan: Plan, case: Case) -> None:
    # Only here, so that the kinds can be named where freqtrade is not installed.
    from freqtrade.persistence import LocalTrade

    from freqkernels.bridge.fuzz.run import run_case
    from freqkernels.bridge.fuzz.sides import plain

    with plain():
        run_case(case)
    trades = [trade for trade in LocalTrade.bt_trades if trade.open_rate]
    if not trades:
        return
    trade = draw.choice(trades)
    pair = next(pair for pair in case.pairs if pair.name == trade.pair)
    first, last = (
        (date - case.opening).total_seconds() / plan.seconds
        for date in (trade.open_date_utc, trade.close_date_utc)
    )
    rows = [i for i, row in enumerate(pair.candles) if first <= row[0] <= last]
    moves = _FUTURES_MOVES if case.futures else _MOVES
    if rows:
        draw.choice(moves)(draw, case, trade, pair, draw.choice(rows))


def _best(trade: Any, pair: Pair, at: int) -> float:
    """The price of a candle that is best for a trade."""
    _, _, high, low, _, _ = pair.candles[at]
    return float(low if trade.is_short else high)


def _nearly(draw: Draw, ratio: float) -> float:
    """A ratio of eight decimals, or its neighbours."""
    steps: int = draw.one(0, 0, 0, 1, -1)
    return round(ratio + steps * 1e-8, 8)


def _roi(draw: Draw, case: Case, trade: Any, pair: Pair, at: int) -> None:
    """The best price of a candle gives the target, at once or from that candle on."""
    ratio = _nearly(draw, trade.calc_profit_ratio(_best(trade, pair, at)))
    age = round(pair.candles[at][0] * trade.timeframe - _minutes(case, trade))
    time = draw.one(0, age, age, age + 1)
    case.strategy["minimal_roi"] = {str(time): ratio}
    if draw.chance(0.3):
        case.strategy["minimal_roi"][str(time + draw.one(1, 7, 30))] = draw.one(-1, ratio / 2, 0.0)


def _minutes(case: Case, trade: Any) -> float:
    age: float = (trade.open_date_utc - case.opening).total_seconds() / 60
    return age


def _offset(draw: Draw, case: Case, trade: Any, pair: Pair, at: int) -> None:
    """The best price of a candle reaches the offset of the trailing stop."""
    ratio = _nearly(draw, trade.calc_profit_ratio(_best(trade, pair, at)))
    if 1e-7 < ratio <= 1.0:  # what freqtrade takes
        case.strategy |= {
            "trailing_stop": True,
            "trailing_stop_positive": ratio / draw.one(2, 3, 10),
            "trailing_stop_positive_offset": ratio,
            "trailing_only_offset_is_reached": draw.chance(0.5),
        }


def _profit_only(draw: Draw, case: Case, trade: Any, pair: Pair, at: int) -> None:
    """The open of a candle with an exit signal gives the least profit for an exit."""
    ratio = trade.calc_profit_ratio(pair.candles[at][1])
    case.strategy |= {"exit_profit_only": True, "exit_profit_offset": _nearly(draw, ratio)}
    name = "exit_short" if trade.is_short else "exit_long"
    pair.signals[name].at[int(pair.candles[at - 1][0])] = 1


def _stop(draw: Draw, case: Case, trade: Any, pair: Pair, at: int) -> None:
    """The worst price of a candle is the stop, or next to it."""
    _touch(draw, pair, at, trade.stop_loss, short=trade.is_short)


def _liquidation(draw: Draw, case: Case, trade: Any, pair: Pair, at: int) -> None:
    """The worst price of a candle is the liquidation price, or next to it."""
    case.strategy["stoploss"] = -0.99
    if trade.liquidation_price:
        _touch(draw, pair, at, trade.liquidation_price, short=trade.is_short)


def _touch(draw: Draw, pair: Pair, at: int, price: float, *, short: bool) -> None:
    """Let a candle reach down (for a short: up) to a price, or not quite."""
    target = draw.one(price, price, math.nextafter(price, 0.0), math.nextafter(price, math.inf))
    if not math.isfinite(target) or target <= 0.0:
        return
    slot, opened, high, low, close, volume = pair.candles[at]
    if short:
        high, opened, close = target, min(opened, target), min(close, target)
        low = min(low, target)
    else:
        low, opened, close = target, max(opened, target), max(close, target)
        high = max(high, target)
    pair.candles[at] = (slot, opened, high, low, close, max(volume, 1.0))


_MOVES: tuple[Move, ...] = (_roi, _roi, _offset, _offset, _stop, _profit_only)
_FUTURES_MOVES: tuple[Move, ...] = (*_MOVES, _liquidation, _liquidation)
