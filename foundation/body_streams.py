"""Responses to requests whose bodies are handled as they arrive, instead of being stored first."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any, ClassVar

from django.http import HttpResponse

from foundation.errors import DomainError

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class ClientGone(Exception):
    """The client closed the connection before the body was complete."""


class RequestTimeout(DomainError):
    """The client sent nothing for too long."""

    code: ClassVar[str] = "request_timeout"
    status: ClassVar[int] = 408
    default_message: ClassVar[str] = "The request took too long."


async def received_parts(receive: Receive, seconds: float) -> AsyncIterator[bytes]:
    """Yield the parts of a body as they arrive over ASGI. Raises `ClientGone`, and `RequestTimeout` if nothing arrives
    for `seconds`."""
    more = True
    while more:
        try:
            event = await asyncio.wait_for(receive(), seconds)
        except TimeoutError:
            raise RequestTimeout from None
        if event["type"] == "http.disconnect":
            raise ClientGone
        more = event.get("more_body", False)
        if event.get("body"):
            yield event["body"]


class BodyResponse(HttpResponse):
    """The response of a view to the head of a request. The server calls `receive` with the body, then sends the
    response."""

    async def receive(self, parts: AsyncIterator[bytes]) -> None:
        """Handle the body, and complete this response. Raises `ClientGone`, after which nothing is sent."""
        raise NotImplementedError

    def replace(self, other: Any) -> None:
        """Become another response, with its status, content and headers."""
        self.status_code, self.content = other.status_code, other.content
        for name, value in other.headers.items():
            self[name] = value
