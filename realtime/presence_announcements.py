"""Announces who came online and who went offline, to the rooms that the application names."""

import asyncio
import uuid
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from foundation.database.executor import in_database
from realtime import presence
from realtime.background_tasks import log_errors
from realtime.connections import Connections
from realtime.events import PRESENCE, PresencePayload
from realtime.hooks import application_hooks
from realtime.publishing import publish_ephemeral, unit_of_work


class PresenceAnnouncer:
    """Waits for the users that `connections` reports."""

    def __init__(self, connections: Connections, spawn: Callable[[Coroutine[Any, Any, Any]], object]) -> None:
        self._connections, self._spawn = connections, spawn

    async def announce_online_forever(self) -> None:
        while True:
            users = await self._connections.came_online.get()
            await log_errors(in_database(announce, users, online=True))

    async def announce_offline_forever(self) -> None:
        while True:
            left = await self._connections.left.get()
            self._spawn(self._announce_offline_later(left))

    async def _announce_offline_later(self, left: dict[uuid.UUID, datetime]) -> None:
        await asyncio.sleep(presence.OFFLINE_DELAY.total_seconds() + 0.1)
        await log_errors(in_database(announce_offline, left))


def announce_offline(left: dict[uuid.UUID, datetime]) -> None:
    """Announce those whose last connection ended at these moments, unless they are back."""
    offline = presence.went_offline(left)
    announce(offline, online=False)
    # A user who reconnected meanwhile may have been announced before this: the last event must be right.
    announce(presence.online_users(offline), online=True)


def announce(users: set[uuid.UUID], *, online: bool) -> None:
    if not users:
        return
    seen, rooms = presence.last_seen_times(users), application_hooks().presence_rooms(users)
    with unit_of_work():  # the hints of one unit of work are sent together
        for user_id, room in rooms:
            payload = PresencePayload(user_id=user_id, online=online, last_seen=seen.get(user_id))
            publish_ephemeral(room, PRESENCE, payload)
