"""Where the time of a run went: parts that add up, and the callback that took longest."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from time import perf_counter

from hypothesis import given
from hypothesis import strategies as st

from freqkernels.bridge.engine import timing
from freqkernels.bridge.time_line import time_line
from freqkernels.runtime.turns import Owner, moved, turn, watched
from market_workspace import Workspace

OWNERS: tuple[Owner, ...] = ("callbacks", "indicators", "freqtrade", "freqkernels", "self-check")
LINE = re.compile(r"freqkernels - INFO - (\d+\.\d) s = (.*)")
CALLBACKS = """
    use_custom_stoploss = True
    counted = 0

    def custom_stoploss(self, pair, trade, current_time, current_rate, current_profit, **kwargs):
        return None

    def custom_exit(self, pair, trade, current_time, current_rate, current_profit, **kwargs):
        time.sleep(0.001)
        if not Sample.counted:
            atexit.register(lambda: print("calls of custom_exit:", Sample.counted))
        Sample.counted += 1
        return None
"""


def numbers_of(line: str) -> tuple[int, list[int]]:
    """The whole and its parts, in tenths of seconds."""
    whole, _, rest = line.partition(" s = ")
    parts = re.sub(r" \(slowest.*? s\)", "", rest).partition(";")[0].split(", ")
    return tenths(whole), [tenths(part.split()[0]) for part in parts]


def tenths(text: str) -> int:
    return int(text.replace(".", ""))


@given(st.dictionaries(st.sampled_from(OWNERS), st.floats(0, 1e5), min_size=1))
def test_printed_parts_add_up_to_the_printed_whole(seconds: dict[Owner, float]) -> None:
    line = time_line(seconds, {"custom_exit": 1.0, "order_filled": 0.5}, {"custom_exit": 1_200})
    whole, parts = numbers_of(line)
    assert sum(parts) == whole
    assert abs(whole - 10 * sum(seconds.values())) <= 0.5 + 1e-6
    exact = [seconds[owner] for owner in OWNERS if owner in seconds]
    assert all(abs(n - 10 * value) < 1 + 1e-6 for n, value in zip(parts, exact, strict=True))
    slowest = "(slowest: custom_exit, 1,200 calls, 1.0 s)"
    assert (slowest in line) == ("callbacks" in seconds)


def test_the_line_reads_well() -> None:
    seconds: dict[Owner, float] = {"freqtrade": 9.84, "indicators": 2.1, "freqkernels": 2.2}
    assert time_line(seconds, {}, {}) == (
        "14.1 s = 2.1 indicators and signals, 9.8 freqtrade, 2.2 freqkernels"
    )
    line = time_line(seconds | {"callbacks": 0.9}, {"leverage": 0.7}, {"leverage": 120_340})
    assert line == (
        "15.0 s = 0.9 your callbacks (slowest: leverage, 120,340 calls, 0.7 s), "
        "2.1 indicators and signals, 9.8 freqtrade, 2.2 freqkernels"
    )


def test_turns_within_turns_add_up() -> None:
    before = perf_counter()
    with watched("freqtrade") as watch:
        began = perf_counter()
        with turn("freqkernels"):
            with turn("indicators"), turn("freqkernels"):
                moved("callbacks", 0.25)
            try:
                with turn("freqtrade"):
                    raise ValueError
            except ValueError:
                assert watch.switch("freqkernels") == "freqkernels"
        thread = threading.Thread(target=lambda: turn("self-check").__enter__())
        thread.start()
        thread.join()
        assert watch.switch("freqtrade") == "freqtrade"
        ended = perf_counter()
        seconds = watch.seconds()
    after = perf_counter()
    assert set(seconds) == {"freqtrade", "freqkernels", "indicators", "callbacks"}
    assert ended - began - 1e-6 <= sum(seconds.values()) <= after - before + 1e-6
    assert seconds["callbacks"] == 0.25
    assert seconds["freqkernels"] <= after - before - 0.25 + 1e-6
    with turn("self-check"):
        moved("callbacks", 1.0)
    assert watch.seconds().keys() == seconds.keys()


def test_times_of_callbacks_are_taken_from_whose_turn_it_is() -> None:
    timing.reset()
    with watched("freqtrade") as watch, turn("freqkernels"):
        timing.add("custom_exit", 2.0)
        timing.add("custom_exit", 1.0)
        timing.add("leverage", 4.0)
    assert timing.taken() == {"leverage": 4.0, "custom_exit": 3.0}
    assert timing.calls() == {"leverage": 1, "custom_exit": 2}
    assert watch.seconds()["callbacks"] == 7.0
    timing.reset()
    assert timing.calls() == {}


def test_the_last_line_of_a_run(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path).create()
    config = workspace.write_config()
    common = ("-c", str(config), "--strategy", "Sample", "--offline-markets", "auto")
    source = tmp_path / "user_data" / "strategies" / "sample.py"
    source.write_text("import atexit, time\n" + source.read_text() + CALLBACKS)
    done = workspace.run("backtesting", *common, "--cache", "none", "--export", "none")
    assert done.code == 0
    (found,) = LINE.finditer(done.output)
    whole, parts = numbers_of(f"{found[1]} s = {found[2]}")
    assert sum(parts) == whole
    names = ["indicators and signals", "freqtrade", "freqkernels"]
    assert [part for part in names if f" {part}" in found[2]] == names
    (counted,) = re.findall(r"calls of custom_exit: (\d+)", done.output)
    slowest = re.search(r"\(slowest: (\w+), ([\d,]+) calls, ", found[2])
    if "way of backtest: events" in done.output:
        assert slowest is not None
        assert (slowest[1], slowest[2].replace(",", "")) == ("custom_exit", counted)
    else:  # freqtrade's own engine: its calls are not timed
        assert "refusal of backtest" in done.output or "not accelerated" in done.output
        assert slowest is None


def test_nothing_is_said_of_a_run_that_never_began(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    done = workspace.run("backtesting", "-c", "missing.json", "--strategy", "Sample")
    assert "Config file" in done.output
    assert not LINE.search(done.output)
