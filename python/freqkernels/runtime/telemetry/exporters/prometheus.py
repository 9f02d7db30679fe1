"""Telemetry in a registry of ``prometheus_client``, which somebody serves.

::

    from freqkernels.runtime.telemetry.exporters import prometheus
    prometheus.register()                 # in the registry that prometheus_client serves
    prometheus_client.start_http_server(9100)
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from freqkernels.errors import InvalidInputError
from freqkernels.runtime.telemetry.exporters.readings import QUANTITIES, Quantity
from freqkernels.runtime.telemetry.snapshots import Snapshot, snapshot
from freqkernels.runtime.threads import renew_after_fork

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric

_lock = threading.Lock()
renew_after_fork(globals(), "_lock", threading.Lock)
_collectors: WeakKeyDictionary[CollectorRegistry, _Collector] = WeakKeyDictionary()


def register(registry: CollectorRegistry | None = None) -> None:
    """Let a registry collect the telemetry of this process; once is enough.

    :param registry: the one that ``prometheus_client`` serves if absent.
    :raise InvalidInputError: if ``prometheus_client`` is not installed.
    """
    registry = _chosen(registry)
    with _lock:
        if registry not in _collectors:
            collector = _Collector()
            registry.register(collector)
            _collectors[registry] = collector


def unregister(registry: CollectorRegistry | None = None) -> None:
    """Undo :func:`register`.

    :param registry: as there.
    :raise InvalidInputError: if ``prometheus_client`` is not installed.
    """
    registry = _chosen(registry)
    with _lock:
        collector = _collectors.pop(registry, None)
    if collector is not None:
        registry.unregister(collector)


class _Collector:
    """What the registry asks, each time that somebody asks it."""

    def collect(self) -> Iterator[Metric]:
        now = snapshot()
        for quantity in QUANTITIES:
            yield _family(quantity, now)

    def describe(self) -> Iterator[Metric]:
        for quantity in QUANTITIES:
            yield _family(quantity, None)


def _family(quantity: Quantity, now: Snapshot | None) -> Metric:
    from prometheus_client.core import Metric

    name = f"freqkernels_{quantity.name}"
    if quantity.unit:
        name += f"_{quantity.unit}"
    family = Metric(name, quantity.text, quantity.kind)
    sample = f"{name}_total" if quantity.kind == "counter" else name
    for labels, value in quantity.read(now) if now is not None else ():
        family.add_sample(sample, dict(labels), float(value))
    return family


def _chosen(registry: CollectorRegistry | None) -> CollectorRegistry:
    try:
        from prometheus_client import REGISTRY
    except ImportError as error:
        raise InvalidInputError(
            f"prometheus_client cannot be imported ({error}): pip install 'freqkernels[prometheus]'"
        ) from error
    return REGISTRY if registry is None else registry
