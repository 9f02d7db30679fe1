"""Settings of synthetic markets: sizes, names, and what is refused."""

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest

from freqkernels.data.synthetic import (
    SIZES,
    MarketSpec,
    aggregate_candles,
    make_candles,
    make_futures,
    make_market,
    pair_names,
    sized_market,
)
from freqkernels.errors import InvalidInputError


def test_sizes_and_names() -> None:
    for size, (pairs, candles) in SIZES.items():
        names, spec = sized_market(size, timeframe="1m")
        assert (len(names), len(set(names)), spec.candles) == (pairs, pairs, candles)
        assert spec.timeframe == "1m"
    assert pair_names(3) == ["BTC/USDT", "XRP/USDT", "PEPE/USDT"]
    assert pair_names(3, futures=True)[2] == "1000PEPE/USDT:USDT"
    assert pair_names(26)[-1] == "SYN26/USDT"
    assert sized_market("small", candles=9)[1].candles == 9


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timeframe", "5x"),
        ("timeframe", "1M"),
        ("timeframe", 5),
        ("candles", 0),
        ("candles", 10.0),
        ("candles", True),
        ("candles", 10**9),
        ("start", "2024-01-01"),
        ("start", datetime(2024, 1, 1)),
        ("start", datetime(2024, 1, 1, 0, 1, tzinfo=UTC)),
        ("start", datetime(1969, 1, 1, tzinfo=UTC)),
        ("price_range", 1.0),
        ("price_range", (1.0,)),
        ("price_range", (2.0, 1.0)),
        ("price_range", (0.0, 1.0)),
        ("price_range", (1.0, float("inf"))),
        ("price_range", (float("nan"), 1.0)),
        ("price_range", ("1", "2")),
        ("price_range", (1e-9, 1.0)),
        ("max_decimals", 16),
        ("daily_volatility", -0.1),
        ("clustering", 3),
        ("correlation", 1.1),
        ("tick_changes", float("nan")),
        ("gaps", 0.6),
        ("zero_volume", -1e-9),
        ("ties", "0.1"),
        ("duplicates", None),
        ("late", True),
    ],
)
def test_settings_out_of_bounds_are_refused_by_name(field: str, value: Any) -> None:
    assert field in {item.name for item in fields(MarketSpec)}
    named = "start" if (field, value) == ("candles", 10**9) else field
    with pytest.raises(InvalidInputError, match=f"^{named}: "):
        MarketSpec(**{field: value})


def test_other_arguments_are_refused_by_name() -> None:
    spec = MarketSpec(candles=10)
    frame = make_candles("BTC/USDT", spec)
    refused = {
        "pair: .*'BTC'": lambda: make_candles("BTC", spec),
        "pair: .*'../x/y'": lambda: make_candles("../x/y", spec),
        "pair: expected a future": lambda: make_futures("BTC/USDT", spec),
        "pairs: .*several": lambda: make_market("BTC/USDT", spec),
        "pairs: .*none twice": lambda: make_market(["A/B", "A/B"], spec),
        "pairs: .*at least one": lambda: make_market([], spec),
        "spec: ": lambda: make_candles("BTC/USDT", None),  # type: ignore[arg-type]
        "seed: .*-1": lambda: make_candles("BTC/USDT", spec, -1),
        "seed: .*1.5": lambda: make_candles("BTC/USDT", spec, 1.5),  # type: ignore[arg-type]
        "size: .*small, medium, large": lambda: sized_market("tiny"),
        "count: ": lambda: pair_names(0),
        "timeframe: ": lambda: aggregate_candles(frame, "1M"),
        "candles: .*increasing": lambda: aggregate_candles(frame[::-1], "1h"),
        "candles: .*at least one row": lambda: aggregate_candles(frame[:0], "1h"),
        "candles: no column 'low'": lambda: aggregate_candles(frame.drop(columns="low"), "1h"),
        "candles: .*no time zone": lambda: aggregate_candles(
            frame.assign(date=frame["date"].dt.tz_localize(None)), "1h"
        ),
    }
    for message, call in refused.items():
        with pytest.raises(InvalidInputError, match=f"^{message}"):
            call()
