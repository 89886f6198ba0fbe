"""The tasks of messaging."""

from datetime import timedelta

from messaging import retention
from messaging.uploads.decoding import remove_abandoned_folders
from messaging.uploads.resumable import delete_expired_uploads
from messaging.uploads.services import delete_unsent_uploads
from tasks import recurring_task


@recurring_task(every=timedelta(hours=6), time_limit=timedelta(minutes=15))
def delete_old_revisions() -> None:
    """Delete the former words of messages, with the files of deleted messages, after `MESSAGE_REVISION_DAYS`."""
    retention.delete_old_revisions()


@recurring_task(every=timedelta(minutes=1), time_limit=timedelta(minutes=5))
def clean_up_uploads() -> None:
    """Delete uploads that were not completed or sent within a day, and what decoders have left that were killed."""
    while delete_unsent_uploads() or delete_expired_uploads():
        pass
    remove_abandoned_folders(older_than=timedelta(hours=1))
