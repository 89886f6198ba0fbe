"""The sessions of one process: who may open one, what is called when it begins and ends, and who is cut."""

import asyncio
import contextlib
import inspect
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from operator import itemgetter
from typing import Any

import engineio
import structlog

from foundation.ids import random_id
from socketio_server.asgi_request import Refused
from socketio_server.engine_socket import EngineSocket
from socketio_server.limits import Limits
from socketio_server.origins import Origins
from socketio_server.packets import ProtocolError
from socketio_server.tcp import Wire
from socketio_server.timers import TimerQueue

log = structlog.get_logger(__name__)

SILENT = logging.Logger("silent", level=logging.CRITICAL + 1)
"""python-engineio and python-socketio log session ids and packet bodies. What they are given here is not heard."""

_RESTART = 1012
_SWEEP = 0.5

Admit = Callable[[str], bool | Awaitable[bool]]


class SessionServer(engineio.AsyncServer):
    """`binary` false refuses binary messages. `on_slow_reader` is called for each slow reader that is cut.

    `admit` is asked, with the client's address, before a session is made; `release` is called with that address
    when a session that was admitted has ended.
    """

    admit: Admit | None = None
    release: Callable[[str], None] | None = None
    service_task_event: asyncio.Event

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        cors_allowed_origins: Iterable[str] = (),
        binary: bool = True,
        on_slow_reader: Callable[[], None] | None = None,
        **options: Any,
    ) -> None:
        self.limits = limits or Limits()
        self.binary = binary
        self.draining = False
        self.slow_readers = 0
        self.malformed = 0
        self._on_slow_reader = on_slow_reader
        self._origins = Origins(cors_allowed_origins)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._unread: list[Wire] = []
        self._behind: set[EngineSocket] = set()
        """The sessions for whose clients something waits, as far as is known."""
        self._empty = asyncio.Event()
        self.heartbeats = TimerQueue(self._heartbeat_due)
        settings = {"async_mode": "asgi", "logger": SILENT, "async_handlers": False}
        super().__init__(
            ping_interval=self.limits.ping_interval,
            ping_timeout=self.limits.ping_timeout,
            max_http_buffer_size=self.limits.max_payload,
            **(options | settings),
        )

    # Opening and ending

    async def check_admission(self, address: str) -> None:
        if self.admit is None:
            return
        admitted = self.admit(address)
        if not (await admitted if inspect.isawaitable(admitted) else admitted):
            raise Refused(429, 4, "Too many connections")

    def generate_id(self) -> str:
        return random_id()

    def forget(self, socket: EngineSocket) -> None:
        if self.sockets.pop(socket.sid, None) is not None and self.release is not None:
            self.release(socket.address)
        if not self.sockets:
            self._empty.set()

    def _heartbeat_due(self, sid: str, due: float) -> None:
        socket = self.sockets.get(sid)
        if socket is not None:
            socket.heartbeat_due(due)

    async def message_received(self, sid: str, data: str | bytes) -> None:
        if isinstance(data, bytes) and not self.binary:
            raise ProtocolError("Binary is not taken here", code=1003)
        await self._trigger_event("message", sid, data)

    async def _trigger_event(self, event: str, *args: Any, run_async: bool = False) -> Any:
        """Run a handler to its end. What it raises is logged, but for `ProtocolError`; a failed `connect` refuses."""
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

    async def session_ended(self, socket: EngineSocket, reason: str) -> None:
        await self._trigger_event("disconnect", socket.sid, reason)
        self.forget(socket)

    def start_background_task(
        self, target: Callable[..., Coroutine[Any, Any, None]], *args: Any, **kwargs: Any
    ) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(target(*args, **kwargs))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # Keeping order

    def transport(self, sid: str) -> str:
        return self._get_socket(sid).transport.name

    async def disconnect(self, sid: str | None = None) -> None:
        """End one session, or all."""
        for socket in list(self.sockets.values()) if sid is None else [self.sockets.get(sid)]:
            if socket is not None:
                socket.terminate(self.reason.SERVER_DISCONNECT)

    def slow_reader(self) -> None:
        self.slow_readers += 1
        if self._on_slow_reader is not None:
            self._on_slow_reader()

    def falls_behind(self, socket: EngineSocket) -> None:
        """Something waits for a client: from now on it is watched whether it reads."""
        self._behind.add(socket)

    def start_sweeping(self) -> None:
        if self.start_service_task:
            self.start_service_task = False
            self.service_task_event = asyncio.Event()
            self.service_task_handle = self.start_background_task(self._service_task)

    async def _service_task(self) -> None:
        """Cut who reads nothing."""
        loop = asyncio.get_running_loop()
        while not self.service_task_event.is_set():
            self._cut_stalled(loop.time())
            self._unread = [wire for wire in self._unread if self._still_unread(wire, loop.time())]
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.service_task_event.wait(), _SWEEP)

    def _cut_stalled(self, now: float) -> None:
        """Who has taken nothing for too long; before that, where all hold too much together, the worst of them."""
        total, idle = 0, []
        for socket in list(self._behind):
            seconds, size = socket.stalled_for(now), socket.queued_bytes
            if not size or socket.sid not in self.sockets:
                self._behind.discard(socket)
                continue
            if seconds > self.limits.queue_stall:
                socket.cut_slow_reader()
                continue
            total += size
            if seconds >= self.limits.queue_grace:
                idle.append((size, socket))
        for size, socket in sorted(idle, key=itemgetter(0), reverse=True):
            if total <= self.limits.total_bytes:
                break
            socket.cut_slow_reader()
            total -= size

    def _still_unread(self, wire: Wire, now: float) -> bool:
        """Watch the answer to a poll: a connection that takes nothing of it is cut, whoever else uses it."""
        if wire.stuck_for(now) > self.limits.queue_stall:
            self.slow_reader()
            wire.abort()
            return False
        return wire.buffered() > 0

    async def drain(self, seconds: float) -> None:
        """Refuse new sessions, and close the present ones spread over the time, in no order.

        Returns when all have ended, their `disconnect` handlers included, or `close_timeout` after the last.
        """
        self.draining = True
        loop, sockets = asyncio.get_running_loop(), list(self.sockets.values())
        random.shuffle(sockets)
        begin = loop.time()
        for number, socket in enumerate(sockets):
            wait = begin + seconds * number / len(sockets) - loop.time()
            if wait > 0.01:
                await asyncio.sleep(wait)
            socket.terminate(self.reason.SERVER_DISCONNECT, code=_RESTART)
        if self.sockets:
            self._empty.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), self.limits.close_timeout)
