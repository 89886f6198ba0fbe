"""Who has gone, when several sockets of one user end in several processes."""

import uuid
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from realtime import presence, recovery
from realtime.models import LastSeen, ServerProcess, SocketSession
from realtime.recovery import Beginning

pytestmark = pytest.mark.django_db

USER = uuid.uuid4()
LONG_AGO = presence.LEAVING + timedelta(seconds=1)


def begun(process_id: uuid.UUID) -> Beginning:
    presence.beat(process_id)
    one = Beginning(recovery.new_pid(), USER, process_id, 0)
    recovery.store_beginnings([one])
    return one


def ended(one: Beginning, at: datetime | None = None) -> dict[uuid.UUID, datetime]:
    recovery.store_ends(one.process_id, [one.pid])
    return presence.store_last_seen([USER], at)


def time_passes() -> None:
    """The sockets that have ended did so longer ago than a page takes to be loaded again."""
    SocketSession.objects.filter(ended_at__isnull=False).update(ended_at=timezone.now() - LONG_AGO)


def test_only_the_last_of_several_tells() -> None:
    one, two = begun(uuid.uuid4()), begun(uuid.uuid4())
    first = ended(one, timezone.now() - timedelta(milliseconds=1))
    last = ended(two)
    time_passes()
    assert presence.departed(first) == set()
    assert presence.departed(last) == {USER}


def test_who_came_back_is_not_gone() -> None:
    left = ended(begun(uuid.uuid4()))
    time_passes()
    begun(uuid.uuid4())
    assert presence.departed(left) == set()


def test_who_left_just_now_is_not_gone_yet() -> None:
    assert presence.departed(ended(begun(uuid.uuid4()))) == set()


def test_the_sockets_of_a_dead_process_have_ended_with_its_last_heartbeat() -> None:
    one = begun(uuid.uuid4())
    died = timezone.now() - presence.DEAD_AFTER - timedelta(seconds=1)
    ServerProcess.objects.filter(pk=one.process_id).update(heartbeat_at=died)
    left = presence.bury_dead()
    assert left == {USER: died}
    assert presence.departed(left) == {USER}
    assert LastSeen.objects.get(pk=USER).at == died
    assert presence.bury_dead() == {}
