"""Payloads of messages and of whole conversations."""

from collections.abc import Callable
from operator import itemgetter
from typing import Any, Literal, cast

from accounts.payloads import PersonPayload
from conversations.fixed_values import RoleName
from conversations.flows import displayed_prompt
from conversations.flows.schemas import ActionData, AvailableAction, FlowStage
from conversations.payloads import ContextPayload, OtherUserPayload
from foundation.clock import rfc3339
from foundation.schemas import CachedSchema, Id, Schema, Timestamp
from messaging.attachment_descriptions import describe_attachments
from messaging.limits import MAX_EXCERPT_LENGTH
from messaging.models import Message, MessageRevision, Upload
from messaging.upload_kinds import Kind, Status

ListReason = Literal["opened", "message", "read", "state", "updated", "deleted"]
"""Why an entry of the conversation list changed."""


class AttachmentPayload(Schema):
    id: Id
    name: str
    content_type: str
    size: int
    url: str
    thumbnail_url: str | None
    kind: Kind
    width: int | None
    height: int | None
    duration: float | None
    placeholder: str
    alt: str
    status: Status
    metadata_removed: bool

    @classmethod
    def of(cls, upload: Upload) -> "AttachmentPayload":
        url = f"/api/uploads/{upload.pk}"
        return cls.model_construct(
            id=upload.pk,
            name=upload.name,
            content_type=upload.content_type,
            size=upload.size,
            url=url,
            thumbnail_url=f"{url}/thumbnail" if upload.thumbnail else None,
            kind=upload.kind,
            width=upload.width,
            height=upload.height,
            duration=upload.duration,
            placeholder=upload.placeholder,
            alt=upload.alt,
            status=cast(Status, upload.status),
            metadata_removed=upload.metadata_removed,
        )


class MessagePayload(CachedSchema):
    id: Id
    conversation_id: Id
    sender_id: Id
    receiver_id: Id
    message: str
    media_url: str | None
    message_type: Literal["user_input", "system"]
    is_automated: bool
    action_required: bool
    action_data: ActionData | None
    created_at: Timestamp
    seq: int
    client_message_id: str | None
    edited_at: Timestamp | None
    deleted_at: Timestamp | None
    read_at: Timestamp | None
    attachments: list[AttachmentPayload]

    @classmethod
    def of(cls, message: Message, *, state_version: int | None = None) -> "MessagePayload":
        """Return the payload of a message.

        With the current `state_version` of the conversation, an outdated prompt is shown as completed. The payload of a
        message without a prompt is cached if its uploads are loaded, because it is the same for all users.
        """
        if message.loaded_attachments is None or message.action_data is not None:
            return cls._made(message, state_version)
        if message.cached_payload is None:
            message.cached_payload = cls._made(message, state_version)
        return message.cached_payload

    @classmethod
    def _made(cls, message: Message, state_version: int | None) -> "MessagePayload":
        prompt = message.action_data
        if prompt is not None and state_version is not None:
            prompt = displayed_prompt(prompt, state_version)
        uploads = message.attachments.all() if message.loaded_attachments is None else message.loaded_attachments
        members = dict(zip(_STORED, _stored(vars(message)), strict=True))
        return cls.model_construct(
            **members, action_data=prompt, attachments=[AttachmentPayload.of(upload) for upload in uploads]
        )


_STORED = tuple(name for name in MessagePayload.model_fields if name not in {"action_data", "attachments"})
"""The members of the payload whose values are stored columns."""
_stored = itemgetter(*_STORED)


class LastMessagePayload(MessagePayload):
    """The newest message of a conversation, in a conversation list.

    Only a message without text has `preview`: what its attachments are ("Photo", "3 files"), in the reader's language.
    """

    preview: str | None = None

    @classmethod
    def of(cls, message: Message, *, state_version: int | None = None) -> "MessagePayload":
        """Return the payload of a message; see `MessagePayload.of`."""
        shown = MessagePayload.of(message, state_version=state_version)
        preview = "" if message.message else message_preview(message)
        return cls.model_construct(**vars(shown), preview=preview) if preview else shown


def message_preview(message: Message) -> str:
    """Return the text of a message, or what its attachments are if it has no text."""
    if message.message:
        return message.message
    uploads = message.attachments.all() if message.loaded_attachments is None else message.loaded_attachments
    return describe_attachments(uploads)


class NewMessagePayload(Schema):
    conversation_id: Id
    message: MessagePayload
    conversation_context: ContextPayload

    @classmethod
    def of(cls, message: Message) -> "NewMessagePayload":
        conversation = message.conversation
        return cls.model_construct(
            conversation_id=conversation.id,
            message=MessagePayload.of(message),
            conversation_context=ContextPayload.of(conversation),
        )


class MessageUpdatedPayload(Schema):
    conversation_id: Id
    message: MessagePayload


class MessageDeletedPayload(Schema):
    conversation_id: Id
    message_id: Id
    deleted_at: Timestamp


class MessagesReadPayload(Schema):
    conversation_id: Id
    user_id: Id
    up_to_seq: int
    read_at: Timestamp


class ListUpdatedPayload(Schema):
    conversation_id: Id
    reason: ListReason
    last_message: LastMessagePayload | MessagePayload | None
    unread_count: int
    total_unread: int
    updated_at: Timestamp


class ConversationPayload(ContextPayload):
    """A conversation as one user sees it: the members of the context, and members that belong to this user."""

    title: str
    source_id: str | None
    currency: str
    brand_owner: PersonPayload | None
    influencer: PersonPayload | None
    other_user: OtherUserPayload | None
    stage: FlowStage | None
    my_role: RoleName
    last_message: LastMessagePayload | MessagePayload | None
    unread_count: int
    seq: int
    available_actions: list[AvailableAction]
    created_at: Timestamp
    updated_at: Timestamp


class RevisionPayload(Schema):
    """Former words of a message, which an edit or its deletion replaced at `replaced_at`."""

    id: Id
    message: str
    media_url: str | None
    reason: str
    replaced_at: Timestamp
    attachments: list[AttachmentPayload]

    @classmethod
    def of(cls, revision: MessageRevision) -> "RevisionPayload":
        return cls.model_construct(
            id=revision.pk,
            message=revision.text,
            media_url=revision.media_url,
            reason=revision.reason,
            replaced_at=revision.replaced_at,
            attachments=[AttachmentPayload.of(upload) for upload in revision.attachments.all()],
        )


def excerpt(message: Message) -> str:
    """Return the beginning of a message, or what is attached to it, as a notification shows it."""
    return message_preview(message)[:MAX_EXCERPT_LENGTH]


def as_it_stands(message: Message) -> Callable[[str, dict[str, Any]], dict[str, Any]]:
    """Return a function for `rewrite_events`: it puts the current text of a changed message into a logged event."""
    changes: dict[str, Any] = {
        "message": message.message,
        "media_url": message.media_url,
        "edited_at": message.edited_at and rfc3339(message.edited_at),
        "deleted_at": message.deleted_at and rfc3339(message.deleted_at),
        "read_at": message.read_at and rfc3339(message.read_at),
    }
    if message.is_deleted:
        changes["attachments"] = []

    def rewrite(event: str, data: dict[str, Any]) -> dict[str, Any]:
        if "data" in data:
            frame = data["data"]
            return {**data, "data": {**frame, "body": excerpt(message), "message": {**frame["message"], **changes}}}
        return {**data, "message": {**data["message"], **changes}}

    return rewrite
