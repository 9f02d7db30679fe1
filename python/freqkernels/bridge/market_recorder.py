"""Ask an exchange, through freqtrade, what it would tell freqtrade at start; keep the answers.

Imported by the command that records, never at start-up.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from freqkernels.bridge.market_record import Answers, MarketRecord
from freqkernels.errors import MarketsError, MissingFreqtradeError


def record_markets(arguments: Sequence[str] = ()) -> MarketRecord:
    """Load the markets of an exchange as ``freqtrade list-markets`` does, and record the answers.

    Needs the network, no keys. Leverage tiers and trading fees are recorded where freqtrade asks
    for them; those that an earlier run has cached in the data directory are neither read nor
    written.

    :param arguments: options of ``freqtrade list-markets``: ``-c``, ``--exchange``,
        ``--trading-mode``, ``--userdir``, ``--datadir``.
    :return: the record.
    :raise MarketsError: for a configuration that freqtrade rejects, and when the exchange does
        not answer.
    """
    try:
        import ccxt
        from freqtrade import __version__ as freqtrade_version
        from freqtrade.exceptions import FreqtradeException
    except ImportError as error:
        raise MissingFreqtradeError(
            f"freqtrade is needed to record markets and cannot be imported ({error}): "
            "pip install 'freqkernels[freqtrade]'"
        ) from error
    try:
        exchange = _make_exchange(arguments)
        try:
            answers = _ask(exchange)
        finally:
            exchange.close()
    except FreqtradeException as error:
        raise MarketsError(f"markets cannot be recorded: {error}") from error
    return MarketRecord(
        exchange=exchange._api.id,
        trading_mode=exchange.trading_mode.value,
        stake_currency=exchange._config.get("stake_currency"),
        recorded_at=datetime.now(UTC).replace(microsecond=0),
        precision_mode=exchange._api.precisionMode,
        ccxt_version=ccxt.__version__,
        freqtrade_version=freqtrade_version,
        answers=answers,
    )


def _make_exchange(arguments: Sequence[str]) -> Any:
    from freqtrade.commands import Arguments
    from freqtrade.configuration import setup_utils_configuration
    from freqtrade.enums import RunMode
    from freqtrade.resolvers import ExchangeResolver
    from freqtrade.system import asyncio_setup

    asyncio_setup()
    parsed = Arguments(["list-markets", *arguments]).get_parsed_arg()
    config = setup_utils_configuration(parsed, RunMode.UTIL_EXCHANGE)
    exchange = ExchangeResolver.load_exchange(config, validate=False)
    if exchange.trading_mode.value == "futures" and not config.get("stake_currency"):
        raise MarketsError(
            "markets cannot be recorded: the configuration has no stake_currency, "
            "by which freqtrade asks for leverage tiers"
        )
    return exchange


def _ask(exchange: Any) -> Answers:
    """Let freqtrade load markets and tiers, and keep what passes through its ccxt objects."""
    sync, asynchronous = exchange._api, exchange._api_async
    tiers: dict[str, Any] = {}
    heard: dict[str, Any] = {}
    exchange.load_cached_leverage_tiers = lambda *_, **__: None
    exchange.cache_leverage_tiers = lambda *_, **__: None
    _tap(asynchronous, "set_markets", lambda _, *args: heard.update(markets=args))
    _tap(sync, "fetch_leverage_tiers", lambda result, *_: tiers.update(result))
    _tap(
        asynchronous,
        "fetch_market_leverage_tiers",
        lambda result, symbol, *_: tiers.update({symbol: result}),
    )
    _tap(sync, "fetch_trading_fees", lambda result, *_: heard.update(fees=result))
    _load_markets(exchange)
    helpers = asynchronous.options.get("marketHelperProps") or ()
    markets, currencies = (*heard["markets"], None)[:2]
    return Answers(
        markets=list(markets.values()) if isinstance(markets, dict) else list(markets),
        currencies=currencies,
        fees=sync.fees,
        options={name: asynchronous.options[name] for name in helpers} or None,
        leverage_tiers=tiers or None,
        trading_fees=heard.get("fees"),
    )


def _load_markets(exchange: Any) -> None:
    """As freqtrade does, but with the exchange's own reason when it does not answer."""
    from ccxt import BaseError

    asynchronous = exchange._api_async
    try:
        exchange.loop.run_until_complete(asynchronous.load_markets(True))
    except BaseError as error:
        raise MarketsError(
            f"markets cannot be recorded: {asynchronous.id} does not answer: "
            f"{type(error).__name__}: {error}"
        ) from error

    async def load_markets(*_: Any, **__: Any) -> Any:
        return asynchronous.markets

    asynchronous.load_markets = load_markets
    exchange.reload_markets(True)


def _tap(api: Any, name: str, listen: Callable[..., object]) -> None:
    """Call ``listen(result, *arguments)`` after each call of a method of a ccxt object."""
    method = getattr(api, name)

    def tapped(*args: Any, **kwargs: Any) -> Any:
        result = method(*args, **kwargs)
        listen(result, *args)
        return result

    async def tapped_async(*args: Any, **kwargs: Any) -> Any:
        result = await method(*args, **kwargs)
        listen(result, *args)
        return result

    is_async = inspect.iscoroutinefunction(method)
    setattr(api, name, functools.wraps(method)(tapped_async if is_async else tapped))
