"""Schemas of the query parameters of REST."""

from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError
from rest_framework.request import Request

from foundation.schemas import RequestSchema

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


def _whole_number(value: str | int) -> int:
    written = str(value)
    if not (written.isascii() and written.isdigit() and len(written) < 20) or int(written) >= 2**63:
        raise PydanticKnownError("int_type")
    return int(written)


def _limit(value: str | int) -> int:
    limit = _whole_number(value)
    if not 1 <= limit <= MAX_LIMIT:
        raise PydanticCustomError("limit", "A number from 1 to {most} is needed.", {"most": MAX_LIMIT})
    return limit


def _flag(value: str) -> bool:
    if value not in {"true", "false"}:
        raise PydanticCustomError("flag", "true or false is needed.")
    return value == "true"


def _without_nul(value: str) -> str:
    if "\x00" in value:
        raise PydanticCustomError("nul", "The NUL character is not allowed.")
    return value


WholeNumber = Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"}), BeforeValidator(_whole_number)]
Flag = Annotated[bool, BeforeValidator(_flag)]
QueryText = Annotated[str, AfterValidator(_without_nul)]


class Query(RequestSchema):
    """The query parameters of an operation. If a parameter is repeated, the last value is used."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema)

    @classmethod
    def of(cls, request: Request) -> Self:
        """Parse the query parameters of a request. Raises `Invalid` with `errors` by parameter."""
        return cls.parse(request.query_params.dict())


class LimitQuery(Query):
    limit: Annotated[
        int, BeforeValidator(_limit), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MAX_LIMIT})
    ] = Field(DEFAULT_LIMIT, description="Maximum number of results")


class PageQuery(LimitQuery):
    cursor: str | None = Field(None, description="The value of `next` or `previous` from another page")
