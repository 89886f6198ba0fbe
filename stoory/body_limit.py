"""Limits the size of request bodies before Django stores them; Django would write a body of any size to disk.

The limit of all requests is `MAX_REQUEST_BODY`. JSON bodies have the limit `MAX_JSON_BODY` (`foundation.rest`).
"""

import asyncio
import contextlib

from foundation.errors import PayloadTooLarge
from foundation.json import to_json
from foundation.rest import PROBLEM_CONTENT_TYPE, problem_document
from stoory.cross_origin import App, Message, Receive, Scope, Send

LINGER_SECONDS = 5.0
LINGER_FACTOR = 4
"""After a response to a body that is too large, the rest of the body is read and dropped, up to this multiple of the
limit. A browser reads no response while it sends, and a closed connection would look like a lost one to it."""


class _TooLarge(Exception):
    pass


class BodyLimit:
    """Responds with 413 if the Content-Length or the received body is larger than `limit` bytes."""

    def __init__(self, app: App, *, limit: int) -> None:
        self._app, self._limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._announced(scope) > self._limit:
            await self._refuse(receive, send)
            return
        try:
            await self._app(scope, self._counted(receive), send)
        except _TooLarge:
            await self._refuse(receive, send)

    @staticmethod
    def _announced(scope: Scope) -> int:
        lengths = [value for name, value in scope["headers"] if name == b"content-length"]
        return int(lengths[0]) if lengths and lengths[0].isdigit() else 0

    def _counted(self, receive: Receive) -> Receive:
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._limit:
                raise _TooLarge
            return message

        return counted

    async def _refuse(self, receive: Receive, send: Send) -> None:
        error = PayloadTooLarge()
        body = to_json(problem_document(error)).encode()
        headers = [
            (b"content-type", PROBLEM_CONTENT_TYPE.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": error.status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": True})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                await self._drop_body(receive)
        await send({"type": "http.response.body", "body": b""})

    async def _drop_body(self, receive: Receive) -> None:
        dropped, more = 0, True
        while more and dropped < self._limit * LINGER_FACTOR:
            message = await receive()
            dropped += len(message.get("body", b""))
            more = message.get("more_body", False)
