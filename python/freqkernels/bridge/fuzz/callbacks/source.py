"""The callbacks of a case as the source of a strategy, such as a user would write it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import indent

from freqkernels.bridge.fuzz.case import Callback, Case

NAME = "FuzzedCallbacks"
#: Where a callback can be defined: in the class, a base class, a mixin; decorated; set on the
#: object as a method, a partial function or another object that can be called; given by a
#: property; set on the object after some calls only.
PLACES = (
    "class",
    "parent",
    "mixin",
    "decorated",
    "method",
    "partial",
    "object",
    "property",
    "late",
)
_OUTSIDE = {
    "method": "MethodType(_{0}, self)",
    "late": "MethodType(_{0}, self)",
    "property": "MethodType(_{0}, self)",
    "partial": "partial(_{0}, self)",
    "object": "Calling(self, _{0})",
}
_HEADER = '''\
"""A strategy of a random case."""

import math
from datetime import UTC, datetime, timedelta
from functools import partial, wraps
from types import MethodType

import numpy as np
from freqtrade.exceptions import DependencyException, OperationalException
from freqtrade.persistence import LocalTrade, PairLocks, Trade
from freqtrade.strategy import stoploss_from_absolute, stoploss_from_open

from freqkernels.bridge.fuzz.callbacks.base import Called, Calling
'''
_DECORATOR = """\
def decorated(function):
    @wraps(function)
    def called(self, *args, **kwargs):
        return function(self, *args, **kwargs)

    return called
"""


def source_of(case: Case) -> str:
    """The strategy of a case with callbacks."""
    placed = {place: [one for one in case.callbacks if one.place == place] for place in PLACES}
    parts = [_HEADER]
    if placed["decorated"]:
        parts.append(_DECORATOR)
    parts += [_function(one, f"_{one.name}") for place in _OUTSIDE for one in placed[place]]
    bases = ["Called"]
    if placed["parent"]:
        parts.append(_class("Parent", bases, map(_method, placed["parent"])))
        bases = ["Parent"]
    if placed["mixin"]:
        parts.append(_class("Mixin", [], map(_method, placed["mixin"])))
        bases.insert(0, "Mixin")
    parts.append(_class(NAME, bases, _members(case, placed)))
    return "\n\n".join(parts)


def write_source(case: Case, folder: Path) -> Path:
    """Write the strategy of a case to a folder of its own.

    :param case: the case.
    :param folder: that gets the folder.
    :return: the folder with the file.
    """
    text = source_of(case)
    own = folder / hashlib.sha256(text.encode()).hexdigest()[:16]
    if not own.exists():
        own.mkdir()
        (own / "fuzzed_callbacks.py").write_text(text, encoding="utf-8")
    return own


def _class(name: str, bases: list[str], members: Iterable[str]) -> str:
    body = "\n".join(indent(member, "    ") for member in members) or "    pass\n"
    return f"class {name}({', '.join(bases)}):\n{body}"


def _members(case: Case, placed: dict[str, list[Callback]]) -> Iterator[str]:
    for name, expression in case.properties.items():
        yield _setting(name, expression)
    on_start = {"bot_start": [*placed["method"], *placed["partial"], *placed["object"]]}
    for method, ones in (on_start | {"set_late": placed["late"]}).items():
        if ones:
            lines = [f"self.{one.name} = {_OUTSIDE[one.place].format(one.name)}" for one in ones]
            lines.insert(0, f"super().{method}({'**kwargs' * (method == 'bot_start')})")
            parameters = "self, **kwargs" if method == "bot_start" else "self"
            yield f"def {method}({parameters}):\n" + indent("\n".join(lines), "    ") + "\n"
    for one in placed["property"]:
        value = _OUTSIDE["property"].format(one.name)
        yield f"@property\ndef {one.name}(self):\n    return {value}\n"
    for one in placed["decorated"]:
        yield f"@decorated\n{_method(one)}"
    yield from map(_method, placed["class"])


def _setting(name: str, expression: str) -> str:
    return f"""\
@property
def {name}(self):
    value = self.__dict__["_{name}"] if "_{name}" in self.__dict__ else Called.{name}
    return {expression}

@{name}.setter
def {name}(self, value):
    self.__dict__["_{name}"] = value
"""


def _method(callback: Callback) -> str:
    return _function(callback, callback.name)


def _function(callback: Callback, name: str) -> str:
    lines = []
    if callback.seen:
        look = "" if callback.seen == "all" else ", look=False"
        lines.append(f'self.seen("{callback.name}", locals(){look})')
    for step in callback.steps:
        if step.every > 1 or (callback.seen and step is not callback.steps[-1]):
            lines.append(f"if self.toss({step.name!r}, {step.every}):")
            lines.append(indent(step.code, "    "))
        else:
            lines.append(step.code)
    body = indent("\n".join(lines or ["pass"]), "    ")
    return f"def {name}(self, {callback.parameters}):\n{body}\n"
