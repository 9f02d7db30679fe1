"""Fixtures of all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from freqkernels import runtime
from freqkernels.bridge import install
from freqkernels.runtime import control, journal

settings.register_profile(
    "default",
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.register_profile("thorough", settings.get_profile("default"), max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(params=["compiled", "reference"])
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each twin in turn, forced: nothing falls back unseen."""
    with runtime.use_backend(request.param):
        yield request.param


@pytest.fixture(params=["warn", "raise"])
def float_errors(request: pytest.FixtureRequest) -> Iterator[str]:
    """numpy as it is, and with every floating point error raised."""
    with np.errstate(all=request.param):
        yield request.param


@pytest.fixture(autouse=True, scope="session")
def state_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What must be kept goes into a folder of the tests, also for processes that they start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FREQKERNELS_STATE_DIRECTORY", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(autouse=True)
def forget_events() -> Iterator[None]:
    """Events, settings and breakers of one test do not reach the next one."""
    journal.clear()
    yield
    control.forget()
    journal.clear()


@pytest.fixture(scope="module")
def installed() -> Iterator[None]:
    """freqkernels in front of freqtrade for the rest of a file's tests."""
    install.install()
    yield
    install.uninstall()


def find_shared_data() -> Path | None:
    """The folder with real candles: ``FREQKERNELS_TEST_DATA``, or beside the checkout."""
    named = os.environ.get("FREQKERNELS_TEST_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    return folder if (folder / "binance").is_dir() else None


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real candles; skips where they are not at hand."""
    folder = find_shared_data()
    if folder is None:
        pytest.skip("no real candles here: set FREQKERNELS_TEST_DATA to a folder that has them")
    return folder
