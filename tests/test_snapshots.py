"""Snapshots as files: whole ones, and whatever else somebody calls a telemetry file."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqkernels.errors import InvalidInputError
from freqkernels.runtime import journal
from freqkernels.runtime.decisions import switch
from freqkernels.runtime.telemetry.exporters import json_file
from freqkernels.runtime.telemetry.snapshots import (
    FORMAT,
    Snapshot,
    read_file,
    snapshot,
    write_file,
)
from made_snapshots import made_snapshot, switch_values


class TestFiles:
    def test_a_file_and_back(self, tmp_path: Path) -> None:
        one = switch("metrics.rel_mean")
        for outcome in ("fast", "refusals", "exact"):
            one.counters.count_as(outcome, 5, 1000)
        one.distrust("tests say so")
        journal.record("refusal", one.name, "no reason")
        journal.keep_failure(one.name, ValueError("bad"), (1,), {"b": "c"})
        now = snapshot()
        file = tmp_path / "new" / "telemetry.json"
        json_file.to_json_file(file, now)
        assert json_file.from_json_file(file) == now
        assert [one.name for one in file.parent.iterdir()] == [file.name]

    @pytest.mark.skipif(os.name == "nt", reason="readers and writers lock each other out there")
    def test_readers_never_see_half_a_file(self, tmp_path: Path) -> None:
        file = tmp_path / "telemetry.json"
        small = made_snapshot()
        large = made_snapshot(*(switch_values(f"f{i}") for i in range(200)))
        write_file(file, small)
        stop = threading.Event()

        def write() -> None:
            while not stop.is_set():
                write_file(file, large)
                write_file(file, small)

        writers = [threading.Thread(target=write) for _ in range(3)]
        for writer in writers:
            writer.start()
        try:
            for _ in range(60):
                assert read_file(file) in (small, large)
        finally:
            stop.set()
            for writer in writers:
                writer.join()
        assert [one.name for one in tmp_path.iterdir()] == [file.name]

    def test_a_place_that_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "folder").mkdir()
        with pytest.raises(OSError, match="folder"):
            write_file(tmp_path / "folder", made_snapshot())
        (tmp_path / "file").write_text("")
        with pytest.raises(OSError, match="file"):
            write_file(tmp_path / "file" / "telemetry.json", made_snapshot())
        assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "folder"]

    def test_what_a_caller_is_told_of_such_places(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "folder").mkdir()
        (tmp_path / "file").write_text("")
        written: list[Path] = []
        write_text = Path.write_text

        def noted(path: Path, *args: Any, **more: Any) -> int:
            written.append(path)
            return write_text(path, *args, **more)

        monkeypatch.setattr(Path, "write_text", noted)
        for path in (tmp_path / "folder", tmp_path / "file" / "x" / "y.json", tmp_path / "a\0b"):
            for given_as in (path, str(path)):
                with pytest.raises(InvalidInputError, match="cannot be written") as caught:
                    json_file.to_json_file(given_as, made_snapshot())
                assert str(caught.value).startswith(f"path: {str(path)!r} cannot be written (")
        assert not [path for path in written if path.exists() or path.name.startswith(".folder")]
        assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "folder"]


def outcome(read: Callable[[Any], Snapshot], given: Any) -> Snapshot | str:
    """What was read, or what the error says."""
    try:
        return read(given)
    except InvalidInputError as error:
        return str(error)


class TestHostileFiles:
    VALUES = made_snapshot(
        switch_values("f", p50=5.0, fast=3), switch_values("metrics.rel_mean", breaker="open")
    ).to_dict()
    TEXT = json.dumps(VALUES).encode()

    def refused(self, tmp_path: Path, data: bytes) -> str:
        file = tmp_path / "telemetry.json"
        file.write_bytes(data)
        with pytest.raises(InvalidInputError) as caught:
            read_file(file)
        assert str(caught.value).startswith(str(file))
        return str(caught.value)

    @given(st.integers(0, len(TEXT) - 1))
    def test_cut_off(self, tmp_path: Path, length: int) -> None:
        assert "cut off or damaged" in self.refused(tmp_path, self.TEXT[:length])

    @given(st.integers(0, len(TEXT) - 1), st.binary(min_size=1, max_size=3))
    def test_damaged(self, tmp_path: Path, at: int, what: bytes) -> None:
        """Whatever stands there: an error that names the file, or a snapshot of the right types."""
        file = tmp_path / "telemetry.json"
        file.write_bytes(self.TEXT[:at] + what + self.TEXT[at + len(what) :])
        found = outcome(read_file, file)
        if isinstance(found, Snapshot):
            assert Snapshot.from_dict(json.loads(json.dumps(found.to_dict()))) == found
        else:
            assert str(file) in found

    @given(
        st.sampled_from([field.name for field in fields(Snapshot)]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
        ),
    )
    def test_any_value_anywhere(self, name: str, value: Any) -> None:
        found = outcome(Snapshot.from_dict, {**self.VALUES, name: value})
        if isinstance(found, Snapshot):
            assert json.loads(json.dumps(found.to_dict()))[name] == pytest.approx(value)
        else:
            assert f"snapshot.{name}" in found

    def test_newer(self, tmp_path: Path) -> None:
        text = self.refused(tmp_path, json.dumps({**self.VALUES, "format": FORMAT + 1}).encode())
        assert f"its format is {FORMAT + 1}, this version reads {FORMAT}" in text

    @pytest.mark.parametrize(
        ("change", "text"),
        [
            (lambda values: values.pop("pid"), "'pid' is missing"),
            (lambda values: values.update(color="red"), "'color' is not known"),
            (lambda values: values.update(pid=-1), "snapshot.pid: expected a count, got -1"),
            (lambda values: values.update(pid=2**70), "snapshot.pid: expected a count"),
            (lambda values: values.update(pid=True), "snapshot.pid: expected a count, got True"),
            (lambda values: values.update(taken=float("nan")), "expected a finite number, got nan"),
            (lambda values: values.update(taken=float("inf")), "expected a finite number, got inf"),
            (lambda values: values.update(level=5), "snapshot.level: expected a text, got 5"),
            (lambda values: values.update(switches={}), "snapshot.switches: expected a list"),
            (lambda values: values["switches"].append(1), r"switches\[2\]: expected an object"),
            (
                lambda values: values["switches"][1]["counts"].update(rows="many"),
                r"snapshot.switches\[1\].counts.rows: expected a count, got 'many'",
            ),
            (lambda values: values.update(format="1"), "a number as its format"),
        ],
    )
    def test_what_is_wrong_is_named(self, change: Callable[[Any], None], text: str) -> None:
        values = json.loads(self.TEXT)
        change(values)
        with pytest.raises(InvalidInputError, match=text):
            Snapshot.from_dict(values)

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"\x00" * 100,
            b"\xff\xfe",
            b"[1]",
            b"null",
            b"[" * 100_000,
            b'{"format": ' + b"9" * 10_000 + b"}",
        ],
    )
    def test_something_else(self, tmp_path: Path, data: bytes) -> None:
        self.refused(tmp_path, data)

    def test_no_file(self, tmp_path: Path) -> None:
        for file in (tmp_path, tmp_path / "none.json"):
            with pytest.raises(InvalidInputError, match="cannot be read"):
                read_file(file)
