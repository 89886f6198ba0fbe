"""Events of Stripe: payments, refunds and disputes at the stand-in, in signed webhooks."""

import json
from codecs import BOM_UTF8

import pytest
import stripe

from deals.models import PaymentOrder, Refund
from deals.payments.webhooks import handle_webhook
from deals.selectors import deal_summary
from foundation import errors
from messaging.models import Message
from operators.interventions import intervene
from operators.requests import InterventionRequest
from tests.deals import make_deal
from tests.factories import make_staff
from tests.harness.stripe import SECRET, ReceivedRequest
from tests.harness.tasks import run_due_tasks
from tests.payments import refund
from tests.unchanged import nothing_happens

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def deal(db, stripe_server):
    return make_deal("payment_pending")


@pytest.fixture
def send(stripe_server):
    """Return a function that delivers events, as Stripe does, and returns the last result. Refunds are then made."""

    def send(*events, **signed):
        for event in events:
            body, headers = stripe_server.signed(event, **signed)
            result = handle_webhook(provider="stripe", body=body, headers=headers)
            run_due_tasks()
        return result

    return send


def changed(event, **members):
    """Return the event with other members of its object."""
    event["data"]["object"] |= members
    return event


def told(deal):
    return [message.message for message in Message.objects.filter(conversation=deal.conversation).order_by("seq")]


def test_payment_failure_and_refund_webhooks_are_parsed(deal, order, account, send):
    assert send(account.fail("pi_1")).order.status == "failed"
    paid = account.pay("pi_1")
    assert send(paid).order.status == "paid"
    assert deal.now.flow_state == "payment_completed"
    assert send(paid).repeated is True
    send(*account.refund("pi_1"))
    order.refresh_from_db()
    assert (order.status, deal.now.flow_state) == ("refunded", "chat_closed")


def test_a_byte_order_mark_before_an_event_is_skipped_and_signed(deal, order, account, stripe_server, hints):
    body, headers = stripe_server.signed(account.pay("pi_1"))
    with nothing_happens(hints), pytest.raises(errors.Forbidden):
        handle_webhook(provider="stripe", body=BOM_UTF8 + body, headers=headers)
    signature = stripe.WebhookSignature.generate_signature_header((BOM_UTF8 + body).decode(), SECRET)
    handle_webhook(provider="stripe", body=BOM_UTF8 + body, headers={"Stripe-Signature": signature})
    assert deal.now.flow_state == "payment_completed"


@pytest.mark.parametrize("content", [[], None, 7, "event", {}, {"object": "v2.core.event"}])
def test_signed_json_that_is_no_event_is_invalid(order, stripe_server, hints, content):
    body, headers = stripe_server.signed(content)
    with nothing_happens(hints), pytest.raises(errors.Invalid):
        handle_webhook(provider="stripe", body=body, headers=headers)


@pytest.mark.parametrize("first", [0, 1, 2])
def test_one_refund_of_three_events_counts_and_is_told_once(deal, order, account, send, first):
    send(account.pay("pi_1"))
    created, charge, updated = account.refund("pi_1", 30_000)
    events = [changed(created, status="pending"), updated, charge]
    before = len(told(deal))
    send(*events[first:], *events[:first])
    assert told(deal)[before:] == ["₹300.00 of the payment was refunded. ₹900.00 remains."]
    send(account.fail_refund("re_1"))
    assert told(deal)[before + 1] == "A refund of ₹300.00 failed."
    assert deal_summary(deal.now).refunded_amount == "0.00"


def test_refunds_in_parts_add_up(deal, order, account, send):
    send(account.pay("pi_1"))
    send(*account.refund("pi_1", 30_000))
    send(*account.refund("pi_1", 40_000))
    assert deal_summary(deal.now).refunded_amount == "700.00"
    send(*account.refund("pi_1"))
    assert (deal_summary(deal.now).refunded_amount, deal.now.flow_state) == ("1200.00", "chat_closed")


def test_disputes_are_parsed_and_inquiries_are_not(deal, order, account, send, hints):
    send(account.pay("pi_1"))
    opened = account.open_dispute("pi_1")
    inquiry = account.event("charge.dispute.created", opened["data"]["object"] | {"status": "warning_needs_response"})
    with nothing_happens(hints):
        assert send(inquiry) is None
    send(opened)
    reviewed = account.event("charge.dispute.updated", opened["data"]["object"] | {"status": "under_review"})
    send(reviewed)
    assert deal.now.flow_state == "payment_disputed"
    send(account.close_dispute("du_1", "won"))
    assert deal.now.flow_state == "payment_completed"
    account.open_dispute("pi_1")
    send(changed(account.close_dispute("du_2", "lost"), currency="usd", amount=1_400))
    assert deal.now.flow_state == "chat_closed"


def test_the_payment_intent_decides_whatever_the_metadata_says(deal, order, account, send):
    other = make_deal("payment_pending")
    other_order = other.order()
    assert other_order.reference == "pi_2"
    account.pay("pi_1")
    for metadata in ({}, {"order_id": "nothing"}, {"order_id": str(other_order.pk)}):
        send(account.event("payment_intent.succeeded", account.intents["pi_1"] | {"metadata": metadata}))
        assert (deal.now.flow_state, other.now.flow_state) == ("payment_completed", "payment_pending")


def test_an_event_can_arrive_before_the_intent_is_stored(deal, order, account, send):
    PaymentOrder.objects.filter(pk=order.pk).update(reference="")
    assert send(account.pay("pi_1")).order.status == "paid"
    assert deal.now.flow_state == "payment_completed"


def test_a_canceled_intent_is_replaced_by_a_new_one(deal, order, account, send, stripe_server):
    send(account.cancel("pi_1"))
    another = deal.order()
    assert (another.reference, another.pay["client_secret"]) == ("pi_2", "pi_2_secret_2")
    assert [one.idempotency_key for one in stripe_server.requests] == [f"open-{order.pk}", f"open-{another.pk}"]
    send(account.pay("pi_2"))
    assert deal.now.flow_state == "payment_completed"


def test_an_operator_refunds_a_part_at_stripe(deal, order, account, send, stripe_server):
    send(account.pay("pi_1"))
    refund(order, 30_000)
    made = Refund.objects.get()
    form = {"payment_intent": "pi_1", "amount": "30000", "metadata[refund_id]": str(made.pk)}
    assert stripe_server.requests[-1] == ReceivedRequest("/v1/refunds", form, f"refund-{made.pk}")
    send(*account.events_of(account.refunds["re_1"]))
    assert deal_summary(deal.now).refunded_amount == "300.00"


def test_other_webhooks_are_accepted_and_change_nothing(order, account, send, hints):
    intent = account.intents["pi_1"]
    paid = account.pay("pi_1")
    refunded, charge, _ = account.refund("pi_1")
    another = {"payment_intent": "pi_of_another_shop"}
    for event in (
        account.event("payment_intent.created", intent),
        changed(paid, id="pi_of_another_shop", metadata={}),
        changed(charge, payment_intent=None),
        account.event("refund.created", refunded["data"]["object"] | {"payment_intent": None}),
        account.event("refund.created", refunded["data"]["object"] | another),
        changed(account.open_dispute("pi_1"), payment_intent=None, status="lost"),
        account.event("customer.created", {"id": "cus_1", "object": "customer"}),
    ):
        with nothing_happens(hints):
            assert send(event) is None


def test_an_invalid_webhook_is_refused_and_changes_nothing(order, account, send, hints):
    good, paid = account.pay("pi_1"), account.intents["pi_1"]
    wrong = [
        (errors.Forbidden, good, {"secret": "whsec_another"}),
        (errors.Forbidden, good, {"timestamp": 1_700_000_000}),
        (errors.Invalid, account.event("payment_intent.succeeded", paid | {"amount_received": 119_999}), {}),
        (errors.Invalid, account.event("payment_intent.succeeded", paid | {"currency": "usd"}), {}),
        (errors.NotFound, account.event("payment_intent.succeeded", paid | {"id": "pi_of_another_order"}), {}),
    ]
    for why, event, signed in wrong:
        with nothing_happens(hints), pytest.raises(why):
            send(event, **signed)


@pytest.mark.parametrize("headers", [{}, {"Stripe-Signature": ""}, {"Stripe-Signature": "nonsense"}])
def test_a_webhook_without_a_signature_is_refused(order, account, hints, headers):
    body = json.dumps(account.pay("pi_1")).encode()
    with nothing_happens(hints), pytest.raises(errors.Forbidden):
        handle_webhook(provider="stripe", body=body, headers=headers)


def test_a_payment_that_arrives_after_closing_is_refunded_at_stripe(deal, order, account, send, stripe_server):
    intervene(operator=make_staff(), conversation_id=deal.conversation.pk, action="close", data=InterventionRequest())
    send(account.pay("pi_1"))
    made = order.refunds.get()
    form = {"payment_intent": "pi_1", "metadata[refund_id]": str(made.pk)}
    assert stripe_server.requests[-1] == ReceivedRequest("/v1/refunds", form, f"refund-{made.pk}")
    order.refresh_from_db()
    assert (order.status, made.accepted_at is not None) == ("refunded", True)
    count = len(told(deal))
    send(*account.events_of(account.refunds["re_1"]))
    assert len(told(deal)) == count
    assert len(account.refunds) == 1
