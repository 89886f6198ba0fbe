"""OpenAPI descriptions of views, from the schemas that the views parse and render."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from pydantic import create_model

from foundation.query_params import Query
from foundation.rest import PROBLEM_CONTENT_TYPE
from foundation.schemas import Schema


class Problem(Schema):
    """An error, as an RFC 9457 problem document. Invalid input has `errors`, by field. If a retry can succeed,
    `retry_after` is the time to wait, in seconds."""

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
    206: "The requested part",
    400: "Invalid input",
    401: "Missing or invalid token",
    403: "Not allowed",
    404: "Does not exist, or is not visible to you",
    409: "Not possible in the current state",
    412: "The version of tus is missing or not supported",
    413: "Too large",
    415: "Not JSON",
    416: "The file ends before the requested range",
    422: "The client_message_id was used with another body",
    423: "Another request writes to it",
    429: "Too many requests",
    503: "Not available right now",
}

COMMON_ERRORS: dict[int, type[Problem]] = dict.fromkeys((400, 401, 403, 404, 413, 415, 429), Problem)
"""The errors of any operation. Errors that cannot occur are removed when the operation is known."""

ERROR_HEADERS = (
    OpenApiParameter("WWW-Authenticate", str, OpenApiParameter.HEADER, response=[401]),
    OpenApiParameter("Retry-After", {"type": "integer", "minimum": 1}, OpenApiParameter.HEADER, response=[429, 503]),
)


_successful: dict[type[Schema], type[Schema]] = {}


def _with_success(schema: type[Schema]) -> type[Schema]:
    """Return the schema with the additional field `success: true`, which every response has."""
    if schema not in _successful:
        _successful[schema] = create_model(schema.__name__, __base__=schema, success=(Literal[True], ...))
    return _successful[schema]


def describe(
    summary: str,
    *,
    responses: Mapping[int, type[Schema]],
    request: Any = None,
    query: type[Query] = Query,
    file_type: str | None = None,
    errors: Mapping[int, type[Problem]] = {},
) -> Callable[[Any], Any]:
    """Return a decorator that describes an operation: its request body, query parameters, responses and errors.

    `responses` and `errors` are schemas by HTTP status. `file_type` is the content type if the response with status 200
    can also be a file. `errors` contains the errors that are not in `COMMON_ERRORS`,
    and the common errors that similar operations do not have.
    """
    by_status: dict[Any, Any] = {
        status: _response(status, _with_success(schema)) for status, schema in responses.items()
    }
    if file_type:
        by_status[200, file_type] = OpenApiResponse(OpenApiTypes.BINARY, description=STATUS_DESCRIPTIONS[200])
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
    """Return the OpenAPI parameters for the fields of a query."""
    schema = query.model_json_schema()
    for name, member in schema.get("properties", {}).items():
        kind = member.pop("anyOf", [member])[0]  # the second type is null, for a missing parameter
        yield OpenApiParameter(
            name, kind, description=member.pop("description"), required=name in schema.get("required", ())
        )


def _response(status: int, schema: type[Schema]) -> OpenApiResponse:
    return OpenApiResponse(schema, description=STATUS_DESCRIPTIONS[status])
