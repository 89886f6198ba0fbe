"""Runs Django under ASGI, with one thread for each request."""

from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from foundation.database.executor import in_request
from foundation.file_streams import FileStream
from socketio_server import closing_stalled, refuse_websocket
from stoory.health import HEALTH_VIEWS


async def answer_lifespan(receive: Any, send: Any) -> None:
    """Report that the start and the end of the server are complete."""
    for phase in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{phase}.complete"})


class Handler(ASGIHandler):
    """Runs each request in a thread of the pool. All views and middleware are synchronous, so one thread can run a
    whole request. Django's own handler would start a new thread for each request.

    WebSocket handshakes get status 404, because only Socket.IO uses WebSockets. A lifespan is answered, and scopes of
    unknown protocols end quietly.

    Probes run in a separate thread, so they work while all threads of the pool wait for the database.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await refuse_websocket(scope, receive, send)
        elif scope["type"] == "lifespan":
            await answer_lifespan(receive, send)
        elif scope["type"] == "http" and scope["path"] not in HEALTH_VIEWS:
            await self.handle(scope, receive, send)
        elif scope["type"] == "http":
            await super().__call__(scope, receive, send)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info in HEALTH_VIEWS:
            return await sync_to_async(self.get_response)(request)
        return await in_request(self.get_response, request)

    async def send_response(self, response: HttpResponseBase, send: Any) -> None:
        if not isinstance(response, FileStream):
            await super().send_response(response, send)
            return
        async with closing_stalled(send, settings.DOWNLOAD_STALL_SECONDS) as watched:
            await super().send_response(response, watched)
