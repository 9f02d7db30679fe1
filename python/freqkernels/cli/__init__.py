"""The command line: our own few commands, and every command of freqtrade with kernels installed.

``freqkernels backtesting ...`` is ``freqtrade backtesting ...`` with the same arguments, output,
files and exit code.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from freqkernels import reload_signal
from freqkernels.errors import FreqkernelsError, InvalidInputError

if TYPE_CHECKING:
    from freqkernels.bridge.self_check import Subject

COMMANDS = {
    "compare": "your own backtest with and without the kernels, or by another freqtrade release",
    "demo": "one backtest with and without the kernels, timed and compared",
    "doctor": "what is installed, compiled, threaded and certified, and what to do about it",
    "fuzz": "random backtests by both engines, compared to the last bit",
    "markets": "record an exchange's markets for runs without a network; look at a record",
    "replay": "repeat a call in which the implementations differed, from its file of evidence",
    "rollout": "let more and more run fast, phase by phase, and take it back",
    "settings": "the settings in force, and where each comes from",
    "status": "what is replaced in freqtrade, what is not and why; what other processes count",
}
_EPILOG = """\
Every other command is freqtrade's own, run with the kernels installed: same arguments, same
output, same files, same exit code. 'freqkernels backtesting --help' is freqtrade's own help.
Options of ours may stand anywhere among freqtrade's:

  --offline-markets FILE|auto   take the exchange's markets from a record, or derive them from
                                the candle files; no network is used for them
  --plain                       replace nothing: freqtrade alone, for comparison
  --freqkernels-verify[=always] run a backtest by both engines and compare, before the kernels are
                                trusted with a strategy; what was identical is remembered
"""
_VERIFY, _VERIFY_OPTION = "FREQKERNELS_VERIFY", "--freqkernels-verify"


@dataclass(slots=True)
class Passthrough:
    """A command line for freqtrade, without the options that are ours.

    :param argv: what freqtrade gets.
    :param offline_markets: file, "auto" or None.
    :param plain: whether to replace nothing.
    :param verify: how often to compare before the kernels are trusted, "" for never, None for
        what the settings say.
    :param verify_asked: whether the option is there.
    """

    argv: list[str] = field(default_factory=list)
    offline_markets: str | None = None
    plain: bool = False
    verify: str | None = None
    verify_asked: bool = False


def split_options(argv: Sequence[str]) -> Passthrough:
    """Separate our options from freqtrade's.

    :raise SystemExit: 2, when ``--offline-markets`` lacks its value.
    :raise InvalidInputError: for ``FREQKERNELS_VERIFY`` or ``--freqkernels-verify=`` with a value
        that is none.
    """
    result = Passthrough()
    rest = iter(argv)
    for word in rest:
        if word == "--plain":
            result.plain = True
        elif word == "--offline-markets":
            value = next(rest, None)
            result.offline_markets = _offline_source(value)
        elif word.startswith("--offline-markets="):
            result.offline_markets = _offline_source(word.partition("=")[2])
        elif word.partition("=")[0] == _VERIFY_OPTION:
            given = word.partition("=")[2] if "=" in word else "true"
            result.verify = _verify_mode(given, _VERIFY_OPTION)
            result.verify_asked = True
        else:
            result.argv.append(word)
    if not result.plain and not result.verify_asked:
        result.verify = _verify_mode(os.environ.get(_VERIFY), _VERIFY)
    return result


def _verify_mode(value: str | None, name: str) -> str | None:
    from freqkernels.bridge.self_check import mode_of

    return mode_of(value, name) if value else None


def _offline_source(value: str | None) -> str:
    if not value or value.startswith("-"):
        print(
            "freqkernels: error: --offline-markets needs a value: a file, or auto",
            file=sys.stderr,
        )
        raise SystemExit(2)
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="freqkernels",
        description="freqtrade with compiled kernels: same results, to the last bit, faster.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action="store_true", help="versions of freqkernels and freqtrade"
    )
    commands = parser.add_subparsers(dest="command", title="commands of freqkernels")
    for name, text in COMMANDS.items():
        commands.add_parser(name, help=text, add_help=False)
    return parser


def _run_own(work: Callable[[], int]) -> int:
    """Do what is ours, whatever becomes of the output."""
    if sys.stdout is None:  # closed by whoever has started us: nobody reads it
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - stays
    try:
        code = work()
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("freqkernels: interrupted", file=sys.stderr)
        return 130
    except OSError as error:
        # A file of the command's, not what it prints to.
        if error.filename is not None or isinstance(error, FreqkernelsError):
            raise
        # Whoever read the output is gone, or has no room: nothing more can be printed to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"freqkernels: error: cannot write the output: {error}", file=sys.stderr)
        return 1


def parse_command(name: str, argv: Sequence[str]) -> argparse.Namespace:
    """Parse the arguments of one of :data:`COMMANDS`.

    :param name: of the command.
    :param argv: what follows it; what is freqtrade's goes into ``rest``.
    :raise SystemExit: 2, for arguments that nobody understands.
    """
    module = importlib.import_module(f"freqkernels.cli.{name}")
    passes_on = getattr(module, "PASSES_ARGUMENTS_ON", False)
    parser = argparse.ArgumentParser(
        prog=f"freqkernels {name}", description=COMMANDS[name], allow_abbrev=not passes_on
    )
    module.add_arguments(parser)
    if not passes_on:
        return parser.parse_args(argv)
    args, rest = parser.parse_known_args(argv)
    return argparse.Namespace(**vars(args), rest=rest)


def _run_command(name: str, argv: Sequence[str]) -> int:
    args = parse_command(name, argv)
    code: int = importlib.import_module(f"freqkernels.cli.{name}").run(args)
    return code


def _run_freqtrade(options: Passthrough) -> int:
    from freqkernels.bridge.run import run_freqtrade

    if options.plain:
        return run_freqtrade(options.argv, options.offline_markets, plain=True)
    from freqkernels.bridge.long_runs import looked_after
    from freqkernels.bridge.self_check import COMMANDS as CHECKED
    from freqkernels.bridge.self_check import Gate
    from freqkernels.bridge.time_line import told
    from freqkernels.catalogue import LEVELS
    from freqkernels.runtime import collect_once_at_exit, control

    if control.current().level != LEVELS[0]:
        collect_once_at_exit()
    command = options.argv[0] if options.argv else ""
    if command not in CHECKED:
        if options.verify_asked:
            raise InvalidInputError(f"{_VERIFY_OPTION} is for {', '.join(CHECKED)}")
        return run_freqtrade(options.argv, options.offline_markets, around=looked_after(command))

    def check(subject: Subject, mode: str) -> str:
        from freqkernels.bench.self_check import SelfCheck

        return SelfCheck(options.offline_markets)(subject, mode)

    gate = Gate(options.argv, options.verify, check)
    around = _both(gate.attached(), looked_after(command))
    with told():
        return run_freqtrade(options.argv, options.offline_markets, around=around)


@contextmanager
def _both(
    first: AbstractContextManager[object], second: AbstractContextManager[object]
) -> Iterator[None]:
    with first, second:
        yield


def _print_versions() -> int:
    from freqkernels.cli.doctor import versions

    for package, version in versions().items():
        print(f"{package} {version}")
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of the command; returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        if not words or words[0] in ("-h", "--help"):
            _parser().print_help()
            return 0 if words else 2
        if words[0] == "--version":
            return _run_own(_print_versions)
        if words[0] in COMMANDS:
            return _run_own(functools.partial(_run_command, words[0], words[1:]))
        # Until somebody listens, by who never does, and while the interpreter ends.
        with reload_signal.ignored(for_good=argv is None):
            return _run_freqtrade(split_options(words))
    except FreqkernelsError as error:
        print(f"freqkernels: error: {error}", file=sys.stderr)
        return 2
