"""The rooms with members in this process, and the delivery of their events in order.

For each room, a process keeps its position: the `seq` up to which it has delivered events. It delivers the next event
and drops old events. An event that arrives too early waits in the reorder buffer until the events before it arrive from
another process or are read from the log. Each socket thus receives each event once, in the order of the log.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping

import structlog

from foundation.database.batching import Batcher
from foundation.database.executor import in_database
from foundation.errors import Unavailable
from realtime import event_log as room_log
from realtime import metrics
from realtime.background_tasks import BackgroundTasks
from realtime.event_frames import EventFrames, ephemeral_frame
from realtime.event_log import LoggedEvent, LogHead, Replayed, ReplayRequest
from realtime.membership import Joined, LocalSocket, OpenRoom
from realtime.pubsub import Bus

log = structlog.get_logger(__name__)

SWEEP_BATCH_SIZE = 1000
REJOIN_CONCURRENCY = 128
"""Number of sockets that rejoin their rooms at the same time. When many clients return, the others wait."""
GAP_TIMEOUT = 0.25
"""Seconds for which an event waits for the events before it. Hints arrive faster, even in a slow process."""
MAX_REORDERED = 256
"""Maximum events in the reorder buffer of a room. If there are more, the log is read at once."""


class LocalRooms:
    def __init__(
        self,
        bus: Bus,
        send: Callable[[str, str], None],
        close_transport: Callable[[LocalSocket], None],
        is_connected: Callable[[LocalSocket], bool],
    ) -> None:
        """`send(eio_sid, frame)` sends or queues an Engine.IO frame, `close_transport(socket)` closes the transport of
        a socket, and `is_connected(socket)` returns whether a socket is still connected."""
        self._bus, self._send, self._close_transport, self._is_connected = bus, send, close_transport, is_connected
        self.open: dict[str, OpenRoom] = {}
        self.on_delivered: Callable[[str, list[LocalSocket], LoggedEvent], None] | None = None
        self._heads: Batcher[str, LogHead] = Batcher(_heads)
        self._replays: Batcher[ReplayRequest, Replayed] = Batcher(room_log.replay)
        self._tasks = BackgroundTasks()
        self._rejoining = asyncio.Semaphore(REJOIN_CONCURRENCY)

    # --- Joining and leaving ---

    async def join(
        self,
        socket: LocalSocket,
        name: str,
        *,
        after: int | None,
        admit: Callable[[int, ReplayRequest | None], Awaitable[Replayed]] | None = None,
        check_rights: Callable[[], None] | None = None,
    ) -> Joined:
        """Add a socket to a room. With `after`, all events after that `seq` are replayed before new events are sent.

        `admit(position, request)` is awaited before the socket is a member. It stores the join and returns the replayed
        events, or raises an error. Without `admit`, the events are only read. `check_rights()` is called before any
        event is sent, and raises an error if the right has ended. Raises `Unavailable` if events are missing.
        """
        room = await self._hold(name)
        try:
            request = None if after is None else room.replay_request(after)
            if admit is not None:
                events = await admit(room.position, request)
            else:
                events = await self._replays.submit(request) if request else None
            if events is not None and after is not None:
                events = events + room.delivered_since(events, after)
            if check_rights is not None:
                check_rights()
            self._add_member(room, socket, events or [], after or 0)
            return Joined(room.position, reset=after is not None and events is None)
        finally:
            self._release(room)

    async def rejoin(self, socket: LocalSocket, positions: Mapping[str, int]) -> bool:
        """Add a recovered socket to its rooms again, and replay the missed events of all rooms. If the events of any
        room are incomplete, do nothing and return False. `positions` are the last received `seq` by room name.

        Raises `Unavailable` if the socket has disconnected, so that no time is spent on clients that have given up.
        """
        async with self._rejoining:
            return await self._rejoin(socket, positions)

    async def _rejoin(self, socket: LocalSocket, positions: Mapping[str, int]) -> bool:
        held: list[OpenRoom] = []
        try:
            for name in positions:
                self._check_is_connected(socket)
                held.append(await self._hold(name))
            replays = [self._replays.submit(room.replay_request(positions[room.name])) for room in held]
            found = await asyncio.gather(*replays)
            self._check_is_connected(socket)
            missed = [events for events in found if events is not None]
            if len(missed) < len(held):
                return False
            # The next offset must contain every room, because the client stores only the last offset.
            socket.sent |= {room.key: positions[room.name] for room in held}
            later = [
                room.delivered_since(events, positions[room.name]) for room, events in zip(held, missed, strict=True)
            ]
            for room, events, live in zip(held, missed, later, strict=True):
                self._add_member(room, socket, events + live, positions[room.name])
            return True
        finally:
            for room in held:
                self._release(room)

    def leave(self, socket: LocalSocket, name: str) -> None:
        room = socket.rooms.pop(name, None)
        if room is not None:
            del room.members[socket.sid]
            socket.sent.pop(room.key, None)
            self._close_if_idle(room)

    def leave_all(self, socket: LocalSocket) -> None:
        for name in list(socket.rooms):
            self.leave(socket, name)

    def _add_member(self, room: OpenRoom, socket: LocalSocket, events: list[LoggedEvent], after: int) -> None:
        """Send the replayed events and make the socket a member. Without `await`, no event is delivered meanwhile. The
        reorder buffer is delivered last, because its events follow the replayed events."""
        for event in events:
            if event.seq > room.position:
                self._deliver(room, event)
        for event in events:
            if event.seq > after:
                self._send_one(room, socket, event)
        room.members[socket.sid] = socket
        socket.rooms[room.name] = room
        self._deliver_in_order(room)

    def _check_is_connected(self, socket: LocalSocket) -> None:
        if not self._is_connected(socket):
            raise Unavailable

    async def _hold(self, name: str) -> OpenRoom:
        room = self.open.setdefault(name, OpenRoom(name))
        room.hold()
        try:
            async with room.lock:
                if not room.is_open:
                    await self._bus.join(name)
                    head = await self._heads.submit(name)
                    room.key, room.position = head.key, head.seq
        except BaseException:
            self._release(room)
            raise
        return room

    def _release(self, room: OpenRoom) -> None:
        room.release()
        self._close_if_idle(room)

    def _close_if_idle(self, room: OpenRoom) -> None:
        if room.is_idle:
            self._tasks.spawn(self._close(room))

    async def _close(self, room: OpenRoom) -> None:
        async with room.lock:
            if not room.is_idle or self.open.get(room.name) is not room:
                return
            await self._bus.leave(room.name)
            if room.is_idle:
                del self.open[room.name]
                room.reorder_buffer.clear()
            else:
                await self._bus.join(room.name)

    # --- Delivering ---

    def handle_hint(self, name: str, rows: Iterable[tuple[int, str, str]]) -> None:
        """Handle a hint with events of one room. Each row is `(seq, event, data)`."""
        room = self.open.get(name)
        if room is not None and room.is_open:
            self._accept(room, map(LoggedEvent._make, rows))

    def handle_growth(self, name: str) -> None:
        """Handle a hint without events, which says that the room's log has new events."""
        room = self.open.get(name)
        if room is not None and room.is_open:
            self._schedule_fill(room)

    def broadcast(self, name: str, event: str, data: str, skip_user: str | None) -> None:
        """Send an ephemeral event to the members of a room, except the sockets of the user `skip_user`."""
        if (room := self.open.get(name)) is None:
            return
        frame = ephemeral_frame(event, data)
        for socket in list(room.members.values()):
            if skip_user is None or str(socket.user_id) != skip_user:
                self._send(socket.eio_sid, frame)

    def _accept(self, room: OpenRoom, events: Iterable[LoggedEvent]) -> None:
        for event in events:
            if event.seq == room.position + 1:
                self._deliver(room, event)
            elif event.seq > room.position:
                room.reorder_buffer[event.seq] = event
        if room.reorder_buffer:
            self._deliver_in_order(room)

    def _deliver_in_order(self, room: OpenRoom) -> None:
        """Deliver the events of the reorder buffer that are next in order."""
        while (event := room.reorder_buffer.pop(room.position + 1, None)) is not None:
            self._deliver(room, event)
        room.reorder_buffer = {seq: event for seq, event in room.reorder_buffer.items() if seq > room.position}
        if len(room.reorder_buffer) > MAX_REORDERED:
            room.reorder_buffer.clear()
            self._schedule_fill(room)
        elif room.reorder_buffer and room.awaited_seq is None:
            room.awaited_seq = room.position + 1
            asyncio.get_running_loop().call_later(GAP_TIMEOUT, self._gap_timed_out, room)

    def _gap_timed_out(self, room: OpenRoom) -> None:
        awaited_seq, room.awaited_seq = room.awaited_seq, None
        if room.reorder_buffer and awaited_seq == room.position + 1:
            self._schedule_fill(room)
        self._deliver_in_order(room)

    def _deliver(self, room: OpenRoom, event: LoggedEvent) -> None:
        room.position = event.seq
        if room.recent is not None:
            room.recent.append(event)
        frames, sockets = EventFrames(event, room.key), list(room.members.values())
        for socket in sockets:
            self._send(socket.eio_sid, frames.for_socket(socket))
        metrics.events_delivered.inc(len(sockets))
        if self.on_delivered is not None:
            self.on_delivered(room.name, sockets, event)

    def _send_one(self, room: OpenRoom, socket: LocalSocket, event: LoggedEvent) -> None:
        self._send(socket.eio_sid, EventFrames(event, room.key).for_socket(socket))
        metrics.events_delivered.inc()

    # --- Filling gaps ---

    async def sweep(self) -> None:
        """Compare every position with the log, and read the events whose hints did not arrive."""
        names = [room.name for room in self.open.values() if room.is_open]
        for start in range(0, len(names), SWEEP_BATCH_SIZE):
            found = await in_database(room_log.heads, names[start : start + SWEEP_BATCH_SIZE])
            for name, head in found.items():
                room = self.open.get(name)
                if room is not None and room.is_open and head.seq > room.position:
                    self._schedule_fill(room)

    def _schedule_fill(self, room: OpenRoom) -> None:
        room.fill_again = True
        if not room.filling:
            room.filling = True
            self._tasks.spawn(self._fill(room))

    async def _fill(self, room: OpenRoom) -> None:
        try:
            while room.fill_again and self.open.get(room.name) is room:
                room.fill_again = False
                events = await in_database(room_log.read, room.name, after=room.position)
                self._deliver_fetched(room, [event for event in events if event.seq > room.position])
        except Exception as error:  # the next sweep tries again
            log.warning("gap_not_filled", error=type(error).__name__)
        finally:
            room.filling = False

    def _deliver_fetched(self, room: OpenRoom, events: list[LoggedEvent]) -> None:
        if events and events[0].seq > room.position + 1:
            self._skip_deleted(room, events[0].seq - 1)
        self._accept(room, events)
        metrics.gaps_filled.inc(len(events))
        room.fill_again |= bool(events)

    def _skip_deleted(self, room: OpenRoom, position: int) -> None:
        """Skip events that retention has deleted before delivery. The members must reconnect and receive `reset`."""
        room.position = position
        for socket in list(room.members.values()):
            self._close_transport(socket)


def _heads(names: list[str]) -> list[LogHead]:
    found = room_log.heads(names)
    return [found[name] for name in names]
