"""What is put around the epochs of freqtrade's hyperopt; its own code runs in the middle.

Not replaced, only surrounded: nothing here depends on how a release does it. The candles of an
epoch come from a mapped file (:mod:`freqkernels.bridge.shared_frames`), workers get the kernels
(:mod:`freqkernels.bridge.workers`). All of it obeys the switch ``hyperopt``: where that says no,
epochs and workers are freqtrade's own.
"""

from __future__ import annotations

import functools
import gc
import importlib
import logging
import sys
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from freqkernels.bridge import workers
from freqkernels.bridge.shared_frames import SharedFrames, Stamp, share
from freqkernels.bridge.surround import Surroundings
from freqkernels.runtime import switch
from freqkernels.runtime.journal import record

logger = logging.getLogger("freqkernels")

MODULE = "freqtrade.optimize.hyperopt.hyperopt_optimizer"
#: Of the switch.
NAME = workers.NAME


def attach() -> None:
    """Surround hyperopt's epochs, now or as soon as freqtrade imports it."""
    workers.listen()
    for one in _SURROUNDINGS:
        one.attach()


def detach() -> None:
    """Put back what was there."""
    for one in reversed(_SURROUNDINGS):
        one.detach()
    workers.stop_listening()


def _is_wanted() -> bool:
    decision = switch(NAME).decision()
    if decision.variant == "exact":
        record("decision", NAME, decision.reason)
    return decision.variant == "fast"


def _epoch(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def generate_optimizer(self: Any, *args: Any, **kwargs: Any) -> Any:
        if workers.leave_unless_invited(self):
            return original(self, *args, **kwargs)
        wanted = _is_wanted()
        workers.begin_epoch()
        with _mapped_candles() if wanted else nullcontext():
            result = original(self, *args, **kwargs)
        switch(NAME).count("fast" if wanted else "exact")
        workers.note_epoch(self)
        return result

    return generate_optimizer


# ---- candles


def _prepare(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def prepare_hyperopt_data(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_wanted():
            return original(self, *args, **kwargs)
        from freqkernels.bridge.worker_memory import advise, resident_bytes

        without_candles = resident_bytes()
        result = original(self, *args, **kwargs)
        shared = _share_candles(self)
        advise(self, without_candles, shared)
        _spare_collector(self)
        return result

    return prepare_hyperopt_data


def _spare_collector(optimizer: Any) -> None:
    """Let the collector leave alone, until hyperopt ends, what has been made before its epochs.

    freqtrade asks it for garbage after each batch of them, and nearly all that it then walks over
    is what freqtrade has imported.
    """
    if gc.get_freeze_count() == 0:
        gc.collect()
        gc.freeze()
        weakref.finalize(optimizer, gc.unfreeze).atexit = False


def _share_candles(optimizer: Any) -> SharedFrames | None:
    """Write the candles once more, so that they can be mapped; None if there is no room."""
    source = Path(optimizer.data_pickle_file)
    try:
        # As freqtrade reads them: every array has memory of its own then.
        candles = importlib.import_module("joblib").load(source)
        shared = share(candles, source.with_suffix(".freqkernels"), Stamp.of(source))
    except OSError as error:
        record("fallback", NAME, f"each worker reads the candles for itself: {error}")
        return None
    workers.frames[str(source)] = shared
    weakref.finalize(optimizer, _forget, str(source), shared)
    return shared


def _forget(source: str, shared: SharedFrames) -> None:
    if workers.frames.get(source) == shared:
        del workers.frames[source]
    with suppress(PermissionError):  # Windows, while a worker maps it; the next run replaces it
        shared.remove()


@contextmanager
def _mapped_candles() -> Iterator[None]:
    """Let freqtrade's ``load`` of the candles map them."""
    module: Any = sys.modules[MODULE]
    original = vars(module).get("load")
    if original is not importlib.import_module("joblib").load:
        yield  # somebody else's
        return

    def load(file: Any, *args: Any, **kwargs: Any) -> Any:
        shared = workers.frames.get(str(getattr(file, "name", "")))
        if shared is not None and not (args or kwargs) and file.tell() == 0:
            try:
                if Stamp.of(file.fileno()) == shared.source:
                    return shared.load()
            except OSError as error:
                record("fallback", NAME, f"the candles are read, not mapped: {error}")
        return original(file, *args, **kwargs)

    module.load = load
    try:
        yield
    finally:
        if module.load is load:
            module.load = original


_CLASS = MODULE, "HyperOptimizer"
_SURROUNDINGS = (
    Surroundings(*_CLASS, ["__reduce_ex__"], workers.reduce_with_settings, inherited=True),
    Surroundings(*_CLASS, ["generate_optimizer"], _epoch),
    Surroundings(*_CLASS, ["prepare_hyperopt_data"], _prepare),
)
