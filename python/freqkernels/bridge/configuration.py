"""Our part of freqtrade's configuration: ``"freqkernels": {...}``, which its schema lets pass.

It is read as freqtrade reads it: all files with what they include, and ``FREQTRADE__FREQKERNELS__``
variables. A mistake in it stops freqtrade before anything runs, with exit code 2.
"""

from __future__ import annotations

import functools
import importlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from freqkernels.bridge.surround import Surroundings
from freqkernels.errors import FreqkernelsError, InvalidInputError, MissingFreqtradeError

Section = dict[str, Any]

_PACKAGE = "freqtrade.configuration"
_STDIN = "-"
_FILE = "config.json"
_VARIABLES = "FREQTRADE__FREQKERNELS"


def section_of(files: Sequence[str] | None) -> Section | None:
    """Our part of the configuration that freqtrade would load; None if it has none.

    :param files: as ``freqtrade --config`` gets them; what it looks for by itself if absent.
    :raise MissingFreqtradeError: if freqtrade is not installed.
    :raise InvalidInputError: for files that freqtrade could not load.
    """
    found = list(files or _found_by_freqtrade())
    if not found and not any(name.upper().startswith(_VARIABLES) for name in os.environ):
        return None
    try:
        importlib.import_module(_PACKAGE)
    except ImportError as error:
        raise MissingFreqtradeError(
            "config: its configuration files are read by freqtrade, which is not installed; "
            "'pip install freqkernels[freqtrade]' installs both"
        ) from error
    return _read_again(found, with_environment=True)


def _found_by_freqtrade() -> list[str]:
    """The file that it takes where none is named."""
    for file in (Path("user_data", _FILE), Path(_FILE)):
        if file.is_file():
            return [str(file)]
    return []


def _telling(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def load_config(self: Any, *args: Any, **kwargs: Any) -> Any:
        from freqtrade.exceptions import OperationalException

        from freqkernels.runtime import control

        config = original(self, *args, **kwargs)
        try:
            section = _section_in(config)
            control.set_config(section, _rereader(self.args, section))
        except FreqkernelsError as error:
            # Not its ConfigurationError: some releases end with exit code 0 after that.
            raise OperationalException(str(error)) from error
        return config

    return load_config


def _section_in(config: Mapping[str, Any]) -> Section | None:
    section = config.get("freqkernels")
    if section is not None and not isinstance(section, dict):
        raise InvalidInputError(
            "freqkernels in the configuration: expected a table of settings, got "
            f"{type(section).__name__}"
        )
    return section


def _rereader(args: Mapping[str, Any], section: Section | None) -> Callable[[], Section | None]:
    """What reads the section again, from the files that freqtrade has got now.

    :param args: freqtrade's parsed command line.
    :param section: as it is now, for what cannot be read twice.
    """
    from freqtrade.commands.arguments import NO_CONF_ALLOWED

    files = [str(file) for file in args.get("config") or []]
    if _STDIN in files:
        return lambda: section
    files = [str(Path(file).absolute()) for file in files]
    with_environment = args.get("command") not in NO_CONF_ALLOWED
    return functools.partial(_read_again, files, with_environment=with_environment)


def _read_again(files: list[str], *, with_environment: bool) -> Section | None:
    """The first steps of freqtrade's ``load_config``.

    :raise InvalidInputError: for files that cannot be read, and what is no configuration.
    """
    try:
        from freqtrade.configuration import environment_vars
        from freqtrade.configuration.load_config import load_from_files
        from freqtrade.misc import deep_merge_dicts

        config = load_from_files(files)
        if with_environment:
            known = vars(environment_vars)
            # Older releases misspell it.
            read = known.get("environment_vars_to_dict") or known["enironment_vars_to_dict"]
            config = deep_merge_dicts(read(), config)
    except Exception as error:  # of any kind, from a file that may hold anything
        raise InvalidInputError(f"the configuration cannot be read: {error}") from error
    return _section_in(config)


_surroundings = Surroundings(
    f"{_PACKAGE}.configuration", "Configuration", ("load_config",), _telling
)
#: Listen to freqtrade loading its configuration, from now on.
attach = _surroundings.attach
#: Put back what was there; settings that were taken over stay in force.
detach = _surroundings.detach
