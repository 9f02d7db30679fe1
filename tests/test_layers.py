"""The architecture, held by tests: who imports whom, and what importing costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import freqkernels

PACKAGE = Path(freqkernels.__file__).parent
#: Rank of each part; a module may import from its own part and from lower ranks.
RANKS = {
    "errors": -1,
    "reload_signal": -1,
    "catalogue": 0,
    "evidence": 0,
    "identity": 0,
    "layout": 0,
    "runtime": 1,
    "_kernels": 1,
    "reference": 1,
    "timeframes": 2,
    "_frames": 2,
    "ticks": 3,
    "_trade_columns": 3,
    "trade_candles": 3,
    "drawdowns": 3,
    "crossings": 4,
    "exact": 4,
    "indicators": 4,
    "informative": 4,
    "metrics": 4,
    "ohlcv": 4,
    "signals": 4,
    "trades": 4,
    "simulation": 5,
    "strategy": 5,
    "stream": 5,
    "data": 5,
    "bridge": 6,
    "bench": 7,
    "cli": 8,
    "__init__": 9,
    "__main__": 9,
}
#: What a part may not import at all.
FORBIDDEN = {
    "evidence": {"freqtrade"},
    "identity": {"freqtrade"},
    "runtime": {"pandas", "numpy", "freqtrade"},
    "reference": {"pandas", "freqtrade"},
    "_frames": {"freqtrade"},
    "exact": {"pandas", "freqtrade", "ccxt"},
    "indicators": {"freqtrade"},
    "metrics": {"freqtrade"},
    "ohlcv": {"freqtrade"},
    "ticks": {"freqtrade"},
    "trade_candles": {"freqtrade"},
    "drawdowns": {"freqtrade"},
    "signals": {"freqtrade"},
    "_trade_columns": {"freqtrade"},
    "trades": {"freqtrade"},
    "crossings": {"freqtrade"},
    "informative": {"freqtrade"},
    "strategy": {"freqtrade"},
    "stream": {"freqtrade"},
    "simulation": {"freqtrade", "ccxt"},
    "data": {"freqtrade"},
    "bench": {"freqtrade", "ccxt"},
    "cli": {"freqtrade", "ccxt"},
}
FILES = sorted(PACKAGE.rglob("*.py"))


def part_of(module: str) -> str:
    names = module.split(".")
    return names[1] if len(names) > 1 else "__init__"


def imports_of(file: Path) -> set[str]:
    """Modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{file}: relative import"
            if node.module == "freqkernels":
                found |= {f"freqkernels.{alias.name}" for alias in node.names}
            else:
                found.add(node.module)
    return found


def own_part(file: Path) -> str:
    relative = file.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


STRATEGIES = PACKAGE / "bench" / "strategies"


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(PACKAGE)) for file in FILES])
def test_imports_go_one_way(file: Path) -> None:
    part = own_part(file)
    for module in imports_of(file):
        root = module.partition(".")[0]
        if root == "freqkernels":
            target = part_of(module)
            if target not in RANKS:  # a name of the package itself, like freqkernels.install
                target = "__init__"
            allowed = target == part or RANKS[target] < RANKS[part]
            assert allowed, f"{part} imports {module}"
        elif STRATEGIES not in file.parents:  # strategies are freqtrade's own kind of file
            assert root not in FORBIDDEN.get(part, set()), f"{part} imports {module}"


def test_every_part_has_a_rank() -> None:
    assert {own_part(file) for file in FILES} <= set(RANKS)


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(PACKAGE)) for file in FILES])
def test_files_stay_readable(file: Path) -> None:
    assert len(file.read_text("utf-8").splitlines()) <= 430


def loaded_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print('\\n'.join(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    loaded = loaded_after("import freqkernels")
    assert not loaded & {"pandas", "numpy", "freqtrade", "freqkernels.bridge"}


def test_public_modules_load_neither_bridge_nor_freqtrade() -> None:
    loaded = loaded_after("import freqkernels.metrics, freqkernels.ohlcv, freqkernels.signals")
    assert not {name for name in loaded if name.startswith(("freqtrade", "freqkernels.bridge"))}
    assert not loaded & {"freqkernels._kernels.metrics", "freqkernels.reference.metrics"}


def test_install_loads_no_freqtrade_module() -> None:
    loaded = loaded_after("import freqkernels; freqkernels.install()")
    assert not {name for name in loaded if name.startswith("freqtrade")}
    assert not loaded & {"pandas", "numpy"}


def test_public_names_exist() -> None:
    for name in freqkernels.__all__:
        assert getattr(freqkernels, name) is not None
    assert set(freqkernels.__all__) <= set(dir(freqkernels))
    with pytest.raises(AttributeError, match="nothing_of_ours"):
        _ = freqkernels.nothing_of_ours  # type: ignore[attr-defined]
