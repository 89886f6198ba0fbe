"""Retention of events: bounded batches, whole prefixes of the logs, and plans that do not grow with the table."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from foundation import clock
from foundation.database import batched_deletes
from realtime import event_retention, publish
from realtime.event_retention import _Trimming
from realtime.models import Room, RoomEvent
from realtime.tasks import trim_events
from tests.apps.realtime.samples import NOTE, note
from tests.harness.tasks import run_due_tasks

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def write(count: int, room: str = "room", days: float = 40) -> None:
    with clock.moved(-days * DAY):
        for number in range(count):
            publish(room, NOTE, note(str(number)))


def month_ago():
    return clock.now() - 30 * DAY


def left(room: str = "room") -> list[int]:
    return list(RoomEvent.objects.filter(room__name=room).order_by("seq").values_list("seq", flat=True))


def floor(room: str = "room") -> int:
    return Room.objects.get(name=room).floor


def test_all_old_events_of_all_rooms_are_deleted():
    for number in range(5):
        write(number, f"room {number}")
        write(2, f"room {number}", days=1)
    assert event_retention.trim(month_ago()) == sum(range(5))
    for number in range(1, 5):
        assert left(f"room {number}") == [number + 1, number + 2]
        assert floor(f"room {number}") == number
    assert event_retention.trim(month_ago()) == 0


def test_the_recurring_task_deletes_old_events():
    write(3)
    trim_events.enqueue()
    run_due_tasks(recurring=True)
    assert left() == []


@pytest.mark.parametrize("limit", [1, 3, 7, 100])
def test_a_batch_deletes_at_most_its_limit_and_keeps_logs_whole(limit):
    write(10, "left")
    write(10, "right")
    trimming, total = _Trimming(month_ago()), 0
    while deleted := trimming.delete_oldest(limit):
        assert deleted <= max(limit, 2)
        total += deleted
        for room in ("left", "right"):
            assert left(room) == list(range(floor(room) + 1, 11))
    assert total == 20


def test_younger_events_before_an_old_event_are_deleted_with_it():
    """The clocks of two processes differ, so a later event can have an earlier time."""
    write(2)
    write(3, days=29)
    write(1, days=40)
    write(1, days=1)
    assert event_retention.trim(month_ago()) == 6
    assert (left(), floor()) == ([7], 6)


def test_a_wrong_clock_does_not_make_a_batch_large():
    write(20, days=1)
    write(1, days=40)
    trimming = _Trimming(month_ago())
    assert [trimming.delete_oldest(5) for _ in range(5)] == [5, 5, 5, 5, 1]


def test_rooms_whose_events_alternate_stay_whole():
    with clock.moved(-40 * DAY):
        for number in range(30):
            for room in range(5):
                publish(f"room {room}", NOTE, note(str(number)))
    trimming, sizes = _Trimming(month_ago()), []
    while deleted := trimming.delete_oldest(30):
        sizes.append(deleted)
        assert all(left(f"room {room}") == list(range(floor(f"room {room}") + 1, 31)) for room in range(5))
    assert (sum(sizes), max(sizes)) == (150, 30)
    assert len(sizes) <= 8


def test_leftovers_below_the_floor_are_deleted():
    write(5)
    Room.objects.update(floor=5)
    assert event_retention.trim(month_ago()) == 5
    assert (left(), floor()) == ([], 5)


def test_a_trimming_that_was_interrupted_can_be_repeated():
    write(10)
    _Trimming(month_ago()).delete_oldest(4)
    assert event_retention.trim(month_ago()) == 6


@pytest.mark.parametrize("rooms", [1, 8])
def test_the_number_of_queries_of_a_batch_does_not_depend_on_the_number_of_rooms(rooms):
    for number in range(rooms):
        write(8 // rooms, f"room {number}")
    with CaptureQueriesContext(connection) as queries:
        assert _Trimming(month_ago()).delete_oldest(100) == 8
    statements = [query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    # SQLite has no arrays, so it runs a statement of the same text for each room inside this process.
    assert len({one.split(" ")[0] for one in statements}) <= 3
    if connection.vendor == "postgresql":
        # Django does not count the lock and the update of the rooms, which are sent through `foundation`.
        assert len(statements) <= 4, statements


def test_a_large_log_is_never_read_as_a_whole(on_postgresql):
    write(1)
    room = Room.objects.get()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO realtime_roomevent (room_id, seq, event, data, created_at)"
            " SELECT %s + n %% 100, 2 + n, 'note', '{}', now() FROM generate_series(1, 50000) n",
            [room.pk],
        )
        cursor.execute("ANALYZE realtime_roomevent")
        ends = {room.pk + number: 3 for number in range(50)}
        statement = batched_deletes._BY_TID.format(table="realtime_roomevent", by="room_id", order="seq")
        cursor.execute(f"EXPLAIN {statement}", [list(ends), list(ends.values())])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Tid Scan" in plan
    assert "realtime_roomevent_pk" in plan
    assert "Seq Scan" not in plan
    oldest = RoomEvent.objects.filter(created_at__lt=month_ago()).order_by("created_at")[:500].explain()
    assert "created_at" in oldest
    assert "Seq Scan" not in oldest
