"""Rendering conversations as their participants see them.

Other packages register *parts*, which add members to the payload. A part is loaded once for all conversations of a page
and then rendered for each.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from accounts.payloads import PersonPayload
from conversations.flows import Role, stage_of
from conversations.models import Conversation, Participant, room_of
from conversations.payloads import OtherUserPayload, context_members
from foundation.database.bulk import fetch_many
from foundation.database.pipeline import pipelined
from realtime import last_seen_times, last_seqs, online_users


@dataclass(frozen=True)
class ViewedConversation:
    """A conversation as `user` sees it.

    `participants` are loaded with their users. `own` is the participant of `user`, or None for an operator who is not a
    participant.
    """

    conversation: Conversation
    user: User
    participants: Sequence[Participant]

    @property
    def own(self) -> Participant | None:
        return next((one for one in self.participants if one.user_id == self.user.pk), None)


RenderPart = Callable[[ViewedConversation], dict[str, Any]]
LoadPart = Callable[[Sequence[Conversation]], RenderPart]

_parts: list[LoadPart] = []


def register_part(load: LoadPart) -> None:
    """Register a part, which adds members to every conversation payload.

    `load(conversations)` reads the data of all conversations in a constant number of queries. It returns a function
    that takes a `ViewedConversation` and returns the members.
    """
    if load not in _parts:
        _parts.append(load)


@dataclass(frozen=True)
class _Loaded:
    """The data that is read once for a whole page of conversations."""

    participants: dict[uuid.UUID, list[Participant]]
    seqs: Mapping[str, int]
    online: set[uuid.UUID]
    last_seen: Mapping[uuid.UUID, Any]
    parts: Sequence[RenderPart]


def render_members(pairs: Sequence[tuple[Conversation, User]]) -> list[dict[str, Any]]:
    """Return the members of each payload, for pairs of a conversation and the user who sees it, in the same order."""
    loaded = _load({conversation.pk: conversation for conversation, _ in pairs})
    views = [ViewedConversation(one, user, loaded.participants[one.pk]) for one, user in pairs]
    return [_members(view, loaded) for view in views]


def _load(conversations: Mapping[uuid.UUID, Conversation]) -> _Loaded:
    with pipelined():
        rows = fetch_many(Participant, by="conversation_id", among=conversations, order_by="id")
        seqs = last_seqs(map(room_of, conversations))
        parts = [load(list(conversations.values())) for load in _parts]
        participants: dict[uuid.UUID, list[Participant]] = {one: [] for one in conversations}
        for participant in rows:
            participants[participant.conversation_id].append(participant)
        people = {one.user_id for found in participants.values() for one in found}
        users = fetch_many(User, by="id", among=people, order_by="id")
        last_seen = last_seen_times(people)
        by_id = {user.id: user for user in users}
        for participant in (one for found in participants.values() for one in found):
            participant.user = by_id[participant.user_id]
        return _Loaded(participants, dict(seqs), online_users(people), last_seen, parts)


def _members(view: ViewedConversation, loaded: _Loaded) -> dict[str, Any]:
    conversation, own = view.conversation, view.own
    other = next((one for one in view.participants if one is not own), None) if own else None
    by_role = {one.role: one.user for one in view.participants}
    members = context_members(conversation) | {
        "title": conversation.title,
        "source_id": conversation.source_id,
        "currency": conversation.currency,
        "brand_owner": _person(by_role.get("brand_owner")),
        "influencer": _person(by_role.get("influencer")),
        "other_user": _other_user(other.user, loaded) if other else None,
        "stage": stage_of(conversation.flow, conversation.flow_state),
        "my_role": own.role if own else Role.OPERATOR.value,
        "unread_count": own.unread_count if own else 0,
        "seq": loaded.seqs.get(conversation.room, 0),
        "created_at": conversation.created_at,
        "updated_at": max([conversation.updated_at, *(one.last_activity_at for one in view.participants)]),
    }
    for part in loaded.parts:
        members |= part(view)
    return members


def _person(user: User | None) -> PersonPayload | None:
    return PersonPayload.model_validate(user) if user else None


def _other_user(user: User, loaded: _Loaded) -> OtherUserPayload:
    return OtherUserPayload(
        id=user.pk,
        name=user.name,
        role=user.role,
        online=user.pk in loaded.online,
        last_seen=loaded.last_seen.get(user.pk),
    )
