"""Do something to a module right after it has been executed, whenever that will be.

freqtrade imports its heavy modules inside of its commands. What wants to patch them registers
here and costs nothing until then::

    handle = on_import("freqtrade.data.metrics", patch)   # patch(module), now or later
    handle.cancel()

A finder at the front of ``sys.meta_path`` lets the other finders find the module and wraps the
loader that they name until it has executed the module; afterwards the module's ``__spec__`` and
``__loader__`` are those of an ordinary import. ``sys.meta_path`` is exchanged, never changed:
another thread's import that walks over it would miss the finder after the one that goes.
"""

from __future__ import annotations

import importlib
import logging
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from freqkernels.runtime.threads import renew_after_fork

logger = logging.getLogger(__name__)

Callback = Callable[[ModuleType], object]

_lock = threading.RLock()
renew_after_fork(globals(), "_lock", threading.RLock)
_handles: dict[str, list[ImportHandle]] = {}
# Names whose wrapped loader is executing: a callback that is registered meanwhile waits for it.
_executing: Counter[str] = Counter()


class ImportHandle:
    """One registered callback.

    :param name: full name of the module.
    :param callback: called with the module.
    """

    __slots__ = ("callback", "name")

    def __init__(self, name: str, callback: Callback) -> None:
        self.name = name
        self.callback = callback

    def __repr__(self) -> str:
        return f"<{'active' if self.active else 'cancelled'} import hook of {self.name}>"

    @property
    def active(self) -> bool:
        """Whether the callback still runs at the next execution of the module."""
        with _lock:
            return any(handle is self for handle in _handles.get(self.name, ()))

    def cancel(self) -> None:
        """Never call the callback again; what it did stays. Cancelling twice is allowed."""
        with _lock:
            left = [handle for handle in _handles.pop(self.name, []) if handle is not self]
            if left:
                _handles[self.name] = left
            if not _handles and _finder in sys.meta_path:
                sys.meta_path = [finder for finder in sys.meta_path if finder is not _finder]


def on_import(name: str, callback: Callback) -> ImportHandle:
    """Call ``callback(module)`` each time that a module has been executed.

    If the module is imported already, the callback runs at once; if another thread is importing
    it, as soon as that is done. It runs again after ``importlib.reload``. Callbacks of one module
    run in the order of their registration, and what one raises comes out of the import statement.
    Modules without code to execute (namespace packages) are not supported.

    :param name: full name of the module, for example ``freqtrade.data.metrics``.
    :param callback: called with the module, in the thread that imports it.
    :return: the handle to cancel it.
    """
    handle = ImportHandle(name, callback)
    with _lock:
        _handles.setdefault(name, []).append(handle)
        if _finder not in sys.meta_path:
            sys.meta_path = [_finder, *sys.meta_path]
        already = sys.modules.get(name) is not None and not _executing[name]
    if already:
        # Unlike sys.modules[name], this waits for a thread that is in the middle of the import.
        callback(importlib.import_module(name))
    return handle


class _Finder(MetaPathFinder):
    """Finds registered modules through the other finders and wraps their loaders."""

    def __init__(self) -> None:
        self._searching = threading.local()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in _handles:
            return None
        # A finder that itself asks all finders (other import hooks do) must not come back here.
        names: set[str] = self._searching.__dict__.setdefault("names", set())
        if fullname in names:
            return None
        names.add(fullname)
        try:
            spec = self._ask_others(fullname, path, target)
        finally:
            names.discard(fullname)
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Loader(spec.loader)  # type: ignore[assignment]
        elif spec is not None:
            logger.warning("%s has no code to execute: its import hooks do not run", fullname)
        return spec

    def _ask_others(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        for finder in list(sys.meta_path):
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(fullname, path, target) if find else None
            if spec is not None:
                return spec
        return None


class _Loader:
    """Stands in for a loader until the module is executed; all else is the loader's own."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        if name == "_loader":  # copy and pickle ask before __init__ has run
            raise AttributeError(name)
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        # Some loaders compare or keep spec.loader: they get to see themselves.
        given, spec.loader = spec.loader, self._loader
        try:
            module: ModuleType | None = self._loader.create_module(spec)
        finally:
            spec.loader = given
        return module

    def exec_module(self, module: ModuleType) -> None:
        spec: Any = module.__spec__
        if spec is not None and spec.loader is self:
            spec.loader = self._loader
        if module.__loader__ is self:
            module.__loader__ = self._loader
        name = spec.name if spec is not None else module.__name__
        with _lock:
            _executing[name] += 1
        try:
            self._loader.exec_module(module)
        except BaseException:
            _finish(name)
            raise
        for handle in _finish(name):
            if handle.active:  # an earlier callback may have cancelled it
                handle.callback(module)


def _finish(name: str) -> list[ImportHandle]:
    """Mark a module as executed; the callbacks that are registered by now."""
    with _lock:
        _executing[name] -= 1
        if _executing[name] <= 0:
            del _executing[name]
        return list(_handles.get(name, ()))


_finder = _Finder()
