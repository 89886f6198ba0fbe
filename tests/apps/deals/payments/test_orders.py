"""Payment orders and the webhooks of providers: single, late, repeated, out of order, or with a wrong amount."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import permutations

import pytest
from django.db import IntegrityError, connections

from conversations.flows.errors import WrongRole, WrongState
from conversations.models import Transition
from deals.checks import check_payment_provider
from deals.models import PaymentEvent, PaymentOrder
from deals.payments import OpenedOrder, ProviderFailed, refunds
from deals.payments.sandbox import SIGNATURE, Sandbox
from deals.payments.sandbox_payments import pay_in_sandbox
from deals.payments.webhooks import handle_webhook
from deals.periodic_tasks import run_periodic_tasks
from deals.selectors import deal_summary
from foundation import errors
from foundation.clock import moved
from messaging.models import Message
from operators.interventions import intervene
from operators.requests import InterventionRequest
from tests.deals import make_deal
from tests.factories import make_staff, make_user
from tests.unchanged import every_row, nothing_happens

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "a-secret-of-the-tests"
SUCCEEDED, FAILED, REFUNDED = "payment.succeeded", "payment.failed", "payment.refunded"


@pytest.fixture(autouse=True)
def _sandbox(settings):
    settings.SANDBOX_PAYMENT_SECRET = SECRET


@pytest.fixture
def deal(db):
    return make_deal("payment_pending")


@pytest.fixture
def order(deal):
    return deal.order()


def event(order, kind=SUCCEEDED, **other):
    return {
        "id": f"evt-{kind}",
        "type": kind,
        "order_id": str(order.pk),
        "amount": order.offer.price,
        "currency": "INR",
        "created_at": "2026-01-01T12:00:00.000Z",
    } | other


def send(said, provider="sandbox", headers=None):
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return handle_webhook(provider=provider, body=body, headers=headers or {SIGNATURE: Sandbox(SECRET).signature(body)})


def close(deal):
    intervene(operator=make_staff(), conversation_id=deal.conversation.pk, action="close", data=InterventionRequest())


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
    assert deal.now.flow_state == ("payment_completed" if is_told else "payment_pending")
    assert deal.now.state_version == version + is_told
    verified = Transition.objects.filter(conversation=deal.conversation, action="payment_verified")
    assert verified.count() == Message.objects.filter(transition__action="payment_verified").count() == is_told
    assert {one.event_id for one in PaymentEvent.objects.filter(order=order)} == {said["id"] for said in sent}
    assert order.refund_due_at is None


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
    assert (order.status, order.refund_due_at) == ("paid", None)


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
        (errors.Invalid, {"said": event(order, REFUNDED, amount="1000.00", currency="USD")}),
        (errors.Invalid, {"said": event(order, currency="ZZZ")}),
        (errors.Invalid, {"said": event(order, id="")}),
        (errors.Invalid, {"said": event(order, id=7)}),
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


# A refund that is reported before its payment


@contextmanager
def no_deal_changes(hints):
    """Check that the block changes no rows except orders and their events, and sends no hints."""

    def rows():
        return {name: found for name, found in every_row().items() if name not in {"PaymentOrder", "PaymentEvent"}}

    before, sent = rows(), len(hints)
    yield
    assert rows() == before
    assert hints[sent:] == []


@pytest.fixture
def refunded(deal, order):
    """An order for which a refund, but no payment, was reported."""
    send(event(order, REFUNDED))
    order.refresh_from_db()
    return order


def test_a_payment_reported_after_its_refund_is_stored_without_a_transition(deal, order, hints):
    with no_deal_changes(hints):
        send(event(order, FAILED))
        send(event(order, REFUNDED))
        assert send(event(order)).repeated is False
        assert send(event(order)).repeated is True
        send(event(order, id="evt-another"))
    order.refresh_from_db()
    assert (order.status, order.refund_due_at) == ("refunded", None)
    assert sorted(one.status for one in order.events.all()) == ["failed", "paid", "paid", "refunded"]


def test_no_work_starts_on_a_refunded_order(deal, refunded):
    send(event(refunded))
    for who in (deal.influencer, deal.brand_owner):
        with pytest.raises((WrongState, WrongRole)):
            deal.act("start_work", by=who)


def test_the_deal_shows_that_it_was_refunded(deal, refunded):
    send(event(refunded))
    assert deal_summary(deal.now).payment_status == "refunded"


def test_a_refunded_offer_can_be_paid_with_a_new_order(deal, refunded):
    version = deal.now.state_version
    acted = deal.act("proceed_to_payment", state_version=version)
    assert (acted.order.pk == refunded.pk, acted.order.status, acted.repeated) == (False, "open", False)
    again = deal.act("proceed_to_payment", state_version=version)
    assert (again.order.pk, again.repeated) == (acted.order.pk, True)
    assert deal_summary(deal.now).payment_status == "open"
    send(event(refunded))
    assert deal.now.flow_state == "payment_pending"
    send(event(acted.order, id="evt-new"))
    assert deal.now.flow_state == "payment_completed"
    after = deal.act("proceed_to_payment", by=deal.brand_owner, state_version=version)
    assert (after.order.pk, after.order.status) == (acted.order.pk, "paid")
    assert deal_summary(deal.now).payment_status == "paid"


def test_an_offer_has_at_most_one_unrefunded_order(deal, refunded):
    order = deal.order()
    for status in ("open", "failed", "paid"):
        with pytest.raises(IntegrityError):
            PaymentOrder.objects.filter(pk=refunded.pk).update(status=status)
    assert deal.order() == order


def test_the_deadline_closes_a_deal_whose_order_was_refunded(deal, refunded, hints):
    with moved(timedelta(days=8)):
        run_periodic_tasks()
        assert deal.now.flow_state == "chat_closed"
        with no_deal_changes(hints):
            send(event(refunded))
            run_periodic_tasks()
    refunded.refresh_from_db()
    assert (refunded.status, refunded.refund_due_at) == ("refunded", None)


@pytest.mark.parametrize("amount", ["0.01", "1199.99"])
def test_a_partial_refund_changes_nothing(deal, order, hints, amount):
    with nothing_happens(hints):
        assert send(event(order, REFUNDED, amount=amount)) is None
    send(event(order))
    assert deal.now.flow_state == "payment_completed"
    with nothing_happens(hints):
        assert send(event(order, REFUNDED, amount=amount)) is None


def test_a_concurrent_payment_and_refund_have_the_result_of_one_order(deal):
    for _ in range(8):
        version, order = deal.now.state_version, deal.order()
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(deliver, [event(order, REFUNDED, id=f"r-{order.pk}"), event(order, id=f"p-{order.pk}")]))
        order.refresh_from_db()
        first = order.events.order_by("pk").first()
        assert order.status == "refunded"
        assert deal.now.state_version == version + (first.status == "paid")
        if first.status == "paid":
            assert deal.now.flow_state == "payment_completed"
            return


def deliver(said):
    try:
        return send(said)
    finally:
        connections.close_all()


# Payments that are no longer needed


def test_a_payment_that_arrives_after_closing_is_refunded(deal, order):
    close(deal)
    send(event(order))
    order.refresh_from_db()
    assert (order.status, deal.now.flow_state) == ("refunded", "chat_closed")
    assert order.refund_requested_at is not None
    assert [one.status for one in order.events.all()] == ["paid", "refunded"]


def test_a_refunded_payment_is_not_refunded_again(deal, order):
    close(deal)
    send(event(order, REFUNDED))
    send(event(order))
    order.refresh_from_db()
    assert (order.status, order.refund_due_at) == ("refunded", None)


def test_a_failed_refund_is_requested_again(deal, order, monkeypatch):
    asked = []
    refund = Sandbox.refund

    def fail(_, order):
        asked.append(order.pk)
        raise ProviderFailed("away")

    monkeypatch.setattr(Sandbox, "refund", fail)
    close(deal)
    send(event(order))
    run_periodic_tasks()
    assert len(asked) == 1
    with moved(timedelta(minutes=6)):
        run_periodic_tasks()
        assert len(asked) == 2
        monkeypatch.setattr(Sandbox, "refund", refund)
    with moved(timedelta(minutes=12)):
        run_periodic_tasks()
    order.refresh_from_db()
    assert order.status == "refunded"
    with moved(timedelta(days=1)):
        run_periodic_tasks()
    assert order.events.count() == 2


@pytest.mark.parametrize("rounds", [0, 1])
def test_a_refund_made_elsewhere_is_no_longer_requested(deal, order, monkeypatch, rounds):
    asked = []

    def refuse(_, order):
        asked.append(order.pk)
        raise ProviderFailed("the payment was already refunded")

    monkeypatch.setattr(Sandbox, "refund", refuse)
    close(deal)
    send(event(order))
    for number in range(1, rounds + 1):
        with moved(timedelta(minutes=6 * number)):
            run_periodic_tasks()
    assert len(asked) == 1 + rounds
    send(event(order, REFUNDED))
    with moved(timedelta(days=1)):
        run_periodic_tasks()
    order.refresh_from_db()
    assert (order.status, order.refund_due_at, len(asked)) == ("refunded", None, 1 + rounds)


def test_a_process_that_dies_after_a_refund_leaves_no_partial_state(deal, order, monkeypatch):
    class Killed(BaseException): ...

    def die(*_, **__):
        raise Killed

    settle = refunds.apply_event

    def settle_and_die(provider, event):
        settled = settle(provider, event)
        if event.status == "refunded":
            die()
        return settled

    monkeypatch.setattr(refunds, "apply_event", settle_and_die)
    close(deal)
    with pytest.raises(Killed):
        send(event(order))
    monkeypatch.undo()
    with moved(timedelta(days=1)):
        run_periodic_tasks()
    order.refresh_from_db()
    assert (order.status, order.refund_due_at) == ("refunded", None)
    assert [one.status for one in order.events.all()] == ["paid", "refunded"]


def test_a_payment_during_a_pause_counts(deal, order):
    intervene(operator=make_staff(), conversation_id=deal.conversation.pk, action="pause", data=InterventionRequest())
    send(event(order))
    conversation = deal.now
    assert (conversation.flow_state, conversation.paused) == ("payment_completed", True)
    assert (conversation.due_at, conversation.remind_at) == (None, None)


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
