"""What is kept of one call."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

Kind = Literal["mismatch", "failure", "backtest"]
KINDS: tuple[Kind, ...] = ("mismatch", "failure", "backtest")
_PACKAGES = ("numpy", "pandas", "freqtrade", "freqkernels")


@dataclass(frozen=True, slots=True)
class Placeholder:
    """Stands where a file cannot hold what was there.

    :param what: what was there, such as "a freqtrade.strategy.interface.IStrategy".
    """

    what: str


@dataclass(frozen=True, slots=True)
class Raised:
    """An implementation raised instead of returning.

    :param error: name of the exception's class, with its module.
    :param text: its message.
    """

    error: str
    text: str

    @classmethod
    def of(cls, error: BaseException) -> Raised:
        """What an exception says, without the exception."""
        name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
        try:
            return cls(name, str(error)[:2000])
        except Exception as broken:  # the __str__ of somebody else's class
            return cls(name, f"its text cannot be shown: {type(broken).__name__}")

    def __str__(self) -> str:
        return f"{self.error}: {self.text}"


def versions(packages: Sequence[str] = _PACKAGES) -> dict[str, str]:
    """Versions of Python and of packages; "not installed" for a missing one.

    :param packages: those that decide a result if absent.
    """
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One call of a switch, and what both implementations made of it.

    :param switch: name in the catalogue, such as ``metrics.rel_mean``.
    :param kind: "mismatch": they differ; "failure": the fast one raised; "backtest": a whole
        backtest differs, see :func:`backtest_record`.
    :param args: positional arguments, as they were before the call.
    :param kwargs: those with names.
    :param exact: what the exact implementation returned, or what it :class:`Raised`.
    :param fast: the same of the fast one. An exception given here is kept as what it says.
    :param difference: the first one, as text.
    :param time: of the call.
    :param versions: of Python and the packages that decide a result.
    :param obstacle: why the call cannot be repeated, "" if it can; known once it was read.
    """

    switch: str
    kind: Kind
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    exact: Any = None
    fast: Any = None
    difference: str = ""
    time: datetime = field(default_factory=lambda: datetime.now(UTC))
    versions: Mapping[str, str] = field(default_factory=versions)
    obstacle: str = ""


def backtest_record(
    arguments: Sequence[str],
    difference: str,
    *,
    offline_markets: str | None = None,
    digests: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> Record:
    """The record of a backtest in which the engines differ.

    :param arguments: of ``freqtrade backtesting``, without the command.
    :param difference: the first one, as text.
    :param offline_markets: record of an exchange, or ``auto``.
    :param digests: by strategy, of all that its results depend on.
    :param directory: from which the paths in the arguments start; the current one if absent.
    """
    kwargs = {
        "arguments": list(arguments),
        "offline_markets": offline_markets,
        "digests": dict(digests or {}),
        "directory": str(directory or Path.cwd()),
    }
    return Record("backtest", "backtest", kwargs=kwargs, difference=difference)
