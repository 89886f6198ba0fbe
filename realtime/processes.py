"""Which server processes are alive: each writes a heartbeat, and ends the connections of those that were killed.

Moments are the database's own: the clocks of the processes may differ.
"""

import uuid
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models.functions import Now

from foundation.database.executor import in_database
from realtime import presence
from realtime.background_tasks import log_errors
from realtime.connections import Connections
from realtime.models import ServerProcess, SocketSession

HEARTBEAT = timedelta(seconds=5)


class ProcessHeartbeat:
    """This process's heartbeat in the database."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def start(self) -> None:
        await log_errors(in_database(beat, self._connections.process_id))

    async def stop(self) -> None:
        await log_errors(in_database(retire, self._connections.process_id))

    async def beat(self) -> None:
        """Write a heartbeat, and reap the processes that have written none for too long."""
        await in_database(beat, self._connections.process_id)
        left = await in_database(reap_dead)
        if left:
            self._connections.left.put_nowait(left)


def beat(process_id: uuid.UUID) -> None:
    """Write that this process is alive."""
    ServerProcess.objects.update_or_create(id=process_id, defaults={"heartbeat_at": Now()})


def retire(process_id: uuid.UUID) -> None:
    """This process stops in good order."""
    ServerProcess.objects.filter(pk=process_id).delete()


@transaction.atomic
def reap_dead() -> dict[uuid.UUID, datetime]:
    """End the connections of processes that were killed. Returns the users of these connections and when they ended.
    Of several callers at the same time one finds a dead process."""
    skip = connection.features.has_select_for_update_skip_locked
    dead = list(ServerProcess.objects.select_for_update(skip_locked=skip).dead())
    left: dict[uuid.UUID, datetime] = {}
    for process in dead:
        held = SocketSession.objects.filter(process=process, ended_at=None)
        left |= presence.store_last_seen(held.values_list("user_id", flat=True), process.heartbeat_at)
        held.end(process.heartbeat_at)
        process.delete()
    return left
