"""Where settings come from: code, environment, configuration, profile; each checked on its own.

A source only translates names, and the texts of the environment into values; the model, which is
made from :class:`~freqkernels.runtime.settings.Settings`, decides what is allowed. Values are never
converted otherwise: in code and in the configuration ``"true"`` is no boolean, ``true`` no number.
Sources are merged by pydantic-settings, in the order that they are handed to it.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from freqkernels.errors import InvalidInputError
from freqkernels.runtime.given import (
    FIELDS,
    FUNCTION_FIELDS,
    MOST_PROBLEMS,
    Given,
    from_code,
    from_configuration,
    from_environment,
    unlike,
)
from freqkernels.runtime.settings import (
    MOST_CHARACTERS,
    PROFILES,
    VERIFY_WORDS,
    Effective,
    FunctionSettings,
    Settings,
    allowed,
)

_MOST_ITEMS = 100
_FORBIDDING = ConfigDict(extra="forbid", strict=True)


def read(
    code: Mapping[str, Any], environ: Mapping[str, str], config: Mapping[str, Any] | None
) -> Effective:
    """Check and merge what all sources say: code before environment before configuration.

    :param code: values by name of the setting.
    :param environ: such as ``os.environ``.
    :param config: our part of freqtrade's configuration; None if there is none.
    :raise InvalidInputError: names everything that is wrong in any source, as the user wrote it.
    """
    given = [from_code(code), from_environment(environ), from_configuration(config)]
    problems = [problem for one in given for problem in _problems(one)]
    if problems:
        more = len(problems) - MOST_PROBLEMS
        kept = [*problems[:MOST_PROBLEMS], *([f"and {more} more"] if more > 0 else [])]
        raise InvalidInputError("\n".join(kept))
    given.append(_profile(given))
    return _effective(given)


def _profile(given: Sequence[Given]) -> Given:
    name = next((one.values["profile"] for one in given if "profile" in one.values), "")
    profile = Given()
    for key, value in PROFILES.get(name, {}).items():
        profile.put((key,), value, f"profile {name}", f"profile {name}")
    return profile


def _effective(given: Sequence[Given]) -> Effective:
    model = _validated(*given)
    values = {key: getattr(model, key) for key in FIELDS}
    values["functions"] = {
        name: FunctionSettings(**{key: getattr(own, key) for key in FUNCTION_FIELDS})
        for name, own in model.functions.items()
    }
    origins = dict.fromkeys(FIELDS, "default")
    for one in reversed(given):
        origins |= {".".join(path): origin for path, origin in one.origins.items()}
    return Effective(Settings(**values), origins)


def _problems(given: Given) -> Iterator[str]:
    """What is wrong with a source: its names, then its values."""
    yield from given.problems
    try:
        _validated(given)
    except ValidationError as found:
        errors = found.errors(include_url=False, include_context=False)
    else:
        return
    yield from dict.fromkeys(_problem(given, error["loc"], error["input"]) for error in errors)


def _problem(given: Given, location: Sequence[int | str], value: object) -> str:
    parts = tuple(map(str, location))
    path = next(path for path in given.names if path == parts[: len(path)])
    setting = FIELDS[path[0]] if len(path) == 1 else FUNCTION_FIELDS[path[-1]]
    return unlike(given.names[path], allowed(setting), value)


# ---- the model


class _Source(PydanticBaseSettingsSource):
    """One source, as pydantic-settings wants it."""

    def __init__(self, model: type[BaseSettings], values: dict[str, Any]) -> None:
        super().__init__(model)
        self._values = values

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return self._values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self._values


_given: ContextVar[Sequence[Given]] = ContextVar("_given")


class _Base(BaseSettings):
    model_config = SettingsConfigDict(extra="forbid", strict=True)

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], *_: Any, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return tuple(_Source(settings_cls, one.values) for one in _given.get())


def _validated(*given: Given) -> Any:
    token = _given.set(given)
    try:
        return _model()()
    finally:
        _given.reset(token)


@functools.cache
def _model() -> type[BaseSettings]:
    """The model of all settings, made from their schema."""
    function = create_model(
        "FunctionModel", __config__=_FORBIDDING, **_definitions(FunctionSettings)
    )
    definitions = _definitions(Settings) | {"functions": (dict[str, function], {})}  # type: ignore[valid-type]
    return create_model("SettingsModel", __base__=_Base, **definitions)


def _definitions(schema: type) -> dict[str, Any]:
    kinds = get_type_hints(schema)
    return {
        one.name: (_constrained(one, kinds[one.name]), one.default)
        for one in dataclasses.fields(schema)
    }


def _constrained(setting: dataclasses.Field[Any], kind: Any) -> Any:
    """The type of a setting with its limits, for pydantic."""
    about = setting.metadata
    if setting.name == "verify":
        return Annotated[Literal[about["choices"]], BeforeValidator(_verify)]
    if setting.name == "num_threads":
        limits = Field(ge=about["ge"], le=about["le"])
        return Annotated[kind, limits, BeforeValidator(lambda one: None if one == "auto" else one)]
    if "choices" in about:
        return Literal[about["choices"]]
    if "items" in about:
        item: Any = Literal[about["items"]]
        return Annotated[tuple[item, ...], BeforeValidator(_as_tuple)]
    if "ge" in about:
        return Annotated[kind, Field(ge=about["ge"], le=about["le"], allow_inf_nan=False)]
    if kind is str:
        return Annotated[str, Field(max_length=MOST_CHARACTERS, pattern=r"^[^\x00-\x1f\x7f]*$")]
    return kind


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) and len(value) <= _MOST_ITEMS else value


def _verify(value: Any) -> Any:
    """What a word of the self-check stands for; the value itself if it is none."""
    if value is None:
        return ""
    if isinstance(value, (bool, int)):
        return {0: "", 1: "once"}.get(value, value)
    return VERIFY_WORDS.get(value.lower(), value) if isinstance(value, str) else value
