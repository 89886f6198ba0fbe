"""What both parties are told about money is true: second payments, pauses, disputes of refunded payments."""

import pytest

from deals.payments import ProviderFailed, ProviderRefused
from deals.payments.decisions import keep_payment, refund_payment
from deals.payments.notices import NOTICES, OF_SECOND_PAYMENT
from deals.payments.sandbox import Sandbox
from operators.interventions import intervene
from operators.requests import InterventionRequest
from tests.apps.deals.payments.test_refunds import WORKING, last_seq, order_of, texts
from tests.deals import make_deal
from tests.factories import make_staff
from tests.payments import CANCELED, LOST, OPENED, REFUND_FAILED, REFUNDED, WON, close, event, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(db):
    """A deal that waits for its payment."""
    return make_deal("payment_pending")


@pytest.fixture
def two_orders(deal):
    """Two orders of the deal. The first was canceled, so the second replaced it."""
    first = deal.order()
    send(event(first, CANCELED, id="canceled"))
    return first, deal.order()


@pytest.fixture
def no_refunds(monkeypatch):
    """The provider does not answer requests to refund."""

    def fail(*_):
        raise ProviderFailed("away")

    monkeypatch.setattr(Sandbox, "refund", fail)


def pause(deal):
    intervene(operator=make_staff(), conversation_id=deal.conversation.pk, action="pause", data=InterventionRequest())


# Second payments


@pytest.mark.parametrize("begins_with", [0, 1])
def test_the_refund_of_a_second_payment_says_what_was_refunded(deal, two_orders, begins_with):
    paid, second = two_orders[begins_with], two_orders[1 - begins_with]
    send(event(paid, id="first"))
    before = last_seq(deal)
    send(event(second, id="second"))
    assert texts(deal, before) == [
        "The price was paid more than once. A second payment of ₹1,200.00 was refunded in full."
    ]
    assert deal.now.flow_state == "payment_completed"
    send(event(paid, REFUNDED, id="refund"))
    assert texts(deal, before)[1:] == ["The payment of ₹1,200.00 was refunded in full, so this conversation is closed."]


def test_all_events_of_a_second_payment_are_told_as_such(deal, two_orders, no_refunds):
    first, second = two_orders
    send(event(second, id="paid"))
    before = last_seq(deal)
    send(event(first, OPENED, id="o"))
    send(event(first, id="second"))
    send(event(first, WON, id="w"))
    send(event(first, REFUNDED, id="r1", amount="300.00", refund_id="r1"))
    send(event(first, REFUND_FAILED, id="f1", amount="300.00", refund_id="r1"))
    refund_payment(operator=make_staff(), order_id=first.pk, amount=10_000)
    keep_payment(operator=make_staff(), order_id=first.pk)
    send(event(first, LOST, id="l"))
    assert texts(deal, before) == [
        "A second payment of ₹1,200.00 is disputed.",
        "An operator decides what happens to a second payment, of which ₹1,200.00 remains.",
        "The dispute about a second payment is over, and it did not take that payment back.",
        "₹300.00 of a second payment was refunded. ₹900.00 of it remains.",
        "A refund of ₹300.00 of a second payment failed.",
        "An operator decided to refund ₹100.00 of a second payment.",
        "An operator decided not to refund the remaining ₹1,100.00 of a second payment.",
        "The dispute took back a second payment.",
    ]
    assert deal.now.flow_state == "payment_completed"


def test_a_late_payment_of_a_replaced_order_is_the_first_if_nothing_else_was_paid(deal, two_orders):
    first, second = two_orders
    close(deal)
    before = last_seq(deal)
    send(event(first, id="first"))
    send(event(second, id="second"))
    assert texts(deal, before) == [
        "The payment of ₹1,200.00 was refunded in full.",
        "The price was paid more than once. A second payment of ₹1,200.00 was refunded in full.",
    ]


def test_a_refused_refund_of_a_second_payment_is_told_as_such(deal, two_orders, monkeypatch):
    def refuse(*_):
        raise ProviderRefused("charged back")

    monkeypatch.setattr(Sandbox, "refund", refuse)
    first, second = two_orders
    send(event(second, id="paid"))
    before = last_seq(deal)
    send(event(first, id="second"))
    assert texts(deal, before) == [
        "A refund of ₹1,200.00 of a second payment failed.",
        "An operator decides what happens to a second payment, of which ₹1,200.00 remains.",
    ]


def test_closing_tells_of_each_payment(deal, two_orders, no_refunds):
    first, second = two_orders
    send(event(second, id="paid"))
    send(event(first, OPENED, id="o"))
    send(event(first, id="second"))
    before = last_seq(deal)
    close(deal, money="keep")
    assert sorted(texts(deal, before)[1:]) == [
        "An operator decided not to refund the remaining ₹1,200.00 of a second payment.",
        "An operator decided not to refund the remaining ₹1,200.00 of the payment.",
    ]


def test_every_notice_about_a_payment_has_a_text_for_a_second_payment():
    about_the_deal = {"paid", "not_payable"}
    assert OF_SECOND_PAYMENT.keys() == NOTICES.keys() - about_the_deal


# Pauses


@pytest.mark.parametrize("refunded", [None, "300.00"])
def test_a_payment_during_a_pause_does_not_say_that_work_can_start(deal, refunded):
    order = deal.order()
    pause(deal)
    before = last_seq(deal)
    if refunded:
        send(event(order, REFUNDED, amount=refunded))
    send(event(order))
    part = ["₹300.00 of the payment was refunded. ₹900.00 remains."] if refunded else []
    assert texts(deal, before) == ["The payment of ₹1,200.00 has arrived.", *part]
    assert (deal.now.flow_state, deal.now.paused) == ("payment_completed", True)


@pytest.mark.parametrize("state", WORKING)
def test_a_dispute_that_is_won_during_a_pause_does_not_say_that_the_deal_goes_on(state):
    deal = make_deal(state)
    send(event(order_of(deal), OPENED))
    pause(deal)
    before = last_seq(deal)
    send(event(order_of(deal), WON))
    assert texts(deal, before) == ["The dispute is over, and it did not take back the payment."]
    assert (deal.now.flow_state, deal.now.paused) == (state, True)


def test_a_disputed_payment_during_a_pause_does_not_say_that_it_has_arrived(deal):
    order = deal.order()
    pause(deal)
    before = last_seq(deal)
    send(event(order, OPENED))
    send(event(order))
    assert texts(deal, before) == ["The payment of ₹1,200.00 is disputed. The deal waits until the dispute is decided."]


# Disputes and refunds


@pytest.mark.parametrize("state", ["work_in_progress", "real_time"])
def test_a_lost_dispute_takes_back_nothing_of_a_refunded_payment(state):
    deal = make_deal(state)
    order = order_of(deal)
    send(event(order, OPENED))
    send(event(order, REFUNDED))
    before = last_seq(deal)
    send(event(order, LOST))
    assert texts(deal, before) == ["The dispute is over. The payment was refunded."]


def test_nothing_is_undecided_while_all_that_remains_is_being_refunded(no_refunds):
    deal = make_deal("work_in_progress")
    order = order_of(deal)
    send(event(order, REFUNDED, amount="300.00", refund_id="r1"))
    refund_payment(operator=make_staff(), order_id=order.pk, amount=90_000)
    refund_payment_again = {"kind": REFUND_FAILED, "id": "f", "amount": "100.00", "refund_id": "other"}
    before = last_seq(deal)
    send(event(order, **refund_payment_again))
    assert texts(deal, before) == ["A refund of ₹100.00 failed."]
    assert order_of(deal).undecided_since is None
