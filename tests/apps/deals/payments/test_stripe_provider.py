"""Requests to Stripe, through its own library, over HTTP, with a stand-in for its server."""

import socket
from contextlib import ExitStack

import pytest
from prometheus_client import REGISTRY

from deals.models import PaymentOrder, Refund
from deals.payments import ProviderFailed, get_provider
from deals.payments.errors import PaymentUnavailable
from deals.payments.provider import ProviderRefused
from foundation import errors
from tests.deals import make_deal
from tests.harness.stripe import Away, Dripping, Garbage, LostAnswer, ReceivedRequest, Slow, Status

pytestmark = pytest.mark.django_db(transaction=True)

PASSING = [
    Away(),
    LostAnswer(),
    Status(409),
    Status(500),
    Status(500, should_retry=True),
    Status(502),
    Status(503),
    Status(429, should_retry=True),
]
"""Faults after which the library repeats the request."""

LASTING = [
    (Away(), Away()),
    (LostAnswer(), Away()),
    (Status(500), Status(500)),
    (Status(500, should_retry=False),),
    (Status(429),),
    (Status(401),),
    (Status(403),),
]
"""Faults for which the library gives up, but with which the same request can succeed later."""


@pytest.fixture
def deal(db, stripe_server):
    return make_deal("payment_pending")


# Requests


def test_an_order_is_a_payment_intent_opened_once(deal, stripe_server):
    order = deal.order()
    assert (order.provider, order.reference) == ("stripe", "pi_1")
    assert order.pay == {"client_secret": "pi_1_secret_1", "publishable_key": "pk_test_stand_in"}
    deal.order()
    form = {
        "amount": "120000",
        "currency": "inr",
        "automatic_payment_methods[enabled]": "true",
        "metadata[order_id]": str(order.pk),
    }
    assert stripe_server.requests == [ReceivedRequest("/v1/payment_intents", form, f"open-{order.pk}")]


@pytest.mark.parametrize("fault", PASSING, ids=repr)
def test_a_failed_request_is_repeated_once_with_its_key(deal, stripe_server, fault):
    stripe_server.break_next(fault)
    order = deal.order()
    assert order.reference == "pi_1"
    assert stripe_server.account.intents.keys() == {"pi_1"}
    first, second = stripe_server.requests
    assert first == second
    assert first.idempotency_key == f"open-{order.pk}"


@pytest.mark.parametrize("faults", LASTING, ids=repr)
def test_after_an_outage_the_next_click_uses_the_same_key(deal, stripe_server, faults):
    stripe_server.break_next(*faults)
    with pytest.raises(errors.Unavailable):
        deal.order()
    assert len(stripe_server.requests) == len(faults)
    order = deal.order()
    assert order.reference == "pi_1"
    assert stripe_server.account.intents.keys() == {"pi_1"}
    assert {request.idempotency_key for request in stripe_server.requests} == {f"open-{order.pk}"}


GARBAGE = [
    Garbage(b""),
    Garbage(b"{"),
    Garbage(b"{}"),
    Garbage(b"[]"),
    Garbage(b"null"),
    Garbage(b'"pi_1"'),
    Garbage(b'{"id": null, "object": "payment_intent"}'),
    Garbage(b'{"id": "", "object": "payment_intent", "client_secret": "x"}'),
    Garbage(b'{"id": "pi_1", "object": "payment_intent"}'),
    Garbage(b"\xff\xfe"),
    Garbage(b"<html></html>"),
    Garbage(b"<html></html>", status=400),
    Garbage(b'{"error": "no"}', status=400),
    Garbage(b'{"error": null}', status=402),
    Garbage(b"{}", status=302),
    Garbage(b" ", times=3 * 2**20),
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=repr)
def test_a_malformed_answer_is_a_failure_that_can_pass(deal, stripe_server, garbage):
    stripe_server.break_next(garbage)
    with pytest.raises(PaymentUnavailable):
        deal.order()
    assert len(stripe_server.requests) == 1
    assert deal.order().reference == "pi_1"


@pytest.mark.parametrize("garbage", [one for one in GARBAGE if b"payment_intent" not in one.body], ids=repr)
def test_a_malformed_answer_to_a_refund_is_a_failure(order, stripe_server, account, garbage):
    wanted = Refund(order=order, amount=100)
    account.pay("pi_1")
    stripe_server.break_next(garbage)
    with pytest.raises(ProviderFailed):
        get_provider("stripe").refund(wanted)
    assert get_provider("stripe").refund(wanted).item_id == "re_1"
    assert len(account.refunds) == 1


def test_a_connection_has_a_time_limit(order, settings):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, ExitStack() as waiting:
        for _ in range(4):  # the queue is full, so further connections are not accepted
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(server.getsockname())
        settings.STRIPE_API_URL = f"http://127.0.0.1:{server.getsockname()[1]}"
        settings.EXTERNAL_CONNECT_SECONDS = 0.1
        with pytest.raises(ProviderFailed) as failure:
            get_provider("stripe").open(order)
    assert "connect timeout=0.1" in str(failure.value.__cause__)


def test_calls_are_measured_by_outcome(deal, stripe_server):
    def count(outcome):
        name = "stoory_provider_call_seconds_count"
        return REGISTRY.get_sample_value(name, {"outcome": outcome}) or 0

    before = [count(outcome) for outcome in ("answered", "failed", "refused")]
    stripe_server.break_next(Status(429))
    stripe_server.account.refused_currencies = {"inr"}
    for _ in range(2):
        with pytest.raises(errors.DomainError):
            deal.order()
    stripe_server.account.refused_currencies = set()
    deal.order()
    assert [count(outcome) for outcome in ("answered", "failed", "refused")] == [one + 1 for one in before]


@pytest.mark.parametrize("first", [Slow, Dripping, Away])
@pytest.mark.parametrize("second", [Slow, Dripping])
def test_a_call_has_a_time_limit_in_all(order, stripe_server, settings, first, second):
    settings.EXTERNAL_CALL_SECONDS = 0.2
    stripe_server.requests.clear()
    stripe_server.break_next(first(), second())
    with pytest.raises(ProviderFailed):
        get_provider("stripe").open(order)
    assert len(stripe_server.requests) == 2


def test_a_server_that_refuses_connections_is_unavailable(order, settings):
    settings.STRIPE_API_URL = "http://127.0.0.1:1"
    with pytest.raises(ProviderFailed, match="APIConnectionError"):
        get_provider("stripe").open(order)


def test_an_order_that_is_refused_for_good_is_not_repeated(deal, stripe_server):
    stripe_server.account.refused_currencies = {"inr"}
    with pytest.raises(errors.DomainError):
        deal.order()
    assert len(stripe_server.requests) == 1
    with pytest.raises(ProviderRefused, match="InvalidRequestError: currency"):
        get_provider("stripe").open(PaymentOrder.objects.select_related("offer").get())


def test_a_refund_that_is_refused_for_good_is_not_repeated(order, stripe_server, account):
    account.pay("pi_1")
    account.refund("pi_1")
    stripe_server.requests.clear()
    with pytest.raises(ProviderRefused, match="charge_already_refunded"):
        get_provider("stripe").refund(Refund(order=order, amount=order.offer.amount))
    assert len(stripe_server.requests) == 1


@pytest.mark.parametrize("fault", PASSING, ids=repr)
def test_a_refund_is_repeated_once_with_its_key(order, account, stripe_server, fault):
    account.pay("pi_1")
    stripe_server.break_next(fault)
    wanted = Refund(order=order, amount=30_000)
    event = get_provider("stripe").refund(wanted)
    assert (event.item_id, event.kind, event.amount) == ("re_1", "refunded", 30_000)
    first, second = stripe_server.requests[-2:]
    form = {"payment_intent": "pi_1", "amount": "30000", "metadata[refund_id]": str(wanted.pk)}
    assert first == second == ReceivedRequest("/v1/refunds", form, f"refund-{wanted.pk}")
    assert len(account.refunds) == 1


# Settings


def test_stripe_is_off_without_its_settings(settings):
    with pytest.raises(errors.NotFound):
        get_provider("stripe")
    settings.STRIPE_SECRET_KEY = "sk_test_1"
    with pytest.raises(errors.NotFound):
        get_provider("stripe")
