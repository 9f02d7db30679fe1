"""Who is among the 30 percent: the same pair or run always, in every process and on every machine.

A key has a share from 0 to 100 for each function, and is in as soon as the percentage is larger.
So raising a percentage keeps everybody who was in, and functions choose independently.
"""

from __future__ import annotations

import functools
from contextvars import ContextVar, Token
from hashlib import blake2b

from freqkernels.errors import InvalidInputError

#: What the running code works on, for example a pair; "" if nobody has said.
current_key: ContextVar[str] = ContextVar("freqkernels_key", default="")

_REMEMBERED = 4096
_LONGEST_REMEMBERED = 256
_STEPS = 256**6


class keyed:  # noqa: N801 - used like a function
    """Say for the time of one ``with`` block what the code in it works on.

    Other threads do not see it, nor do other asyncio tasks but those begun within.

    :param key: for example a pair.
    :raise InvalidInputError: if it is no str.
    """

    __slots__ = ("_key", "_token")

    _token: Token[str]

    def __init__(self, key: str) -> None:
        if not isinstance(key, str):
            raise InvalidInputError(f"key: expected a str, got {key!r}")
        self._key = key

    def __enter__(self) -> None:
        self._token = current_key.set(self._key)

    def __exit__(self, *_: object) -> None:
        current_key.reset(self._token)


def share_of(name: str, key: str) -> float:
    """Where a key stands among all keys, for one function.

    :param name: of the function.
    :param key: any text.
    :return: at least 0, less than 100; evenly spread over all keys.
    """
    if len(key) > _LONGEST_REMEMBERED:
        return _computed(name, key)
    return _remembered(name, key)


def falls_in(name: str, key: str, percentage: float) -> bool:
    """Whether a key is among a percentage of all keys, for one function.

    :param name: of the function.
    :param key: any text.
    :param percentage: 0: no key is; 100: every key is.
    """
    return percentage >= 100 or share_of(name, key) < percentage


def _computed(name: str, key: str) -> float:
    # The length keeps ("ab", "c") and ("a", "bc") apart; not all texts are valid Unicode.
    text = f"{len(name)} {name}{key}".encode("utf-8", "surrogatepass")
    digest = blake2b(text, digest_size=6).digest()
    return int.from_bytes(digest, "big") * 100 / _STEPS


_remembered = functools.lru_cache(_REMEMBERED)(_computed)
