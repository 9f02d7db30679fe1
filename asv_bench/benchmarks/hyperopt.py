"""Parts of a hyperopt epoch that come around it: its candles, and its tables."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

import joblib
import numpy as np
import pandas as pd

from freqkernels.bridge.originals import beside
from freqkernels.bridge.shared_frames import Stamp, share
from freqkernels.identity import first_difference

FIRST = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


class Candles:
    """Analysed candles, as each epoch gets them: mapped, or read as freqtrade does."""

    params = ([10, 40], ["mapped", "read"])
    param_names = ("pairs", "how")

    def setup(self, pairs: int, how: str) -> None:
        rng = np.random.default_rng(5)
        dates = pd.date_range(FIRST, periods=20_000, freq="5min").as_unit("ms")
        columns = ["open", "high", "low", "close", "volume", *(f"i{n}" for n in range(7))]
        frames = {
            f"{pair}/USDT": pd.DataFrame(rng.random((len(dates), len(columns))), columns=columns)
            for pair in range(pairs)
        }
        for frame in frames.values():
            frame.insert(0, "date", dates)
        self.folder = tempfile.TemporaryDirectory()
        self.file = Path(self.folder.name) / "candles.pkl"
        joblib.dump(frames, self.file)
        self.shared = share(frames, self.file.with_suffix(".mapped"), Stamp.of(self.file))
        assert first_difference(self.shared.load(), joblib.load(self.file)) is None

    def time_loading(self, pairs: int, how: str) -> None:
        if how == "mapped":
            self.shared.load()
        else:
            joblib.load(self.file)

    def teardown(self, pairs: int, how: str) -> None:
        self.folder.cleanup()


class Tables:
    """The table of pairs of one epoch."""

    params = ([100, 6_000], ["freqkernels", "freqtrade"])
    param_names = ("trades", "by")

    def setup(self, trades: int, by: str) -> None:
        rng = np.random.default_rng(5)
        profits = rng.normal(0, 10, trades).round(8)
        closed = FIRST + pd.to_timedelta(np.sort(rng.integers(0, 525_600, trades)), unit="min")
        pairs = [f"P{number}/USDT" for number in range(10)]
        results = pd.DataFrame(
            {
                "pair": rng.choice(pairs, trades),
                "profit_abs": profits,
                "profit_ratio": profits / 100,
                "trade_duration": rng.integers(0, 900, trades),
                "close_date": closed,
            }
        )
        both = beside("generate_pair_metrics")
        if both.replacement is None:
            raise NotImplementedError("generate_pair_metrics is left to freqtrade")
        self.function = both.replacement if by == "freqkernels" else both.original
        last = FIRST + dt.timedelta(days=365)
        self.arguments = (pairs, "USDT", 1000, results, FIRST, last, False)
        ours, theirs = both.replacement(*self.arguments), both.original(*self.arguments)
        assert first_difference(ours, theirs) is None

    def time_pairs(self, trades: int, by: str) -> None:
        from freqkernels.bridge import report_lines

        report_lines._made.clear()
        self.function(*self.arguments)
