"""The certificate of the compiled engine, and functions of freqtrade's that somebody replaced."""

from __future__ import annotations

import decimal
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from engine_backtesting import Run
from freqkernels.bridge import fingerprints, imitated, replace
from freqkernels.bridge.certify import variant_for
from freqkernels.bridge.engine import genuine
from freqkernels.bridge.engine.genuine import attribute_of, lookup
from freqkernels.bridge.fingerprints import certified, fingerprint, normalised_source
from freqkernels.bridge.replace import certificate
from freqkernels.bridge.targets import ENGINE, LEFT_ALONE

SUPPORTED = bool(certificate(ENGINE).support)


@pytest.fixture(scope="module")
def spot() -> Run:
    return Run("spot")


# ---- the certificate, in every release


def test_the_installed_freqtrade_is_known(spot: Run) -> None:
    known = certificate(ENGINE)
    assert version("freqtrade") in known.versions
    left_alone = variant_for(ENGINE.name, version("freqtrade")) == LEFT_ALONE
    assert left_alone != SUPPORTED
    if left_alone:
        assert spot.reason() == known.support.reason
        assert f"freqtrade {version('freqtrade')} computes this differently" in spot.reason()


def test_releases_in_the_table() -> None:
    rows = certified()[ENGINE.name].values()
    variants = {name: row["variant"] for row in rows for name in row["versions"]}
    assert variants["2026.9"] == ""
    assert variants["2026.3"] == variants["2025.9"] == LEFT_ALONE
    assert all(variant_for(ENGINE.name, name) == variant for name, variant in variants.items())


@pytest.fixture
def another_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Lets the certificates come from another table."""

    def use(table: dict[str, Any]) -> None:
        file = tmp_path / "certified.json"
        file.write_text(json.dumps(table), "utf-8")
        monkeypatch.setattr(fingerprints, "_CERTIFIED", file)
        certified.cache_clear()
        replace.certificate.cache_clear()

    yield use
    monkeypatch.undo()
    certified.cache_clear()
    replace.certificate.cache_clear()


def test_a_release_that_nobody_certified(spot: Run, another_table: Callable[..., None]) -> None:
    another_table({})
    expected = "this freqtrade's code differs from every version that was certified"
    assert spot.reason() == expected


def test_a_release_that_is_left_alone(spot: Run, another_table: Callable[..., None]) -> None:
    row = {"variant": LEFT_ALONE, "versions": ["2020.1"]}
    another_table({ENGINE.name: {fingerprint(ENGINE.definitions): row}})
    assert spot.reason() == "freqtrade 2020.1 computes this differently; it is left alone"


def test_every_name_counts_once() -> None:
    assert len(set(ENGINE.definitions)) == len(ENGINE.definitions)


# ---- names at run time


def watched_classes() -> list[tuple[type, str, str]]:
    """Class, attribute and definition of everything that is watched in a class."""
    owners = {
        f"{imitated.BACKTESTING}:Backtesting": imitated.BACKTESTING_METHODS,
        f"{imitated.PROVIDER}:DataProvider": imitated.PROVIDER_METHODS,
        f"{imitated.WALLETS}:Wallets": imitated.WALLETS_METHODS,
        f"{imitated.STRATEGY}:IStrategy": imitated.STRATEGY_INTERNALS + imitated.CALLBACKS,
        f"{imitated.EXCHANGE}:Exchange": imitated.EXCHANGE_METHODS,
        **imitated.CLASSES,
    }
    found = []
    for owner, members in owners.items():
        module, _, name = owner.partition(":")
        cls = getattr(sys.modules[module], name)
        found += [(cls, attribute_of(f"{owner}.{m}"), f"{owner}.{m}") for m in members]
    return found


def holders() -> list[tuple[Any, str]]:
    """Module and name of every place where freqtrade's code looks a watched name up."""
    names = {name.partition(":")[2] for name in (*imitated.CLASSES, *imitated.FUNCTIONS)}
    modules = {name.partition(":")[0] for name in imitated.IMITATED}
    loaded = [sys.modules[name] for name in sorted(modules) if name in sys.modules]
    return [(module, name) for module in loaded for name in sorted(names & set(vars(module)))]


def like(value: Any, function: Callable[..., Any]) -> Any:
    """The function in the kind of wrapping that the value has."""
    if isinstance(value, (property, staticmethod, classmethod)):
        return type(value)(function)
    return function


def test_every_watched_name_is_genuine(spot: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(genuine, "_known", {})
    assert spot.reason() == ""
    loaded = {name.partition(":")[0] for name in genuine._known}
    assert {imitated.BACKTESTING, imitated.TRADES, imitated.ROUNDING, imitated.WALLETS} <= loaded
    assert len(genuine._known) > 150
    for name in imitated.IMITATED:
        assert normalised_source(name)


def test_methods_that_somebody_replaced(spot: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    spot.strategy("position_adjustment_enable = True\nuse_custom_roi = True")
    classes = watched_classes()
    assert len(classes) > 150
    not_called = {"leverage", "custom_stoploss"}  # spot, and use_custom_stoploss is off
    for cls, attribute, definition in classes:
        value = vars(cls)[attribute]
        monkeypatch.setattr(cls, attribute, like(value, lambda *args, **kwargs: None))
        short = definition.rpartition(".")[2]
        reason = spot.reason()
        assert (short in reason) == (short not in not_called), (definition, reason)
        monkeypatch.undo()
        assert vars(cls)[attribute] is value
        assert spot.reason() == ""


def test_names_that_somebody_replaced(spot: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    places = holders()
    assert len(places) > 50
    assert (sys.modules[imitated.TRADES], "price_to_precision") in places
    assert (sys.modules[imitated.BACKTESTING], "LocalTrade") in places
    for module, name in places:
        value = getattr(module, name)
        other = type(name, (), {}) if isinstance(value, type) else lambda *a, **k: None
        monkeypatch.setattr(module, name, other)
        expected = f"{module.__name__}.{name} has been replaced by something else"
        assert spot.reason() == expected
        monkeypatch.undo()
        assert spot.reason() == ""


def test_a_wrapper_is_a_replacement(spot: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import functools

    from freqtrade.optimize.backtesting import Backtesting
    from freqtrade.persistence import LocalTrade

    monkeypatch.setattr(
        Backtesting,
        "backtest_loop",
        functools.wraps(Backtesting.backtest_loop)(lambda *args, **kwargs: None),
    )
    assert spot.reason() == (
        "freqtrade.optimize.backtesting.Backtesting.backtest_loop has been replaced by "
        "something else"
    )
    monkeypatch.undo()
    monkeypatch.setattr(LocalTrade.close, "__code__", (lambda self, rate, *, show_msg: 0).__code__)
    assert "LocalTrade.close has been replaced" in spot.reason()
    monkeypatch.undo()
    monkeypatch.delattr(LocalTrade, "close")
    assert "LocalTrade.close has been replaced" in spot.reason()


@pytest.mark.parametrize("path", ["backtesting", "backtesting.wallets", "backtesting.dataprovider"])
def test_objects_of_other_classes(spot: Run, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    thing: Any = spot
    for name in path.split("."):
        thing = getattr(thing, name)
    watched = {
        "backtesting": "_enter_trade",
        "backtesting.wallets": "get_total",
        "backtesting.dataprovider": "_set_dataframe_max_date",
    }[path]
    cls = type(thing)
    monkeypatch.setattr(thing, "__class__", type("Own", (cls,), {"unrelated": 1}))
    assert spot.reason() == ""
    owned = type("Own", (cls,), {watched: lambda *args, **kwargs: None})
    monkeypatch.setattr(thing, "__class__", owned)
    assert spot.reason() == f"Own overrides {watched} of {cls.__name__}"
    getter = {"__getattr__": lambda self, name: None}
    monkeypatch.setattr(thing, "__class__", type("Own", (cls,), getter))
    assert "__getattr__ of its own" in spot.reason()
    monkeypatch.undo()
    monkeypatch.setattr(thing, watched, getattr(thing, watched))
    assert f"has a {watched} of its own, set on the object" in spot.reason()


def test_what_is_really_called_may_be_replaced(spot: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from freqtrade.optimize.backtesting import Backtesting

    for name in ("backtest", "reset_backtest", "load_bt_data", "start"):
        monkeypatch.setattr(Backtesting, name, lambda *args, **kwargs: None)
    assert spot.reason() == ""


def test_our_own_replacements_are_not_somebody_elses() -> None:
    code = f"""
import sys; sys.path[:0] = [{str(Path(__file__).parent)!r}]
import freqkernels
from engine_backtesting import Run
freqkernels.install()
run = Run("spot")
from freqtrade.optimize import backtesting
assert hasattr(backtesting.Backtesting._get_ohlcv_as_lists, "__freqkernels__")
assert hasattr(backtesting.trim_dataframe, "__freqkernels__")
assert run.reason() == "", run.reason()
freqkernels.uninstall()
assert run.reason() == "", run.reason()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"prec": 20}, "the decimal context's prec is 20"),
        ({"Emin": -5}, "the decimal context's Emin is -5"),
        ({"clamp": 1}, "the decimal context's clamp is 1"),
        ({"Emax": 5}, "the decimal context's Emax is 5"),
        ({"traps": [decimal.Inexact]}, "the decimal context traps Inexact"),
        ({"traps": [decimal.Rounded]}, "the decimal context traps Rounded"),
        ({"traps": [decimal.Subnormal]}, "the decimal context traps Subnormal"),
        ({"traps": [decimal.FloatOperation]}, "the decimal context traps FloatOperation"),
        ({"rounding": decimal.ROUND_UP}, ""),
    ],
)
def test_the_decimal_context(spot: Run, change: dict[str, Any], reason: str) -> None:
    with decimal.localcontext(decimal.Context(**change)):
        assert spot.reason() == reason
    assert spot.reason() == ""


def test_names_that_the_release_does_not_have() -> None:
    owner = f"{imitated.BACKTESTING}:Backtesting"
    backtesting = sys.modules[imitated.BACKTESTING].Backtesting.__new__(
        sys.modules[imitated.BACKTESTING].Backtesting
    )
    assert genuine.object_support("it", backtesting, {"of_another_release": (owner,)})
    assert genuine.class_support(owner, ["of_another_release"])
    backtesting.of_another_release = print
    assert not genuine.object_support("it", backtesting, {"of_another_release": (owner,)})


def test_a_lookup_calls_nothing() -> None:
    class Parent:
        @property
        def value(self) -> int:
            raise AssertionError

    class Child(Parent):
        pass

    assert lookup(Child, "value") == (Parent, vars(Parent)["value"])
    assert lookup(Child, "nothing") is None


ANYWHERE = {
    "test_the_installed_freqtrade_is_known",
    "test_releases_in_the_table",
    "test_a_release_that_nobody_certified",
    "test_a_release_that_is_left_alone",
    "test_every_name_counts_once",
}
if not SUPPORTED:
    for test in [name for name in globals() if name.startswith("test_")]:
        if test not in ANYWHERE:
            del globals()[test]
