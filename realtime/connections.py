"""The connections that this process holds, and what is stored of them: a little later, many at a time."""

import asyncio
import uuid
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from foundation.database.executor import in_database
from foundation.rate_limits import LocalBucket
from realtime import presence, recovery
from realtime.membership import LocalSocket
from realtime.recovery import Beginning
from realtime.registry import Caller

log = structlog.get_logger(__name__)

WRITE_EVERY = 0.1


@dataclass(slots=True, eq=False)
class Connection:
    socket: LocalSocket
    caller: Caller
    beginning: Beginning
    expires_at: datetime
    bucket: LocalBucket
    strikes: int = 0
    struck_at: float = 0.0
    timers: dict[str, asyncio.TimerHandle] = field(default_factory=dict)


class Connections:
    """All of this process's, by socket id; beginnings and ends are written in batches by `write_forever`."""

    def __init__(self) -> None:
        self.process_id = uuid.uuid4()
        self.by_sid: dict[str, Connection] = {}
        self._by_pid: dict[str, Connection] = {}
        self._begun: dict[str, Beginning] = {}
        self._ended: dict[str, uuid.UUID] = {}
        self.arrived: asyncio.Queue[set[uuid.UUID]] = asyncio.Queue()
        self.left: asyncio.Queue[dict[uuid.UUID, datetime]] = asyncio.Queue()

    def add(self, connection: Connection) -> None:
        pid = connection.beginning.pid
        self.by_sid[connection.socket.sid] = connection
        self._by_pid[pid] = connection
        self._ended.pop(pid, None)
        self._begun[pid] = connection.beginning

    def remove(self, sid: str) -> Connection | None:
        connection = self.by_sid.pop(sid, None)
        if connection is None:
            return None
        for timer in connection.timers.values():
            timer.cancel()
        pid = connection.beginning.pid
        # A connection that was taken up again while this end of it was still open has not ended.
        if self._by_pid.get(pid) is connection:
            del self._by_pid[pid]
            self._ended[pid] = connection.caller.user_id
        return connection

    def of_user(self, user_id: uuid.UUID) -> list[Connection]:
        return [one for one in self.by_sid.values() if one.caller.user_id == user_id]

    def of_sessions(self, session_ids: set[uuid.UUID]) -> list[Connection]:
        return [one for one in self.by_sid.values() if one.caller.session_id in session_ids]

    def session_ids(self) -> set[uuid.UUID]:
        return {one.caller.session_id for one in self.by_sid.values()}

    async def write_forever(self) -> None:
        while True:
            await asyncio.sleep(WRITE_EVERY)
            await self.write()

    async def write(self) -> None:
        """Store what has begun and ended since the last time. What cannot be written now is kept for the next."""
        if not self._begun and not self._ended:
            return
        begun, ended = self._begun, self._ended
        self._begun, self._ended = {}, {}
        try:
            arrived, left = await in_database(store, self.process_id, list(begun.values()), ended)
        except Exception as fault:  # the database is away; the sockets are not
            log.warning("connections_not_written", error=type(fault).__name__)
            self._begun = begun | self._begun
            self._ended = ended | self._ended
            return
        if arrived:
            self.arrived.put_nowait(arrived)
        if left:
            self.left.put_nowait(left)


def store(
    process_id: uuid.UUID, begun: list[Beginning], ended: dict[str, uuid.UUID]
) -> tuple[set[uuid.UUID], dict[uuid.UUID, datetime]]:
    """Answers those of the beginners who were not online before, and those who ended, with the moment."""
    came_back = {one.user_id for one in begun if not one.is_new}
    arrived = came_back - presence.online(came_back) if came_back else set()
    if begun:
        recovery.store_beginnings(begun)
    # Who has entered a room at once is stored already, so that a new one is not asked for before it is written.
    new = {one.pid: one.user_id for one in begun if one.is_new}
    if new:
        arrived |= presence.first_here(new.values(), new.keys())
    left: dict[uuid.UUID, datetime] = {}
    if ended:
        recovery.store_ends(process_id, ended)
        left = presence.store_last_seen(ended.values())
    return arrived, left
