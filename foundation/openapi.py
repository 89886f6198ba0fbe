"""How a view is described in OpenAPI: by the schemas that it parses and renders."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from pydantic import create_model

from foundation.query_params import Query
from foundation.rest import PROBLEM_CONTENT_TYPE
from foundation.schemas import Schema


class Problem(Schema):
    """An error: an RFC 9457 problem document. `errors` is there for bad input, by field; `retry_after` (seconds) where
    waiting helps."""

    type: str
    title: str
    status: int
    detail: str
    success: Literal[False]
    message: str
    code: str
    errors: dict[str, list[str]] | None = None
    retry_after: float | None = None


STATUS_DESCRIPTIONS = {
    200: "Done",
    201: "Created",
    400: "Bad input",
    401: "No token, or a bad one",
    403: "Not allowed",
    404: "Not there, or not yours to see",
    409: "Not in the present state",
    413: "Too large",
    415: "Not JSON",
    422: "The same client_message_id with another body",
    429: "Too many requests",
    503: "Not available right now",
}

COMMON_ERRORS: dict[int, type[Problem]] = dict.fromkeys((400, 401, 403, 404, 413, 415, 429), Problem)
"""The errors of any operation; those that cannot occur are left out where the operation is known."""

ERROR_HEADERS = (
    OpenApiParameter("WWW-Authenticate", str, OpenApiParameter.HEADER, response=[401]),
    OpenApiParameter("Retry-After", {"type": "integer", "minimum": 1}, OpenApiParameter.HEADER, response=[429]),
)


_successful: dict[type[Schema], type[Schema]] = {}


def _with_success(schema: type[Schema]) -> type[Schema]:
    """The schema with `success: true` beside its fields, as every response has it."""
    if schema not in _successful:
        _successful[schema] = create_model(schema.__name__, __base__=schema, success=(Literal[True], ...))
    return _successful[schema]


def describe(
    summary: str,
    *,
    responses: Mapping[int, type[Schema]],
    request: Any = None,
    query: type[Query] = Query,
    errors: Mapping[int, type[Problem]] = {},
) -> Callable[[Any], Any]:
    """Describe an operation: its request body, its query parameters, its responses and its errors by status.

    `errors` are those beyond `COMMON_ERRORS`, and the common ones that others of its kind do not have.
    """
    by_status: dict[Any, Any] = {
        status: _response(status, _with_success(schema)) for status, schema in responses.items()
    }
    errors_by_status = {**COMMON_ERRORS, **errors}
    for status in sorted(errors_by_status):
        by_status[status, PROBLEM_CONTENT_TYPE] = _response(status, errors_by_status[status])
    schema = extend_schema(
        summary=summary, request=request, responses=by_status, parameters=[*query_parameters(query), *ERROR_HEADERS]
    )

    def decorate(view: Any) -> Any:
        view.own_errors = set(map(str, errors))
        return schema(view)

    return decorate


def query_parameters(query: type[Query]) -> Iterator[OpenApiParameter]:
    """How OpenAPI describes the fields of a query."""
    schema = query.model_json_schema()
    for name, member in schema.get("properties", {}).items():
        kind = member.pop("anyOf", [member])[0]  # the other one is null, for a parameter that is not given
        yield OpenApiParameter(
            name, kind, description=member.pop("description"), required=name in schema.get("required", ())
        )


def _response(status: int, schema: type[Schema]) -> OpenApiResponse:
    return OpenApiResponse(schema, description=STATUS_DESCRIPTIONS[status])
