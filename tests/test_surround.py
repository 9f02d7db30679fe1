"""What is put around methods of a class, and taken off again."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from freqkernels.bridge.surround import Surroundings

MODULE = "freqkernels_surrounded"


class Base:
    def told(self, word: str) -> list[str]:
        return [word]


class Owner(Base):
    def said(self, word: str) -> list[str]:
        return [word]

    @staticmethod
    def shouted(word: str) -> list[str]:
        return [word.upper()]


@pytest.fixture
def owner() -> Iterator[type]:
    before = dict(vars(Owner))
    module = ModuleType(MODULE)
    vars(module)["Owner"] = Owner
    sys.modules[MODULE] = module
    yield Owner
    del sys.modules[MODULE]
    for name in set(vars(Owner)) - set(before):
        delattr(Owner, name)
    Owner.said = before["said"]  # type: ignore[method-assign]


def twice(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def method(*args: Any) -> list[str]:
        return [*original(*args), "again"]

    return method


def around(*names: str, **options: Any) -> Surroundings:
    return Surroundings(MODULE, "Owner", names, twice, **options)


def test_and_back(owner: type) -> None:
    before = vars(owner)["said"]
    surroundings = around("said", "of another release")
    for _ in range(2):
        surroundings.attach()
        surroundings.attach()
        assert Owner().said("a") == ["a", "again"]
        assert Owner.said.__wrapped__ is before  # type: ignore[attr-defined]
        surroundings.detach()
        surroundings.detach()
        assert vars(owner)["said"] is before


def test_what_is_inherited_only_where_it_is_meant(owner: type) -> None:
    around("told").attach()
    assert "told" not in vars(owner)
    surroundings = around("told", inherited=True)
    surroundings.attach()
    assert Owner().told("a") == ["a", "again"]
    assert Base().told("a") == ["a"]
    surroundings.detach()
    assert "told" not in vars(owner)


def test_what_is_no_method(owner: type) -> None:
    around("shouted").attach()
    assert Owner().shouted("a") == ["A"]


class Described:
    """As wrapt or a compiler would leave it in place of a method."""

    def __get__(self, owner: Any, kind: type | None = None) -> Callable[[str], list[Any]]:
        return lambda word: [owner, word]

    def __call__(self, *args: Any) -> list[Any]:
        return ["not bound", *args]


def test_somebodys_object_in_place_of_a_method(owner: type) -> None:
    theirs = Described()
    Owner.said = theirs  # type: ignore[method-assign,assignment]
    surroundings, one = around("said"), Owner()
    surroundings.attach()
    assert one.said("a") == [one, "a", "again"]
    surroundings.detach()
    assert vars(owner)["said"] is theirs


def test_somebodys_object_that_is_no_method(owner: type) -> None:
    class Plain:
        def __call__(self, word: str) -> list[str]:
            return [word]

    theirs = Plain()
    Owner.said = theirs  # type: ignore[method-assign,assignment]
    surroundings = around("said")
    surroundings.attach()
    assert vars(owner)["said"] is theirs
    surroundings.detach()


def test_what_somebody_has_put_around_it_stays_and_is_not_doubled(owner: type) -> None:
    surroundings = around("said")
    surroundings.attach()
    ours = Owner.said
    Owner.said = lambda self, word: [*ours(self, word), "theirs"]  # type: ignore[method-assign]
    assert Owner().said("a") == ["a", "again", "theirs"]
    surroundings.detach()
    assert Owner().said("a") == ["a", "theirs"]
    surroundings.attach()
    assert Owner().said("a") == ["a", "theirs", "again"]
    surroundings.detach()
