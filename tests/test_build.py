"""What the build promises: flags, bits, stubs, the wheel's contents, one version of each tool."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import freqkernels
from freqkernels import runtime

ROOT = Path(__file__).parents[1]
STUBS = sorted((Path(freqkernels.__file__).parent / "_kernels").glob("*.pyi"))
BUILD_FILES = [
    *(ROOT / name for name in ("CMakeLists.txt", "pyproject.toml", "noxfile.py")),
    ROOT / "kernels" / "CMakeLists.txt",
    *sorted(ROOT.glob(".github/workflows/*.yml")),
    *sorted(ROOT.glob(".ci/*")),
]
#: Options that let a compiler change results, or make a wheel for one processor only.
FORBIDDEN = re.compile(
    r"fast-?math|-Ofast|/fp:(?!precise)|-funsafe|-fassociative|-freciprocal|-ffinite-math|"
    r"-fno-signed-zeros|-fno-rounding|-march=|-mcpu=|-mtune=native|/arch:|-fcx-"
)


def settings_of(file: Path) -> str:
    """A build file without comments and docstrings."""
    text = re.sub(r'""".*?"""', "", file.read_text("utf-8"), flags=re.DOTALL)
    return re.sub(r"(^|\s)#.*", "", text)


@pytest.mark.parametrize("file", BUILD_FILES, ids=[file.name for file in BUILD_FILES])
def test_no_flag_changes_results(file: Path) -> None:
    assert FORBIDDEN.findall(settings_of(file)) == []


def test_the_forbidden_flags_are_recognised() -> None:
    for flag in (
        "-ffast-math",
        "-Ofast",
        "/fp:fast",
        "-march=native",
        "-funsafe-math-optimizations",
    ):
        assert FORBIDDEN.search(f"set(flags {flag})"), flag
    assert not FORBIDDEN.search(settings_of(ROOT / "kernels" / "CMakeLists.txt"))


def test_contraction_is_off_for_every_kernel() -> None:
    """One function makes all kernels, and it sets the flag."""
    text = settings_of(ROOT / "kernels" / "CMakeLists.txt")
    function = re.search(r"function\(freqkernels_kernel name\)(.*?)endfunction", text, re.DOTALL)
    assert function
    assert "-ffp-contract=off" in function[1]
    assert "/fp:precise" in function[1]
    made = re.findall(r"^freqkernels_kernel\((\w+)\)", text, re.MULTILINE)
    assert sorted(made) == sorted(file.stem for file in ROOT.glob("kernels/*.pyx"))
    assert text.count("python_add_library(") == 2  # the other one is Cython's own module


def test_bits_of_sums_and_quotients() -> None:
    """A kernel rounds after every operation, as numpy does.

    A processor without fused instructions cannot tell; there the nox session ``contraction``
    builds for one that has them.
    """
    rng = np.random.default_rng(11)
    columns = list(np.exp(rng.normal(0, 3, (7, 50_000))))
    outputs = np.empty(50_000), np.empty(50_000), np.empty(50_000, dtype=np.int64)
    assert runtime.kernel("metrics", "rel_mean").twin("compiled")(columns, *outputs, 2)
    total = columns[0] * 0.0
    changes = total.copy()
    for column in columns:
        total = total + column
        changes[1:] = changes[1:] + (column[1:] / column[:-1] - 1.0)
    assert outputs[0].tobytes() == (total / 7).tobytes()
    assert outputs[1].tobytes() == np.cumsum(changes / 7).tobytes()


def test_bits_of_scaled_prices() -> None:
    """A product and a sum after it, the only place where contraction is possible today."""
    rng = np.random.default_rng(12)
    prices = np.concatenate([rng.random(20_000) * 10.0**power for power in range(-6, 6)])
    compiled, printed = (
        runtime.kernel("ohlcv", "count_decimals").twin(backend)
        for backend in ("compiled", "reference")
    )
    found, expected = np.empty_like(prices), np.empty_like(prices)
    compiled(prices, False, found, 1)
    printed(prices, False, expected, 1)
    assert found.tobytes() == expected.tobytes()


def stub_functions(stub: Path) -> dict[str, list[str]]:
    """Parameters of each function in a stub, methods by their qualified names."""
    body = ast.parse(stub.read_text("utf-8")).body
    classes = [node for node in body if isinstance(node, ast.ClassDef)]
    functions = [("", body), *((f"{node.name}.", node.body) for node in classes)]
    return {
        prefix + node.name: [argument.arg for argument in _arguments(node.args)]
        for prefix, nodes in functions
        for node in nodes
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        if not any(getattr(mark, "id", "") == "property" for mark in node.decorator_list)
    }


def _arguments(given: ast.arguments) -> list[ast.arg]:
    return [*given.posonlyargs, *given.args, *([given.vararg] if given.vararg else [])]


def compiled_functions(module: Any) -> dict[str, list[str]]:
    """The same of a compiled module."""
    public = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    for name, value in list(public.items()):
        if isinstance(value, type):
            del public[name]
            members = vars(value).items()
            public |= {f"{name}.{member}": found for member, found in members if member[0] != "_"}
    return {
        name: list(inspect.signature(value).parameters)
        for name, value in public.items()
        if callable(value)
    }


def test_every_kernel_module_has_a_stub() -> None:
    assert [stub.stem for stub in STUBS] == sorted(file.stem for file in ROOT.glob("kernels/*.pyx"))


@pytest.mark.parametrize("stub", STUBS, ids=[stub.stem for stub in STUBS])
def test_stubs_match_the_compiled_modules(stub: Path) -> None:
    module = importlib.import_module(f"freqkernels._kernels.{stub.stem}")
    assert compiled_functions(module) == stub_functions(stub)


def test_the_installed_wheel() -> None:
    """As cibuildwheel tests it, here with freqtrade beside it."""
    script = Path(__file__).with_name("wheel_smoke.py")
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^[1-9]\d* passed, 0 failed$", done.stdout, re.MULTILINE)


def test_tools_have_one_version() -> None:
    """noxfile.py and pre-commit must not disagree on what is well formatted."""
    nox = (ROOT / "noxfile.py").read_text("utf-8")
    hooks = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    for tool, repository in (("ruff", "ruff-pre-commit"), ("cython-lint", "cython-lint")):
        pinned = re.findall(rf'"{tool}==([\d.]+)"', nox)
        revisions = re.findall(rf"/{repository}\s+rev: v([\d.]+)", hooks)
        assert len(pinned) == 1
        assert revisions == pinned


def test_wheels_are_only_built_with_the_extension() -> None:
    """The pure wheel is for machines without a compiler; where we build, it is an error."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert project["tool"]["cibuildwheel"]["environment"] == {"FREQKERNELS_REQUIRE_EXT": "1"}
    assert project["tool"]["scikit-build"]["wheel"]["py-api"] == "cp311"
    (fallback,) = project["tool"]["scikit-build"]["overrides"]
    assert fallback["if"] == {"failed": True, "env": {"FREQKERNELS_REQUIRE_EXT": False}}
    assert fallback["wheel"] == {"cmake": False, "py-api": "py3"}
