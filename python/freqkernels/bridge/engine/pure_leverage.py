"""Whether a strategy's ``leverage`` only computes: from its arguments, constants and plain data.

Such a function gives the same answer whenever it is called, so the engine may call it for each
entry without showing it trades, wallets or candles. Read from the bytecode; what is not known to
be harmless is refused by name.
"""

from __future__ import annotations

import builtins
import dis
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import Enum
from functools import lru_cache
from pathlib import PurePath
from types import CodeType, FunctionType
from typing import Any

from freqkernels.bridge.engine.genuine import lookup
from freqkernels.runtime import SUPPORTED, Support, refuse

_BUILTINS = frozenset(
    [
        "min",
        "max",
        "abs",
        "round",
        "float",
        "int",
        "len",
        "str",
        "bool",
        "sum",
        "sorted",
        "any",
        "all",
        "divmod",
        "pow",
        "isinstance",
    ]
)
#: Methods and attributes of texts, numbers, dates and dictionaries that only compute.
_ATTRIBUTES = frozenset(
    [
        "startswith",
        "endswith",
        "split",
        "rsplit",
        "partition",
        "rpartition",
        "replace",
        "upper",
        "lower",
        "strip",
        "lstrip",
        "rstrip",
        "removeprefix",
        "removesuffix",
        "find",
        "rfind",
        "index",
        "count",
        "join",
        "isdigit",
        "get",
        "keys",
        "values",
        "items",
        "hour",
        "minute",
        "second",
        "day",
        "month",
        "year",
        "weekday",
        "isoweekday",
        "timestamp",
        "total_seconds",
        "days",
        "seconds",
        "is_integer",
        "real",
        "value",
    ]
)
_OPERATIONS = frozenset(
    [
        "RESUME",
        "CACHE",
        "NOP",
        "EXTENDED_ARG",
        "PRECALL",
        "PUSH_NULL",
        "NOT_TAKEN",
        "COPY",
        "SWAP",
        "POP_TOP",
        "LOAD_CONST",
        "LOAD_SMALL_INT",
        "RETURN_VALUE",
        "RETURN_CONST",
        "LOAD_FAST",
        "LOAD_FAST_CHECK",
        "LOAD_FAST_BORROW",
        "LOAD_FAST_LOAD_FAST",
        "LOAD_FAST_BORROW_LOAD_FAST_BORROW",
        "STORE_FAST",
        "STORE_FAST_LOAD_FAST",
        "STORE_FAST_STORE_FAST",
        "LOAD_GLOBAL",
        "LOAD_ATTR",
        "LOAD_METHOD",
        "CALL",
        "CALL_KW",
        "KW_NAMES",
        "BINARY_OP",
        "BINARY_SUBSCR",
        "BINARY_SLICE",
        "COMPARE_OP",
        "IS_OP",
        "CONTAINS_OP",
        "TO_BOOL",
        "UNARY_NEGATIVE",
        "UNARY_POSITIVE",
        "UNARY_NOT",
        "CALL_INTRINSIC_1",
        "BUILD_TUPLE",
        "BUILD_LIST",
        "BUILD_MAP",
        "BUILD_CONST_KEY_MAP",
        "BUILD_SLICE",
        "BUILD_STRING",
        "BUILD_SET",
        "LIST_EXTEND",
        "LIST_TO_TUPLE",
        "SET_UPDATE",
        "DICT_UPDATE",
        "FORMAT_VALUE",
        "FORMAT_SIMPLE",
        "FORMAT_WITH_SPEC",
        "CONVERT_VALUE",
        "GET_ITER",
        "FOR_ITER",
        "END_FOR",
        "POP_ITER",
        "UNPACK_SEQUENCE",
        "JUMP_FORWARD",
        "JUMP_BACKWARD",
        "JUMP_IF_TRUE_OR_POP",
        "JUMP_IF_FALSE_OR_POP",
        "POP_JUMP_IF_TRUE",
        "POP_JUMP_IF_FALSE",
        "POP_JUMP_IF_NONE",
        "POP_JUMP_IF_NOT_NONE",
        "POP_JUMP_FORWARD_IF_TRUE",
        "POP_JUMP_FORWARD_IF_FALSE",
        "POP_JUMP_FORWARD_IF_NONE",
        "POP_JUMP_FORWARD_IF_NOT_NONE",
        "POP_JUMP_BACKWARD_IF_TRUE",
        "POP_JUMP_BACKWARD_IF_FALSE",
        "POP_JUMP_BACKWARD_IF_NONE",
        "POP_JUMP_BACKWARD_IF_NOT_NONE",
    ]
)
#: What an instruction that is not in the list does, for the reason.
_MEANINGS = (
    ("IMPORT_", "imports something"),
    ("STORE_ATTR", "changes an object"),
    ("DELETE_ATTR", "changes an object"),
    ("STORE_SUBSCR", "changes a list or dictionary"),
    ("DELETE_SUBSCR", "changes a list or dictionary"),
    ("STORE_GLOBAL", "changes a global variable"),
    ("MAKE_FUNCTION", "defines a function or a comprehension"),
    ("LOAD_DEREF", "uses a variable of an enclosing function"),
    ("COPY_FREE_VARS", "uses a variable of an enclosing function"),
    ("LOAD_SUPER_ATTR", "uses super()"),
    ("PUSH_EXC_INFO", "handles an exception"),
    ("RAISE_VARARGS", "raises an exception"),
)
_SKIPPED = frozenset({"RESUME", "CACHE", "NOP", "EXTENDED_ARG", "PRECALL", "NOT_TAKEN"})
_LEAVES = frozenset({int, float, bool, str, bytes, type(None), date, datetime, timedelta})


def pure_leverage(strategy: Any) -> Support:
    """Whether the strategy's ``leverage`` may be called at any time with the same answer.

    :param strategy: the strategy object.
    """
    if "leverage" in vars(strategy):
        return refuse("the strategy has a leverage of its own, set on the object")
    found = lookup(type(strategy), "leverage")
    function = None if found is None else found[1]
    if not isinstance(function, FunctionType):
        return _no("is not a plain method")
    defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    if not all(is_plain(value) for value in defaults):
        return _no("has a default value that is not plain data")
    for problem in _problems(function, strategy):
        return _no(problem)
    return SUPPORTED


def is_plain(value: Any) -> bool:
    """Whether a value is plain data: numbers, texts, dates and containers of them."""
    kind = type(value)
    if kind in _LEAVES:
        return True
    if kind in (list, tuple, set, frozenset):
        return all(is_plain(item) for item in value)
    if kind is dict:
        return all(is_plain(key) and is_plain(item) for key, item in value.items())
    if isinstance(value, Enum):
        return kind.__module__.partition(".")[0] == "freqtrade"
    return isinstance(value, PurePath) and kind.__module__.startswith("pathlib")


def _problems(function: FunctionType, strategy: Any) -> Iterator[str]:
    """What a function does beyond computing, the first of it first."""
    code = function.__code__
    if not code.co_argcount:
        yield "has no self"
        return
    own = code.co_varnames[0]
    steps = _instructions(code)
    following = zip([*steps[1:], None], [*steps[2:], None, None], strict=False)
    for before, step, after in zip([None, *steps], steps, following, strict=False):
        if step.opname not in _OPERATIONS:
            yield _meaning(step.opname)
        elif step.opname == "LOAD_GLOBAL":
            yield from _global_problems(function, step.argval)
        elif own in _stored(step):
            yield f"assigns to {own}"
        elif own in _loaded(step):
            yield from _self_problems(strategy, own, step, after)
        elif step.opname in _READS_ATTRIBUTE and step.argval not in _ATTRIBUTES:
            if before is None or own not in _loaded(before)[-1:]:
                yield f"uses .{step.argval}"
        elif step.opname == "BINARY_OP" and step.argrepr.endswith("="):
            yield from _container_problems(function, strategy, steps)


@lru_cache(maxsize=64)
def _instructions(code: CodeType) -> tuple[dis.Instruction, ...]:
    return tuple(step for step in dis.get_instructions(code) if step.opname not in _SKIPPED)


_READS_ATTRIBUTE = frozenset({"LOAD_ATTR", "LOAD_METHOD"})


def _meaning(operation: str) -> str:
    return next(
        (text for start, text in _MEANINGS if operation.startswith(start)),
        f"does more than compute ({operation})",
    )


def _variables(step: dis.Instruction) -> tuple[str, ...]:
    """Variables of the function that an instruction names; some name two."""
    if "_FAST" not in step.opname:
        return ()
    return step.argval if isinstance(step.argval, tuple) else (step.argval,)


def _stored(step: dis.Instruction) -> tuple[str, ...]:
    return _variables(step)[: step.opname.count("STORE_FAST")]


def _loaded(step: dis.Instruction) -> tuple[str, ...]:
    return _variables(step)[step.opname.count("STORE_FAST") :]


def _global_problems(function: FunctionType, name: str) -> Iterator[str]:
    if name in function.__globals__:
        if not is_plain(function.__globals__[name]):
            yield f"uses {name}"
    elif name not in _BUILTINS or not hasattr(builtins, name):
        yield f"uses {name}"


def _self_problems(
    strategy: Any, own: str, step: dis.Instruction, after: tuple[dis.Instruction | None, ...]
) -> Iterator[str]:
    """What is wrong with a use of ``self``."""
    loaded, (reader, then) = _loaded(step), after
    if loaded.index(own) != len(loaded) - 1 or reader is None:
        yield f"hands {own} on"
        return
    if reader.opname not in _READS_ATTRIBUTE:
        yield f"hands {own} on"
        return
    name = reader.argval
    held = _held(strategy, name)
    if _is_parameter(held):
        if then is None or then.opname != "LOAD_ATTR" or then.argval != "value":
            yield f"uses {own}.{name} for more than its value"
    elif held is _ABSENT or not is_plain(held):
        yield f"uses {own}.{name}"


def _container_problems(
    function: FunctionType, strategy: Any, steps: tuple[dis.Instruction, ...]
) -> Iterator[str]:
    """``x += y`` changes a list in place: then none may come from outside of the function."""
    reachable = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    for step in steps:
        if step.opname == "LOAD_GLOBAL":
            reachable.append(function.__globals__.get(step.argval))
        elif step.opname in _READS_ATTRIBUTE:
            reachable.append(_held(strategy, step.argval))
    if any(type(value) in (list, dict, set) for value in reachable):
        yield "changes something in place"


def _held(strategy: Any, name: str) -> Any:
    """What a strategy has under a name, without calling anything."""
    if name in vars(strategy):
        return vars(strategy)[name]
    found = lookup(type(strategy), name)
    return _ABSENT if found is None else found[1]


_ABSENT = object()


def _is_parameter(value: Any) -> bool:
    """Whether a value is one of freqtrade's hyperopt parameters, with plain data in it."""
    module = sys.modules.get("freqtrade.strategy.parameters")
    kind = type(value)
    if module is None or kind.__module__ != module.__name__:
        return False
    return vars(module).get(kind.__name__) is kind and is_plain(vars(value).get("_value", value))


def _no(problem: str) -> Support:
    return refuse(f"the strategy's leverage {problem}")
