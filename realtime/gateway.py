"""The Socket.IO end of this process: who connects, what they may send, how they come back and how they go."""

import asyncio
import time
import uuid
from dataclasses import replace
from typing import Any

import structlog
from django.conf import settings
from socketio.exceptions import ConnectionRefusedError as Refused

from foundation.database.batching import Batcher
from foundation.database.executor import in_database
from foundation.errors import NotFound, RateLimited, Refusal, TokenRevoked, Unavailable
from foundation.ids import random_id
from foundation.json import SocketJSON
from foundation.rate_limits import LocalBucket
from realtime import metrics, recovery
from realtime.admission import APART, Admitted, Arrival, admit, enter
from realtime.background_tasks import Upkeep
from realtime.bus import bus
from realtime.client_manager import RoomManager
from realtime.connections import Connection, Connections
from realtime.dispatcher import Dispatcher
from realtime.ephemeral_states import Transient
from realtime.hooks import Identity, user_room
from realtime.membership import Joined, LocalSocket
from realtime.rate_limits import EVENTS
from realtime.recovery import Beginning, Join, Recovered
from realtime.registry import Caller
from realtime.revocation import Revocation
from realtime.token_expiry import TokenExpiry
from socketio_server import Limits, SocketServer, on_uvicorn_shutdown

log = structlog.get_logger(__name__)


class Gateway:
    """Everything that this process needs to serve sockets; `start` and `stop` belong to its event loop."""

    def __init__(self) -> None:
        self.manager = RoomManager(bus)
        self.sio = SocketServer(
            limits=Limits(),
            client_manager=self.manager,
            cors_allowed_origins=settings.SOCKET_ORIGINS,
            namespaces=["/"],
            transports=["polling", "websocket"] if settings.LONG_POLLING else ["websocket"],
            json=SocketJSON,
            on_slow_reader=metrics.slow_readers.inc,
        )
        self.rooms = self.manager.local
        self.connections = Connections()
        self.transient = Transient(self.rooms)
        self.expiry = TokenExpiry(self.sio)
        self.revocation = Revocation(self)
        self.upkeep = Upkeep(self)
        self.dispatcher = Dispatcher(self)
        self._arriving: Batcher[Arrival, Admitted] = Batcher(admit, apart=APART)
        self._entering: Batcher[Join, None] = Batcher(enter)
        self._starting = asyncio.Lock()
        self._started = self._drained = False
        self._last_committed_at = 0.0
        self.sio.on("connect", self._connect)
        self.sio.on("disconnect", self._disconnect)
        self.sio.on("*", self.dispatcher.handle)

    async def start(self) -> None:
        """Begin to listen to the bus; also called by the first connection, for servers without lifespan."""
        async with self._starting:
            if not self._started:
                await bus.start(self._receive)
                await self.upkeep.start()
                on_uvicorn_shutdown(self._drain_soon)
                self._set_gauges()
                self._started = True

    def _set_gauges(self) -> None:
        loop = asyncio.get_running_loop()
        metrics.tasks.set_function(lambda: len(asyncio.all_tasks(loop)))
        metrics.sockets.set_function(lambda: len(self.connections.by_sid))
        metrics.rooms.set_function(lambda: len(self.rooms.open))

    async def drain(self) -> None:
        """No new sockets, and the transports of the present ones closed with spread; they come back elsewhere."""
        if self._started and not self._drained:
            self._drained = True
            await self.sio.drain(settings.DRAIN_SECONDS)

    def _drain_soon(self) -> None:
        if not self._drained:
            self.upkeep.spawn(self.drain())

    async def stop(self) -> None:
        """Go down in good order, with what is known of the sockets stored."""
        if self._started:
            await self.drain()
            await self.upkeep.stop()
            await bus.stop()
            self._started = False

    # --- Connecting ---

    async def _connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> dict[str, str]:
        await self.start()
        begun = self.revocation.begin()
        address = environ.get("REMOTE_ADDR", "")
        # Kept as long as the client stays, in case it leaves and enters again; a browser says a lot beside this.
        environ.clear()
        environ["REMOTE_ADDR"] = address
        try:
            identity, recovered = await self._arriving.submit(Arrival(auth, address))
            return {"pid": await self._enter(sid, identity, recovered, begun)}
        except Refusal as refusal:
            self._send_back(sid, refusal)
            raise Refused(refusal.message, _refusal_data(refusal)) from None
        except Exception as fault:
            log.warning("connect_failed", error=type(fault).__name__)
            self._send_back(sid, Unavailable())
            raise Refused(Unavailable.default_message, {"code": Unavailable.code}) from None

    def _send_back(self, sid: str, refusal: Refusal) -> None:
        """Have a client try again later where that may help: after a CONNECT_ERROR the stock one does not."""
        if isinstance(refusal, Unavailable):
            self.sio.close_transport(sid)

    async def _enter(self, sid: str, identity: Identity, recovered: Recovered | None, begun: float) -> str:
        """Answers the `pid`. What is sent to the socket in here leaves only when it has been accepted."""
        user_id = identity.user.pk
        socket = LocalSocket(sid, self.manager.eio_sid_from_sid(sid, "/"), user_id)
        self.manager.sockets[sid] = socket
        own = user_room(user_id)
        if recovered and await self.rooms.rejoin(socket, recovered.positions):
            seq = recovered.positions[own]
            beginning = Beginning(recovered.pid, user_id, self.connections.process_id, seq, is_new=False)
        else:
            joined = await self.rooms.join(socket, own, after=None)
            beginning = Beginning(random_id(), user_id, self.connections.process_id, joined.seq)
        self._check_nothing_ended(socket, identity, begun)
        caller = Caller(sid, user_id, identity.user, identity.session_id)
        connection = Connection(socket, caller, beginning, identity.expires_at, LocalBucket(*EVENTS))
        self.connections.add(connection)
        self.expiry.watch(connection)
        return beginning.pid

    def _check_nothing_ended(self, socket: LocalSocket, identity: Identity, begun: float) -> None:
        """Of the rights that were read when the client came, none may have ended in the meantime."""
        if self.revocation.has_ended(identity.session_id, begun):
            raise TokenRevoked
        if any(self.revocation.has_ended((socket.user_id, room), begun) for room in socket.rooms):
            raise Unavailable  # it may come again at once, and gets what it may have

    async def _disconnect(self, sid: str, reason: str) -> None:
        connection = self.connections.remove(sid)
        if connection is not None:
            self.transient.end_all(connection.socket)

    # --- What commands use ---

    async def join(self, caller: Caller, room: str, after: int | None) -> Joined:
        """Put the caller's socket into a room that it may enter, and remember that for its return.

        Raises `NotFound` where it may not.
        """
        connection, begun = self.connections.by_sid[caller.sid], self.revocation.begin()

        async def record(seq: int) -> None:
            await self._entering.submit(Join(connection.beginning, room, seq))

        def check() -> None:
            if self.revocation.has_ended((caller.user_id, room), begun):
                raise NotFound

        return await self.rooms.join(connection.socket, room, after=after, enter=record, check=check)

    async def leave(self, caller: Caller, room: str) -> None:
        connection = self.connections.by_sid[caller.sid]
        self.transient.end_in(connection.socket, room)
        self.rooms.leave(connection.socket, room)
        await in_database(recovery.store_leave, connection.beginning.pid, room)

    def is_in(self, caller: Caller, room: str) -> bool:
        return room in self.connections.by_sid[caller.sid].socket.rooms

    async def join_own(self, caller: Caller, after: int | None) -> Joined:
        """The user's own room, which each socket is in from the start; with `after`, what was missed is sent."""
        socket = self.connections.by_sid[caller.sid].socket
        return await self.rooms.join(socket, user_room(caller.user_id), after=after)

    def begin(self, caller: Caller, room: str, **terms: Any) -> bool:
        """A state of the caller that ends by itself; see `Transient.begin`."""
        return self.transient.begin(self.connections.by_sid[caller.sid].socket, room, **terms)

    def end(self, caller: Caller, room: str) -> None:
        self.transient.end_in(self.connections.by_sid[caller.sid].socket, room)

    def renew(self, caller: Caller, identity: Identity) -> None:
        """The socket goes on under another token of the same user."""
        connection = self.connections.by_sid[caller.sid]
        connection.caller = replace(caller, user=identity.user, session_id=identity.session_id)
        self.expiry.renew(connection, identity.expires_at)

    # --- From the bus ---

    def _receive(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "room.events":
            self.rooms.offer(message["room"], message["events"])
            self._time_delivery(message["at"])
        elif kind == "room.ephemeral":
            self.rooms.broadcast(message["room"], message["event"], message["data"], message["skip_user"])
        elif kind == "room.grown":
            self.rooms.grown(message["room"])
        elif kind == "control.beat":
            self.upkeep.heard(message["process"])
        elif kind == "control.revoke":
            self.revocation.end_sessions({uuid.UUID(one) for one in message["sessions"]})
        elif kind == "control.expel":
            self.revocation.expel(uuid.UUID(message["user"]), message["room"])

    def _time_delivery(self, committed_at: float) -> None:
        """Once for all rooms of a commit, whose hints come together."""
        if committed_at != self._last_committed_at:
            self._last_committed_at = committed_at
            metrics.delivery_lag.observe(max(0.0, time.time() - committed_at))


def _refusal_data(refusal: Refusal) -> dict[str, Any]:
    data: dict[str, Any] = {"code": refusal.code}
    if isinstance(refusal, RateLimited):
        data["retry_after"] = refusal.retry_after
    return data


gateway = Gateway()
