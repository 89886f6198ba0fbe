"""A command that `benchmarks.retention` runs with the settings of a server: `EVENTS` fills the event logs with this
many old events, and a fifth as many young ones, deletes the old events with `trim_events`, and prints JSON."""

import io
import json
import os
import sys
import time
from datetime import datetime
from unittest.mock import patch

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stoory.settings")
django.setup()

from django.apps import apps  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from foundation import clock  # noqa: E402
from foundation.database import batched_deletes  # noqa: E402

OLD_PER_ROOM, YOUNG_PER_ROOM = 100, 20
LETTERS = 400
"""The length of a payload. A message has about as many characters."""

FILL = {
    "postgresql": (
        "INSERT INTO realtime_room (name, last_seq, floor)"
        " SELECT 'bench_' || n, %(per_room)s, 0 FROM generate_series(0, %(rooms)s - 1) n",
        "INSERT INTO realtime_roomevent (room_id, seq, event, data, created_at)"
        " SELECT r.id, n / %(rooms)s + 1, 'new_message', repeat('x', %(letters)s),"
        " now() - %(days)s * interval '1 day' + (n - %(old)s) * interval '1 second'"
        " FROM generate_series(0, %(all)s - 1) n JOIN realtime_room r ON r.name = 'bench_' || (n %% %(rooms)s)"
        " ORDER BY n",
    ),
    "sqlite": (
        "WITH RECURSIVE s(n) AS (VALUES(0) UNION ALL SELECT n + 1 FROM s WHERE n < %(rooms)s - 1)"
        " INSERT INTO realtime_room (name, last_seq, floor) SELECT 'bench_' || n, %(per_room)s, 0 FROM s",
        "WITH RECURSIVE s(n) AS (VALUES(0) UNION ALL SELECT n + 1 FROM s WHERE n < %(all)s - 1)"
        " INSERT INTO realtime_roomevent (room_id, seq, event, data, created_at)"
        " SELECT r.id, n / %(rooms)s + 1, 'new_message', printf('%%.*c', %(letters)s, 'x'),"
        " strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '-' || %(days)s || ' days', (n - %(old)s) || ' seconds')"
        " FROM s JOIN realtime_room r ON r.name = 'bench_' || (n %% %(rooms)s)",
    ),
}


def fill(old: int) -> None:
    """Insert the events of all rooms in turn, a second apart. The last old event is as old as events are kept."""
    rooms, per_room = old // OLD_PER_ROOM, OLD_PER_ROOM + YOUNG_PER_ROOM
    values = {
        "rooms": rooms,
        "old": old,
        "all": rooms * per_room,
        "per_room": per_room,
        "days": settings.EVENT_RETENTION.days,
        "letters": LETTERS,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL statement_timeout = 0")
        for statement in FILL[connection.vendor]:
            cursor.execute(statement, values)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def measure(old: int) -> dict[str, float]:
    """Delete the old events, and return the seconds, the number of batches and the longest batch in milliseconds."""
    batches: list[float] = []
    next_limit, out = batched_deletes.next_limit, io.StringIO()

    def recording(limit: int, seconds: float) -> int:
        batches.append(seconds * 1000)
        return next_limit(limit, seconds)

    before, begin = clock.now() - settings.EVENT_RETENTION, time.perf_counter()
    with patch.object(batched_deletes, "next_limit", recording):
        call_command("trim_events", stdout=out)
    seconds = time.perf_counter() - begin
    _check(int(out.getvalue().split()[0]), old, before)
    return {"seconds": round(seconds, 2), "batches": len(batches), "longest_ms": round(max(batches), 1)}


def _check(deleted: int, old: int, before: datetime) -> None:
    """Raise an error if other events than the old ones were deleted, or if a log has a gap now."""
    events, rooms = apps.get_model("realtime.RoomEvent"), apps.get_model("realtime.Room")
    left = events.objects.filter(created_at__lt=before).count()
    gaps = sum(room.events.count() != room.last_seq - room.floor for room in rooms.objects.all()[:100])
    if deleted < old or left or gaps:
        raise SystemExit(f"{deleted} of {old} events were deleted, {left} are left, {gaps} logs have gaps.")


if __name__ == "__main__":
    events = int(sys.argv[1])
    fill(events)
    print(json.dumps(measure(events)))
