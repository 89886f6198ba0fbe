"""What a change of an order's ledger means for its deal: system actions, notices, refunds, and undecided payments."""

from collections.abc import Iterator

from conversations.models import Conversation
from deals.models import PaymentOrder
from deals.payments.ledger import Dispute, Ledger
from deals.payments.notices import notify_both
from deals.payments.refund_requests import drop_refunds, schedule_refund
from deals.payments.undecided import leave_undecided
from deals.transitions import apply_system_action

VERIFIED, REFUNDED = "payment_verified", "payment_refunded"
OPENED, WON, LOST = "dispute_opened", "dispute_won", "dispute_lost"
DISPUTES = {Dispute.OPEN: OPENED, Dispute.WON: WON, Dispute.LOST: LOST}


def settle(*, conversation: Conversation, order: PaymentOrder, before: Ledger, after: Ledger) -> None:
    """Bring a deal in line with the ledger of an order, and tell both parties what has changed.

    The result depends on the ledger only, so events can arrive in any order. The caller has locked the conversation,
    and is in a unit of work.
    """
    deal = _take_system_actions(conversation, order, after)
    for notice, amount in _notices(before, after, deal):
        notify_both(conversation, order, notice, amount=amount, remaining=after.remaining)
    if after.is_paid and after.remaining <= 0:
        _finish(order)
    if after.failed > before.failed:
        leave_undecided(conversation, order, after, cause="refund_failed")
    elif after.is_paid and not before.is_paid and not deal.taken:
        _return_late_payment(conversation, order, after)


def _finish(order: PaymentOrder) -> None:
    """Nothing of the payment remains, so nothing is left to refund or to decide."""
    drop_refunds(order)
    if order.undecided_since is not None:
        order.undecided_since = None
        order.save(update_fields=["undecided_since"])


def _return_late_payment(conversation: Conversation, order: PaymentOrder, ledger: Ledger) -> None:
    """Refund a payment for which the deal no longer waits. A disputed payment cannot be refunded."""
    if ledger.dispute is Dispute.OPEN:
        leave_undecided(conversation, order, ledger, cause="dispute_opened")
    elif ledger.remaining > 0:
        schedule_refund(order, ledger.remaining)


class _Deal:
    """A deal that takes the system actions that its state has.

    `taken` are their names, and `told` the names of those whose message was sent.
    """

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self.taken: set[str] = set()
        self.told: set[str] = set()

    def can_take(self, name: str) -> bool:
        state = self._conversation.flow.state(self._conversation.flow_state)
        return any(system_action.name == name for system_action in state.system_actions)

    def take(self, name: str, *, with_message: bool = True) -> bool:
        if not self.can_take(name):
            return False
        # These messages say that the deal goes on, which is not true during a pause.
        with_message = with_message and not (self._conversation.paused and name in (VERIFIED, WON))
        apply_system_action(self._conversation, name, with_message=with_message)
        self.taken.add(name)
        if with_message:
            self.told.add(name)
        return True


def _take_system_actions(conversation: Conversation, order: PaymentOrder, ledger: Ledger) -> _Deal:
    """Take the system actions that the state of the deal has for this ledger.

    Only the payment of an order that was replaced concerns the deal: the order then takes its place again.
    """
    deal = _Deal(conversation)
    if order.replaced:
        if ledger.was_refunded or ledger.remaining <= 0 or not deal.can_take(VERIFIED):
            return deal
        _take_place_again(order)
    if ledger.was_refunded and deal.take(REFUNDED, with_message=ledger.is_refunded):
        return deal
    if ledger.dispute is Dispute.LOST and deal.take(LOST):
        return deal
    if ledger.remaining > 0:
        deal.take(VERIFIED, with_message=ledger.dispute is not Dispute.OPEN)
    if ledger.dispute is not None:
        deal.take(DISPUTES[ledger.dispute])
    return deal


def _take_place_again(order: PaymentOrder) -> None:
    PaymentOrder.objects.filter(offer=order.offer).exclude(pk=order.pk).update(replaced=True)
    order.replaced = False
    order.save(update_fields=["replaced"])


def _notices(before: Ledger, after: Ledger, deal: _Deal) -> Iterator[tuple[str, int]]:
    """Yield the notices that the messages of the system actions do not contain, and their amounts."""
    if VERIFIED in deal.taken - deal.told and after.dispute is not Dispute.OPEN:
        yield "paid", 0
    refunded = after.refunded - before.refunded
    if refunded > 0 and not (REFUNDED in deal.told and after.is_refunded):
        yield ("refunded" if after.is_refunded else "partial_refund"), refunded
    if after.failed > before.failed:
        yield "refund_failed", after.failed - before.failed
    if after.dispute is not None and after.dispute is not before.dispute and DISPUTES[after.dispute] not in deal.told:
        yield _dispute_notice(after, after.dispute), 0


def _dispute_notice(ledger: Ledger, dispute: Dispute) -> str:
    """A dispute takes back nothing of a payment that was refunded."""
    return "dispute_ended" if dispute is Dispute.LOST and ledger.is_refunded else DISPUTES[dispute]
