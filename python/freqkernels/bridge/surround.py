"""Methods of a class of freqtrade's with something put around them, as soon as it is imported."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from types import FunctionType, ModuleType
from typing import Any

from freqkernels.bridge.hooks import ImportHandle, on_import

_ABSENT = object()


class Surroundings:
    """What is put around methods, and taken off again where nobody has changed them since.

    :param module: that defines the class.
    :param owner: name of the class.
    :param names: of the methods; a release need not have them all.
    :param wrap: makes the new method of the one that was there.
    :param inherited: whether methods that the class only inherits are meant, too; the class gets
        its own one then.
    """

    def __init__(
        self,
        module: str,
        owner: str,
        names: Iterable[str],
        wrap: Callable[[Callable[..., Any]], Callable[..., Any]],
        *,
        inherited: bool = False,
    ) -> None:
        self._module = module
        self._owner = owner
        self._names = tuple(names)
        self._wrap = wrap
        self._inherited = inherited
        self._handle: ImportHandle | None = None
        self._attached: object = None
        self._done: list[tuple[type, str, Any, Any]] = []

    def attach(self) -> None:
        """Put it around, now or when the module is imported; nothing if it is."""
        if self._handle is None:
            self._attached = object()
            self._handle = on_import(self._module, self._surround)

    def detach(self) -> None:
        """Put back what was there."""
        if self._handle is None:
            return
        self._handle.cancel()
        self._handle = self._attached = None
        for owner, name, original, ours in reversed(self._done):
            if vars(owner).get(name) is not ours:
                continue
            if original is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, original)
        self._done.clear()

    def _surround(self, module: ModuleType) -> None:
        owner = vars(module).get(self._owner)
        if not isinstance(owner, type):
            return
        for name in self._names:
            original = vars(owner).get(name, _ABSENT)
            method = getattr(owner, name) if original is _ABSENT and self._inherited else original
            if not callable(method) or isinstance(original, (staticmethod, type)):
                continue
            if not hasattr(type(method), "__get__"):  # it gets no object: no method
                continue
            ours = self._while_attached(method)
            self._done.append((owner, name, original, ours))
            setattr(owner, name, ours)

    def _while_attached(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """The new method; the old one from then on where somebody has put a method around it."""
        bound = original if isinstance(original, FunctionType) else _bound(original)
        attached, wrapped = self._attached, self._wrap(bound)

        @functools.wraps(original)
        def method(*args: Any, **kwargs: Any) -> Any:
            chosen = wrapped if self._attached is attached else bound
            return chosen(*args, **kwargs)

        return method


def _bound(original: Any) -> Callable[..., Any]:
    """A function that does what somebody's object in place of a method does."""

    @functools.wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return original.__get__(self, type(self))(*args, **kwargs)

    return method
