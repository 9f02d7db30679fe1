"""``freqkernels settings``: the settings that a run would have, and where each comes from."""

from __future__ import annotations

import argparse
import json
import os
from typing import Any

from freqkernels.cli._table import print_table
from freqkernels.runtime import places, threads
from freqkernels.runtime.given import FIELDS, FUNCTION_FIELDS, shown
from freqkernels.runtime.settings import OURS, SWITCHES, Effective, Settings, allowed, variables
from freqkernels.runtime.sources import read


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``freqkernels settings``."""
    parser.add_argument(
        "-c",
        "--config",
        action="append",
        metavar="CONFIG",
        help="configuration file of freqtrade, as freqtrade gets it; may be given several times; "
        "if absent, the one that freqtrade would find",
    )
    parser.add_argument("--json", action="store_true", help="the same as one JSON document")
    parser.add_argument(
        "--all", action="store_true", help="also what each setting means, and what it may be"
    )


def run(args: argparse.Namespace) -> int:
    """Print the settings; 0.

    :raise InvalidInputError: for settings that are wrong, with all that are; for folders that
        there cannot be.
    :raise MissingFreqtradeError: for a configuration file without freqtrade.
    """
    from freqkernels.bridge.configuration import section_of

    found = read({}, os.environ, section_of(args.config))
    _require_places(found.settings)
    if args.json:
        print(json.dumps(_document(found, everything=args.all), indent=2))
    elif args.all:
        _print_all(found)
    else:
        _print(found)
    return 0


def _require_places(settings: Settings) -> None:
    """What a run would say of folders that there cannot be."""
    before = places.chosen()
    places.configure(cache=settings.cache_directory, state=settings.state_directory)
    try:
        places.cache_directory()
        places.state_directory()
    finally:
        places.configure(cache=before[0], state=before[1])


def _value(found: Effective, path: str) -> Any:
    """A setting by its field, or ``functions.<name>.<field>``, as the configuration has it."""
    if path in FIELDS:
        value = getattr(found.settings, path)
    else:
        name, _, key = path.removeprefix("functions.").rpartition(".")
        value = getattr(found.settings.functions[name], key)
    return "auto" if path == "num_threads" and value is None else value


def _origin(found: Effective, path: str) -> str:
    """Where a setting comes from, and what was ignored on the way."""
    origin = found.origins[path]
    variable = f"{OURS}NUM_THREADS"
    text = variables(os.environ).get(variable)
    if path == "num_threads" and text is not None and threads.positive(text) is None:
        return f"{origin}; {variable} is ignored: {shown(text)} is no number of threads"
    return origin


def _paths(found: Effective) -> list[str]:
    """All settings but the table of functions: what somebody has said before the defaults."""
    said = [path for path in found.origins if found.origins[path] != "default"]
    paths = [*sorted(said), *(path for path in FIELDS if path not in said)]
    return [path for path in paths if path != "functions"]


def _about(path: str) -> dict[str, str]:
    key = path.rpartition(".")[2]
    setting = FUNCTION_FIELDS[key] if path.startswith("functions.") else FIELDS[key]
    return {"allowed": allowed(setting), "meaning": setting.metadata["help"]}


def _document(found: Effective, *, everything: bool) -> dict[str, Any]:
    return {
        path: {"value": _value(found, path), "from": _origin(found, path)}
        | (_about(path) if everything else {})
        for path in _paths(found)
    }


def _print(found: Effective) -> None:
    rows = [(path, _text(_value(found, path)), _origin(found, path)) for path in _paths(found)]
    print_table(("setting", "value", "from"), rows, numbers=False)


def _print_all(found: Effective) -> None:
    for path in _paths(found):
        about = _about(path)
        print(f"{path} = {_text(_value(found, path))}  ({_origin(found, path)})")
        print(f"    {about['meaning']}")
        print(f"    allowed: {about['allowed']}")
    keys = ", ".join(FUNCTION_FIELDS)
    print(f"Of a function or kernel, as functions.<name>.<setting>: {keys}.")
    print(
        f"Environment: {OURS}<SETTING>, {SWITCHES}LEVEL, {SWITCHES}<FUNCTION>=true|false, "
        f"{SWITCHES}<FUNCTION>_<SETTING>."
    )


def _text(value: Any) -> str:
    """A value as a configuration file would have it, texts without quotation marks."""
    if isinstance(value, str):
        return value
    return ", ".join(value) if isinstance(value, tuple) else json.dumps(value)
