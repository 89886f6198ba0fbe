"""Kinds of settings, and how to read them from the environment. No other module reads the environment.

`stoory.configuration` declares the settings.
"""

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self, TypeVar, get_args

from annotated_types import Ge, Le
from django.core.exceptions import ImproperlyConfigured
from dotenv import load_dotenv
from pydantic import BeforeValidator, Field, FiniteFloat, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUseDefault
from pydantic_settings import BaseSettings, SettingsConfigDict

Value = TypeVar("Value")


@dataclass(frozen=True)
class Kind:
    """The kind of a setting. `words` describe its valid values, with code in backticks. Secrets are never shown."""

    words: str
    secret: bool = False


def _default_if_blank(value: str) -> str:
    if not value.strip():
        raise PydanticUseDefault
    return value.strip()


def _off_if_blank(value: str) -> str:
    return value.strip().lower() or "off"


def _floor(value: str) -> int | str:
    try:
        return math.floor(float(value))
    except (ValueError, OverflowError):
        return value


def _split(value: str) -> list[str]:
    return [word.strip() for word in value.split(",") if word.strip()]


DefaultIfBlank = Annotated[Value, BeforeValidator(_default_if_blank)]
Choice = DefaultIfBlank[Value]
"""`Choice[Literal["a", "b"]]` accepts one of these words."""

Text = Annotated[str, BeforeValidator(str.strip), Kind("a text")]
Secret = DefaultIfBlank[Annotated[str, Field(repr=False), Kind("a secret text", secret=True)]]
Folder = DefaultIfBlank[Annotated[Path, Kind("a folder")]]
Flag = Annotated[bool, BeforeValidator(_off_if_blank), Kind("`on` or `off`")]
Number = DefaultIfBlank[Annotated[FiniteFloat, Kind("a number")]]
Whole = DefaultIfBlank[Annotated[int, BeforeValidator(_floor), Kind("a whole number")]]
Words = Annotated[list[str], BeforeValidator(_split), Kind("a list")]


@dataclass(frozen=True)
class Derived:
    """A default that depends on settings declared earlier. Documents show its `words`."""

    words: str
    derive: Callable[[dict[str, Any]], Any]
    example: Any = ""

    def __call__(self, values: dict[str, Any]) -> Any:
        return self.derive(values)


def by_flag(flag: str, *, on: Any, off: Any) -> Derived:
    """Return a default that depends on whether another setting is on."""
    words = f"{shown(on)} with `{flag}=on`, else {shown(off)}"
    return Derived(words, lambda values: on if values[flag] else off, on)


def written(value: Any) -> str:
    """Return a value as it is written in the environment."""
    match value:
        case bool():
            return "on" if value else "off"
        case float():
            return f"{value:g}"
        case list():
            return ",".join(value)
    return str(value)


def shown(value: Any) -> str:
    """Return a value as documents show it, in Markdown."""
    text = written(value)
    return f"`{text}`" if text else "none"


def kind(field: FieldInfo) -> Kind:
    kinds = [one for one in field.metadata if isinstance(one, Kind)]
    return kinds[-1] if kinds else Kind(f"one of {', '.join(map(shown, get_args(field.annotation)))}")


def requirement(field: FieldInfo) -> str:
    """Return a description of a setting's valid values."""
    least = "".join(f" of at least {one.ge:g}" for one in field.metadata if isinstance(one, Ge))
    most = "".join(f" and at most {one.le:g}" for one in field.metadata if isinstance(one, Le))
    return kind(field).words + least + most


def example(field: FieldInfo) -> str:
    """Return a valid value, as it is written in the environment."""
    if field.examples:
        return written(field.examples[0])
    default = field.default_factory or field.default
    return written(default.example if isinstance(default, Derived) else default)


class Environment(BaseSettings):
    """Settings with the names of their environment variables. Other variables are ignored."""

    model_config = SettingsConfigDict(
        case_sensitive=True, enable_decoding=False, validate_default=False, frozen=True, use_attribute_docstrings=True
    )

    renamed: ClassVar[dict[str, str]] = {}
    """The present names of settings, by former name. A former name is an error, so that its value is not ignored."""

    @classmethod
    def load(cls, env_file: Path) -> Self:
        """Read the settings from the environment, and from the file where the environment lacks a variable.

        Raises `ImproperlyConfigured` with a line for each invalid value or former name.
        """
        load_dotenv(env_file, interpolate=False)
        former = [f"{old} is now {new}" for old, new in cls.renamed.items() if old in os.environ]
        if former:
            raise ImproperlyConfigured("\n".join(former))
        try:
            return cls()
        except ValidationError as invalid:
            errors = invalid.errors(include_url=False, include_context=False)
        # A default that depends on an invalid value is not a separate error.
        invalid_names = [str(error["loc"][0]) for error in errors if error["type"] != "default_factory_not_called"]
        raise ImproperlyConfigured("\n".join(map(cls._error, invalid_names)))

    @classmethod
    def _error(cls, name: str) -> str:
        field = cls.model_fields[name]
        but = "" if kind(field).secret else f", not {os.environ[name].strip()!r}"
        return f"{name} must be {requirement(field).replace('`', '')}{but}; for example {name}={example(field)}"


def give(name: str, value: str) -> None:
    """Set an environment variable for the processes that this process starts."""
    os.environ[name] = value
