"""Whether a trade is to be left: freqtrade's checks on every candle of an open trade.

What the strategy may override is called as ever; only functions of ``IStrategy`` itself are passed
over, and only where they would find nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from functools import wraps
from typing import Any

from freqkernels.bridge.objects.swaps import Swap
from freqkernels.bridge.targets import Target

_INTERFACE = "freqtrade.strategy.interface"
_STRATEGY = f"{_INTERFACE}:IStrategy"
_TRADE_MODEL = "freqtrade.persistence.trade_model"
_STAMPS_KEPT = 1024

Function = Callable[..., Any]


class _Own:
    """Which strategies leave a function of ``IStrategy`` as it is.

    :param name: the function's name.
    """

    def __init__(self, name: str) -> None:
        from freqtrade.strategy.interface import IStrategy

        self._name = name
        self._base = IStrategy
        self._known: dict[tuple[type, Any], bool] = {}

    def __call__(self, strategy: Any) -> bool:
        cls = type(strategy)
        current = vars(self._base).get(self._name)
        known = self._known.get((cls, current))
        if known is None:
            known = self._known[cls, current] = getattr(cls, self._name) is current
        return known and self._name not in strategy.__dict__


def min_roi_reached(original: Function) -> Function:
    """The replacement of ``IStrategy.min_roi_reached``."""
    from freqtrade.persistence import LocalTrade

    is_own = _Own("min_roi_reached_entry")
    stamps: dict[int, tuple[Any, float]] = {}

    def opened(date: Any) -> float:
        """Seconds at ``date``, taken for UTC."""
        known = stamps.get(id(date))
        if known is None:
            if len(stamps) >= _STAMPS_KEPT:
                stamps.clear()
            known = stamps[id(date)] = (date, date.replace(tzinfo=UTC).timestamp())
        return known[1]

    @wraps(original)
    def fast(self: Any, trade: Any, current_profit: Any, current_time: Any) -> Any:
        if type(trade) is not LocalTrade or self.use_custom_roi or not is_own(self):
            return original(self, trade, current_profit, current_time)
        duration = int((current_time.timestamp() - opened(trade.open_date)) // 60)
        table, since = self.minimal_roi, None
        for minutes in table:
            if minutes <= duration and (since is None or minutes > since):
                since = minutes
        if since is None:
            return False
        roi = table[since]
        return False if roi is None else current_profit > roi

    return fast


def ft_stoploss_adjust(original: Function) -> Function:
    """The replacement of ``IStrategy.ft_stoploss_adjust``: most often there is nothing to do."""
    from freqtrade.persistence import LocalTrade

    @wraps(original)
    def fast(
        self: Any,
        current_rate: Any,
        trade: Any,
        current_time: Any,
        current_profit: Any,
        force_stoploss: Any,
        low: Any = None,
        high: Any = None,
        bound_profit: Any = None,
        after_fill: Any = False,
    ) -> None:
        if (
            bound_profit is None
            or after_fill
            or self.use_custom_stoploss
            or self.trailing_stop
            or type(trade) is not LocalTrade
            or not trade.stop_loss
        ):
            original(
                *(self, current_rate, trade, current_time, current_profit, force_stoploss),
                *(low, high, bound_profit, after_fill),
            )
        elif not force_stoploss:
            _ = self.stoploss  # it may be a property

    return fast


class _Exits:
    """The parts of ``IStrategy.should_exit``, with the names of its module."""

    def __init__(self, names: dict[str, Any]) -> None:
        from freqtrade.enums import ExitType
        from freqtrade.enums.exitchecktuple import ExitCheckTuple

        self._names = names
        self._types: Any = ExitType
        self._check: Any = ExitCheckTuple

    def stop(self, strategy: Any, trade: Any, rate: Any, low: Any, high: Any) -> Any:
        """What ``ft_stoploss_reached`` finds after adjusting the stop, None for nothing."""
        types, logger = self._types, self._names["logger"]
        bound = (high or rate) if trade.is_short else (low or rate)
        stop, liquidation = trade.stop_loss, trade.liquidation_price
        if trade.is_short:
            stopped = stop <= bound
            liquidated = liquidation and liquidation <= bound
        else:
            stopped = stop >= bound
            liquidated = liquidation and liquidation >= bound
        if stopped and (
            not strategy.order_types.get("stoploss_on_exchange") or strategy.config["dry_run"]
        ):
            if not trade.is_stop_loss_trailing:
                return self._check(exit_type=types.STOP_LOSS)
            logger.debug(
                f"{trade.pair} - HIT STOP: current price at "
                f"{((high if trade.is_short else low) or rate):.6f}, "
                f"stoploss is {trade.stop_loss:.6f}, "
                f"initial stoploss was at {trade.initial_stop_loss:.6f}, "
                f"trade opened at {trade.open_rate:.6f}"
            )
            return self._check(exit_type=types.TRAILING_STOP_LOSS)
        if liquidated:
            logger.debug(f"{trade.pair} - Liquidation price hit. exit_type=ExitType.LIQUIDATION")
            return self._check(exit_type=types.LIQUIDATION)
        return None

    def signal(
        self, strategy: Any, trade: Any, rate: Any, time: Any, profit: Any, signalled: Any
    ) -> Any:
        """The exit by a signal or by ``custom_exit``, None for none."""
        types, reason = self._types, ""
        if signalled:
            if strategy.exit_profit_only and not profit > strategy.exit_profit_offset:
                return None
            kind = types.EXIT_SIGNAL
        else:
            safe = self._names["strategy_safe_wrapper"]
            found = safe(strategy.custom_exit, default_retval=False)(
                pair=trade.pair,
                trade=trade,
                current_time=time,
                current_rate=rate,
                current_profit=profit,
            )
            if not found:
                return None
            kind = types.CUSTOM_EXIT
            reason = self._shortened(found) if isinstance(found, str) else ""
        self._names["logger"].debug(
            f"{trade.pair} - Sell signal received. exit_type=ExitType.{kind.name}"
            + (f", custom_reason={reason}" if reason else "")
        )
        return self._check(exit_type=kind, exit_reason=reason)

    def _shortened(self, reason: str) -> str:
        longest = self._names["CUSTOM_TAG_MAX_LENGTH"]
        if len(reason) <= longest:
            return reason
        self._names["logger"].warning(
            f"Custom exit reason returned from custom_exit is too long and was trimmed"
            f"to {longest} characters."
        )
        return reason[:longest]

    def collected(self, trade: Any, signal: Any, stop: Any, roi: bool) -> list[Any]:
        """All reasons to leave, in freqtrade's order."""
        types, logger = self._types, self._names["logger"]
        exits = [] if signal is None else [signal]
        kind = None if stop is None else stop.exit_type
        if kind in (types.STOP_LOSS, types.LIQUIDATION):
            logger.debug(f"{trade.pair} - Stoploss hit. exit_type={kind}")
            exits.append(stop)
        if roi:
            logger.debug(f"{trade.pair} - Required profit reached. exit_type=ExitType.ROI")
            exits.append(self._check(exit_type=types.ROI))
        if kind == types.TRAILING_STOP_LOSS:
            logger.debug(f"{trade.pair} - Trailing stoploss hit.")
            exits.append(stop)
        return exits


def should_exit(original: Function) -> Function:
    """The replacement of ``IStrategy.should_exit``."""
    from freqtrade.persistence import LocalTrade

    exits, is_own = _Exits(original.__globals__), _Own("ft_stoploss_reached")

    @wraps(original)
    def fast(
        self: Any,
        trade: Any,
        rate: Any,
        current_time: Any,
        *,
        enter: Any,
        exit_: Any,
        low: Any = None,
        high: Any = None,
        force_stoploss: Any = 0,
    ) -> Any:
        if type(trade) is not LocalTrade or low is None or high is None or not is_own(self):
            more = {"low": low, "high": high, "force_stoploss": force_stoploss}
            return original(self, trade, rate, current_time, enter=enter, exit_=exit_, **more)
        profit = trade.calc_profit_ratio(rate)
        best = trade.calc_profit_ratio((low if trade.is_short else high) or rate)
        trade.adjust_min_max_rates(high or rate, low or rate)
        self.ft_stoploss_adjust(
            rate, trade, current_time, profit, force_stoploss, low, high, bound_profit=best
        )
        stop = exits.stop(self, trade, rate, low, high)
        roi = not (enter and self.ignore_roi_if_entry_signal) and self.min_roi_reached(
            trade=trade, current_profit=best, current_time=current_time
        )
        signal = None
        if self.use_exit_signal:
            signalled = exit_ and not enter
            signal = exits.signal(self, trade, rate, current_time, profit, signalled)
        if signal is None and stop is None and not roi:
            return []
        return exits.collected(trade, signal, stop, roi)

    return fast


def _swap(name: str, imitates: tuple[str, ...] = (), runs_user_code: bool = False) -> Swap:
    return Swap(
        Target(
            f"IStrategy.{name}",
            _INTERFACE,
            f"IStrategy.{name}",
            {"": f"bridge.objects.exit_checks.{name}"},
            imitates=imitates,
            runs_user_code=runs_user_code,
        )
    )


SWAPS: tuple[Swap, ...] = (
    _swap("min_roi_reached", (f"{_STRATEGY}.min_roi_reached_entry",)),
    _swap("ft_stoploss_adjust", (f"{_TRADE_MODEL}:LocalTrade.adjust_stop_loss",)),
    _swap("should_exit", (f"{_STRATEGY}.ft_stoploss_reached",), True),
)
"""What this module replaces."""
