"""Before the kernels are trusted with a strategy: a look at each ``Backtesting`` that is made.

freqtrade makes one at the beginning of every command that simulates, with the strategies loaded
and the configuration complete. What decides is handed in; where it says no, all that is replaced
is put back, and the command runs on freqtrade's own code.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from freqkernels.bridge.install import is_installed, withdraw
from freqkernels.bridge.self_check_key import digest_of
from freqkernels.bridge.surround import Surroundings
from freqkernels.catalogue import LEVELS
from freqkernels.errors import InvalidInputError
from freqkernels.runtime import control
from freqkernels.runtime.settings import VERIFY_WORDS, Settings
from freqkernels.runtime.turns import turn

#: freqtrade's commands that simulate, or prepare candles as a simulation does.
COMMANDS = ("backtesting", "hyperopt", "lookahead-analysis", "recursive-analysis")
#: How often: only what has not been found the same before, or every time.
MODES = ("once", "always")
_MODULE = "freqtrade.optimize.backtesting"
#: Settings that lookahead-analysis chooses itself, and where they go on the command line.
_FORCED = {
    "max_open_trades": "--max-open-trades",
    "stake_amount": "--stake-amount",
    "dry_run_wallet": "--dry-run-wallet",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be trusted.

    :param digests: by strategy, of everything that its results depend on.
    :param arguments: for ``freqtrade backtesting``: the same strategies, candles and settings.
    """

    digests: dict[str, str]
    arguments: list[str]


#: Takes what is to be trusted and how often to ask; returns why not, "" for yes.
Check = Callable[[Subject, str], str]


def mode_of(value: object, name: str) -> str:
    """What a setting means: one of :data:`MODES`, "" for no self-check.

    :param value: as somebody wrote it: true, false, "always" and the like; None for nothing.
    :param name: of the setting.
    :raise InvalidInputError: for anything else.
    """
    mode = VERIFY_WORDS.get("" if value is None else str(value).lower())
    if mode is None:
        raise InvalidInputError(f"{name}: expected true, false, once or always, got {value!r}")
    return mode


@dataclass(slots=True)
class Gate:
    """Asks once for each strategy of a run.

    :param argv: freqtrade's command line.
    :param mode: one of :data:`MODES`, "" for never, or None to leave it to the settings: to
        ``verify``, and for backtests to ``shadow``, the percentage of runs that are checked.
    :param check: decides.
    :param lot: at least 0, less than 100: which runs are among that percentage.
    """

    argv: Sequence[str]
    mode: str | None
    check: Check
    lot: float = field(default_factory=lambda: random.random() * 100)  # noqa: S311
    _asked: set[str] = field(default_factory=set)

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Look at every ``Backtesting`` that is made within a ``with`` block."""
        surroundings = Surroundings(
            _MODULE, "Backtesting", ["__init__"], self._surrounded, inherited=True
        )
        surroundings.attach()
        try:
            yield
        finally:
            surroundings.detach()

    def _surrounded(self, original: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(original)
        def __init__(backtesting: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            original(backtesting, *args, **kwargs)
            mode = self._mode()
            if mode and is_installed():
                with turn("self-check"):
                    self._look_at(backtesting, mode)

        return __init__

    def _mode(self) -> str:
        settings = control.current()
        if settings.level == LEVELS[0]:  # nothing of ours runs
            return ""
        if self.mode is not None or settings.verify:
            return settings.verify if self.mode is None else self.mode
        shadowed = self.argv[0] == "backtesting" and self.lot < _shadow_in(settings)
        return MODES[1] if shadowed else ""

    def _look_at(self, backtesting: Any, mode: str) -> None:
        names = {strategy.get_strategy_name(): strategy for strategy in backtesting.strategylist}
        fresh = {name: one for name, one in names.items() if name not in self._asked}
        if not fresh:
            return
        self._asked.update(fresh)
        digests = {name: digest_of(backtesting, one) for name, one in fresh.items()}
        reason = self.check(Subject(digests, self._arguments(backtesting, list(fresh))), mode)
        if reason:
            withdraw(reason)

    def _arguments(self, backtesting: Any, strategies: list[str]) -> list[str]:
        command, *rest = self.argv
        if command == "backtesting":
            return rest
        arguments = [*backtesting_arguments(rest), "--strategy-list", *strategies]
        for name, option in _FORCED.items() if command == "lookahead-analysis" else ():
            arguments += [option, str(backtesting.config[name])]
        return arguments


def _shadow_in(settings: Settings) -> float:
    """Percentage of backtests that both engines run."""
    own = settings.functions.get("backtest")
    return settings.shadow if own is None or own.shadow is None else own.shadow


def backtesting_arguments(rest: Sequence[str]) -> list[str]:
    """Arguments of another command, without those that ``freqtrade backtesting`` does not know.

    :param rest: what follows the command.
    """
    from freqtrade.commands.arguments import Arguments

    known = Arguments(["backtesting"])
    known._build_subcommands()
    unknown: list[str] = known.parser.parse_known_args(["backtesting", *rest])[1]
    kept = []
    for word in rest:
        if unknown and word == unknown[0]:
            unknown.pop(0)
        else:
            kept.append(word)
    return kept
