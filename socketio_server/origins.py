"""The web pages that may use the server: an explicit list of origins, for both WebSocket and polling."""

from collections.abc import Iterable

from socketio_server.asgi_request import ASGIRequest, Headers
from socketio_server.errors import HTTPError


class Origins:
    """The allowed origins, as browsers write them (`https://example.org`); `*` allows every page.

    A request without `Origin` does not come from a web page and is accepted. Only the list decides: the `Host` header
    is ignored. Credentials (cookies) are never allowed.
    """

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = frozenset(origin.rstrip("/").lower() for origin in allowed)

    def check(self, request: ASGIRequest) -> None:
        """Set the CORS headers of the response. Raises `HTTPError` (403) if the origin is not allowed."""
        origin = request.header(b"origin")
        if origin is None:
            return
        if "*" not in self._allowed and origin.lower() not in self._allowed:
            raise HTTPError(403, 4, "This origin is not allowed")
        request.cors_headers = [
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Expose-Headers", "Retry-After"),
            ("Vary", "Origin"),
        ]

    @staticmethod
    def preflight_headers(request: ASGIRequest) -> Headers:
        """Return the headers of the response to a CORS preflight (Fetch standard), which precedes a polling request."""
        requested = request.header(b"access-control-request-headers")
        headers = [("Access-Control-Allow-Methods", "GET, POST"), ("Access-Control-Max-Age", "600")]
        return headers + ([("Access-Control-Allow-Headers", requested)] if requested else [])
