"""The connections of this process. They are stored in the database in batches, a little later."""

import asyncio
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from foundation.database.executor import in_database
from foundation.rate_limits import LocalBucket
from realtime import presence, recovery
from realtime.declarations import Caller
from realtime.membership import LocalSocket
from realtime.presence_announcements import PresenceAnnouncer
from realtime.recovery import SessionRecord

log = structlog.get_logger(__name__)

WRITE_EVERY = 0.1
"""Seconds for which starting and ending connections are collected before they are stored."""


@dataclass(slots=True, eq=False)
class Connection:
    socket: LocalSocket
    caller: Caller
    session: SessionRecord
    expires_at: datetime
    bucket: LocalBucket
    strikes: int = 0
    struck_at: float = 0.0
    timers: dict[str, asyncio.TimerHandle] = field(default_factory=dict)


class Connections:
    """The connections of this process by socket id.

    The first connection that starts or ends spawns a task. The task stores the connections in batches, one batch after
    the other, until all sessions are stored. It passes their users to the announcer.
    """

    def __init__(self, announcer: PresenceAnnouncer, spawn: Callable[[Coroutine[Any, Any, Any]], asyncio.Task[Any]]):
        self._announcer, self._spawn = announcer, spawn
        self.process_id = uuid.uuid4()
        self.by_sid: dict[str, Connection] = {}
        self._by_pid: dict[str, Connection] = {}
        self._started: dict[str, SessionRecord] = {}
        self._ended: dict[str, uuid.UUID] = {}
        self._writing: asyncio.Task[Any] | None = None

    def add(self, connection: Connection) -> None:
        pid = connection.session.pid
        self.by_sid[connection.socket.sid] = connection
        self._by_pid[pid] = connection
        self._ended.pop(pid, None)
        self._started[pid] = connection.session
        self._write_soon()

    def remove(self, sid: str) -> Connection | None:
        connection = self.by_sid.pop(sid, None)
        if connection is None:
            return None
        for timer in connection.timers.values():
            timer.cancel()
        pid = connection.session.pid
        # The session has not ended if a new connection has recovered it while this connection was open.
        if self._by_pid.get(pid) is connection:
            del self._by_pid[pid]
            self._ended[pid] = connection.caller.user_id
            self._write_soon()
        return connection

    def of_user(self, user_id: uuid.UUID) -> list[Connection]:
        return [one for one in self.by_sid.values() if one.caller.user_id == user_id]

    def of_sessions(self, session_ids: set[uuid.UUID]) -> list[Connection]:
        return [one for one in self.by_sid.values() if one.caller.session_id in session_ids]

    def session_ids(self) -> set[uuid.UUID]:
        return {one.caller.session_id for one in self.by_sid.values()}

    async def wait_until_stored(self, timeout: float) -> None:
        """Wait until all connections are stored, at most `timeout` seconds."""
        if self._writing is not None:
            await asyncio.wait([self._writing], timeout=timeout)

    def _write_soon(self) -> None:
        if self._writing is None or self._writing.done():
            self._writing = self._spawn(self._write_all())

    async def _write_all(self) -> None:
        while self._started or self._ended:
            await asyncio.sleep(WRITE_EVERY)
            await self._write()

    async def _write(self) -> None:
        """Store the sessions that started or ended since the last call. If this fails, the next call stores them."""
        started, ended = self._started, self._ended
        self._started, self._ended = {}, {}
        try:
            arrived, left = await in_database(store, self.process_id, list(started.values()), ended)
        except Exception as error:  # sockets must survive an unreachable database
            log.warning("connections_not_saved", error=type(error).__name__)
            self._started = started | self._started
            # A session that was recovered meanwhile has not ended.
            self._ended |= {pid: user_id for pid, user_id in ended.items() if pid not in self._by_pid}
            return
        if arrived:
            self._announcer.came_online(arrived)
        if left:
            self._announcer.left(left)


def store(
    process_id: uuid.UUID, started: list[SessionRecord], ended: dict[str, uuid.UUID]
) -> tuple[set[uuid.UUID], dict[uuid.UUID, datetime]]:
    """Store sessions that started or ended; `ended` maps a `pid` to its user.

    Returns the users who came online, and the users whose sessions ended, each with the time of the end.
    """
    came_back = {one.user_id for one in started if not one.is_new}
    arrived = came_back - presence.online_users(came_back) if came_back else set()
    if started:
        recovery.save_sessions(started)
    # Check new sessions after the write: sessions that have joined a room were stored earlier.
    new = {one.pid: one.user_id for one in started if one.is_new}
    if new:
        arrived |= presence.having_oldest_session(new.values(), new.keys())
    left: dict[uuid.UUID, datetime] = {}
    if ended:
        recovery.end_sessions(process_id, ended)
        left = presence.store_last_seen(ended.values())
    return arrived, left
