"""What the two runs of a comparison read: candles, configuration, strategy."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from freqkernels.data.datadir import candle_file, write_datadir
from freqkernels.data.market_spec import MarketSpec, pair_names
from freqkernels.errors import FreqkernelsError, InvalidInputError

#: Our own strategies: class name, file, trading mode.
STRATEGIES = {
    "TrendPullback": ("trend_pullback.py", "spot"),
    "ManagedBreakout": ("managed_breakout.py", "spot"),
    "FuturesSwing": ("futures_swing.py", "futures"),
}
TRADING_MODES = ("spot", "futures")
DEFAULT_PAIRS = 8
DEFAULT_CANDLES = 75_000
DEFAULT_TIMEFRAME = "5m"

#: What a run with everything on gets all the same: where it may write, how much of the machine.
_KEPT = ("FREQKERNELS_NUM_THREADS", "FREQKERNELS_CACHE_DIR", "FREQKERNELS_CACHE_DIRECTORY")
_STRATEGY_FOLDER = Path(__file__).with_name("strategies")
_WALLETS = {"BTC": 10.0, "ETH": 100.0, "BNB": 1_000.0}

Say = Callable[[str], object]


class RunFailedError(FreqkernelsError, RuntimeError):
    """freqtrade ended without a result; the text has its own words."""


@dataclass(frozen=True)
class Choices:
    """What a user may choose; None leaves it to us.

    :param strategy: one of :data:`STRATEGIES`, or any class found in ``strategy_path``.
    :param strategy_path: folder of the strategy's file.
    :param datadir: freqtrade data directory with feather files; without one, a market is made.
    :param pairs: names; without, those of ``datadir`` that share the most frequent quote currency.
    :param timeframe: without, 5m where there is a choice.
    :param timerange: as freqtrade takes it.
    :param trading_mode: "spot" or "futures"; without, what our strategy needs, else spot.
    :param candles: length of the market that is made.
    """

    strategy: str = "TrendPullback"
    strategy_path: Path | None = None
    datadir: Path | None = None
    pairs: tuple[str, ...] = ()
    timeframe: str | None = None
    timerange: str | None = None
    trading_mode: str | None = None
    candles: int = DEFAULT_CANDLES


@dataclass(frozen=True)
class Inputs:
    """What both runs read.

    :param directory: working directory of the runs, with configuration and results.
    :param arguments: command line for freqtrade.
    :param notes: what was decided for the user and may surprise.
    """

    directory: Path
    strategy: str
    trading_mode: str
    datadir: Path
    pairs: tuple[str, ...]
    timeframe: str
    timerange: str | None
    arguments: list[str]
    made_candles: int | None
    timeframe_detail: str | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def user_data(self) -> Path:
        """freqtrade's user directory of the runs."""
        return self.directory / "user_data"


def prepare(choices: Choices, directory: Path, say: Say) -> Inputs:
    """Make a directory from which freqtrade can be run.

    :param choices: of the user.
    :param directory: empty; everything is written there.
    :param say: called with what is being done.
    :return: what the runs need to know.
    :raise InvalidInputError: for a choice that cannot be met.
    :raise RunFailedError: if freqtrade cannot be started.
    """
    mode = _trading_mode(choices)
    strategy_path = _strategy_path(choices, directory)
    notes: list[str] = []
    if choices.datadir is None:
        datadir, timeframe = directory / "candles", choices.timeframe or DEFAULT_TIMEFRAME
        pairs = choices.pairs or tuple(pair_names(DEFAULT_PAIRS, futures=mode == "futures"))
        _check_one_quote(pairs)
        say(f"making a market: {len(pairs)} pairs, {choices.candles:,} candles of {timeframe} each")
        _make_market(datadir, pairs, timeframe, mode, choices.candles)
        say("starting freqtrade once, so that no timed run pays for cold files")
        survey(datadir, mode)
    else:
        datadir = _existing_folder(choices.datadir, "datadir")
        say(f"looking for candles in {datadir}")
        available = survey(datadir, mode)
        timeframe = _timeframe(choices, available, datadir, mode)
        pairs = _pairs(choices, available, timeframe, notes)
        _check_one_quote(pairs)
        _check_readable(datadir, pairs, timeframe, mode)
    _write_config(directory / "config.json", pairs, timeframe, mode)
    arguments = _arguments(choices, directory, datadir, strategy_path)
    return Inputs(
        directory=directory,
        strategy=choices.strategy,
        trading_mode=mode,
        datadir=datadir,
        pairs=pairs,
        timeframe=timeframe,
        timerange=choices.timerange,
        arguments=arguments,
        made_candles=choices.candles if choices.datadir is None else None,
        notes=notes,
    )


def _trading_mode(choices: Choices) -> str:
    if choices.trading_mode is not None and choices.trading_mode not in TRADING_MODES:
        raise InvalidInputError(
            f"trading_mode: expected one of {', '.join(TRADING_MODES)}, "
            f"got {choices.trading_mode!r}"
        )
    if choices.trading_mode is None and choices.strategy_path is None:
        return STRATEGIES.get(choices.strategy, ("", "spot"))[1]
    return choices.trading_mode or "spot"


def _existing_folder(path: Path, argument: str) -> Path:
    if not path.is_dir():
        raise InvalidInputError(f"{argument}: {path} is not a directory")
    return path.resolve()


def _strategy_path(choices: Choices, directory: Path) -> Path:
    """Folder with the strategy's file; ours are copied next to the configuration."""
    if choices.strategy_path is not None:
        return _existing_folder(choices.strategy_path, "strategy_path")
    if choices.strategy not in STRATEGIES:
        raise InvalidInputError(
            f"strategy: {choices.strategy!r} is none of {', '.join(STRATEGIES)}; "
            "name the folder of its file with --strategy-path"
        )
    folder = directory / "user_data" / "strategies"
    folder.mkdir(parents=True, exist_ok=True)
    file, _ = STRATEGIES[choices.strategy]
    shutil.copy(_STRATEGY_FOLDER / file, folder / file)
    return folder


def _make_market(
    datadir: Path, pairs: tuple[str, ...], timeframe: str, mode: str, candles: int
) -> None:
    for pair in pairs:
        if (":" in pair) != (mode == "futures"):
            like = "BTC/USDT:USDT" if mode == "futures" else "BTC/USDT"
            raise InvalidInputError(f"pairs: {pair!r} is not a {mode} pair such as {like}")
    write_datadir(datadir, pairs, MarketSpec(timeframe=timeframe, candles=candles))


def survey(datadir: Path, mode: str) -> dict[str, list[str]]:
    """Pairs of a data directory with their timeframes, by freqtrade in a process of its own.

    :raise RunFailedError: if freqtrade cannot be started.
    """
    module = ("-m", "freqkernels.bench.survey")
    options = ("--datadir", str(datadir), "--trading-mode", mode)
    done = subprocess.run(
        [sys.executable, *module, *options],
        capture_output=True,
        text=True,
        env=child_environment(),
        check=False,
    )
    if done.returncode != 0:
        raise RunFailedError(f"freqtrade cannot be started:\n{done.stderr.strip()}")
    found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found


def child_environment(*, settings: bool = False) -> dict[str, str]:
    """Environment in which two runs of freqtrade cannot differ for reasons of their own.

    One order of sets of strings, one width for tables.

    :param settings: whether environment variables may be part of freqtrade's configuration.
    """
    inherited = {k: v for k, v in os.environ.items() if settings or not k.startswith("FREQTRADE__")}
    return inherited | {"PYTHONHASHSEED": "0", "COLUMNS": "200", "PYTHONIOENCODING": "utf-8"}


def everything_on(state: Path, *, settings: bool = False) -> dict[str, str]:
    """Environment of a process in which nothing of ours is switched off.

    :param state: empty folder, so that no rollout has been taken back there.
    :param settings: as for :func:`child_environment`.
    """
    ours = ("FREQTRADE_OPT_", "FREQKERNELS_")
    environment = {
        name: value
        for name, value in child_environment(settings=settings).items()
        if name in _KEPT or not name.startswith(ours)
    }
    return environment | {
        "FREQKERNELS_STATE_DIRECTORY": str(state),
        "FREQKERNELS_LEVEL": "experimental",
        "FREQKERNELS_BACKEND": "compiled",
    }


def _timeframe(choices: Choices, available: dict[str, list[str]], datadir: Path, mode: str) -> str:
    counts = Counter(timeframe for names in available.values() for timeframe in names)
    if not counts:
        raise InvalidInputError(f"datadir: no {mode} candles (feather files) in {datadir}")
    wanted = choices.timeframe or (DEFAULT_TIMEFRAME if len(counts) > 1 else next(iter(counts)))
    if wanted not in counts:
        raise InvalidInputError(
            f"timeframe: no {mode} candles of {wanted} in {datadir}; "
            f"there are {', '.join(sorted(counts))}"
        )
    return wanted


def _pairs(
    choices: Choices, available: dict[str, list[str]], timeframe: str, notes: list[str]
) -> tuple[str, ...]:
    usable = [pair for pair, timeframes in available.items() if timeframe in timeframes]
    missing = [pair for pair in choices.pairs if pair not in usable]
    if missing:
        raise InvalidInputError(
            f"pairs: no {timeframe} candles of {', '.join(missing)}; there are {', '.join(usable)}"
        )
    if choices.pairs:
        return choices.pairs
    quote = Counter(_quote(pair) for pair in usable).most_common(1)[0][0]
    left_out = [pair for pair in usable if _quote(pair) != quote]
    if left_out:
        notes.append(f"left out, because they are not traded in {quote}: {', '.join(left_out)}")
    return tuple(pair for pair in usable if pair not in left_out)


def _check_readable(datadir: Path, pairs: tuple[str, ...], timeframe: str, mode: str) -> None:
    """Refuse damaged files: freqtrade would leave out the pair and go on."""
    for pair in pairs:
        file = candle_file(datadir, pair, timeframe, mode)
        try:
            candles = pd.read_feather(file)
        except Exception as error:  # pyarrow's errors have no common root of their own
            raise InvalidInputError(f"datadir: {file} cannot be read ({error})") from error
        if candles.empty:
            raise InvalidInputError(f"datadir: {file} holds no candles")


def _quote(pair: str) -> str:
    return pair.partition("/")[2].partition(":")[0]


def _check_one_quote(pairs: tuple[str, ...]) -> None:
    quotes = sorted({_quote(pair) for pair in pairs})
    if len(quotes) > 1:
        raise InvalidInputError(f"pairs: expected one quote currency, got {', '.join(quotes)}")


def _write_config(path: Path, pairs: tuple[str, ...], timeframe: str, mode: str) -> None:
    quote = _quote(pairs[0])
    pricing = {"price_side": "same", "use_order_book": True, "order_book_top": 1}
    config: dict[str, Any] = {
        "dry_run": True,
        "dry_run_wallet": _WALLETS.get(quote, 10_000.0),
        "stake_currency": quote,
        # All of the wallet, so that a difference in one trade shows in all later ones.
        "stake_amount": "unlimited",
        # Fewer than pairs, so that they compete.
        "max_open_trades": max(1, len(pairs) // 2),
        "timeframe": timeframe,
        "trading_mode": mode,
        "dataformat_ohlcv": "feather",
        "entry_pricing": pricing,
        "exit_pricing": pricing,
        "exchange": {"name": "binance", "pair_whitelist": list(pairs), "pair_blacklist": []},
        "pairlists": [{"method": "StaticPairList"}],
    }
    if mode == "futures":
        config["margin_mode"] = "isolated"
    path.write_text(json.dumps(config, indent=2), encoding="utf-8")


def _arguments(choices: Choices, directory: Path, datadir: Path, strategy_path: Path) -> list[str]:
    (directory / "user_data").mkdir(exist_ok=True)
    arguments = ["backtesting", "--config", str(directory / "config.json")]
    arguments += ["--userdir", str(directory / "user_data"), "--datadir", str(datadir)]
    arguments += ["--strategy", choices.strategy, "--strategy-path", str(strategy_path)]
    arguments += ["--cache", "none", "--export", "trades"]
    if choices.timerange is not None:
        arguments += ["--timerange", choices.timerange]
    return arguments
