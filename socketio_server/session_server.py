"""The Engine.IO sessions of one process: their start, their end and their handlers."""

import asyncio
import contextlib
import inspect
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

import engineio
import structlog

from foundation.ids import random_id
from socketio_server import close_codes
from socketio_server.engine_socket import EngineSocket
from socketio_server.errors import HTTPError, ProtocolError
from socketio_server.limits import Limits
from socketio_server.origins import Origins
from socketio_server.slow_readers import SlowReaders
from socketio_server.timers import TimerQueue

log = structlog.get_logger(__name__)

SILENT_LOGGER = logging.Logger("silent", level=logging.CRITICAL + 1)
"""Drops the log messages of python-engineio and python-socketio, because they contain session ids and packets."""

AdmissionCheck = Callable[[str], bool | Awaitable[bool]]


class SessionServer(engineio.AsyncServer):
    """The part of the Engine.IO server that manages sessions.

    If `binary` is False, binary messages are malformed, unless `takes_binary(sid, data)` returns True for one.
    `on_slow_reader` is called for each slow reader that is
    aborted. `admit(address)` is called before a session is opened, with the client's address, and returns whether to
    open it. `on_session_end(address)` is called after an admitted session has ended.
    """

    admit: AdmissionCheck | None = None
    on_session_end: Callable[[str], None] | None = None
    service_task_event: asyncio.Event

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        cors_allowed_origins: Iterable[str] = (),
        binary: bool = True,
        takes_binary: Callable[[str, bytes], bool] | None = None,
        on_slow_reader: Callable[[], None] | None = None,
        **options: Any,
    ) -> None:
        self.limits = limits or Limits()
        self.binary = binary
        self._takes_binary = takes_binary
        self.draining = False
        self.slow_readers = SlowReaders(self.limits, on_slow_reader)
        self.heartbeats = TimerQueue(self._heartbeat_due)
        self._origins = Origins(cors_allowed_origins)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._all_ended = asyncio.Event()
        settings = {"async_mode": "asgi", "logger": SILENT_LOGGER, "async_handlers": False}
        super().__init__(
            ping_interval=self.limits.ping_interval,
            ping_timeout=self.limits.ping_timeout,
            max_http_buffer_size=self.limits.max_payload,
            **(options | settings),
        )

    # Beginning and ending

    async def check_admission(self, address: str) -> None:
        if self.admit is None:
            return
        admitted = self.admit(address)
        if not (await admitted if inspect.isawaitable(admitted) else admitted):
            raise HTTPError(429, 4, "Too many connections", retry_after=5)

    def generate_id(self) -> str:
        return random_id()

    def remove_session(self, socket: EngineSocket) -> None:
        if self.sockets.pop(socket.sid, None) is not None and self.on_session_end is not None:
            self.on_session_end(socket.address)
        if not self.sockets:
            self._all_ended.set()

    async def session_ended(self, socket: EngineSocket, reason: str) -> None:
        await self._trigger_event("disconnect", socket.sid, reason)
        self.remove_session(socket)

    async def disconnect(self, sid: str | None = None) -> None:
        """End one session, or all sessions."""
        for socket in list(self.sockets.values()) if sid is None else [self.sockets.get(sid)]:
            if socket is not None:
                socket.terminate(self.reason.SERVER_DISCONNECT)

    async def drain(self, seconds: float) -> None:
        """Refuse new sessions, and close the existing sessions in random order, spread over `seconds`.

        Returns when all sessions have ended and their `disconnect` handlers have run, or at the latest `close_timeout`
        after the last session was closed.
        """
        self.draining = True
        loop, sockets = asyncio.get_running_loop(), list(self.sockets.values())
        random.shuffle(sockets)
        begin = loop.time()
        for number, socket in enumerate(sockets):
            wait = begin + seconds * number / len(sockets) - loop.time()
            if wait > 0.01:
                await asyncio.sleep(wait)
            socket.terminate(self.reason.SERVER_DISCONNECT, code=close_codes.SERVICE_RESTART)
        if self.sockets:
            self._all_ended.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._all_ended.wait(), self.limits.close_timeout)

    # Handlers

    async def message_received(self, sid: str, data: str | bytes) -> None:
        if isinstance(data, bytes) and not self.binary:
            if self._takes_binary is not None and self._takes_binary(sid, data):
                return
            raise ProtocolError("Binary messages are not supported", code=close_codes.UNSUPPORTED_DATA)
        await self._trigger_event("message", sid, data)

    async def _trigger_event(self, event: str, *args: Any, run_async: bool = False) -> Any:
        """Run a handler and return its result. If it raises, log the error and return False, which refuses a `connect`.
        `ProtocolError` is raised again."""
        handler = self.handlers.get(event)
        if handler is None:
            return None
        try:
            result = handler(*args)
            return await result if inspect.isawaitable(result) else result
        except ProtocolError:
            raise
        except Exception:
            log.exception("engine_handler_failed", engine_event=event)
            return False

    # Background tasks

    def start_background_task(
        self, target: Callable[..., Coroutine[Any, Any, None]], *args: Any, **kwargs: Any
    ) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(target(*args, **kwargs))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def start_sweep(self) -> None:
        if self.start_service_task:
            self.start_service_task = False
            self.service_task_event = asyncio.Event()
            self.service_task_handle = self.start_background_task(self._service_task)

    async def _service_task(self) -> None:
        """Abort slow readers. Replaces python-engineio's task of this name, which checks heartbeats; timers check them
        here."""
        await self.slow_readers.sweep_until(self.service_task_event)

    def _heartbeat_due(self, sid: str, due: float) -> None:
        socket = self.sockets.get(sid)
        if socket is not None:
            socket.heartbeat_due(due)

    def transport(self, sid: str) -> str:
        return self._get_socket(sid).transport.name
