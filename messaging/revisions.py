"""The former words of edited and deleted messages, for staff who may read them."""

from django.conf import settings

from accounts.models import User
from conversations.view_records import record_view_of_revisions
from foundation.database.pagination import Keyset, Page
from foundation.errors import Forbidden, NotFound
from foundation.ids import parse_id
from foundation.query_params import PageQuery
from messaging.history import message_for
from messaging.models import Message, MessageRevision
from messaging.revision_rights import may_view_revisions

NEWEST_FIRST = Keyset(("id",), descending=True, model=MessageRevision)


def keep_edited(message: Message) -> None:
    """Store the words that an edit is going to replace, unless no revisions are kept."""
    if settings.MESSAGE_REVISION_RETENTION:
        _store(message, MessageRevision.EDITED)


def keep_deleted(message: Message) -> None:
    """Store the words and files that a deletion is going to erase, or delete the files if no revisions are kept."""
    if not settings.MESSAGE_REVISION_RETENTION:
        message.attachments.all().delete()
        return
    message.attachments.update(revision=_store(message, MessageRevision.DELETED), message=None)


def _store(message: Message, reason: str) -> MessageRevision:
    return MessageRevision.objects.create(
        message=message, text=message.message, media_url=message.media_url, reason=reason
    )


def revisions_of(*, user: User, message_id: object, query: PageQuery) -> Page[MessageRevision]:
    """Return a page of the former words of a message, newest first, and record the view.

    Raises `NotFound` if the user cannot see the message, `Forbidden` without the permission to view revisions, and
    `Invalid` for a bad cursor.
    """
    if not may_view_revisions(user):
        message_for(user=user, message_id=message_id)
        raise Forbidden("Only staff with the permission to view message revisions can read former words.")
    parsed = parse_id(message_id)
    message = Message.objects.select_related("conversation").filter(pk=parsed).first() if parsed else None
    if message is None:
        raise NotFound("There is no such message.")
    rows = message.revisions.prefetch_related("attachments")
    page = NEWEST_FIRST.page(rows, cursor=query.cursor, limit=query.limit)
    record_view_of_revisions(conversation=message.conversation, viewer=user, through="rest", subject=message.pk)
    return page
