"""Opening payment orders for accepted offers at a payment provider.

The lock of a conversation also guards its orders. Providers are called outside of transactions.
"""

import uuid
from functools import partial

import structlog

from accounts.models import User
from conversations import flows
from conversations.locking import lock_conversation
from conversations.models import Conversation
from deals.models import FINISHED, Offer, PaymentOrder
from deals.payments import (
    OpenedOrder,
    ProviderFailed,
    ProviderRefused,
    default_provider,
    get_provider,
    provider_calls,
)
from deals.payments.notices import notify_both
from foundation import clock
from foundation.errors import NotFound
from realtime import unit_of_work

log = structlog.get_logger(__name__)

Outcome = OpenedOrder | ProviderFailed
"""The outcome of opening an order: the response of the provider, or why there is none. `ProviderRefused` is final."""


def get_or_create_order(
    conversation: Conversation, offer: flows.Offer, payer: User, action: str
) -> tuple[PaymentOrder, bool]:
    """Return the order to pay an accepted offer, and whether it was created now.

    `action` is the action of the flow that opens the order. The caller must have locked the conversation. The new order
    replaces canceled and refunded orders. Raises `PaymentUnavailable` if no provider is configured.
    """
    orders = PaymentOrder.objects.select_related("offer").filter(offer_id=offer.id)
    order = orders.filter(replaced=False).exclude(status__in=FINISHED).first()
    if order is not None:
        return order, False
    orders.update(replaced=True)
    order = PaymentOrder.objects.create(
        conversation=conversation,
        offer=Offer.objects.get(pk=offer.id),
        payer=payer,
        provider=default_provider(),
        action=action,
        state_version=conversation.state_version,
    )
    return order, True


def find_unopened(order_id: uuid.UUID) -> PaymentOrder | None:
    """Return the order with its offer if it must still be opened, or None."""
    orders = PaymentOrder.objects.select_related("offer", "conversation")
    order = orders.filter(pk=order_id).first()
    return order if order is not None and order.is_unopened and not order.conversation.is_closed else None


def open_at_provider(order: PaymentOrder) -> Outcome:
    """Open the order at its provider, and wait in this thread."""
    try:
        return provider_calls.call(("open", order.pk), partial(_open, order))
    except ProviderFailed as error:
        return error


async def aopen_at_provider(order: PaymentOrder) -> Outcome:
    """Open the order as `open_at_provider` does, but only this coroutine waits."""
    try:
        return await provider_calls.acall(("open", order.pk), partial(_open, order))
    except ProviderFailed as error:
        return error


def _open(order: PaymentOrder) -> OpenedOrder:
    try:
        provider = get_provider(order.provider)
    except NotFound as error:
        raise ProviderFailed(str(error)) from error
    return provider.open(order)


def store_outcome(order: PaymentOrder, outcome: Outcome) -> None:
    """Store the outcome of opening an order, if the order is still unopened.

    An earlier response of the provider is kept, because a client can be paying with its data. Both participants are
    told of the first refusal.
    """
    with unit_of_work():
        conversation = lock_conversation(order.conversation_id)
        unopened = PaymentOrder.objects.filter(pk=order.pk, reference="")
        if isinstance(outcome, OpenedOrder):
            unopened.update(reference=outcome.reference, pay=dict(outcome.pay), refused_at=None)
        elif not isinstance(outcome, ProviderRefused):
            log.warning("order_not_opened", provider=order.provider, order=str(order.pk), error=str(outcome))
        elif unopened.filter(refused_at=None).update(refused_at=clock.now()):
            log.error("order_refused", provider=order.provider, order=str(order.pk), error=str(outcome))
            if not conversation.is_closed:
                notify_both(conversation, order, "not_payable")
