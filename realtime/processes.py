"""The server processes. Each process writes a heartbeat, and ends the connections of processes that were killed.

All times come from the database's clock, because the clocks of the processes can differ.
"""

import asyncio
import uuid
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models.functions import Now

from foundation.database.executor import in_database
from realtime import presence
from realtime.background_tasks import log_errors
from realtime.models import DEAD_AFTER, ServerProcess, SocketSession
from realtime.presence_announcements import PresenceAnnouncer

HEARTBEAT = timedelta(seconds=5)
UNANNOUNCED = timedelta(seconds=30)
"""When a process ends, it is possible that some departures have not been announced. These users left after its last
heartbeat, or at most this long before it."""


class ProcessHeartbeat:
    """The heartbeat of this process in the database."""

    def __init__(self, process_id: uuid.UUID, announcer: PresenceAnnouncer) -> None:
        self._process_id, self._announcer = process_id, announcer

    async def start(self) -> None:
        await log_errors(in_database(beat, self._process_id))

    async def stop(self, timeout: float) -> None:
        """End the connections of this process, and wait at most `timeout` seconds. Other processes announce the users
        who went offline. If the timeout passes, they also end the connections when the heartbeat is old."""
        await log_errors(asyncio.wait_for(in_database(retire, self._process_id), timeout))

    async def beat(self) -> None:
        """Write a heartbeat, and end the connections of processes without a recent heartbeat."""
        await in_database(beat, self._process_id)
        left = await in_database(reap_dead)
        if left:
            self._announcer.left(left)


def beat(process_id: uuid.UUID) -> None:
    """Store the heartbeat of a process."""
    ServerProcess.objects.update_or_create(id=process_id, defaults={"heartbeat_at": Now()})


@transaction.atomic
def retire(process_id: uuid.UUID) -> None:
    """End the connections of a process that stops, and make its heartbeat old, so that another process handles it as
    dead and announces its users."""
    _end_held(process_id, None)
    ServerProcess.objects.filter(pk=process_id).update(heartbeat_at=Now() - DEAD_AFTER - HEARTBEAT)


@transaction.atomic
def reap_dead() -> dict[uuid.UUID, datetime]:
    """End the connections of dead processes, and delete these processes.

    Returns the users of connections that ended now or shortly before, each with the time of the end. If several
    processes call this at the same time, only one finds a dead process.
    """
    skip = connection.features.has_select_for_update_skip_locked
    dead = list(ServerProcess.objects.select_for_update(skip_locked=skip).dead())
    left: dict[uuid.UUID, datetime] = {}
    for process in dead:
        _end_held(process.pk, process.heartbeat_at)
        ended = SocketSession.objects.filter(process=process, ended_at__gt=process.heartbeat_at - UNANNOUNCED)
        left |= presence.last_seen_times(set(ended.values_list("user_id", flat=True)))
        process.delete()
    return left


def _end_held(process_id: uuid.UUID, at: datetime | None) -> None:
    """Store that the connections held by a process have ended at the time `at`, by default now."""
    held = SocketSession.objects.filter(process=process_id, ended_at=None)
    presence.store_last_seen(held.values_list("user_id", flat=True), at)
    held.end(at or Now())
