"""freqtrade commands in one process of their own, plain ones and accelerated ones.

``python freqtrade_runs.py PLAN`` reads a list of command lines and writes, for each, what it
printed to standard output and whether its last backtest was simulated by the engine.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any


def run_commands(commands: list[list[str]], folder: Path) -> list[dict[str, Any]]:
    """Run each command twice: plain, then accelerated.

    :param commands: arguments of freqtrade.
    :param folder: where there is room for files, and the working directory.
    :return: of each run what it ``printed`` and ``exported``, its exit ``code``, ``events``, and
        whether the last backtest so far was simulated ``by_engine``.
    """
    done = _process(commands, folder)
    assert done.wait(timeout=600) == 0
    outcomes: list[dict[str, Any]] = json.loads((folder / "plan.done").read_text())
    return outcomes


def start_commands(commands: list[list[str]], folder: Path) -> subprocess.Popen[bytes]:
    """Start the process of :func:`run_commands` for accelerated runs only."""
    return _process(commands, folder, "--only-accelerated")


def _process(commands: list[list[str]], folder: Path, *options: str) -> subprocess.Popen[bytes]:
    plan = folder / "plan.json"
    plan.write_text(json.dumps(commands))
    return subprocess.Popen(
        [sys.executable, __file__, str(plan), *options],
        cwd=folder,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"},
    )


def _run(command: list[str], accelerated: bool) -> dict[str, Any]:
    from freqtrade.main import main

    import freqkernels
    from freqkernels.bridge import engine
    from freqkernels.runtime import journal

    journal.clear()
    if accelerated:
        freqkernels.install()
    printed, code = io.StringIO(), None
    try:
        with redirect_stdout(printed):
            main(command)
    except SystemExit as leaving:
        code = leaving.code
    outcome = {
        "code": code,
        "printed": printed.getvalue(),
        "exported": _taken(command),
        "by_engine": accelerated and bool(engine.last_run()),
        "events": [[event.kind, event.name, event.reason] for event in freqkernels.events()],
    }
    freqkernels.uninstall()
    return outcome


def _taken(command: list[str]) -> str:
    """The text of the file that a command has exported to; it makes room for the next one."""
    if "--lookahead-analysis-exportfilename" not in command:
        return ""
    file = Path(command[command.index("--lookahead-analysis-exportfilename") + 1])
    text = file.read_text()
    file.unlink()
    return text


def _main(plan: Path, sides: tuple[bool, ...]) -> None:
    from freqkernels.bridge.markets import use_offline_markets

    use_offline_markets("auto")
    commands = json.loads(plan.read_text())
    outcomes = [_run(command, side) for command in commands for side in sides]
    plan.with_suffix(".done").write_text(json.dumps(outcomes))


if __name__ == "__main__":  # processes that Python starts for its own purposes import this, too
    only = "--only-accelerated" in sys.argv
    _main(Path(sys.argv[1]), (True,) if only else (False, True))
