"""What freqtrade says of the candles it loads: its own method is the judge, log lines included."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from freqtrade.data.history.datahandlers.featherdatahandler import FeatherDataHandler
from freqtrade.enums import CandleType

from _arrays import candles
from freqkernels.runtime import events
from oracle import assert_identical, logged
from replaced import pair_of


def jumping(*opens: float, close: float = 100.0) -> pd.DataFrame:
    """Candles that close at one price and open at others."""
    frame = candles(len(opens))
    return frame.assign(open=np.array(opens), close=close)


FRAMES = {
    "calm": candles(300),
    "up": jumping(100, 111, 100),
    "down": jumping(100, 100, 89),
    "at the limit": jumping(100, 110, 90),
    "beyond": jumping(100, np.nextafter(110, 200)),
    "first": jumping(500, 100, 100),
    "not a number": jumping(100, np.nan, 100),
    "infinite": jumping(100, np.inf),
    "from nothing": jumping(0, 0, 0, close=0.0),
    "up from nothing": jumping(0, 1, 0, close=0.0),
    "below nothing": jumping(-50, -100, close=-100.0),
    "one": candles(1),
    "integers": jumping(100, 200).astype({"open": "int64", "close": "int64"}),
    "no close": jumping(100, 200).drop(columns="close"),
    "two closes": pd.concat([jumping(100, 200), jumping(100, 200)[["close"]]], axis=1),
    "other index": jumping(100, 200).set_index("open", drop=False),
    "none": candles(9).iloc[:0],
    "no columns": pd.DataFrame(),
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
@pytest.mark.parametrize("kind", [CandleType.SPOT, CandleType.FUTURES, CandleType.FUNDING_RATE])
@pytest.mark.parametrize("warn_price", [(), (True,), (False,)])
@pytest.mark.usefixtures("float_errors")
def test_check_empty_df(frame: pd.DataFrame, kind: Any, warn_price: tuple[bool, ...]) -> None:
    both = pair_of("_check_empty_df")
    assert both is not None
    ours, theirs = (partial(function, FeatherDataHandler(Path())) for function in both)
    for warn_no_data in (True, False):
        assert_identical(ours, theirs, frame, "A/USDT", "5m", kind, warn_no_data, *warn_price)
    assert not events()


def test_jumps_are_logged() -> None:
    """The line is there: the comparison above does not compare silence with silence."""
    both = pair_of("_check_empty_df")
    assert both is not None
    arguments = (FeatherDataHandler(Path()), FRAMES["up"], "A/USDT", "5m", CandleType.SPOT, True)
    with logged("freqtrade") as lines:
        both[0](*arguments, warn_price=True)
    assert len(lines) == 1
    assert "Price jump in A/USDT" in lines[0][2]
