"""Backtests through freqtrade's web server, one of them aborted, with and without the kernels."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from freqkernels.bridge import targets
from freqkernels.bridge.replace import certificate
from freqkernels.identity import first_difference
from market_workspace import Workspace

SLOW = """
import time
from sample import Sample


class Slow(Sample):
    def populate_entry_trend(self, dataframe, metadata):
        time.sleep(1)
        return super().populate_entry_trend(dataframe, metadata)
"""
SERVER = """
import json, os, sys
from pathlib import Path
import freqkernels
from freqkernels.bridge.markets import use_offline_markets
from freqkernels.bridge import engine

if __name__ == "__main__":
    use_offline_markets("auto")
    if sys.argv[1] == "accelerated":
        freqkernels.install()
    from freqtrade.main import main
    try:
        main(["webserver", *sys.argv[3:]])
    finally:
        refusals = [event.reason for event in freqkernels.events()
                    if (event.kind, event.name) == ("refusal", "backtest")]
        outcome = {"by_engine": bool(engine.last_run()), "refusals": refusals}
        Path(sys.argv[2]).write_text(json.dumps(outcome))
        os._exit(0)  # freqtrade's own threads may live on after a backtest
"""
ENGINE_RUNS = bool(certificate(targets.ENGINE).support)  # not in every release
USER, WORD = "freqtrader", "for a test on loopback"
REQUEST = {"timerange": "20230902-20230906", "enable_protections": False}
CLOCK = ("backtest_run_start_ts", "backtest_run_end_ts", "run_id", "backtest_start_time")


class Client:
    """What a browser would ask."""

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._url = f"http://127.0.0.1:{port}/api/v1"
        self._word = base64.b64encode(f"{USER}:{WORD}".encode()).decode()

    def ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self._url}{path}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Basic {self._word}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            found: dict[str, Any] = json.loads(answer.read())
        return found

    def wait_for(self, path: str, done: Any) -> dict[str, Any]:
        until = time.monotonic() + 120
        while time.monotonic() < until and self._process.poll() is None:
            try:
                answer = self.ask(path)
            except (urllib.error.URLError, ConnectionError):
                answer = {}
            if answer and done(answer):
                return answer
            time.sleep(0.1)
        raise TimeoutError(path)

    def backtest(self, strategy: str) -> dict[str, Any]:
        self.ask("/backtest", {**REQUEST, "strategy": strategy})
        answer = self.wait_for("/backtest", lambda answer: not answer["running"])
        assert answer["status"] == "ended", answer
        result: dict[str, Any] = answer["backtest_result"]
        return result


@contextmanager
def server(workspace: Workspace, side: str, outcome: Path) -> Iterator[Client]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = workspace.write_config()
    settings = json.loads(config.read_text())
    settings["api_server"] = {
        **{"enabled": True, "listen_ip_address": "127.0.0.1", "listen_port": port},
        **{"username": USER, "password": WORD, "jwt_secret_key": "of a test, " * 4},
    }
    settings["export"] = "none"
    config.write_text(json.dumps(settings))
    script = workspace.root / "server.py"
    script.write_text(SERVER)
    process = subprocess.Popen(
        [
            *(sys.executable, str(script), side, str(outcome), "-c", str(config)),
            *("--datadir", str(workspace.datadir)),
        ],
        cwd=workspace.root,
        env={**os.environ, "NO_COLOR": "1"},
    )
    try:
        client = Client(port, process)
        client.wait_for("/ping", lambda answer: answer["status"] == "pong")
        yield client
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


def comparable(result: dict[str, Any]) -> dict[str, Any]:
    for part in ("strategy", "metadata"):
        for stats in result[part].values():
            for field in CLOCK:
                stats.pop(field, None)
    return result


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = Workspace(tmp_path_factory.mktemp("server")).create()
    (made.root / "user_data" / "strategies" / "slow.py").write_text(SLOW)
    return made


def test_backtests_of_the_web_server(workspace: Workspace) -> None:
    results, outcome = [], workspace.root / "outcome.json"
    for side in ("plain", "accelerated"):
        with server(workspace, side, outcome) as client:
            first = client.backtest("Sample")
            again = client.backtest("Sample")  # of the candles that are loaded already
            _abort(client)
            after = client.backtest("Sample")
        results.append([comparable(result) for result in (first, again, after)])
        found = json.loads(outcome.read_text())
        assert found["by_engine"] == (ENGINE_RUNS and side == "accelerated")
        assert not (found["refusals"] and ENGINE_RUNS)
    plain, ours = results
    assert len(plain[0]["strategy"]["Sample"]["trades"]) > 3
    assert first_difference(plain, ours) is None


def _abort(client: Client) -> None:
    client.ask("/backtest", {**REQUEST, "strategy": "Slow"})
    client.wait_for("/backtest", lambda answer: answer["step"] == "convert")
    assert client.ask("/backtest/abort")["status"] == "stopping"
    answer = client.wait_for("/backtest", lambda answer: not answer["running"])
    assert answer["status"] == "error"
    assert "Stop requested" in answer["status_msg"]
