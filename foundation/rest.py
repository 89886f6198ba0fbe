"""REST glue: JSON in and out, refusals as RFC 9457 problem documents, lists by opaque cursor."""

from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, InternalError, OperationalError
from django.http import Http404
from rest_framework import exceptions, parsers, renderers
from rest_framework.metadata import BaseMetadata
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.response import Response

from foundation import errors
from foundation.errors import Invalid, Refusal
from foundation.json import from_json, to_json

log = structlog.get_logger(__name__)

PROBLEM = "application/problem+json"


class JSONRenderer(renderers.JSONRenderer):
    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return b"" if data is None else to_json(data).encode()


class JSONParser(parsers.JSONParser):
    """Bodies of at most `MAX_JSON_BODY` bytes."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        body = stream.read(settings.MAX_JSON_BODY + 1)
        if len(body) > settings.MAX_JSON_BODY:
            raise errors.PayloadTooLarge(f"A JSON body has at most {settings.MAX_JSON_BODY} bytes.")
        try:
            return from_json(body)
        except ValueError:
            raise Invalid("The body is not valid JSON.") from None


class AnyAccept(DefaultContentNegotiation):
    """What a client would rather have is no reason to refuse it."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> tuple[Any, str]:
        try:
            return super().select_renderer(request, renderers, format_suffix)
        except (exceptions.NotAcceptable, Http404):
            return renderers[0], renderers[0].media_type


class Methods(BaseMetadata):
    """`OPTIONS` tells the methods, in the `Allow` header."""

    def determine_metadata(self, request: Any, view: Any) -> dict[str, Any]:
        return {"success": True}


def problem_document(refusal: Refusal) -> dict[str, Any]:
    """The RFC 9457 document of a refusal, with `success: false` and `message` beside the standard members."""
    standard = {"type": "about:blank", "title": refusal.default_message, "status": refusal.status}
    return standard | {"detail": refusal.message} | refusal.body()


def problem(refusal: Refusal) -> Response:
    response = Response(problem_document(refusal), status=refusal.status, content_type=PROBLEM)
    if refusal.retry_after is not None:
        response["Retry-After"] = str(max(1, round(refusal.retry_after + 0.5)))
    if refusal.status == errors.TokenInvalid.status:
        response["WWW-Authenticate"] = 'Bearer realm="api"'
    return response


_BY_EXCEPTION: list[tuple[type[Exception], type[Refusal]]] = [
    (Http404, errors.NotFound),
    (PermissionDenied, errors.Forbidden),
    (RequestDataTooBig, errors.PayloadTooLarge),
    (exceptions.NotAuthenticated, errors.TokenMissing),
    (exceptions.AuthenticationFailed, errors.TokenInvalid),
    (exceptions.PermissionDenied, errors.Forbidden),
    (exceptions.NotFound, errors.NotFound),
    (exceptions.MethodNotAllowed, errors.MethodNotAllowed),
    (exceptions.UnsupportedMediaType, errors.UnsupportedMediaType),
    (exceptions.APIException, errors.Invalid),
]


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response:
    """`EXCEPTION_HANDLER` of the REST framework: every error leaves as a problem document."""
    if isinstance(exc, Refusal):
        return problem(exc)
    for kind, refusal in _BY_EXCEPTION:
        if isinstance(exc, kind):
            return problem(refusal())
    if isinstance(exc, OperationalError | InterfaceError | InternalError):
        log.warning("request_failed", error=type(exc).__name__)
        return problem(errors.Unavailable())
    log.exception("request_failed", view=type(context.get("view")).__name__)
    return problem(errors.ServerError())


def answer(status: int = 200, **members: Any) -> Response:
    """`{success: true, …}`"""
    return Response({"success": True, **members}, status=status)
