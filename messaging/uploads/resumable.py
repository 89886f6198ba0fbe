"""Services of resumable uploads: create, find, write parts, finish and remove."""

import os
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from accounts.models import User
from foundation import clock
from foundation.errors import DomainError, Invalid, NotFound
from foundation.ids import parse_id
from messaging.models import ResumableUpload, Upload
from messaging.uploads import incoming
from messaging.uploads.quota import check_announced_size, insert_resumable_upload
from messaging.uploads.services import store_upload

LIFETIME = timedelta(days=1)
ROWS_PER_ROUND = 100


@dataclass(frozen=True)
class Progress:
    """How far an upload has come, in bytes. `expires_at` is None once it is complete."""

    offset: int
    length: int
    expires_at: datetime | None


class _ReceivedFile(UploadedFile):  # type: ignore[type-arg]  # the stubs make it generic, Django does not
    """A received file. A storage on the same disk moves it instead of copying it."""

    def __init__(self, path: Path, *, name: str, size: int) -> None:
        super().__init__(path.open("rb"), name=name, size=size)
        self._path = path

    def temporary_file_path(self) -> str:
        return str(self._path)


def create_resumable_upload(*, owner: User, length: int, name: str, is_voice: bool) -> ResumableUpload:
    """Reserve space for a file that arrives in parts. `length` is its size, and `name` the owner's name for it.

    Raises `Invalid` for an empty file, `PayloadTooLarge` and `QuotaExceeded`.
    """
    if not length:
        raise Invalid(errors={"Upload-Length": ["The file must not be empty."]})
    check_announced_size(length)
    upload = ResumableUpload(owner=owner, length=length, name=name.replace("\x00", "")[-255:], is_voice=is_voice)
    incoming.remove_old_files()
    incoming.create_file(upload.pk)
    try:
        insert_resumable_upload(upload)
    except BaseException:
        incoming.remove_file(upload.pk)
        raise
    return upload


def expiry_of(upload: ResumableUpload) -> datetime:
    return upload.created_at + LIFETIME


def find_resumable_upload(*, owner: User, upload_id: object) -> ResumableUpload:
    """Return an upload that is not complete. Raises `NotFound`, also for uploads of other users and expired uploads."""
    parsed = parse_id(upload_id)
    live = ResumableUpload.objects.filter(owner=owner, created_at__gt=clock.now() - LIFETIME)
    found = live.filter(pk=parsed).first() if parsed else None
    if found is None:
        raise NotFound
    return found


def progress_of(*, owner: User, upload_id: object) -> Progress:
    """Return the progress of an upload. If all bytes have arrived and its process was killed, finish it first.

    Raises `NotFound`, and the errors of `finish_upload`.
    """
    parsed = parse_id(upload_id)
    complete = Upload.objects.filter(pk=parsed, owner=owner).first() if parsed else None
    if complete is not None:
        return Progress(complete.size, complete.size, None)
    upload = find_resumable_upload(owner=owner, upload_id=upload_id)
    offset = incoming.received_bytes(upload.pk)
    if offset == upload.length:
        finish_upload(upload)
    return Progress(offset, upload.length, expiry_of(upload))


def finish_upload(upload: ResumableUpload) -> None:
    """Store a file of which all bytes have arrived. Finishing it again changes nothing.

    Raises `UploadLocked` while another request finishes it. If the file is refused, it is removed, and the errors of
    `store_upload` are raised.
    """
    try:
        with incoming.locked_file(upload.pk) as path:
            if not Upload.objects.filter(pk=upload.pk).exists():
                _store(upload, path)
    except NotFound:
        if not Upload.objects.filter(pk=upload.pk).exists():
            raise
    incoming.remove_file(upload.pk)


def _store(upload: ResumableUpload, path: Path) -> None:
    """Store a second link of the file, so that the bytes remain if storing fails."""
    link = path.with_suffix(".complete")
    link.unlink(missing_ok=True)
    os.link(path, link)
    try:
        with _ReceivedFile(link, name=upload.name, size=upload.length) as file:
            store_upload(owner=upload.owner, file=file, is_voice=upload.is_voice, upload_id=upload.pk)
    except DomainError as error:
        if error.status < 500:
            _remove(upload.pk)
        raise
    finally:
        link.unlink(missing_ok=True)


def remove_resumable_upload(*, owner: User, upload_id: object) -> None:
    """Remove an upload that is not complete. Raises `NotFound`."""
    _remove(find_resumable_upload(owner=owner, upload_id=upload_id).pk)


def _remove(upload_id: uuid.UUID) -> None:
    ResumableUpload.objects.filter(pk=upload_id).delete()
    incoming.remove_file(upload_id)


def delete_expired_uploads() -> int:
    """Delete up to `ROWS_PER_ROUND` uploads that were not completed within a day. Returns how many it deleted."""
    expired = ResumableUpload.objects.filter(created_at__lt=clock.now() - LIFETIME)
    found: list[Any] = list(expired.values_list("pk", flat=True)[:ROWS_PER_ROUND])
    for upload_id in found:
        _remove(upload_id)
    return len(found)
