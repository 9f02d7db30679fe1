"""Fingerprints: what changes them, what does not, and what counts as genuine."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from freqkernels.bridge import fingerprints
from freqkernels.bridge.certify import variant_for
from freqkernels.bridge.fingerprints import (
    SourceNotFoundError,
    certified,
    fingerprint,
    is_genuine,
    normalised_source,
)
from freqkernels.bridge.replace import certificate
from freqkernels.bridge.targets import TARGETS

SOURCE = '''"""Module."""
import functools

LIMIT = 5
TYPED: int = 6

@functools.cache
def function(a, b="# no comment"):
    """Docstring.

    More."""
    # comment
    return a + LIMIT  # trailing


class Thing:
    def method(self):
        return f"{self} # in a string"
'''


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], str]]:
    """Writes a source file as ``sample.code`` and gives the fingerprint of all in it."""
    package = tmp_path / "sample"
    package.mkdir()
    (package / "__init__.py").write_text("", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    names = ("sample.code:function", "sample.code:Thing.method", "sample.code:LIMIT")

    def write(text: str) -> str:
        fingerprints._definitions.cache_clear()
        fingerprints.package_root.cache_clear()
        (package / "code.py").write_text(text, "utf-8")
        return fingerprint(names)

    yield write
    fingerprints._definitions.cache_clear()
    fingerprints.package_root.cache_clear()
    for name in ("sample", "sample.code"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    # comment\n", ""),
        ("  # trailing", "  # something else"),
        ('"""Docstring.\n\n    More."""', '"""Another."""'),
        ('    """Docstring.\n\n    More."""\n', ""),
        ("\n\nclass", "\n\n\n\nclass"),
        ("import functools", "import functools\nimport os"),
        ("TYPED: int = 6", "TYPED: int = 7"),
    ],
)
def test_what_does_not_matter(module: Callable[[str], str], old: str, new: str) -> None:
    assert old in SOURCE
    assert module(SOURCE) == module(SOURCE.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a + LIMIT", "a - LIMIT"),
        ("# no comment", "# no  comment"),
        ("# in a string", "# in another"),
        ("LIMIT = 5", "LIMIT = 6"),
        ("@functools.cache\n", ""),
        ("def method", "def other"),
        ('b="', 'c="'),
    ],
)
def test_what_matters(module: Callable[[str], str], old: str, new: str) -> None:
    assert old in SOURCE
    assert module(SOURCE) != module(SOURCE.replace(old, new))


def test_normalised_source(module: Callable[[str], str]) -> None:
    module(SOURCE)
    assert normalised_source("sample.code:function") == (
        '@functools.cache\ndef function(a, b="# no comment"):\n    return a + LIMIT'
    )
    with pytest.raises(SourceNotFoundError, match="does not define"):
        normalised_source("sample.code:nothing")
    with pytest.raises(SourceNotFoundError, match="no source"):
        normalised_source("sample.nothing:function")
    with pytest.raises(SourceNotFoundError, match="not installed"):
        normalised_source("no_such_package.code:function")


def test_genuine_functions(module: Callable[[str], str]) -> None:
    module(SOURCE.replace("@functools.cache\n", ""))
    code = importlib.import_module("sample.code")
    assert is_genuine(code.function, "sample.code:function")
    assert is_genuine(code.Thing.method, "sample.code:Thing.method")
    assert not is_genuine(code.Thing.method, "sample.code:function")
    assert not is_genuine(lambda a, b: a, "sample.code:function")
    assert not is_genuine(print, "sample.code:function")
    assert not is_genuine(None, "sample.code:function")


def test_the_installed_freqtrade_is_certified() -> None:
    for target in TARGETS:
        known = certificate(target)
        assert known.versions, f"{target.name}: {known.support.reason}"


def test_the_table_knows_the_promised_versions() -> None:
    for target in TARGETS:
        entries = certified()[target.name].values()
        versions = [version for entry in entries for version in entry["versions"]]
        assert {"2025.9", "2026.3", "2026.9"} <= set(versions)
        assert len(versions) == len(set(versions))
        for entry in entries:
            for version in entry["versions"]:
                assert entry["variant"] == variant_for(target.name, version)
            assert entry["variant"] in (*target.fast, "left alone")


def test_the_table_is_kept_sorted() -> None:
    text = Path(fingerprints._CERTIFIED).read_text("utf-8")
    assert text == json.dumps(json.loads(text), indent=1, sort_keys=True) + "\n"


def test_certify_adds_a_version(
    module: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module(SOURCE)
    table = tmp_path / "certified.json"
    monkeypatch.setattr(fingerprints, "_CERTIFIED", table)
    names = ("sample.code:function",)
    first = fingerprints.certify("target", names, "1.0", "")
    assert fingerprints.certify("target", names, "1.1", "") == first
    module(SOURCE.replace("a + LIMIT", "a"))
    second = fingerprints.certify("target", names, "2.0", "other")
    fingerprints.certified.cache_clear()
    try:
        assert certified() == {
            "target": {
                first: {"variant": "", "versions": ["1.0", "1.1"]},
                second: {"variant": "other", "versions": ["2.0"]},
            }
        }
    finally:
        monkeypatch.undo()
        fingerprints.certified.cache_clear()
