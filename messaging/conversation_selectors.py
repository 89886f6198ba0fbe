"""Reads of messages and conversations. The number of queries does not depend on the number of rows."""

import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from django.db.models import F

from accounts.models import User
from conversations.models import Conversation, Participant
from conversations.rendering import ViewedConversation, render_members
from conversations.search import in_conversations_with
from conversations.selectors import participations_of
from conversations.visibility import visible_conversation
from foundation.database.bulk import fetch_many, last_of_each
from foundation.database.pagination import Keyset, Page
from messaging.models import Message
from messaging.payloads import ConversationPayload, LastMessagePayload
from messaging.requests import ConversationListQuery
from messaging.uploads.services import assign_attachments, queue_attachments

CONVERSATIONS = Keyset(("last_activity_at", "conversation_id"), descending=True, model=Participant)


def conversation_list(
    *, user: User, query: ConversationListQuery
) -> tuple[list[ConversationPayload], Page[Participant]]:
    """Return a page of the user's conversations, newest activity first: the payloads, and the page of participants."""
    participations = participations_of(user.pk).select_related("conversation")
    if query.type is not None:
        participations = participations.filter(conversation__conversation_type=query.type)
    if query.awaiting is not None:
        participations = participations.filter(conversation__awaiting_role=F("role"))
    if query.unread is not None:
        participations = (
            participations.filter(unread_count__gt=0) if query.unread else participations.filter(unread_count=0)
        )
    if query.search is not None:
        participations = participations.filter(in_conversations_with(user_id=user.pk, term=query.search))
    page = CONVERSATIONS.page(participations, cursor=query.cursor, limit=query.limit)
    return render_conversations([participant.conversation for participant in page.results], user), page


def conversation_for(*, user: User, conversation_id: object) -> ConversationPayload:
    """Return a conversation as the user sees it. Raises `NotFound`."""
    return render_conversations([visible_conversation(user=user, conversation_id=conversation_id)], user)[0]


def render_conversations(conversations: Sequence[Conversation], user: User) -> list[ConversationPayload]:
    return render_for([(one, user) for one in conversations])


def render_for(pairs: Sequence[tuple[Conversation, User]]) -> list[ConversationPayload]:
    """Return a payload for each pair: the conversation as the user sees it."""
    return [ConversationPayload.model_construct(**members) for members in render_members(pairs)]


def render_current(pairs: Sequence[tuple[uuid.UUID, User]]) -> list[ConversationPayload]:
    """Return a payload for each pair: the conversation with this id, which must exist, as the user sees it now."""
    found = current_conversations(conversation_id for conversation_id, _ in pairs)
    return render_for([(found[conversation_id], user) for conversation_id, user in pairs])


def current_conversations(conversation_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Conversation]:
    """Return the conversations that exist, by id."""
    found = fetch_many(Conversation, by="id", among=set(conversation_ids), order_by="id")
    return {conversation.id: conversation for conversation in found}


def load_last_message(conversations: Sequence[Conversation]) -> Callable[[ViewedConversation], dict[str, Any]]:
    """Return a function that renders `last_message` of conversation payloads; see `conversations.rendering`."""
    found = last_messages({one.pk for one in conversations})

    def render(view: ViewedConversation) -> dict[str, Any]:
        message, version = found.get(view.conversation.pk), view.conversation.state_version
        return {"last_message": LastMessagePayload.of(message, state_version=version) if message else None}

    return render


def last_messages(conversation_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Message]:
    """Return the newest message of each conversation that has messages, by conversation id."""
    # The ids are read first: in one statement, PostgreSQL can choose a plan that reads every message.
    last = last_of_each(Message, "id", by="conversation_id", among=conversation_ids, order_by="seq")
    ids = [message_id for _, message_id in last]
    if not ids:
        return {}
    messages, uploads = fetch_many(Message, by="id", among=ids, order_by="id"), queue_attachments(ids)
    found = {message.conversation_id: message for message in messages}
    assign_attachments(found.values(), uploads)
    return found
