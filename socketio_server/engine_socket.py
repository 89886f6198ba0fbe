"""One Engine.IO session: its heartbeat, its send queue, its end."""

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from engineio import packet as eio
from engineio.async_socket import AsyncSocket

from socketio_server.packets import ProtocolError, byte_size, read_frame
from socketio_server.send_queue import Outbox
from socketio_server.transports import NOOP, PollingTransport, Transport, WebSocketTransport

if TYPE_CHECKING:
    from socketio_server.engine_server import EngineServer

_PING = str(eio.PING)
_PONG = str(eio.PONG)
_MESSAGE = str(eio.MESSAGE)

_INBOX = 32
"""Frames of one client that may wait to be handled before its connection is not read any more."""

_END = object()
"""Stands in the inbox for the end of the connection."""

NORMAL = 1000


class EngineSocket(AsyncSocket):
    """A session of `EngineServer`.

    Frames come in through `receive_frame`, one at a time and in order, packets go out through `enqueue`, which
    never waits. `transport` may change once, from polling to WebSocket. The end of a session is `terminate`:
    nothing is sent or handled after it, and the `disconnect` handler runs when the handler that may be running
    has returned.
    """

    server: "EngineServer"
    transport: Transport
    """There from when it is `connected` on."""

    def __init__(self, server: "EngineServer", sid: str, environ: dict[str, Any]) -> None:
        # AsyncSocket's own constructor is not called: all it makes beside these is an unbounded queue.
        self.server, self.sid = server, sid
        self.session: dict[str, Any] = {}
        self.connected = self.upgrading = self.upgraded = self.closing = self.closed = False
        self.address: str = environ["REMOTE_ADDR"]
        self.outbox = Outbox()
        self.candidate: WebSocketTransport | None = None
        self._loop = asyncio.get_running_loop()
        self._turn = asyncio.Lock()
        self.posting = False
        self.posted: tuple[str, bytes] | None = None
        """How the stock client marked the last request with data, and the data."""
        self._due = 0.0
        """When the heartbeat goes on, if nothing comes before."""
        self._awaits_pong = False
        self._in_grace = False
        self._inbox: deque[Any] | None = None
        self._feeder: asyncio.Task[None] | None = None
        """Handles what is in the inbox; there is one as long as there is the other."""

    # Out

    def enqueue(self, packet: eio.Packet) -> None:
        """Queue an Engine.IO packet; see `put`."""
        self.put(packet.encode())

    def enqueue_text(self, text: str) -> None:
        """Queue an encoded Socket.IO packet; see `put`."""
        self.put(_MESSAGE + text)

    async def send(self, pkt: eio.Packet) -> None:
        self.put(pkt.encode())

    def put(self, frame: str | bytes) -> None:
        """Queue an encoded Engine.IO frame. Never waits; what is sent to a session that has ended is dropped.

        A queue over the limits ends the session by closing its transport, so that the client comes back.
        """
        if self.closing or not self.connected:
            return
        if self.transport.immediate:
            self.transport.write(frame)
            return
        self.outbox.put(frame, byte_size(frame), self._loop.time())
        self.transport.wake()
        self.check_queue()

    def check_queue(self) -> None:
        """End the session if too much waits for its client; asked whenever more does."""
        limits = self.server.limits
        self.server.falls_behind(self)
        if self._exceeds(limits.queue_packets, limits.queue_bytes):
            if self._exceeds(limits.burst_packets, limits.burst_bytes):
                self.cut_slow_reader()
            elif not self._in_grace:
                self._give_grace()

    def _queued(self) -> tuple[int, int]:
        """Packets and bytes that have not left."""
        return len(self.outbox) + self.transport.unsent(), self.outbox.bytes + self.transport.buffered()

    def _exceeds(self, packets: int, size: int) -> bool:
        queued_packets, queued_bytes = self._queued()
        return queued_packets > packets or queued_bytes > size

    def _give_grace(self) -> None:
        self._in_grace = True
        self._loop.call_later(self.server.limits.queue_grace, self._end_grace, *self._queued())

    def _end_grace(self, packets: int, size: int) -> None:
        """`packets` and `size` are how long the queue was when the grace began."""
        self._in_grace = False
        limits = self.server.limits
        if self.closing or not self._exceeds(limits.queue_packets, limits.queue_bytes):
            return
        queued_packets, queued_bytes = self._queued()
        if queued_packets < packets or queued_bytes < size:
            self._give_grace()
        else:
            self.cut_slow_reader()

    def stalled_for(self, now: float) -> float:
        """Seconds for which the client has taken nothing of what waits for it. Asked at a steady pace."""
        return max(self.outbox.age(now), self.transport.stuck_for(now))

    @property
    def queued_bytes(self) -> int:
        return self._queued()[1]

    def cut_slow_reader(self) -> None:
        if not self.closing:
            self.server.slow_reader()
            self.terminate(self.server.reason.TRANSPORT_ERROR, abort=True)

    # In

    def feed(self, frame: str | bytes) -> None:
        """Take a frame from a transport that does not wait: it is handled in its turn, by a task that lives only as
        long as there is something to handle."""
        if self._inbox is None:
            if frame == _PONG:
                self._pong()
                return
            self._inbox = deque()
            self._feeder = self._loop.create_task(self._handle_inbox())
        self._inbox.append(frame)
        if len(self._inbox) == _INBOX and self.transport.immediate:
            self.transport.pause_reading()

    def lost(self) -> None:
        """The transport that feeds the session is gone. What it brought before is handled first."""
        if self._inbox is None:
            self.terminate(self.server.reason.TRANSPORT_CLOSE)
        else:
            self._inbox.append(_END)

    async def _handle_inbox(self) -> None:
        try:
            while self._inbox and not self.closing:
                frame = self._inbox.popleft()
                if frame is _END:
                    self.terminate(self.server.reason.TRANSPORT_CLOSE)
                else:
                    await self.server.receive(self, frame)
                if len(self._inbox) == _INBOX // 2 and self.transport.immediate:
                    self.transport.resume_reading()
        finally:
            self._inbox = self._feeder = None

    async def receive_frame(self, frame: str | bytes) -> None:
        """Handle one frame to its end. Raises `ProtocolError` where it is malformed.

        While a handler runs the next frame is not read, so the client's answer to a ping may wait behind it:
        that time is not counted against the client.
        """
        async with self._turn:
            if not self.closing:
                kind, data = read_frame(frame)
                if kind == eio.MESSAGE:
                    await self.server.message_received(self.sid, data)
                else:
                    self._obey(kind)
        if self._awaits_pong and self._loop.time() > self._due:
            self._expect_pong(self._loop.time() + self.server.ping_timeout)

    def _obey(self, kind: int) -> None:
        if kind == eio.PONG:
            self._pong()
        elif kind == eio.CLOSE:
            self._closed_by_client()
        else:
            raise ProtocolError("This packet is not sent by a client here")

    def _closed_by_client(self) -> None:
        if isinstance(self.transport, PollingTransport):
            self.transport.release(NOOP)
        self.terminate(self.server.reason.CLIENT_DISCONNECT)

    # Heartbeat

    def start_heartbeat(self) -> None:
        self._awaits_pong = False
        self._go_on(self._loop.time() + self.server.ping_interval)

    def _go_on(self, due: float) -> None:
        self._due = due
        self.server.heartbeats.add(due, self.sid)

    def heartbeat_due(self, due: float) -> None:
        """Called at each moment that the heartbeat was to go on at, whatever has come since."""
        if due != self._due or self.closing:
            return
        if self._awaits_pong:
            self._pong_missing(due)
        else:
            self._expect_pong(due + self.server.ping_timeout)
            self.put(_PING)

    def _expect_pong(self, due: float) -> None:
        self._awaits_pong = True
        self._go_on(due)

    def _pong(self) -> None:
        if self._awaits_pong:
            self.start_heartbeat()

    def _pong_missing(self, due: float) -> None:
        if self._turn.locked():
            return
        late = self._loop.time() - due
        if late > 0.05:
            # This process was held up, so the answer may have arrived and not been read.
            self._expect_pong(self._loop.time() + min(late, self.server.ping_timeout))
        else:
            self.terminate(self.server.reason.PING_TIMEOUT)

    @property
    def overdue(self) -> bool:
        """Whether the client has not answered a ping in time, even if nobody has noticed yet."""
        return self._awaits_pong and self._loop.time() >= self._due and not self._turn.locked()

    # End

    def terminate(self, reason: str, *, code: int = NORMAL, abort: bool = False) -> None:
        """End the session and close its transport. `abort` does not wait for what is queued."""
        if self.closing:
            return
        self.closing = True
        if self.candidate is not None:
            self.candidate.abort()
        if self.connected:
            if abort:
                self.transport.abort()
            else:
                self.transport.close(code, self.server.limits.close_timeout)
        self.server.start_background_task(self._finish, reason)

    async def _finish(self, reason: str) -> None:
        async with self._turn:
            await self.server.session_ended(self, reason)
        self.closed = True

    async def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """python-engineio's way to end a session. It does not wait for the `disconnect` handler."""
        self.terminate(reason or self.server.reason.SERVER_DISCONNECT, abort=abort)

    # Changing the transport

    def upgrade_to(self, transport: Transport) -> None:
        polling, self.transport = self.transport, transport
        self.upgraded = True
        if isinstance(polling, PollingTransport):
            polling.release(NOOP)
        if self.outbox:
            transport.wake()

    async def check_ping_timeout(self) -> bool:
        """The heartbeat is kept by `heartbeat_due`, on the monotonic clock."""
        return not self.closing
