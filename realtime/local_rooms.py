"""The rooms that this process has members of, and how their events reach the sockets in order.

A process keeps, for each room, the position up to which it has delivered. The next event is delivered, an old one
dropped; one that is ahead waits for those before it, which come from another process or are fetched from the log. So
each socket sees each event once, in the one order.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any

import structlog

from foundation.database.batching import Batcher
from foundation.database.executor import in_database
from foundation.errors import Unavailable
from realtime import event_log as room_log
from realtime import metrics
from realtime.bus import Bus
from realtime.event_log import End, Logged, Replay
from realtime.membership import Joined, LocalSocket, OpenRoom
from socketio_server import SharedFrame

log = structlog.get_logger(__name__)

SWEEP_CHUNK = 1000
RETURNING_AT_ONCE = 128
"""Sockets that are put back into their rooms at the same time: of a crowd some are done while others wait."""
PATIENCE = 0.25
"""Seconds for which an event waits for those before it: more than the bus takes, even to a process that is behind."""
MOST_EARLY = 256
"""Events of a room that may wait so; more of them are fetched at once."""
EVENT = "42"
"""How an event begins on the wire: an Engine.IO message with a Socket.IO event of the default namespace."""


class LocalRooms:
    def __init__(
        self,
        bus: Bus,
        send: Callable[[str, str], None],
        cut: Callable[[LocalSocket], None],
        is_there: Callable[[LocalSocket], bool],
    ) -> None:
        """`send(eio_sid, frame)` hands an Engine.IO frame to a socket; `cut(socket)` closes its transport;
        `is_there(socket)` tells whether it is still connected."""
        self._bus, self._send, self._cut, self._is_there = bus, send, cut, is_there
        self.open: dict[str, OpenRoom] = {}
        self.observer: Callable[[str, list[LocalSocket], Logged], None] | None = None
        self._ends: Batcher[str, End] = Batcher(_ends)
        self._replays: Batcher[Replay, list[Logged] | None] = Batcher(room_log.replay)
        self._background: set[asyncio.Task[None]] = set()
        self._returning = asyncio.Semaphore(RETURNING_AT_ONCE)

    # --- Coming and going ---

    async def join(
        self,
        socket: LocalSocket,
        name: str,
        *,
        after: int | None,
        enter: Callable[[int], Awaitable[None]] | None = None,
        check: Callable[[], None] | None = None,
    ) -> Joined:
        """Put a socket into a room. With `after`, everything since is sent to it before what is live.

        `enter(seq)` is awaited before the socket is a member: it records the join, or refuses it by raising.
        `check()` is the last word before anything is sent, and refuses in the same way.
        """
        room = await self._hold(name)
        try:
            events = None if after is None else await self._replays.submit(room.missed(after))
            if enter is not None:
                await enter(room.position if events is None or after is None else after)
            if events is not None and after is not None:
                events = events + room.since(events, after)
            if check is not None:
                check()
            self._admit(room, socket, events or [], after or 0)
            return Joined(room.position, reset=after is not None and events is None)
        finally:
            self._release(room)

    async def rejoin(self, socket: LocalSocket, positions: Mapping[str, int]) -> bool:
        """Put a returning socket into its rooms again, with what it missed in each; all of it or nothing.

        Nothing is done for one that has gone in the meantime (`Unavailable`), so that a crowd for which there is too
        little time does not take it from those who come after.
        """
        async with self._returning:
            return await self._rejoin(socket, positions)

    async def _rejoin(self, socket: LocalSocket, positions: Mapping[str, int]) -> bool:
        held: list[OpenRoom] = []
        try:
            for name in positions:
                self._check_is_there(socket)
                held.append(await self._hold(name))
            wishes = [self._replays.submit(room.missed(positions[room.name])) for room in held]
            found = await asyncio.gather(*wishes)
            self._check_is_there(socket)
            missed = [events for events in found if events is not None]
            if len(missed) < len(held):
                return False
            # The next offset has to name every room, for the client keeps no other.
            socket.sent |= {room.key: positions[room.name] for room in held}
            whole = [room.since(events, positions[room.name]) for room, events in zip(held, missed, strict=True)]
            for room, events, later in zip(held, missed, whole, strict=True):
                self._admit(room, socket, events + later, positions[room.name])
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

    def _admit(self, room: OpenRoom, socket: LocalSocket, events: list[Logged], after: int) -> None:
        """No await in here: nothing can be delivered in between. What came early comes last: no replay has it."""
        for event in events:
            if event.seq > room.position:
                self._deliver(room, event)
        for event in events:
            if event.seq > after:
                self._hand(room, socket, event)
        room.members[socket.sid] = socket
        socket.rooms[room.name] = room
        self._offer_early(room)

    def _check_is_there(self, socket: LocalSocket) -> None:
        if not self._is_there(socket):
            raise Unavailable

    async def _hold(self, name: str) -> OpenRoom:
        room = self.open.setdefault(name, OpenRoom(name))
        room.hold()
        try:
            async with room.lock:
                if not room.is_open:
                    await self._bus.join(name)
                    end = await self._ends.submit(name)
                    room.key, room.position = end.key, end.seq
        except BaseException:
            self._release(room)
            raise
        return room

    def _release(self, room: OpenRoom) -> None:
        room.release()
        self._close_if_idle(room)

    def _close_if_idle(self, room: OpenRoom) -> None:
        if room.is_idle:
            self._spawn(self._close(room))

    async def _close(self, room: OpenRoom) -> None:
        async with room.lock:
            if not room.is_idle or self.open.get(room.name) is not room:
                return
            await self._bus.leave(room.name)
            if room.is_idle:
                del self.open[room.name]
                room.early.clear()
            else:
                await self._bus.join(room.name)

    # --- Delivering ---

    def offer(self, name: str, rows: Iterable[tuple[int, str, str]]) -> None:
        """A hint: events of one room, as far as the sender of the hint knows; each is `seq, event, data`."""
        room = self.open.get(name)
        if room is not None and room.is_open:
            self._offer(room, map(Logged._make, rows))

    def grown(self, name: str) -> None:
        """A hint that a room's log has grown."""
        room = self.open.get(name)
        if room is not None and room.is_open:
            self._fill_soon(room)

    def broadcast(self, name: str, event: str, data: str, skip_user: str | None) -> None:
        """Hand an event that is not logged to the members of a room."""
        if (room := self.open.get(name)) is None:
            return
        frame = SharedFrame(f'{EVENT}["{event}",{data}]')
        for socket in list(room.members.values()):
            if skip_user is None or str(socket.user_id) != skip_user:
                self._send(socket.eio_sid, frame)

    def _offer(self, room: OpenRoom, events: Iterable[Logged]) -> None:
        for event in events:
            if event.seq == room.position + 1:
                self._deliver(room, event)
            elif event.seq > room.position:
                room.early[event.seq] = event
        if room.early:
            self._offer_early(room)

    def _offer_early(self, room: OpenRoom) -> None:
        """Deliver what was ahead, as far as it is its turn now."""
        while (event := room.early.pop(room.position + 1, None)) is not None:
            self._deliver(room, event)
        room.early = {seq: event for seq, event in room.early.items() if seq > room.position}
        if len(room.early) > MOST_EARLY:
            room.early.clear()
            self._fill_soon(room)
        elif room.early and room.missing is None:
            room.missing = room.position + 1
            asyncio.get_running_loop().call_later(PATIENCE, self._lose_patience, room)

    def _lose_patience(self, room: OpenRoom) -> None:
        missing, room.missing = room.missing, None
        if room.early and missing == room.position + 1:
            self._fill_soon(room)
        self._offer_early(room)

    def _deliver(self, room: OpenRoom, event: Logged) -> None:
        room.position = event.seq
        if room.passing is not None:
            room.passing.append(event)
        key, seq, send = room.key, event.seq, self._send
        head, own = f'{EVENT}["{event.event}",{event.data},"', f'{key}:{seq}"]'
        shared = SharedFrame(head + own)
        sockets = list(room.members.values())
        for socket in sockets:
            sent = socket.sent
            alone = not sent or (len(sent) == 1 and key in sent)
            sent[key] = seq
            send(socket.eio_sid, shared if alone else head + socket.offset_before(key) + own)
        metrics.events_delivered.count += len(sockets)
        if self.observer is not None:
            self.observer(room.name, sockets, event)

    def _hand(self, room: OpenRoom, socket: LocalSocket, event: Logged) -> None:
        socket.sent[room.key] = event.seq
        offset = f"{socket.offset_before(room.key)}{room.key}:{event.seq}"
        self._send(socket.eio_sid, f'{EVENT}["{event.event}",{event.data},"{offset}"]')
        metrics.events_delivered.count += 1

    # --- Filling gaps ---

    async def sweep(self) -> None:
        """Compare every position with the log, and fetch what no hint told of."""
        names = [room.name for room in self.open.values() if room.is_open]
        for start in range(0, len(names), SWEEP_CHUNK):
            found = await in_database(room_log.ends, names[start : start + SWEEP_CHUNK])
            for name, end in found.items():
                room = self.open.get(name)
                if room is not None and room.is_open and end.seq > room.position:
                    self._fill_soon(room)

    def _fill_soon(self, room: OpenRoom) -> None:
        room.behind = True
        if not room.filling:
            room.filling = True
            self._spawn(self._fill(room))

    async def _fill(self, room: OpenRoom) -> None:
        try:
            while room.behind and self.open.get(room.name) is room:
                room.behind = False
                events = await in_database(room_log.read, room.name, after=room.position)
                self._deliver_found(room, [event for event in events if event.seq > room.position])
        except Exception as fault:  # the next sweep tries again
            log.warning("gap_not_filled", error=type(fault).__name__)
        finally:
            room.filling = False

    def _deliver_found(self, room: OpenRoom, events: list[Logged]) -> None:
        if events and events[0].seq > room.position + 1:
            self._skip_trimmed(room, events[0].seq - 1)
        self._offer(room, events)
        metrics.gaps_filled.inc(len(events))
        room.behind |= bool(events)

    def _skip_trimmed(self, room: OpenRoom, position: int) -> None:
        """Retention took what was still to be delivered: its readers must come back and be told to start anew."""
        room.position = position
        for socket in list(room.members.values()):
            self._cut(socket)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _ends(names: list[str]) -> list[End]:
    found = room_log.ends(names)
    return [found[name] for name in names]
