"""Announces who came online and who went offline, to the rooms that the application names."""

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
"""Seconds by which an announcement is later than `OFFLINE_DELAY`, so that the delay has passed for the database too."""
RETRY_AFTER = 1.0
"""Seconds after which an announcement that the database refused is tried again."""
MAX_ATTEMPTS = 600
"""So many times an announcement is tried: some ten minutes."""


class PresenceAnnouncer:
    """Announces the users of connections that were stored, in a task for each batch of them.

    One announcement runs at a time, whatever waits; each says what the database says when its turn comes. So the last
    one about a user is right, however late it is. What is not announced when the process ends, another process
    announces (`processes.reap_dead`).
    """

    def __init__(self, spawn: Callable[[Coroutine[Any, Any, Any]], object]) -> None:
        self._spawn = spawn
        self._turn = asyncio.Lock()

    def came_online(self, users: set[uuid.UUID]) -> None:
        """Announce users at once."""
        self._spawn(log_errors(self._announce(partial(announce_online, users))))

    def left(self, left: dict[uuid.UUID, datetime]) -> None:
        """Announce users whose connections ended at these moments, unless they are back after `OFFLINE_DELAY`."""
        delay = presence.OFFLINE_DELAY.total_seconds() + GRACE
        self._spawn(log_errors(self._announce(partial(announce_offline, left), delay)))

    async def _announce(self, work: Callable[[], None], delay: float = 0.0) -> None:
        await asyncio.sleep(delay)
        for _ in range(MAX_ATTEMPTS):
            try:
                async with self._turn:
                    await in_database(work)
                return
            except Error as error:  # the database is away
                log.warning("presence_not_announced", error=type(error).__name__)
            await asyncio.sleep(RETRY_AFTER)


def announce_online(users: Iterable[uuid.UUID]) -> None:
    """Announce those of the users who are online."""
    _announce(presence.online_users(users), online=True)


def announce_offline(left: dict[uuid.UUID, datetime]) -> None:
    """Announce those whose last connection ended at these moments, unless they are back."""
    offline = presence.went_offline(left)
    _announce(offline, online=False)
    # A user who reconnected meanwhile may have been announced before this: the last event must be right.
    announce_online(offline)


def _announce(users: set[uuid.UUID], *, online: bool) -> None:
    if not users:
        return
    seen, rooms = presence.last_seen_times(users), application_hooks().presence_rooms(users)
    with unit_of_work():  # the hints of one unit of work are sent together
        for user_id, room in rooms:
            payload = PresencePayload(user_id=user_id, online=online, last_seen=seen.get(user_id))
            publish_ephemeral(room, PRESENCE, payload)
