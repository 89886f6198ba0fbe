"""Pages of a conversation's messages. `foundation.query_params` defines the page sizes."""

from django.db.models import QuerySet

from accounts.models import User
from conversations.models import Conversation
from conversations.visibility import visible_conversation
from foundation.database.pagination import Keyset, Page
from foundation.errors import Invalid, NotFound
from foundation.ids import parse_id
from messaging.models import Message
from messaging.requests import HistoryQuery
from messaging.uploads.services import load_attachments

HISTORY = Keyset(("seq",), descending=False, model=Message)


def history(*, conversation: Conversation, query: HistoryQuery) -> Page[Message]:
    """Return a page of messages, oldest first; the default is the newest page.

    Raises `Invalid` if the query has more than one of cursor, before, after and around, or a bad cursor.
    """
    given = [one for one in (query.cursor, query.before, query.after, query.around) if one is not None]
    if len(given) > 1:
        raise Invalid("Only one of cursor, before, after and around can be given.")
    page = _page(Message.objects.filter(conversation=conversation), query)
    load_attachments(page.results)
    return page


def _page(rows: QuerySet[Message], query: HistoryQuery) -> Page[Message]:
    limit = query.limit
    if query.cursor is not None:
        return HISTORY.page(rows, cursor=query.cursor, limit=limit)
    if query.after is not None:
        return HISTORY.page(rows, cursor=HISTORY.cursor(query.after), limit=limit)
    if query.around is not None:
        return _around_seq(rows, query.around, limit)
    end = query.before if query.before is not None else 2**63 - 1
    return HISTORY.page(rows, cursor=HISTORY.cursor(end, backwards=True), limit=limit)


def _around_seq(rows: QuerySet[Message], seq: int, limit: int) -> Page[Message]:
    newer = HISTORY.page(rows, cursor=HISTORY.cursor(seq - 1), limit=(limit + 1) // 2)
    if limit == 1 and newer.results:
        return newer
    older = HISTORY.page(rows, cursor=HISTORY.cursor(seq, backwards=True), limit=max(1, limit // 2))
    return Page(older.results + newer.results, next=newer.next, previous=older.previous)


def message_for(*, user: User, message_id: object) -> Message:
    """Return a message. Raises `NotFound` if the user cannot see it."""
    parsed = parse_id(message_id)
    message = Message.objects.select_related("conversation").filter(pk=parsed).first() if parsed else None
    if message is None:
        raise NotFound("There is no such message.")
    try:
        visible_conversation(user=user, conversation_id=message.conversation_id)
    except NotFound:
        raise NotFound("There is no such message.") from None
    return message
