"""Which ``leverage`` only computes, read from real strategies' bytecode."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from engine_backtesting import Run
from freqkernels.bridge.engine.callbacks import own_leverage
from freqkernels.bridge.engine.pure_leverage import is_plain, pure_leverage
from freqkernels.bridge.replace import certificate
from freqkernels.bridge.targets import ENGINE

SIGNATURE = (
    "(self, pair, current_time, current_rate, proposed_leverage, max_leverage, entry_tag, side, "
    "**kwargs)"
)
#: Attributes that the bodies below read.
ATTRIBUTES = """
fixed = 3
by_pair = {"BTC/USDT:USDT": 4.0, "all": [1, 2, (3.0, None)]}
chosen = IntParameter(1, 9, default=3, space="buy")
fraction = DecimalParameter(1, 9, default=2.5, decimals=1, space="buy")
choice = CategoricalParameter([1, 2], default=2, space="sell")
seen = set()
impure = random.Random(1)

def helper(self):
    return 2.0

@property
def computed(self):
    return 2.0
"""
ONLY_COMPUTES = [
    "return 3.0",
    "return max_leverage",
    "return min(3, max_leverage)",
    "return min(self.fixed, max_leverage, LIMIT)",
    "return self.by_pair.get(pair, 1.0)",
    "return self.by_pair['all'][0]",
    "return LEVERAGES[pair] if pair in LEVERAGES else 1",
    "return min(self.chosen.value + self.fraction.value * self.choice.value, max_leverage)",
    "value = self.fixed\nvalue += 1\nreturn value",
    "if side == 'long' and current_rate > 1.5:\n  return 2.0\nelif entry_tag is None:\n  return 1.0"
    "\n"
    "return float(round(max_leverage / 2, 1))",
    "return 2.0 if current_time.hour < 12 or current_time.weekday() == 6 else 1.0",
    "base = pair.split('/')[0].upper()\nreturn 5.0 if base.startswith('BTC') else float(len(base))",
    "total = 0.0\nfor step in (1, 2, 3):\n  total = total + step\nreturn total",
    "a, b = 1.0, max_leverage\nreturn not a or -b ** 2 if a != b else abs(b)",
    "return float(f'{max_leverage:.1f}')",
    "return float(kwargs.get('x', 1))",
    "return float(str(self.config['leverage'])) if 'leverage' in self.config else 2.0",
]
DOES_MORE = [
    ("return self.dp.x", "uses self.dp"),
    ("return self.wallets.get_total('USDT')", "uses self.wallets"),
    ("return self.helper()", "uses self.helper"),
    ("return self.computed", "uses self.computed"),
    ("return self.nothing", "uses self.nothing"),
    ("return self.impure.random()", "uses self.impure"),
    ("return random.random()", "uses random"),
    ("return float(len(Trade.get_trades_proxy()))", "uses Trade"),
    ("return float(datetime.now().hour)", "uses datetime"),
    ("return float(current_time.now().hour)", "uses .now"),
    ("return float(open('x').read())", "uses open"),
    ("return unknown", "uses unknown"),
    ("return self.chosen.range[0]", "uses self.chosen for more than its value"),
    ("return self.chosen", "uses self.chosen for more than its value"),
    ("import math\nreturn math.pi", "imports something"),
    ("from math import pi\nreturn pi", "imports something"),
    ("self.last = pair\nreturn 1.0", "hands self on"),
    ("self.by_pair[pair] = 2.0\nreturn 1.0", "changes a list or dictionary"),
    ("del kwargs['x']\nreturn 1.0", "changes a list or dictionary"),
    ("x = self.by_pair\nx |= {'a': 1}\nreturn 1.0", "changes something in place"),
    ("x = LEVERAGES\nx |= {'a': 1}\nreturn 1.0", "changes something in place"),
    ("self.seen.add(pair)\nreturn 1.0", "uses .add"),
    ("global LIMIT\nLIMIT = 2.0\nreturn 1.0", "changes a global variable"),
    ("return max(x for x in (1, 2))", "defines a function or a comprehension"),
    ("return (lambda: 1.0)()", "defines a function or a comprehension"),
    ("try:\n  return 1 / max_leverage\nexcept ZeroDivisionError:\n  return 1.0", "handles"),
    ("raise ValueError(pair)", "uses ValueError"),
    ("assert pair\nreturn 1.0", ""),
    ("return super().leverage(pair)", "uses "),
    ("yield 1.0", "does more than compute"),
    ("this = self\nreturn this.dp", "hands self on"),
    ("self = pair\nreturn self.x", ""),
    ("return str(self)", "hands self on"),
    ("return (pair, self, self)", "hands self on"),
    ("print(pair)\nreturn 1.0", "uses print"),
    ("return getattr(self, 'dp')", "uses getattr"),
]


@pytest.fixture(scope="module")
def futures() -> Run:
    return Run("futures")


@pytest.fixture(autouse=True)
def plain_afterwards(futures: Run) -> Iterator[None]:
    yield
    futures.strategy("pass")
    assert futures.reason() == ""


def with_leverage(run: Run, body: str, signature: str = SIGNATURE) -> Any:
    indented = "\n".join(f"  {line}" for line in body.splitlines())
    return run.strategy(f"{ATTRIBUTES}\ndef leverage{signature}:\n{indented}")


@pytest.mark.parametrize("body", ONLY_COMPUTES)
def test_what_only_computes(futures: Run, body: str) -> None:
    strategy = with_leverage(futures, body)
    assert pure_leverage(strategy).reason == ""
    assert futures.reason() == ""
    assert own_leverage(strategy)
    answers = [ask(strategy) for _ in range(2)]
    assert answers[0] == answers[1]


def ask(strategy: Any) -> Any:
    return strategy.leverage(
        pair="BTC/USDT:USDT",
        current_time=datetime(2024, 5, 6, 7, tzinfo=UTC),
        current_rate=100.0,
        proposed_leverage=1.0,
        max_leverage=20.0,
        entry_tag="tag",
        side="long",
    )


@pytest.mark.parametrize(("body", "problem"), DOES_MORE)
def test_what_does_more(futures: Run, body: str, problem: str) -> None:
    with_leverage(futures, body)
    assert futures.reason().startswith(f"the strategy's leverage {problem}")


def test_a_default_value_that_is_no_plain_data(futures: Run) -> None:
    signature = SIGNATURE.replace("**kwargs", "pick=random.random, **kwargs")
    with_leverage(futures, "return pick()", signature)
    assert futures.reason() == "the strategy's leverage has a default value that is not plain data"
    signature = SIGNATURE.replace("**kwargs", "*, memory=[], **kwargs")
    with_leverage(futures, "memory += [1]\nreturn 1.0", signature)
    assert futures.reason() == "the strategy's leverage changes something in place"


@pytest.mark.parametrize("body", ["leverage = max", "@staticmethod\ndef leverage(**kw): return 1"])
def test_what_is_no_method(futures: Run, body: str) -> None:
    futures.strategy(body)
    assert futures.reason() == "the strategy's leverage is not a plain method"


def test_a_decorated_method(futures: Run) -> None:
    futures.strategy("""
        def twice(function):
            def leverage(self, **kwargs):
                return 2 * function(self, **kwargs)
            return leverage

        @twice
        def leverage(self, **kwargs):
            return 1.0
    """)
    reason = futures.reason()
    assert reason == "the strategy's leverage uses a variable of an enclosing function"


def test_attributes_are_looked_at_each_time(futures: Run) -> None:
    strategy = with_leverage(futures, "return self.fixed")
    assert futures.reason() == ""
    strategy.fixed = strategy.helper
    assert futures.reason() == "the strategy's leverage uses self.fixed"
    strategy.fixed = 2
    assert futures.reason() == ""
    type(strategy).fixed = strategy.helper
    assert futures.reason() == ""


def test_spot_never_asks_for_it() -> None:
    run = Run("spot")
    strategy = with_leverage(run, "return self.dp.x")
    assert run.reason() == ""
    assert own_leverage(strategy)
    assert not own_leverage(run.strategy("pass"))


def test_plain_data(futures: Run) -> None:
    config = futures.backtesting.config
    assert is_plain({"a": [1, 2.5, None, ("x", True)], 3: {datetime(2024, 1, 1)}})
    assert is_plain(config["trading_mode"])
    assert is_plain(config["datadir"])
    for value in (object(), [len], {"a": futures}, type("Text", (str,), {})("a"), ([{1: len}],)):
        assert not is_plain(value)


if not certificate(ENGINE).support:  # a release that is left alone: see test_engine_names
    for test in [name for name in globals() if name.startswith("test_")]:
        del globals()[test]
