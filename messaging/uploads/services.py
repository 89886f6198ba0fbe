"""Services of files: store, send with a message, read and delete. Only participants and staff can read a sent file."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models.fields.files import FieldFile

from accounts.models import User
from conversations.models import Conversation
from conversations.view_records import record_view, record_view_of_revisions
from conversations.visibility import visible_conversation
from foundation import clock
from foundation.database.bulk import fetch_many
from foundation.errors import Forbidden, Invalid, NotFound
from foundation.ids import parse_id, uuid7
from messaging.models import Message, Upload
from messaging.requests import DescribeUploadRequest
from messaging.revision_rights import may_view_revisions
from messaging.upload_kinds import PENDING, REFUSED
from messaging.uploads.content_types import content_type_of
from messaging.uploads.file_names import safe_file_name, with_ending_of
from messaging.uploads.processing import is_processed, process_now, remove_files
from messaging.uploads.quota import check_announced_size, check_quota, check_size, insert_upload
from messaging.uploads.tasks import process_upload

THUMBNAIL_TYPE = "image/webp"
NO_FILE = "There is no such file."
UNSENT_LIFETIME = timedelta(days=1)
UPLOADS_PER_ROUND = 100


def store_upload(
    *,
    owner: User,
    file: "UploadedFile[bytes] | None",
    is_voice: bool = False,
    upload_id: uuid.UUID | None = None,
) -> Upload:
    """Store a file that can be sent later. It is `pending` if a task must process it first.

    `is_voice` says that an audio file is a voice note. `upload_id` is the id of the resumable upload with which the
    file was received. A `file` with `temporary_file_path` is read where it is, and not copied.

    Raises `Invalid` for a missing or empty file, `PayloadTooLarge`, `QuotaExceeded` and `UnsupportedMediaType`.
    """
    if file is None or not file.size:
        raise Invalid(errors={"file": ["A file is required, and it must not be empty."]})
    check_announced_size(file.size)
    if upload_id is None:
        check_quota(owner, file.size)
    name = file.name or ""
    content_type = content_type_of(file, name)
    check_size(file.size, content_type)
    upload = Upload(
        id=upload_id or uuid7(),
        owner=owner,
        name=safe_file_name(name, content_type),
        content_type=content_type,
        size=file.size,
        is_voice=is_voice,
    )
    try:
        is_ready = process_now(upload, file) if is_processed(content_type) else _keep(upload, file)
        if not is_ready:
            upload.status = PENDING
            _keep(upload, file)
        with transaction.atomic():
            insert_upload(upload)
            if not is_ready:
                process_upload.enqueue(upload.pk)
    except BaseException:
        remove_files(upload)
        raise
    return upload


def _keep(upload: Upload, file: "UploadedFile[bytes]") -> bool:
    file.seek(0)
    upload.file.save(upload.name, file, save=False)
    return True


def attach_uploads(*, owner: User, upload_ids: Sequence[object], message_id: uuid.UUID) -> list[Upload]:
    """Attach uploads to a message, which the caller saves in the same transaction. Each upload can be sent once.

    Raises `Invalid` if an upload does not exist, belongs to another user or was already sent.
    """
    if not upload_ids:
        return []
    ids = [parse_id(one) for one in upload_ids]
    wanted = {one for one in ids if one is not None}
    unsent = Upload.objects.filter(pk__in=wanted, owner=owner, message=None, revision=None).exclude(status=REFUSED)
    rows = unsent.select_for_update()
    found: dict[uuid.UUID | None, Upload] = {upload.pk: upload for upload in rows.order_by("pk")}
    if len(found) < len(ids):
        raise Invalid(errors={"attachments": ["Each must be the id of an upload of yours that was not sent yet."]})
    uploads = [found[one] for one in ids]
    for position, upload in enumerate(uploads):
        upload.message_id, upload.position = message_id, position
        upload.save(update_fields=["message", "position"])
    return uploads


def describe_upload(*, user: User, upload_id: object, data: DescribeUploadRequest) -> Upload:
    """Store the description of a file that the user has not sent yet.

    Raises `NotFound`, and `Forbidden` for a file that was sent.
    """
    with transaction.atomic():
        visible = _visible(user, upload_id)
        upload = (
            Upload.objects.select_for_update().filter(pk=visible.pk, owner=user, message=None, revision=None).first()
        )
        if upload is None:
            raise Forbidden("The description of a sent file cannot be changed.")
        upload.alt = data.alt
        upload.save(update_fields=["alt"])
        return upload


def load_attachments(messages: Collection[Message]) -> None:
    """Set `loaded_attachments` of all messages, with one query."""
    if messages:
        assign_attachments(messages, queue_attachments([message.id for message in messages]))


def queue_attachments(message_ids: Iterable[uuid.UUID]) -> Iterable[Upload]:
    """Return the uploads that were sent with these messages. In a pipeline, the query is only queued."""
    return fetch_many(Upload, by="message_id", among=message_ids, order_by="position")


def assign_attachments(messages: Iterable[Message], uploads: Iterable[Upload]) -> None:
    """Set `loaded_attachments` of each message."""
    found: dict[uuid.UUID | None, list[Upload]] = {}
    for message in messages:
        message.loaded_attachments = found[message.id] = []
    for upload in uploads:
        found[upload.message_id].append(upload)


@dataclass(frozen=True)
class StoredFile:
    """A file in the storage, with the content type and the name that clients see."""

    file: FieldFile
    content_type: str
    name: str

    def open(self) -> "File[bytes]":
        """Return the opened file. Raises `NotFound` if the storage does not have it."""
        try:
            return self.file.storage.open(self.file.name or "", "rb")
        except FileNotFoundError:
            raise NotFound(NO_FILE) from None

    @property
    def content(self) -> bytes:
        with self.open() as file:
            return file.read()


def read_upload(
    *, user: User, upload_id: object, thumbnail: bool = False, shown: bool = False, record: bool = True
) -> StoredFile:
    """Return a file, or its thumbnail. Participants of its conversation and staff can read a sent file; only the owner
    can read a file that was not sent, or is not ready. A file of a deleted message can be read only by staff with the
    permission to view revisions. With `shown`, it is the form that browsers show, if there is one. `record` says
    whether to record that a staff member viewed it.

    Raises `NotFound` for other users, and if the file or thumbnail does not exist.
    """
    stored = _stored(_visible(user, upload_id, record=record), thumbnail, shown)
    if not stored.file:
        raise NotFound(NO_FILE)
    return stored


def _stored(upload: Upload, thumbnail: bool, shown: bool) -> StoredFile:
    if thumbnail:
        return StoredFile(upload.thumbnail, THUMBNAIL_TYPE, with_ending_of(upload.name, THUMBNAIL_TYPE))
    if shown and upload.rendition:
        kind = upload.rendition_type
        return StoredFile(upload.rendition, kind, with_ending_of(upload.name, kind))
    return StoredFile(upload.file, upload.content_type, upload.name)


def _visible(user: User, upload_id: object, *, record: bool = True) -> Upload:
    parsed = parse_id(upload_id)
    rows = Upload.objects.select_related("message__conversation", "revision__message__conversation")
    upload = rows.filter(pk=parsed).first() if parsed else None
    if upload is not None and upload.revision is not None:
        _check_may_view_revision(user, upload)
        if record:
            conversation = upload.revision.message.conversation
            record_view_of_revisions(conversation=conversation, viewer=user, through="file", subject=upload.pk)
        return upload
    if upload is None or (upload.owner_id != user.pk and (upload.message is None or not upload.is_ready)):
        raise NotFound(NO_FILE)
    if upload.message is not None:
        _check_takes_part(user, upload.message.conversation)
        if record:
            record_view(conversation=upload.message.conversation, viewer=user, through="file", subject=upload.pk)
    return upload


def _check_takes_part(user: User, conversation: Conversation) -> None:
    try:
        visible_conversation(user=user, conversation_id=conversation.pk)
    except NotFound:
        raise NotFound(NO_FILE) from None


def _check_may_view_revision(user: User, upload: Upload) -> None:
    if not upload.is_ready or not may_view_revisions(user):
        raise NotFound(NO_FILE)


def delete_unsent_uploads() -> int:
    """Delete up to `UPLOADS_PER_ROUND` uploads that were not sent within a day. Returns how many it deleted."""
    stale = Upload.objects.filter(message=None, revision=None, created_at__lt=clock.now() - UNSENT_LIFETIME)
    if not stale.exists():
        return 0
    with transaction.atomic():
        found = list(stale.select_for_update()[:UPLOADS_PER_ROUND])
        for upload in found:
            upload.delete()
    return len(found)
