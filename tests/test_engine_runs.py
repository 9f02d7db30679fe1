"""Which backtests may be compiled: modes, configuration, exchanges and markets."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from engine_backtesting import Run, offline
from freqkernels.bridge.engine.support import engine_support
from freqkernels.bridge.imitated import EXCHANGE_METHODS, FUTURES_METHODS
from freqkernels.bridge.replace import certificate
from freqkernels.bridge.targets import ENGINE


@pytest.fixture(scope="module")
def spot() -> Run:
    return Run("spot")


@pytest.fixture(scope="module")
def futures() -> Run:
    return Run("futures")


def pick(path: str, run: Run) -> Any:
    """An object of a backtest by its path, "backtesting.exchange" for example."""
    thing: Any = run
    for name in path.split("."):
        thing = getattr(thing, name)
    return thing


@pytest.mark.parametrize("mode", ["spot", "futures"])
@pytest.mark.parametrize(
    ("path", "name", "value", "reason"),
    [
        ("", "trading_mode", "margin", "trading_mode is margin"),
        ("exchange", "trading_mode", "margin", "the exchange object has another trading_mode"),
        ("", "margin_mode", "cross", "margin_mode is cross"),
        ("exchange", "margin_mode", "cross", "margin_mode is cross"),
        ("", "dynamic_pairlist", True, "enable_dynamic_pairlist is on"),
        ("", "fee", None, "fee is None, not "),
        ("", "fee", "0.1%", "fee is '0.1%', not "),
        ("", "fee", 1, "fee is 1, not "),
        ("", "fee", -0.001, "fee is -0.001, not "),
        ("", "fee", float("nan"), "fee is nan, not "),
        ("", "fee", True, "fee is True, not "),
        ("", "starting_balance", None, "the starting balance is None, not "),
        ("exchange", "liquidation_buffer", "x", "liquidation_buffer is 'x', not "),
        ("wallets", "_is_backtest", False, "the wallets are not those of a backtest"),
        ("wallets", "_start_cap", {"USDT": "1000"}, "dry_run_wallet is {'USDT': '1000'}, not "),
        ("wallets", "_start_cap", [1000], "dry_run_wallet is [1000], not "),
    ],
)
def test_modes_and_numbers(
    spot: Run,
    futures: Run,
    mode: str,
    path: str,
    name: str,
    value: Any,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = spot if mode == "spot" else futures
    monkeypatch.setattr(pick(f"backtesting.{path}".strip("."), run), name, value)
    assert run.reason().startswith(reason)
    monkeypatch.undo()
    assert run.reason() == ""


def test_futures_without_isolated_margin(futures: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(futures.backtesting, "margin_mode", "")
    assert "not isolated" in futures.reason()


@pytest.mark.parametrize(
    ("config", "name", "value", "reason"),
    [
        ("config", "enable_dynamic_pairlist", True, "enable_dynamic_pairlist is on"),
        ("config", "freqai", {"enabled": True}, "freqai is enabled"),
        ("strategy.config", "freqai", {"enabled": True}, "freqai is enabled"),
        ("config", "dry_run", False, "dry_run is off in the configuration"),
        ("strategy.config", "dry_run", False, "dry_run is off in the configuration"),
        ("wallets._config", "margin_mode", "cross", "margin_mode is cross"),
        ("wallets._config", "stake_amount", "100", "stake_amount is '100', not "),
        ("wallets._config", "stake_amount", None, "stake_amount is None, not "),
        ("wallets._config", "stake_amount", float("inf"), "stake_amount is inf, not "),
        ("wallets._config", "tradable_balance_ratio", "1", "tradable_balance_ratio is '1', not"),
        ("wallets._config", "available_capital", "1", "available_capital is '1', not "),
        ("wallets._config", "amend_last_stake_amount", "no", "amend_last_stake_amount is 'no', "),
        ("wallets._config", "last_stake_amount_min_ratio", None, "last_stake_amount_min_ratio is"),
        ("wallets._config", "stake_currency", 1, "stake_currency is 1, not "),
        ("strategy.config", "unfilledtimeout", 10, "unfilledtimeout is 10, not "),
        ("strategy.config", "unfilledtimeout", {"entry": "1"}, "unfilledtimeout is {'entry': '1'}"),
        ("strategy.config", "unfilledtimeout", {"unit": "weeks"}, "unfilledtimeout is {'unit'"),
        ("exchange._config", "amount_reserve_percent", "5%", "amount_reserve_percent is '5%', "),
    ],
)
def test_the_configuration(
    spot: Run, config: str, name: str, value: Any, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(pick(f"backtesting.{config}", spot), name, value)
    assert spot.reason().startswith(reason)
    monkeypatch.undo()
    assert spot.reason() == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stake_amount", "unlimited"),
        ("stake_amount", 0.5),
        ("available_capital", 500),
        ("amend_last_stake_amount", True),
        ("amount_reserve_percent", 0),
        ("position_stacking", True),
        ("export", "signals"),
        ("unfilledtimeout", {"entry": 10, "exit": None, "unit": "seconds"}),
        ("freqai", {"enabled": False}),
        ("liquidation_buffer", 0.1),
        ("enable_protections", True),
    ],
)
def test_configurations_that_are_supported(
    spot: Run, name: str, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bt = spot.backtesting
    for config in (bt.config, bt.strategy.config):
        monkeypatch.setitem(config, name, value)
    assert spot.reason() == ""


def test_a_configuration_that_is_no_dict(spot: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    bt = spot.backtesting
    monkeypatch.setattr(bt.wallets, "_config", type("Config", (dict,), {})(bt.config))
    assert spot.reason() == "the configuration is a Config, not a dict"
    monkeypatch.undo()
    frames = type("Frames", (dict,), {})()
    assert engine_support(bt, frames).reason == "processed is a Frames, not a dict"


@pytest.mark.parametrize("mode", [2, 3, 4])
def test_every_way_of_counting_precision(
    spot: Run, mode: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spot.backtesting, "precision_mode", mode)
    monkeypatch.setattr(spot.backtesting, "precision_mode_price", mode)
    assert spot.reason() == ""


#: Exchanges whose class has a formula of its own that is not compiled, and what for.
OWN_FORMULAS = {
    "Okx": {"get_max_pair_stake_amount"},
    "Bybit": {"dry_run_liquidation_price"},
    "Bitget": {"dry_run_liquidation_price"},
    "Hyperliquid": {"dry_run_liquidation_price", "get_max_leverage"},
}


def test_no_other_exchange_has_a_formula_of_its_own() -> None:
    import freqtrade.exchange as exchanges

    found = {}
    for name, cls in inspect.getmembers(exchanges, inspect.isclass):
        if issubclass(cls, exchanges.Exchange) and cls is not exchanges.Exchange:
            found[name] = set(vars(cls)) & {*EXCHANGE_METHODS, *FUTURES_METHODS}
    assert len(found) > 15
    assert found.pop("Binance") == {"dry_run_liquidation_price"}
    assert {name: methods for name, methods in found.items() if methods} == OWN_FORMULAS


@pytest.mark.parametrize(
    ("exchange", "mode", "reason"),
    [
        ("okx", "spot", "Okx overrides get_max_pair_stake_amount of Exchange"),
        ("okx", "futures", "Okx overrides get_max_pair_stake_amount of Exchange"),
        ("myokx", "spot", "Okx overrides get_max_pair_stake_amount of Exchange"),
        ("bybit", "spot", ""),
        ("bybit", "futures", "Bybit overrides dry_run_liquidation_price of Exchange"),
        ("bitget", "spot", ""),
        ("bitget", "futures", "Bitget overrides dry_run_liquidation_price of Exchange"),
        ("hyperliquid", "spot", ""),
        ("hyperliquid", "futures", "Hyperliquid overrides get_max_leverage of Exchange"),
        ("gate", "futures", ""),
        ("binanceus", "spot", ""),
        ("kraken", "spot", ""),
    ],
)
def test_exchanges(
    spot: Run,
    futures: Run,
    exchange: str,
    mode: str,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from freqtrade.resolvers import ExchangeResolver

    run = spot if mode == "spot" else futures
    bt = run.backtesting
    config = {**bt.config, "exchange": {**bt.config["exchange"], "name": exchange}}
    with offline():
        other = ExchangeResolver.load_exchange(config, validate=False)
    other._markets, other._leverage_tiers = bt.exchange._markets, bt.exchange._leverage_tiers
    monkeypatch.setattr(bt, "exchange", other)
    assert run.reason() == reason


def test_an_exchange_of_somebody_else(spot: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = spot.backtesting.exchange

    def get_min_pair_stake_amount(self: Any, *args: Any, **kwargs: Any) -> float:
        return 1.0

    methods = {"get_min_pair_stake_amount": get_min_pair_stake_amount}
    monkeypatch.setattr(exchange, "__class__", type("Mine", (type(exchange),), methods))
    assert spot.reason() == "Mine overrides get_min_pair_stake_amount of Exchange"
    monkeypatch.undo()
    monkeypatch.setattr(exchange, "__class__", type("Mine", (type(exchange),), {}))
    assert spot.reason() == ""
    monkeypatch.setattr(exchange, "get_max_leverage", lambda *args: 1.0, raising=False)
    expected = "the exchange object has a get_max_leverage of its own, set on the object"
    assert spot.reason() == expected


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("limits", None, "has no limits of cost and amount"),
        ("limits", {"cost": {"min": 1}}, "has no limits of cost and amount"),
        ("precision", {"amount": "0.1"}, "has '0.1' where a number is expected"),
        ("precision", {"price": True}, "has True where a number is expected"),
    ],
)
def test_markets(
    spot: Run, key: str, value: Any, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    market = spot.backtesting.exchange._markets["ETH/USDT"]
    monkeypatch.setitem(market, key, value)
    assert spot.reason() == f"the market ETH/USDT {problem}"
    monkeypatch.undo()
    monkeypatch.setitem(market["limits"]["cost"], "max", "100")
    assert spot.reason() == "the market ETH/USDT has '100' where a number is expected"


def test_a_pair_without_a_market(spot: Run) -> None:
    assert engine_support(spot.backtesting, {"XXX/USDT": None}).reason == (
        "there is no market XXX/USDT"
    )


def test_leverage_tiers(futures: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pair, tiers = "ETH/USDT:USDT", futures.backtesting.exchange._leverage_tiers
    monkeypatch.delitem(tiers, pair)
    assert futures.reason() == f"the market {pair} has no leverage tiers"
    monkeypatch.undo()
    for name in ("minNotional", "maxNotional", "maintenanceMarginRate", "maxLeverage"):
        monkeypatch.setitem(tiers[pair][-1], name, "x")
        expected = f"the market {pair} has a leverage tier with something else than numbers"
        assert futures.reason() == expected
        monkeypatch.undo()
    monkeypatch.setitem(tiers[pair][-1], "maxNotional", None)
    assert futures.reason() == ""
    monkeypatch.setitem(tiers[pair][-1], "maintAmt", None)  # Binance's formula needs it
    assert "leverage tier" in futures.reason()


def test_liquidation_by_the_usual_formula(futures: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from freqtrade.resolvers import ExchangeResolver

    bt, pair = futures.backtesting, "ETH/USDT:USDT"
    config = {**bt.config, "exchange": {**bt.config["exchange"], "name": "gate"}}
    with offline():
        gate = ExchangeResolver.load_exchange(config, validate=False)
    gate._markets, gate._leverage_tiers = bt.exchange._markets, bt.exchange._leverage_tiers
    monkeypatch.setattr(bt, "exchange", gate)
    monkeypatch.setitem(gate._leverage_tiers[pair][-1], "maintAmt", None)
    assert futures.reason() == ""
    monkeypatch.setitem(gate._markets[pair], "inverse", True)
    assert futures.reason() == f"the market {pair} is an inverse contract"
    monkeypatch.setitem(gate._markets[pair], "taker", None)
    assert futures.reason() == f"the market {pair} has no taker fee"


def test_tiers_outside_of_a_backtest(futures: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from freqtrade.enums import RunMode

    exchange = futures.backtesting.exchange
    monkeypatch.setitem(exchange._config, "runmode", RunMode.WEBSERVER)
    assert futures.reason() == ""
    for name in ("fetchLeverageTiers", "fetchMarketLeverageTiers"):
        monkeypatch.setitem(exchange._ft_has["exchange_has_overrides"], name, False)
    assert futures.reason() == "the exchange has no leverage tiers outside of a backtest"
    monkeypatch.setitem(exchange._config, "runmode", RunMode.HYPEROPT)
    monkeypatch.setattr(exchange, "_api", None)  # as hyperopt leaves it
    assert futures.reason() == ""


if not certificate(ENGINE).support:  # a release that is left alone: see test_engine_names
    for test in [name for name in globals() if name.startswith("test_")]:
        del globals()[test]
