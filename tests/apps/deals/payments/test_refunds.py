"""Refunds: what they change, what both parties are told, and how they are requested from a provider."""

from datetime import timedelta
from itertools import permutations

import pytest

from conversations.flows.errors import ConversationClosed
from conversations.models import Conversation, Transition
from deals.models import PaymentOrder, Refund
from deals.payloads import PaymentPayload
from deals.payments import ProviderFailed, ProviderRefused, refunds
from deals.payments.refunds import request_due_refunds
from deals.payments.sandbox import Sandbox
from deals.selectors import deal_summary
from deals.upgrading import upgrade
from foundation import clock
from foundation.clock import moved
from foundation.ids import uuid7
from messaging.models import Message
from notifications.models import Notification
from tests.deals import make_deal
from tests.payments import CANCELED, REFUND_FAILED, REFUNDED, close, event, send
from tests.unchanged import nothing_happens

pytestmark = pytest.mark.django_db

WORKING = ["payment_completed", "work_in_progress", "work_submitted", "work_revision_requested"]


def order_of(deal):
    return PaymentOrder.objects.select_related("offer").get(conversation=deal.conversation)


def texts(deal, after=0):
    """Return the texts of the system messages that were sent to both parties, oldest first."""
    messages = Message.objects.filter(conversation=deal.conversation, seq__gt=after).order_by("seq")
    for message in messages:
        notified = Notification.objects.filter(message=message).values_list("user_id", flat=True)
        assert set(notified) == {deal.brand_owner.pk, deal.influencer.pk}
    return [message.message for message in messages]


def last_seq(deal):
    return Message.objects.filter(conversation=deal.conversation).order_by("-seq").first().seq


def amounts(deal):
    shown = deal_summary(deal.now)
    return shown.paid_amount, shown.refunded_amount, shown.payment_status


@pytest.mark.parametrize("state", [*WORKING, "real_time", "chat_closed"])
def test_a_partial_refund_is_told_and_changes_no_state(state):
    deal = make_deal(state)
    version, before = deal.now.state_version, last_seq(deal)
    send(event(order_of(deal), REFUNDED, amount="300.00"))
    assert (deal.now.flow_state, deal.now.state_version) == (state, version)
    assert texts(deal, before) == ["INR 300.00 of the payment was refunded. INR 900.00 remains."]
    assert amounts(deal) == ("1200.00", "300.00", "paid")


@pytest.mark.parametrize("state", WORKING)
@pytest.mark.parametrize("parts", [["1200.00"], ["0.01", "1199.99"], ["400", "400", "400"]])
def test_a_full_refund_before_the_work_is_approved_closes_the_deal(state, parts):
    deal = make_deal(state)
    before = last_seq(deal)
    for number, amount in enumerate(parts):
        send(event(order_of(deal), REFUNDED, id=f"r{number}", amount=amount))
    assert (deal.now.flow_state, deal.now.chat_status, deal.now.due_at) == ("chat_closed", "closed", None)
    step = Transition.objects.filter(conversation=deal.conversation).last()
    assert (step.action, step.actor.role) == ("payment_refunded", "system")
    told = texts(deal, before)
    assert len(told) == len(parts)
    assert told[-1] == "The payment of INR 1200.00 was refunded in full, so this conversation is closed."
    assert amounts(deal) == ("1200.00", "1200.00", "refunded")
    with pytest.raises(ConversationClosed):
        deal.act("start_work", by=deal.influencer)


@pytest.mark.parametrize("state", ["real_time", "chat_closed"])
def test_a_full_refund_after_the_work_was_approved_is_told(state):
    deal = make_deal(state)
    before = last_seq(deal)
    send(event(order_of(deal), REFUNDED))
    assert deal.now.flow_state == state
    assert texts(deal, before) == ["The payment of INR 1200.00 was refunded in full."]


def test_a_refund_that_several_events_report_counts_and_is_told_once(sent_hints):
    deal = make_deal("work_in_progress")
    order, before = order_of(deal), last_seq(deal)
    for number in range(3):
        send(event(order, REFUNDED, id=f"e{number}", amount="300.00", refund_id="re_1"))
    with nothing_happens(sent_hints):
        assert send(event(order, REFUNDED, id="e0", amount="300.00", refund_id="re_1")).repeated
    send(event(order, REFUNDED, id="e3", amount="300.00", refund_id="re_2"))
    assert texts(deal, before) == [
        "INR 300.00 of the payment was refunded. INR 900.00 remains.",
        "INR 300.00 of the payment was refunded. INR 600.00 remains.",
    ]
    assert amounts(deal) == ("1200.00", "600.00", "paid")


def test_a_refund_told_before_its_payment_closes_the_deal_and_no_payment_is_told():
    deal = make_deal("payment_pending")
    order, before = deal.order(), last_seq(deal)
    send(event(order, REFUNDED))
    assert deal.now.flow_state == "chat_closed"
    send(event(order))
    assert deal.now.flow_state == "chat_closed"
    assert texts(deal, before) == ["The payment of INR 1200.00 was refunded in full, so this conversation is closed."]
    assert not Refund.objects.exists()
    assert amounts(deal) == ("1200.00", "1200.00", "refunded")


def test_a_partial_refund_told_before_its_payment_takes_effect_with_it(sent_hints):
    deal = make_deal("payment_pending")
    order, before = deal.order(), last_seq(deal)
    send(event(order, REFUNDED, amount="300.00"))
    assert (texts(deal, before), amounts(deal)) == ([], ("0.00", "0.00", "open"))
    send(event(order))
    assert deal.now.flow_state == "payment_completed"
    assert texts(deal, before)[1:] == ["INR 300.00 of the payment was refunded. INR 900.00 remains."]
    assert amounts(deal) == ("1200.00", "300.00", "paid")


def test_a_failed_refund_no_longer_counts_and_operators_see_it():
    deal = make_deal("work_in_progress")
    order, before = order_of(deal), last_seq(deal)
    send(event(order, REFUNDED, amount="300.00", refund_id="re_1"))
    send(event(order, REFUND_FAILED, amount="300.00", refund_id="re_1"))
    assert amounts(deal) == ("1200.00", "0.00", "paid")
    assert deal.now.flow_state == "work_in_progress"
    assert texts(deal, before)[1:] == [
        "A refund of INR 300.00 failed.",
        "An operator decides what happens to the payment, of which INR 1200.00 remains.",
    ]
    assert order_of(deal).undecided_since is not None
    send(event(order, REFUNDED, id="again", amount="1200.00", refund_id="re_2"))
    assert (deal.now.flow_state, order_of(deal).undecided_since) == ("chat_closed", None)


@pytest.mark.parametrize("kinds", list(permutations(["payment.succeeded", REFUNDED, REFUND_FAILED])))
@pytest.mark.parametrize("refund_id", [None, "re_1"])
def test_a_deal_that_a_failed_refund_closed_stays_closed(kinds, refund_id):
    deal = make_deal("payment_pending")
    order = deal.order()
    for kind in kinds:
        send(event(order, kind, refund_id=refund_id))
    assert deal.now.flow_state == "chat_closed"
    assert amounts(deal) == ("1200.00", "0.00", "paid")
    assert order_of(deal).undecided_since is not None
    assert not Refund.objects.exists()
    assert "A refund of INR 1200.00 failed." in texts(deal, last_seq(deal) - 3)


# Late payments


def test_a_payment_that_arrives_after_closing_is_refunded_and_both_are_told():
    deal = make_deal("payment_pending")
    order = deal.order()
    close(deal)
    before = last_seq(deal)
    send(event(order))
    refund = Refund.objects.get(order=order)
    assert (refund.amount, refund.requester.role, refund.accepted_at is not None) == (120_000, "system", True)
    assert texts(deal, before) == ["The payment of INR 1200.00 was refunded in full."]
    assert amounts(deal) == ("1200.00", "1200.00", "refunded")
    assert [one.kind for one in order.events.all()] == ["paid", "refunded"]


def test_what_was_refunded_before_a_late_payment_is_not_refunded_again():
    deal = make_deal("payment_pending")
    order = deal.order()
    close(deal)
    send(event(order, REFUNDED, amount="200.00"))
    send(event(order))
    assert Refund.objects.get(order=order).amount == 100_000
    assert amounts(deal) == ("1200.00", "1200.00", "refunded")


def test_a_refund_that_the_provider_does_not_take_yet_is_requested_again(monkeypatch):
    asked = []
    refund = Sandbox.refund

    def fail(_, order, amount, key):
        asked.append((order.pk, amount, key))
        raise ProviderFailed("away")

    monkeypatch.setattr(Sandbox, "refund", fail)
    deal = make_deal("payment_pending")
    order = deal.order()
    close(deal)
    send(event(order))
    assert request_due_refunds() == 0
    assert len(asked) == 1
    with moved(timedelta(minutes=6)):
        assert request_due_refunds() == 0
        assert len(asked) == 2
        monkeypatch.setattr(Sandbox, "refund", refund)
    with moved(timedelta(minutes=17)):
        assert request_due_refunds() == 1
    assert amounts(deal) == ("1200.00", "1200.00", "refunded")
    assert len(set(asked)) == 1
    with moved(timedelta(days=2)):
        assert request_due_refunds() == 0
    assert order.events.count() == 2


def test_a_refund_that_the_provider_rejects_is_left_to_an_operator(monkeypatch):
    def refuse(*_):
        raise ProviderRefused("charged back")

    monkeypatch.setattr(Sandbox, "refund", refuse)
    deal = make_deal("payment_pending")
    order = deal.order()
    close(deal)
    before = last_seq(deal)
    send(event(order))
    assert texts(deal, before) == [
        "A refund of INR 1200.00 failed.",
        "An operator decides what happens to the payment, of which INR 1200.00 remains.",
    ]
    assert order_of(deal).undecided_since is not None
    with moved(timedelta(days=2)):
        assert request_due_refunds() == 0


@pytest.mark.parametrize("rounds", [0, 1])
def test_a_refund_made_elsewhere_is_no_longer_requested(monkeypatch, rounds):
    asked = []

    def fail(*arguments):
        asked.append(arguments)
        raise ProviderFailed("away")

    monkeypatch.setattr(Sandbox, "refund", fail)
    deal = make_deal("payment_pending")
    order = deal.order()
    close(deal)
    send(event(order))
    for number in range(1, rounds + 1):
        with moved(timedelta(minutes=6 * number)):
            request_due_refunds()
    assert len(asked) == 1 + rounds
    send(event(order, REFUNDED))
    with moved(timedelta(days=2)):
        request_due_refunds()
    assert (order_of(deal).status, len(asked)) == ("refunded", 1 + rounds)


class Killed(BaseException): ...


def test_a_process_that_dies_after_the_provider_has_refunded_repeats_the_key(monkeypatch):
    keys = []
    refund = Sandbox.refund

    def refund_and_note(self, order, amount, key):
        keys.append(key)
        return refund(self, order, amount, key)

    def die(*_, **__):
        raise Killed

    monkeypatch.setattr(Sandbox, "refund", refund_and_note)
    deal = make_deal("payment_pending")
    order = deal.order()
    close(deal)
    with monkeypatch.context() as dying, pytest.raises(Killed):
        dying.setattr(refunds, "apply_event", die)
        send(event(order))
    assert amounts(deal) == ("1200.00", "0.00", "paid")
    with moved(timedelta(days=1)):
        assert request_due_refunds() == 1
    assert amounts(deal) == ("1200.00", "1200.00", "refunded")
    assert len(keys) == 2
    assert len(set(keys)) == 1


def test_a_process_that_dies_after_the_refund_is_recorded_refunds_once(monkeypatch):
    apply = refunds.apply_event

    def apply_and_die(*arguments):
        apply(*arguments)
        raise Killed

    deal = make_deal("payment_pending")
    order = deal.order()
    close(deal)
    with monkeypatch.context() as dying, pytest.raises(Killed):
        dying.setattr(refunds, "apply_event", apply_and_die)
        send(event(order))
    with moved(timedelta(days=1)):
        request_due_refunds()
    assert amounts(deal) == ("1200.00", "1200.00", "refunded")
    assert order.events.count() == 2


def test_a_refund_that_release_0_1_0_stored_is_requested_with_its_key(monkeypatch):
    keys = []
    refund = Sandbox.refund
    monkeypatch.setattr(Sandbox, "refund", lambda *given: keys.append(given[3]) or refund(*given))
    deal = make_deal("payment_pending")
    order = deal.order()
    close(deal)
    order.events.create(provider="sandbox", event_id="old", kind="paid", fingerprint="x")
    PaymentOrder.objects.filter(pk=order.pk).update(status="paid", refund_due_at=clock.now())
    assert request_due_refunds() == 1
    assert keys == [f"refund-{order.pk}"]
    assert amounts(deal) == ("1200.00", "1200.00", "refunded")
    assert request_due_refunds() == 0


# Canceled orders, replaced orders and version 1


def test_a_canceled_order_is_replaced_and_its_data_is_not_handed_out_again():
    deal = make_deal("payment_pending")
    version, first = deal.now.state_version, deal.order()
    send(event(first, CANCELED))
    assert amounts(deal) == ("0.00", "0.00", "canceled")
    second = deal.act("proceed_to_payment", state_version=version).order
    assert second.pk != first.pk
    assert (second.pay["url"], second.status) == (f"/api/payments/sandbox/{second.pk}/pay", "open")
    first.refresh_from_db()
    assert (PaymentPayload.of(first).pay, first.replaced) == ({}, True)
    send(event(second, id="paid"))
    assert deal.now.flow_state == "payment_completed"
    again = deal.act("proceed_to_payment", by=deal.brand_owner, state_version=version)
    assert (again.order.pk, again.repeated) == (second.pk, True)


def test_a_payment_of_a_canceled_order_counts_if_the_deal_still_waits():
    deal = make_deal("payment_pending")
    first = deal.order()
    send(event(first, CANCELED))
    second = deal.order()
    send(event(first))
    assert (deal.now.flow_state, deal_summary(deal.now).order_id) == ("payment_completed", first.pk)
    send(event(second, id="second"))
    assert deal.now.flow_state == "payment_completed"
    assert Refund.objects.get().order == second
    assert amounts(deal) == ("2400.00", "1200.00", "paid")
    send(event(first, REFUNDED, id="all"))
    assert deal.now.flow_state == "chat_closed"


def test_a_refund_of_a_replaced_order_does_not_close_the_deal():
    deal = make_deal("payment_pending")
    first = deal.order()
    send(event(first, CANCELED))
    send(event(deal.order(), id="second"))
    send(event(first, id="first"))
    assert Refund.objects.get().order == first
    assert deal.now.flow_state == "payment_completed"


def version_1(state):
    deal = make_deal(state)
    Conversation.objects.filter(pk=deal.conversation.pk).update(flow_version=1)
    deal.conversation = Conversation.objects.get(pk=deal.conversation.pk)
    return deal


def test_a_running_deal_of_version_1_is_told_and_closes_when_it_is_upgraded():
    deal = version_1("work_in_progress")
    before = last_seq(deal)
    send(event(order_of(deal), REFUNDED))
    assert deal.now.flow_state == "work_in_progress"
    assert texts(deal, before) == ["The payment of INR 1200.00 was refunded in full."]
    assert upgrade(conversation_id=deal.conversation.pk, flow=make_deal().conversation.flow)
    assert (deal.now.flow_version, deal.now.flow_state) == (2, "chat_closed")


def test_in_version_1_a_refunded_offer_is_paid_with_a_new_order_until_the_upgrade():
    deal = version_1("payment_pending")
    first = deal.order()
    send(event(first, REFUNDED))
    assert deal.now.flow_state == "payment_pending"
    second = deal.order()
    assert second.pk != first.pk
    upgrade(conversation_id=deal.conversation.pk, flow=make_deal().conversation.flow)
    assert (deal.now.flow_version, deal.now.flow_state) == (2, "payment_pending")
    send(event(first, REFUND_FAILED))
    send(event(second, id=f"evt-{uuid7()}"))
    assert deal.now.flow_state == "payment_completed"
