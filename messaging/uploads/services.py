"""Services of files: store, send with a message, read and delete. Only participants and staff can read a sent file."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.core.files.base import ContentFile, File
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
from messaging.uploads.content_types import THUMBNAIL_TYPE, content_type_of, safe_file_name, thumbnail_of
from messaging.uploads.metrics import count_upload
from messaging.uploads.quota import check_announced_size, check_quota, check_size, insert_upload

log = structlog.get_logger(__name__)

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
    """Store a file that can be sent later. `is_voice` says that an audio file is a voice note. `upload_id` is the id of
    the resumable upload with which it was received.

    Raises `Invalid` for a missing or empty file, `PayloadTooLarge`, `QuotaExceeded` and `UnsupportedMediaType`.
    """
    if file is None or not file.size:
        raise Invalid(errors={"file": ["A file is required, and it must not be empty."]})
    check_announced_size(file.size)
    if upload_id is None:
        check_quota(owner, file.size)
    content_type = content_type_of(file)
    check_size(file.size, content_type)
    thumbnail = thumbnail_of(file, content_type)
    upload = Upload(
        id=upload_id or uuid7(),
        owner=owner,
        name=safe_file_name(file.name or "", content_type),
        content_type=content_type,
        size=file.size,
        is_voice=is_voice,
    )
    try:
        file.seek(0)
        upload.file.save(upload.name, file, save=False)
        if thumbnail is not None:
            upload.thumbnail.save(upload.name, ContentFile(thumbnail), save=False)
        insert_upload(upload)
    except BaseException:
        remove_files(upload)
        raise
    count_upload(upload)
    log.info("upload_stored", upload_id=str(upload.pk), content_type=upload.content_type, size=upload.size)
    return upload


def attach_uploads(*, owner: User, upload_ids: Sequence[object], message_id: uuid.UUID) -> list[Upload]:
    """Attach uploads to a message, which the caller saves in the same transaction. Each upload can be sent once.

    Raises `Invalid` if an upload does not exist, belongs to another user or was already sent.
    """
    if not upload_ids:
        return []
    ids = [parse_id(one) for one in upload_ids]
    wanted = {one for one in ids if one is not None}
    rows = Upload.objects.select_for_update().filter(pk__in=wanted, owner=owner, message=None, revision=None)
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


def read_upload(*, user: User, upload_id: object, thumbnail: bool = False, record: bool = True) -> StoredFile:
    """Return a file, or its thumbnail. Participants of its conversation and staff can read a sent file; only the owner
    can read a file that was not sent, or is not ready. A file of a deleted message can be read only by staff with the
    permission to view revisions. `record` says whether to record that a staff member viewed it.

    Raises `NotFound` for other users, and if the file or thumbnail does not exist.
    """
    upload = _visible(user, upload_id, record=record)
    wanted = upload.thumbnail if thumbnail else upload.file
    if not wanted:
        raise NotFound(NO_FILE)
    return StoredFile(wanted, THUMBNAIL_TYPE if thumbnail else upload.content_type, _name(upload, thumbnail))


def _name(upload: Upload, thumbnail: bool) -> str:
    return f"{upload.name.rpartition('.')[0]}.webp" if thumbnail else upload.name


def _visible(user: User, upload_id: object, *, record: bool = True) -> Upload:
    parsed = parse_id(upload_id)
    rows = Upload.objects.select_related("message__conversation", "revision__message__conversation")
    upload = rows.filter(pk=parsed).first() if parsed else None
    if upload is not None and upload.revision is not None:
        _check_may_view_revision(user)
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


def _check_may_view_revision(user: User) -> None:
    if not may_view_revisions(user):
        raise NotFound(NO_FILE)


def remove_files(upload: Upload) -> None:
    """Delete the files of an upload from the storage."""
    for file in (upload.file, upload.thumbnail, upload.rendition):
        if file.name:
            file.storage.delete(file.name)


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
