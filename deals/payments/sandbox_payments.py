"""Payments in the sandbox at a client's request."""

from accounts.models import User
from deals import payments
from deals.models import PaymentOrder
from deals.payments.refund_amounts import parse_refund
from deals.payments.webhooks import handle_webhook
from foundation.errors import Forbidden, NotFound
from foundation.ids import parse_id


def pay_in_sandbox(*, user: User, order_id: object, kind: str, amount: object = None) -> PaymentOrder:
    """Make the sandbox report an event about an order, and return the order.

    `kind` is the type of the event. `amount` is a price that a client sent; it is used only for refunds. Raises
    `NotFound` if there is no such order, the sandbox is disabled, or the user is not a participant. Raises `Forbidden`
    if the user is not the payer, and `Invalid` for a wrong amount.
    """
    sandbox = payments.sandbox()
    parsed = parse_id(order_id)
    orders = PaymentOrder.objects.select_related("offer").filter(provider=sandbox.name)
    order = orders.filter(pk=parsed).first() if parsed else None
    if order is None or not order.conversation.participants.filter(user=user, removed_at=None).exists():
        raise NotFound("There is no such order.")
    if order.payer_id != user.pk:
        raise Forbidden("Only the payer of an order can do this.")
    refunded = parse_refund(amount, order, order.offer.amount) if "refund" in kind and amount is not None else None
    body, headers = sandbox.webhook(order, kind, amount=refunded)
    handle_webhook(provider=sandbox.name, body=body, headers=headers)
    order.refresh_from_db()
    return order
