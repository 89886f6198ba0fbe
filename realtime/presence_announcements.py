"""Announces the users who came online or went offline, to the rooms that the application returns."""

import asyncio
import uuid
from collections.abc import Callable, Coroutine, Iterable
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from django.db import Error

from foundation.database.executor import in_database
from realtime import presence
from realtime.background_tasks import log_errors
from realtime.events import PRESENCE, PresencePayload
from realtime.hooks import application_hooks
from realtime.publishing import publish_ephemeral, unit_of_work

log = structlog.get_logger(__name__)

GRACE = 0.1
"""Seconds added to `OFFLINE_DELAY`, so that the delay has also passed by the database's clock."""
RETRY_AFTER = 1.0
"""Seconds after which an announcement is retried when the database has failed."""
MAX_ATTEMPTS = 600
"""Maximum attempts of an announcement, which take about ten minutes."""


class PresenceAnnouncer:
    """Announces the users of stored connections, with one task for each batch.

    Only one announcement runs at a time, and it reads the database when it runs. The last announcement about a user is
    therefore correct, even if it is late. If the process ends first, another process announces the users
    (`processes.reap_dead`).
    """

    def __init__(self, spawn: Callable[[Coroutine[Any, Any, Any]], object]) -> None:
        self._spawn = spawn
        self._turn = asyncio.Lock()

    def came_online(self, users: set[uuid.UUID]) -> None:
        """Announce immediately that users are online."""
        self._spawn(log_errors(self._announce(partial(announce_online, users))))

    def left(self, left: dict[uuid.UUID, datetime]) -> None:
        """Announce that users are offline, unless they are back after `OFFLINE_DELAY`. `left` maps users to the times
        when their connections ended."""
        delay = presence.OFFLINE_DELAY.total_seconds() + GRACE
        self._spawn(log_errors(self._announce(partial(announce_offline, left), delay)))

    async def _announce(self, work: Callable[[], None], delay: float = 0.0) -> None:
        await asyncio.sleep(delay)
        for _ in range(MAX_ATTEMPTS):
            try:
                async with self._turn:
                    await in_database(work)
                return
            except Error as error:  # the database is unavailable
                log.warning("presence_not_announced", error=type(error).__name__)
            await asyncio.sleep(RETRY_AFTER)


def announce_online(users: Iterable[uuid.UUID]) -> None:
    """Announce the users who are online."""
    _announce(presence.online_users(users), online=True)


def announce_offline(left: dict[uuid.UUID, datetime]) -> None:
    """Announce the users whose last connection ended at these times, unless they are back."""
    offline = presence.went_offline(left)
    _announce(offline, online=False)
    # The user can reconnect and be announced before this announcement. The last event must be correct.
    announce_online(offline)


def _announce(users: set[uuid.UUID], *, online: bool) -> None:
    if not users:
        return
    seen, rooms = presence.last_seen_times(users), application_hooks().presence_rooms(users)
    with unit_of_work():  # the hints of one unit of work are sent together
        for user_id, room in rooms:
            payload = PresencePayload(user_id=user_id, online=online, last_seen=seen.get(user_id))
            publish_ephemeral(room, PRESENCE, payload)
