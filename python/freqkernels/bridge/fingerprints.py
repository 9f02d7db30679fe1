"""Which freqtrade code this is: fingerprints of the functions that are replaced or imitated.

A fingerprint is taken from the source file, not from the running function: it does not depend on
the Python version, needs no import, and changes with every change but comments, docstrings and
blank lines. Whether a running function really is the one in the file, :func:`is_genuine` tells.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import io
import json
import textwrap
import tokenize
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

from freqkernels.errors import FreqkernelsError
from freqkernels.runtime import collector_paused

_CERTIFIED = Path(__file__).with_name("certified.json")


@dataclass(frozen=True, slots=True)
class Lines:
    """Where a definition stands in its file; numbers of lines, the first one is 1.

    :param first: its first line, decorators included.
    :param last: its last line.
    :param docstring: lines of its docstring.
    """

    first: int
    last: int
    docstring: range


class SourceNotFoundError(FreqkernelsError, LookupError):
    """There is no source for a name; the text says which."""


@functools.cache
def package_root(package: str) -> Path:
    """Folder of an installed package, found without importing it.

    :raise SourceNotFoundError: if it is not installed.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SourceNotFoundError(f"{package} is not installed")
    return Path(next(iter(spec.submodule_search_locations)))


def source_file(module: str) -> Path:
    """Source file of a module of an installed package, found without importing it.

    :raise SourceNotFoundError: if there is none.
    """
    package, *parts = module.split(".")
    base = package_root(package).joinpath(*parts)
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if parts and candidate.is_file():
            return candidate
    raise SourceNotFoundError(f"there is no source of {module}")


@functools.lru_cache(maxsize=64)
def _definitions(file: Path) -> tuple[tuple[str, ...], dict[str, Lines]]:
    """Lines of a file, and what it defines at the top and inside of its classes."""
    text = file.read_text(encoding="utf-8")
    found: dict[str, Lines] = {}

    def collect(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                found[prefix + node.name] = _lines(node)
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                found[prefix + node.targets[0].id] = _lines(node)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found[prefix + node.target.id] = _lines(node)
            if isinstance(node, ast.ClassDef):
                collect(node.body, f"{prefix}{node.name}.")

    with collector_paused():
        collect(ast.parse(text).body, "")
    return tuple(text.splitlines()), found


def _lines(node: ast.stmt) -> Lines:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    body = getattr(node, "body", None)
    docstring = range(0)
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        docstring = range(body[0].lineno, (body[0].end_lineno or 0) + 1)
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    return Lines(first, node.end_lineno or first, docstring)


def _definition(name: str) -> tuple[tuple[str, ...], Lines]:
    module, _, qualname = name.partition(":")
    lines, found = _definitions(source_file(module))
    if qualname not in found:
        raise SourceNotFoundError(f"{module} does not define {qualname}")
    return lines, found[qualname]


def normalised_source(name: str) -> str:
    """Source of a definition without comments, docstring, blank lines and indentation.

    :param name: ``module:qualname``, for example ``freqtrade.data.metrics:calculate_csum``.
    :raise SourceNotFoundError: if the name is not defined in the source of the module.
    """
    lines, place = _definition(name)
    kept = (
        "" if number in place.docstring else lines[number - 1]
        for number in range(place.first, place.last + 1)
    )
    text = textwrap.dedent("\n".join(kept)) + "\n"
    stripped = text.splitlines()
    tokens = tokenize.generate_tokens(io.StringIO(text).readline) if "#" in text else ()
    for token in tokens:
        if token.type == tokenize.COMMENT:
            row, column = token.start
            stripped[row - 1] = stripped[row - 1][:column]
    return "\n".join(line.rstrip() for line in stripped if line.strip())


def fingerprint(names: tuple[str, ...]) -> str:
    """One fingerprint of several definitions; a name that is not defined counts as absent.

    :param names: ``module:qualname`` each.
    :return: 32 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for name in names:
        try:
            source = normalised_source(name)
        except SourceNotFoundError:
            source = "absent"
        digest.update(f"{name}\n{source}\n".encode())
    return digest.hexdigest()[:32]


def is_genuine(function: Any, name: str) -> bool:
    """Whether a function object is the one that the source file defines.

    :param function: what stands under the name at run time.
    :param name: ``module:qualname``.
    """
    if not isinstance(function, FunctionType):
        return False
    _, place = _definition(name)
    code = function.__code__
    return (
        Path(code.co_filename).resolve() == source_file(name.partition(":")[0]).resolve()
        and place.first <= code.co_firstlineno <= place.last
        and function.__name__ == name.rpartition(":")[2].rpartition(".")[2]
    )


@functools.cache
def certified() -> dict[str, dict[str, dict[str, Any]]]:
    """What has been tested: ``{target: {fingerprint: {"versions": [...], "variant": ...}}}``."""
    table: dict[str, dict[str, dict[str, Any]]] = json.loads(_CERTIFIED.read_text("utf-8"))
    return table


def certify(target: str, names: tuple[str, ...], version: str, variant: str) -> str:
    """Enter the installed freqtrade's fingerprint of a target into the table; for maintainers.

    :param target: name of the target.
    :param names: definitions that it replaces or imitates.
    :param version: freqtrade's version.
    :param variant: which fast function is right for it; "" for the usual one.
    :return: the fingerprint.
    """
    table = json.loads(_CERTIFIED.read_text("utf-8")) if _CERTIFIED.exists() else {}
    entry = table.setdefault(target, {}).setdefault(fingerprint(names), {})
    entry["variant"] = variant
    entry["versions"] = sorted({*entry.get("versions", []), version})
    text = json.dumps(table, indent=1, sort_keys=True) + "\n"
    temporary = _CERTIFIED.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(_CERTIFIED)
    certified.cache_clear()
    return fingerprint(names)
