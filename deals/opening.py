"""Opening a conversation of any type at a client's request. For a bid or campaign, its deal is created too."""

from django.conf import settings

from accounts.models import User
from conversations.flows import check_text, flow_for
from conversations.flows.errors import TextNotAccepted
from conversations.flows.money import InvalidPrice, is_currency, parse_price
from conversations.flows.price_limits import PriceLimits, general_limits
from conversations.models import Conversation
from conversations.opening import OpenedConversation
from deals.models import Deal
from deals.payments import price_limits
from deals.requests import OpenConversationRequest
from foundation.errors import Invalid
from foundation.ids import parse_id
from messaging.models import Message
from messaging.opening import NOT_ONESELF, NewConversation, find_person, open_between
from realtime import unit_of_work


def open_conversation_as(*, opener: User, data: OpenConversationRequest) -> OpenedConversation:
    """Open a conversation of any type with its first prompt and text, or return the existing conversation.

    Raises `Invalid`, `NotFound` for an unknown person, and `Forbidden` if the two users must not have a conversation of
    this type.
    """
    other = find_person(_other_id(opener, data))
    new = _new_conversation(opener, other, data)
    with unit_of_work():
        opened = open_between(new)
        if opened.created:
            _create_deal(opened.conversation, new)
            _send_first_text(opened.conversation, opener, other, data.message)
        return opened


def _new_conversation(opener: User, other: User, data: OpenConversationRequest) -> NewConversation:
    currency = _currency(data)
    return NewConversation(
        conversation_type=data.conversation_type,
        opener=opener,
        other=other,
        currency=currency,
        title=data.title or "",
        source_id=data.source_id,
        proposed_amount=_proposed_amount(data, currency),
    )


def _create_deal(conversation: Conversation, new: NewConversation) -> None:
    if conversation.flow.has_actions:
        Deal.objects.create(conversation=conversation, proposed_amount=new.proposed_amount)


def _send_first_text(conversation: Conversation, opener: User, other: User, text: str | None) -> None:
    """Send the first text. Raises `Invalid` if the first state does not accept text."""
    if text is None:
        return
    try:
        check_text(conversation.flow, conversation.flow_state, paused=conversation.paused)
    except TextNotAccepted as error:
        raise Invalid(errors={"message": [error.message]}) from None
    Message.objects.create(conversation=conversation, sender=opener, receiver=other, message=text)


def _other_id(opener: User, data: OpenConversationRequest) -> object:
    """Return the id of the other user, from any of the keys. The request can also contain the opener's id."""
    named = [data.user_id, data.influencer_id, data.brand_owner_id]
    others = {parse_id(one) or one for one in named if one is not None and parse_id(one) != opener.pk}
    if len(others) == 1:
        return others.pop()
    field = "user_id" if flow_for(data.conversation_type).opened_by is None else "influencer_id"
    error = "One other person is needed." if others else NOT_ONESELF
    raise Invalid(errors={field: [error]})


def _currency(data: OpenConversationRequest) -> str:
    currency = data.currency or settings.DEFAULT_CURRENCY
    if not is_currency(currency):
        raise Invalid(errors={"currency": ["An ISO 4217 currency code is needed."]})
    if _limits(data, currency).is_empty:
        raise Invalid(errors={"currency": [f"Prices in {currency} cannot be charged."]})
    return currency


def _limits(data: OpenConversationRequest, currency: str) -> PriceLimits:
    """Return the prices that can be charged. In a conversation without a deal, nothing is charged."""
    return price_limits(currency) if flow_for(data.conversation_type).has_actions else general_limits(currency)


def _proposed_amount(data: OpenConversationRequest, currency: str) -> int | None:
    """In minor units."""
    if data.proposed_amount is None:
        return None
    try:
        amount = parse_price(data.proposed_amount, currency)
        _limits(data, currency).check(amount, currency)
        return amount
    except InvalidPrice as error:
        raise Invalid(errors={"proposed_amount": [str(error)]}) from None
