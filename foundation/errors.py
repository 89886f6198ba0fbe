"""Every way in which a request is refused. REST renders a refusal as an RFC 9457 problem document, a socket as
the answer of its acknowledgement; both carry the same `code`."""

from typing import Any, ClassVar

NO_FIELD = "non_field_errors"
"""Under this name stand the faults of an input as a whole."""


class Refusal(Exception):
    """A request that is understood and not carried out; nothing has changed.

    `errors` maps a field of the input to its faults, `extra` adds members to the answer (a 409 carries the
    conversation as it stands), `retry_after` is in seconds.
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
        """What REST and sockets answer alike: `{success: false, code, message, errors?, retry_after?, …}`."""
        answer: dict[str, Any] = {"success": False, "code": self.code, "message": self.message}
        if self.errors is not None:
            answer["errors"] = self.errors
        if self.retry_after is not None:
            answer["retry_after"] = round(self.retry_after, 3)
        return answer | self.extra


class Invalid(Refusal):
    """Bad input. A person is told the first of the faults, where nothing else is said."""

    code, status = "invalid", 400
    default_message = "Some of what was sent is not valid."

    def __init__(self, message: str | None = None, *, errors: dict[str, list[str]] | None = None, **more: Any) -> None:
        super().__init__(message or _first_of(errors or {}), errors=errors, **more)


def _first_of(errors: dict[str, list[str]]) -> str | None:
    for field, faults in errors.items():
        return faults[0] if field == NO_FIELD else f"{field}: {faults[0]}"
    return None


class TokenMissing(Refusal):
    code, status = "token_missing", 401
    default_message = "An access token is needed."


class TokenInvalid(Refusal):
    code, status = "token_invalid", 401
    default_message = "The token is not valid."


class TokenRevoked(Refusal):
    code, status = "token_revoked", 401
    default_message = "The login session of this token has ended."


class Forbidden(Refusal):
    code, status = "forbidden", 403
    default_message = "This is not allowed."


class NotFound(Refusal):
    code, status = "not_found", 404
    default_message = "There is nothing here."


class MethodNotAllowed(Refusal):
    code, status = "method_not_allowed", 405
    default_message = "This method is not possible here."


class PayloadTooLarge(Refusal):
    code, status = "payload_too_large", 413
    default_message = "The request is too large."


class UnsupportedMediaType(Refusal):
    code, status = "unsupported_media_type", 415
    default_message = "This type of content is not taken here."


class RateLimited(Refusal):
    code, status = "rate_limited", 429
    default_message = "Too many requests."


class ServerError(Refusal):
    code, status = "server_error", 500
    default_message = "Something went wrong on our side."


class Unavailable(Refusal):
    code, status = "server_error", 503
    default_message = "The service is not available right now."
