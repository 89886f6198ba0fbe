"""Opens conversations, with their first prompt and their entry in both conversation lists."""

from dataclasses import dataclass

from django.conf import settings

from accounts.models import User
from accounts.selectors import find_user
from conversations.flows import Facts, Role, flow_for, opening
from conversations.opening import NewParticipant, OpenedConversation, open_conversation
from foundation.errors import Forbidden, Invalid, NotFound
from foundation.ids import parse_id
from messaging.list_updates import publish_list_updates
from messaging.system_messages import write_system_message
from realtime import unit_of_work

DIRECT = "direct"
NOT_ONESELF = "You cannot open a conversation with yourself."


@dataclass(frozen=True, kw_only=True)
class NewConversation:
    """A conversation to open. `proposed_amount` is in minor units of `currency`."""

    conversation_type: str
    opener: User
    other: User
    currency: str
    title: str = ""
    source_id: str | None = None
    proposed_amount: int | None = None


def open_direct(*, opener: User, other_id: object) -> OpenedConversation:
    """Return the direct conversation with another user, and open it if it does not exist.

    Raises `NotFound` for an unknown user, and `Invalid` if `other_id` is the opener.
    """
    other = find_person(other_id)
    if other.pk == opener.pk:
        raise Invalid(errors={"receiver_id": [NOT_ONESELF]})
    new = NewConversation(conversation_type=DIRECT, opener=opener, other=other, currency=settings.DEFAULT_CURRENCY)
    return open_between(new)


def open_between(new: NewConversation) -> OpenedConversation:
    """Open a conversation of any type, or return the existing conversation.

    Raises `Forbidden` if the roles of the two users do not fit the type.
    """
    participants = _new_participants(new.opener, new.other, new.conversation_type)
    decision = opening(flow_for(new.conversation_type), new.conversation_type, _facts(new, participants))
    with unit_of_work():
        opened = open_conversation(
            conversation_type=new.conversation_type,
            participants=participants,
            opener=new.opener,
            decision=decision,
            currency=new.currency,
            title=new.title,
            source_id=new.source_id,
        )
        if opened.created:
            publish_list_updates(opened.conversation, "opened")
            if decision.message is not None:
                write_system_message(
                    conversation=opened.conversation, participants=opened.participants, content=decision.message
                )
        return opened


def find_person(user_id: object) -> User:
    """Return the user with this id, which can be any value from a client. Raises `NotFound`."""
    parsed = parse_id(user_id)
    user = find_user(parsed) if parsed else None
    if user is None:
        raise NotFound("There is no such person.")
    return user


def _new_participants(opener: User, other: User, conversation_type: str) -> tuple[NewParticipant, NewParticipant]:
    """Return both users with their roles. Raises `Forbidden` if the flow has no role for one of them."""
    flow = flow_for(conversation_type)
    if flow.opened_by is None:
        first, second = sorted([opener, other], key=lambda user: user.pk)
        return NewParticipant(user=first, role=flow.parties[0]), NewParticipant(user=second, role=flow.parties[1])
    awaited = flow.other_party(flow.opened_by)
    if opener.role != flow.opened_by or other.role != awaited:
        raise Forbidden(f"Only a {_words(flow.opened_by)} can open this conversation, with an {_words(awaited)}.")
    return NewParticipant(user=opener, role=flow.opened_by), NewParticipant(user=other, role=awaited)


def _words(role: Role) -> str:
    return role.value.replace("_", " ")


def _facts(new: NewConversation, participants: tuple[NewParticipant, NewParticipant]) -> Facts:
    names = {participant.role: participant.user.name for participant in participants}
    return Facts(
        brand_owner=names.get(Role.BRAND_OWNER, ""),
        influencer=names.get(Role.INFLUENCER, ""),
        title=new.title,
        currency=new.currency,
        proposed=new.proposed_amount,
    )
