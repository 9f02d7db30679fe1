"""The schema of the settings: defaults, profiles, documentation; the folders that follow."""

from __future__ import annotations

import ast
import dataclasses
import json
import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from freqkernels.cli import main
from freqkernels.errors import InvalidInputError
from freqkernels.runtime import places
from freqkernels.runtime.given import environment_names, shown
from freqkernels.runtime.settings import (
    NO_SETTINGS,
    PROFILES,
    FunctionSettings,
    Settings,
    allowed,
    is_configured,
    is_setting,
)
from freqkernels.runtime.sources import read

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "settings.md"


def table(*rows: tuple[str, ...]) -> list[str]:
    head, *rest = (f"| {' | '.join(row)} |" for row in rows)
    return [head, f"|{' --- |' * len(rows[0])}", *rest]


def written(value: object) -> str:
    """A value as JSON has it; "" where there is none."""
    text = json.dumps(value)
    return "" if text in ('""', "null", "{}") else f"`{text}`"


def schema_table(schema: type) -> list[str]:
    defaults = schema()
    rows = []
    for one in dataclasses.fields(schema):
        default = "auto" if one.name == "num_threads" else getattr(defaults, one.name)
        rows.append((f"`{one.name}`", written(default), allowed(one), one.metadata["help"]))
    return table(("setting", "default", "allowed", "meaning"), *rows)


def profiles_table() -> list[str]:
    settings = dict.fromkeys(key for profile in PROFILES.values() for key in profile)
    rows = [
        (f"`{key}`", *(written(profile.get(key)) for profile in PROFILES.values()))
        for key in settings
    ]
    return table(("setting", *(f"`{name}`" for name in PROFILES)), *rows)


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ("settings", schema_table(Settings)),
        ("function settings", schema_table(FunctionSettings)),
        ("profiles", profiles_table()),
    ],
)
def test_the_page_has_every_setting(mark: str, expected: list[str]) -> None:
    text = PAGE.read_text("utf-8")
    found = text.partition(f"<!-- {mark} -->\n")[2].partition(f"<!-- /{mark} -->")[0].splitlines()
    assert found == expected, "\n".join(["it should be:", *expected])


# ---- the schema


def test_settings_are_values() -> None:
    one = Settings(level="standard", functions={"hyperopt": FunctionSettings(enabled=False)})
    copy = pickle.loads(pickle.dumps(one))
    assert copy == one != Settings()
    assert (copy.level, copy.functions["hyperopt"].enabled) == ("standard", False)
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.level = "disabled"  # type: ignore[misc]


def test_defaults_are_allowed() -> None:
    values = {one.name: getattr(Settings(), one.name) for one in dataclasses.fields(Settings)}
    assert read(values, {}, None).settings == Settings() == read({}, {}, None).settings


@pytest.mark.parametrize("name", PROFILES)
def test_profiles_say_something_that_is_allowed(name: str) -> None:
    found = read({}, {}, {"profile": name})
    assert found.settings == Settings(profile=name, **PROFILES[name])
    said = {key for key, origin in found.origins.items() if origin == f"profile {name}"}
    assert said == set(PROFILES[name])
    for key, value in PROFILES[name].items():
        assert value != getattr(Settings(), key)


def test_every_setting_has_a_meaning_and_limits() -> None:
    for one in (*dataclasses.fields(Settings), *dataclasses.fields(FunctionSettings)):
        assert one.metadata["help"]
        if str(one.type).startswith(("int", "float")):
            assert one.metadata["ge"] < one.metadata["le"]


# ---- the environment


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, False),
        ({"FREQTRADE__FREQKERNELS__LEVEL": "standard", "FREQTRADE_OPTIMISE": "1"}, False),
        ({"FREQKERNELS_REQUIRE_EXT": "1", "FREQKERNELS_TEST_DATA": "x"}, False),
        ({"FREQKERNELS_BACKEND": "reference", "FREQKERNELS_NUM_THREADS": "1"}, False),
        ({"FREQTRADE_OPT_LEVEL": ""}, False),
        ({"FREQTRADE_OPT_LEVEL": "standard"}, True),
        ({"FREQKERNELS_LEVLE": "standard"}, True),
        ({"FREQKERNELS_SHADOW": "1", "FREQKERNELS_BACKEND": "reference"}, True),
    ],
)
def test_whether_something_is_configured(environ: dict[str, str], expected: bool) -> None:
    assert is_configured(environ) is expected


def test_every_variable_of_ours_is_known() -> None:
    """What the sources call FREQKERNELS_... is a setting, or known as none, or CMake's."""
    cmake = (ROOT / "CMakeLists.txt").read_text("utf-8")
    files = [*(ROOT / "python").rglob("*.py"), ROOT / "noxfile.py", ROOT / "tests" / "conftest.py"]
    names = {
        name
        for file in files
        for name in re.findall(r"\bFREQKERNELS_[A-Z_]*[A-Z]\b", file.read_text("utf-8"))
        if name not in cmake
    }
    assert "FREQKERNELS_STATE_DIRECTORY" in names
    for name in names:
        assert name in environment_names() or name.startswith(NO_SETTINGS), name
        assert is_setting(name) is not name.startswith(NO_SETTINGS)


@pytest.mark.parametrize("text", ["lots", "0", " ", "-1", "x" * 1000])
def test_an_ignored_number_of_threads_is_shown(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FREQKERNELS_NUM_THREADS", text)
    ignored = f"default; FREQKERNELS_NUM_THREADS is ignored: {shown(text)} is no number of threads"
    assert main(["settings", "--json"]) == 0
    threads = json.loads(capsys.readouterr().out)["num_threads"]
    assert threads == {"value": "auto", "from": ignored}
    assert main(["settings", "--all"]) == 0
    assert f"num_threads = auto  ({ignored})" in capsys.readouterr().out
    assert main(["settings"]) == 0
    assert "ignored" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "4", "9999"])
def test_a_number_of_threads_that_counts(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FREQKERNELS_NUM_THREADS", text)
    assert main(["settings", "--all"]) == 0
    assert "ignored" not in capsys.readouterr().out


def loaded_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(list(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(ast.literal_eval(done.stdout))


def test_what_is_not_configured_costs_no_import() -> None:
    loaded = loaded_after(
        "from freqkernels import metrics, runtime\nimport numpy\n"
        "metrics._valid_span(numpy.ones(3))\nassert runtime.current().level == 'aggressive'"
    )
    assert "freqkernels.runtime.settings" in loaded
    assert not {"pydantic", "pydantic_settings", "freqkernels.runtime.sources"} & loaded


# ---- places


@pytest.fixture
def nothing_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No variable says where files go; the home directory is a temporary one."""
    for name in ("FREQKERNELS_CACHE_DIR", "FREQKERNELS_CACHE_DIRECTORY", places.STATE_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("platform", "cache", "state"),
    [
        ("linux", ".cache/freqkernels", ".local/state/freqkernels"),
        (
            "darwin",
            "Library/Caches/freqkernels",
            "Library/Application Support/freqkernels",
        ),
        ("win32", "AppData/Local/freqkernels/Cache", "AppData/Local/freqkernels/State"),
    ],
)
def test_the_platform_has_places(
    nothing_chosen: Path, monkeypatch: pytest.MonkeyPatch, platform: str, cache: str, state: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert places.cache_directory() == nothing_chosen / cache
    assert places.state_directory() == nothing_chosen / state


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="these are for Linux")
def test_the_folders_of_the_desktop(nothing_chosen: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(nothing_chosen / "c"))
    monkeypatch.setenv("XDG_STATE_HOME", str(nothing_chosen / "s"))
    assert places.cache_directory() == nothing_chosen / "c" / "freqkernels"
    assert places.state_directory() == nothing_chosen / "s" / "freqkernels"


@pytest.mark.parametrize("variable", ["FREQKERNELS_CACHE_DIR", "FREQKERNELS_CACHE_DIRECTORY"])
def test_settings_come_before_the_environment(
    nothing_chosen: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(nothing_chosen / "1"))
    monkeypatch.setenv(places.STATE_VARIABLE, str(nothing_chosen / "2"))
    assert places.cache_directory() == nothing_chosen / "1"
    assert places.state_directory() == nothing_chosen / "2"
    places.configure(cache=str(nothing_chosen / "3"), state=str(nothing_chosen / "4"))
    try:
        assert places.cache_directory() == nothing_chosen / "3"
        assert places.state_directory() == nothing_chosen / "4"
    finally:
        places.configure()
    assert places.cache_directory() == nothing_chosen / "1"


@pytest.mark.parametrize("folder", ["~nobody-of-this-name/x", "a\0b"])
def test_what_is_no_folder(folder: str) -> None:
    places.configure(cache=folder, state=folder)
    try:
        with pytest.raises(InvalidInputError, match="cache_directory: "):
            places.cache_directory()
        with pytest.raises(InvalidInputError, match="state_directory: "):
            places.state_directory()
    finally:
        places.configure()
