"""The users who are online in any tab and any process, from the stored connections of living processes.

All times come from the database's clock, because the clocks of the processes can differ.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from foundation.database.bulk import select_many
from realtime.models import LastSeen, ServerProcess, SocketSession

OFFLINE_DELAY = timedelta(seconds=5)
"""The time for which users count as online after their last connection, so that they can load another page."""


def online_users(user_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Return the users who have a connection in a living process, or had a connection in the last 5 seconds."""
    return set(_online_sessions(user_ids).values_list("user_id", flat=True))


def having_oldest_session(user_ids: Iterable[uuid.UUID], pids: Collection[str]) -> set[uuid.UUID]:
    """Return the users whose oldest connection is in `pids`."""
    oldest: dict[uuid.UUID, str] = {}
    for user_id, pid in _online_sessions(user_ids).order_by("started_at", "pid").values_list("user_id", "pid"):
        oldest.setdefault(user_id, pid)
    return {user_id for user_id, pid in oldest.items() if pid in pids}


def _online_sessions(user_ids: Iterable[uuid.UUID]) -> QuerySet[SocketSession]:
    is_held = Q(ended_at=None, process__in=ServerProcess.objects.alive())
    ended_lately = Q(ended_at__gt=Now() - OFFLINE_DELAY)
    return SocketSession.objects.filter(user_id__in=list(user_ids)).filter(is_held | ended_lately)


def last_seen_times(user_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    """Return the time when each user's last connection ended. Users who never had a connection are missing."""
    return dict(select_many(LastSeen, ("user_id", "at"), by="user_id", among=user_ids, order_by="user_id"))


@transaction.atomic
def store_last_seen(user_ids: Iterable[uuid.UUID], at: datetime | None = None) -> dict[uuid.UUID, datetime]:
    """Store the time when the last connection of these users ended, by default now. Return the stored times."""
    users = sorted(set(user_ids))
    LastSeen.objects.bulk_create(
        [LastSeen(user_id=user_id, at=at or Now()) for user_id in users],
        update_conflicts=True,
        unique_fields=["user_id"],
        update_fields=["at"],
    )
    return last_seen_times(users)


def went_offline(left: Mapping[uuid.UUID, datetime]) -> set[uuid.UUID]:
    """Return the users whose last connection ended at these times and who are not online. If several connections of a
    user have ended, in any process, only the last connection counts."""
    seen = last_seen_times(left)
    return {user_id for user_id, at in left.items() if seen.get(user_id) == at} - online_users(left)
