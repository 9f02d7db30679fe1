"""``freqkernels replay``: a recorded call once more, in this process and by the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from freqkernels import evidence, metrics, runtime
from freqkernels.bench.replay import Replay, replayed, replayed_apart
from freqkernels.bridge.originals import beside
from freqkernels.cli import main
from freqkernels.data.datadir import write_datadir
from freqkernels.data.market_spec import MarketSpec
from freqkernels.evidence import Raised, Record, backtest_record
from freqkernels.identity import first_difference
from test_report import BALANCE, FIRST, LAST, trades

VALUES = np.array([np.nan, 1.0, 2.0, np.nan])
NAME = "metrics.valid_span"


def wrong_span(values: Any) -> tuple[int, int]:
    return 0, len(values)


def recorded(name: str, *args: Any, fast: Any = wrong_span, **kwargs: Any) -> Record:
    """What a trial of a kernel keeps, by hand."""
    exact = runtime.kernel(*name.split(".")).twin("reference")(*args)
    wrong = fast(*args)
    found = first_difference(wrong, exact)
    return Record(name, "mismatch", args, kwargs, exact, wrong, str(found))


@pytest.fixture
def wrong_kernel(monkeypatch: Any) -> None:
    """The compiled twin of one kernel is wrong, in this process."""
    from freqkernels._kernels import metrics as compiled

    monkeypatch.setattr(compiled, "valid_span", wrong_span)


def frames() -> dict[str, pd.DataFrame]:
    dates = pd.date_range("2024-01-01", periods=20, freq="5min", tz="UTC")
    rng = np.random.default_rng(1)
    return {
        pair: pd.DataFrame({"date": dates, "close": rng.uniform(1, 2, 20)})
        for pair in ("BTC/USDT", "ETH/USDT")
    }


class TestKernels:
    def test_it_still_happens(self, tmp_path: Path, wrong_kernel: None) -> None:
        record = recorded(NAME, VALUES)
        assert record.difference == "[0]: 0 != 1"
        found = replayed(evidence.read(evidence.write(tmp_path, record)))
        assert found == Replay(("freqkernels: [0]: 0 != 1",))
        assert found.outcome == "differs"

    def test_it_has_gone(self, tmp_path: Path) -> None:
        found = replayed(evidence.read(evidence.write(tmp_path, recorded(NAME, VALUES))))
        assert found == Replay()
        assert found.outcome == "gone"

    def test_what_trials_keep(self, tmp_path: Path, monkeypatch: Any, wrong_kernel: None) -> None:
        """From a call with the wrong kernel to the file, and back to the call."""
        monkeypatch.setenv("FREQKERNELS_STATE_DIRECTORY", str(tmp_path))
        kernel = runtime.backend.Kernel("metrics", "valid_span")
        try:
            runtime.configure(shadow=100)
            assert kernel(VALUES) == (1, 2)
        finally:
            runtime.control.forget()
        (path,) = (tmp_path / "evidence").iterdir()
        record = evidence.read(path)
        assert record.difference == "[0]: 0 != 1"
        assert (record.exact, record.fast) == ((1, 2), (0, 4))
        assert replayed(record).outcome == "differs"
        monkeypatch.undo()
        assert replayed(record).outcome == "gone"

    def test_outputs_among_the_arguments(self, monkeypatch: Any) -> None:
        from freqkernels._kernels import metrics as compiled

        right = compiled.row_mean
        columns = [np.arange(3.0), np.arange(3.0) + 1]
        record = Record("metrics.row_mean", "mismatch", (columns, np.zeros(3), 1), exact=True)
        assert replayed(record) == Replay()

        def wrong(columns: Any, mean: Any, threads: int) -> Any:
            result = right(columns, mean, threads)
            mean[1] = -mean[1]
            return result

        monkeypatch.setattr(compiled, "row_mean", wrong)
        assert replayed(record).differences == (
            "freqkernels: changed arguments: [0][1][1]: np.float64(-1.5) != np.float64(1.5)",
        )
        assert record.args[1].tolist() == [0, 0, 0]  # copies

    def test_a_failure(self, monkeypatch: Any) -> None:
        from freqkernels._kernels import metrics as compiled

        def broken(values: Any) -> Any:
            raise ZeroDivisionError("no")

        record = Record(NAME, "failure", (VALUES,), exact=(1, 2), fast=Raised("X", "y"))
        assert replayed(record).outcome == "gone"
        monkeypatch.setattr(compiled, "valid_span", broken)
        assert replayed(record).differences == (
            "freqkernels: raised ZeroDivisionError: no != a result",
        )

    def test_another_answer_of_the_exact_one(self) -> None:
        (note,) = replayed(Record(NAME, "mismatch", (VALUES,), exact=(1, 3))).notes
        assert note == (
            "the exact implementation of freqkernels answers otherwise than recorded: [1]: 3 != 2"
        )

    @pytest.mark.parametrize(
        ("record", "words"),
        [
            (Record("metrics.nothing", "failure"), "no function or kernel 'metrics.nothing'"),
            (Record("os.system", "failure", ("true",)), "no function or kernel 'os.system'"),
            (Record("simulate.Simulation", "failure"), "more than its arguments"),
            (Record("advise_all_indicators", "failure"), "more than its arguments"),
            # Compiled kernels check nothing, so the reference goes first.
            (Record(NAME, "failure", ("text",)), "the exact implementation raises here"),
            (Record(NAME, "failure", (1, 2, 3)), "the exact implementation raises here"),
            (Record("backtest", "backtest", kwargs={"arguments": 5}), "needs arguments, dir"),
        ],
    )
    def test_what_cannot_be_replayed(self, record: Record, words: str) -> None:
        found = replayed(record)
        assert words in found.obstacle
        assert found.outcome == "impossible"

    def test_no_extension(self, monkeypatch: Any) -> None:
        monkeypatch.setitem(sys.modules, "freqkernels._kernels.metrics", None)
        found = replayed(recorded(NAME, VALUES))
        assert "cannot be loaded" in found.obstacle

    def test_objects_of_others(self, tmp_path: Path) -> None:
        record = Record(NAME, "failure", (VALUES, object()))
        found = replayed(evidence.read(evidence.write(tmp_path, record)))
        assert found.obstacle == "argument 2 is a object"


class TestFunctions:
    def record(self) -> Record:
        exact = metrics.calculate_market_change.exact(frames())  # type: ignore[attr-defined]
        return Record("calculate_market_change", "mismatch", (frames(), "close"), exact=exact)

    def test_public_function_and_freqtrades_own(self, tmp_path: Path) -> None:
        found = replayed(evidence.read(evidence.write(tmp_path, self.record())))
        assert found == Replay()

    def test_a_wrong_kernel_within(self, wrong_kernel: None) -> None:
        record = self.record()
        record.args[0]["BTC/USDT"].loc[[0, 19], "close"] = np.nan
        said: list[str] = []
        with runtime.use_backend("compiled"):
            runtime.kernel("metrics", "valid_span").reset()
            found = replayed(record, said.append)
        runtime.kernel("metrics", "valid_span").reset()
        assert found.outcome == "differs"
        assert [line.partition(":")[0] for line in found.differences] == [
            *("freqkernels.metrics", "freqtrade")
        ]
        assert said == [
            "calculate_market_change of freqkernels.metrics",
            "calculate_market_change of freqtrade",
        ]

    def test_a_function_that_only_freqtrade_has(self, tmp_path: Path) -> None:
        args = ("enter_tag", BALANCE, trades(40), FIRST, LAST)
        name = "generate_tag_metrics"
        exact = beside(name).original(*args, skip_nan=False)
        record = Record(name, "mismatch", args, {"skip_nan": False}, exact, exact[:-1])
        again = evidence.read(evidence.write(tmp_path, record))
        if beside(name).replacement is None:  # this release's is left alone
            assert replayed(again).obstacle == f"{name} is not here"
            return
        assert replayed(again) == Replay()
        lost = Record(name, "mismatch", args, {"skip_nan": False}, exact[:-1])
        (note,) = replayed(lost).notes
        assert "of freqtrade answers otherwise than recorded: " in note

    def test_a_refusal_is_no_difference(self) -> None:
        data = {pair: frame.assign(close="1") for pair, frame in frames().items()}
        record = Record("combine_dataframes_by_column", "mismatch", (data, "open"))
        found = replayed(record)
        assert "raises here" in found.obstacle
        other = {"BTC/USDT": frames()["BTC/USDT"], "ETH/USDT": frames()["ETH/USDT"][1:]}
        noted = replayed(Record("combine_dataframes_by_column", "mismatch", (other,)))
        assert noted.outcome == "gone"
        assert any("refuses this call" in note for note in noted.notes)


class TestCommand:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return evidence.write(tmp_path, recorded(NAME, VALUES))

    def test_gone(self, path: Path, capsys: Any) -> None:
        assert main(["replay", str(path)]) == 0
        out = capsys.readouterr().out
        assert f"mismatch of {NAME}, recorded " in out
        assert f"pandas {pd.__version__}" in out
        assert "the same versions here" in out
        assert "recorded difference: [0]: 0 != 1" in out
        assert "argument 1: numpy.ndarray (4,) float64, digest" in out
        assert "the difference has gone" in out

    def test_it_still_happens(self, path: Path, tmp_path: Path) -> None:
        """In processes whose compiled kernel is wrong, whatever the rollout says."""
        (tmp_path / "sitecustomize.py").write_text(
            "import freqkernels._kernels.metrics as compiled\n"
            "compiled.valid_span = lambda values: (0, len(values))\n"
        )
        done = subprocess.run(
            [sys.executable, "-m", "freqkernels", "replay", str(path), "--json"],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={**os.environ, "PYTHONPATH": str(tmp_path), "FREQTRADE_OPT_LEVEL": "disabled"},
        )
        assert done.returncode == 1, done.stderr
        document = json.loads(done.stdout)
        assert document["replay"] == {
            **{"outcome": "differs", "differences": ["freqkernels: [0]: 0 != 1"]},
            **{"reason": "", "notes": []},
        }
        assert document["recorded_versions"] == document["versions"]
        assert document["switch"] == NAME

    def test_impossible(self, tmp_path: Path, capsys: Any) -> None:
        path = evidence.write(tmp_path, Record(NAME, "failure", (object(),)))
        assert main(["replay", str(path)]) == 2
        assert "it cannot be replayed: argument 1 is a object" in capsys.readouterr().out
        assert main(["replay", str(path), "--json"]) == 2
        document = json.loads(capsys.readouterr().out)
        assert document["replayable"] is False
        assert document["replay"]["reason"] == "argument 1 is a object"

    def test_a_crash_harms_nobody(self, tmp_path: Path, path: Path, monkeypatch: Any) -> None:
        (tmp_path / "sitecustomize.py").write_text(
            "import os\nimport freqkernels._kernels.metrics as compiled\n"
            "compiled.valid_span = lambda values: os.abort()\n"
        )
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        assert "ended with " in replayed_apart(path).obstacle

    def test_show(self, path: Path, capsys: Any) -> None:
        assert main(["replay", str(path), "--show"]) == 0
        out = capsys.readouterr().out
        assert out.endswith("replayable\n")

    @pytest.mark.parametrize("content", [b"", b"rubbish"])
    def test_no_evidence(self, tmp_path: Path, capsys: Any, content: bytes) -> None:
        (tmp_path / "file").write_bytes(content)
        assert main(["replay", str(tmp_path / "file")]) == 2
        assert "file is damaged, or no evidence of ours" in capsys.readouterr().err
        assert main(["replay", str(tmp_path / "missing")]) == 2
        assert "there is no such file" in capsys.readouterr().err

    def test_texts_of_others(self, tmp_path: Path, capsys: Any) -> None:
        record = Record("x\ud800", "mismatch", difference="\x1b[31mred\n\x07")
        assert main(["replay", str(evidence.write(tmp_path, record)), "--show"]) == 0
        out = capsys.readouterr().out
        assert "\x1b" not in out
        assert "recorded difference: ?[31mred??" in out


def test_a_backtest(tmp_path: Path) -> None:
    """By both engines, in processes of their own."""
    pytest.importorskip("freqtrade")
    from freqkernels.bench.inputs import STRATEGIES

    spec = MarketSpec(candles=400)
    datadir = tmp_path / "data"
    write_datadir(datadir, ["BTC/USDT"], spec)
    file = STRATEGIES["TrendPullback"][0]
    config = {
        **{"exchange": {"name": "binance", "pair_whitelist": ["BTC/USDT"]}, "stake_amount": 100},
        **{"stake_currency": "USDT", "dry_run": True, "max_open_trades": 1, "timeframe": "5m"},
        **{"pairlists": [{"method": "StaticPairList"}], "entry_pricing": {"price_side": "same"}},
        "exit_pricing": {"price_side": "same"},
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    import freqkernels.bench

    folder = Path(freqkernels.bench.__file__).parent / "strategies"
    assert (folder / file).is_file()
    arguments = ["-c", "config.json", "--datadir", "data", "--strategy", "TrendPullback"]
    arguments += ["--strategy-path", str(folder), "--user-data-dir", "user_data"]
    (tmp_path / "user_data").mkdir()
    record = backtest_record(
        [*arguments, "--logfile", "gone.log"],
        "trade 1 differs",
        offline_markets="auto",
        digests={"TrendPullback": "0123"},
        directory=tmp_path,
    )
    again = evidence.read(evidence.write(tmp_path / "evidence", record))
    assert again.kwargs["arguments"][-1] == "gone.log"
    assert again.kwargs["digests"] == {"TrendPullback": "0123"}
    assert replayed_apart(evidence.write(tmp_path / "evidence", again)) == Replay()
    assert not (tmp_path / "gone.log").exists()
