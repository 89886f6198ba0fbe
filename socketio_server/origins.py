"""Which web pages may use the server: an explicit list of origins, for WebSocket and polling alike."""

from collections.abc import Iterable

from socketio_server.asgi_request import Exchange, Headers, Refused


class Origins:
    """`allowed` are origins as browsers write them (`https://example.org`); `*` allows every page.

    A request without `Origin` does not come from a web page and passes. What the request says about its own host
    counts for nothing: the list is the only authority. Credentials of a browser (cookies) are never asked for.
    """

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = frozenset(origin.rstrip("/").lower() for origin in allowed)

    def admit(self, exchange: Exchange) -> None:
        """Raises `Refused`, or sets the headers of the answer."""
        origin = exchange.header(b"origin")
        if origin is None:
            return
        if "*" not in self._allowed and origin.lower() not in self._allowed:
            raise Refused(403, 4, "This origin is not allowed")
        exchange.headers = [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")]

    @staticmethod
    def preflight(exchange: Exchange) -> Headers:
        """What a browser is told that asks before a polling request (Fetch standard, CORS preflight)."""
        asked = exchange.header(b"access-control-request-headers")
        headers = [("Access-Control-Allow-Methods", "GET, POST"), ("Access-Control-Max-Age", "600")]
        return headers + ([("Access-Control-Allow-Headers", asked)] if asked else [])
