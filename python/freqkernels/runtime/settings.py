"""Every setting: its name, its default, what is allowed and what it means.

This is the one schema: sources are checked against it, and the documentation is made from it.
Importing it loads nothing, :mod:`~freqkernels.runtime.sources` reads where settings come from.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import Field, dataclass, field
from typing import Any

from freqkernels.catalogue import LEVELS, PHASES
from freqkernels.runtime.threads import MOST_THREADS

#: What ``verify`` may be written as, in any case, and what that means.
VERIFY_WORDS = {
    **dict.fromkeys(("", "0", "false"), ""),
    **dict.fromkeys(("1", "true", "once"), "once"),
    "always": "always",
}
#: Longest text that a setting may be.
MOST_CHARACTERS = 4096
#: Prefixes of environment variables: of every setting, and of levels and single functions.
OURS, SWITCHES = "FREQKERNELS_", "FREQTRADE_OPT_"
#: Variables of ours that are no settings: of the build, of the tests, of the demo's CI.
NO_SETTINGS = ("FREQKERNELS_REQUIRE_EXT", "FREQKERNELS_TEST_DATA", "FREQKERNELS_CI_")
#: Variables that do their work where they are needed, whoever reads the settings.
_READ_ELSEWHERE = {
    *("FREQKERNELS_BACKEND", "FREQKERNELS_NUM_THREADS", "FREQKERNELS_VERIFY"),
    *("FREQKERNELS_CACHE_DIR", "FREQKERNELS_CACHE_DIRECTORY", "FREQKERNELS_STATE_DIRECTORY"),
}


def _one_of(default: str, choices: tuple[str, ...], text: str, **more: Any) -> Any:
    return field(default=default, metadata={"help": text, "choices": choices, **more})


def _number(default: float | None, ge: float, le: float, text: str, **more: Any) -> Any:
    return field(default=default, metadata={"help": text, "ge": ge, "le": le, **more})


def _other(default: bool | str | None, text: str, **more: Any) -> Any:
    return field(default=default, metadata={"help": text, **more})


@dataclass(frozen=True, slots=True)
class FunctionSettings:
    """Settings of one function or kernel; None: as for all of them."""

    enabled: bool | None = _other(
        None, "true: fast at every level but disabled, whatever the modules; false: never fast"
    )
    percentage: float | None = _number(None, 0, 100, "as the setting of all, for this function")
    shadow: float | None = _number(None, 0, 100, "as the setting of all, for this function")
    min_speedup: float | None = _number(None, 0, 1000, "as the setting of all, for this function")


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, with their defaults."""

    profile: str = _one_of(
        "",
        ("", "development", "production"),
        "settings for an occasion; every other source overrides them",
    )
    level: str = _one_of("aggressive", LEVELS, "how proven a function has to be to run fast")
    backend: str = _one_of(
        "auto",
        ("auto", "compiled", "reference"),
        "which twin of a kernel runs; auto: the compiled one where it can be loaded",
    )
    num_threads: int | None = _number(
        None,
        1,
        MOST_THREADS,
        "threads for a large call; auto: OMP_NUM_THREADS or all processors",
        allowed=f"auto, or a whole number from 1 to {MOST_THREADS}",
    )
    modules: tuple[str, ...] = field(
        default=PHASES, metadata={"help": "phases that may run fast at all", "items": PHASES}
    )
    percentage: float = _number(
        100.0, 0, 100, "percent of the pairs, or of the runs, for which the fast functions answer"
    )
    key: str = _other(
        "", "what decides on a percentage where there is no pair; default: the command line"
    )
    shadow: float = _number(
        0.0, 0, 100, "percent of the calls that run both implementations and compare them"
    )
    min_speedup: float = _number(
        0.0, 0, 1000, "how many times as fast the fast function must be to go on; 0: not measured"
    )
    gate_trials: int = _number(
        20, 1, 100_000, "calls that are measured before min_speedup is applied"
    )
    fallback: bool = _other(
        True, "true: the exact function answers when the fast one fails; false: the error is raised"
    )
    breaker_failures: int = _number(
        3, 1, 100_000, "failures within the window after which a function is not run fast any more"
    )
    breaker_window: float = _number(60.0, 0.001, 86_400, "that window, in seconds")
    breaker_cooldown: float = _number(
        300.0, 0, 604_800, "seconds until one call tries the fast function again"
    )
    breaker_sticky: bool = _other(
        False, "true: it is not tried again before a restart or an explicit reset"
    )
    telemetry: str = _one_of(
        "counters",
        ("off", "counters", "timed"),
        "off: nothing is counted; timed: every call is also timed",
    )
    verbose: bool = _other(
        False, "every refusal and failure is logged, not only the first of its kind"
    )
    caches: bool = _other(
        True, "false: nothing that was remembered is believed, such as earlier self-checks"
    )
    verify: str = _one_of(
        "",
        ("", "once", "always"),
        "both engines run a backtest and are compared before a strategy is trusted to the kernels",
        allowed="true, false, once or always",
    )
    cache_directory: str = _other(
        "",
        "folder for what can be made again; default: the platform's",
        also="FREQKERNELS_CACHE_DIR",
    )
    state_directory: str = _other(
        "", "folder for what must be kept, such as the log of a rollout; default: the platform's"
    )
    monitor: str = _one_of(
        "auto",
        ("off", "auto", "on"),
        "watches in the background; auto: in commands of freqtrade that run for long",
    )
    monitor_interval: float = _number(2.0, 0.1, 3600, "seconds between two looks of the monitor")
    telemetry_file: str = _other("", "JSON file that the monitor keeps up to date")
    baseline: str = _other("", "file of earlier measurements, to find what has become slower")
    functions: Mapping[str, FunctionSettings] = field(
        default_factory=dict, metadata={"help": "settings of single functions and kernels, by name"}
    )


@dataclass(frozen=True, slots=True)
class Effective:
    """Settings, and where each came from.

    :param settings: of the process.
    :param origins: "profile production", "configuration", "environment FREQTRADE_OPT_LEVEL" or
        "code", by field (of a function: ``functions.<name>.<field>``); "default" where absent.
    """

    settings: Settings
    origins: Mapping[str, str]


#: What stands between the defaults and all that is said explicitly, by profile.
PROFILES: dict[str, dict[str, Any]] = {
    "development": {
        "level": "experimental",
        "shadow": 10.0,
        "telemetry": "timed",
        "verbose": True,
        "caches": False,
        "verify": "always",
    },
    "production": {"level": "standard", "breaker_sticky": True, "verify": "once"},
}


def allowed(setting: Field[Any]) -> str:
    """What a setting accepts, in words that follow "expected".

    :param setting: a field of :class:`Settings` or :class:`FunctionSettings`.
    """
    about, kind = setting.metadata, str(setting.type).removesuffix(" | None")
    if "allowed" in about:
        return str(about["allowed"])
    if "choices" in about:
        return f"one of {', '.join(one or repr(one) for one in about['choices'])}"
    if "items" in about:
        return f"a list of {', '.join(about['items'])}"
    if "ge" in about:
        number = "a whole number" if kind == "int" else "a number"
        return f"{number} from {about['ge']:,} to {about['le']:,}"
    if kind == "bool":
        return "true or false"
    if kind == "str":
        return f"text of at most {MOST_CHARACTERS} characters, none of them a control character"
    return "a table of functions, each with a table of its settings"


def is_setting(variable: str) -> bool:
    """Whether an environment variable is, or means to be, a setting of ours."""
    return variable.startswith((OURS, SWITCHES)) and not variable.startswith(NO_SETTINGS)


def variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment variables that are settings, or mean to be; empty ones are none.

    :param environ: such as ``os.environ``.
    """
    upper = sys.platform == "win32"  # where names are the same in any case
    named = ((name.upper() if upper else name, value) for name, value in environ.items())
    return {name: value for name, value in named if value and is_setting(name)}


def is_configured(environ: Mapping[str, str]) -> bool:
    """Whether the environment holds a setting that works only if the settings are read.

    :param environ: such as ``os.environ``.
    """
    return not variables(environ).keys() <= _READ_ELSEWHERE
