"""Requests to refund an order: storing them, and how much of a payment they leave."""

import uuid

from django.db.models import Sum

from accounts.models import SYSTEM_USER_ID, User
from deals.models import PaymentOrder, Refund
from deals.payments.ledger import Ledger
from deals.signals import refund_scheduled
from foundation import clock
from foundation.ids import uuid7


def schedule_refund(
    order: PaymentOrder, amount: int, requester: User | None = None, *, refund_id: uuid.UUID | None = None
) -> None:
    """Store the request to refund an amount of an order, in minor units. The caller has locked the conversation.

    Its task, which is stored with it, sends it to the provider. Without a requester, the system requests it. If the
    refund `refund_id` is stored already, nothing happens.
    """
    requester_id = requester.pk if requester else SYSTEM_USER_ID
    defaults = {"order": order, "amount": amount, "requester_id": requester_id}
    refund, is_new = Refund.objects.get_or_create(pk=refund_id or uuid7(), defaults=defaults)
    if is_new:
        refund_scheduled.send(Refund, refund=refund)


def drop_refunds(order: PaymentOrder) -> None:
    """Drop the requests of an order of whose payment nothing remains: the provider would reject them."""
    order.refunds.filter(accepted_at=None, dropped_at=None).update(dropped_at=clock.now())


def refundable(order: PaymentOrder, ledger: Ledger) -> int:
    """Return how much can still be refunded, in minor units: what remains after all requested refunds."""
    waiting = order.refunds.filter(accepted_at=None, dropped_at=None).aggregate(total=Sum("amount"))["total"]
    return ledger.remaining - (waiting or 0)
