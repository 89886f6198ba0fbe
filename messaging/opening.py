"""Opening conversations."""

import uuid

from django.conf import settings

from accounts.models import SYSTEM_USER_ID, User
from accounts.selectors import find_user
from conversations.flows import Decision, Role, check_text, conversation_types, flow_for
from conversations.flows.money import PriceFault, is_currency, parse_price
from conversations.models import Conversation
from conversations.services import Opened, Side, open_conversation
from foundation.ids import parse_id
from foundation.refusals import Forbidden, Invalid, NotFound, TextNotAccepted
from messaging.inputs import OpenConversation
from messaging.listing import tell_lists
from messaging.models import SYSTEM, Message
from realtime.publishing import unit_of_work

NOT_ONESELF = "A person other than oneself is needed."


def open_direct(*, opener: User, other_id: object) -> Opened:
    """The direct conversation with somebody, opened if there is none. Raises `NotFound` for an unknown person,
    `Invalid` for oneself."""
    other = _person(other_id)
    if other.pk == opener.pk:
        raise Invalid(errors={"receiver_id": [NOT_ONESELF]})
    return _open(opener, other, OpenConversation(conversation_type="direct", user_id=str(other.pk)))


def open_by(*, opener: User, given: OpenConversation) -> Opened:
    """Open a conversation of any type, with its opening prompt and first text. Raises `Invalid`, `NotFound` for
    an unknown person, `Forbidden` where these two cannot have such a conversation."""
    if given.conversation_type not in conversation_types():
        raise Invalid(errors={"conversation_type": [f"One of {', '.join(conversation_types())}."]})
    other = _person(_other_id(opener, given))
    with unit_of_work():
        opened = _open(opener, other, given)
        if opened.created and given.message is not None:
            _check_takes_text(opened.conversation)
            Message.objects.create(
                conversation=opened.conversation, sender=opener, receiver=other, message=given.message
            )
        return opened


def _check_takes_text(conversation: Conversation) -> None:
    """A deployment that takes no text in the first state takes none with the opening either."""
    try:
        check_text(conversation.flow, conversation.flow_state, paused=conversation.paused)
    except TextNotAccepted as refusal:
        raise Invalid(errors={"message": [refusal.message]}) from None


def _other_id(opener: User, given: OpenConversation) -> str:
    """Whom the opener names, by whatever key; naming oneself beside the other is no fault."""
    named = [given.user_id, given.influencer_id, given.brand_owner_id]
    others = {one for one in named if one is not None and parse_id(one) != opener.pk}
    if len(others) == 1:
        return others.pop()
    field = "user_id" if flow_for(given.conversation_type).opened_by is None else "influencer_id"
    fault = "One other person is needed." if others else NOT_ONESELF
    raise Invalid(errors={field: [fault]})


def _person(user_id: object) -> User:
    parsed = parse_id(user_id)
    user = find_user(parsed) if parsed else None
    if user is None:
        raise NotFound("There is no such person.")
    return user


def _open(opener: User, other: User, given: OpenConversation) -> Opened:
    currency = _currency(given)
    with unit_of_work():
        opened = open_conversation(
            conversation_type=given.conversation_type,
            sides=_sides(opener, other, given.conversation_type),
            opener=opener,
            currency=currency,
            title=given.title or "",
            source_id=given.source_id,
            proposed_amount=_proposed(given, currency),
        )
        if opened.created:
            tell_lists(opened.conversation, "opened")
            _write_prompt(opened.conversation, opened.decision, opener, other)
        return opened


def _sides(opener: User, other: User, conversation_type: str) -> tuple[Side, Side]:
    """Who plays which part. Raises `Forbidden` where the flow has no part for one of them."""
    flow = flow_for(conversation_type)
    if flow.opened_by is None:
        first, second = sorted([opener, other], key=lambda user: user.pk)
        return Side(user=first, role=flow.parties[0]), Side(user=second, role=flow.parties[1])
    awaited = flow.other(flow.opened_by)
    if opener.role != flow.opened_by or other.role != awaited:
        raise Forbidden(f"Only a {_words(flow.opened_by)} opens such a conversation, with an {_words(awaited)}.")
    return Side(user=opener, role=flow.opened_by), Side(user=other, role=awaited)


def _words(role: Role) -> str:
    return role.value.replace("_", " ")


def _currency(given: OpenConversation) -> str:
    currency = given.currency or settings.DEFAULT_CURRENCY
    if not is_currency(currency):
        raise Invalid(errors={"currency": ["An ISO 4217 currency code is needed."]})
    return currency


def _proposed(given: OpenConversation, currency: str) -> int | None:
    if given.proposed_amount is None:
        return None
    try:
        return parse_price(given.proposed_amount, currency)
    except PriceFault as fault:
        raise Invalid(errors={"proposed_amount": [str(fault)]}) from None


def _write_prompt(conversation: Conversation, decision: Decision | None, opener: User, other: User) -> None:
    prompt = decision.message if decision else None
    if prompt is None:
        return
    people: dict[Role, uuid.UUID] = {Role(opener.role): opener.pk, Role(other.role): other.pk}
    Message.objects.create(
        conversation=conversation,
        sender_id=people.get(prompt.sender, SYSTEM_USER_ID),
        receiver_id=people[prompt.receiver],
        message=prompt.text,
        message_type=SYSTEM,
        is_automated=True,
        action_required=prompt.action_required,
        action_data=dict(prompt.action_data) if prompt.action_data else None,
    )
