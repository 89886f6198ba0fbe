"""Which web pages may use the server: an explicit list of origins, for WebSocket and polling alike."""

from collections.abc import Iterable

from socketio_server.asgi_request import ASGIRequest, Headers
from socketio_server.errors import HTTPError


class Origins:
    """`allowed` are origins as browsers write them (`https://example.org`); `*` allows every page.

    A request without `Origin` does not come from a web page and passes. The list alone decides: what a request says
    about its own host is ignored. A browser's credentials (cookies) are never requested.
    """

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = frozenset(origin.rstrip("/").lower() for origin in allowed)

    def check(self, request: ASGIRequest) -> None:
        """Raise `HTTPError`, or set the CORS headers of the response."""
        origin = request.header(b"origin")
        if origin is None:
            return
        if "*" not in self._allowed and origin.lower() not in self._allowed:
            raise HTTPError(403, 4, "This origin is not allowed")
        request.cors_headers = [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")]

    @staticmethod
    def preflight_headers(request: ASGIRequest) -> Headers:
        """Headers of the response to a CORS preflight (Fetch standard), which precedes a polling request."""
        requested = request.header(b"access-control-request-headers")
        headers = [("Access-Control-Allow-Methods", "GET, POST"), ("Access-Control-Max-Age", "600")]
        return headers + ([("Access-Control-Allow-Headers", requested)] if requested else [])
