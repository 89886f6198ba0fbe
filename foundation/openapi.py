"""How a view is described in OpenAPI: by the same shapes that it parses and renders."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import create_model

from foundation.inputs import Shape


class Problem(Shape):
    """A refusal: an RFC 9457 problem document. `errors` is there for bad input, `retry_after` (seconds) where
    there is a point in waiting; a 409 carries the conversation as it stands."""

    type: str
    title: str
    status: int
    detail: str
    success: bool
    message: str
    code: str
    errors: dict[str, list[str]] | None = None
    retry_after: float | None = None


REFUSALS = {
    (400, "application/problem+json"): Problem,
    (401, "application/problem+json"): Problem,
    (403, "application/problem+json"): Problem,
    (404, "application/problem+json"): Problem,
    (405, "application/problem+json"): Problem,
    (406, "application/problem+json"): Problem,
    (409, "application/problem+json"): Problem,
    (413, "application/problem+json"): Problem,
    (415, "application/problem+json"): Problem,
    (422, "application/problem+json"): Problem,
    (429, "application/problem+json"): Problem,
}


def parameter(name: str, description: str, *, kind: type = str) -> OpenApiParameter:
    return OpenApiParameter(name, kind, description=description)


def _successful(shape: type[Shape]) -> type[Shape]:
    """The shape with `success: true` beside its members, as every answer has it."""
    return create_model(f"{shape.__name__}Success", __base__=shape, success=(bool, ...))


_made: dict[type[Shape], type[Shape]] = {}


def describe(
    summary: str,
    *,
    answers: Mapping[int, type[Shape]],
    request: Any = None,
    parameters: Sequence[OpenApiParameter] = (),
) -> Callable[[Any], Any]:
    """Describe an operation: what it takes, what it answers by status, and that it may refuse."""
    responses: dict[Any, Any] = {
        status: _made.setdefault(shape, _successful(shape)) for status, shape in answers.items()
    }
    return extend_schema(
        summary=summary, request=request, responses=responses | REFUSALS, parameters=list(parameters)
    )
