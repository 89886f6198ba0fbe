"""Shapes of what clients send and of what they are shown, as pydantic models.

One model describes a REST body and a socket command alike, and feeds OpenAPI and AsyncAPI.
"""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from foundation import text
from foundation.clock import rfc3339
from foundation.errors import NO_FIELD, Invalid

_MADE_OF = ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
_set_dict, _set_fields_set, _set_extra, _set_private = (vars(BaseModel)[name].__set__ for name in _MADE_OF)
"""Set what a model is made of, past the checks of `__setattr__`."""
_CAMEL = re.compile(r"(?<=[a-z0-9])([A-Z])")

Timestamp = Annotated[
    datetime, PlainSerializer(rfc3339, return_type=str), WithJsonSchema({"type": "string", "format": "date-time"})
]
"""A time on the wire: RFC 3339, UTC, milliseconds, `Z`."""

Id = Annotated[uuid.UUID, PlainSerializer(str, return_type=str), WithJsonSchema({"type": "string", "format": "uuid"})]
"""A UUID on the wire."""


@dataclass(frozen=True)
class Text:
    """`Annotated[str, Text(100)]`: a trimmed text of 1 to 100 code points with something visible in it."""

    longest: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, core_schema.str_schema(strict=True))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return handler(schema) | {"minLength": 1, "maxLength": self.longest}

    def _checked(self, value: str) -> str:
        value = text.trimmed(value)
        fault = text.fault_of(value, longest=self.longest)
        if fault:
            raise PydanticCustomError("text", "{fault}", {"fault": fault})
        return value


def _is_snake(key: Any) -> bool:
    return not isinstance(key, str) or key.islower()


def _snake(key: Any) -> Any:
    if _is_snake(key):
        return key
    return _CAMEL.sub(lambda found: "_" + found[1].lower(), key)


class Shape(BaseModel):
    """A payload that this server makes: a REST answer, an event, or a part of one."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    _whole: ClassVar[set[str]]
    """The names of all members; one set for all instances, which pydantic copies before it changes it."""
    _private_at_first: ClassVar[dict[str, Any] | None]

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        cls._whole = set(cls.__pydantic_fields__)
        private = cls.__private_attributes__
        cls._private_at_first = {name: one.get_default() for name, one in private.items()} or None

    @classmethod
    def model_construct(cls, _fields_set: set[str] | None = None, **members: Any) -> Self:  # type: ignore[override]
        """Of members that are known to be right. As pydantic's own, which goes through all fields each time."""
        if len(members) < len(cls._whole):
            return super().model_construct(_fields_set, **members)
        made = cls.__new__(cls)
        _set_dict(made, members)
        _set_fields_set(made, cls._whole if _fields_set is None else _fields_set)
        _set_extra(made, None)
        private = cls._private_at_first
        _set_private(made, private and private.copy())
        return made


class SharedShape(Shape):
    """A part of several payloads, which the encoder makes into JSON once for all of them."""

    _json: bytes | None = None
    if TYPE_CHECKING:
        __pydantic_private__: dict[str, bytes | None]

    def as_json(self, encode: Callable[[dict[str, Any]], bytes]) -> bytes:
        made = self.__pydantic_private__  # reading a private attribute costs pydantic two searches
        encoded = made["_json"]
        if encoded is None:
            encoded = made["_json"] = encode(vars(self))
        return encoded


class Input(BaseModel):
    """A payload that a client sends. Unknown keys are ignored; snake_case and camelCase keys are both taken."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _fold_spellings(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            raise PydanticCustomError("object", "A JSON object is needed.")
        if all(map(_is_snake, data)):
            return data
        folded = {_snake(key): value for key, value in data.items()}
        return folded | {key: value for key, value in data.items() if key in folded}

    @classmethod
    def parse(cls, data: Any) -> Self:
        """Validate what a client sent. Raises `Invalid` with `errors` by field."""
        try:
            return cls.model_validate(data)
        except ValidationError as fault:
            raise Invalid(errors=errors_by_field(fault)) from None


FAULTS = {
    "missing": "This field is required.",
    "string_type": "A text is needed.",
    "string_too_short": "This must not be empty.",
    "string_too_long": "At most {max_length:,} characters.",
    "string_pattern_mismatch": "This has to match {pattern}.",
    "bool_type": "True or false is needed.",
    "int_type": "A whole number is needed.",
    "int_parsing": "A whole number is needed.",
    "literal_error": "One of these is needed: {expected}.",
    "list_type": "A list is needed.",
    "dict_type": "A JSON object is needed.",
    "greater_than_equal": "At least {ge:,}.",
    "less_than_equal": "At most {le:,}.",
}
"""What people are told, by pydantic's type of error; whatever is not here is told in pydantic's words."""


def errors_by_field(fault: ValidationError) -> dict[str, list[str]]:
    """`{field: [what is wrong, …]}`; faults of the whole input stand under `NO_FIELD`."""
    errors: dict[str, list[str]] = {}
    for error in fault.errors(include_url=False, include_input=False):
        field = ".".join(str(part) for part in error["loc"] if not str(part).startswith("function-"))
        told = FAULTS[error["type"]].format(**error.get("ctx", {})) if error["type"] in FAULTS else error["msg"]
        errors.setdefault(field or NO_FIELD, []).append(told)
    return errors
