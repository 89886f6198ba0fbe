"""CORS headers of responses that no view has made (Fetch standard, CORS protocol).

Django's middleware adds the headers to the responses of views. Layers around it, for example the limit of request
bodies, respond by themselves. Without the headers, a browser reports a lost connection to pages of other origins.
"""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from functools import wraps
from typing import Any

from django.conf import settings

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Scope = dict[str, Any]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

_ALLOW_ORIGIN = b"access-control-allow-origin"


class CrossOrigin:
    """Adds CORS headers to the responses of the API that have none, for the origins in `CORS_ORIGINS`.

    Place it around all applications that can respond to requests of the API.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = cors_headers(scope) if scope["type"] == "http" else []

        @wraps(send)  # so that the connection can be found through it
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                if not any(name.lower() == _ALLOW_ORIGIN for name, _ in given):
                    message = {**message, "headers": [*given, *headers]}
            await send(message)

        await self._app(scope, receive, send_with_headers if headers else send)


def cors_headers(scope: Scope) -> Headers:
    """Return the CORS headers of a response, or nothing if the page of the request must not read it."""
    origins = [value for name, value in scope["headers"] if name.lower() == b"origin"]
    if len(origins) != 1 or not re.match(settings.CORS_URLS_REGEX, scope["path"]):
        return []
    if not settings.CORS_ALLOW_ALL_ORIGINS and origins[0].decode("latin-1") not in settings.CORS_ALLOWED_ORIGINS:
        return []
    allowed = b"*" if settings.CORS_ALLOW_ALL_ORIGINS else origins[0]
    exposed = ", ".join(settings.CORS_EXPOSE_HEADERS).encode()
    return [(_ALLOW_ORIGIN, allowed), (b"access-control-expose-headers", exposed), (b"vary", b"origin")]
