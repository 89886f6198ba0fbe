"""System messages about the money of a deal. They change no state, and both parties are notified of them."""

from django.utils.translation import gettext_lazy as _

from conversations.flows import Role
from conversations.flows.decisions import SystemMessage
from conversations.flows.facts import price_text
from conversations.flows.templates import render
from conversations.models import Conversation
from conversations.selectors import participants_of
from deals.models import PaymentOrder
from deals.payments.ledger import event_of_payment
from messaging.system_messages import write_system_message

NOTICES = {
    "paid": _("The payment of %(price)s has arrived."),
    "refunded": _("The payment of %(price)s was refunded in full."),
    "partial_refund": _("%(amount)s of the payment was refunded. %(remaining)s remains."),
    "refund_failed": _("A refund of %(amount)s failed."),
    "dispute_opened": _("The payment of %(price)s is disputed."),
    "dispute_won": _("The dispute is over, and it did not take back the payment."),
    "dispute_lost": _("The dispute took back the payment."),
    "dispute_ended": _("The dispute is over. The payment was refunded."),
    "not_payable": _("The agreed price of %(price)s cannot be charged. The operators have been told."),
    "undecided": _("An operator decides what happens to the payment, of which %(remaining)s remains."),
    "refund_decided": _("An operator decided to refund %(amount)s."),
    "keep_decided": _("An operator decided not to refund the remaining %(remaining)s of the payment."),
}
OF_SECOND_PAYMENT = {
    "refunded": _("The price was paid more than once. A second payment of %(price)s was refunded in full."),
    "partial_refund": _("%(amount)s of a second payment was refunded. %(remaining)s of it remains."),
    "refund_failed": _("A refund of %(amount)s of a second payment failed."),
    "dispute_opened": _("A second payment of %(price)s is disputed."),
    "dispute_won": _("The dispute about a second payment is over, and it did not take that payment back."),
    "dispute_lost": _("The dispute took back a second payment."),
    "dispute_ended": _("The dispute about a second payment is over. That payment was refunded."),
    "undecided": _("An operator decides what happens to a second payment, of which %(remaining)s remains."),
    "refund_decided": _("An operator decided to refund %(amount)s of a second payment."),
    "keep_decided": _("An operator decided not to refund the remaining %(remaining)s of a second payment."),
}
"""The notices about a payment of a price that was paid before, through another order."""


def notify_both(
    conversation: Conversation, order: PaymentOrder, notice: str, *, amount: int = 0, remaining: int = 0
) -> None:
    """Write a system message to both parties. `amount` and `remaining` are in minor units.

    The caller has locked the conversation, and is in a unit of work.
    """
    currency = order.offer.currency
    values = {"price": order.offer.amount, "amount": amount, "remaining": remaining}
    template = OF_SECOND_PAYMENT.get(notice) if _is_second_payment(order) else None
    text = render(template or NOTICES[notice], {name: price_text(minor, currency) for name, minor in values.items()})
    write_system_message(
        conversation=conversation,
        participants=participants_of(conversation),
        content=SystemMessage(
            text=text,
            sender=Role.SYSTEM,
            receiver=conversation.flow.system_receiver(conversation.flow_state),
            action_data=None,
        ),
    )


def _is_second_payment(order: PaymentOrder) -> bool:
    """Return whether another order of the offer was paid before this order."""
    orders = PaymentOrder.objects.filter(offer=order.offer).prefetch_related("events")
    known = {one.pk: event_of_payment(order.offer.amount, one.events.all()) for one in orders}
    own = known.pop(order.pk)
    return own is not None and any(
        other is not None and (other.created_at, other.pk) < (own.created_at, own.pk) for other in known.values()
    )
