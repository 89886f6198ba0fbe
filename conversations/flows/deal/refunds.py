"""Refunds and disputes that end or interrupt a deal before the work is approved, from version 2."""

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from conversations.flows.deal import stages
from conversations.flows.definitions import ChatStatus, NoDeadline, State, SystemAction
from conversations.flows.kinds import Interruption

PAYMENT_REFUNDED = SystemAction(
    name="payment_refunded",
    to="chat_closed",
    text=(_("The payment of %(price)s was refunded in full, so this conversation is closed."),),
    summary=_("Closed after a refund of the payment"),
)
DISPUTE_OPENED = SystemAction(
    name="dispute_opened",
    to="payment_disputed",
    text=(_("The payment of %(price)s is disputed. The deal waits until the dispute is decided."),),
    summary=_("The payment is disputed"),
    interruption=Interruption.BEGIN,
)
DISPUTE_LOST = SystemAction(
    name="dispute_lost",
    to="chat_closed",
    text=(_("The dispute took back the payment, so this conversation is closed."),),
    summary=_("Closed, as the dispute took back the payment"),
)
INTERRUPTED = ("payment_completed", "work_in_progress", "work_submitted", "work_revision_requested")
"""The states in which a dispute interrupts the deal."""

PAYMENT_DISPUTED = State(
    name="payment_disputed",
    stage=stages.WORK,
    chat_status=ChatStatus.REAL_TIME,
    inactivity=NoDeadline(),
    system_actions=(
        *(
            SystemAction(
                name="dispute_won",
                to=state,
                text=(_("The dispute is over, and it did not take back the payment. The deal goes on."),),
                summary=_("The dispute is over, and the deal goes on"),
                interruption=Interruption.END,
            )
            for state in INTERRUPTED
        ),
        DISPUTE_LOST,
        PAYMENT_REFUNDED,
    ),
)

_ADDED = {
    "payment_pending": (PAYMENT_REFUNDED, DISPUTE_LOST),
    **dict.fromkeys(INTERRUPTED, (DISPUTE_OPENED, DISPUTE_LOST, PAYMENT_REFUNDED)),
}


def with_refunds(states: tuple[State, ...]) -> tuple[State, ...]:
    """Return the states of the deal, with the system actions of refunds and disputes and with `payment_disputed`."""
    changed = [replace(state, system_actions=(*state.system_actions, *_ADDED.get(state.name, ()))) for state in states]
    return (*changed[:-1], PAYMENT_DISPUTED, changed[-1])
