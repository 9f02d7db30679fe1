"""Offline markets: real freqtrade and ccxt, Binance's documents on a loopback server."""

import json
import logging
import re
import socket
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from freqkernels.bridge import market_derive, market_recorder
from freqkernels.bridge.market_record import MarketRecord, load_record, save_record
from freqkernels.bridge.market_recorder import record_markets
from freqkernels.bridge.markets import stop_offline_markets, use_offline_markets
from freqkernels.errors import MarketsError
from market_workspace import FUTURES, SPOT, Run, Workspace, binance_on_loopback

MODES = ("spot", "futures")
STRATEGIES = {"spot": "Sample", "futures": "SampleShort"}
LOAD = {"validate": True, "load_leverage_tiers": True}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(tmp_path_factory.mktemp("markets")).create()


@pytest.fixture(scope="module")
def records(workspace: Workspace) -> dict[str, Path]:
    """A record a trading mode, made by the command line from the loopback server."""
    paths = {mode: workspace.root / f"markets-binance-{mode}.json" for mode in MODES}
    with binance_on_loopback() as there:
        for mode in MODES:
            config = workspace.write_config(mode, **there)
            done = workspace.run("markets", "record", "-c", str(config))
            assert done.code == 0, done.output
            assert f"wrote {paths[mode].name}" in done.output
    return paths


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str | Path], None]]:
    """``use_offline_markets`` for one test in which no socket may connect."""

    def connect(self: socket.socket, address: object) -> None:
        raise AssertionError(f"asked the network: {address}")

    monkeypatch.setattr(socket.socket, "connect", connect)
    yield lambda source: use_offline_markets(str(source))
    stop_offline_markets()


def make_exchange(config: Path, datadir: Path, runmode: str = "backtest", **how: Any) -> Any:
    """freqtrade's exchange object, as its resolver makes it for a command."""
    from freqtrade.enums import RunMode
    from freqtrade.resolvers import ExchangeResolver

    loaded = json.loads(config.read_text())
    loaded |= {"datadir": datadir, "runmode": RunMode(runmode)}
    return ExchangeResolver.load_exchange(loaded, **(how or LOAD))


def trades(workspace: Workspace) -> list[dict[str, Any]]:
    """Trades of the newest backtest."""
    results = workspace.root / "user_data" / "backtest_results"
    newest = max(results.glob("*.zip"), key=lambda path: path.stat().st_mtime_ns)
    with zipfile.ZipFile(newest) as archive:
        document = json.loads(archive.read(f"{newest.stem}.json"))
    newest.unlink()
    (result,) = document["strategy"].values()
    return list(result["trades"])


def backtest(workspace: Workspace, config: Path, mode: str, *options: str) -> Run:
    arguments = ("-c", str(config), "--strategy", STRATEGIES[mode], "--cache", "none", *options)
    return workspace.run("backtesting", *arguments)


# The record: what the exchange says, to a file and back.


@pytest.mark.parametrize("mode", MODES)
def test_replay_equals_the_exchange(
    mode: str, workspace: Workspace, records: dict[str, Path], caplog: pytest.LogCaptureFixture
) -> None:
    """ccxt and freqtrade are in the same state as after asking the exchange."""
    with binance_on_loopback() as there:
        online = make_exchange(workspace.write_config(mode, **there), workspace.datadir)
    caplog.set_level(logging.INFO)
    use_offline_markets(str(records[mode]))
    try:
        replayed = make_exchange(workspace.write_config(mode), workspace.datadir)
    finally:
        stop_offline_markets()
    assert "Offline markets of binance" in caplog.text
    assert len(online.markets) == 6
    assert replayed.markets == online.markets
    for api in ("_api", "_api_async"):
        for name in ("markets", "markets_by_id", "currencies", "symbols", "ids", "codes", "fees"):
            assert getattr(getattr(replayed, api), name) == getattr(getattr(online, api), name)
    assert replayed._leverage_tiers == online._leverage_tiers
    assert replayed._trading_fees == online._trading_fees
    for pair, price, _ in FUTURES if mode == "futures" else SPOT:
        for taker in ("maker", "taker"):
            assert replayed.get_fee(pair, taker_or_maker=taker) == online.get_fee(
                pair, taker_or_maker=taker
            )
        assert replayed.get_precision_price(pair) == online.get_precision_price(pair)
        assert replayed.get_min_pair_stake_amount(pair, price, -0.1) == (
            online.get_min_pair_stake_amount(pair, price, -0.1)
        )


@pytest.mark.parametrize("mode", MODES)
def test_same_trades_as_with_the_exchange(
    mode: str, workspace: Workspace, records: dict[str, Path]
) -> None:
    with binance_on_loopback() as there:
        done = backtest(workspace, workspace.write_config(mode, **there), mode)
    assert done.code == 0, done.output
    expected = trades(workspace)
    assert len(expected) > 50
    config = workspace.write_config(mode)
    done = backtest(workspace, config, mode, "--offline-markets", str(records[mode]))
    assert done.code == 0, done.output
    assert "recorded 20" in done.output
    assert trades(workspace) == expected


def test_show_and_no_network(workspace: Workspace, records: dict[str, Path]) -> None:
    shown = workspace.run("markets", "show", str(records["futures"]))
    assert shown.code == 0, shown.output
    assert re.search(r"exchange +binance\n", shown.output)
    assert re.search(r"markets +6 \(6 active\): 3 spot, 3 swap\n", shown.output)
    assert load_record(records["futures"]).sha256() + " (matches)" in shown.output

    with binance_on_loopback() as there:
        config = workspace.write_config("spot", **there)
    refused = workspace.run("markets", "record", "-c", str(config), "-o", "absent.json")
    assert refused.code == 2
    assert "binance does not answer: ExchangeNotAvailable" in refused.output
    assert not list(workspace.root.glob("*absent.json*"))


def test_record_needs_a_usable_configuration(workspace: Workspace) -> None:
    with pytest.raises(MarketsError, match=r'"absent\.json" not found'):
        record_markets(["-c", "absent.json"])
    config = workspace.write_config("spot", exchange="nonsense")
    with pytest.raises(MarketsError, match='"nonsense" is not known to the ccxt library'):
        record_markets(["-c", str(config)])
    config.write_text("{")
    with pytest.raises(MarketsError, match="cannot be recorded: Parse error"):
        record_markets(["-c", str(config)])


@pytest.mark.parametrize(
    ("name", "mode", "asks_tiers"),
    [
        ("bybit", "futures", True),  # all tiers at once, and cached for a day
        ("okx", "futures", True),  # market by market, and cached for weeks
        ("gate", "futures", True),
        ("hyperliquid", "futures", False),
        ("kraken", "spot", False),
    ],
)
def test_record_of_other_exchanges(
    name: str,
    mode: str,
    asks_tiers: bool,
    workspace: Workspace,
    tmp_path: Path,
    offline: Callable[[str | Path], None],
) -> None:
    """Recorded from an exchange object on derived markets, since no such exchange is at hand."""
    offline("auto")
    config = workspace.write_config(mode, exchange=name)
    source = make_exchange(config, workspace.datadir, validate=False)
    answers = market_recorder._ask(source)
    pairs = [pair for pair, _, _ in (FUTURES if mode == "futures" else SPOT)]
    assert sorted(answers.leverage_tiers or {}) == (sorted(pairs) if asks_tiers else [])
    now = datetime.now(UTC)
    record = MarketRecord(name, mode, "USDT", now, source.precisionMode, "1", "1", answers)
    save_record(record, tmp_path / f"{name}.json")
    offline(tmp_path / f"{name}.json")
    replayed = make_exchange(config, workspace.datadir)
    assert replayed.markets == source.markets
    if asks_tiers:
        assert replayed._leverage_tiers == source._leverage_tiers
    assert not list(workspace.datadir.glob("futures/leverage_tiers*"))


# Records that cannot be used, or should not.


@pytest.fixture
def record(records: dict[str, Path]) -> MarketRecord:
    return load_record(records["spot"])


def test_round_trip_is_exact(record: MarketRecord, tmp_path: Path) -> None:
    odd = {"symbol": "A/B", "a": 0.1 + 0.2, "b": 1, "c": 1.0, "d": None, "e": "ä", "f": 1e-8}
    odd_record = replace(record, answers=replace(record.answers, markets=[odd]))
    save_record(odd_record, tmp_path / "r.json")
    loaded = load_record(tmp_path / "r.json")
    assert loaded == odd_record
    assert [type(value) for value in loaded.answers.markets[0].values()] == [
        type(value) for value in odd.values()
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def test_failed_write_leaves_the_old_file(record: MarketRecord, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    save_record(record, path)
    before = path.read_bytes()
    bad = replace(record, answers=replace(record.answers, markets=[{"symbol": object()}]))
    with pytest.raises(TypeError):
        save_record(bad, path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["r.json"]
    with pytest.raises(MarketsError, match="cannot be written"):
        save_record(record, tmp_path / "absent" / "r.json")


def _drop(document: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != name}


DAMAGE: dict[str, tuple[Callable[[str], str], str]] = {
    "truncated": (lambda text: text[: len(text) // 2], "damaged .cut short"),
    "empty": (lambda text: "", "damaged .cut short"),
    "no object": (lambda text: "[1]", "holds no JSON object"),
    "another file": (lambda text: '{"exchange": {}}', "is not a market record"),
    "later version": (
        lambda text: json.dumps(json.loads(text) | {"version": 2}),
        "format version 2, this freqkernels reads version 1",
    ),
    "edited value": (lambda text: text.replace("0.001", "0.002", 1), "damaged or was edited"),
    "edited date": (
        lambda text: json.dumps(json.loads(text) | {"recorded_at": "2030-01-01T00:00:00+00:00"}),
        "damaged or was edited",
    ),
    "no hash": (lambda text: json.dumps(_drop(json.loads(text), "sha256")), "it says None"),
    "no exchange": (lambda text: json.dumps(_drop(json.loads(text), "exchange")), "it lacks"),
    "no answers": (lambda text: json.dumps(_drop(json.loads(text), "answers")), "not an object"),
    "more than ours": (lambda text: json.dumps(json.loads(text) | {"x": 1}), "unknown entries x"),
    "mistyped": (lambda text: json.dumps(json.loads(text) | {"exchange": 1}), "of type int"),
    "no date": (lambda text: json.dumps(json.loads(text) | {"recorded_at": "?"}), "damaged"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_records_are_refused(damage: str, records: dict[str, Path], tmp_path: Path) -> None:
    change, reason = DAMAGE[damage]
    path = tmp_path / "r.json"
    path.write_text(change(records["spot"].read_text()))
    with pytest.raises(MarketsError, match=reason) as caught:
        use_offline_markets(str(path))
    assert str(path) in str(caught.value)


def test_unreadable_records_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MarketsError, match="cannot be read"):
        use_offline_markets(str(tmp_path / "absent.json"))
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MarketsError, match="damaged"):
        use_offline_markets(str(tmp_path / "binary"))


def test_foreign_records_are_refused(
    workspace: Workspace,
    record: MarketRecord,
    tmp_path: Path,
    offline: Callable[[str | Path], None],
) -> None:
    """By an error that freqtrade's commands turn into exit code 2."""
    from freqtrade.exceptions import ConfigurationError, OperationalException

    path = tmp_path / "r.json"
    config = workspace.write_config("spot")
    for change, reason in (
        ({"exchange": "kraken"}, "of exchange 'kraken', this run needs 'binance'"),
        ({"trading_mode": "futures"}, "of trading mode 'futures', this run needs 'spot'"),
        ({"precision_mode": 2}, "counting decimals .ccxt. '2', this run needs '4'"),
    ):
        save_record(replace(record, **change), path)
        offline(path)
        with pytest.raises(OperationalException, match=reason) as caught:
            make_exchange(config, workspace.datadir)
        assert isinstance(caught.value, MarketsError)
        assert not isinstance(caught.value, ConfigurationError)


def test_old_record_warns_once(
    workspace: Workspace,
    record: MarketRecord,
    tmp_path: Path,
    offline: Callable[[str | Path], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = tmp_path / "r.json"
    config = workspace.write_config("spot")
    for days, warnings in ((89, 0), (91, 1)):
        recorded_at = datetime.now(UTC) - timedelta(days=days)
        save_record(replace(record, recorded_at=recorded_at), path)
        caplog.clear()
        offline(path)
        for _ in range(2):
            assert len(make_exchange(config, workspace.datadir).markets) == 6
        assert caplog.text.count(f"is {days} days old (more than 90)") == warnings


def test_exit_codes_of_refusals(workspace: Workspace, records: dict[str, Path]) -> None:
    futures = workspace.write_config("futures")
    foreign = backtest(workspace, futures, "futures", "--offline-markets", str(records["spot"]))
    assert foreign.code == 2, foreign.output
    assert "of trading mode 'spot', this run needs 'futures'" in foreign.output
    assert "Traceback" not in foreign.output

    damaged = workspace.root / "damaged.json"
    damaged.write_text(records["spot"].read_text()[:-10])
    done = workspace.run("list-markets", "-c", str(futures), f"--offline-markets={damaged}")
    assert done.code == 2, done.output
    assert "damaged" in done.output

    trade = workspace.run(
        "trade", "-c", str(futures), "--strategy", "SampleShort", "--offline-markets", "auto"
    )
    assert trade.code == 2, trade.output
    assert "trading needs the exchange itself" in trade.output


# Everything else that would need the network.


def test_nothing_else_is_asked(
    workspace: Workspace, records: dict[str, Path], offline: Callable[[str | Path], None]
) -> None:
    from freqtrade.exceptions import OperationalException

    offline(records["spot"])
    exchange = make_exchange(workspace.write_config("spot"), workspace.datadir)
    with pytest.raises(OperationalException, match=r"offline markets .*not asking for https"):
        exchange.fetch_ticker("BTC/USDT")
    assert exchange.get_tickers() == {}


def test_stop_restores_freqtrade(workspace: Workspace, records: dict[str, Path]) -> None:
    from freqtrade.exchange.exchange import Exchange

    before = dict(vars(Exchange))
    use_offline_markets(str(records["spot"]))
    assert dict(vars(Exchange)) != before
    use_offline_markets("auto")
    stop_offline_markets()
    stop_offline_markets()
    assert dict(vars(Exchange)) == before


# Markets derived from candles.

EXCHANGES = {
    "spot": "binance bybit okx kraken bitget gate hyperliquid kucoin bitfinex htx bitvavo mexc",
    "futures": "binance bybit okx bitget gate hyperliquid krakenfutures",
}


def has_futures(name: str) -> bool:
    """Whether the installed freqtrade trades isolated futures there (older ones: fewer)."""
    from freqtrade import exchange
    from freqtrade.enums import MarginMode, TradingMode

    owner = getattr(exchange, name.title(), exchange.Exchange)
    wanted = (TradingMode.FUTURES, MarginMode.ISOLATED)
    return wanted in owner._supported_trading_mode_margin_pairs


@pytest.mark.parametrize("mode", MODES)
def test_auto_on_every_exchange(
    mode: str,
    workspace: Workspace,
    offline: Callable[[str | Path], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Markets, precision, fees and tiers as freqtrade's exchange classes use them."""
    names = [name for name in EXCHANGES[mode].split() if mode == "spot" or has_futures(name)]
    assert len(names) > 4
    for name in names:
        caplog.clear()
        offline("auto")
        exchange = make_exchange(workspace.write_config(mode, name), workspace.datadir)
        assert "Could not load markets" not in caplog.text
        assert caplog.text.count(f"Offline markets of {exchange._api.id}") == 1
        for pair, price, decimals in FUTURES if mode == "futures" else SPOT:
            assert exchange.market_is_tradable(exchange.markets[pair]), name
            assert exchange.price_to_precision(pair, price + 10.0**-decimals) == round(
                price + 10.0**-decimals, decimals
            )
            assert exchange.amount_to_precision(pair, 0.123456789) == 0.12345678
            assert 0 <= exchange.get_fee(pair) < 0.01
            assert exchange.get_min_pair_stake_amount(pair, price, -0.1) is None
            assert exchange.get_contract_size(pair) == 1
            if mode == "futures":
                assert exchange.get_max_leverage(pair, 100.0) >= 1
        assert sorted(exchange.get_markets(tradable_only=True)) == sorted(
            pair for pair, _, _ in (FUTURES if mode == "futures" else SPOT)
        )


def test_auto_is_deterministic(workspace: Workspace, offline: Callable[[str | Path], None]) -> None:
    answers = []
    for _ in range(2):
        offline("auto")
        exchange = make_exchange(workspace.write_config("futures"), workspace.datadir)
        answers.append(market_derive.derive_answers(exchange))
    assert json.dumps(answers[0].markets) == json.dumps(answers[1].markets)
    assert answers[0] == answers[1]


def test_auto_tiers_where_freqtrade_ships_none(
    tmp_path: Path, workspace: Workspace, offline: Callable[[str | Path], None]
) -> None:
    """Shipped tiers stay, a pair without gets the assumed one."""
    (tmp_path / "futures").mkdir()
    source = workspace.datadir / "futures"
    for name in ("BTC_USDT_USDT", "NOSUCH_USDT_USDT"):
        candles = (source / "BTC_USDT_USDT-1h-futures.feather").read_bytes()
        (tmp_path / "futures" / f"{name}-1h-futures.feather").write_bytes(candles)
    offline("auto")
    exchange = make_exchange(workspace.write_config("futures"), tmp_path)
    assert len(exchange._leverage_tiers["BTC/USDT:USDT"]) > 1
    assert exchange._leverage_tiers["NOSUCH/USDT:USDT"] == [
        {
            "minNotional": 0.0,
            "maxNotional": 1e12,
            "maintenanceMarginRate": 0.025,
            "maxLeverage": 20.0,
            "maintAmt": 0.0,
        }
    ]


def test_auto_uses_tiers_that_an_earlier_run_cached(
    tmp_path: Path, workspace: Workspace, offline: Callable[[str | Path], None]
) -> None:
    (tmp_path / "futures").mkdir()
    candles = workspace.datadir / "futures" / "BTC_USDT_USDT-1h-futures.feather"
    (tmp_path / "futures" / candles.name).write_bytes(candles.read_bytes())
    tier = {"minNotional": 0, "maxNotional": 9, "maintenanceMarginRate": 0.1, "maxLeverage": 7}
    cache = tmp_path / "futures" / "leverage_tiers_USDT.json"
    cache.write_text(
        json.dumps({"updated": "2021-01-01 00:00:00+00:00", "data": {"BTC/USDT:USDT": [tier]}})
    )
    before = cache.read_bytes()
    for name in ("okx", "bybit"):
        offline("auto")
        exchange = make_exchange(workspace.write_config("futures", name), tmp_path)
        assert exchange.get_max_leverage("BTC/USDT:USDT", 1.0) == 7
    assert cache.read_bytes() == before


def test_auto_without_usable_candles(
    tmp_path: Path, workspace: Workspace, offline: Callable[[str | Path], None]
) -> None:
    from freqtrade.exceptions import OperationalException

    config = workspace.write_config("spot")
    offline("auto")
    with pytest.raises(OperationalException, match=r"no spot candles \(feather\) in .*--datadir"):
        make_exchange(config, tmp_path)
    (tmp_path / "BTC_USDT-5m.feather").write_bytes(b"ARROW1 and nothing more")
    offline("auto")
    with pytest.raises(OperationalException, match=r"candles \(feather\) of BTC/USDT .*damaged"):
        make_exchange(config, tmp_path)


def test_auto_reads_other_data_formats(
    tmp_path: Path, workspace: Workspace, offline: Callable[[str | Path], None]
) -> None:
    from freqtrade.data.history import get_datahandler
    from freqtrade.enums import CandleType

    candles = get_datahandler(workspace.datadir, "feather").ohlcv_load(
        "DOGE/USDT", "1h", candle_type=CandleType.SPOT
    )
    get_datahandler(tmp_path, "json").ohlcv_store("DOGE/USDT", "1h", candles, CandleType.SPOT)
    config = workspace.write_config("spot")
    config.write_text(json.dumps(json.loads(config.read_text()) | {"dataformat_ohlcv": "json"}))
    offline("auto")
    exchange = make_exchange(config, tmp_path)
    assert list(exchange.markets) == ["DOGE/USDT"]
    assert exchange.get_precision_price("DOGE/USDT") == 1e-5


def test_auto_on_real_candles(
    shared_data: Path, workspace: Workspace, offline: Callable[[str | Path], None]
) -> None:
    config = workspace.write_config("spot")
    config.write_text(config.read_text().replace("USDT", "BTC"))
    offline("auto")
    exchange = make_exchange(config, shared_data / "binance")
    assert len(exchange.markets) == 8
    assert exchange.get_precision_price("LTC/BTC") == 1e-8
    assert exchange.get_precision_price("TRX/BTC") == 1e-8
    offline("auto")
    exchange = make_exchange(workspace.write_config("futures"), shared_data / "binance")
    assert list(exchange.markets) == ["XRP/USDT:USDT"]
    assert exchange.get_precision_price("XRP/USDT:USDT") == 1e-5


# The command line, in real processes.


@pytest.mark.parametrize("mode", MODES)
def test_auto_backtesting(mode: str, workspace: Workspace) -> None:
    done = backtest(workspace, workspace.write_config(mode), mode, "--offline-markets", "auto")
    assert done.code == 0, done.output
    assert " ".join(done.output.split()).count("Assumed: price precision from the decimals") == 1
    assert len(trades(workspace)) > 50


def test_auto_reads_no_settings_in_a_plain_run(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FREQTRADE_OPT_LEVEL", "rubbish")
    options = ("-c", str(workspace.write_config("spot")), "--offline-markets", "auto")
    done = workspace.run("list-pairs", *options, "--plain", "--print-list")
    assert done.code == 0, done.output
    assert "has 3 active pairs" in done.output
    assert workspace.run("list-pairs", *options).code == 2


def outputs(workspace: Workspace, *commands: tuple[str, ...]) -> list[str]:
    """What successful commands print; two run at a time."""
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda command: workspace.run(*command), commands))
    assert [run.code for run in runs] == [0] * len(runs), runs
    return [run.output for run in runs]


def test_list_commands(workspace: Workspace, records: dict[str, Path]) -> None:
    spot = ("-c", str(workspace.write_config("spot")), "--offline-markets")
    futures = ("-c", str(workspace.write_config("futures")), "--offline-markets")
    pairs, markets, table, timeframes, data, strategies = outputs(
        workspace,
        ("list-pairs", *spot, "auto", "--print-list"),
        ("list-markets", *futures, str(records["futures"]), "--print-list"),
        ("list-markets", *spot, str(records["spot"]), "--print-csv"),
        ("list-timeframes", *spot, "auto"),
        ("list-data", *spot, "auto"),
        ("list-strategies", *spot, "auto"),
    )
    assert "has 3 active pairs: BTC/USDT, DOGE/USDT, ETH/USDT." in pairs
    names = sorted(pair for pair, _, _ in SPOT + FUTURES)
    assert f"has 6 active markets: {', '.join(names)}." in markets
    assert "BTCUSDT,BTC/USDT,BTC,USDT,True,Spot,Margin,,1.0,5.25" in table
    assert "Offline markets have no tickers" in table
    assert "5m, 15m" in timeframes
    assert "Found 6 pair / timeframe" in data
    assert "SampleShort" in strategies


@pytest.mark.parametrize("mode", MODES)
def test_analysis_commands(mode: str, workspace: Workspace) -> None:
    options = ("-c", str(workspace.write_config(mode)), "--strategy", STRATEGIES[mode])
    options += ("--timerange", "20230902-20230905", "--offline-markets", "auto")
    lookahead, recursive = outputs(
        workspace,
        ("lookahead-analysis", *options),
        ("recursive-analysis", *options, "--startup-candle", "30", "60"),
    )
    assert re.search(rf"{STRATEGIES[mode]}\W+No\W+20\W", lookahead), lookahead
    assert "No variance on indicator" in recursive, recursive


@pytest.mark.parametrize(("mode", "jobs"), [("spot", "1"), ("futures", "2")])
def test_hyperopt(mode: str, jobs: str, workspace: Workspace) -> None:
    done = workspace.run(
        *("hyperopt", "-c", str(workspace.write_config(mode)), "--strategy", STRATEGIES[mode]),
        *("-e", "2", "-j", jobs, "--spaces", "buy", "--random-state", "1", "--no-color"),
        *("--hyperopt-loss", "OnlyProfitHyperOptLoss", "--offline-markets", "auto"),
    )
    assert done.code == 0, done.output
    results = workspace.root / "user_data" / "hyperopt_results"
    newest = max(results.glob("*.fthypt"), key=lambda path: path.stat().st_mtime_ns)
    epochs = [json.loads(line) for line in newest.read_text().splitlines()]
    assert [epoch["results_metrics"]["total_trades"] > 50 for epoch in epochs] == [True, True]
