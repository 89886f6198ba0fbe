"""The tasks of messaging."""

from datetime import timedelta

from messaging.uploads.resumable import delete_expired_uploads
from messaging.uploads.services import delete_unsent_uploads
from tasks import recurring_task


@recurring_task(every=timedelta(minutes=1), time_limit=timedelta(minutes=5))
def clean_up_uploads() -> None:
    """Delete uploads that were not completed or sent within a day."""
    while delete_unsent_uploads() or delete_expired_uploads():
        pass
