"""Runs Django under ASGI, with one thread for each request."""

from io import BytesIO
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.signals import request_started
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from foundation.body_streams import BodyResponse, ClientGone, received_parts
from foundation.database.executor import in_request
from foundation.file_streams import FileStream
from socketio_server import closing_stalled, refuse_websocket
from stoory.health import HEALTH_VIEWS

RESUMABLE_UPLOADS = "/api/uploads/resumable"


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
        elif scope["type"] == "http" and scope["path"].startswith(RESUMABLE_UPLOADS):
            await self._handle_resumable_upload(_with_overridden_method(scope), receive, send)
        elif scope["type"] == "http" and scope["path"] not in HEALTH_VIEWS:
            await self.handle(scope, receive, send)
        elif scope["type"] == "http":
            await super().__call__(scope, receive, send)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info in HEALTH_VIEWS:
            return await sync_to_async(self.get_response)(request)
        return await in_request(self.get_response, request)

    async def _handle_resumable_upload(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Call the view with the head of the request, and let its response handle the body as it arrives."""
        set_script_prefix(get_script_prefix(scope))
        await request_started.asend(sender=self.__class__, scope=scope)
        request, error = self.create_request(scope, BytesIO())
        response = error if request is None else await self.run_get_response(request)
        assert response is not None
        try:
            if isinstance(response, BodyResponse):
                await response.receive(received_parts(receive, settings.TRANSFER_STALL_SECONDS))
            await self.send_response(response, send)
        except ClientGone:
            pass
        finally:
            await sync_to_async(response.close)()

    async def send_response(self, response: HttpResponseBase, send: Any) -> None:
        if not isinstance(response, FileStream):
            await super().send_response(response, send)
            return
        async with closing_stalled(send, settings.TRANSFER_STALL_SECONDS) as watched:
            await super().send_response(response, watched)


def _with_overridden_method(scope: dict[str, Any]) -> dict[str, Any]:
    """Return the scope with the method of `X-HTTP-Method-Override`, for clients that cannot send every method."""
    methods = [value for name, value in scope["headers"] if name == b"x-http-method-override"]
    return {**scope, "method": methods[0].decode("latin-1").upper()} if methods else scope
