"""The simulation as one function."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import inf, isfinite, nan
from typing import Any

import numpy as np
import pandas as pd

from freqkernels.errors import InvalidInputError, SimulationError
from freqkernels.layout import RULES, WALLET, Liquidation
from freqkernels.runtime import Support
from freqkernels.simulation.checks import reject, require_flag, timeframe_minutes
from freqkernels.simulation.columns import Grid, tags_at
from freqkernels.simulation.inputs import (
    Span,
    pair_candles,
    pair_details,
    pair_frames,
    pair_funding,
    span_of,
)
from freqkernels.simulation.market_tables import MarketTables
from freqkernels.simulation.markets import Market, add_market, base_currency
from freqkernels.simulation.protections import KINDS, MINUTE_MS, protection_structs
from freqkernels.simulation.run import Inputs, run_engine
from freqkernels.simulation.settings import Rules, WalletRules, roi_table
from freqkernels.simulation.simulated import Simulated, simulated
from freqkernels.simulation.structs import Setup, Struct, filled, reserves, roi_steps, timeout_us

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORMULAS = {"binance": Liquidation.BINANCE, "base": Liquidation.BASE}


def simulate(
    candles: Mapping[str, Any],
    signals: Mapping[str, Any] | None,
    rules: Rules,
    wallet: WalletRules,
    *,
    markets: Mapping[str, Market] | None = None,
    detail: Mapping[str, Any] | None = None,
    protections: Sequence[Mapping[str, Any]] = (),
    capture_wallet: bool = True,
    collect_rejected: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Simulated:
    """freqtrade's backtest of candles with signals, to the last bit, without freqtrade.

    A table is a DataFrame, a mapping of names to arrays, or a structured array. Columns of candles
    are ``date`` (UTC, or milliseconds since 1970), ``open``, ``high``, ``low`` and ``close``; of
    signals ``enter_long``, ``exit_long``, ``enter_short``, ``exit_short``, ``enter_tag`` and
    ``exit_tag``, as far as there are any. Signals stand in the row of the candle that they were
    computed from, and act on the next candle; so a pair's first candle only gives signals. Candles
    that only served indicators are to be cut off before.

    :param candles: table by pair, in the order of the pair list.
    :param signals: table by pair, a row a candle; None if they are columns of the candles.
    :param rules: when trades are opened and closed.
    :param wallet: what there is to trade with.
    :param markets: by pair; without steps and limits if absent.
    :param detail: candles of the detail timeframe by pair, with ``rules.timeframe_detail``; main
        candles serve where there are none.
    :param protections: freqtrade's, with its keys.
    :param capture_wallet: whether the wallet is followed over time.
    :param collect_rejected: whether signals that find no free slot are kept.
    :param progress: called now and then with the number of candles done since the last call; may
        raise to end the run.
    :return: trades, orders, wallet over time, counters, locks and final balance.
    :raise InvalidInputError: naming the argument.
    :raise SimulationError: for a run that cannot be computed exactly.
    """
    _check(rules, wallet, markets, detail)
    require_flag("capture_wallet", capture_wallet)
    require_flag("collect_rejected", collect_rejected)
    frames = pair_frames(candles, signals)
    span = span_of(frames)
    leverage = _Leverage(rules.leverage, frames) if rules.futures else None
    kept = {"capture_wallets": capture_wallet, "collect_rejected": collect_rejected}
    setup = _setup(frames, span, rules, wallet, markets, **kept)
    inputs = _inputs(frames, setup, rules, markets, detail, protections, leverage)
    records = run_engine(inputs, progress or _ignore)
    if isinstance(records, Support):
        if leverage is not None and leverage.error is not None:
            raise leverage.error
        raise SimulationError(records.reason)
    return simulated(records, setup, frames, protections, rules.fee)


def _ignore(_: int) -> None:
    pass


def _check(rules: Any, wallet: Any, markets: Any, detail: Any) -> None:
    for name, value, kind in (("rules", rules, Rules), ("wallet", wallet, WalletRules)):
        if not isinstance(value, kind):
            reject(name, f"{kind.__name__}", value)
    for name, value in (("markets", markets), ("detail", detail)):
        if not (value is None or isinstance(value, Mapping)):
            reject(name, "a mapping by pair, or None", value)
    if (detail is None) != (rules.timeframe_detail is None):
        raise InvalidInputError("detail: candles and rules.timeframe_detail need each other")
    if wallet.stake_amount == "unlimited" and rules.max_open_trades in (-1, inf):
        raise InvalidInputError(
            "stake_amount: 'unlimited' shares the balance among the slots: max_open_trades has to "
            "be a number of them"
        )


# ---- what the engine runs by


def _setup(
    frames: Mapping[str, pd.DataFrame],
    span: Span,
    rules: Rules,
    wallet: WalletRules,
    markets: Mapping[str, Market] | None,
    **kept: bool,
) -> Setup:
    balances = wallet.balances
    bases = [_base(pair, wallet.stake_currency) for pair in frames]
    names = tuple(dict.fromkeys([wallet.stake_currency, *bases, *balances]))
    tables = MarketTables()
    for (pair, frame), base in zip(frames.items(), bases, strict=True):
        market, formula = _market(markets, pair), rules.liquidation_formula
        number = names.index(base)
        add_market(tables, pair, market, frame, number, futures=rules.futures, formula=formula)
    return Setup(
        tuple(frames),
        names,
        np.array([type(balances.get(name, 0.0)) is int for name in names]),
        _rules(rules, span, wallet, kept),
        _wallet(wallet, balances),
        roi_steps(roi_table(rules.minimal_roi)),
        *tables.arrays(),
        np.array([balances.get(name, 0.0) for name in names], dtype=np.float64),
    )


def _base(pair: str, stake_currency: str) -> str:
    """The pair's base currency.

    :raise InvalidInputError: for a pair that is not traded in the stake currency.
    """
    quote = pair.partition("/")[2].partition(":")[0]
    if quote != stake_currency:
        raise InvalidInputError(
            f"candles: expected pairs like 'NAME/{stake_currency}', got {pair!r:.60}"
        )
    return base_currency(pair)


def _market(markets: Mapping[str, Market] | None, pair: str) -> Market:
    if markets is None:
        return Market()
    market = markets.get(pair)
    if not isinstance(market, Market):
        raise InvalidInputError(f"markets: expected a Market of {pair!r}, got {market!r:.60}")
    return market


def _rules(rules: Rules, span: Span, wallet: WalletRules, kept: Mapping[str, bool]) -> Struct:
    minutes = timeframe_minutes("timeframe", rules.timeframe)
    detail, slots = rules.timeframe_detail, rules.max_open_trades
    positive = rules.trailing_stop_positive
    funding = timeframe_minutes("funding_fee_timeframe", rules.funding_fee_timeframe)
    return filled(
        RULES,
        start_ms=span.first,
        end_ms=span.last,
        timeframe_ms=minutes * MINUTE_MS,
        detail_ms=timeframe_minutes("timeframe_detail", detail) * MINUTE_MS if detail else 0,
        funding_ms=funding * MINUTE_MS if rules.futures else 0,
        timeframe_min=minutes,
        entry_timeout_us=timeout_us(rules.unfilledtimeout, "entry"),
        exit_timeout_us=timeout_us(rules.unfilledtimeout, "exit"),
        trade_id=0,
        order_id=0,
        stoploss=rules.stoploss,
        trailing_stop_positive=0.0 if positive is None else positive,
        trailing_stop_positive_offset=rules.trailing_stop_positive_offset,
        exit_profit_offset=rules.exit_profit_offset,
        fee=rules.fee,
        max_open_trades=inf if slots == -1 else slots,
        ignore_expired_after_s=rules.ignore_buying_expired_candle_after,
        liquidation_buffer=rules.liquidation_buffer if rules.futures else 0.0,
        **reserves(wallet.amount_reserve_percent),
        trailing_stop=rules.trailing_stop,
        has_trailing_stop_positive=positive is not None,
        trailing_only_offset_is_reached=rules.trailing_only_offset_is_reached,
        use_exit_signal=rules.use_exit_signal,
        exit_profit_only=rules.exit_profit_only,
        ignore_roi_if_entry_signal=rules.ignore_roi_if_entry_signal,
        position_stacking=rules.position_stacking,
        can_short=rules.can_short,
        futures=rules.futures,
        entry_limit=rules.order_types["entry"] == "limit",
        exit_limit=rules.order_types["exit"] == "limit",
        **kept,
        compensated_sum=sys.version_info >= (3, 12),
        liquidation=_FORMULAS[rules.liquidation_formula] if rules.futures else Liquidation.NONE,
        asks_leverage=rules.futures,
    )


def _wallet(wallet: WalletRules, balances: Mapping[str, float]) -> Struct:
    capital, start = wallet.available_capital, balances.get(wallet.stake_currency, 0)
    stake = wallet.stake_amount
    return filled(
        WALLET,
        start=start,
        tradable_balance_ratio=wallet.tradable_balance_ratio,
        available_capital=nan if capital is None else capital,
        stake_amount=nan if stake == "unlimited" else stake,
        last_stake_amount_min_ratio=wallet.last_stake_amount_min_ratio,
        starting_balance=start if capital is None else capital,
        stake_currency=0,
        amend_last_stake_amount=wallet.amend_last_stake_amount,
    )


# ---- what goes in


def _inputs(
    frames: Mapping[str, pd.DataFrame],
    setup: Setup,
    rules: Rules,
    markets: Mapping[str, Market] | None,
    detail: Mapping[str, Any] | None,
    protections: Any,
    leverage: Callable[..., float] | None,
) -> Inputs:
    start, step = int(setup.rules["start_ms"][0]), int(setup.rules["timeframe_ms"][0])
    structs = protection_structs(protections, rules.timeframe, step // MINUTE_MS)
    kinds = structs[0]["kind"] if structs else np.empty(0, np.uint8)
    stop_tags, grid = bool((kinds == KINDS["StoplossGuard"]).any()), Grid(start, step)
    candles = [pair_candles(pair, frames[pair], grid, stop_tags=stop_tags) for pair in frames]
    return Inputs(
        setup,
        tuple((*c.prices, c.signals, c.first_candle, c.candle, c.stop_tags) for c in candles),
        tuple(_details(detail, pair) for pair in frames),
        tuple(_funding(markets, pair, rules) for pair in frames),
        structs,
        leverage,
    )


def _details(detail: Mapping[str, Any] | None, pair: str) -> tuple[Any, ...] | None:
    table = None if detail is None else detail.get(pair)
    return None if table is None or len(table) == 0 else pair_details(pair, table)


def _funding(
    markets: Mapping[str, Market] | None, pair: str, rules: Rules
) -> tuple[Any, ...] | None:
    if not rules.futures:
        return None
    return pair_funding(pair, _market(markets, pair).funding)


class _Leverage:
    """Answers the engine's question for a leverage, and remembers what went wrong.

    :param wanted: a number, or freqtrade's ``leverage()``.
    :param frames: by pair, for tags.
    """

    def __init__(self, wanted: Any, frames: Mapping[str, pd.DataFrame]) -> None:
        self._wanted = wanted
        self._frames = tuple(frames.items())
        self.error: BaseException | None = None

    def __call__(
        self, pair: int, row: int, open_ms: int, rate: float, is_short: int, max_leverage: float
    ) -> float:
        if not callable(self._wanted):
            return _plain(self._wanted)
        name, frame = self._frames[pair]
        try:
            answer = self._wanted(
                pair=name,
                current_time=_EPOCH + timedelta(milliseconds=open_ms),
                current_rate=rate,
                proposed_leverage=1.0,
                max_leverage=max_leverage,
                entry_tag=tags_at(frame, "enter_tag", np.array([row]), "")[0],
                side="short" if is_short else "long",
            )
            return _plain(answer)
        except BaseException as error:
            self.error = error
            raise


def _plain(answer: Any) -> float:
    """A float or int of Python's own."""
    number = answer.item() if isinstance(answer, np.generic) else answer
    if type(number) not in (int, float) or not isfinite(number):
        raise InvalidInputError(f"leverage: expected a finite number, got {answer!r:.60}")
    plain: float = number
    return plain
