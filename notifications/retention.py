"""Deleting old notifications. No event is sent: clients show the newest notifications first."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings

from foundation import clock
from foundation.database.batched_deletes import delete_in_batches, delete_rows
from notifications.models import Notification

UNREAD_RETENTION = timedelta(days=365)


def delete_old() -> int:
    """Delete read notifications `NOTIFICATION_RETENTION_DAYS` after they were made, and unread ones after a year, or
    after the same time if that is longer. Returns their number."""
    return delete_in_batches(_Retention(clock.now()).delete_oldest)


class _Retention:
    """Walks through the notifications in the order of their ids, which is the order of time. So it needs no index of
    its own, which every message would have to maintain."""

    def __init__(self, now: datetime) -> None:
        self._read_before = now - settings.NOTIFICATION_RETENTION
        self._unread_before = min(self._read_before, now - UNREAD_RETENTION)
        self._after: uuid.UUID | None = None

    def delete_oldest(self, limit: int) -> int:
        """Delete up to `limit` of the next notifications that are too old. Returns 0 if there are none."""
        while page := self._next_page(limit):
            self._after = page[-1][0]
            old = [pk for pk, made_at, read_at in page if made_at < self._bound(read_at)]
            if old:
                return delete_rows(Notification, old)
            if page[-1][1] >= self._read_before:
                return 0
        return 0

    def _bound(self, read_at: datetime | None) -> datetime:
        return self._unread_before if read_at is None else self._read_before

    def _next_page(self, limit: int) -> list[tuple[uuid.UUID, datetime, datetime | None]]:
        rows = Notification.objects.order_by("pk").values_list("pk", "created_at", "read_at")
        rest = rows if self._after is None else rows.filter(pk__gt=self._after)
        return list(rest[:limit])
