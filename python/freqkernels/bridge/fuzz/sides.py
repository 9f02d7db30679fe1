"""The two sides of a comparison in one process: freqtrade alone, and with the kernels installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from freqkernels.bridge.install import install, is_installed, uninstall


@contextmanager
def plain() -> Iterator[None]:
    """freqtrade alone."""
    with _restored():
        uninstall()
        yield


@contextmanager
def accelerated() -> Iterator[None]:
    """freqtrade with the kernels installed."""
    with _restored():
        install()
        yield


@contextmanager
def _restored() -> Iterator[None]:
    before = is_installed()
    try:
        yield
    finally:
        if before:
            install()
        else:
            uninstall()
