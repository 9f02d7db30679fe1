"""Worker processes get the kernels with the settings of who asks them; candles in mapped files."""

from __future__ import annotations

import logging
import os
import queue
from collections.abc import Iterator
from dataclasses import dataclass
from logging.handlers import QueueHandler
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest

import freqkernels
from freqkernels import runtime
from freqkernels.bridge import hyperopt, install, workers
from freqkernels.bridge.shared_frames import SharedFrames, Stamp, share
from freqkernels.bridge.targets import TARGETS
from freqkernels.bridge.worker_memory import resident_bytes
from freqkernels.identity import first_difference
from freqkernels.runtime import events
from freqkernels.runtime.journal import record

pytest.importorskip("optuna")


class Carried:
    """Travels to a worker as freqtrade's HyperOptimizer does."""

    __reduce_ex__ = workers.reduce_with_settings(object.__reduce_ex__)

    def __init__(self, content: Any) -> None:
        self.content = content


class Plain:
    """Travels as it would without freqkernels."""


@dataclass(eq=False)
class Optimizer:
    """What of freqtrade's HyperOptimizer is looked at to share its candles."""

    data_pickle_file: Path


def look(thing: Any) -> dict[str, Any]:
    """What a process is like; runs in a worker."""
    from freqkernels.bridge.install import is_installed

    left = workers.leave_unless_invited(thing)
    return {
        "pid": os.getpid(),
        "backend": runtime.get_backend(),
        "threads": runtime.num_threads(),
        "installed": is_installed(),
        "left": left,
        "distrusted": [one.name for one in runtime.switches() if one.distrusted],
        "content": getattr(thing, "content", None),
    }


@pytest.fixture
def settings() -> Iterator[None]:
    runtime.set_num_threads(3)
    with runtime.use_backend("reference"):
        yield
    runtime.set_num_threads(None)


def test_settings_travel(settings: None) -> None:
    with joblib.Parallel(n_jobs=2) as parallel:
        found = parallel(joblib.delayed(look)(Carried(number)) for number in range(4))
        plain = parallel(joblib.delayed(look)(Plain()) for _ in range(6))
        again = parallel(joblib.delayed(look)(Carried(number)) for number in range(4))
    for outcome in (*found, *again):
        assert outcome["pid"] != os.getpid()
        assert (outcome["backend"], outcome["threads"]) == ("reference", 3)
        assert (outcome["installed"], outcome["left"]) == (True, False)
    assert [outcome["content"] for outcome in found] == [0, 1, 2, 3]
    # A process that is plain by now gets its workers back as they were.
    assert not any(outcome["installed"] for outcome in plain)
    used = {outcome["pid"] for outcome in found}
    assert {outcome["pid"] for outcome in plain if outcome["left"]} <= used


def test_workers_hear_of_what_is_distrusted() -> None:
    runtime.switch("calculate_csum").distrust("another result than the exact one: [3]")
    (outcome,) = joblib.Parallel(n_jobs=2)([joblib.delayed(look)(Carried(0))])
    assert outcome["pid"] != os.getpid()
    assert outcome["distrusted"] == ["calculate_csum"]


class Lines(logging.Handler):
    """Keeps the texts of log lines."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


def say(thing: Any) -> tuple[list[str], list[Any]]:
    """What is logged in a worker, and what goes to the process that has ordered the epoch."""
    lines, there = Lines(), queue.SimpleQueue[logging.LogRecord]()
    to_parent = QueueHandler(there)
    logging.getLogger("freqkernels").addHandler(lines)
    logging.getLogger("freqkernels").setLevel(logging.INFO)
    try:
        install._refuse(TARGETS[0], "for a test")
        record("refusal", "epoch", "nobody listens")
        logging.getLogger().addHandler(to_parent)
        record("refusal", "epoch", "somebody listens")
        record("refusal", "epoch", "somebody listens")
        workers.note_epoch(thing)
        logging.getLogger("freqkernels").warning("little memory")
    finally:
        logging.getLogger().removeHandler(to_parent)
        logging.getLogger("freqkernels").setLevel(logging.NOTSET)
        logging.getLogger("freqkernels").removeHandler(lines)
    return lines.texts, [there.get() for _ in range(there.qsize())]


def test_workers_leave_it_to_others_to_say_things() -> None:
    ((said, sent),) = joblib.Parallel(n_jobs=2)([joblib.delayed(say)(Carried(0))])
    assert said == ["refusal of epoch: nobody listens", "little memory"]
    epoch, warning = sent
    assert warning.getMessage() == "little memory"
    news = {reason: count for _, _, reason, count in epoch.freqkernels_epoch.news}
    assert (news["nobody listens"], news["somebody listens"]) == (1, 2)
    # What freqtrade does with it here: the first one is said, all are counted.
    logger = logging.getLogger("freqtrade.optimize.hyperopt.hyperopt_logger")
    workers.listen()
    try:
        for line in (epoch, epoch):
            logger.handle(line)
        assert sum(one.by_freqtrade for one in workers.epochs().values()) == 2
        assert {event.reason: event.count for event in events()}["somebody listens"] == 4
    finally:
        workers.stop_listening()
    assert workers.epochs() == {}


def test_nothing_happens_in_the_same_process() -> None:
    thing = joblib.hash(Carried(1)), Carried(1).__reduce_ex__(4)
    revive, (settings, *_), *_ = thing[1]
    assert revive is workers.revive
    assert settings.pid == os.getpid()
    look_here = look(revive(settings, Plain, ()))
    assert (look_here["installed"], look_here["left"]) == (False, False)


def test_uninstall_puts_everything_back() -> None:
    from freqtrade.optimize.hyperopt.hyperopt_optimizer import HyperOptimizer

    before = dict(vars(HyperOptimizer))
    freqkernels.install()
    try:
        changed = {
            name for name, value in vars(HyperOptimizer).items() if before.get(name) != value
        }
        assert changed == {"__reduce_ex__", "generate_optimizer", "prepare_hyperopt_data"}
        freqkernels.install()
        assert HyperOptimizer.generate_optimizer.__wrapped__ is before["generate_optimizer"]
    finally:
        freqkernels.uninstall()
    assert dict(vars(HyperOptimizer)) == before
    assert "__reduce_ex__" not in vars(HyperOptimizer)


# ---- candles


def candles(rows: int = 500) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(3)
    frames = {}
    for pair in ("A/B", "C/B"):
        frame = pd.DataFrame(rng.random((rows, 4)), columns=["open", "high", "low", "close"])
        dates = pd.date_range("2024-01-01", periods=rows, freq="5min", tz="UTC").as_unit("ms")
        frame.insert(0, "date", dates)
        frame["tag"] = "text"
        frame["mixed"] = pd.Series([None, 1, "x", 2.5, True] * (rows // 5), dtype=object)
        frame["flag"] = rng.random(rows) < 0.5
        frames[pair] = frame
    frames["empty"] = frames["A/B"].iloc[:0]
    return frames


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "hyperopt_tickerdata.pkl"
    joblib.dump(candles(), file)
    return file


@pytest.fixture
def shared(source: Path) -> SharedFrames:
    return share(joblib.load(source), source.with_suffix(".freqkernels"), Stamp.of(source))


def test_mapped_frames_are_those_that_freqtrade_loads(source: Path, shared: SharedFrames) -> None:
    assert first_difference(shared.load(), joblib.load(source)) is None
    assert list(shared.load()) == list(joblib.load(source))


def test_what_is_written_is_written_for_one(shared: SharedFrames) -> None:
    first, second = shared.load(), shared.load()
    values = first["A/B"]["close"].array._ndarray  # as numpy code in place would
    values[:] = -1.0
    first["C/B"].loc[:, "flag"] = True
    assert first["A/B"]["close"].iloc[3] == -1.0
    for other in (second, shared.load()):
        assert first_difference(other, candles()) is None


def test_frames_outlive_the_file(shared: SharedFrames) -> None:
    loaded = shared.load()
    shared.remove()
    assert not shared.file.exists()
    assert first_difference(loaded, candles()) is None
    with pytest.raises(FileNotFoundError):
        shared.load()


def test_another_file_in_its_place_is_left_alone(source: Path, shared: SharedFrames) -> None:
    newer = share({"other": 1}, shared.file, Stamp.of(source))
    with pytest.raises(FileNotFoundError, match="has been replaced"):
        shared.load()
    shared.remove()
    assert newer.load() == {"other": 1}
    assert [path.name for path in source.parent.iterdir()].count(newer.file.name) == 1


def read_as_an_epoch_does(source: Path) -> Any:
    from freqtrade.optimize.hyperopt import hyperopt_optimizer

    with hyperopt._mapped_candles(), source.open("rb") as opened:
        return hyperopt_optimizer.load(opened)


def test_an_epoch_maps_its_candles(source: Path) -> None:
    from freqtrade.optimize.hyperopt import hyperopt_optimizer

    optimizer = Optimizer(source)
    shared = hyperopt._share_candles(optimizer)
    assert shared is not None
    assert workers.frames == {str(source): shared}
    assert first_difference(read_as_an_epoch_does(source), candles()) is None
    assert hyperopt_optimizer.load is joblib.load
    joblib.dump({"newer": 1}, source)  # what was shared is not in that file any more
    assert read_as_an_epoch_does(source) == {"newer": 1}
    assert not events()
    del optimizer
    assert workers.frames == {}
    assert not shared.file.exists()


def test_a_lost_file_is_said_and_does_no_harm(source: Path) -> None:
    optimizer = Optimizer(source)
    shared = hyperopt._share_candles(optimizer)
    assert shared is not None
    shared.file.unlink()
    assert first_difference(read_as_an_epoch_does(source), candles()) is None
    assert [event.kind for event in events()] == ["fallback"]


def test_without_room_each_worker_reads_for_itself(source: Path) -> None:
    source.with_suffix(".freqkernels").mkdir()
    optimizer = Optimizer(source)
    assert hyperopt._share_candles(optimizer) is None
    assert [event.kind for event in events()] == ["fallback"]
    assert first_difference(read_as_an_epoch_does(source), candles()) is None


def test_memory_of_this_process_is_known() -> None:
    resident = resident_bytes()
    assert resident is None or 10**7 < resident < 10**12
