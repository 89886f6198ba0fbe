"""Domain errors: the reasons why a request is refused.

REST renders them as RFC 9457 problem documents, and sockets as acknowledgements, with the same `code`. The errors of
one domain are in the module `errors` of its package.
"""

from typing import Any, ClassVar

NON_FIELD_ERRORS = "non_field_errors"
"""The key in `errors` for errors that concern the whole request."""


class DomainError(Exception):
    """The server understood a request and refused it. Nothing has changed.

    `errors` maps fields of the request to lists of messages. `extra` adds members to the response; a 409, for example,
    contains the conversation in its current state. `retry_after` is in seconds.
    """

    code: ClassVar[str] = "invalid"
    status: ClassVar[int] = 400
    default_message: ClassVar[str] = "The request is not valid."

    def __init__(
        self,
        message: str | None = None,
        *,
        errors: dict[str, list[str]] | None = None,
        extra: dict[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.message = message or self.default_message
        self.errors = errors
        self.extra = extra or {}
        self.retry_after = retry_after
        super().__init__(self.message)

    def body(self) -> dict[str, Any]:
        """Return the body for REST and sockets: `{success: false, code, message, errors?, retry_after?, …}`."""
        body: dict[str, Any] = {"success": False, "code": self.code, "message": self.message}
        if self.errors is not None:
            body["errors"] = self.errors
        if self.retry_after is not None:
            body["retry_after"] = round(self.retry_after, 3)
        return body | self.extra


class Invalid(DomainError):
    """The input is invalid. The default message is the first message of `errors`."""

    code, status = "invalid", 400
    default_message = "The input is not valid."

    def __init__(self, message: str | None = None, *, errors: dict[str, list[str]] | None = None, **more: Any) -> None:
        super().__init__(message or _first_of(errors or {}), errors=errors, **more)


def _first_of(errors: dict[str, list[str]]) -> str | None:
    for field, messages in errors.items():
        return messages[0] if field == NON_FIELD_ERRORS else f"{field}: {messages[0]}"
    return None


class TokenMissing(DomainError):
    code, status = "token_missing", 401
    default_message = "An access token is required."


class TokenInvalid(DomainError):
    code, status = "token_invalid", 401
    default_message = "The token is not valid."


class TokenRevoked(DomainError):
    code, status = "token_revoked", 401
    default_message = "The login session of this token has ended."


class Forbidden(DomainError):
    code, status = "forbidden", 403
    default_message = "This is not allowed."


class NotFound(DomainError):
    code, status = "not_found", 404
    default_message = "Not found."


class MethodNotAllowed(DomainError):
    code, status = "method_not_allowed", 405
    default_message = "This method is not allowed."


class PayloadTooLarge(DomainError):
    code, status = "payload_too_large", 413
    default_message = "The request is too large."


class UnsupportedMediaType(DomainError):
    code, status = "unsupported_media_type", 415
    default_message = "This content type is not supported."


class RateLimited(DomainError):
    code, status = "rate_limited", 429
    default_message = "Too many requests."


class ServerError(DomainError):
    code, status = "server_error", 500
    default_message = "Something went wrong on our side."


class Unavailable(DomainError):
    code, status = "server_error", 503
    default_message = "The service is not available right now."
