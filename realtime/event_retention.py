"""Deleting old events from the logs of rooms."""

from datetime import datetime

from django.db import transaction

from foundation.database.batched_deletes import delete_in_batches, delete_up_to
from foundation.database.bulk import select_many, update_many
from realtime.models import Room, RoomEvent


def trim(before: datetime) -> int:
    """Delete the events that were logged before a time. Return the number of deleted events. Clients that need deleted
    events receive `reset`."""
    return delete_in_batches(_Trimming(before).delete_oldest)


class _Trimming:
    """Deletes the oldest events of all rooms, batch by batch. Each batch begins in the index where the last one ended,
    because PostgreSQL would otherwise read the entries of all deleted events again."""

    def __init__(self, before: datetime) -> None:
        self._before = before
        self._since: datetime | None = None

    def delete_oldest(self, limit: int) -> int:
        """Delete about `limit` events and raise the floors of their rooms, in one transaction."""
        ends = self._oldest(limit)
        if not ends:
            return 0
        with transaction.atomic():
            floors = {
                key: max(floor, min(ends[key], floor + limit))
                for _, key, floor in select_many(
                    Room, ("name", "id", "floor"), by="id", among=ends, order_by="name", lock=True
                )
            }
            update_many(Room, [{"id": key, "floor": floor} for key, floor in floors.items()])
            return delete_up_to(RoomEvent, by="room_id", order="seq", ends=floors)

    def _oldest(self, limit: int) -> dict[int, int]:
        """Return the rooms of the oldest events, with the last `seq` that is among them.

        The clocks of processes differ, so events before it can be younger. They are deleted too: a log has no gaps.
        """
        old = RoomEvent.objects.filter(created_at__lt=self._before)
        if self._since is not None:
            old = old.filter(created_at__gte=self._since)
        ends: dict[int, int] = {}
        for room, seq, self._since in old.order_by("created_at").values_list("room_id", "seq", "created_at")[:limit]:
            ends[room] = max(seq, ends.get(room, 0))
        return ends
