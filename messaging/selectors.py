"""Reads of messages and conversations, each in a number of queries that does not depend on how much there is."""

import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet

from accounts.models import User
from conversations.flows.errors import WrongState
from conversations.models import Conversation, Participant
from conversations.rendering import ViewedConversation, render_members
from conversations.selectors import participations_of, visible_conversation
from foundation.database.bulk import fetch_many, last_of_each
from foundation.database.pagination import Keyset, Page
from foundation.errors import DomainError, Invalid, NotFound
from foundation.ids import parse_id
from messaging.models import Message
from messaging.payloads import ConversationPayload, MessagePayload
from messaging.uploads.services import load_attachments

CONVERSATIONS = Keyset(("last_activity_at", "conversation_id"), descending=True, model=Participant)
HISTORY = Keyset(("seq",), descending=False, model=Message)


@dataclass(frozen=True)
class ListFilter:
    conversation_type: str | None = None
    awaiting_me: bool = False
    unread: bool | None = None
    search: str | None = None


def conversation_list(
    *, user: User, filters: ListFilter, cursor: str | None, limit: int
) -> tuple[list[ConversationPayload], Page[Participant]]:
    """The user's conversations, newest activity first."""
    participations = participations_of(user.pk).select_related("conversation")
    if filters.conversation_type is not None:
        participations = participations.filter(conversation__conversation_type=filters.conversation_type)
    if filters.awaiting_me:
        participations = participations.filter(conversation__awaiting_role=F("role"))
    if filters.unread is not None:
        participations = (
            participations.filter(unread_count__gt=0) if filters.unread else participations.filter(unread_count=0)
        )
    if filters.search:
        participations = _search(participations, user, filters.search)
    page = CONVERSATIONS.page(participations, cursor=cursor, limit=limit)
    return render_conversations([participant.conversation for participant in page.results], user), page


def _search(participations: QuerySet[Participant], user: User, words: str) -> QuerySet[Participant]:
    """By title, or by the name of the other side."""
    named = Participant.objects.filter(user__name__icontains=words).exclude(user=user)
    by_name = participations.filter(conversation__in=named.values("conversation"))
    return participations.filter(conversation__title__icontains=words) | by_name


def conversation_for(*, user: User, conversation_id: object) -> ConversationPayload:
    """One conversation as the user sees it. Raises `NotFound`."""
    return render_conversations([visible_conversation(user=user, conversation_id=conversation_id)], user)[0]


def render_conversations(conversations: Sequence[Conversation], user: User) -> list[ConversationPayload]:
    return render_for([(one, user) for one in conversations])


def render_for(pairs: Sequence[tuple[Conversation, User]]) -> list[ConversationPayload]:
    """Each conversation as that user sees it."""
    return [ConversationPayload.model_construct(**members) for members in render_members(pairs)]


def load_last_message(conversations: Sequence[Conversation]) -> Callable[[ViewedConversation], dict[str, Any]]:
    """The part `last_message` of conversation payloads; see `conversations.rendering`."""
    found = last_messages({one.pk for one in conversations})

    def render(view: ViewedConversation) -> dict[str, Any]:
        message, version = found.get(view.conversation.pk), view.conversation.state_version
        return {"last_message": MessagePayload.of(message, state_version=version) if message else None}

    return render


def last_messages(conversation_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Message]:
    """The newest message of each conversation that has one."""
    # Its id first: asked in one statement, PostgreSQL may read every message to find these few.
    last = last_of_each(Message, "id", by="conversation_id", among=conversation_ids, order_by="seq")
    ids = [message_id for _, message_id in last]
    found = list(fetch_many(Message, by="id", among=ids, order_by="id")) if ids else []
    load_attachments(found)
    return {message.conversation_id: message for message in found}


def describe_conflict(error: DomainError, user: User, conversation_id: object) -> None:
    """Add the conversation as it is now, and what the user may do in it, to an error with status 409."""
    if error.status == WrongState.status and conversation_id is not None:
        shown = conversation_for(user=user, conversation_id=conversation_id)
        error.extra |= {"conversation": shown, "available_actions": shown.available_actions}


@contextmanager
def describing_conflicts(user: User, conversation_id: object) -> Iterator[None]:
    """`describe_conflict` for what is refused inside. Enter it before the transaction, which has ended by then."""
    try:
        yield
    except DomainError as error:
        describe_conflict(error, user, conversation_id)
        raise


@dataclass(frozen=True)
class Window:
    """A part of a history: `before` and `after` exclude their `seq`, `around` stands in the middle."""

    before: int | None = None
    after: int | None = None
    around: int | None = None


def history(*, conversation: Conversation, window: Window, cursor: str | None, limit: int) -> Page[Message]:
    """A page of messages, oldest first: the newest ones where nothing else is asked for."""
    given = [one for one in (cursor, window.before, window.after, window.around) if one is not None]
    if len(given) > 1:
        raise Invalid("Only one of cursor, before, after and around can be given.")
    page = _window(Message.objects.filter(conversation=conversation), window, cursor, limit)
    load_attachments(page.results)
    return page


def _window(rows: QuerySet[Message], window: Window, cursor: str | None, limit: int) -> Page[Message]:
    if cursor is not None:
        return HISTORY.page(rows, cursor=cursor, limit=limit)
    if window.after is not None:
        return HISTORY.page(rows, cursor=HISTORY.cursor(window.after), limit=limit)
    if window.around is not None:
        return _around_seq(rows, window.around, limit)
    end = window.before if window.before is not None else 2**63 - 1
    return HISTORY.page(rows, cursor=HISTORY.cursor(end, backwards=True), limit=limit)


def _around_seq(rows: QuerySet[Message], seq: int, limit: int) -> Page[Message]:
    newer = HISTORY.page(rows, cursor=HISTORY.cursor(seq - 1), limit=(limit + 1) // 2)
    if limit == 1 and newer.results:
        return newer
    older = HISTORY.page(rows, cursor=HISTORY.cursor(seq, backwards=True), limit=max(1, limit // 2))
    return Page(older.results + newer.results, next=newer.next, previous=older.previous)


def message_for(*, user: User, message_id: object) -> Message:
    """A message that the user may see. Raises `NotFound`."""
    parsed = parse_id(message_id)
    message = Message.objects.select_related("conversation").filter(pk=parsed).first() if parsed else None
    if message is None:
        raise NotFound("There is no such message.")
    try:
        visible_conversation(user=user, conversation_id=message.conversation_id)
    except NotFound:
        raise NotFound("There is no such message.") from None
    return message
