"""The zoo: frames and arrays with everything that was ever seen to break a kernel."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

OHLCV = ["open", "high", "low", "close", "volume"]


def prices(rows: int, seed: int = 0, decimals: int = 2, start: float = 100.0) -> np.ndarray:
    """A random walk with the given number of decimals."""
    steps = np.random.default_rng(seed).normal(0, 0.002, rows)
    return np.round(start * np.exp(np.cumsum(steps)), decimals)


def candles(
    rows: int = 300,
    seed: int = 0,
    freq: str = "5min",
    start: str = "2024-01-15 10:05",
    unit: str = "ms",
    decimals: int = 2,
    level: float = 100.0,
) -> pd.DataFrame:
    """Regular candles as freqtrade loads them."""
    rng = np.random.default_rng(seed)
    opened = prices(rows, seed, decimals, level)
    closed = prices(rows, seed + 1, decimals, level)
    spread = np.round(rng.random(rows) * level / 100, decimals)
    return pd.DataFrame(
        {
            "date": pd.date_range(start, periods=rows, freq=freq, tz="UTC").as_unit(unit),
            "open": opened,
            "high": np.maximum(opened, closed) + spread,
            "low": np.minimum(opened, closed) - spread,
            "close": closed,
            "volume": np.round(rng.random(rows) * 1000, 4),
        }
    )


def _changed(rows: int, column: str, at: slice, value: object, **kwargs: object) -> pd.DataFrame:
    frame = candles(rows, **kwargs)  # type: ignore[arg-type]
    frame.loc[frame.index[at], column] = value
    return frame


def value_zoo() -> Iterator[tuple[str, pd.DataFrame]]:
    """Strange values on ordinary dates."""
    for name in OHLCV:
        yield f"nan {name}", _changed(40, name, slice(5, 9), np.nan)
        yield f"all nan {name}", _changed(20, name, slice(None), np.nan)
        yield f"inf {name}", _changed(20, name, slice(3, 4), np.inf)
        yield f"-inf {name}", _changed(20, name, slice(3, 5), -np.inf)
        yield f"-0.0 {name}", _changed(20, name, slice(2, 6), -0.0)
        yield f"0.0 {name}", _changed(20, name, slice(0, 6), 0.0)
        yield f"huge {name}", _changed(20, name, slice(0, 9), 1e308)
        yield f"denormal {name}", _changed(20, name, slice(0, 9), 5e-324)
        yield f"negative {name}", _changed(20, name, slice(0, 9), -12.345)
        yield f"int {name}", candles(20).astype({name: "int64"})
        yield f"float32 {name}", candles(20).astype({name: "float32"})
        yield f"object {name}", candles(20).astype({name: object})
        yield f"nullable {name}", candles(20).astype({name: "Float64"})
        yield f"big-endian {name}", candles(20).astype({name: ">f8"})
    yield "leading nan", _changed(20, "close", slice(0, 4), np.nan)
    yield "trailing nan", _changed(20, "close", slice(-4, None), np.nan)
    thinned = candles(20)
    thinned.loc[::3, OHLCV] = np.nan
    yield "nan rows", thinned
    yield "tiny prices", candles(60, decimals=12, level=1e-8)
    yield "large prices", candles(60, decimals=1, level=98_765.0)
    yield "integer prices", candles(60, decimals=0, level=500.0)
    yield "1e9 offset", candles(60, decimals=3, level=1e9)
    yield "offset beyond 14 digits", candles(60, decimals=6, level=1e12)


def date_zoo() -> Iterator[tuple[str, pd.DataFrame]]:
    """Ordinary values on strange dates."""
    regular = candles(200)
    yield "regular", regular
    for unit in ("s", "ms", "us", "ns"):
        yield f"unit {unit}", candles(50, unit=unit)
    yield "one row", candles(1)
    yield "two rows", candles(2)
    yield "empty", candles(0)
    yield "gaps", regular.drop(index=range(20, 60)).drop(index=range(100, 103))
    yield "gap over days", pd.concat([candles(20), candles(20, start="2024-02-03 00:00")])
    yield "duplicates", pd.concat([regular, candles(200, seed=9).iloc[50:80]]).sort_values("date")
    yield "three of a date", regular.iloc[[0, 1, 1, 1, 2, 2, 3]]
    yield "unsorted", regular.sample(frac=1, random_state=1)
    yield (
        "unsorted duplicates",
        pd.concat([regular, regular.iloc[3:9]]).sample(frac=1, random_state=2),
    )
    yield "descending", regular.iloc[::-1]
    shifted = regular.copy()
    shifted.loc[10:40, "date"] += pd.Timedelta(seconds=61)
    yield "off the grid", shifted
    shifted.loc[50:, "date"] += pd.Timedelta(minutes=2)
    yield "grid changes", shifted
    yield "finer than the timeframe", candles(300, freq="1min")
    yield "coarser than the timeframe", candles(30, freq="1h")
    yield "not from midnight", candles(50, start="2024-01-15 23:58")
    named_utc = timezone(timedelta(hours=1), "UTC")
    yield (
        "zone that only is named UTC",
        regular.assign(date=regular["date"].dt.tz_convert(named_utc)),
    )
    yield "naive", regular.assign(date=regular["date"].dt.tz_localize(None))
    yield "other zone", regular.assign(date=regular["date"].dt.tz_convert("Europe/Berlin"))
    yield "zoneinfo UTC", regular.assign(date=regular["date"].dt.tz_convert(ZoneInfo("UTC")))
    missing = regular.copy()
    missing.loc[7, "date"] = pd.NaT
    yield "missing date", missing
    yield "text dates", regular.assign(date=regular["date"].astype(str))
    yield "integer dates", regular.assign(date=regular["date"].astype("int64"))
    yield "before 1970", candles(50, start="1969-12-30 23:55")
    yield "around 1970", candles(50, freq="1h", start="1969-12-31 10:00")
    yield from _at_the_end_of_time()
    yield "several months", candles(200, freq="1D", start="2023-11-20")
    yield (
        "month without candles",
        pd.concat(
            [candles(20, freq="1D", start="2023-01-05"), candles(20, freq="1D", start="2023-03-05")]
        ).reset_index(drop=True),
    )


def _at_the_end_of_time() -> Iterator[tuple[str, pd.DataFrame]]:
    """The first and the last dates that a unit can say."""
    for unit, end in (("ns", 9_223_372_036), ("us", 9_223_372_036_854)):
        for name, start in (("first", -end), ("last", end - 700)):
            dates = pd.Series(np.arange(2) * 300 + start).astype("M8[s]").astype(f"M8[{unit}]")
            yield f"{name} {unit}", candles(2).assign(date=dates.dt.tz_localize("UTC"))


def shape_zoo() -> Iterator[tuple[str, pd.DataFrame]]:
    """Ordinary candles in strange frames."""
    regular = candles(60)
    signed = candles(12, seed=5)
    signed.loc[3:8, OHLCV] = [0.0, -0.0, -0.0, 0.0, -0.0]
    signed.loc[5, OHLCV] = [-0.0, 0.0, 0.0, -0.0, 0.0]
    signed.loc[6:8, "date"] = signed["date"].iloc[5]
    yield "signed zeros in duplicates", signed
    signed = signed.copy()
    signed["volume"] = 1.5
    signed.loc[6:8, "date"] = signed["date"].iloc[5] + pd.to_timedelta([0, 1, 600], "s")
    yield "signed zeros in one period", signed
    yield "extra columns", regular.assign(rsi=1.5, note="x", flag=True)
    yield "columns in another order", regular[["volume", "date", "low", "high", "open", "close"]]
    yield "no volume", regular.drop(columns="volume")
    yield "no date", regular.drop(columns="date")
    yield "no columns", pd.DataFrame()
    yield "shuffled index", regular.set_axis(np.random.default_rng(0).permutation(60))
    yield "duplicate index", regular.set_axis([1] * 60)
    yield "date as index too", regular.set_index("date", drop=False)
    yield "every other row", regular.iloc[::2]
    yield (
        "Fortran order",
        pd.DataFrame(np.asfortranarray(regular[OHLCV].to_numpy()), columns=OHLCV).assign(
            date=regular["date"]
        ),
    )
    doubled = pd.concat([regular, regular[["close"]]], axis=1)
    yield "doubled column", doubled
    attributed = regular.copy()
    attributed.attrs["source"] = "test"
    yield "attrs", attributed
    yield "named columns", regular.rename_axis(columns="kind")
    yield "no duplicate labels", regular.set_flags(allows_duplicate_labels=False)
    read_only = regular.copy()
    for name in OHLCV:
        values = regular[name].to_numpy(copy=True)
        values.flags.writeable = False
        read_only[name] = values
    yield "read-only", read_only


def frame_zoo() -> list[tuple[str, pd.DataFrame]]:
    """All frames, by name."""
    return [*date_zoo(), *shape_zoo(), *value_zoo()]
