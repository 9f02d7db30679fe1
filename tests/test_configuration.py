"""Our part of freqtrade's configuration: it passes there, is taken over, and read again."""

from __future__ import annotations

import copy
import importlib
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from freqtrade.configuration import Configuration
from freqtrade.configuration.config_validation import (
    validate_config_consistency,
    validate_config_schema,
)
from freqtrade.enums import RunMode
from freqtrade.exceptions import OperationalException
from hypothesis import given
from hypothesis import strategies as st

from freqkernels.bridge import configuration, install
from freqkernels.cli import main
from freqkernels.errors import InvalidInputError
from freqkernels.runtime import control

MODULE = importlib.import_module("freqtrade.configuration.configuration")
BASE: dict[str, Any] = {
    "exchange": {"name": "binance", "key": "", "secret": "", "pair_whitelist": ["BTC/USDT"]},
    "stake_currency": "USDT",
    "stake_amount": 10,
    "dry_run": True,
    "max_open_trades": 1,
    "entry_pricing": {"price_side": "same"},
    "exit_pricing": {"price_side": "same"},
    "pairlists": [{"method": "StaticPairList"}],
}
#: What a run adds before the last validation.
COMPLETE: dict[str, Any] = {
    **BASE,
    "timeframe": "5m",
    "stoploss": -0.1,
    "minimal_roi": {"0": 0.1},
    "dry_run_wallet": 1000,
    "strategy": "X",
    "user_data_dir": "user_data",
    "dataformat_ohlcv": "feather",
    "dataformat_trades": "feather",
    "internals": {},
    "api_server": {
        "enabled": False,
        "listen_ip_address": "127.0.0.1",
        "listen_port": 8080,
        "username": "a",
        "password": "b",
    },
}
SECTION: dict[str, Any] = {
    "profile": "production",
    "percentage": 50,
    "modules": ["metrics"],
    "functions": {"metrics.rel_mean": {"shadow": 5, "enabled": True}},
}


# ---- freqtrade's own validation


@pytest.mark.parametrize("mode", list(RunMode))
@pytest.mark.parametrize("preliminary", [True, False])
def test_freqtrade_lets_our_part_pass(mode: RunMode, preliminary: bool) -> None:
    config = {**copy.deepcopy(COMPLETE), "runmode": mode, "freqkernels": copy.deepcopy(SECTION)}
    validate_config_consistency(config, preliminary=preliminary)
    assert config["freqkernels"] == SECTION


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(JSON)
def test_freqtrade_leaves_our_part_to_us(section: Any) -> None:
    config = {**copy.deepcopy(COMPLETE), "runmode": RunMode.BACKTEST}
    before = copy.deepcopy(config)
    validate_config_schema(before)
    config["freqkernels"] = section
    validate_config_schema(config)
    assert config == {**before, "freqkernels": section}


# ---- the hook


@pytest.fixture
def log_as_it_was() -> Iterator[None]:
    """freqtrade changes the log when it loads its configuration."""
    handlers, level = list(logging.root.handlers), logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


@pytest.fixture
def listening(log_as_it_was: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith(("FREQTRADE__", "FREQTRADE_OPT_"))]:
        monkeypatch.delenv(name)
    configuration.attach()
    yield
    configuration.detach()


def write(file: Path, section: Any = None, **more: Any) -> Path:
    part = {} if section is None else {"freqkernels": section}
    file.write_text(f"// a comment\n{json.dumps({**BASE, **part, **more})}", "utf-8")
    return file


def load(*files: Path | str, **args: Any) -> dict[str, Any]:
    """As freqtrade's commands load their configuration."""
    folder = str(Path(files[0]).parent)
    given_args = {"config": [str(file) for file in files], "user_data_dir": folder, **args}
    config: dict[str, Any] = Configuration(given_args, RunMode.OTHER).get_config()
    return config


@pytest.mark.usefixtures("listening")
class TestListening:
    def test_settings_are_taken_over(self, tmp_path: Path) -> None:
        config = load(write(tmp_path / "config.json", SECTION))
        assert config["freqkernels"] == SECTION
        found = control.effective()
        assert found.settings.level == "standard"
        assert found.settings.percentage == 50
        assert found.settings.functions["metrics.rel_mean"].shadow == 5
        assert found.origins["percentage"] == "configuration"
        assert found.origins["level"] == "profile production"

    def test_a_configuration_without_our_part(self, tmp_path: Path) -> None:
        load(write(tmp_path / "1.json", {"level": "standard"}))
        assert control.current().level == "standard"
        load(write(tmp_path / "2.json"))
        assert control.current().level == "aggressive"

    def test_several_files_and_files_that_they_name(self, tmp_path: Path) -> None:
        write(tmp_path / "inner.json", {"level": "standard", "shadow": 1, "gate_trials": 5})
        files = [
            write(tmp_path / "a.json", {"shadow": 2}, add_config_files=["inner.json"]),
            write(tmp_path / "b.json", {"gate_trials": 7}),
        ]
        section = load(*files)["freqkernels"]
        assert section == configuration.section_of([str(file) for file in files])
        settings = control.current()
        assert control.reload() == settings
        assert (settings.level, settings.shadow, settings.gate_trials) == (
            "standard",
            section["shadow"],
            7,
        )

    def test_variables_of_freqtrade(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        file = write(tmp_path / "config.json", {"level": "standard"})
        monkeypatch.setenv("FREQTRADE__FREQKERNELS__PERCENTAGE", "25")
        monkeypatch.setenv("FREQTRADE__FREQKERNELS__VERBOSE", "true")
        load(file)
        assert (control.current().percentage, control.current().verbose) == (25, True)
        monkeypatch.setenv("FREQTRADE__FREQKERNELS__PERCENTAGE", "30")
        assert control.reload().percentage == 30
        load(file, command="list-exchanges")  # which freqtrade gives no variables
        assert control.current().percentage == 100
        assert control.reload().percentage == 100

    def test_the_environment_comes_first(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FREQTRADE_OPT_LEVEL", "disabled")
        load(write(tmp_path / "config.json", SECTION))
        assert control.current().level == "disabled"

    def test_files_are_read_again(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        file = write(tmp_path / "config.json", {"level": "standard"})
        load("config.json")
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        write(file, {"level": "conservative"})
        assert control.reload().level == "conservative"
        write(file)
        assert control.reload().level == "aggressive"

    @pytest.mark.parametrize(
        "text",
        [
            *(
                "",
                "{",
                "[1]",
                "1",
                "\xff",
                '{"freqkernels": [1]}',
                '{"freqkernels": {"level": "x"}}',
            ),
            *('{"add_config_files": ["missing.json"]}', '{"add_config_files": ["config.json"]}'),
        ],
    )
    def test_what_cannot_be_read_again_changes_nothing(self, tmp_path: Path, text: str) -> None:
        file = write(tmp_path / "config.json", {"level": "standard"})
        load(file)
        file.write_text(text, "latin-1")
        with pytest.raises(InvalidInputError, match="configuration"):
            control.reload()
        assert control.current().level == "standard"
        file.unlink()
        with pytest.raises(InvalidInputError, match=r"config\.json"):
            control.reload()
        assert control.current().level == "standard"

    def test_standard_input_cannot_be_read_twice(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        text = json.dumps({**BASE, "freqkernels": {"level": "standard"}})
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        load("-", user_data_dir=str(tmp_path))
        assert control.current().level == "standard"
        monkeypatch.setenv("FREQKERNELS_SHADOW", "1")
        settings = control.reload()
        assert (settings.level, settings.shadow) == ("standard", 1)

    @pytest.mark.parametrize(
        ("section", "message"),
        [
            ({"levle": "standard"}, r"freqkernels\.levle in the configuration: .* level"),
            ({"level": "fast"}, r"freqkernels\.level in the configuration: expected one of"),
            ([], "freqkernels in the configuration: expected a table of settings, got list"),
            ("standard", "expected a table of settings, got str"),
        ],
    )
    def test_a_mistake_stops_freqtrade(self, tmp_path: Path, section: Any, message: str) -> None:
        with pytest.raises(OperationalException, match=message):
            load(write(tmp_path / "config.json", section))
        assert control.current().level == "aggressive"

    def test_mistakes_of_freqtrades_stay_its_own(self, tmp_path: Path) -> None:
        with pytest.raises(OperationalException, match="not found"):
            load(tmp_path / "missing.json")


def test_what_was_there_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Configuration.load_config
    configuration.attach()
    configuration.attach()
    assert Configuration.load_config.__wrapped__ is original
    configuration.detach()
    assert Configuration.load_config is original
    configuration.detach()
    configuration.attach()

    def theirs(self: Any) -> dict[str, Any]:
        return {}

    monkeypatch.setattr(Configuration, "load_config", theirs)
    configuration.detach()
    assert Configuration.load_config is theirs


def test_installing_listens() -> None:
    original = Configuration.load_config
    install.install()
    try:
        assert Configuration.load_config.__wrapped__ is original
    finally:
        install.uninstall()
    assert Configuration.load_config is original


def test_a_release_without_the_class_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(MODULE, "Configuration")
    configuration.attach()
    configuration.detach()


# ---- the command line


def freqkernels(
    *words: str, code: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    run = f"{code}\nimport sys\nfrom freqkernels.cli import main\nsys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", run, *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "200", **environment},
        timeout=120,
    )


def test_freqtrade_ends_with_an_exit_code(tmp_path: Path) -> None:
    arguments = ("show-config", "--userdir", str(tmp_path), "-c")
    good = freqkernels(*arguments, str(write(tmp_path / "good.json", SECTION)))
    assert good.returncode == 0, good.stderr
    bad = freqkernels(*arguments, str(write(tmp_path / "bad.json", {"shadoww": 1})))
    assert bad.returncode == 2
    assert "freqkernels.shadoww in the configuration: there is no such setting" in bad.stderr
    assert "Traceback" not in bad.stderr


def test_the_table_of_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("FREQTRADE_OPT_LEVEL", "conservative")
    file = write(tmp_path / "config.json", SECTION)
    assert main(["settings", "-c", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if "│" in line]
    by_key = {row[0]: row[1:] for row in rows}
    assert by_key["level"] == ["conservative", "environment FREQTRADE_OPT_LEVEL"]
    assert by_key["functions.metrics.rel_mean.shadow"] == ["5.0", "configuration"]
    assert by_key["breaker_sticky"] == ["true", "profile production"]
    assert by_key["num_threads"] == ["auto", "default"]
    defaults = [row[-1] == "default" for row in rows]
    assert defaults == sorted(defaults), "what somebody has said comes first"


def test_settings_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FREQKERNELS_NUM_THREADS", raising=False)
    assert main(["settings", "--json", "-c", str(write(tmp_path / "config.json", SECTION))]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["percentage"] == {"value": 50.0, "from": "configuration"}
    assert document["modules"]["value"] == ["metrics"]
    assert main(["settings", "--json", "--all"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["num_threads"]["value"] == "auto"
    assert "from 1 to 256" in document["num_threads"]["allowed"]
    assert all(one["meaning"] for one in document.values())


def test_all_about_settings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings", "--all"]) == 0
    printed = capsys.readouterr().out
    assert "level = aggressive  (default)\n" in printed
    assert "allowed: one of disabled, conservative, standard, aggressive, experimental" in printed


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"freqkernels": {"level": "fast"}}', "freqkernels.level in the configuration: expected"),
        ('{"freqkernels": 1}', "freqkernels in the configuration: expected a table"),
        ("{", "the configuration cannot be read"),
        (None, "the configuration cannot be read"),
    ],
)
def test_settings_that_are_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, message: str
) -> None:
    file = tmp_path / "config.json"
    if content is not None:
        file.write_text(content, "utf-8")
    assert main(["settings", "-c", str(file)]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""


def test_settings_with_a_folder_that_there_cannot_be(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FREQKERNELS_STATE_DIRECTORY", "~nobody-at-all/state")
    assert main(["settings"]) == 2
    assert "state_directory: '~nobody-at-all/state' is no folder" in capsys.readouterr().err


def test_without_freqtrade_and_without_rich(tmp_path: Path) -> None:
    block = "import sys\nsys.modules['freqtrade'] = sys.modules['rich'] = None"
    plain = freqkernels("settings", code=block, FREQTRADE_OPT_LEVEL="standard")
    assert plain.returncode == 0, plain.stderr
    assert plain.stdout.splitlines()[1].split() == [
        *("level", "standard", "environment", "FREQTRADE_OPT_LEVEL"),
    ]
    file = write(tmp_path / "config.json")
    refused = freqkernels("settings", "-c", str(file), code=block)
    assert refused.returncode == 2
    assert "freqtrade, which is not installed" in refused.stderr
