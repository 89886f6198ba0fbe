"""Opening payment orders for accepted offers at a payment provider.

The lock of a conversation also guards its orders. Providers are called outside of transactions.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import structlog

from accounts.models import User
from conversations import flows
from conversations.locking import lock_conversation
from conversations.models import Conversation
from deals.models import FINISHED, Offer, PaymentOrder
from deals.payments import OpenedOrder, ProviderFailed, default_provider, get_provider, provider_calls
from foundation.errors import NotFound
from realtime import unit_of_work

log = structlog.get_logger(__name__)


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


def open_at_provider(order: PaymentOrder) -> OpenedOrder | None:
    """Open the order at its provider, and wait in this thread. Returns None if the provider does not respond."""
    with log_failure(order, "order_not_opened"):
        return provider_calls.call(("open", order.pk), partial(_open, order))
    return None


async def aopen_at_provider(order: PaymentOrder) -> OpenedOrder | None:
    """Open the order as `open_at_provider` does, but only this coroutine waits."""
    with log_failure(order, "order_not_opened"):
        return await provider_calls.acall(("open", order.pk), partial(_open, order))
    return None


def _open(order: PaymentOrder) -> OpenedOrder:
    return get_provider(order.provider).open(order)


@contextmanager
def log_failure(order: PaymentOrder, log_event: str) -> Iterator[None]:
    """Log `ProviderFailed` and `NotFound` as `log_event` instead of raising them."""
    try:
        yield
    except (ProviderFailed, NotFound) as error:
        log.warning(log_event, provider=order.provider, order=str(order.pk), error=str(error))


def store_opened(order: PaymentOrder, at_provider: OpenedOrder) -> None:
    """Store the response of the provider. An earlier response is kept, because a client can be paying with its data."""
    with unit_of_work():
        lock_conversation(order.conversation_id)
        unopened = PaymentOrder.objects.filter(pk=order.pk, reference="")
        unopened.update(reference=at_provider.reference, pay=dict(at_provider.pay))
