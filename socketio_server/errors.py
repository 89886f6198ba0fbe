"""Errors that end a request or a connection."""

from socketio_server import close_codes


class ProtocolError(ValueError):
    """The client broke the protocol, so its transport is closed. `code` is the WebSocket close code (RFC 6455, 7.4)."""

    def __init__(self, message: str, code: int = close_codes.POLICY_VIOLATION) -> None:
        super().__init__(message)
        self.code = code


class BodyTooLarge(ProtocolError):
    def __init__(self) -> None:
        super().__init__("The body is too large", code=close_codes.MESSAGE_TOO_BIG)


class HTTPError(Exception):
    """An error response with the HTTP `status` and the body `{code, message}`. Codes 0 to 5 are Engine.IO's own.

    `retry_after` is the time to wait before the next attempt, in seconds.
    """

    def __init__(self, status: int, code: int, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.status = status
        self.code = code
        self.message = message
