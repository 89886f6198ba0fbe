"""Base classes and types for the schemas that clients send and receive, as pydantic models.

The same model describes a REST body and a socket command. OpenAPI and AsyncAPI are generated from it.
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
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from foundation import labels, text
from foundation.clock import rfc3339
from foundation.errors import NON_FIELD_ERRORS, Invalid

_MODEL_SLOTS = ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
_set_dict, _set_fields_set, _set_extra, _set_private = (vars(BaseModel)[name].__set__ for name in _MODEL_SLOTS)
"""Functions that set the slots of a model without the checks of `__setattr__`."""
_CAMEL = re.compile(r"(?<=[a-z0-9])([A-Z])")

Timestamp = Annotated[
    datetime, PlainSerializer(rfc3339, return_type=str), WithJsonSchema({"type": "string", "format": "date-time"})
]
"""A time, sent in the format of RFC 3339, in UTC with milliseconds and `Z`."""

Id = Annotated[uuid.UUID, PlainSerializer(str, return_type=str), WithJsonSchema({"type": "string", "format": "uuid"})]
"""A UUID, sent as a string."""


@dataclass(frozen=True)
class Text:
    """A trimmed text with at least one visible character. `Annotated[str, Text(100)]` has 1 to 100 code points.

    If it may be blank, a text without a visible character becomes the empty text.
    """

    max_length: int
    may_be_blank: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, core_schema.str_schema(strict=True))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        shortest = {} if self.may_be_blank else {"minLength": 1}
        return handler(schema) | shortest | {"maxLength": self.max_length}

    def _checked(self, value: str) -> str:
        value = text.trimmed(value)
        message = text.error_message(value, max_length=self.max_length)
        if message == text.BLANK_MESSAGE and self.may_be_blank:
            return ""
        if message:
            raise PydanticCustomError("text", "{message}", {"message": message})
        return value


class Label(Text):
    """A name or a title: a text on one line, in NFC, without invisible characters."""

    _LONGEST_DECOMPOSITION: ClassVar[int] = 4
    """NFC makes one code point of at most so many. Longer texts are not normalized, which takes quadratic time."""

    def _checked(self, value: str) -> str:
        value = text.trimmed(value)
        if len(value) <= self.max_length * self._LONGEST_DECOMPOSITION:
            value = labels.normalized(value)
        value = super()._checked(value)
        if message := labels.label_error(value):
            raise PydanticCustomError("label", "{message}", {"message": message})
        return value


def _is_snake_case(key: Any) -> bool:
    return not isinstance(key, str) or key.islower()


def _to_snake_case(key: Any) -> Any:
    if _is_snake_case(key):
        return key
    return _CAMEL.sub(lambda found: "_" + found[1].lower(), key)


def _whole_as_int(value: Any) -> Any:
    return int(value) if type(value) is float and value.is_integer() else value


def _has_half_pair(value: Any) -> bool:
    if isinstance(value, str):
        return text.has_half_pair(value)
    return isinstance(value, list) and any(map(_has_half_pair, value))


def _to_camel_case(key: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), key)


class Schema(BaseModel):
    """A payload that this server sends: a REST response, an event, or a part of either."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    _all_fields: ClassVar[set[str]]
    """The names of all fields. All instances share this set; pydantic copies it before a change."""
    _private_defaults: ClassVar[dict[str, Any] | None]

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        cls._all_fields = set(cls.__pydantic_fields__)
        private = cls.__private_attributes__
        cls._private_defaults = {name: one.get_default() for name, one in private.items()} or None

    @classmethod
    def model_construct(cls, _fields_set: set[str] | None = None, **members: Any) -> Self:  # type: ignore[override]
        """Create an instance from valid values, without validation. Faster than pydantic's method, which visits all
        fields."""
        if len(members) < len(cls._all_fields):
            return super().model_construct(_fields_set, **members)
        made = cls.__new__(cls)
        _set_dict(made, members)
        _set_fields_set(made, cls._all_fields if _fields_set is None else _fields_set)
        _set_extra(made, None)
        private = cls._private_defaults
        _set_private(made, private and private.copy())
        return made


class CachedSchema(Schema):
    """A part of several payloads. It is encoded as JSON only once."""

    _json: bytes | None = None
    if TYPE_CHECKING:
        __pydantic_private__: dict[str, bytes | None]

    def as_json(self, encode: Callable[[dict[str, Any]], bytes]) -> bytes:
        private = self.__pydantic_private__  # faster than a private attribute, which pydantic looks up twice
        encoded = private["_json"]
        if encoded is None:
            encoded = private["_json"] = encode(vars(self))
        return encoded


class RequestSchema(BaseModel):
    """A payload that a client sends. Keys may be in snake_case or camelCase. Unknown keys are ignored.

    Values that mean the same are taken as the same: null is like an absent key, and a number without a fraction is an
    integer, however it is written (`3.0`, `3e0`).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _normalized(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            raise PydanticCustomError("object", "A JSON object is needed.")
        if not all(map(_is_snake_case, data)):
            snake_case = {_to_snake_case(key): value for key, value in data.items()}
            data = snake_case | {key: value for key, value in data.items() if key in snake_case}
        if any(value is None or type(value) is float for value in data.values()):
            return {key: _whole_as_int(value) for key, value in data.items() if value is not None}
        return data

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe optional keys without their defaults: generators take a key with a default for a required key."""
        described = handler(schema)
        for member in handler.resolve_ref_schema(described).get("properties", {}).values():
            member.pop("default", None)
        return described

    @classmethod
    def parse(cls, data: Any) -> Self:
        """Validate the data from a client, and return an instance. Raises `Invalid` with `errors` by field."""
        try:
            parsed = cls.model_validate(data)
        except ValidationError as error:
            raise Invalid(errors=errors_by_field(error)) from None
        if broken := [name for name, value in vars(parsed).items() if _has_half_pair(value)]:
            raise Invalid(errors={name: [text.HALF_PAIR] for name in broken})
        return parsed


class CamelCaseRequest(RequestSchema):
    """A request whose keys the documents show in camelCase, as the clients of the room commands write them."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        described = super().__get_pydantic_json_schema__(schema, handler)
        whole = handler.resolve_ref_schema(described)
        whole["properties"] = {_to_camel_case(name): one for name, one in whole["properties"].items()}
        whole["required"] = [_to_camel_case(name) for name in whole["required"]]
        return described


ERROR_MESSAGES = {
    "missing": "This field is required.",
    "string_type": "A text is needed.",
    "string_too_short": "This must not be empty.",
    "string_too_long": "At most {max_length:,} characters.",
    "string_unicode": text.HALF_PAIR,
    "string_pattern_mismatch": "This must match {pattern}.",
    "bool_type": "True or false is needed.",
    "int_type": "A whole number is needed.",
    "int_parsing": "A whole number is needed.",
    "literal_error": "One of these is needed: {expected}.",
    "list_type": "A list is needed.",
    "dict_type": "A JSON object is needed.",
    "greater_than_equal": "At least {ge:,}.",
    "less_than_equal": "At most {le:,}.",
}
"""The messages for users, by pydantic's error type. Other errors have pydantic's own message."""


def errors_by_field(invalid: ValidationError) -> dict[str, list[str]]:
    """Return `{field: [message, …]}`. Errors that concern the whole request have the key `NON_FIELD_ERRORS`."""
    errors: dict[str, list[str]] = {}
    for error in invalid.errors(include_url=False, include_input=False):
        field = ".".join(str(part) for part in error["loc"] if not str(part).startswith("function-"))
        message = ERROR_MESSAGES.get(error["type"])
        shown = message.format(**error.get("ctx", {})) if message else error["msg"]
        errors.setdefault(field or NON_FIELD_ERRORS, []).append(shown)
    return errors
