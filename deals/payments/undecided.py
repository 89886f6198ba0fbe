"""Payments whose money is undecided: a list from which operators choose to refund or to keep it."""

from accounts.models import SYSTEM_USER_ID
from conversations.flows.definitions import StateKind
from conversations.models import Conversation
from deals.models import PaymentDecision, PaymentOrder
from deals.payments.ledger import Ledger, read_ledger
from deals.payments.notices import notify_both
from deals.payments.refund_requests import refundable
from foundation import clock


def leave_undecided(conversation: Conversation, order: PaymentOrder, ledger: Ledger, cause: str) -> None:
    """Put an order on the list, unless it is listed or all that remains of its payment is being refunded.

    The caller has locked the conversation, and is in a unit of work.
    """
    if order.undecided_since is not None or refundable(order, ledger) <= 0:
        return
    order.undecided_since = clock.now()
    order.save(update_fields=["undecided_since"])
    undecided = PaymentDecision.Outcome.UNDECIDED
    PaymentDecision.objects.create(order=order, outcome=undecided, cause=cause, decider_id=SYSTEM_USER_ID)
    notify_both(conversation, order, "undecided", remaining=ledger.remaining)


def remaining_payments(conversation: Conversation) -> list[tuple[PaymentOrder, Ledger]]:
    """Return the orders of a conversation of whose payment something remains, with their ledgers."""
    orders = conversation.payment_orders.select_related("offer").prefetch_related("events")
    return [(order, ledger) for order in orders if (ledger := read_ledger(order)).remaining > 0]


def leave_payments_undecided(conversation: Conversation, cause: str) -> None:
    """Put all payments of a locked conversation on the list."""
    for order, ledger in remaining_payments(conversation):
        leave_undecided(conversation, order, ledger, cause)


def leave_running_payments_undecided(conversation: Conversation, cause: str) -> None:
    """Do the same if the work is not approved yet. Approved work is paid for, so nothing is left to decide."""
    if conversation.flow.state(conversation.flow_state).kind is StateKind.GUIDED:
        leave_payments_undecided(conversation, cause)
