"""What operators decide about payments: to refund them, wholly or in part, or not to."""

from accounts.models import User
from conversations.flows.facts import price_text
from conversations.locking import lock_conversation
from conversations.models import Conversation
from deals.models import PaymentDecision, PaymentOrder
from deals.payments.ledger import read_ledger
from deals.payments.notices import notify_both
from deals.payments.refund_amounts import check_refund
from deals.payments.refund_requests import refundable, schedule_refund
from deals.payments.undecided import remaining_payments
from foundation.errors import Forbidden, Invalid, NotFound
from foundation.ids import parse_id
from realtime import unit_of_work

MAY_REFUND = "deals.refund_paymentorder"
Outcome = PaymentDecision.Outcome


def refund_payment(
    *, operator: User, order_id: object, amount: int | None = None, seen: int | None = None
) -> PaymentOrder:
    """Refund an order, wholly or in part. A task sends the refund to the provider.

    `amount` is in minor units, by default all that remains. `seen` is what could be refunded when the operator decided,
    so that a form that is sent twice refunds once. Raises `Forbidden`, `NotFound`, or `Invalid` if more is requested
    than remains, or the payment differs from `seen`.
    """
    check_may_refund(operator)
    with unit_of_work():
        conversation, order = _lock(order_id)
        _check_unchanged(order, seen)
        decide_refund(conversation, order, operator, amount)
    return order


def keep_payment(*, operator: User, order_id: object) -> PaymentOrder:
    """Decide not to refund an undecided payment. Raises `Forbidden`, `NotFound`, or `Invalid` if it is decided."""
    check_may_refund(operator)
    with unit_of_work():
        conversation, order = _lock(order_id)
        _check_undecided(order)
        decide_to_keep(conversation, order, operator)
    return order


def _check_undecided(order: PaymentOrder) -> None:
    ledger = read_ledger(order)
    if ledger.paid == 0:
        raise Invalid("This order is not paid.")
    if ledger.remaining <= 0:
        raise Invalid("Nothing of this payment remains.")
    if refundable(order, ledger) <= 0:
        raise Invalid("All that remains of this payment is being refunded.")
    if order.undecided_since is None:
        was_undecided = order.decisions.filter(outcome=Outcome.UNDECIDED).exists()
        decided = "Somebody has decided what happens to this payment."
        raise Invalid(decided if was_undecided else "Nothing has to be decided about this payment.")


def _check_unchanged(order: PaymentOrder, seen: int | None) -> None:
    left = refundable(order, read_ledger(order))
    if seen is not None and seen != left:
        remains = price_text(left, order.offer.currency)
        raise Invalid(f"The payment has changed: {remains} can be refunded now.")


def decide_refund(conversation: Conversation, order: PaymentOrder, operator: User, amount: int | None = None) -> None:
    """Store the decision to refund an order of a locked conversation. Raises `Invalid`."""
    left = refundable(order, read_ledger(order))
    wanted = left if amount is None else amount
    check_refund(wanted, order, left)
    schedule_refund(order, wanted, operator)
    _decide(order, Outcome.REFUND, operator, is_final=wanted == left)
    notify_both(conversation, order, "refund_decided", amount=wanted)


def decide_to_keep(conversation: Conversation, order: PaymentOrder, operator: User) -> None:
    """Store the decision not to refund what remains of an order of a locked conversation."""
    _decide(order, Outcome.KEEP, operator, is_final=True)
    notify_both(conversation, order, "keep_decided", remaining=refundable(order, read_ledger(order)))


def decide_payments(conversation: Conversation, operator: User, money: object) -> None:
    """Decide about all payments of a locked conversation.

    `money` is `refund` or `keep`. Without payments it is ignored. Raises `Invalid`, or `Forbidden` for a refund without
    the permission.
    """
    remaining = [order for order, ledger in remaining_payments(conversation) if refundable(order, ledger) > 0]
    if not remaining:
        return
    if money not in ("refund", "keep"):
        raise Invalid(errors={"money": ["The payment is not refunded yet: refund or keep is needed."]})
    if money == Outcome.REFUND:
        check_may_refund(operator)
    for order in remaining:
        if money == Outcome.REFUND:
            decide_refund(conversation, order, operator)
        else:
            decide_to_keep(conversation, order, operator)


def check_may_refund(operator: User) -> None:
    if not (operator.is_staff and operator.has_perm(MAY_REFUND)):
        raise Forbidden("You may not refund payments.")


def _decide(order: PaymentOrder, outcome: PaymentDecision.Outcome, operator: User, *, is_final: bool) -> None:
    PaymentDecision.objects.create(order=order, outcome=outcome, decider=operator)
    if is_final:
        order.undecided_since = None
        order.save(update_fields=["undecided_since"])


def _lock(order_id: object) -> tuple[Conversation, PaymentOrder]:
    parsed = parse_id(order_id)
    orders = PaymentOrder.objects.select_related("offer")
    found = orders.filter(pk=parsed).first() if parsed else None
    if found is None:
        raise NotFound("There is no such order.")
    conversation = lock_conversation(found.conversation_id)
    return conversation, orders.get(pk=found.pk)
