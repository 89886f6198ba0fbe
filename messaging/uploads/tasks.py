"""The task that processes large files."""

import uuid
from datetime import timedelta

from django_tasks import TaskContext

from messaging.uploads import processing
from messaging.uploads.decoding import DecoderBusy
from tasks import TaskFailed, task

ATTEMPTS = 4
BUSY_SECONDS = 5


@task(key=("upload_id",), takes_context=True, time_limit=timedelta(minutes=20), max_attempts=200)
def process_upload(context: TaskContext, upload_id: uuid.UUID) -> None:
    """Remove the metadata of a pending file and make its thumbnail; then others can read it."""
    try:
        processing.process_later(upload_id)
    except DecoderBusy as error:
        raise TaskFailed("Other files are being decoded.", retry_after=timedelta(seconds=BUSY_SECONDS)) from error
    except processing.NotCleaned as error:
        if context.attempt < ATTEMPTS:
            raise TaskFailed("The metadata could not be removed in time.") from error
        processing.refuse(upload_id)
