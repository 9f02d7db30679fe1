"""What the results of a backtest depend on, as one digest."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from types import FunctionType
from typing import Any

from freqkernels import _kernels
from freqkernels.runtime import control, get_backend
from freqkernels.runtime.rollout import RolloutLog

#: Settings that say where things are, how a command runs or what it prints, not what comes out.
_OTHER_SETTINGS = frozenset(
    [
        *("config_files", "original_config", "user_data_dir", "datadir", "strategy_path"),
        *("logfile", "log_config", "verbosity", "print_colorized", "print_all", "print_json"),
        *("export", "exportfilename", "exportdirectory", "backtest_cache", "backtest_notes"),
        *("db_url", "api_server", "telegram", "webhook", "discord", "external_message_consumer"),
        *("bot_name", "initial_state", "internals", "runmode", "command", "strategy_list"),
        *("hyperopt_jobs", "hyperopt_path", "hyperopt_random_state", "hyperopt_loss", "epochs"),
        *("hyperopt_min_trades", "hyperopt_ignore_missing_space", "spaces", "early_stop"),
        *("analyze_per_epoch", "disableparamexport", "minimum_trade_amount", "startup_candle"),
        *("targeted_trade_amount", "lookahead_analysis_exportfilename", "freqkernels"),
    ]
)
_CREDENTIALS = frozenset(
    ["key", "secret", "password", "uid", "accountId", "walletAddress", "privateKey", "api_key"]
)
_PACKAGE = Path(__file__).resolve().parents[1]
_PACKAGES = ("freqkernels", "freqtrade", "numpy", "pandas", "ccxt")
#: Files of ours that count; Python writes others beside them whenever it likes.
_CODE = frozenset([".py", ".so", ".pyd", ".json"])
_OF_A_MARKET = ("precision", "limits", "contractSize", "taker", "maker", "active", "linear")


def digest_of(backtesting: Any, strategy: Any) -> str:
    """A digest that is another one as soon as the results may be others.

    Of the strategy's source, parameters and loaded modules beside it, the settings, versions and
    builds, the files with candles by name, size and date, the markets of the pairs, and what says
    which functions run fast.

    :param backtesting: freqtrade's ``Backtesting``.
    :param strategy: one of its strategies.
    """
    content = {
        "strategy": [strategy.get_strategy_name(), *_contents(_sources(strategy))],
        "settings": _settings(strategy.config),
        "versions": [platform.python_version(), platform.machine(), get_backend(), *_versions()],
        "candles": list(_stamps(Path(backtesting.config["datadir"]))),
        "markets": _markets(backtesting),
        "fast": _fast(),
    }
    text = json.dumps(_plain(content), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """The same in types that JSON has, for all that is met in a configuration."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(map(str, value))
    return value if isinstance(value, (str, int, float, type(None))) else str(value)


def _sources(strategy: Any) -> set[Path]:
    """Files with the strategy's classes and parameters, and with modules that lie beside them."""
    files: set[Path] = set()
    for owner in type(strategy).__mro__:
        if owner.__module__.partition(".")[0] in ("freqtrade", "builtins", "abc"):
            continue
        files |= set(_files_of(owner))
    folders = {file.parent for file in files}
    for module in list(sys.modules.values()):
        name = getattr(module, "__file__", None)
        if isinstance(name, str) and folders.intersection(Path(name).parents):
            files.add(Path(name))
    return files | {file.with_suffix(".json") for file in files}


def _files_of(owner: type) -> Iterator[Path]:
    named = vars(owner).get("__file__")
    if isinstance(named, str):
        yield Path(named)
    for value in vars(owner).values():
        function = getattr(value, "__func__", getattr(value, "fget", value))
        if isinstance(function, FunctionType):
            yield Path(function.__code__.co_filename)


def _contents(files: Iterable[Path]) -> Iterator[tuple[str, str]]:
    for file in sorted(files):
        if file.is_file():
            yield file.name, hashlib.sha256(file.read_bytes()).hexdigest()


def _settings(config: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in config.items() if name not in _OTHER_SETTINGS}
    exchange = kept.get("exchange", {})
    kept["exchange"] = {k: v for k, v in exchange.items() if k not in _CREDENTIALS}
    return kept


def _fast() -> list[Any]:
    """What was compared while it did not run at all is not proven for when it does."""
    settings, rollout = control.current(), RolloutLog().read()
    functions = {name: asdict(one) for name, one in settings.functions.items()}
    shares = [settings.percentage, *(one["percentage"] for one in functions.values())]
    partly = any(share is not None and share < 100 for share in shares)
    return [
        *(settings.level, settings.modules, settings.percentage, functions),
        (settings.key or control.run_key()) if partly else "",
        *(rollout.phases, sorted(rollout.rolled_back)),
    ]


def _versions() -> Iterator[Any]:
    for package in _PACKAGES:
        yield package, importlib.metadata.version(package)
    for folder in (_PACKAGE, *map(Path, _kernels.__path__)):
        yield list(_stamps(folder, _CODE))


def _stamps(folder: Path, suffixes: frozenset[str] = frozenset()) -> Iterator[tuple[str, int, int]]:
    """Names, sizes and dates of all files in a folder, or of those with certain suffixes."""
    for file in sorted(folder.rglob("*")):
        if (not suffixes or file.suffix in suffixes) and file.is_file():
            found = file.stat()
            yield file.relative_to(folder).as_posix(), found.st_size, found.st_mtime_ns


def _markets(backtesting: Any) -> dict[str, Any]:
    markets = backtesting.exchange.markets
    return {
        pair: {name: markets.get(pair, {}).get(name) for name in _OF_A_MARKET}
        for pair in backtesting.pairlists.whitelist
    }
