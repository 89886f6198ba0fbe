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

from deals.payments import ProviderFailed, get_provider
from deals.payments.stripe_provider import Stripe, from_stripe, to_stripe
from deals.payments.webhooks import handle_webhook
from foundation import errors
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
    for call in (provider.open, provider.refund):
        with pytest.raises(ProviderFailed):
            call(order)
    assert limits == [3, 3] * 2


def test_payment_failure_and_refund_webhooks_are_parsed(deal, order):
    assert send(intent(order, "payment_intent.payment_failed", "evt_0")).order.status == "failed"
    assert send(intent(order)).order.status == "paid"
    assert deal.now.flow_state == "payment_completed"
    assert send(intent(order)).repeated is True
    assert send(charge(order)).order.status == "refunded"
    assert deal.now.flow_state == "payment_completed"


def test_a_payment_reported_after_its_refund_changes_no_state(deal, order, asked):
    assert send(charge(order)).order.status == "refunded"
    assert send(intent(order)).order.status == "refunded"
    assert deal.now.flow_state == "payment_pending"
    another = deal.order()
    assert (another.reference, [key for _, _, key in asked.asked]) == (
        "pi_2",
        [f"open-{order.pk}", f"open-{another.pk}"],
    )
    send(intent(another, event_id="evt_new", id="pi_2"))
    assert deal.now.flow_state == "payment_completed"


def test_other_webhooks_are_accepted_and_change_nothing(order, hints):
    for said in (
        intent(order, "payment_intent.created"),
        intent(order, metadata={}),
        charge(order, refunded=False, amount_refunded=100),
        charge(order, payment_intent=None),
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
        (errors.NotFound, {"said": intent(order, metadata={"order_id": "00000000-0000-0000-0000-000000000001"})}),
    ]
    for why, sent in wrong:
        with nothing_happens(hints), pytest.raises(why):
            send(**sent)


def test_a_payment_that_arrives_after_closing_is_refunded_at_stripe(deal, order, asked):
    intervene(operator=make_staff(), conversation_id=deal.conversation.pk, action="close", data=InterventionRequest())
    send(intent(order))
    assert asked.asked[-1] == ("/v1/refunds", {"payment_intent": "pi_1"}, f"refund-{order.pk}")
    order.refresh_from_db()
    assert (order.status, order.refund_requested_at is not None) == ("paid", True)
    send(charge(order))
    order.refresh_from_db()
    assert order.status == "refunded"


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
