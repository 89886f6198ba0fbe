"""What happens with a file before others get it: metadata is removed, and thumbnail, rendition and facts are made.

Small files are processed while their upload waits. Other files are `pending` until a task has processed them.
"""

import threading
import uuid
from pathlib import Path
from typing import IO

import structlog
from django.conf import settings
from django.core.files import File
from django.db.models.fields.files import FieldFile

from conversations.locking import lock_with_participants
from messaging.models import Message, Upload
from messaging.signals import upload_processed
from messaging.upload_kinds import PENDING, READY, REFUSED
from messaging.uploads.decoder.types import MEDIA, NEVER_WITH_METADATA, PICTURES
from messaging.uploads.decoding import ENDED, Decoded, DecoderBusy, MovableFile, decoded
from messaging.uploads.file_names import with_ending_of
from realtime import unit_of_work

log = structlog.get_logger(__name__)

IN_REQUEST_BYTES = 32 * 1024 * 1024
"""The largest file that is processed while its upload waits."""
IN_REQUESTS = 4
"""Uploads of one process that can wait for the decoder at the same time; the threads of all others stay free."""
BYTES_PER_SECOND = 5 * 1024 * 1024
TURN_SECONDS = 30
"""How long a task waits for its turn."""

_in_requests = threading.BoundedSemaphore(IN_REQUESTS)


class NotCleaned(Exception):
    """The metadata of a file could not be removed, although files of its type must have none. `is_final` says that
    another attempt would end in the same way."""

    def __init__(self, *, is_final: bool) -> None:
        super().__init__()
        self.is_final = is_final


def is_processed(content_type: str) -> bool:
    """Return whether files of this type are decoded at all."""
    return content_type in PICTURES or content_type in MEDIA


def process_now(upload: Upload, file: IO[bytes]) -> bool:
    """Process the file of a new upload, and set its columns; the caller saves the row.

    Returns False if a task must do it: the file is large, others wait already, or it needs more time.
    """
    if upload.size > IN_REQUEST_BYTES or not _in_requests.acquire(blocking=False):
        return False
    wait = seconds = settings.DECODE_SECONDS
    try:
        with decoded(file, upload.content_type, person=upload.owner_id, wait_seconds=wait, seconds=seconds) as output:
            _store(upload, file, output)
    except (DecoderBusy, NotCleaned):
        return False
    finally:
        _in_requests.release()
    return True


def process_later(upload_id: uuid.UUID) -> None:
    """Process the file of a `pending` upload, and tell the participants if it was sent already. Repeating changes
    nothing.

    Raises `DecoderBusy`, and `NotCleaned` if another attempt can succeed.
    """
    upload = Upload.objects.filter(pk=upload_id, status=PENDING).first()
    if upload is None:
        return
    before = str(upload.file.name)
    seconds = settings.DECODE_SECONDS + upload.size // BYTES_PER_SECOND
    try:
        with (
            upload.file.open("rb") as file,
            decoded(
                upload.file, upload.content_type, person=upload.owner_id, wait_seconds=TURN_SECONDS, seconds=seconds
            ) as output,
        ):
            _store(upload, file, output)
    except FileNotFoundError:
        refuse(upload_id)
    except NotCleaned as error:
        if not error.is_final:
            raise
        refuse(upload_id)
    else:
        upload.status = READY
        _replace(upload, before)


def refuse(upload_id: uuid.UUID) -> None:
    """Refuse a `pending` file for good, and delete it."""
    upload = Upload.objects.filter(pk=upload_id, status=PENDING).first()
    if upload is not None:
        before, upload.file.name, upload.status = str(upload.file.name), "", REFUSED
        log.warning("upload_refused", upload_id=str(upload_id), content_type=upload.content_type)
        _replace(upload, before)


def _store(upload: Upload, file: IO[bytes], output: Decoded) -> None:
    """Put the files into the storage, and set the columns of the upload. Raises `NotCleaned`."""
    job, result = output.job, output.result
    has_rendition = bool(result.rendition_type)
    if result.metadata_removed:
        _put(upload.file, job.cleaned)
    elif upload.content_type in NEVER_WITH_METADATA:
        if not has_rendition:
            raise NotCleaned(is_final=result.fault != ENDED)
        _put(upload.file, job.rendition)
        upload.name, upload.content_type = with_ending_of(upload.name, result.rendition_type), result.rendition_type
        has_rendition, result.metadata_removed = False, True
    elif upload.status != PENDING:
        file.seek(0)
        upload.file.save(upload.name, File(file), save=False)
    if has_rendition:
        _put(upload.rendition, job.rendition)
        upload.rendition_type = result.rendition_type
    if result.has_thumbnail:
        _put(upload.thumbnail, job.thumbnail)
    upload.size, upload.metadata_removed = upload.file.size, result.metadata_removed
    upload.width, upload.height, upload.duration = result.width, result.height, result.duration
    upload.placeholder = result.placeholder


def _put(field: FieldFile, path: Path) -> None:
    with MovableFile(path.open("rb"), name=str(path)) as content:
        field.save("", content, save=False)


def _replace(upload: Upload, before: str) -> None:
    """Save a processed upload, delete the file `before` that it replaces, and tell the participants. If the upload was
    deleted meanwhile, its new files are deleted."""
    file, kept = upload.file, upload.file.name
    if not _save(upload):
        remove_files(upload)
    if before != kept:
        file.storage.delete(before)


def _save(upload: Upload) -> bool:
    with unit_of_work():
        message_id = _message_of(upload)
        if Upload.objects.filter(pk=upload.pk, status=PENDING).update(**_columns(upload)) == 0:
            return False
        if message_id is not None:
            message = Message.objects.select_related("conversation").get(pk=message_id)
            upload_processed.send(Upload, message=message)
    return True


def _message_of(upload: Upload) -> uuid.UUID | None:
    """Lock the upload, after its conversation if it was sent, and return the id of its message."""
    while True:
        conversation_id = (
            Message.objects.filter(attachments=upload.pk).values_list("conversation_id", flat=True).first()
        )
        if conversation_id is not None:
            lock_with_participants([conversation_id])
        locked = Upload.objects.select_for_update().filter(pk=upload.pk).first()
        message_id = None if locked is None else locked.message_id
        if message_id is None or conversation_id is not None:
            return message_id


def _columns(upload: Upload) -> dict[str, object]:
    names = (
        *("file", "thumbnail", "rendition", "rendition_type", "name", "content_type", "size", "width", "height"),
        *("duration", "placeholder", "status", "metadata_removed"),
    )
    return {name: getattr(upload, name) for name in names}


def remove_files(upload: Upload) -> None:
    """Delete the files of an upload from the storage."""
    for file in (upload.file, upload.thumbnail, upload.rendition):
        if file.name:
            file.storage.delete(file.name)
