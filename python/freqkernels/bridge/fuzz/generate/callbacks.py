"""Random strategies with callbacks: which they have, what those do and answer, where they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from freqkernels.bridge.fuzz.callbacks.source import PLACES
from freqkernels.bridge.fuzz.case import Callback, Case, Step
from freqkernels.bridge.fuzz.generate import acts
from freqkernels.bridge.fuzz.generate.answers import PARAMETERS, USUAL, Code, odd
from freqkernels.bridge.fuzz.generate.draw import Draw

#: Called once for every row of an open trade, or for every candle.
BUSY = frozenset({
    "bot_loop_start", "custom_exit", "custom_sell", "custom_stoploss", "custom_roi",
    "adjust_trade_position",
})  # fmt: skip
_SWITCHES = {
    "custom_stoploss": "use_custom_stoploss",
    "custom_roi": "use_custom_roi",
    "adjust_trade_position": "position_adjustment_enable",
}
#: Callbacks that freqtrade does not take beside others.
_EXCLUDED = {
    "custom_sell": {"custom_exit"},
    "check_buy_timeout": {"check_entry_timeout"},
    "check_sell_timeout": {"check_exit_timeout"},
    "adjust_order_price": {"adjust_entry_price", "adjust_exit_price"},
}
#: Callbacks that freqtrade does not take in futures markets.
_DEPRECATED = frozenset({"custom_sell", "check_buy_timeout", "check_sell_timeout"})
_CHOICE = re.compile(r"<([^<>\s]*\|[^<>\s]*)>")


@dataclass(frozen=True, slots=True)
class Temper:
    """How strange the callbacks of a strategy are.

    :param acts: most things that a callback does, by subject.
    :param odd: probability of an answer that should not be.
    :param raises: probability of an exception.
    :param strange: probability of a callback that is no method of the class.
    :param properties: probability of settings that are properties.
    """

    acts: dict[tuple[Code, ...], int]
    odd: float = 0.1
    raises: float = 0.05
    strange: float = 0.2
    properties: float = 0.0


CALM = Temper({acts.READS: 2, acts.CUSTOM_DATA: 1, acts.COPIES: 1})
BOLD = Temper(
    {
        **{acts.READS: 2, acts.CUSTOM_DATA: 1, acts.COPIES: 1, acts.LOCKS: 1, acts.SETTINGS: 1},
        **{acts.ORDERS: 1, acts.OTHERS: 1},
    },
    odd=0.3,
    raises=0.15,
    strange=0.4,
)
HOSTILE = Temper(
    {
        **{acts.READS: 2, acts.CUSTOM_DATA: 1, acts.COPIES: 2, acts.LOCKS: 1, acts.SETTINGS: 2},
        **{acts.ORIGINALS: 3, acts.ORDERS: 1, acts.OTHERS: 1},
    },
    odd=0.7,
    raises=0.4,
    strange=0.6,
    properties=0.3,
)


def add_callbacks(
    draw: Draw,
    case: Case,
    names: Sequence[str],
    temper: Temper,
    answers: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> None:
    """Give the strategy of a case callbacks.

    :param draw: random numbers.
    :param case: the case.
    :param names: of the callbacks; those that do not go together are left out.
    :param temper: how strange they are.
    :param answers: which of its usual answers a callback may have, where not all of them.
    """
    chosen = [name for name in dict.fromkeys(names) if _possible(case, name, names)]
    case.callbacks = []
    for name in chosen:
        usual = [code for code in USUAL[name] if code[0] in answers.get(name, (code[0],))]
        case.callbacks.append(_callback(draw, name, usual, temper))
    case.strategy_class = "Fuzzed"
    case.strategy.pop("fuzzed_leverage", None)
    for name in chosen:
        if name in _SWITCHES:
            case.strategy[_SWITCHES[name]] = draw.chance(0.95)
    if "adjust_trade_position" in chosen and draw.chance(0.4):
        case.strategy["max_entry_position_adjustment"] = draw.one(-1, 0, 1, 3)
    if draw.chance(temper.properties):
        names = draw.some(list(acts.PROPERTIES), 1, 2)
        case.properties = {name: draw.choice(acts.PROPERTIES[name]) for name in names}
        if "max_open_trades" in names:  # what the configuration says is not set then
            case.config["stake_amount"] = 100.0


def _possible(case: Case, name: str, names: Sequence[str]) -> bool:
    if case.futures and name in _DEPRECATED:
        return False
    return not _EXCLUDED.get(name, set()) & set(names)


def _callback(draw: Draw, name: str, answers: Sequence[Code], temper: Temper) -> Callback:
    callback = Callback(name, PARAMETERS[name])
    if name == "custom_stoploss" and draw.chance(0.4):
        callback.parameters = callback.parameters.removesuffix(", after_fill")
    if not draw.chance(temper.properties / 5):  # freqtrade passes more than it documents
        callback.parameters += ", **kwargs"
    callback.seen = draw.one(*["all"] * 7, "call", "call", "")
    callback.place = draw.choice(PLACES) if draw.chance(temper.strange) else "class"
    if callback.seen:
        callback.steps = list(_steps(draw, callback, temper))
        draw.shuffle(callback.steps)
    answer, code = draw.choice(answers)
    callback.steps.append(Step(answer, _filled(draw, code, callback)))
    return callback


def _steps(draw: Draw, callback: Callback, temper: Temper) -> Iterator[Step]:
    often = (4, 12, 40, 120) if callback.name in BUSY else (1, 2, 3, 8)
    for subject, most in temper.acts.items():
        fitting = [code for code in subject if _fits(code, callback)]
        for name, code in draw.some(fitting, 0, most):
            yield Step(name, _filled(draw, code, callback), draw.choice(often))
    rarely = (*often[1:], often[-1] * 3)
    if draw.chance(temper.odd):
        name, code = draw.choice(odd(callback.name))
        yield Step(name, _filled(draw, code, callback), draw.choice(rarely))
    if draw.chance(temper.raises):
        name, code = draw.choice(acts.RAISES)
        yield Step(name, code, draw.choice(rarely))


def _fits(code: Code, callback: Callback) -> bool:
    """Whether a callback has what the code names."""
    return all(
        name in callback.parameters.split(", ")
        for name in ("trade", "order")
        if re.search(rf"\b{name}\b", code[1])
    )


def _filled(draw: Draw, code: str, callback: Callback) -> str:
    parameters = callback.parameters.split(", ")
    pair = "self.dp.current_whitelist()[0]"
    if "pair" in parameters:
        pair = "pair"
    elif "trade" in parameters:
        pair = "trade.pair"
    code = re.sub(r"\bPAIR\b", pair, code)
    return _CHOICE.sub(lambda match: draw.choice(match[1].split("|")), code)
