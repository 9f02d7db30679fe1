"""What one source of settings says: names translated to ours, values as they are.

A name stays known as the user wrote it: ``FREQTRADE_OPT_LEVEL``, or ``freqkernels.level in the
configuration``. What no setting is called is collected as a problem.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import json
import logging
import re
import reprlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from freqkernels.catalogue import ENTRIES, find
from freqkernels.errors import InvalidInputError
from freqkernels.runtime import threads
from freqkernels.runtime.settings import (
    OURS,
    SWITCHES,
    FunctionSettings,
    Settings,
    allowed,
    variables,
)

logger = logging.getLogger("freqkernels")

#: Of a setting: ("level",), or ("functions", name, "percentage").
Path = tuple[str, ...]
FIELDS = {one.name: one for one in dataclasses.fields(Settings)}
FUNCTION_FIELDS = {one.name: one for one in dataclasses.fields(FunctionSettings)}
#: Names that the configuration may use instead of ours.
OLD_NAMES = {
    "enable_numba_optimization": "level",
    "numba_cache_directory": "cache_directory",
    "numba_parallel_threads": "num_threads",
    "performance_benchmarking": "telemetry",
    "fallback_on_numba_error": "fallback",
    "numba_optimization_modules": "modules",
}
_OLD_SWITCHES = {
    "enable_numba_optimization": ("disabled", "aggressive"),
    "performance_benchmarking": ("counters", "timed"),
}
_WORDS = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}
_WHOLE = re.compile(r"[+-]?[0-9]{1,15}")
_NUMBER = re.compile(r"[+-]?([0-9]{1,15}(\.[0-9]{0,30})?|\.[0-9]{1,30})([eE][+-]?[0-9]{1,3})?")
#: Problems after which nobody reads on.
MOST_PROBLEMS = 50


class _Short(reprlib.Repr):
    def repr_int(self, x: int, level: int) -> str:
        """Large ones are refused by ``repr``, or take it long."""
        bits = x.bit_length()
        return repr(x) if bits <= 200 else f"<a number of {bits:,} bits>"


_short = _Short()
_short.maxstring = _short.maxother = 60
_short.maxlevel, _short.maxdict, _short.maxlist, _short.maxtuple = 2, 3, 3, 3


def shown(value: object) -> str:
    """A value on one short line, whatever it is."""
    text = _short.repr(value)
    return text if len(text) <= 100 else f"{text[:100]}..."


@dataclass
class Given:
    """What one source says.

    :param values: as the fields of :class:`Settings`, nested.
    :param names: of each value, as the user wrote it.
    :param origins: of each value, as ``freqkernels settings`` tells it.
    :param problems: names that nobody knows, or two for one setting; one sentence each.
    """

    values: dict[str, Any] = field(default_factory=dict)
    names: dict[Path, str] = field(default_factory=dict)
    origins: dict[Path, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def put(self, path: Path, value: object, name: str, origin: str) -> None:
        """Take a value, unless this source has one of another name already."""
        if path in self.names:
            both = f"{self.names[path]} and {name}"
            self.problems.append(f"{both}: expected only one of them, they are the same setting")
            return
        self.names[path], self.origins[path] = name, origin
        table = self.values
        for part in path[:-1]:
            table = table.setdefault(part, {})
        table[path[-1]] = value

    def put_functions(self, table: object, name: Callable[..., str], origin: str) -> None:
        """Take the settings of single functions.

        :param table: by name of the function, in any spelling of the catalogue's.
        :param name: makes the name that the user wrote of the function's and the setting's.
        :param origin: of all that it says.
        """
        if not isinstance(table, Mapping):
            self.problems.append(unlike(name(), allowed(FIELDS["functions"]), table))
            return
        for function, own in table.items():
            if len(self.problems) >= MOST_PROBLEMS:
                return
            try:
                entry = find(function)
            except InvalidInputError as error:
                self.problems.append(f"{name()}: {str(error).removeprefix('name: ')}")
                continue
            self._put_function(entry.name, function, own, name, origin)

    def _put_function(
        self, entry: str, function: str, own: object, name: Callable[..., str], origin: str
    ) -> None:
        if isinstance(own, FunctionSettings):
            said = {key: getattr(own, key) for key in FUNCTION_FIELDS}
            own = {key: value for key, value in said.items() if value is not None}
        if not isinstance(own, Mapping):
            expected = f"a table of {', '.join(FUNCTION_FIELDS)}"
            self.problems.append(unlike(name(function), expected, own))
            return
        for key, value in own.items():
            if key in FUNCTION_FIELDS:
                self.put(("functions", entry, key), value, name(function, key), origin)
            else:
                written = name(function, shown_name(key))
                self.problems.append(_unknown(written, key, FUNCTION_FIELDS))
            if len(self.problems) >= MOST_PROBLEMS:
                return


def shown_name(name: object) -> str:
    """A name on one short line: as it is, if it is one."""
    plain = isinstance(name, str) and len(name) <= 60 and name.isprintable()
    return str(name) if plain else shown(name)


def unlike(name: str, expected: str, value: object) -> str:
    """What to say of a value that is not allowed.

    :param name: of the setting, as the user wrote it.
    :param expected: what is allowed.
    :param value: what is there instead.
    """
    return f"{name}: expected {expected}, got {shown(value)}"


def _unknown(
    name: str, key: object, known: Iterable[str], otherwise: str = "", first: Iterable[str] = ()
) -> str:
    """What to say of a name that nobody knows.

    :param name: as the user wrote it.
    :param key: the part of it that is wrong.
    :param known: what may stand there.
    :param otherwise: what to say instead of all that, if nothing of it is near.
    :param first: what of it is most likely meant.
    """
    near = dict.fromkeys([*first, *difflib.get_close_matches(str(key)[:100], list(known), n=5)])
    expected = ", ".join(near) or otherwise or ", ".join(known)
    return f"{name}: there is no such setting; expected one of {expected}"


# ---- code and configuration


def from_code(table: Mapping[str, Any]) -> Given:
    """What code has said.

    :param table: values by name of the setting.
    """

    def name(*parts: str) -> str:
        function, *rest = parts or ("",)
        return "".join(["functions", f"[{function!r}]" * bool(function), *(f".{s}" for s in rest)])

    given = Given()
    for key, value in table.items():
        if key == "functions":
            given.put_functions(value, name, "code")
        elif key in FIELDS:
            given.put((key,), value, key, "code")
        else:
            given.problems.append(_unknown(shown_name(key), key, FIELDS))
        if len(given.problems) >= MOST_PROBLEMS:
            break
    return given


def from_configuration(section: object) -> Given:
    """What freqtrade's configuration says.

    :param section: the part of it that is ours; None if there is none.
    """

    def name(*parts: str) -> str:
        dotted = ".".join(("freqkernels", *map(shown_name, parts)))
        return f"{dotted} in the configuration"

    given = Given()
    if not isinstance(section, Mapping):
        if section is not None:
            given.problems.append(unlike(name(), "a table of settings", section))
        return given
    for key, value in section.items():
        if key == "functions":
            part = functools.partial(name, "functions")
            given.put_functions(value, part, "configuration")
        elif key in FIELDS:
            given.put((key,), value, name(key), "configuration")
        elif key in OLD_NAMES:
            _put_old(given, key, value, name(key))
        else:
            given.problems.append(_unknown(name(key), key, FIELDS))
        if len(given.problems) >= MOST_PROBLEMS:
            break
    return given


def _put_old(given: Given, key: str, value: object, name: str) -> None:
    logger.warning("%s is an old name: it is called %s now", name, OLD_NAMES[key])
    if key in _OLD_SWITCHES:
        if not isinstance(value, bool):
            given.problems.append(unlike(name, "true or false", value))
            return
        value = _OLD_SWITCHES[key][value]
    elif isinstance(value, list):
        value = ["backtest" if one == "backtesting" else one for one in value]
    given.put((OLD_NAMES[key],), value, name, "configuration")


# ---- environment

_VARIABLES = f"{OURS}<setting>, {SWITCHES}LEVEL and {SWITCHES}<function>"


@functools.cache
def environment_names() -> dict[str, Path]:
    """The environment variables that are settings, and which."""
    names: dict[str, Path] = {f"{OURS}{key.upper()}": (key,) for key in FIELDS}
    names |= {one.metadata["also"]: (key,) for key, one in FIELDS.items() if "also" in one.metadata}
    names[f"{SWITCHES}LEVEL"] = ("level",)
    for setting in ("percentage", "shadow", "min_speedup", "enabled"):
        # The last one has no suffix: the whole name of a function comes before a shorter one's.
        suffix = "" if setting == "enabled" else f"_{setting.upper()}"
        for entry in ENTRIES.values():
            names[f"{SWITCHES}{entry.key}{suffix}"] = ("functions", entry.name, setting)
    return names


def from_environment(environ: Mapping[str, str]) -> Given:
    """What the environment says.

    :param environ: such as ``os.environ``.
    """
    given = Given()
    for variable, text in variables(environ).items():
        origin = f"environment {shown_name(variable)}"
        path = environment_names().get(variable)
        if path is None:
            given.problems.append(_unknown_variable(variable))
        elif path == ("functions",):
            _put_json(given, variable, text, origin)
        elif path == ("num_threads",):
            # Rubbish counts as absent where the number is needed; so it does here.
            value = threads.positive(text)
            if value is not None:
                given.put(path, value, variable, origin)
        else:
            given.put(path, _typed(text, path), variable, origin)
        if len(given.problems) >= MOST_PROBLEMS:
            break
    return given


def _unknown_variable(variable: str) -> str:
    names = environment_names()
    setting = variable.removeprefix(SWITCHES).removeprefix(OURS)
    meant = [name for name in (f"{OURS}{setting}", f"{SWITCHES}{setting}") if name in names]
    return _unknown(shown_name(variable), variable, names, _VARIABLES, meant)


def _put_json(given: Given, variable: str, text: str, origin: str) -> None:
    try:
        table = json.loads(text)
    except (ValueError, RecursionError):
        table = text
    given.put_functions(table, lambda *parts: ".".join((variable, *parts)), origin)


def _typed(text: str, path: Path) -> object:
    """The value that a text stands for; the text itself if it stands for none of its kind."""
    setting = FIELDS[path[0]] if len(path) == 1 else FUNCTION_FIELDS[path[-1]]
    kind, word = str(setting.type).removesuffix(" | None"), text.strip()
    if kind == "bool":
        return _WORDS.get(word.lower(), text)
    if kind == "int" and _WHOLE.fullmatch(word):
        return int(word)
    if kind == "float" and _NUMBER.fullmatch(word):
        return float(word)
    if kind.startswith("tuple"):
        items = [one.strip() for one in text.split(",")]
        return items if all(items) else text
    return text
