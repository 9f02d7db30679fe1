"""The functions that are measured against freqtrade's own, on inputs of a stated size."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache, partial
from statistics import median
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from freqkernels import metrics
from freqkernels.bridge.originals import beside, freqtrade_function
from freqkernels.data.market_spec import MarketSpec, pair_names
from freqkernels.data.synthetic import make_candles, make_market
from freqkernels.errors import FreqkernelsError
from freqkernels.identity import first_difference
from freqkernels.runtime import events

TIMEFRAME = "5m"
_PAIR = "ETH/USDT"
_STEP = np.timedelta64(5, "m")
_YEAR_OF_CANDLES = 105_120
_USUAL_DURATION = 72  # candles of an average trade: six hours
_GAPS = 0.01
_MOST_CALLS = 50
_ROUND_SECONDS = 0.1

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


class NotIdenticalError(FreqkernelsError):
    """A result differs from freqtrade's, or ours is not ours: there is nothing to time."""


class RefusedError(NotIdenticalError):
    """Our function has left a call to freqtrade's, as it promises nothing for this input."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured.

    :param trades: trades of the trade metrics.
    :param pairs: pairs of the market metrics.
    :param candles: candles of each of them.
    :param long_candles: candles of one pair where its preparation is measured, of each pair where
        rows are converted or a backtest is run.
    :param backtest_pairs: pairs of the conversion and of the backtest.
    :param rounds: alternating runs of each function.
    :param backtests: comparisons of a whole backtest.
    :param processes: processes in which importing and installing are measured.
    """

    trades: int = 17_700
    pairs: int = 100
    candles: int = 43_800
    long_candles: int = 100_000
    backtest_pairs: int = 10
    rounds: int = 5
    backtests: int = 3
    processes: int = 7


FULL = Sizes()
QUICK = Sizes(500, 5, 3_000, 5_000, 2, rounds=2, backtests=1, processes=1)


@dataclass(frozen=True, slots=True)
class Case:
    """One function on one input.

    :param function: its name.
    :param input: the input in words.
    :param functions: gives freqtrade's function and ours, None where it is left to freqtrade.
    :param arguments: gives fresh arguments, as the functions may change them.
    """

    function: str
    input: str
    functions: Callable[[], tuple[Callable[..., Any], Callable[..., Any] | None]]
    arguments: Callable[[], Arguments]


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of each round of a case; none of ours where it is left to freqtrade.

    A function that is called several times in a round counts with the median of these calls.
    """

    function: str
    input: str
    freqtrade: tuple[float, ...]
    ours: tuple[float, ...]

    @property
    def ratio(self) -> float | None:
        """How many times as fast ours is, by the best rounds."""
        return min(self.freqtrade) / min(self.ours) if self.ours else None


class _Inputs:
    """Inputs that several cases share, made when the first one needs them."""

    def __init__(self, sizes: Sizes) -> None:
        self.sizes = sizes

    @cached_property
    def market(self) -> dict[str, pd.DataFrame]:
        """Candles of all pairs, each frame with dates of its own."""
        spec = MarketSpec(timeframe=TIMEFRAME, candles=self.sizes.candles, gaps=0.0)
        return make_market(pair_names(self.sizes.pairs), spec)

    @cached_property
    def trades(self) -> pd.DataFrame:
        """Trades over a year."""
        count, random = self.sizes.trades, np.random.default_rng(0)
        opened = np.sort(random.integers(0, _YEAR_OF_CANDLES, count))
        closed = opened + 1 + random.geometric(1 / _USUAL_DURATION, count)
        names = pair_names(20)
        start = np.datetime64("2024-01-01", "ms")
        return pd.DataFrame(
            {
                "pair": [names[number] for number in random.integers(0, len(names), count)],
                "stake_amount": 100.0,
                "open_date": pd.DatetimeIndex(start + opened * _STEP, tz="UTC"),
                "close_date": pd.DatetimeIndex(start + closed * _STEP, tz="UTC"),
                "profit_ratio": np.round(random.normal(0, 0.02, count), 8),
                "is_short": False,
            }
        )

    def trades_of(self, *more: Any) -> Arguments:
        return (self.trades, TIMEFRAME, *more), {}

    def market_of(self, part: float | None = None) -> Arguments:
        """All pairs, and a date after this part of them."""
        dates = next(iter(self.market.values()))["date"]
        since = {} if part is None else {"min_date": dates.iloc[int(part * len(dates))]}
        return (self.market,), {name: date.to_pydatetime() for name, date in since.items()}

    def market_between(self) -> Arguments:
        dates = next(iter(self.market.values()))["date"]
        end = dates.iloc[-1] + pd.Timedelta(_STEP)
        return (self.market, dates.iloc[0].to_pydatetime(), end.to_pydatetime()), {}

    def candles_of(self, rows: int, gaps: float, *more: Any, **options: Any) -> Arguments:
        return (_candles(rows, gaps).copy(), *more), options

    def analysed(self, *, tags: bool) -> Arguments:
        """What converts them, and analysed candles as strategies leave them."""
        market = _analysed(self.sizes.backtest_pairs, self.sizes.long_candles, tags)
        return (_Host(), {pair: frame.copy() for pair, frame in market.items()}), {}


@cache
def _candles(rows: int, gaps: float) -> pd.DataFrame:
    return make_candles(_PAIR, MarketSpec(timeframe=TIMEFRAME, candles=rows, gaps=gaps))


@lru_cache(maxsize=1)
def _analysed(pairs: int, rows: int, tags: bool) -> dict[str, pd.DataFrame]:
    spec = MarketSpec(timeframe=TIMEFRAME, candles=rows, gaps=0.0)
    market = make_market(pair_names(pairs), spec)
    for frame in market.values():
        _add_signals(frame, tags)
    return market


def _add_signals(frame: pd.DataFrame, tags: bool) -> None:
    """The columns of a strategy, in the order and the way that freqtrade has them made."""
    random = np.random.default_rng(0).random(len(frame))
    for kind, chosen in (("enter", random < 0.01), ("exit", random > 0.99)):
        frame.loc[:, f"{kind}_tag"] = ""
        if tags:
            frame.loc[chosen, [f"{kind}_long", f"{kind}_tag"]] = (1, f"{kind} here")
        else:
            frame.loc[chosen, f"{kind}_long"] = 1


class _Host:
    """As much of a Backtesting object as its conversion to rows uses, doing nothing."""

    timeframe = TIMEFRAME
    required_startup = 0
    timerange = SimpleNamespace(starttype=None, stoptype=None)

    def __init__(self) -> None:
        def nothing(*_: Any) -> None:
            """Progress and caches are not measured."""

        self.config = {"candle_type_def": "spot"}
        self.strategy = SimpleNamespace(ft_advise_signals=lambda frame, _: frame)
        self.dataprovider = SimpleNamespace(_set_cached_df=nothing)
        self.progress = SimpleNamespace(init_step=nothing, increment=nothing)
        self.check_abort = self._increment_progress = self._set_progress_step = nothing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Host)

    __hash__ = None  # type: ignore[assignment]


def _target(name: str) -> tuple[Callable[..., Any], Callable[..., Any] | None]:
    both = beside(name)
    return both.original, both.replacement


def _evaluate_result_multi() -> tuple[Callable[..., Any], Callable[..., Any]]:
    # Not a target: freqtrade's one calls analyze_trade_parallelism, which is.
    original = freqtrade_function("freqtrade.data.btanalysis", "evaluate_result_multi")
    return original, metrics.evaluate_result_multi


def cases(sizes: Sizes) -> list[Case]:
    """All cases; inputs are only made when a case is measured."""
    inputs = _Inputs(sizes)
    trades = f"{sizes.trades:,} trades, {TIMEFRAME}"
    market = f"{sizes.pairs} pairs x {sizes.candles:,} candles"
    rows = f"{sizes.long_candles:,} candles"
    converted = f"{sizes.backtest_pairs} pairs x {rows}"
    table: list[tuple[str, str, Callable[[], Arguments]]] = [
        ("analyze_trade_parallelism", trades, inputs.trades_of),
        ("calculate_market_change", market, inputs.market_of),
        ("calculate_market_change", f"{market}, min_date", partial(inputs.market_of, 0.3)),
        ("combine_dataframes_by_column", market, inputs.market_of),
        ("combine_dataframes_with_mean", market, inputs.market_of),
        ("combined_dataframes_with_rel_mean", market, inputs.market_between),
    ]
    for count in (sizes.candles, sizes.long_candles):
        candles = partial(inputs.candles_of, count, 0.0)
        table.append(("get_tick_size_over_time", f"{count:,} candles", candles))
    options = {"fill_missing": True, "drop_incomplete": False}
    for gaps, suffix in ((0.0, ""), (_GAPS, f", {_GAPS:.0%} missing")):
        candles = partial(inputs.candles_of, sizes.long_candles, gaps, TIMEFRAME, _PAIR)
        table.append(("clean_ohlcv_dataframe", rows + suffix, partial(candles, **options)))
        table.append(("ohlcv_fill_up_missing_data", rows + suffix, candles))
    for tags, suffix in ((False, "signals"), (True, "signals and tags")):
        analysed = partial(inputs.analysed, tags=tags)
        table.append(("_get_ohlcv_as_lists", f"{converted}, {suffix}", analysed))
    found = [Case(name, text, partial(_target, name), make) for name, text, make in table]
    limit = max(1, sizes.trades * _USUAL_DURATION // _YEAR_OF_CANDLES)
    multi = partial(inputs.trades_of, limit)
    found.insert(1, Case("evaluate_result_multi", trades, _evaluate_result_multi, multi))
    return found


def measure(case: Case, rounds: int) -> Measured:
    """Compare both functions to the last bit, then time them in turns.

    :param case: what to measure.
    :param rounds: how often each has its turn; ours is called several times where it is fast.
    :raise NotIdenticalError: if a value or a changed argument differs, or if our function did
        not answer itself.
    """
    original, replacement = case.functions()
    theirs: list[float] = []
    ours: list[float] = []
    if replacement is not None:
        require_identical(case, original, replacement)
    for _ in range(rounds):
        gc.collect()
        theirs.append(_seconds(original, case.arguments()))
        gc.collect()
        if replacement is not None:
            ours.append(_median_seconds(replacement, case))
    return Measured(case.function, case.input, tuple(theirs), tuple(ours))


def require_identical(
    case: Case, original: Callable[..., Any], replacement: Callable[..., Any]
) -> None:
    """Call both functions of a case and compare results and changed arguments to the last bit.

    :param case: what to call.
    :param original: freqtrade's function.
    :param replacement: ours.
    :raise RefusedError: if our function does not promise this result on this machine.
    :raise NotIdenticalError: if they differ, or if our function did not answer for other reasons.
    """
    before = events()
    outcomes = []
    for function in (replacement, original):
        args, kwargs = case.arguments()
        outcomes.append((function(*args, **kwargs), args, kwargs))
    new = [event for event in events() if event not in before]
    if new:
        happened = "; ".join(f"{event.name}: {event.reason}" for event in new)
        kind = RefusedError if all(e.kind == "refusal" for e in new) else NotIdenticalError
        raise kind(f"{case.function} ({case.input}) fell back: {happened}")
    difference = first_difference(*outcomes)
    if difference is not None:
        raise NotIdenticalError(f"{case.function} ({case.input}) differs: {difference}")


def _median_seconds(function: Callable[..., Any], case: Case) -> float:
    samples = [_seconds(function, case.arguments())]
    more = min(_MOST_CALLS, int(_ROUND_SECONDS / samples[0]))
    return median(samples + [_seconds(function, case.arguments()) for _ in range(more)])


def _seconds(function: Callable[..., Any], arguments: Arguments) -> float:
    """Time of one call; neither its arguments nor its result are freed within it."""
    args, kwargs = arguments
    begin = time.perf_counter()
    result = function(*args, **kwargs)
    seconds = time.perf_counter() - begin
    del result
    return seconds
