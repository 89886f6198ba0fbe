"""Deleting old revisions of messages."""

from django.conf import settings

from foundation import clock
from foundation.database.batched_deletes import batch, delete_in_batches
from messaging.models import MessageRevision


def delete_old_revisions() -> int:
    """Delete revisions `MESSAGE_REVISION_DAYS` after they were made, with the files of deleted messages. Returns the
    number of deleted rows."""
    return delete_in_batches(_delete_oldest)


def _delete_oldest(limit: int) -> int:
    """Delete up to `limit` revisions that are too old. The order of the ids is the order of time."""
    before = clock.now() - settings.MESSAGE_REVISION_RETENTION
    oldest = MessageRevision.objects.order_by("pk").values_list("pk", "replaced_at")[:limit]
    old = [pk for pk, replaced_at in oldest if replaced_at <= before]
    with batch():
        return MessageRevision.objects.filter(pk__in=old).delete()[0]
