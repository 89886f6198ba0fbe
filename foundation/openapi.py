"""How a view is described in OpenAPI: by the same shapes that it parses and renders."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from pydantic import create_model

from foundation.pagination import LIMIT, LONGEST
from foundation.rest import PROBLEM
from foundation.schemas import Shape


class Problem(Shape):
    """A refusal: an RFC 9457 problem document. `errors` is there for bad input, by field; `retry_after` (seconds)
    where there is a point in waiting."""

    type: str
    title: str
    status: int
    detail: str
    success: Literal[False]
    message: str
    code: str
    errors: dict[str, list[str]] | None = None
    retry_after: float | None = None


MEANINGS = {
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

COMMON: dict[int, type[Problem]] = dict.fromkeys((400, 401, 403, 404, 413, 415, 429), Problem)
"""What any operation may refuse with; those that cannot occur are left out where the operation is known."""

NUMBER = {"type": "integer", "format": "int64", "minimum": 0}
FLAG = {"type": "boolean"}

HEADERS = (
    OpenApiParameter("WWW-Authenticate", str, OpenApiParameter.HEADER, response=[401]),
    OpenApiParameter("Retry-After", {"type": "integer", "minimum": 1}, OpenApiParameter.HEADER, response=[429]),
)


def parameter(name: str, description: str, *, kind: Any = str, required: bool = False) -> OpenApiParameter:
    """A parameter of the address; `kind` is a Python type or a schema."""
    return OpenApiParameter(name, kind, description=description, required=required)


LENGTH = parameter("limit", "How many", kind={"type": "integer", "minimum": 1, "maximum": LONGEST, "default": LIMIT})
PAGING = (parameter("cursor", "`next` or `previous` of another page"), LENGTH)


_made: dict[type[Shape], type[Shape]] = {}


def _successful(shape: type[Shape]) -> type[Shape]:
    """The shape with `success: true` beside its members, as every answer has it."""
    if shape not in _made:
        _made[shape] = create_model(shape.__name__, __base__=shape, success=(Literal[True], ...))
    return _made[shape]


def describe(
    summary: str,
    *,
    answers: Mapping[int, type[Shape]],
    request: Any = None,
    parameters: Sequence[OpenApiParameter] = (),
    refusals: Mapping[int, type[Problem]] = {},
) -> Callable[[Any], Any]:
    """Describe an operation: what it takes, what it answers by status, and that it may refuse.

    `refusals` are those beyond what any operation may refuse with, or that only this one of its kind has a cause for.
    """
    responses: dict[Any, Any] = {status: _response(status, _successful(shape)) for status, shape in answers.items()}
    refused = {**COMMON, **refusals}
    for status in sorted(refused):
        responses[status, PROBLEM] = _response(status, refused[status])
    schema = extend_schema(summary=summary, request=request, responses=responses, parameters=[*parameters, *HEADERS])

    def describing(view: Any) -> Any:
        view.own_refusals = set(map(str, refusals))
        return schema(view)

    return describing


def _response(status: int, shape: type[Shape]) -> OpenApiResponse:
    return OpenApiResponse(shape, description=MEANINGS[status])
