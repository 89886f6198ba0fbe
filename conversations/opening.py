"""Opening a conversation between two people."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import User
from conversations.flows import Decision, Flow, Role, flow_for
from conversations.locking import lock_conversation
from conversations.models import Conversation, Participant
from conversations.search_index import index_conversations
from conversations.transitions import record_transition, set_state
from foundation import clock
from realtime import lock_rooms, unit_of_work


@dataclass(frozen=True, kw_only=True)
class NewParticipant:
    user: User
    role: Role


@dataclass(frozen=True, kw_only=True)
class OpenedConversation:
    """A conversation that was opened now, or that existed already (`created` is False)."""

    conversation: Conversation
    created: bool
    participants: Sequence[Participant] = ()
    """Both participants if the conversation was created, else empty."""


def open_conversation(
    *,
    conversation_type: str,
    participants: tuple[NewParticipant, NewParticipant],
    opener: User,
    decision: Decision,
    currency: str,
    title: str = "",
    source_id: str | None = None,
) -> OpenedConversation:
    """Open a conversation between two people. If only one such conversation can exist and it exists, return it.

    `decision` is the opening of the newest flow of this type. Its transition is stored here; the caller sends its
    message. Raises `KeyError` if no flow has this type.
    """
    flow = flow_for(conversation_type)
    key = _unique_key(flow, conversation_type, participants, source_id)
    with unit_of_work():
        now = clock.now()
        conversation = Conversation(
            conversation_type=conversation_type,
            title=title,
            source_id=source_id,
            currency=currency,
            unique_key=key,
            flow_name=flow.name,
            flow_version=flow.version,
            current_action_data=dict(decision.action_data) if decision.action_data else None,
            due_at=_after(now, decision.due.after),
            remind_at=_after(now, decision.due.remind_after),
            created_at=now,
            updated_at=now,
        )
        set_state(conversation, decision.conversation_state, decision.facts.state_version)
        if not _inserted(conversation):
            return OpenedConversation(conversation=lock_conversation(_by_key(key)), created=False)
        rows = Participant.objects.bulk_create(
            Participant(
                conversation=conversation, user=participant.user, role=participant.role.value, last_activity_at=now
            )
            for participant in participants
        )
        index_conversations([conversation.pk])
        lock_rooms(conversation.room)
        for change in decision.state_changes:
            record_transition(conversation=conversation, change=change, actor=opener)
        return OpenedConversation(conversation=conversation, created=True, participants=rows)


def _after(now: datetime, span: timedelta | None) -> datetime | None:
    return None if span is None else now + span


def _unique_key(
    flow: Flow, conversation_type: str, participants: tuple[NewParticipant, NewParticipant], source_id: str | None
) -> str | None:
    """Return the key of a conversation: only one conversation with this key can exist. Return None if any number can
    exist."""
    if flow.one_per_pair:
        return ":".join([conversation_type, *sorted(str(participant.user.pk) for participant in participants)])
    if source_id is None:
        return None
    return ":".join([conversation_type, *(str(participant.user.pk) for participant in participants), source_id])


def _by_key(key: str | None) -> uuid.UUID:
    return Conversation.objects.values_list("pk", flat=True).get(unique_key=key)


def _inserted(conversation: Conversation) -> bool:
    """Insert the conversation unless its `unique_key` exists; return whether it was inserted.

    Inserting before looking makes this safe if two users open the same conversation at the same time.
    """
    Conversation.objects.bulk_create([conversation], ignore_conflicts=True)
    return Conversation.objects.filter(pk=conversation.pk).exists()
