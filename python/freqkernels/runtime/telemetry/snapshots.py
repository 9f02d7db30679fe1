"""All that the runtime knows of this process at one moment, as plain values and as a file.

A file may come from another process, an older version, or somebody's editor: reading one gives a
:class:`Snapshot` that holds what it should, or an error that says what is wrong.
"""

from __future__ import annotations

import json
import logging
import math
import os
import platform
import threading
import time
import types
from dataclasses import asdict, dataclass, is_dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from freqkernels.errors import InvalidInputError, MissingExtensionError
from freqkernels.runtime.backend import get_backend, kernels
from freqkernels.runtime.control import current
from freqkernels.runtime.counters import CounterValues
from freqkernels.runtime.decisions import Switch, switches
from freqkernels.runtime.histogram import Histogram
from freqkernels.runtime.journal import Event, Failure, events, failures

#: Files of another format are not read.
FORMAT = 1
_VERSION = version("freqkernels")
_MOST_BYTES = 64 << 20
_MOST_COUNT = 1 << 63
T = TypeVar("T")


def _started() -> float:
    """When logging was loaded, which is long before anything is counted."""
    record = logging.LogRecord("", logging.INFO, "", 0, "", None, None)
    return record.created - record.relativeCreated / 1000


_STARTED = _started()


@dataclass(frozen=True, slots=True)
class Quantiles:
    """How long calls take, in nanoseconds: half, nine of ten, 99 of 100 take no longer.

    :param p50: half of the calls.
    :param p90: nine of ten.
    :param p99: 99 of 100.
    """

    p50: float
    p90: float
    p99: float


@dataclass(frozen=True, slots=True)
class SwitchValues:
    """One switch at one moment.

    :param name: as in the catalogue.
    :param kind: "kernel" or "function".
    :param backend: "compiled" or "reference" for a kernel, "none" for one that cannot be loaded,
        "" for a function.
    :param variant: "fast" or "exact": what a call without a key of its own gets.
    :param reason: why, in one sentence.
    :param source: what has decided that.
    :param breaker: "closed", "open" or "half-open".
    :param breaker_reason: why it is not closed.
    :param counts: calls by outcome, rows, times.
    :param speedup: how many times as fast the fast implementation was in trials, if any.
    :param fast_times: of fast answers, if any was timed.
    :param exact_times: of exact answers, if any was timed.
    """

    name: str
    kind: str
    backend: str
    variant: str
    reason: str
    source: str
    breaker: str
    breaker_reason: str
    counts: CounterValues
    speedup: float | None
    fast_times: Quantiles | None
    exact_times: Quantiles | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One process at one moment.

    :param pid: number of the process.
    :param started: when it began, in seconds since 1970; for a forked one, when its parent did.
    :param taken: when this was written down.
    :param version: of freqkernels.
    :param python: version.
    :param backend: the chosen one.
    :param level: the effective one.
    :param telemetry: how much is measured: off, counters or timed.
    :param switches: by name.
    :param events: most frequent first.
    :param failures: the latest ones, with the shapes of their arguments.
    """

    pid: int
    started: float
    taken: float
    version: str
    python: str
    backend: str
    level: str
    telemetry: str
    switches: tuple[SwitchValues, ...]
    events: tuple[Event, ...]
    failures: tuple[Failure, ...]

    def to_dict(self) -> dict[str, Any]:
        """The same for JSON."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_dict(cls, values: Any) -> Snapshot:
        """The snapshot that :meth:`to_dict` gave.

        :raise InvalidInputError: for anything else; the text names the place.
        """
        if not isinstance(values, dict) or type(values.get("format")) is not int:
            raise InvalidInputError("snapshot: expected an object with a number as its format")
        if values["format"] != FORMAT:
            raise InvalidInputError(
                f"snapshot: its format is {values['format']}, this version reads {FORMAT}"
            )
        inner = {name: value for name, value in values.items() if name != "format"}
        return _built(cls, inner, "snapshot")

    def same_as(self, other: Snapshot | None) -> bool:
        """Whether nothing has changed but the time."""
        return other is not None and replace(self, taken=other.taken) == other


def snapshot(*, all: bool = False) -> Snapshot:
    """This process now.

    :param all: with the switches that nobody has called and nothing has befallen, too.
    """
    settings = current()
    used = (one for one in switches() if one.counters.values().calls or not one.breaker.closed)
    chosen = switches() if all else list(used)
    backends = {one.name: one for one in kernels()}

    def backend_of(name: str) -> str:
        try:
            return backends[name].backend if name in backends else ""
        except MissingExtensionError:
            return "none"

    return Snapshot(
        pid=os.getpid(),
        started=_STARTED,
        taken=time.time(),
        version=_VERSION,
        python=platform.python_version(),
        backend=get_backend(),
        level=settings.level,
        telemetry=settings.telemetry,
        switches=tuple(_values_of(one, backend_of(one.name)) for one in chosen),
        events=tuple(events()),
        failures=tuple(failures()),
    )


def write_file(path: Path | str, values: Snapshot | None = None) -> None:
    """Write a snapshot as JSON; readers see the old file or the new one, nothing in between.

    :param path: of the file; its folder is made.
    :param values: what to write; this process now if absent.
    :raise OSError: if it cannot be written.
    """
    path = Path(path)
    text = json.dumps((values or snapshot()).to_dict(), indent=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    unique = f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp"
    unfinished = path.with_name(unique)
    try:
        unfinished.write_text(text, "utf-8")
        _put_in_place(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def _put_in_place(unfinished: Path, path: Path) -> None:
    """Rename; on Windows that has to wait until nobody reads the old file."""
    for pause in (0.01, 0.02, 0.04, 0.08):
        try:
            unfinished.replace(path)
        except PermissionError:
            if os.name != "nt":
                raise
            time.sleep(pause)
        else:
            return
    unfinished.replace(path)


def read_file(path: Path | str) -> Snapshot:
    """Read what :func:`write_file` wrote, in this process or another one.

    :param path: of the file.
    :raise InvalidInputError: if it cannot be read, is cut off, damaged, or of another format.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise InvalidInputError(f"{path}: larger than {_MOST_BYTES >> 20} MB, no telemetry")
        values = json.loads(data.decode())
    except OSError as error:
        raise InvalidInputError(f"{path}: cannot be read ({error})") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, InvalidInputError):
            raise
        raise InvalidInputError(f"{path}: cut off or damaged, no JSON ({error})") from error
    try:
        return Snapshot.from_dict(values)
    except InvalidInputError as error:
        raise InvalidInputError(f"{path}: {error}") from error


def _values_of(one: Switch, backend: str) -> SwitchValues:
    decision = one.decision()
    counters = one.counters
    with counters.lock:
        fast, exact = _quantiles(counters.fast_times), _quantiles(counters.exact_times)
    counts = counters.values()
    return SwitchValues(
        name=one.name,
        kind="kernel" if one.entry.is_kernel else "function",
        backend=backend,
        variant=decision.variant,
        reason=decision.reason,
        source=decision.source,
        breaker=one.breaker.state,
        breaker_reason=one.breaker.reason,
        counts=counts,
        speedup=counts.speedup,
        fast_times=fast,
        exact_times=exact,
    )


def _quantiles(times: Histogram | None) -> Quantiles | None:
    if times is None or not times.count:
        return None
    return Quantiles(times.quantile(0.5), times.quantile(0.9), times.quantile(0.99))


def _built(kind: type[T], values: Any, where: str) -> T:
    """A dataclass from plain values of exactly its fields and types."""
    hints = get_type_hints(kind)
    if not isinstance(values, dict):
        raise InvalidInputError(f"{where}: expected an object")
    for name in [*hints, *values]:
        if name not in hints or name not in values:
            said = "is missing" if name in hints else "is not known"
            raise InvalidInputError(f"{where}: {str(name)[:100]!r} {said}")
    return kind(**{name: _checked(hints[name], values[name], f"{where}.{name}") for name in hints})


def _checked(hint: Any, value: Any, where: str) -> Any:
    if get_origin(hint) is types.UnionType:
        (hint,) = (one for one in get_args(hint) if one is not type(None))
        if value is None:
            return None
    if get_origin(hint) is tuple:
        if not isinstance(value, (list, tuple)):
            raise InvalidInputError(f"{where}: expected a list")
        inner = get_args(hint)[0]
        return tuple(_checked(inner, one, f"{where}[{i}]") for i, one in enumerate(value))
    if is_dataclass(hint):
        return _built(hint, value, where)  # type: ignore[arg-type]
    if hint is float and type(value) in (int, float) and math.isfinite(value):
        return float(value)
    if type(value) is not hint or (hint is int and not 0 <= value < _MOST_COUNT) or hint is float:
        shown = {int: "a count", float: "a finite number"}.get(hint, "a text")
        raise InvalidInputError(f"{where}: expected {shown}, got {repr(value)[:100]}")
    return value
