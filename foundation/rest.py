"""The classes that configure Django REST framework: JSON requests and responses, and errors as RFC 9457 problem
documents."""

from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, InternalError, OperationalError
from django.http import Http404
from rest_framework import exceptions, parsers, renderers
from rest_framework.metadata import BaseMetadata
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.response import Response

from foundation import errors
from foundation.errors import DomainError, Invalid
from foundation.json import NestedTooDeeply, from_json, to_json

log = structlog.get_logger(__name__)

PROBLEM_CONTENT_TYPE = "application/problem+json"


class JSONRenderer(renderers.JSONRenderer):
    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return b"" if data is None else to_json(data).encode()


class JSONParser(parsers.JSONParser):
    """Parses bodies of at most `MAX_JSON_BODY` bytes. Raises `PayloadTooLarge` or `Invalid`."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        body = stream.read(settings.MAX_JSON_BODY + 1)
        if len(body) > settings.MAX_JSON_BODY:
            raise errors.PayloadTooLarge(f"A JSON body can have at most {settings.MAX_JSON_BODY} bytes.")
        try:
            return from_json(body)
        except NestedTooDeeply as error:
            raise Invalid(str(error)) from None
        except ValueError:
            raise Invalid("The body is not valid JSON.") from None


class AcceptAnything(DefaultContentNegotiation):
    """Content negotiation that never refuses a request because of its `Accept` header."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> tuple[Any, str]:
        try:
            return super().select_renderer(request, renderers, format_suffix)
        except (exceptions.NotAcceptable, Http404):
            return renderers[0], renderers[0].media_type


class MethodsMetadata(BaseMetadata):
    """Metadata for `OPTIONS` without a description. The methods are in the `Allow` header."""

    def determine_metadata(self, request: Any, view: Any) -> dict[str, Any]:
        return {"success": True}


def problem_document(error: DomainError) -> dict[str, Any]:
    """Return the RFC 9457 document of an error, with the additional members of `DomainError.body`."""
    standard = {"type": "about:blank", "title": error.default_message, "status": error.status}
    return standard | {"detail": error.message} | error.body()


def problem_response(error: DomainError) -> Response:
    response = Response(problem_document(error), status=error.status, content_type=PROBLEM_CONTENT_TYPE)
    if error.retry_after is not None:
        response["Retry-After"] = str(max(1, round(error.retry_after + 0.5)))
    if error.status == errors.TokenInvalid.status:
        response["WWW-Authenticate"] = 'Bearer realm="api"'
    return response


_BY_EXCEPTION: list[tuple[type[Exception], type[DomainError]]] = [
    (Http404, errors.NotFound),
    (PermissionDenied, errors.Forbidden),
    (RequestDataTooBig, errors.PayloadTooLarge),
    (SuspiciousOperation, errors.Invalid),
    (BadRequest, errors.Invalid),
    (exceptions.NotAuthenticated, errors.TokenMissing),
    (exceptions.AuthenticationFailed, errors.TokenInvalid),
    (exceptions.PermissionDenied, errors.Forbidden),
    (exceptions.NotFound, errors.NotFound),
    (exceptions.MethodNotAllowed, errors.MethodNotAllowed),
    (exceptions.UnsupportedMediaType, errors.UnsupportedMediaType),
    (exceptions.APIException, errors.Invalid),
]


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response:
    """Return a problem document for any exception. This is the `EXCEPTION_HANDLER` of Django REST framework."""
    return problem_response(domain_error(exc, where=type(context.get("view")).__name__))


def domain_error(exc: Exception, *, where: str) -> DomainError:
    """Return the error that clients see for an exception. An unexpected exception is logged; `where` names the view."""
    if isinstance(exc, DomainError):
        return exc
    for exception, error in _BY_EXCEPTION:
        if isinstance(exc, exception):
            return error()
    if isinstance(exc, OperationalError | InterfaceError | InternalError):
        log.warning("request_failed", error=type(exc).__name__)
        return errors.Unavailable()
    log.error("request_failed", view=where, exc_info=exc)
    return errors.ServerError()


def success_response(status: int = 200, **members: Any) -> Response:
    """Return a response with the body `{success: true, …}`."""
    return Response({"success": True, **members}, status=status)
