"""Offline markets: freqtrade starts without asking the exchange.

:func:`use_offline_markets` makes freqtrade's exchange class hand out ccxt objects that answer from
a record, or from markets derived from the candle files, and refuse everything else that would
need the network. Works for every command but trading; nothing of freqtrade is imported here
before freqtrade itself does.
"""

from __future__ import annotations

import functools
import inspect
import logging
import weakref
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from freqkernels.bridge.hooks import ImportHandle, on_import
from freqkernels.bridge.market_record import Answers, MarketRecord, load_record
from freqkernels.errors import MarketsError

logger = logging.getLogger(__name__)

#: A record older than this is used with a warning.
MAX_AGE = timedelta(days=90)
AUTO = "auto"

_active: _Replay | None = None


def use_offline_markets(source: str) -> None:
    """Let freqtrade run without a network in this process, from now on.

    :param source: path of a market record, or "auto" for markets derived from the candle files of
        the configured data directory (what is assumed is logged).
    :raise MarketsError: for a record that cannot be used. A record of another exchange or trading
        mode than the configuration's is refused when freqtrade makes its exchange object, by an
        error that is also freqtrade's OperationalException (its commands exit with 2).
    """
    global _active
    record = None if source == AUTO else load_record(Path(source))
    stop_offline_markets()
    _active = _Replay(source, record)


def stop_offline_markets() -> None:
    """Undo :func:`use_offline_markets` for exchange objects that are made later."""
    global _active
    if _active is not None:
        _active.stop()
        _active = None


class _Replay:
    """One source of answers, installed in freqtrade's exchange class."""

    def __init__(self, source: str, record: MarketRecord | None) -> None:
        self.source = source
        self.record = record
        self._derived: dict[tuple[Any, ...], Answers] = {}
        self._announced = False
        self._tickers_announced = False
        self._originals: list[tuple[type, str, Any]] = []
        self._handle: ImportHandle = on_import("freqtrade.exchange.exchange", self._patch)

    def stop(self) -> None:
        self._handle.cancel()
        for owner, name, original in reversed(self._originals):
            setattr(owner, name, original)
        self._originals.clear()

    def _patch(self, module: ModuleType) -> None:
        self._originals.clear()
        replacements: dict[str, Callable[..., Any]] = {
            "_init_ccxt": self._init_ccxt,
            "fill_leverage_tiers": self._fill_leverage_tiers,
            "load_cached_leverage_tiers": self._load_cached_leverage_tiers,
            "cache_leverage_tiers": self._cache_leverage_tiers,
        }
        owner = module.Exchange
        missing = [name for name in replacements if name not in vars(owner)]
        if missing:
            raise _refusal(
                f"offline markets: this freqtrade's Exchange has no {', '.join(missing)}; "
                "freqkernels does not know where it asks the exchange"
            )
        for name, replacement in replacements.items():
            original = vars(owner)[name]
            self._originals.append((owner, name, original))
            setattr(owner, name, _method(original, replacement))

    # The replacements: called with the original and its arguments.

    def _init_ccxt(self, original: Callable[..., Any], exchange: Any, *args: Any, **kw: Any) -> Any:
        api = original(exchange, *args, **kw)
        self._check(exchange, api)
        if self.record is not None and self.record.answers.fees is not None:
            api.fees = self.record.answers.fees
        # A strong reference would tie the exchange object into a cycle, and it closes in __del__.
        alive = weakref.ref(exchange)
        _OfflineApi(self, api, lambda: self._answers(alive())).install()
        return api

    def _load_cached_leverage_tiers(
        self, original: Callable[..., Any], exchange: Any, stake_currency: str, *_: Any, **__: Any
    ) -> Any:
        # Tiers that the exchange once told, however old, are better than an assumption;
        # a record is what was asked for, whatever else lies about.
        if self.record is None:
            return original(exchange, stake_currency, timedelta(weeks=5000))
        return None

    def _cache_leverage_tiers(self, *_: Any, **__: Any) -> None:
        """Assumed or old tiers must not pass for fresh ones in a later run with a network."""

    def _fill_leverage_tiers(self, original: Callable[..., Any], exchange: Any) -> None:
        original(exchange)
        if self.record is None:
            # Binance in dry-run mode reads tiers that freqtrade ships, not for every pair.
            for symbol, tiers in (self._answers(exchange).leverage_tiers or {}).items():
                if symbol not in exchange._leverage_tiers:
                    parsed = [exchange.parse_leverage_tier(tier) for tier in tiers]
                    exchange._leverage_tiers[symbol] = parsed

    def _answers(self, exchange: Any) -> Answers:
        if self.record is not None:
            return self.record.answers
        config = exchange._config
        key = (exchange._api.id, exchange.trading_mode, config["datadir"])
        if key not in self._derived:
            from freqkernels.bridge.market_derive import derive_answers

            try:
                self._derived[key] = derive_answers(exchange)
            except MarketsError as error:
                raise _refusal(str(error)) from error
        return self._derived[key]

    def _check(self, exchange: Any, api: Any) -> None:
        """Refuse what would give wrong results; tell once where the markets come from."""
        if exchange._config["runmode"].value in ("live", "dry_run"):
            raise _refusal("offline markets: trading needs the exchange itself")
        if self.record is None:
            return
        mode = exchange.trading_mode.value
        for what, recorded, wanted in (
            ("exchange", self.record.exchange, api.id),
            ("trading mode", self.record.trading_mode, mode),
            ("way of counting decimals (ccxt)", self.record.precision_mode, api.precisionMode),
        ):
            if recorded != wanted:
                raise _refusal(
                    f"market record {self.source} is of {what} '{recorded}', this run needs "
                    f"'{wanted}': record it with 'freqkernels markets record'"
                )
        if not self._announced:
            self._announced = True
            _announce(self.source, self.record)

    def announce_tickers(self) -> None:
        """Say once that there are no tickers."""
        if not self._tickers_announced:
            self._tickers_announced = True
            logger.warning(
                "Offline markets have no tickers: minimum stakes are those of the limits alone, "
                "and pairlists that rank by price or volume find nothing."
            )


class _OfflineApi:
    """The methods of a ccxt object that would ask the exchange, answered without it.

    :param replay: where the object is used.
    :param api: the object, synchronous or asynchronous.
    :param get_answers: gives the answers; called when they are needed.
    """

    METHODS = (
        "load_markets",
        "fetch_leverage_tiers",
        "fetch_market_leverage_tiers",
        "fetch_trading_fees",
        "fetch_tickers",
        "fetch_bids_asks",
        "fetch",
    )

    def __init__(self, replay: _Replay, api: Any, get_answers: Callable[[], Answers]) -> None:
        self._replay = replay
        self._api = api
        self._get_answers = get_answers

    def install(self) -> None:
        for name in self.METHODS:
            answer = getattr(self, name)
            is_async = inspect.iscoroutinefunction(getattr(self._api, name))
            setattr(self._api, name, _asynchronous(answer) if is_async else answer)

    def load_markets(self, reload: bool = False, params: Any = None) -> Any:
        if reload or not self._api.markets:
            answers = self._get_answers()
            # ccxt copies these from object to object and takes for granted that they exist.
            helpers = self._api.options.get("marketHelperProps") or ()
            self._api.options.update({name: {} for name in helpers} | (answers.options or {}))
            self._api.set_markets(answers.markets, answers.currencies)
        return self._api.markets

    def fetch_leverage_tiers(self, symbols: Any = None, params: Any = None) -> Any:
        return _recorded(self._get_answers().leverage_tiers, "leverage tiers")

    def fetch_market_leverage_tiers(self, symbol: str, params: Any = None) -> Any:
        tiers = self.fetch_leverage_tiers()
        return _recorded(tiers.get(symbol), f"leverage tiers of {symbol}")

    def fetch_trading_fees(self, params: Any = None) -> Any:
        return _recorded(self._get_answers().trading_fees, "trading fees")

    def fetch_tickers(self, symbols: Any = None, params: Any = None) -> dict[str, Any]:
        self._replay.announce_tickers()
        return {}

    fetch_bids_asks = fetch_tickers

    def fetch(self, url: str, *_: Any, **__: Any) -> Any:
        raise _ccxt_error(f"offline markets ({self._replay.source}): not asking for {url}")


def _method(original: Any, replacement: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def method(*args: Any, **kwargs: Any) -> Any:
        return replacement(original, *args, **kwargs)

    return method


def _asynchronous(function: Callable[..., Any]) -> Callable[..., Any]:
    async def answer(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return answer


def _recorded(answer: Any, what: str) -> Any:
    if answer is None:
        raise _ccxt_error(f"the market record has no {what}")
    return answer


def _announce(source: str, record: MarketRecord) -> None:
    logger.info(
        "Offline markets of %s (%s) from %s, recorded %s with freqtrade %s and ccxt %s.",
        record.exchange,
        record.trading_mode,
        source,
        f"{record.recorded_at:%Y-%m-%d}",
        record.freqtrade_version,
        record.ccxt_version,
    )
    if record.age() > MAX_AGE:
        logger.warning(
            "The market record %s is %d days old (more than %d): pairs, limits, fees and leverage "
            "tiers may have changed. 'freqkernels markets record' makes a new one.",
            source,
            record.age().days,
            MAX_AGE.days,
        )


def _ccxt_error(reason: str) -> Exception:
    """An error of ccxt that freqtrade does not take for a passing one and try again."""
    from ccxt import BaseError

    error: Exception = BaseError(reason)
    return error


@functools.cache
def _refusal_class() -> type[MarketsError]:
    from freqtrade.exceptions import OperationalException

    return type("OfflineMarketsError", (MarketsError, OperationalException), {})


def _refusal(reason: str) -> MarketsError:
    """Ours, and of the kind that freqtrade reports in one line, with exit code 2."""
    return _refusal_class()(reason)
