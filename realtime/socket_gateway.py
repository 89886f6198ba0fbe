"""The Socket.IO gateway of this process: clients connect, recover, join rooms and disconnect through it."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import structlog
from django.conf import settings
from socketio.exceptions import ConnectionRefusedError as Refused

from foundation.database.batching import Batcher
from foundation.database.executor import in_database
from foundation.errors import DomainError, Invalid, NotFound, RateLimited, TokenRevoked, Unavailable
from foundation.ids import random_id
from foundation.json import NestedTooDeeply, SocketJSON
from foundation.rate_limits import LocalBucket
from realtime import bus_heartbeat, metrics, recovery, revocation, user_rooms, wakeups
from realtime.admission import ADMISSION_INTERVAL, AdmittedClient, ConnectRequest, admit, admit_to_rooms
from realtime.background_tasks import BackgroundTasks, log_errors
from realtime.bus_heartbeat import BusHeartbeat
from realtime.client_manager import RoomManager
from realtime.connections import Connection, Connections
from realtime.declarations import Caller
from realtime.dispatcher import Dispatcher
from realtime.ephemeral_states import EphemeralStates
from realtime.event_log import Replayed, ReplayRequest
from realtime.hooks import Identity, user_room
from realtime.membership import Joined, LocalSocket
from realtime.presence_announcements import PresenceAnnouncer
from realtime.processes import HEARTBEAT, ProcessHeartbeat
from realtime.pubsub import REFRESH_INTERVAL, bus
from realtime.rate_limits import EVENTS
from realtime.recovery import LEFT, Recovered, RoomJoin, SessionRecord
from realtime.revocation import Revocation
from realtime.token_expiry import TokenExpiry
from socketio_server import TOO_DEEP, Limits, SocketServer, on_uvicorn_shutdown

log = structlog.get_logger(__name__)

STOP_TIMEOUT = 3.0
"""Seconds for which a stopping process waits for the database: first to store the ended connections, then to retire."""


class Gateway:
    """The parts of a process that serve sockets. `start` and `stop` must run in the same event loop."""

    def __init__(self) -> None:
        self._manager = RoomManager(bus)
        self.sio = SocketServer(
            limits=Limits(),
            client_manager=self._manager,
            cors_allowed_origins=settings.SOCKET_ORIGINS,
            namespaces=["/"],
            transports=["polling", "websocket"] if settings.LONG_POLLING else ["websocket"],
            json=SocketJSON,
            on_slow_reader=metrics.slow_readers.inc,
        )
        self._rooms = self._manager.local
        self._tasks = BackgroundTasks()
        announcer = PresenceAnnouncer(self._tasks.spawn)
        self._connections = Connections(announcer, self._tasks.spawn)
        self._states = EphemeralStates(self._rooms)
        self._expiry = TokenExpiry(self.sio)
        self._revocation = Revocation(
            connections=self._connections,
            rooms=self._rooms,
            states=self._states,
            sio=self.sio,
            spawn=self._tasks.spawn,
        )
        self._bus_heartbeat = BusHeartbeat(self._connections.process_id, on_recovered=self._sweep_soon)
        self._process_heartbeat = ProcessHeartbeat(self._connections.process_id, announcer)
        self._periodic: list[tuple[float, Callable[[], Awaitable[Any]]]] = [
            (settings.ROOM_SWEEP_SECONDS, self._rooms.sweep),
            (bus_heartbeat.INTERVAL, self._bus_heartbeat.send),
            (HEARTBEAT.total_seconds(), self._process_heartbeat.beat),
            (revocation.CHECK_INTERVAL, self._revocation.check),
            (REFRESH_INTERVAL, bus.refresh),
        ]
        self._admissions: Batcher[ConnectRequest, AdmittedClient] = Batcher(admit, interval=ADMISSION_INTERVAL)
        self._joins: Batcher[RoomJoin, Replayed] = Batcher(admit_to_rooms)
        self._companions: list[tuple[Callable[[], None], Callable[[], None]]] = []
        self._starting = asyncio.Lock()
        self._started = False
        self._draining: asyncio.Task[None] | None = None
        self._last_committed_at = 0.0
        self.sio.on("connect", self._connect)
        self.sio.on("disconnect", self._disconnect)
        self.sio.on("*", Dispatcher(self._connections, self.sio).handle)

    # --- Starting and stopping ---

    def accompany(self, start: Callable[[], None], stop: Callable[[], None]) -> None:
        """Call `start` when this process begins to serve, and `stop` when it begins to shut down. `stop` runs in a
        thread, and the process waits for it. Call this before `start`."""
        self._companions.append((start, stop))

    async def start(self) -> None:
        """Subscribe to the bus and start the background tasks. The first connection also calls it, because some servers
        do not support the ASGI lifespan protocol."""
        async with self._starting:
            if not self._started:
                await bus.start(self._receive)
                await self._bus_heartbeat.start()
                await self._process_heartbeat.start()
                for seconds, work in self._periodic:
                    self._tasks.run_every(seconds, work)
                for start, _ in self._companions:
                    start()
                on_uvicorn_shutdown(self._drain_soon)
                self._set_gauges()
                self._started = True

    def _sweep_soon(self) -> None:
        self._tasks.spawn(log_errors(self._rooms.sweep()))

    def _set_gauges(self) -> None:
        loop = asyncio.get_running_loop()
        metrics.tasks.set_function(lambda: len(asyncio.all_tasks(loop)))
        metrics.sockets.set_function(lambda: len(self._connections.by_sid))
        metrics.rooms.set_function(lambda: len(self._rooms.open))

    @property
    def bus_is_alive(self) -> bool:
        """Whether this process receives its own messages over the bus."""
        return self._bus_heartbeat.is_alive

    async def drain(self) -> None:
        """Refuse new sockets, and close the transports of the existing sockets one by one. The clients reconnect to
        another process. Meanwhile, the companions of this process stop."""
        if self._started:
            self._draining = self._draining or self._tasks.spawn(self._drain())
            await asyncio.shield(self._draining)

    async def _drain(self) -> None:
        stopping = [asyncio.to_thread(stop) for _, stop in self._companions]
        await asyncio.gather(self.sio.drain(settings.DRAIN_SECONDS), *stopping)

    def _drain_soon(self) -> None:
        self._tasks.spawn(self.drain())

    async def stop(self) -> None:
        """Drain, store the ended connections, and stop the background tasks. Other processes announce the users who
        went offline."""
        if self._started:
            await self.drain()
            await self._connections.wait_until_stored(STOP_TIMEOUT)
            await self._tasks.cancel()
            await self._process_heartbeat.stop(STOP_TIMEOUT)
            await bus.stop()
            self._started, self._draining = False, None

    # --- Connecting ---

    async def _connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> dict[str, str]:
        await self.start()
        checked_from = self._revocation.begin()
        address = environ.get("REMOTE_ADDR", "")
        # Only the address is needed later, and the server keeps the environ until the client disconnects.
        environ.clear()
        environ["REMOTE_ADDR"] = address
        try:
            if auth is TOO_DEEP:
                raise Invalid(str(NestedTooDeeply()))
            request = ConnectRequest(auth, address)
            pid = await self._enter(sid, *await self._admissions.submit(request), checked_from, request.has_offsets)
            return {"pid": pid} if request.has_offsets else {}
        except DomainError as error:
            self._close_if_unavailable(sid, error)
            raise Refused(error.message, _error_data(error)) from None
        except Exception as error:
            log.warning("connect_failed", error=type(error).__name__)
            self._close_if_unavailable(sid, Unavailable())
            raise Refused(Unavailable.default_message, {"code": Unavailable.code}) from None

    def _close_if_unavailable(self, sid: str, error: DomainError) -> None:
        """Close the transport if a retry can succeed, because the stock client does not retry after a CONNECT_ERROR."""
        if isinstance(error, Unavailable):
            self.sio.close_transport(sid)

    async def _enter(
        self, sid: str, identity: Identity, recovered: Recovered | None, checked_from: float, has_offsets: bool
    ) -> str:
        """Add the socket to its rooms and return its `pid`. Replayed events are sent after the CONNECT response."""
        user_id = identity.user.pk
        socket = LocalSocket(sid, self._manager.eio_sid_from_sid(sid, "/"), user_id, has_offsets)
        self._manager.sockets[sid] = socket
        own = user_room(user_id)
        if recovered and await self._rooms.rejoin(socket, recovered.positions):
            seq = recovered.positions.get(own, LEFT)
            session = SessionRecord(recovered.pid, user_id, self._connections.process_id, seq, is_new=False)
        else:
            joined = await self._rooms.join(socket, own, after=None)
            session = SessionRecord(random_id(), user_id, self._connections.process_id, joined.seq)
        self._check_nothing_ended(socket, identity, checked_from)
        caller = Caller(sid, user_id, identity.user, identity.session_id)
        connection = Connection(socket, caller, session, identity.expires_at, LocalBucket(*EVENTS))
        self._connections.add(connection)
        self._expiry.watch(connection)
        return session.pid

    def _check_nothing_ended(self, socket: LocalSocket, identity: Identity, checked_from: float) -> None:
        """Raise an error if a right has ended since it was read for this connection."""
        if self._revocation.has_ended(identity.session_id, checked_from):
            raise TokenRevoked
        if any(self._revocation.has_ended((socket.user_id, room), checked_from) for room in socket.rooms):
            raise Unavailable  # the client reconnects, and recovers the rooms that it may still enter

    async def _disconnect(self, sid: str, reason: str) -> None:
        connection = self._connections.remove(sid)
        if connection is not None:
            self._states.end_all(connection.socket)

    # --- For commands ---

    async def join(self, caller: Caller, room: str, after: int | None) -> Joined:
        """Add the caller's socket to a room, and store the join for recovery.

        With `after`, all events after that `seq` are replayed first. Raises `NotFound` if the caller may not enter the
        room.
        """
        connection, checked_from = self._connections.by_sid[caller.sid], self._revocation.begin()

        def admit(position: int, request: ReplayRequest | None) -> Awaitable[Replayed]:
            return self._joins.submit(RoomJoin(connection.session, room, position, request))

        def check() -> None:
            if self._revocation.has_ended((caller.user_id, room), checked_from):
                raise NotFound

        return await self._rooms.join(connection.socket, room, after=after, admit=admit, check_rights=check)

    async def leave(self, caller: Caller, room: str) -> None:
        connection = self._connections.by_sid[caller.sid]
        self._states.end_in(connection.socket, room)
        self._rooms.leave(connection.socket, room)
        await in_database(recovery.delete_join, connection.session.pid, room)

    def is_in(self, caller: Caller, room: str) -> bool:
        return room in self._connections.by_sid[caller.sid].socket.rooms

    async def join_user_room(self, caller: Caller, after: int | None) -> Joined:
        """Add the caller's socket to the user's own room; see `user_rooms.join`."""
        return await user_rooms.join(self._rooms, self._connections.by_sid[caller.sid], after)

    async def leave_user_room(self, caller: Caller) -> None:
        """Remove the caller's socket from the user's own room; see `user_rooms.leave`."""
        await user_rooms.leave(self._rooms, self._connections.by_sid[caller.sid])

    def begin_state(self, caller: Caller, room: str, **terms: Any) -> bool:
        """Begin an ephemeral state of the caller; see `EphemeralStates.begin`."""
        return self._states.begin(self._connections.by_sid[caller.sid].socket, room, **terms)

    def end_state(self, caller: Caller, room: str) -> None:
        self._states.end_in(self._connections.by_sid[caller.sid].socket, room)

    def renew(self, caller: Caller, identity: Identity) -> None:
        """Replace the token of the caller's socket with another token of the same user."""
        connection = self._connections.by_sid[caller.sid]
        connection.caller = replace(caller, user=identity.user, session_id=identity.session_id)
        self._expiry.renew(connection, identity.expires_at)

    # --- From the bus ---

    def _receive(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "room.events":
            self._rooms.handle_hint(message["room"], message["events"])
            self._time_delivery(message["at"])
        elif kind == "room.ephemeral":
            self._rooms.broadcast(message["room"], message["event"], message["data"], message["skip_user"])
        elif kind == "room.grown":
            self._rooms.handle_growth(message["room"])
        elif kind == "control.beat":
            self._bus_heartbeat.receive(message["process"])
        elif kind == "control.wake":
            wakeups.receive(message)
        elif kind == "control.revoke":
            self._revocation.revoke_login_sessions({uuid.UUID(one) for one in message["sessions"]})
        elif kind == "control.expel":
            self._revocation.expel(uuid.UUID(message["user"]), message["room"])

    def _time_delivery(self, committed_at: float) -> None:
        """Observe the delivery lag once for all rooms of a commit, because their hints arrive together."""
        if committed_at != self._last_committed_at:
            self._last_committed_at = committed_at
            metrics.delivery_lag.observe(max(0.0, time.time() - committed_at))


def _error_data(error: DomainError) -> dict[str, Any]:
    data: dict[str, Any] = {"code": error.code}
    if isinstance(error, RateLimited):
        data["retry_after"] = error.retry_after
    return data


gateway = Gateway()
