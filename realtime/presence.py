"""Who is online, counted over tabs and processes, from the stored connections of living processes.

Moments are the database's own: the clocks of the processes may differ.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from foundation.database.bulk import select_many
from realtime.models import LastSeen, ServerProcess, SocketSession

LEAVING = timedelta(seconds=5)
HEARTBEAT = timedelta(seconds=5)
DEAD_AFTER = timedelta(seconds=20)


def online(user_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the users who hold a socket, or did so 5 seconds ago, in a process that lives."""
    return set(_there(user_ids).values_list("user_id", flat=True))


def first_here(user_ids: Iterable[uuid.UUID], pids: Collection[str]) -> set[uuid.UUID]:
    """Those of the users of whose sockets one of these is the oldest."""
    oldest: dict[uuid.UUID, str] = {}
    for user_id, pid in _there(user_ids).order_by("started_at", "pid").values_list("user_id", "pid"):
        oldest.setdefault(user_id, pid)
    return {user_id for user_id, pid in oldest.items() if pid in pids}


def _there(user_ids: Iterable[uuid.UUID]) -> QuerySet[SocketSession]:
    recently = Now() - LEAVING
    living = ServerProcess.objects.filter(heartbeat_at__gt=Now() - DEAD_AFTER)
    return SocketSession.objects.filter(user_id__in=list(user_ids)).filter(
        Q(ended_at=None, process__in=living) | Q(ended_at__gt=recently)
    )


def last_seen(user_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    """When each user's last socket went; users who never had one are missing."""
    return dict(select_many(LastSeen, ("user_id", "at"), by="user_id", among=user_ids, order_by="user_id"))


@transaction.atomic
def store_last_seen(user_ids: Iterable[uuid.UUID], at: datetime | None = None) -> dict[uuid.UUID, datetime]:
    """Write when the last socket of these users went; without a moment, now. Answers what was written."""
    users = sorted(set(user_ids))
    LastSeen.objects.bulk_create(
        [LastSeen(user_id=user_id, at=at or Now()) for user_id in users],
        update_conflicts=True,
        unique_fields=["user_id"],
        update_fields=["at"],
    )
    return last_seen(users)


def departed(left: Mapping[uuid.UUID, datetime]) -> set[uuid.UUID]:
    """Those who left at these moments and are gone. Of several sockets that ended one after the other, in one
    process or in several, only the last tells."""
    seen = last_seen(left)
    return {user_id for user_id, at in left.items() if seen.get(user_id) == at} - online(left)


def beat(process_id: uuid.UUID) -> None:
    """Tell that this process lives."""
    ServerProcess.objects.update_or_create(id=process_id, defaults={"heartbeat_at": Now()})


def retire(process_id: uuid.UUID) -> None:
    """This process goes down in good order."""
    ServerProcess.objects.filter(pk=process_id).delete()


@transaction.atomic
def bury_dead() -> dict[uuid.UUID, datetime]:
    """End the connections of processes that were killed; answers whose they were, and when they went. One caller
    at a time finds a dead process."""
    dead = list(
        ServerProcess.objects.select_for_update(skip_locked=_can_skip()).filter(heartbeat_at__lt=Now() - DEAD_AFTER)
    )
    left: dict[uuid.UUID, datetime] = {}
    for process in dead:
        held = SocketSession.objects.filter(process=process, ended_at=None)
        left |= store_last_seen(held.values_list("user_id", flat=True), process.heartbeat_at)
        held.end(process.heartbeat_at)
        process.delete()
    return left


def _can_skip() -> bool:
    return transaction.get_connection().features.has_select_for_update_skip_locked
