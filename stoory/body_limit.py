"""Limits the size of request bodies before Django stores them; Django would write a body of any size to disk.

The limit of uploads is `MAX_UPLOAD_BODY`, and the limit of all other requests is `MAX_REQUEST_BODY`. JSON bodies have
the limit `MAX_JSON_BODY` (`foundation.rest`).
"""

import asyncio
import contextlib
from typing import Protocol

from foundation.errors import DomainError, PayloadTooLarge
from foundation.json import to_json
from foundation.rest import PROBLEM_CONTENT_TYPE, problem_document
from stoory.cross_origin import App, Message, Receive, Scope, Send

LINGER_SECONDS = 5.0
LINGER_FACTOR = 4
"""After a response to a body that is too large, the rest of the body is read and dropped, up to this multiple of the
limit. A browser reads no response while it sends, and a closed connection would look like a lost one to it."""


class LargeBodies(Protocol):
    """The requests that can have larger bodies."""

    limit: int

    def include(self, scope: Scope) -> bool: ...

    async def admit(self, scope: Scope, size: int) -> None:
        """Check, before it is received, whether a request can have a body of `size` bytes; 0 if the size is not known.
        Raises `DomainError`."""


class BodyLimit:
    """Responds with 413 if the Content-Length or the received body is larger than `limit` bytes. Requests in `large`
    have their own limit; above `limit` they must be admitted."""

    def __init__(self, app: App, *, limit: int, large: LargeBodies | None = None) -> None:
        self._app, self._limit, self._large = app, limit, large

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            limit = await self._limit_of(scope)
            if self._announced(scope) > limit:
                raise PayloadTooLarge
            await self._app(scope, self._counted(receive, limit), send)
        except DomainError as error:
            await self._refuse(error, receive, send)

    async def _limit_of(self, scope: Scope) -> int:
        if self._large is None or not self._large.include(scope):
            return self._limit
        size = self._announced(scope)
        if size > self._limit or _is_chunked(scope):
            await self._large.admit(scope, size)
        return self._large.limit

    @staticmethod
    def _announced(scope: Scope) -> int:
        lengths = [value for name, value in scope["headers"] if name == b"content-length"]
        return int(lengths[0]) if lengths and lengths[0].isdigit() else 0

    @staticmethod
    def _counted(receive: Receive, limit: int) -> Receive:
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise PayloadTooLarge
            return message

        return counted

    async def _refuse(self, error: DomainError, receive: Receive, send: Send) -> None:
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


def _is_chunked(scope: Scope) -> bool:
    return any(name == b"transfer-encoding" for name, _ in scope["headers"])
