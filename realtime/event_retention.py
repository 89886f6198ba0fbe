"""Deleting old events from the logs of rooms."""

from datetime import datetime

from django.db import connection

from foundation.database.batched_deletes import batch, delete_in_batches, delete_up_to
from foundation.database.bulk import select_many, update_many
from realtime.models import Room, RoomEvent

MOST_PER_ROOM = 20
"""The number of events of a room for which a batch reckons, if the last batch found that many. A room's row is written
in each batch that deletes some of its events, and the events of a conversation are spread over the pages of the table.
"""


def trim(before: datetime) -> int:
    """Delete the events that were logged before a time. Return the number of deleted events. Clients that need deleted
    events receive `reset`."""
    return delete_in_batches(_Trimming(before).delete_oldest)


class _Trimming:
    """Deletes the oldest events, batch by batch: the first events of the rooms in which the oldest events are.

    Each batch begins in the index where the last one began, because PostgreSQL would otherwise read the entries of all
    deleted events again.
    """

    def __init__(self, before: datetime) -> None:
        self._before = before
        self._since: datetime | None = None
        self._per_room = 1

    def delete_oldest(self, limit: int) -> int:
        """Delete at most `limit` events and raise the floors of their rooms, in one transaction."""
        oldest = self._oldest(max(1, limit // (2 * self._per_room)))
        if not oldest:
            return 0
        with batch():
            rooms = list(select_many(Room, ("name", "id", "floor"), by="id", among=oldest, order_by="name", lock=True))
            ends = self._ends(oldest, limit // len(oldest))
            floors = {key: ends[key] for _, key, _ in rooms}
            raised = [{"id": key, "floor": floors[key]} for _, key, floor in rooms if floors[key] > floor]
            update_many(Room, raised)
            deleted = delete_up_to(RoomEvent, by="room_id", order="seq", ends=floors)
        self._per_room = max(1, min(MOST_PER_ROOM, deleted // len(oldest)))
        return deleted

    def _oldest(self, limit: int) -> dict[int, int]:
        """Return the rooms of the oldest events, with the last `seq` that is among these events."""
        old = RoomEvent.objects.filter(created_at__lt=self._before)
        if self._since is not None:
            old = old.filter(created_at__gte=self._since)
        rows = list(old.order_by("created_at").values_list("room_id", "seq", "created_at")[:limit])
        ends: dict[int, int] = {}
        for room, seq, _ in rows:
            ends[room] = max(seq, ends.get(room, 0))
        self._since = rows[0][2] if rows else self._since
        return ends

    def _ends(self, oldest: dict[int, int], window: int) -> dict[int, int]:
        """Return the last `seq` of each room that is old and among the first `window` events of the room.

        The clocks of processes differ, so events before an old one can be younger. They are deleted too: a log has no
        gaps.
        """
        before = connection.ops.adapt_datetimefield_value(self._before)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(_ENDS, [window, before, list(oldest), list(oldest.values())])
                return dict(cursor.fetchall())
            ends = {}
            for room, seq in oldest.items():
                cursor.execute(_END, [room, window, before, seq])
                (ends[room],) = cursor.fetchone()
            return ends


_ENDS = """\
SELECT w.id, (
    SELECT max(n.seq)
    FROM (SELECT seq, created_at FROM realtime_roomevent WHERE room_id = w.id ORDER BY seq LIMIT %s) AS n
    WHERE n.created_at < %s OR n.seq <= w.known
) FROM unnest(%s::bigint[], %s::bigint[]) AS w(id, known)"""
_END = """\
SELECT max(seq) FROM (SELECT seq, created_at FROM realtime_roomevent WHERE room_id = %s ORDER BY seq LIMIT %s)
WHERE created_at < %s OR seq <= %s"""
