"""Domain errors: why a request is refused. REST renders them as RFC 9457 problem documents, a socket in the
acknowledgement; both carry the same `code`. Errors of one domain are in the `errors` of its package."""

from typing import Any, ClassVar

NON_FIELD_ERRORS = "non_field_errors"
"""The key for errors of a request as a whole."""


class DomainError(Exception):
    """A request was understood and refused; nothing has changed.

    `errors` maps a field of the request to its messages, `extra` adds members to the response (a 409 carries the
    conversation in its current state), `retry_after` is in seconds.
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
        """The body for REST and sockets alike: `{success: false, code, message, errors?, retry_after?, …}`."""
        body: dict[str, Any] = {"success": False, "code": self.code, "message": self.message}
        if self.errors is not None:
            body["errors"] = self.errors
        if self.retry_after is not None:
            body["retry_after"] = round(self.retry_after, 3)
        return body | self.extra


class Invalid(DomainError):
    """Bad input. Without a message of its own, its message is that of the first error."""

    code, status = "invalid", 400
    default_message = "Some of what was sent is not valid."

    def __init__(self, message: str | None = None, *, errors: dict[str, list[str]] | None = None, **more: Any) -> None:
        super().__init__(message or _first_of(errors or {}), errors=errors, **more)


def _first_of(errors: dict[str, list[str]]) -> str | None:
    for field, messages in errors.items():
        return messages[0] if field == NON_FIELD_ERRORS else f"{field}: {messages[0]}"
    return None


class TokenMissing(DomainError):
    code, status = "token_missing", 401
    default_message = "An access token is needed."


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
    default_message = "There is nothing here."


class MethodNotAllowed(DomainError):
    code, status = "method_not_allowed", 405
    default_message = "This method is not possible here."


class PayloadTooLarge(DomainError):
    code, status = "payload_too_large", 413
    default_message = "The request is too large."


class UnsupportedMediaType(DomainError):
    code, status = "unsupported_media_type", 415
    default_message = "This type of content is not taken here."


class RateLimited(DomainError):
    code, status = "rate_limited", 429
    default_message = "Too many requests."


class ServerError(DomainError):
    code, status = "server_error", 500
    default_message = "Something went wrong on our side."


class Unavailable(DomainError):
    code, status = "server_error", 503
    default_message = "The service is not available right now."
