"""Payment orders and the webhooks of providers: single, late, repeated, out of order, or with a wrong amount."""

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations

import pytest
from django.db import connections

from conversations.models import Transition
from deals.checks import check_payment_provider
from deals.models import PaymentEvent, PaymentOrder
from deals.payments import OpenedOrder, ProviderFailed
from deals.payments.sandbox import SIGNATURE, Sandbox
from deals.payments.sandbox_payments import pay_in_sandbox
from deals.selectors import deal_summary
from foundation import errors
from messaging.models import Message
from operators.interventions import intervene
from operators.requests import InterventionRequest
from tests.deals import make_deal
from tests.factories import make_staff, make_user
from tests.payments import FAILED, REFUNDED, SECRET, SUCCEEDED, deliver, event, send
from tests.unchanged import nothing_happens

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def deal(db):
    return make_deal("payment_pending")


# Opening an order


def test_the_order_has_the_amount_of_the_accepted_offer_and_what_a_client_needs(deal):
    acted = deal.act("proceed_to_payment", state_version=deal.now.state_version)
    order = acted.order
    assert (order.offer, order.offer.acceptance.accepter) == (deal.now.deal.last_offer, deal.influencer)
    assert (order.offer.price, order.provider, order.status) == ("1200.00", "sandbox", "open")
    assert order.pay == {"method": "POST", "url": f"/api/payments/sandbox/{order.pk}/pay"}
    assert acted.message is None
    assert acted.repeated is False


def test_opening_an_order_changes_no_state_and_sends_nothing(deal, hints):
    version, steps = deal.now.state_version, Transition.objects.count()
    sent = len(hints)
    deal.act("proceed_to_payment", state_version=version)
    assert (deal.now.state_version, Transition.objects.count(), len(hints)) == (version, steps, sent)


def test_a_repeat_returns_the_open_order(deal, order, hints):
    version = deal.now.state_version
    with nothing_happens(hints):
        again = deal.act("proceed_to_payment", state_version=version)
    assert (again.order, again.repeated) == (order, True)


def test_a_repeat_after_the_payment_returns_the_paid_order(deal, order, hints):
    version = deal.now.state_version
    send(event(order))
    with nothing_happens(hints):
        again = deal.act("proceed_to_payment", by=deal.brand_owner, state_version=version)
    assert (again.order.pk, again.order.status, again.repeated) == (order.pk, "paid", True)


def test_concurrent_clicks_open_one_order(deal):
    def click(_):
        try:
            return deal.act("proceed_to_payment", by=deal.brand_owner).order.pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(click, range(24)))) == 1
    assert PaymentOrder.objects.count() == 1


def test_without_a_provider_nothing_can_be_paid(deal, settings, hints):
    settings.PAYMENT_PROVIDER = "none"
    with nothing_happens(hints), pytest.raises(errors.Unavailable):
        deal.order()


def test_the_next_click_retries_a_failed_provider(deal, monkeypatch):
    asked = []

    def open_order(_, order):
        asked.append(order.pk)
        if len(asked) == 1:
            raise ProviderFailed("away")
        return OpenedOrder(reference="ref-1", pay={"key": "value"})

    monkeypatch.setattr(Sandbox, "open", open_order)
    with pytest.raises(errors.Unavailable):
        deal.order()
    order = deal.order()
    assert (order.reference, order.pay) == ("ref-1", {"key": "value"})
    assert set(asked) == {order.pk}
    deal.order()
    assert len(asked) == 2


# Webhooks


def test_a_payment_changes_the_state(deal, order):
    settled = send(event(order))
    assert (settled.order.status, settled.repeated) == ("paid", False)
    assert deal.now.flow_state == "payment_completed"
    step = Transition.objects.filter(conversation=deal.conversation).last()
    assert (step.action, step.actor.role) == ("payment_verified", "system")
    message = Message.objects.get(transition=step)
    assert (message.sender.role, message.receiver) == ("system", deal.influencer)


EVENTS = (SUCCEEDED, FAILED, REFUNDED)


def with_repeated_ids(order, kinds):
    """Return each webhook alone, and repeated three times in two orders."""
    return [event(order, kind) for kind in (*kinds, *kinds[::-1], *kinds)]


def with_new_ids(order, kinds):
    """Return each kind of event twice in a row, each time with a new event id."""
    return [event(order, kind, id=f"evt-{kind}-{number}") for kind in kinds for number in range(2)]


@pytest.mark.parametrize("deliveries", [with_repeated_ids, with_new_ids])
@pytest.mark.parametrize("kinds", [some for n in (1, 2, 3) for some in permutations(EVENTS, n)])
def test_webhooks_in_any_order_and_number_have_the_same_result(deal, order, kinds, deliveries):
    version = deal.now.state_version
    sent = deliveries(order, kinds)
    for said in sent:
        send(said)
    order.refresh_from_db()
    assert order.status == ("refunded" if REFUNDED in kinds else "paid" if SUCCEEDED in kinds else "failed")
    is_told = SUCCEEDED in kinds and REFUNDED not in kinds[: kinds.index(SUCCEEDED)]
    ended = "payment_completed" if SUCCEEDED in kinds else "payment_pending"
    assert deal.now.flow_state == ("chat_closed" if REFUNDED in kinds else ended)
    assert deal.now.state_version == version + is_told + (REFUNDED in kinds)
    verified = Transition.objects.filter(conversation=deal.conversation, action="payment_verified")
    assert verified.count() == Message.objects.filter(transition__action="payment_verified").count() == is_told
    assert {one.event_id for one in PaymentEvent.objects.filter(order=order)} == {said["id"] for said in sent}
    assert not order.refunds.exists()


def test_a_repeated_event_changes_nothing(deal, order, hints):
    send(event(order))
    with nothing_happens(hints):
        assert send(event(order)).repeated is True


def test_a_second_payment_event_with_another_id_changes_nothing(deal, order):
    send(event(order))
    send(event(order, id="evt-2"))
    assert Transition.objects.filter(action="payment_verified").count() == 1
    deal.act("start_work")
    send(event(order, id="evt-3"))
    assert deal.now.flow_state == "work_in_progress"
    order.refresh_from_db()
    assert (order.status, order.refunds.exists()) == ("paid", False)


def test_concurrent_repetitions_are_one_payment(deal, order):
    with ThreadPoolExecutor(8) as threads:
        settled = list(threads.map(deliver, [event(order, id=f"evt-{number % 3}") for number in range(24)]))
    assert [one.repeated for one in settled].count(False) == 3
    assert Transition.objects.filter(action="payment_verified").count() == 1
    assert Message.objects.filter(transition__action="payment_verified").count() == 1


def refused_webhooks(order):
    other = make_deal("payment_pending").order()
    good = json.dumps(event(order)).encode()
    signature = Sandbox(SECRET).signature(good)
    return [
        (errors.NotFound, {"said": event(order), "provider": "paypal"}),
        (errors.NotFound, {"said": event(order), "provider": "stripe"}),
        (errors.NotFound, {"said": event(order, order_id="00000000-0000-0000-0000-000000000001")}),
        (errors.NotFound, {"said": event(order, order_id="nothing")}),
        (errors.Forbidden, {"said": good, "headers": {"Host": "example.com"}}),
        (errors.Forbidden, {"said": good, "headers": {SIGNATURE: ""}}),
        (errors.Forbidden, {"said": good, "headers": {SIGNATURE: "sha256=ünknown"}}),
        (errors.Forbidden, {"said": good, "headers": {SIGNATURE: signature.removeprefix("sha256=")}}),
        (errors.Forbidden, {"said": good + b" ", "headers": {SIGNATURE: signature}}),
        (errors.Forbidden, {"said": good, "headers": {SIGNATURE: Sandbox("another").signature(good)}}),
        (errors.Invalid, {"said": event(order, amount="1199.99")}),
        (errors.Invalid, {"said": event(order, amount="1200.001")}),
        (errors.Invalid, {"said": event(order, amount=None)}),
        (errors.Invalid, {"said": event(order, amount="-1200.00")}),
        (errors.Invalid, {"said": event(order, currency="USD")}),
        (errors.Invalid, {"said": event(order, REFUNDED, amount="1200.01")}),
        (errors.Invalid, {"said": event(order, REFUNDED, amount="0.00")}),
        (errors.Invalid, {"said": event(order, "payment.refund_failed", amount="1200.01")}),
        (errors.Invalid, {"said": event(order, REFUNDED, refund_id=7)}),
        (errors.Invalid, {"said": event(order, REFUNDED, refund_id="r" * 256)}),
        (errors.Invalid, {"said": event(order, REFUNDED, refund_id="r\0")}),
        (errors.Invalid, {"said": event(order, created_at="yesterday")}),
        (errors.Invalid, {"said": event(order, created_at="0001-01-01T00:00:00+14:00")}),
        (errors.Invalid, {"said": event(order, created_at="9999-12-31T23:59:59-14:00")}),
        (errors.Invalid, {"said": event(order, REFUNDED, amount="1000.00", currency="USD")}),
        (errors.Invalid, {"said": event(order, currency="ZZZ")}),
        (errors.Invalid, {"said": event(order, id="")}),
        (errors.Invalid, {"said": event(order, id=7)}),
        (errors.Invalid, {"said": event(order, id="evt\0")}),
        (errors.Invalid, {"said": b"{"}),
        (errors.Invalid, {"said": b"[]"}),
        (errors.Invalid, {"said": event(other, amount="1.00")}),
    ]


def test_an_invalid_webhook_is_refused_and_changes_nothing(order, hints):
    for why, sent in refused_webhooks(order):
        with nothing_happens(hints), pytest.raises(why):
            send(**sent)


def test_an_event_id_is_used_once_across_all_orders(order, hints):
    other = make_deal("payment_pending")
    other_order = other.order()
    send(event(order))
    for said in (event(other_order, id="evt-payment.succeeded"), event(order, FAILED, id="evt-payment.succeeded")):
        with nothing_happens(hints), pytest.raises(errors.Invalid):
            send(said)
    assert other.now.flow_state == "payment_pending"


def test_an_event_of_another_kind_is_accepted_and_changes_nothing(order, hints):
    with nothing_happens(hints):
        assert send(event(order, "payment.created")) is None


def test_a_payment_during_a_pause_counts(deal, order):
    intervene(operator=make_staff(), conversation_id=deal.conversation.pk, action="pause", data=InterventionRequest())
    send(event(order))
    conversation = deal.now
    assert (conversation.flow_state, conversation.paused) == ("payment_completed", True)
    assert (conversation.due_at, conversation.remind_at) == (None, None)
    send(event(order, REFUNDED))
    closed = deal.now
    assert (closed.flow_state, closed.chat_status, closed.paused) == ("chat_closed", "closed", False)


# The sandbox


def test_the_payer_can_pay_in_the_sandbox(deal, order):
    assert pay_in_sandbox(user=deal.brand_owner, order_id=str(order.pk), kind=FAILED).status == "failed"
    assert pay_in_sandbox(user=deal.brand_owner, order_id=str(order.pk), kind=SUCCEEDED).status == "paid"
    assert deal.now.flow_state == "payment_completed"


def test_nobody_else_can_pay_in_the_sandbox(deal, order, hints):
    for user, why in ((deal.influencer, errors.Forbidden), (make_user("brand_owner"), errors.NotFound)):
        with nothing_happens(hints), pytest.raises(why):
            pay_in_sandbox(user=user, order_id=order.pk, kind=SUCCEEDED)
    with pytest.raises(errors.NotFound):
        pay_in_sandbox(user=deal.brand_owner, order_id="nothing", kind=SUCCEEDED)


def test_without_the_sandbox_its_endpoint_does_not_exist(deal, order, settings, hints):
    settings.SANDBOX_PAYMENTS = False
    for attempt in (
        lambda: pay_in_sandbox(user=deal.brand_owner, order_id=order.pk, kind=SUCCEEDED),
        lambda: send(event(order)),
    ):
        with nothing_happens(hints), pytest.raises(errors.NotFound):
            attempt()


def test_the_sandbox_refunds_any_part(deal, order):
    pay_in_sandbox(user=deal.brand_owner, order_id=order.pk, kind=SUCCEEDED)
    pay_in_sandbox(user=deal.brand_owner, order_id=order.pk, kind=REFUNDED, amount="200")
    assert deal_summary(deal.now).refunded_amount == "200.00"
    for amount in ("0", "-1", "1200.01", "much", [], True):
        with pytest.raises(errors.Invalid):
            pay_in_sandbox(user=deal.brand_owner, order_id=order.pk, kind=REFUNDED, amount=amount)
    assert pay_in_sandbox(user=deal.brand_owner, order_id=order.pk, kind=REFUNDED, amount="1000").status == "refunded"


def test_the_sandbox_and_incomplete_stripe_settings_are_refused_in_production(settings):
    settings.DEBUG, settings.PAYMENT_PROVIDER = False, "sandbox"
    assert [error.id for error in check_payment_provider()] == ["conversations.P001"]
    settings.PAYMENT_PROVIDER, settings.STRIPE_SECRET_KEY = "stripe", "sk_test_1"
    assert [error.id for error in check_payment_provider()] == ["conversations.P002"]
    settings.STRIPE_PUBLISHABLE_KEY, settings.STRIPE_WEBHOOK_SECRET = "pk_test_1", "whsec_1"
    assert check_payment_provider() == []
    settings.STRIPE_API_URL = "http://127.0.0.1:12111"
    assert [error.id for error in check_payment_provider()] == ["conversations.P005"]
    settings.STRIPE_API_URL = "https://api.stripe.com"
    settings.PAYMENT_PROVIDER = "none"
    assert check_payment_provider() == []
