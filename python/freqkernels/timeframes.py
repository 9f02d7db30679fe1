"""Timeframes such as "5m", with the meaning that freqtrade (and ccxt under it) gives them."""

from freqkernels.errors import InvalidInputError

_SECONDS = {
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86_400,
    "w": 604_800,
    "M": 2_592_000,
    "y": 31_536_000,
}
#: Candles of this many seconds and more start on Mondays, months or years, not on a fixed grid.
_CALENDAR_FROM_SECONDS = 10_001 * 60
_MONTH_SECONDS = 43_200 * 60
_YEAR_SECONDS = 525_600 * 60


def timeframe_to_seconds(timeframe: str) -> int:
    """Seconds of one candle; a month counts 30 days, a year 365.

    :param timeframe: a whole number and one of s, m, h, d, w, M, y; for example "5m".
    :return: seconds.
    :raise InvalidInputError: for anything else.
    """
    if isinstance(timeframe, str) and timeframe[-1:] in _SECONDS:
        try:
            return int(timeframe[:-1]) * _SECONDS[timeframe[-1]]
        except ValueError:
            pass
    raise InvalidInputError(
        f"timeframe: expected a number and one of s, m, h, d, w, M, y (like '5m'), "
        f"got {timeframe!r}"
    )


def fixed_step_seconds(timeframe: object) -> int | None:
    """Seconds of one candle where candles lie on a fixed grid, None for weeks, months, years.

    None also for what is no timeframe at all.
    """
    try:
        seconds = timeframe_to_seconds(timeframe)  # type: ignore[arg-type]
    except InvalidInputError:
        return None
    return seconds if 0 < seconds < _CALENDAR_FROM_SECONDS else None


def timeframe_to_resample_freq(timeframe: str) -> str:
    """The pandas frequency on which freqtrade resamples candles of a timeframe.

    :param timeframe: for example "5m".
    :return: seconds ("300s") up to a day or so, else "1W-MON", "1MS", "1YS" and the like.
    :raise InvalidInputError: for what is no timeframe.
    """
    seconds = timeframe_to_seconds(timeframe)
    if timeframe == "1y":
        return "1YS"
    if seconds < _CALENDAR_FROM_SECONDS:
        return f"{seconds}s"
    if seconds < _MONTH_SECONDS:
        return "1W-MON"
    return f"{timeframe}S" if seconds < _YEAR_SECONDS else timeframe
