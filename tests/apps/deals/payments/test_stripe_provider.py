"""Stripe: webhooks in the documented form, verified by Stripe's own library, and requests that this library sends to a
stand-in for Stripe's server."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import pytest
import requests
import stripe

from deals.models import PaymentOrder, Refund
from deals.payments import ProviderFailed, get_provider
from deals.payments.decisions import refund_payment
from deals.payments.stripe_provider import Stripe, from_stripe, to_stripe
from deals.payments.webhooks import handle_webhook
from deals.selectors import deal_summary
from foundation import errors
from messaging.models import Message
from operators.interventions import intervene
from operators.requests import InterventionRequest
from tests.deals import make_deal
from tests.factories import make_staff
from tests.unchanged import nothing_happens

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "whsec_of_the_tests"


class StandIn:
    """The requests that the stand-in for Stripe's server received; if `fails` is set, it responds with 500."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], str]] = []
        self.fails = False
        self.orders: list[str] = []

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, dict]:
        if self.fails:
            return 500, {"error": {"message": "down", "type": "api_error"}}
        if path == "/v1/payment_intents":
            order_id = form["metadata[order_id]"]
            if order_id not in self.orders:
                self.orders.append(order_id)
            return 200, {
                "id": f"pi_{self.orders.index(order_id) + 1}",
                "object": "payment_intent",
                "amount": int(form["amount"]),
                "currency": form["currency"],
                "client_secret": "pi_1_secret_2",
                "status": "requires_payment_method",
            }
        return 200, {"id": "re_1", "object": "refund", "status": "succeeded", "payment_intent": form["payment_intent"]}


@pytest.fixture
def stand_in() -> Iterator[tuple[StandIn, str]]:
    heard = StandIn()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            heard.asked.append((self.path, form, self.headers["Idempotency-Key"]))
            status, answer = heard.answer(self.path, form)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield heard, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def asked(settings, stand_in, monkeypatch):
    heard, address = stand_in
    settings.PAYMENT_PROVIDER = "stripe"
    settings.STRIPE_SECRET_KEY = f"sk_test_{address[-5:]}"
    settings.STRIPE_PUBLISHABLE_KEY, settings.STRIPE_WEBHOOK_SECRET = "pk_test_1", SECRET
    client = stripe.StripeClient("sk_test_1", base_addresses={"api": address}, max_network_retries=0)
    monkeypatch.setattr(get_provider("stripe"), "_client", client)
    return heard


@pytest.fixture
def deal(db, asked):
    return make_deal("payment_pending")


@pytest.fixture
def order(deal):
    return deal.order()


def intent(order, kind="payment_intent.succeeded", event_id="evt_1", **other):
    """Return an event in the form of https://docs.stripe.com/api/events/object and
    https://docs.stripe.com/api/payment_intents/object."""
    about = {
        "id": "pi_1",
        "object": "payment_intent",
        "amount": 120_000,
        "amount_received": 120_000 if kind.endswith("succeeded") else 0,
        "currency": "inr",
        "metadata": {"order_id": str(order.pk)},
        "status": "succeeded" if kind.endswith("succeeded") else "requires_payment_method",
    }
    return envelope(event_id, kind, about | other)


def charge(order, **other):
    about = {
        "id": "ch_1",
        "object": "charge",
        "amount": 120_000,
        "amount_refunded": 120_000,
        "currency": "inr",
        "metadata": {"order_id": str(order.pk)},
        "payment_intent": "pi_1",
        "refunded": True,
    }
    return envelope("evt_refund", "charge.refunded", about | other)


def envelope(event_id, kind, about):
    return {
        "id": event_id,
        "object": "event",
        "api_version": "2025-09-30.clover",
        "created": 1_760_000_000,
        "data": {"object": about},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }


def send(said, *, secret=SECRET, headers=None):
    body = json.dumps(said) if isinstance(said, dict) else said
    signature = stripe.WebhookSignature.generate_signature_header(body, secret)
    given = {"Stripe-Signature": signature} if headers is None else headers
    return handle_webhook(provider="stripe", body=body.encode(), headers=given)


def test_an_order_is_a_payment_intent_opened_once(deal, asked):
    order = deal.order()
    assert (order.provider, order.reference) == ("stripe", "pi_1")
    assert order.pay == {"client_secret": "pi_1_secret_2", "publishable_key": "pk_test_1"}
    deal.order()
    assert asked.asked == [
        (
            "/v1/payment_intents",
            {
                "amount": "120000",
                "currency": "inr",
                "automatic_payment_methods[enabled]": "true",
                "metadata[order_id]": str(order.pk),
            },
            f"open-{order.pk}",
        )
    ]


def test_after_an_outage_the_next_click_uses_the_same_idempotency_key(deal, asked):
    asked.fails = True
    with pytest.raises(errors.Unavailable):
        deal.order()
    asked.fails = False
    order = deal.order()
    assert order.reference == "pi_1"
    assert {key for _, _, key in asked.asked} == {f"open-{order.pk}"}


def test_a_request_to_stripe_has_a_time_limit(deal, order, monkeypatch):
    limits = []

    def request(*_, timeout, **__):
        limits.append(timeout)
        raise requests.ReadTimeout

    monkeypatch.setattr(requests.Session, "request", request)
    provider = Stripe(secret_key="sk_test_1", publishable_key="pk_test_1", webhook_secret=SECRET, seconds=6)
    for call in (lambda: provider.open(order), lambda: provider.refund(order, 100, "key")):
        with pytest.raises(ProviderFailed):
            call()
    assert limits == [3, 3] * 2


def refund(order, kind="refund.created", event_id="evt_re_1", **other):
    about = {
        "id": "re_1",
        "object": "refund",
        "amount": 30_000,
        "currency": "inr",
        "charge": "ch_1",
        "payment_intent": "pi_1",
        "metadata": {},
        "status": "succeeded",
    }
    return envelope(event_id, kind, about | other)


def dispute(order, status, kind="charge.dispute.created", **other):
    about = {
        "id": "du_1",
        "object": "dispute",
        "amount": 120_000,
        "currency": "inr",
        "charge": "ch_1",
        "payment_intent": "pi_1",
        "metadata": {},
        "status": status,
    }
    return envelope(f"evt_du_{status}", kind, about | other)


def told(deal):
    return [message.message for message in Message.objects.filter(conversation=deal.conversation).order_by("seq")]


def test_payment_failure_and_refund_webhooks_are_parsed(deal, order):
    assert send(intent(order, "payment_intent.payment_failed", "evt_0")).order.status == "failed"
    assert send(intent(order)).order.status == "paid"
    assert deal.now.flow_state == "payment_completed"
    assert send(intent(order)).repeated is True
    assert send(charge(order)).order.status == "refunded"
    assert deal.now.flow_state == "chat_closed"


@pytest.mark.parametrize("first", [0, 1, 2])
def test_one_refund_of_three_events_counts_and_is_told_once(deal, order, first):
    send(intent(order))
    events = [
        refund(order, status="pending"),
        refund(order, "refund.updated", "evt_re_2"),
        charge(order, refunded=False, amount_refunded=30_000),
    ]
    before = len(told(deal))
    for said in events[first:] + events[:first]:
        send(said)
    assert told(deal)[before:] == ["₹300.00 of the payment was refunded. ₹900.00 remains."]
    send(refund(order, "refund.failed", "evt_re_3", status="failed"))
    assert told(deal)[before + 1] == "A refund of ₹300.00 failed."
    assert deal_summary(deal.now).refunded_amount == "0.00"


def test_disputes_are_parsed_and_inquiries_are_not(deal, order, hints):
    send(intent(order))
    with nothing_happens(hints):
        assert send(dispute(order, "warning_needs_response")) is None
    send(dispute(order, "needs_response"))
    send(dispute(order, "under_review", "charge.dispute.updated"))
    assert deal.now.flow_state == "payment_disputed"
    send(dispute(order, "won", "charge.dispute.closed"))
    assert deal.now.flow_state == "payment_completed"
    send(dispute(order, "lost", "charge.dispute.closed", id="du_2", currency="usd", amount=1_400))
    assert deal.now.flow_state == "chat_closed"


def test_the_payment_intent_decides_whatever_the_metadata_says(deal, order, hints):
    other = make_deal("payment_pending")
    other_order = other.order()
    assert other_order.reference == "pi_2"
    for metadata in ({}, {"order_id": "nothing"}, {"order_id": str(other_order.pk)}):
        send(intent(order, event_id=f"evt_{metadata}", metadata=metadata))
        assert (deal.now.flow_state, other.now.flow_state) == ("payment_completed", "payment_pending")


def test_an_event_can_arrive_before_the_intent_is_stored(deal, order):
    PaymentOrder.objects.filter(pk=order.pk).update(reference="")
    assert send(intent(order)).order.status == "paid"
    assert deal.now.flow_state == "payment_completed"


def test_a_canceled_intent_is_replaced_by_a_new_one(deal, order, asked):
    send(intent(order, "payment_intent.canceled", "evt_canceled"))
    another = deal.order()
    assert (another.reference, another.pay["client_secret"]) == ("pi_2", "pi_1_secret_2")
    assert [key for *_, key in asked.asked] == [f"open-{order.pk}", f"open-{another.pk}"]
    send(intent(another, event_id="evt_new", id="pi_2"))
    assert deal.now.flow_state == "payment_completed"


def test_an_operator_refunds_a_part_at_stripe(deal, order, asked):
    send(intent(order))
    refund_payment(operator=make_staff(), order_id=order.pk, amount=30_000)
    path, form, key = asked.asked[-1]
    assert (path, form) == ("/v1/refunds", {"payment_intent": "pi_1", "amount": "30000"})
    assert key == f"refund-{Refund.objects.get().pk}"
    send(refund(order))
    assert deal_summary(deal.now).refunded_amount == "300.00"


def test_other_webhooks_are_accepted_and_change_nothing(order, hints):
    for said in (
        intent(order, "payment_intent.created"),
        intent(order, id="pi_of_another_shop", metadata={}),
        charge(order, payment_intent=None),
        refund(order, payment_intent=None),
        refund(order, payment_intent="pi_of_another_shop"),
        dispute(order, "lost", payment_intent=None),
        envelope("evt_2", "customer.created", {"id": "cus_1", "object": "customer"}),
    ):
        with nothing_happens(hints):
            assert send(said) is None


def test_an_invalid_webhook_is_refused_and_changes_nothing(order, hints):
    good = intent(order)
    old = stripe.WebhookSignature.generate_signature_header(json.dumps(good), SECRET, timestamp=1_700_000_000)
    wrong = [
        (errors.Forbidden, {"said": good, "secret": "whsec_another"}),
        (errors.Forbidden, {"said": good, "headers": {}}),
        (errors.Forbidden, {"said": good, "headers": {"Stripe-Signature": "nonsense"}}),
        (errors.Forbidden, {"said": good, "headers": {"Stripe-Signature": old}}),
        (errors.Invalid, {"said": "{"}),
        (errors.Invalid, {"said": intent(order, amount_received=119_999)}),
        (errors.Invalid, {"said": intent(order, currency="usd")}),
        (errors.NotFound, {"said": intent(order, id="pi_of_another_order")}),
    ]
    for why, sent in wrong:
        with nothing_happens(hints), pytest.raises(why):
            send(**sent)


def test_a_payment_that_arrives_after_closing_is_refunded_at_stripe(deal, order, asked):
    intervene(operator=make_staff(), conversation_id=deal.conversation.pk, action="close", data=InterventionRequest())
    send(intent(order))
    refund = order.refunds.get()
    assert asked.asked[-1] == ("/v1/refunds", {"payment_intent": "pi_1"}, f"refund-{refund.pk}")
    order.refresh_from_db()
    assert (order.status, refund.accepted_at is not None) == ("refunded", True)
    count = len(told(deal))
    send(charge(order))
    assert len(told(deal)) == count


def test_stripe_is_off_without_its_settings(settings):
    with pytest.raises(errors.NotFound):
        get_provider("stripe")
    settings.STRIPE_SECRET_KEY = "sk_test_1"
    with pytest.raises(errors.NotFound):
        get_provider("stripe")


@pytest.mark.parametrize(
    ("minor", "currency", "at_stripe"),
    [
        (120_000, "INR", 120_000),
        (500, "JPY", 500),
        (1_230, "KWD", 1_230),
        (700, "ISK", 70_000),
        (700, "UGX", 70_000),
        (500_00, "MGA", 500),
    ],
)
def test_amounts_use_stripes_minor_units(minor, currency, at_stripe):
    assert to_stripe(minor, currency) == at_stripe
    assert from_stripe(at_stripe, currency) == minor


@pytest.mark.parametrize(("minor", "currency"), [(1_234, "KWD"), (500_50, "MGA")])
def test_an_amount_that_stripe_cannot_charge_opens_no_order(minor, currency):
    with pytest.raises(ProviderFailed):
        to_stripe(minor, currency)
