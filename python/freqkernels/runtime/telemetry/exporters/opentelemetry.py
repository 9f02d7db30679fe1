"""Telemetry on a meter of OpenTelemetry, whose readers ask for it when they need it.

::

    from freqkernels.runtime.telemetry.exporters import opentelemetry
    opentelemetry.instrument()            # of the provider that the application has set
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from weakref import WeakSet

from freqkernels.errors import InvalidInputError
from freqkernels.runtime.telemetry.exporters.readings import QUANTITIES, Quantity
from freqkernels.runtime.telemetry.snapshots import snapshot
from freqkernels.runtime.threads import renew_after_fork

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, Meter, Observation

_UNITS = {"seconds": "s", "": "1"}
_lock = threading.Lock()
renew_after_fork(globals(), "_lock", threading.Lock)
_instrumented: WeakSet[Meter] = WeakSet()
_default: list[Meter] = []


def instrument(meter: Meter | None = None) -> None:
    """Create observable counters and gauges on a meter; once is enough.

    :param meter: one of the global provider if absent.
    :raise InvalidInputError: if the API of OpenTelemetry is not installed.
    """
    try:
        from opentelemetry.metrics import get_meter
    except ImportError as error:
        raise InvalidInputError(
            f"opentelemetry cannot be imported ({error}): pip install 'freqkernels[opentelemetry]'"
        ) from error
    with _lock:
        if meter is None:
            _default[:] = _default or [get_meter("freqkernels")]
            (meter,) = _default
        if meter not in _instrumented:
            _instrumented.add(meter)
            for quantity in QUANTITIES:
                _create(meter, quantity)


def _create(meter: Meter, quantity: Quantity) -> None:
    make = {
        "counter": meter.create_observable_counter,
        "gauge": meter.create_observable_gauge,
    }[quantity.kind]
    make(
        f"freqkernels.{quantity.name}",
        [_observe(quantity)],
        unit=_UNITS[quantity.unit],
        description=quantity.text,
    )


def _observe(quantity: Quantity) -> Callable[[CallbackOptions], Iterable[Observation]]:
    from opentelemetry.metrics import Observation

    def observe(_: CallbackOptions) -> Iterable[Observation]:
        return [Observation(value, dict(labels)) for labels, value in quantity.read(snapshot())]

    return observe
