"""Events about one payment, and operators, at the same time."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connections

from deals.models import PaymentOrder, Refund
from deals.payments.decisions import keep_payment, refund_payment
from deals.selectors import deal_summary
from foundation.errors import DomainError, Invalid
from messaging.models import Message
from tests.apps.deals.payments.test_refunds import amounts, order_of
from tests.deals import make_deal
from tests.factories import make_staff
from tests.harness.tasks import run_due_tasks
from tests.payments import OPENED, REFUND_FAILED, REFUNDED, SUCCEEDED, WON, close, deliver, event, send

pytestmark = pytest.mark.django_db(transaction=True)


def simultaneously(*calls: Any) -> list[Any]:
    """Call all functions in threads of their own, then run the tasks of refunds. Return results or domain errors."""

    def run(call: Any) -> Any:
        try:
            return call()
        except DomainError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as threads:
        results = list(threads.map(run, calls))
    run_due_tasks()
    return results


def delivering(order: PaymentOrder, *events: dict[str, Any]) -> list[Any]:
    return [partial(deliver, event(order, **one)) for one in events]


def told(deal, words: str) -> int:
    return Message.objects.filter(conversation=deal.conversation, message__contains=words).count()


def test_a_payment_and_its_refunds_at_once_add_up():
    deal = make_deal("payment_pending")
    refunds = [
        {"kind": REFUNDED, "id": f"r{number}", "amount": amount, "refund_id": refund_id}
        for number, (amount, refund_id) in enumerate([("400.00", "a"), ("400.00", "a"), ("800.00", "b")])
    ]
    simultaneously(*delivering(deal.order(), {"kind": SUCCEEDED}, *refunds, {"kind": SUCCEEDED}))
    assert (deal.now.flow_state, amounts(deal)) == ("chat_closed", ("1200.00", "1200.00", "refunded"))
    assert told(deal, "was refunded in full") == 1
    assert told(deal, "₹400.00 of the payment was refunded") <= 1


def test_the_events_of_a_dispute_at_once_lead_to_its_end():
    deal = make_deal("payment_pending")
    simultaneously(*delivering(deal.order(), {"kind": OPENED}, {"kind": WON}, {"kind": SUCCEEDED}))
    assert (deal.now.flow_state, deal_summary(deal.now).dispute) == ("payment_completed", "won")
    assert told(deal, "is disputed") <= 1


@pytest.mark.parametrize("money", [None, "keep", "refund"])
def test_a_payment_during_closing_is_either_decided_or_refunded(money):
    deal, operator = make_deal("payment_pending"), make_staff()
    order = deal.order()
    closed, _ = simultaneously(
        lambda: close(deal, operator=operator, money=money), *delivering(order, {"kind": SUCCEEDED})
    )
    if isinstance(closed, Invalid):
        assert (money, deal.now.flow_state) == (None, "payment_completed")
    elif told(deal, "An operator decided not to refund"):
        assert (money, amounts(deal)) == ("keep", ("1200.00", "0.00", "paid"))
    else:
        assert amounts(deal) == ("1200.00", "1200.00", "refunded")
        assert Refund.objects.count() == 1


def test_two_operators_decide_once():
    deal, operator = make_deal("work_in_progress"), make_staff()
    order = order_of(deal)
    send(event(order, REFUNDED, amount="100.00", refund_id="a"))
    send(event(order, REFUND_FAILED, amount="100.00", refund_id="a"))
    kept, refunded = simultaneously(
        lambda: keep_payment(operator=operator, order_id=order.pk),
        lambda: refund_payment(operator=operator, order_id=order.pk),
    )
    assert not isinstance(refunded, DomainError)
    assert isinstance(kept, Invalid) or told(deal, "An operator decided not to refund") == 1
    assert amounts(deal) == ("1200.00", "1200.00", "refunded")
    assert order_of(deal).undecided_since is None


def test_an_action_and_a_refund_at_once_leave_no_work_on_a_refunded_payment():
    deal = make_deal("payment_completed")
    order = order_of(deal)
    simultaneously(lambda: deal.act("start_work", by=deal.influencer), *delivering(order, {"kind": REFUNDED}))
    assert (deal.now.flow_state, amounts(deal)) == ("chat_closed", ("1200.00", "1200.00", "refunded"))
