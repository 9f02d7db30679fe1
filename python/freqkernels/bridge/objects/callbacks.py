"""Calls into the strategy, protected as freqtrade's ``strategy_safe_wrapper`` protects them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from freqkernels.bridge.engine import timing
from freqkernels.bridge.objects.order_writes import order_writes_watched, pending
from freqkernels.bridge.objects.swaps import Swap
from freqkernels.bridge.objects.trade_copies import TradeCopier
from freqkernels.bridge.targets import Target

_MODULE = "freqtrade.strategy.strategy_wrapper"

#: Swaps of this module.
SWAPS: tuple[Swap, ...] = (
    Swap(
        Target(
            "strategy_safe_wrapper",
            _MODULE,
            "strategy_safe_wrapper",
            {"": "bridge.objects.callbacks.safe_wrapper"},
            imitates=(f"{_MODULE}:__format_traceback",),
            runs_user_code=True,
        ),
        holders=(
            "freqtrade.optimize.backtesting:strategy_safe_wrapper",
            "freqtrade.strategy.interface:strategy_safe_wrapper",
        ),
        scope="bridge.objects.callbacks.calls_watched",
    ),
)


class _Calls:
    """Calls into the strategy: how many began, how many have not ended, and whether we know."""

    __slots__ = ("count", "known", "running")

    def __init__(self) -> None:
        self.known = False
        self.count = self.running = 0


calls = _Calls()


@contextmanager
def calls_watched() -> Iterator[None]:
    """Calls into the strategy are counted, and writes to orders noticed."""
    before, calls.known = calls.known, True
    try:
        with order_writes_watched():
            yield
    finally:
        calls.known = before


def safe_wrapper(original: Callable[..., Any]) -> Callable[..., Any]:
    """``strategy_safe_wrapper`` with copies of trades that cost the same for any number of orders.

    :param original: freqtrade's own.
    """
    kit = _Kit(original)

    def strategy_safe_wrapper(
        f: Any, message: str = "", default_retval: Any = None, supress_error: bool = False
    ) -> Any:
        return _SafeCall(kit, f, message, default_retval, supress_error)

    return strategy_safe_wrapper


class _Kit:
    """What all calls of a backtest share."""

    __slots__ = ("copier", "names", "original", "skipped_files")

    def __init__(self, original: Callable[..., Any]) -> None:
        self.original = original
        # Looked up at each use, as freqtrade's function does: logger, deepcopy, StrategyError.
        self.names: dict[str, Any] = original.__globals__
        self.copier = TradeCopier()
        self.skipped_files = (__file__, str(Path(self.names["__file__"])))

    def place_of(self, error: BaseException) -> str:
        """Where the strategy's code failed."""
        place = error.__traceback__
        while place is not None:
            code = place.tb_frame.f_code
            if code.co_filename not in self.skipped_files:
                return f"{code.co_qualname}:{place.tb_lineno}"
            place = place.tb_next
        return ""


class _SafeCall:
    """A function of the strategy; whoever looks at it sees freqtrade's wrapper of it."""

    __slots__ = ("_default", "_function", "_kit", "_message", "_suppress")

    def __init__(
        self, kit: _Kit, function: Any, message: str, default: Any, suppress: bool
    ) -> None:
        self._kit = kit
        self._function = function
        self._message = message
        self._default = default
        self._suppress = suppress

    def __getattr__(self, name: str) -> Any:
        wrapped = self._kit.original(self._function, self._message, self._default, self._suppress)
        return getattr(wrapped, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        function = self._function
        calls.count += 1
        calls.running += 1
        try:
            if getattr(function, "__qualname__", "").startswith("IStrategy."):
                return function(*args, **kwargs)
            if "trade" in kwargs:
                trade = kwargs["trade"]
                copied = self._kit.copier.copy(trade)
                if copied is not None:
                    return _call_with_copy(function, args, kwargs, copied)
                kwargs["trade"] = self._kit.names["deepcopy"](trade)
            start = perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                timing.add(_name_of(function), perf_counter() - start)
        except ValueError as error:
            place = self._kit.place_of(error)
            name = function.__name__ if hasattr(function, "__name__") else str(function)
            self._kit.names["logger"].warning(
                f"{self._message}Strategy caused the following exception: {error!r} in "
                f"{place}, calling {name}",
            )
            if self._default is None and not self._suppress:
                raise self._kit.names["StrategyError"](str(error)) from error
            return self._default
        except Exception as error:
            self._kit.names["logger"].exception(
                f"{self._message}Unexpected error {error!r} calling {function}"
            )
            if self._default is None and not self._suppress:
                raise self._kit.names["StrategyError"](str(error)) from error
            return self._default
        finally:
            calls.running -= 1


def _call_with_copy(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    copied: tuple[Any, Any],
) -> Any:
    kwargs["trade"], copies = copied
    copies.handed_out()
    pending.append(copies)
    start = perf_counter()
    try:
        result = function(*args, **kwargs)
    except BaseException:
        copies.complete()  # the frames of the traceback keep them
        raise
    finally:
        timing.add(_name_of(function), perf_counter() - start)
        pending.pop()
    copies.taken_back()
    return result


def _name_of(function: Any) -> str:
    try:
        name: str = function.__name__
    except AttributeError:
        name = type(function).__name__
    return name
