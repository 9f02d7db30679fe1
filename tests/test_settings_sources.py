"""Where settings come from: which source counts, what is refused, and how the refusal reads."""

from __future__ import annotations

import dataclasses
import functools
import json
import logging
import math
import sys
import threading
from collections.abc import Mapping
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freqkernels.bridge.self_check import mode_of
from freqkernels.catalogue import ENTRIES, LEVELS, PHASES, Entry
from freqkernels.errors import InvalidInputError
from freqkernels.runtime import given as given_module
from freqkernels.runtime import sources
from freqkernels.runtime.given import (
    FIELDS,
    FUNCTION_FIELDS,
    MOST_PROBLEMS,
    OLD_NAMES,
    environment_names,
    from_environment,
)
from freqkernels.runtime.settings import (
    OURS,
    PROFILES,
    SWITCHES,
    VERIFY_WORDS,
    Effective,
    FunctionSettings,
    Settings,
    is_setting,
)
from freqkernels.runtime.sources import read

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40)
KINDS = get_type_hints(Settings)


def refusal(
    code: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    config: Any = None,
) -> list[str]:
    """The lines of the error; there must be one."""
    with pytest.raises(InvalidInputError) as caught:
        read(code or {}, environ or {}, config)
    return str(caught.value).splitlines()


@functools.cache
def allowed_values(name: str, kind: Any = None) -> st.SearchStrategy[Any]:
    """Values that a setting accepts, as code and configuration have them."""
    one = FIELDS.get(name) or FUNCTION_FIELDS[name]
    kind, about = kind or KINDS[name], one.metadata
    if "choices" in about:
        return st.sampled_from([choice for choice in about["choices"] if choice])
    if "items" in about:
        return st.lists(st.sampled_from(PHASES), min_size=1, max_size=4).map(tuple)
    if "ge" in about and kind in (int, int | None):
        return st.integers(about["ge"], about["le"])
    if "ge" in about:
        return st.floats(about["ge"], about["le"])
    if kind is bool or kind == bool | None:
        return st.booleans()
    return TEXT.filter(str.strip)


FUNCTIONS = st.dictionaries(
    st.sampled_from(sorted(ENTRIES)),
    st.fixed_dictionaries(
        {},
        optional={
            key: allowed_values(key, get_type_hints(FunctionSettings)[key])
            for key in FUNCTION_FIELDS
        },
    ),
    max_size=3,
)
TABLES = st.fixed_dictionaries(
    {},
    optional={key: allowed_values(key) for key in FIELDS if key != "functions"}
    | {"functions": FUNCTIONS},
)


def environment_of(table: Mapping[str, Any]) -> dict[str, str]:
    """A table of settings as the environment says it."""
    environ = {}
    for key, value in table.items():
        if key == "functions":
            for name, own in value.items():
                for field, one in own.items():
                    suffix = "" if field == "enabled" else f"_{field.upper()}"
                    environ[f"{SWITCHES}{ENTRIES[name].key}{suffix}"] = text_of(one)
        else:
            environ[f"{OURS}{key.upper()}"] = text_of(value)
    return environ


def text_of(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, bool):
        return "on" if value else "FALSE"
    return repr(value) if isinstance(value, float) else str(value)


def merged(*tables: Mapping[str, Any]) -> Settings:
    """What is expected of several tables; the first counts."""
    values: dict[str, Any] = {}
    functions: dict[str, dict[str, Any]] = {}
    for table in reversed(tables):
        values |= {key: value for key, value in table.items() if key != "functions"}
        for name, own in table.get("functions", {}).items():
            if own:
                functions.setdefault(name, {}).update(own)
    values["functions"] = {name: FunctionSettings(**own) for name, own in functions.items()}
    return Settings(**values)


# ---- which source counts


@given(TABLES, TABLES, TABLES)
def test_the_first_source_counts(
    code: dict[str, Any], environ: dict[str, Any], config: dict[str, Any]
) -> None:
    from_file = json.loads(json.dumps(config))
    found = read(code, environment_of(environ), from_file)
    explicit = merged(code, environ, config)
    profile = PROFILES.get(explicit.profile, {})
    assert found.settings == merged(code, environ, config, profile)
    for key in FIELDS:
        if key == "functions":
            continue
        if key in code:
            expected = "code"
        elif key in environ:
            expected = f"environment {OURS}{key.upper()}"
        elif key in config:
            expected = "configuration"
        else:
            expected = f"profile {explicit.profile}" if key in profile else "default"
        assert found.origins[key] == expected


@given(TABLES)
def test_each_source_says_the_same(table: dict[str, Any]) -> None:
    tables = [
        read(table, {}, None),
        read({}, environment_of(table), None),
        read({}, {}, json.loads(json.dumps(table))),
    ]
    assert len({repr(dataclasses.astuple(one.settings)) for one in tables}) == 1
    assert all(one.settings == tables[0].settings for one in tables)


@given(TABLES)
def test_effective_settings_are_settings_again(table: dict[str, Any]) -> None:
    """What came out can be said in code, with its functions as they are."""
    found = read(table, {}, None).settings
    values = {one.name: getattr(found, one.name) for one in dataclasses.fields(found)}
    assert read(values, {}, None).settings == found


def test_functions_are_merged_setting_by_setting() -> None:
    found = read(
        {"functions": {"hyperopt": {"enabled": True}}},
        {"FREQTRADE_OPT_HYPEROPT": "false", "FREQTRADE_OPT_HYPEROPT_PERCENTAGE": "5"},
        {"functions": {"HYPEROPT": {"percentage": 7, "shadow": 9}, "backtest": {"enabled": False}}},
    )
    assert found.settings.functions == {
        "hyperopt": FunctionSettings(enabled=True, percentage=5.0, shadow=9.0),
        "backtest": FunctionSettings(enabled=False),
    }
    assert {key: origin for key, origin in found.origins.items() if key not in FIELDS} == {
        "functions.hyperopt.enabled": "code",
        "functions.hyperopt.percentage": "environment FREQTRADE_OPT_HYPEROPT_PERCENTAGE",
        "functions.hyperopt.shadow": "configuration",
        "functions.backtest.enabled": "configuration",
    }


def test_null_is_as_for_all() -> None:
    found = read({}, {}, {"functions": {"hyperopt": {"shadow": None}}, "num_threads": None})
    assert found.settings == Settings(functions={"hyperopt": FunctionSettings()})


def test_code_may_hold_values_of_ours() -> None:
    own = FunctionSettings(percentage=5)
    found = read({"functions": {"hyperopt": own}}, {"FREQTRADE_OPT_HYPEROPT": "no"}, None)
    assert found.settings.functions["hyperopt"] == FunctionSettings(enabled=False, percentage=5)


def test_the_level_of_a_profile_gives_way_to_any_source() -> None:
    config = {"profile": "production", "level": "conservative"}
    assert read({}, {}, config).settings.level == "conservative"
    assert read({}, {"FREQKERNELS_PROFILE": "development"}, config).settings.shadow == 10
    assert read({"profile": ""}, {}, config).settings.breaker_sticky is False


@pytest.mark.parametrize("level", LEVELS)
def test_the_variable_of_the_level(level: str) -> None:
    found = read({}, {"FREQTRADE_OPT_LEVEL": level}, {"level": "standard"})
    assert found.settings.level == level
    assert found.origins["level"] == "environment FREQTRADE_OPT_LEVEL"


# ---- names in the environment


def test_every_function_has_its_variables() -> None:
    for entry in ENTRIES.values():
        path = environment_names()[f"FREQTRADE_OPT_{entry.key}_SHADOW"]
        assert path == ("functions", entry.name, "shadow")
        assert environment_names()[f"FREQTRADE_OPT_{entry.key}"][1:] == (entry.name, "enabled")


def test_the_longest_name_of_a_function_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("load", "load_shadow", "load_shadow_percentage")
    entries = {name: Entry(name, "data", "standard") for name in names}
    monkeypatch.setattr(given_module, "ENTRIES", entries)
    environment_names.cache_clear()
    try:
        paths = environment_names()
    finally:
        environment_names.cache_clear()
    assert paths["FREQTRADE_OPT_LOAD_SHADOW"] == ("functions", "load_shadow", "enabled")
    whole = paths["FREQTRADE_OPT_LOAD_SHADOW_PERCENTAGE"]
    assert whole == ("functions", "load_shadow_percentage", "enabled")
    assert paths["FREQTRADE_OPT_LOAD_PERCENTAGE"] == ("functions", "load", "percentage")


def test_names_are_the_same_in_any_case_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {"freqtrade_opt_level": "standard"}
    assert read({}, environ, None).settings.level == "aggressive"
    monkeypatch.setattr(sys, "platform", "win32")
    assert read({}, environ, None).settings.level == "standard"


def test_empty_variables_are_none() -> None:
    environ = {"FREQTRADE_OPT_LEVEL": "", "FREQKERNELS_SHADOW": "", "FREQTRADE_OPT_NONSENSE": ""}
    assert read({}, environ, None).settings == Settings()


def test_variables_that_are_no_settings() -> None:
    environ = {
        "FREQKERNELS_REQUIRE_EXT": "1",
        "FREQKERNELS_TEST_DATA": "/x",
        "FREQKERNELS_CI_JOBS": "2",
        "FREQTRADE__FREQKERNELS__LEVEL": "standard",
        "PATH": "/bin",
    }
    assert from_environment(environ) == given_module.Given()


@pytest.mark.parametrize(("text", "count"), [("4", 4), ("9999", 256), ("many", None), ("-1", None)])
def test_rubbish_as_a_number_of_threads_counts_as_absent(text: str, count: int | None) -> None:
    found = read({}, {"FREQKERNELS_NUM_THREADS": text}, {"level": "standard"})
    assert found.settings.num_threads == count
    assert (found.origins["num_threads"] == "default") is (count is None)


@pytest.mark.parametrize("word", ["1", "true", "TRUE", "yes", "On", " on "])
def test_words_for_booleans(word: str) -> None:
    assert read({}, {"FREQKERNELS_VERBOSE": word}, None).settings.verbose is True


@pytest.mark.parametrize("word", ["0", "false", "No", "off"])
def test_words_for_the_opposite(word: str) -> None:
    assert read({}, {"FREQKERNELS_FALLBACK": word}, None).settings.fallback is False


def test_functions_as_json() -> None:
    environ = {"FREQKERNELS_FUNCTIONS": '{"hyperopt": {"enabled": false}}'}
    found = read({}, environ, None)
    assert found.settings.functions == {"hyperopt": FunctionSettings(enabled=False)}
    assert found.origins["functions.hyperopt.enabled"] == "environment FREQKERNELS_FUNCTIONS"
    environ = {"FREQKERNELS_FUNCTIONS": '{"hyperopt": {"shadow": -1}}'}
    (line,) = refusal(environ=environ)
    assert line.startswith("FREQKERNELS_FUNCTIONS.hyperopt.shadow: expected a number from 0 to 100")


# ---- what is refused

HOSTILE = [
    *(math.nan, math.inf, -math.inf, -1, 10**400, -(10**400), 1e300, object(), b"1", 1j),
    *("x" * 1_000_000, "\udc80", "a\0b", "a\nb", [[]], {"a": {"b": 1}}, [1] * 100_000),
]
NOTHING_OF_ITS_KIND: dict[Any, list[Any]] = {
    bool: ["true", "false", "on", 1, 0, 1.0, None],
    int: [True, 1.0, "1", None],
    float: [True, "1", None],
    str: [1, True, 1.5, None],
    tuple[str, ...]: ["metrics", ["metric"], [1], None, {"metrics"}],
}
BAD = [
    (key, value)
    for key in FIELDS
    if key not in ("functions", "verify", "num_threads")
    for value in [*HOSTILE, *NOTHING_OF_ITS_KIND[KINDS[key]]]
] + [
    *(("verify", value) for value in [*HOSTILE, "twice", 2, 1.0, []]),
    *(("num_threads", value) for value in [*HOSTILE, 0, 257, 1.0, True, "4", "Auto"]),
    *(("functions", value) for value in [1, "x", [], None, math.nan]),
]


def is_short(line: str) -> bool:
    return line.isprintable() and len(line) < 1_000


@pytest.mark.parametrize(
    ("key", "value"), BAD, ids=[f"{i}-{key}" for i, (key, _) in enumerate(BAD)]
)
def test_a_bad_value_is_refused_by_its_name(key: str, value: Any) -> None:
    (line,) = refusal(code={key: value})
    assert line.startswith(f"{key}: expected ")
    assert ", got " in line
    assert is_short(line)
    (line,) = refusal(config={key: value})
    assert line.startswith(f"freqkernels.{key} in the configuration: expected ")
    assert is_short(line)


@pytest.mark.parametrize("key", [key for key in FIELDS if key != "num_threads"])
@pytest.mark.parametrize("text", ["x" * 1_000_000, "nan", "\udcff", "1e999", "0x10", "-1", "\x00"])
def test_a_bad_variable_is_refused_by_its_name(key: str, text: str) -> None:
    free = KINDS[key] is str and "choices" not in FIELDS[key].metadata
    if free and text.isprintable() and len(text) < 10:
        assert getattr(read({}, {f"{OURS}{key.upper()}": text}, None).settings, key) == text
        return
    (line,) = refusal(environ={f"{OURS}{key.upper()}": text})
    assert line.startswith(f"{OURS}{key.upper()}: expected ")
    assert is_short(line)


@pytest.mark.parametrize(
    ("own", "start"),
    [
        ({"percentage": 101}, ".percentage: expected a number from 0 to 100, got 101"),
        ({"enabled": "no"}, ".enabled: expected true or false, got 'no'"),
        ({"shadow": True}, ".shadow: expected a number from 0 to 100, got True"),
        ({"min_speedup": math.nan}, ".min_speedup: expected a number"),
        ({"shadoww": 1}, ".shadoww: there is no such setting; expected one of shadow"),
        (False, ": expected a table of enabled, percentage, shadow, min_speedup, got False"),
    ],
)
def test_a_bad_setting_of_a_function(own: Any, start: str) -> None:
    for spelling in ("metrics.rel_mean", "METRICS_REL_MEAN"):
        (line,) = refusal(code={"functions": {spelling: own}})
        assert line.startswith(f"functions[{spelling!r}]{start}")
        (line,) = refusal(config={"functions": {spelling: own}})
        head, _, tail = start.partition(":")
        name = f"freqkernels.functions.{spelling}{head} in the configuration"
        assert line.startswith(f"{name}:{tail}")


def test_unknown_names_list_the_nearest() -> None:
    lines = refusal(
        {"shadw": 1},
        {"FREQTRADE_OPT_LEVL": "x", "FREQKERNELS_TELEMETRI": "x", "FREQTRADE_OPT_HYPEROP": "on"},
        {"levle": "standard", "functions": {"hyperop": {}}},
    )
    assert len(lines) == 6
    near = ["shadow", "FREQTRADE_OPT_LEVEL", "FREQKERNELS_TELEMETRY", "FREQTRADE_OPT_HYPEROPT"]
    for line, name in zip(lines, [*near, "level", "hyperopt"], strict=True):
        assert name in line


@pytest.mark.parametrize("setting", ["PERCENTAGE", "SHADOW", "MIN_SPEEDUP", "CACHE_DIR", "KEY"])
def test_the_name_for_all_functions_comes_first(setting: str) -> None:
    (line,) = refusal(environ={f"FREQTRADE_OPT_{setting}": "50"})
    head, _, names = line.partition("; expected one of ")
    assert head == f"FREQTRADE_OPT_{setting}: there is no such setting"
    first, *others = names.split(", ")
    assert first == f"FREQKERNELS_{setting}"
    assert first not in others


def test_the_name_of_a_function_comes_first() -> None:
    (line,) = refusal(environ={"FREQKERNELS_METRICS_REL_MEAN_SHADOW": "5"})
    assert "expected one of FREQTRADE_OPT_METRICS_REL_MEAN_SHADOW, " in f"{line}, "


@pytest.mark.parametrize("text", [",", " , ", "metrics,", "metrics,,data"])
def test_a_list_with_nothing_between_commas(text: str) -> None:
    (line,) = refusal(environ={"FREQKERNELS_MODULES": text})
    assert line.startswith("FREQKERNELS_MODULES: expected a list of metrics, ")
    assert line.endswith(f", got {text!r}")


def test_the_same_mistake_twice_is_told_once() -> None:
    (line,) = refusal(config={"modules": ["metric", "data", "metric"]})
    assert line.endswith(", got 'metric'")
    assert len(refusal(environ={"FREQKERNELS_MODULES": "metric,date,metric"})) == 2


def test_everything_that_is_wrong_is_told_at_once() -> None:
    lines = refusal(
        {"level": "fast", "shadow": -1},
        {"FREQKERNELS_CACHES": "maybe", "FREQTRADE_OPT_HYPEROPT_PERCENTAGE": "half"},
        {"level": 1, "breaker_window": "60", "nonsense": 1},
    )
    starts = ["level", "shadow", "FREQKERNELS_CACHES", "FREQTRADE_OPT_HYPEROPT_PERCENTAGE"]
    starts += [f"freqkernels.{key} in the configuration" for key in ("nonsense", "level")]
    starts += ["freqkernels.breaker_window in the configuration"]
    assert sorted(line.partition(":")[0] for line in lines) == sorted(starts)


def test_a_source_is_checked_also_where_another_counts() -> None:
    (line,) = refusal(code={"level": "standard"}, config={"level": "slow"})
    assert line.startswith("freqkernels.level in the configuration: ")


@pytest.mark.parametrize(
    ("code", "environ", "config", "names"),
    [
        (
            {},
            {"FREQTRADE_OPT_LEVEL": "standard", "FREQKERNELS_LEVEL": "standard"},
            None,
            ("FREQTRADE_OPT_LEVEL", "FREQKERNELS_LEVEL"),
        ),
        (
            {},
            {"FREQKERNELS_CACHE_DIR": "a", "FREQKERNELS_CACHE_DIRECTORY": "b"},
            None,
            ("FREQKERNELS_CACHE_DIR", "FREQKERNELS_CACHE_DIRECTORY"),
        ),
        (
            {},
            {},
            {"fallback": True, "fallback_on_numba_error": True},
            tuple(f"freqkernels.{key} in the" for key in ("fallback", "fallback_on_numba_error")),
        ),
        (
            {"functions": {"hyperopt": {"shadow": 1}, "HYPEROPT": {"shadow": 1}}},
            {},
            None,
            ("functions['hyperopt'].shadow", "functions['HYPEROPT'].shadow"),
        ),
    ],
)
def test_two_names_of_one_setting(
    code: Any, environ: dict[str, str], config: Any, names: tuple[str, str]
) -> None:
    (line,) = refusal(code, environ, config)
    assert all(name in line for name in names)
    assert "only one of them" in line


@pytest.mark.parametrize("section", [[], 1, "on", True, [{"level": "standard"}]])
def test_a_configuration_that_is_no_table(section: Any) -> None:
    (line,) = refusal(config=section)
    assert line.startswith("freqkernels in the configuration: expected a table of settings, got ")


def test_masses_of_mistakes_are_cut_off() -> None:
    nonsense = {f"nonsense{i}": i for i in range(100_000)}
    lines = refusal(nonsense, None, {"functions": nonsense})
    assert len(lines) <= MOST_PROBLEMS + 1
    assert lines[-1] == f"and {MOST_PROBLEMS} more"
    own = {f"x{i}": 1 for i in range(100_000)}
    assert len(refusal({"functions": {"hyperopt": own}})) == MOST_PROBLEMS
    environ = {f"FREQTRADE_OPT_X{i}": "1" for i in range(10_000)}
    assert len(refusal(environ=environ)) == MOST_PROBLEMS


def test_a_bad_table_beside_a_good_variable() -> None:
    environ = {"FREQKERNELS_FUNCTIONS": "0", "FREQTRADE_OPT_HYPEROPT": "on"}
    (line,) = refusal(environ=environ)
    assert line.startswith("FREQKERNELS_FUNCTIONS: expected a table of functions")


def test_hostile_names() -> None:
    for name in ("x" * 1_000_000, "a\nb", "\udc80", "\0", "", "🙂"):
        for line in refusal({name: 1, "functions": {name: {}}}, None, {name: 1}):
            assert is_short(line)
        for line in refusal(environ={f"FREQTRADE_OPT_{name}x": "1"}):
            assert is_short(line)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*FIELDS, *FUNCTION_FIELDS, *OLD_NAMES, *sorted(ENTRIES)[:5]])
            | st.text(max_size=10),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def check(code: Any, environ: dict[str, str], config: Any) -> None:
    """Whatever comes in: settings that are allowed, or one error in short lines."""
    try:
        found = read(code, environ, config)
    except InvalidInputError as error:
        lines = str(error).split("\n")
    else:
        lines = []
        values = {
            one.name: getattr(found.settings, one.name) for one in dataclasses.fields(Settings)
        }
        assert read(values, {}, None).settings == found.settings
    assert all(map(is_short, lines))


@given(JSON)
def test_anything_as_configuration(section: Any) -> None:
    check({}, {}, section)
    if isinstance(section, dict):
        check(section, {}, None)


VARIABLES = st.sampled_from(sorted(environment_names())) | st.text(max_size=20).map(
    lambda text: f"FREQTRADE_OPT_{text}"
)


@given(st.dictionaries(VARIABLES, st.text(max_size=30) | st.sampled_from(["1", "true", "nan"])))
def test_anything_in_the_environment(environ: dict[str, str]) -> None:
    check({}, environ, None)


@given(st.dictionaries(st.text(max_size=30), st.text(max_size=30)))
def test_what_is_not_ours_is_not_read(environ: dict[str, str]) -> None:
    foreign = {name: text for name, text in environ.items() if not is_setting(name)}
    assert read({}, foreign, None) == read({}, {}, None)


# ---- words of the self-check, old names


@settings(max_examples=200)
@given(
    st.sampled_from([*VERIFY_WORDS, "True", "ALWAYS", True, False, None, 2, 1.0, "2", "no"])
    | st.text(max_size=5)
)
def test_verify_means_what_it_means_to_the_self_check(value: Any) -> None:
    try:
        expected = mode_of(value, "verify")
    except InvalidInputError:
        (line,) = refusal(config={"verify": value})
        assert "expected true, false, once or always" in line
    else:
        assert read({}, {}, {"verify": value}).settings.verify == expected


@pytest.mark.parametrize(
    ("old", "value", "key", "expected"),
    [
        ("enable_numba_optimization", False, "level", "disabled"),
        ("enable_numba_optimization", True, "level", "aggressive"),
        ("numba_cache_directory", "user_data/cache", "cache_directory", "user_data/cache"),
        ("numba_parallel_threads", "auto", "num_threads", None),
        ("numba_parallel_threads", 3, "num_threads", 3),
        ("performance_benchmarking", True, "telemetry", "timed"),
        ("performance_benchmarking", False, "telemetry", "counters"),
        ("fallback_on_numba_error", False, "fallback", False),
        (
            "numba_optimization_modules",
            ["metrics", "indicators", "backtesting"],
            "modules",
            ("metrics", "indicators", "backtest"),
        ),
    ],
)
def test_old_names(
    old: str, value: Any, key: str, expected: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "freqkernels"):
        found = read({}, {}, {old: value})
    assert getattr(found.settings, key) == expected
    assert found.origins[key] == "configuration"
    (warning,) = caplog.messages
    assert old in warning
    assert warning.endswith(f"called {key} now")
    assert old in refusal({old: value})[0], "in code there are no old names"


@pytest.mark.parametrize("old", OLD_NAMES)
def test_bad_values_of_old_names(old: str) -> None:
    (line,) = refusal(config={old: {"a": 1}})
    assert line.startswith(f"freqkernels.{old} in the configuration: expected ")


def test_many_threads_read_at_once() -> None:
    sources._model.cache_clear()
    found: list[Effective] = []
    start = threading.Barrier(8)

    def work(i: int) -> None:
        start.wait()
        for _ in range(5):
            found.append(read({"shadow": i}, {}, {"gate_trials": i + 1}))

    workers = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    pairs = sorted((one.settings.shadow, one.settings.gate_trials) for one in found)
    assert pairs == sorted((float(i), i + 1) for i in range(8) for _ in range(5))
