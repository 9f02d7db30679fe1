"""Which twin of a kernel runs: compiled or reference.

``FREQKERNELS_BACKEND`` (or :func:`set_backend`) is one of

* ``auto``: compiled where it can be loaded, else reference, which is recorded and logged;
* ``compiled``: never the reference; a missing extension or a failing kernel raises;
* ``reference``: never the compiled one.

A kernel is resolved at its first call after a change and then called directly, so a call costs
one Python frame more than the bare function.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from freqkernels.errors import InvalidInputError, MissingExtensionError
from freqkernels.runtime.counters import rows_of
from freqkernels.runtime.decisions import Mode, switch
from freqkernels.runtime.journal import record
from freqkernels.runtime.pair import Pair
from freqkernels.runtime.threads import import_late, renew_after_fork

BACKENDS = ("auto", "compiled", "reference")
_COUNTED, _EXACT, _GOVERNED = Mode.COUNTED, Mode.EXACT, Mode.GOVERNED
_PACKAGES = {"compiled": "freqkernels._kernels", "reference": "freqkernels.reference"}

_lock = threading.RLock()
renew_after_fork(globals(), "_lock", threading.RLock)
_registry: dict[str, Kernel] = {}


def _validated(name: str, argument: str) -> str:
    if name not in BACKENDS:
        raise InvalidInputError(f"{argument}: expected one of {', '.join(BACKENDS)}, got {name!r}")
    return name


_requested = _validated(os.environ.get("FREQKERNELS_BACKEND") or "auto", "FREQKERNELS_BACKEND")


def _load(backend: str, module: str) -> Any:
    try:
        return import_late(f"{_PACKAGES[backend]}.{module}")
    except ImportError as error:
        raise MissingExtensionError(
            f"the compiled kernels '{module}' cannot be loaded ({error}). Either the package was "
            "installed without a C compiler, or its compiled files are for another Python or "
            "platform, or the sources are imported in place without an installation. "
            "'freqkernels doctor' tells which; reinstalling with FREQKERNELS_REQUIRE_EXT=1 set "
            "shows the compiler's message."
        ) from error


def _unused(*_: Any) -> Any:
    """Stands for a fast implementation where none is wanted."""
    raise AssertionError("the exact implementation was decided for")


class Kernel:
    """A kernel by name, called through whichever twin is chosen.

    :param module: name of the module in ``_kernels`` and in ``reference``.
    :param function: name of the function in both.
    """

    __slots__ = (
        "_alone",
        "_count",
        "_pair",
        "_resolved",
        "_target",
        "function",
        "module",
        "switch",
    )

    def __init__(self, module: str, function: str) -> None:
        self.module = module
        self.function = function
        self.switch = switch(self.name)
        self._resolved: str | None = None
        self._target: Callable[..., Any] | None = None
        self._count: Callable[[int], None] = self.switch.counters.count
        self._pair: Pair | None = None
        self._alone: Pair | None = None  # the reference, where the compiled twin is not wanted

    @property
    def name(self) -> str:
        """``module.function``"""
        return f"{self.module}.{self.function}"

    @property
    def backend(self) -> str:
        """ "compiled" or "reference": what a call runs on now."""
        if self.switch.decision().variant == "exact":
            return "reference"
        return self._resolved or self._resolve()

    def __call__(self, *args: Any) -> Any:
        mode = self.switch.mode
        if mode is _EXACT:
            return (self._alone or self._reference_alone()).settled(args, {})
        if mode is _GOVERNED:
            return self._governed(args)
        target = self._target or self._resolved_target()
        try:
            result = target(*args)
        except Exception as error:
            return self._recover(error, target, args)
        if mode is _COUNTED:
            self._count(rows_of(args))
        return result

    def __repr__(self) -> str:
        return f"<kernel {self.name}>"

    def twin(self, backend: str) -> Callable[..., Any]:
        """The function of one backend, whatever is chosen."""
        function: Callable[..., Any] = getattr(_load(backend, self.module), self.function)
        return function

    def reset(self) -> None:
        """Resolve anew at the next call."""
        with _lock:
            self._resolved = self._pair = self._target = None

    def _resolve(self) -> str:
        with _lock:
            if self._resolved is None:
                backend = "reference" if _requested == "reference" else "compiled"
                try:
                    self._target = self.twin(backend)
                except MissingExtensionError as error:
                    if _requested == "compiled":
                        raise
                    record("fallback", self.module, str(error))
                    backend = "reference"
                    self._target = self.twin(backend)
                counters = self.switch.counters
                compiled = backend == "compiled"
                self._count = counters.count if compiled else counters.count_exact
                self._resolved = backend
            return self._resolved

    def _resolved_target(self) -> Callable[..., Any]:
        return self.twin(self._resolve())

    def _governed(self, args: tuple[Any, ...]) -> Any:
        """A call for which it has to be decided which twin answers; the reference needs nothing."""
        if self.switch.policy.settled is not None:
            return self._reference_alone().settled(args, {})
        if self._resolve() == "compiled":
            return self._twins().answer(args, {})
        return self._reference_alone().exactly(args, {})

    def _reference_alone(self) -> Pair:
        """The reference where nothing else is wanted: the compiled module is not even loaded."""
        if self._alone is None:
            self._alone = Pair(self.switch, self.name, _unused, self.twin("reference"))
        return self._alone

    def _twins(self) -> Pair:
        pair = self._pair
        if pair is None:
            pair = self._pair = Pair(
                self.switch,
                self.name,
                self.twin("compiled"),
                self.twin("reference"),
                own_errors=(InvalidInputError, MissingExtensionError),
                forced=lambda: _requested == "compiled",
            )
        return pair

    def _recover(self, error: Exception, target: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """Let the reference answer for a compiled kernel that failed; bad input stays an error."""
        if target is self.twin("reference"):
            self.switch.count("errors", rows_of(args))
            raise error
        return self._twins().recover(error, args, {})


def kernel(module: str, function: str) -> Kernel:
    """Register a kernel, or get the one that is registered under this name."""
    with _lock:
        return _registry.setdefault(f"{module}.{function}", Kernel(module, function))


def kernels() -> list[Kernel]:
    """All registered kernels by name."""
    with _lock:
        return [_registry[name] for name in sorted(_registry)]


def get_backend() -> str:
    """The chosen backend: auto, compiled or reference."""
    return _requested


def set_backend(name: str) -> None:
    """Choose the backend of every kernel in this process.

    :param name: auto, compiled or reference.
    :raise InvalidInputError: for any other name.
    """
    global _requested
    with _lock:
        _requested = _validated(name, "name")
        for entry in _registry.values():
            entry.reset()


@contextmanager
def use_backend(name: str) -> Iterator[None]:
    """Choose the backend of the process for the time of a ``with`` block."""
    before = get_backend()
    set_backend(name)
    try:
        yield
    finally:
        set_backend(before)
