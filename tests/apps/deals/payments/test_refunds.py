"""Refunds: what they change, what both parties are told, and how they are requested from a provider."""

from importlib import import_module
from itertools import permutations
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from conversations.flows.errors import ConversationClosed
from conversations.models import Conversation, Transition
from deals.models import PaymentOrder, Refund
from deals.payloads import PaymentPayload
from deals.payments import ProviderFailed, ProviderRefused, refunds
from deals.payments.ledger import read_ledger
from deals.payments.refund_requests import refundable, schedule_refund
from deals.payments.sandbox import Sandbox
from deals.selectors import deal_summary
from deals.tasks import REFUND_ATTEMPTS, request_refund, take_over_refunds
from deals.upgrading import upgrade
from foundation import clock
from foundation.ids import uuid7
from messaging.models import Message
from notifications.models import Notification
from realtime import unit_of_work
from tasks import outcomes
from tasks.models import StoredTask
from tasks.retries import run_now
from tests.deals import make_deal
from tests.harness.tasks import enqueued, run_due_tasks
from tests.payments import (
    CANCELED,
    REFUND_FAILED,
    REFUND_TASK,
    REFUNDED,
    close,
    event,
    refund,
    refund_tasks,
    report,
    retry_refunds,
    send,
)
from tests.unchanged import nothing_happens

pytestmark = pytest.mark.django_db

MAKE_REFUND = Sandbox.refund
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
    assert texts(deal, before) == ["₹300.00 of the payment was refunded. ₹900.00 remains."]
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
    assert told[-1] == "The payment of ₹1,200.00 was refunded in full, so this conversation is closed."
    assert amounts(deal) == ("1200.00", "1200.00", "refunded")
    with pytest.raises(ConversationClosed):
        deal.act("start_work", by=deal.influencer)


@pytest.mark.parametrize("state", ["real_time", "chat_closed"])
def test_a_full_refund_after_the_work_was_approved_is_told(state):
    deal = make_deal(state)
    before = last_seq(deal)
    send(event(order_of(deal), REFUNDED))
    assert deal.now.flow_state == state
    assert texts(deal, before) == ["The payment of ₹1,200.00 was refunded in full."]


def test_a_refund_that_several_events_report_counts_and_is_told_once(sent_hints):
    deal = make_deal("work_in_progress")
    order, before = order_of(deal), last_seq(deal)
    for number in range(3):
        send(event(order, REFUNDED, id=f"e{number}", amount="300.00", refund_id="re_1"))
    with nothing_happens(sent_hints):
        assert send(event(order, REFUNDED, id="e0", amount="300.00", refund_id="re_1")).repeated
    send(event(order, REFUNDED, id="e3", amount="300.00", refund_id="re_2"))
    assert texts(deal, before) == [
        "₹300.00 of the payment was refunded. ₹900.00 remains.",
        "₹300.00 of the payment was refunded. ₹600.00 remains.",
    ]
    assert amounts(deal) == ("1200.00", "600.00", "paid")


def test_a_refund_told_before_its_payment_closes_the_deal_and_no_payment_is_told():
    deal = make_deal("payment_pending")
    order, before = deal.order(), last_seq(deal)
    send(event(order, REFUNDED))
    assert deal.now.flow_state == "chat_closed"
    send(event(order))
    assert deal.now.flow_state == "chat_closed"
    assert texts(deal, before) == ["The payment of ₹1,200.00 was refunded in full, so this conversation is closed."]
    assert not Refund.objects.exists()
    assert amounts(deal) == ("1200.00", "1200.00", "refunded")


def test_a_partial_refund_told_before_its_payment_takes_effect_with_it(sent_hints):
    deal = make_deal("payment_pending")
    order, before = deal.order(), last_seq(deal)
    send(event(order, REFUNDED, amount="300.00"))
    assert (texts(deal, before), amounts(deal)) == ([], ("0.00", "0.00", "open"))
    send(event(order))
    assert deal.now.flow_state == "payment_completed"
    assert texts(deal, before)[1:] == ["₹300.00 of the payment was refunded. ₹900.00 remains."]
    assert amounts(deal) == ("1200.00", "300.00", "paid")


def test_a_failed_refund_no_longer_counts_and_operators_see_it():
    deal = make_deal("work_in_progress")
    order, before = order_of(deal), last_seq(deal)
    send(event(order, REFUNDED, amount="300.00", refund_id="re_1"))
    send(event(order, REFUND_FAILED, amount="300.00", refund_id="re_1"))
    assert amounts(deal) == ("1200.00", "0.00", "paid")
    assert deal.now.flow_state == "work_in_progress"
    assert texts(deal, before)[1:] == [
        "A refund of ₹300.00 failed.",
        "An operator decides what happens to the payment, of which ₹1,200.00 remains.",
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
    assert "A refund of ₹1,200.00 failed." in texts(deal, last_seq(deal) - 3)


# Late payments


def test_a_payment_that_arrives_after_closing_is_refunded_and_both_are_told():
    deal = make_deal("payment_pending")
    order = deal.order()
    close(deal)
    before = last_seq(deal)
    send(event(order))
    refund = Refund.objects.get(order=order)
    assert (refund.amount, refund.requester.role, refund.accepted_at is not None) == (120_000, "system", True)
    assert texts(deal, before) == ["The payment of ₹1,200.00 was refunded in full."]
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


@pytest.fixture
def asked(monkeypatch):
    """The refunds that the provider got: the order, the amount and the idempotency key. It does not answer."""
    asked = []

    def fail(_, refund):
        asked.append((refund.order_id, refund.amount, refund.key))
        raise ProviderFailed("away")

    monkeypatch.setattr(Sandbox, "refund", fail)
    return asked


@pytest.fixture
def late(db):
    """A closed deal and its order, which is not paid yet."""
    deal = make_deal("payment_pending")
    order = deal.order()
    close(deal)
    return deal, order


def test_a_webhook_that_causes_a_refund_does_not_wait_for_the_provider(late, asked):
    deal, order = late
    report(event(order))
    assert (asked, refund_tasks()) == ([], [("waiting", "")])
    assert enqueued(REFUND_TASK)[0].args == {"args": [str(Refund.objects.get().pk)], "kwargs": {}}
    assert amounts(deal) == ("1200.00", "0.00", "paid")
    assert run_due_tasks() == [REFUND_TASK]
    assert len(asked) == 1


def test_a_refund_is_stored_with_its_task_or_not_at_all(late):
    _, order = late
    with pytest.raises(Killed), unit_of_work():
        schedule_refund(order, 100)
        raise Killed
    assert (Refund.objects.count(), refund_tasks()) == (0, [])


def test_each_refund_has_a_task_of_its_own(asked):
    deal = make_deal("work_in_progress")
    for _ in range(3):
        refund(order_of(deal), 10_000)
    assert refund_tasks() == [("waiting", "away")] * 3
    assert len({key for *_, key in asked}) == 3


def test_a_refund_that_the_provider_does_not_take_yet_is_requested_again(late, asked, monkeypatch):
    deal, order = late
    send(event(order))
    assert run_due_tasks() == []  # not yet
    retry_refunds()
    assert (len(asked), refund_tasks()) == (2, [("waiting", "away")])
    monkeypatch.setattr(Sandbox, "refund", MAKE_REFUND)
    assert retry_refunds() == [REFUND_TASK]
    assert amounts(deal) == ("1200.00", "1200.00", "refunded")
    assert {key for *_, key in asked} == {f"refund-{Refund.objects.get().pk}"}
    assert retry_refunds() == []
    assert (order.events.count(), refund_tasks()) == (2, [("succeeded", "")])


def test_a_refund_is_tried_for_weeks_and_then_left_to_operators(late, asked):
    deal, order = late
    send(event(order))
    (stored,) = enqueued(REFUND_TASK)
    StoredTask.objects.filter(pk=stored.pk).update(attempts=REFUND_ATTEMPTS - 2)
    retry_refunds()
    assert refund_tasks() == [("waiting", "away")]
    retry_refunds()
    assert refund_tasks() == [("dead", "away")]
    assert refundable(order_of(deal), read_ledger(order_of(deal))) == 0
    assert run_now(task_id=stored.pk)
    assert run_due_tasks() == [REFUND_TASK]
    assert len(asked) == 4


def test_a_refund_of_a_disabled_provider_waits(late, settings):
    deal, order = late
    report(event(order))
    settings.SANDBOX_PAYMENTS = False
    run_due_tasks()
    assert refund_tasks() == [("waiting", "There is no such payment provider.")]
    settings.SANDBOX_PAYMENTS = True
    retry_refunds()
    assert amounts(deal) == ("1200.00", "1200.00", "refunded")


def test_a_refund_that_the_provider_rejects_is_left_to_an_operator(late, monkeypatch):
    def refuse(*_):
        raise ProviderRefused("charged back")

    monkeypatch.setattr(Sandbox, "refund", refuse)
    deal, order = late
    before = last_seq(deal)
    send(event(order))
    assert texts(deal, before) == [
        "A refund of ₹1,200.00 failed.",
        "An operator decides what happens to the payment, of which ₹1,200.00 remains.",
    ]
    assert order_of(deal).undecided_since is not None
    assert (retry_refunds(), refund_tasks()) == ([], [("succeeded", "")])


@pytest.mark.parametrize("rounds", [0, 1])
def test_a_refund_made_elsewhere_is_no_longer_requested(late, asked, rounds):
    deal, order = late
    send(event(order))
    for _ in range(rounds):
        retry_refunds()
    assert len(asked) == 1 + rounds
    send(event(order, REFUNDED))
    retry_refunds()
    assert (order_of(deal).status, len(asked)) == ("refunded", 1 + rounds)
    assert refund_tasks() == [("succeeded", "")]


class Killed(BaseException): ...


@pytest.fixture
def keys(monkeypatch):
    """The idempotency keys of the refunds that the provider got, and made."""
    keys = []
    make = Sandbox.refund
    monkeypatch.setattr(Sandbox, "refund", lambda *given: keys.append(given[1].key) or make(*given))
    return keys


@pytest.mark.parametrize("dies", ["before_the_event", "after_the_event", "before_the_outcome"])
def test_a_process_that_dies_after_the_provider_has_refunded_repeats_the_key(late, keys, monkeypatch, dies):
    deal, order = late
    apply = refunds.apply_event

    def die(*_, **__):
        raise Killed

    def apply_and_die(*given):
        apply(*given)
        raise Killed

    report(event(order))
    with monkeypatch.context() as dying, pytest.raises(Killed):
        if dies == "before_the_outcome":
            dying.setattr(outcomes, "store", die)
        else:
            dying.setattr(refunds, "apply_event", die if dies == "before_the_event" else apply_and_die)
        run_due_tasks()
    is_stored = dies == "before_the_outcome"
    assert amounts(deal) == ("1200.00", "1200.00" if is_stored else "0.00", "refunded" if is_stored else "paid")
    assert run_due_tasks() == []  # leased
    assert retry_refunds() == [REFUND_TASK]
    assert amounts(deal) == ("1200.00", "1200.00", "refunded")
    assert (len(keys), len(set(keys))) == (1 if is_stored else 2, 1)
    made = Refund.objects.get()
    assert made.accepted_at is not None
    assert made.dropped_at is None


# Refunds of earlier releases


def paid_in_release_0_1_0(order):
    order.events.create(provider="sandbox", event_id="old", kind="paid", fingerprint="x")
    PaymentOrder.objects.filter(pk=order.pk).update(status="paid", refund_due_at=clock.now())


def test_a_refund_that_release_0_1_0_stored_is_requested_with_its_key(late, keys):
    deal, order = late
    paid_in_release_0_1_0(order)
    for _ in range(2):
        take_over_refunds.func()
    assert run_due_tasks() == [REFUND_TASK]
    assert keys == [f"refund-{order.pk}"]
    assert amounts(deal) == ("1200.00", "1200.00", "refunded")
    take_over_refunds.func()
    assert retry_refunds() == []


def test_a_refund_that_release_0_1_0_stored_and_made_is_not_requested_again(late, keys):
    deal, order = late
    paid_in_release_0_1_0(order)
    order.events.create(provider="sandbox", event_id="made", kind="refunded", fingerprint="y")
    before = last_seq(deal)
    take_over_refunds.func()
    assert (run_due_tasks(), keys, texts(deal, before)) == ([], [], [])
    assert PaymentOrder.objects.get(pk=order.pk).refund_due_at is None


def test_the_migration_enqueues_the_refunds_that_wait(late, asked):
    _, order = late
    waiting, *_ = (Refund.objects.create(order=order, amount=amount, requester_id=order.payer_id) for amount in (1, 2))
    Refund.objects.filter(amount=2).update(accepted_at=clock.now())
    StoredTask.objects.all().delete()
    StoredTask.objects.create(kind="deals.request_refunds", key="deals.request_refunds")
    migration = import_module("deals.migrations.0004_refund_tasks")
    for _ in range(2):
        migration.enqueue(apps, SimpleNamespace(connection=connection))
    assert [one.key for one in StoredTask.objects.all()] == [f"{REFUND_TASK}:{waiting.pk}"]
    assert run_due_tasks() == [REFUND_TASK]
    assert [key for *_, key in asked] == [f"refund-{waiting.pk}"]
    assert request_refund.enqueue(waiting.pk).id == str(StoredTask.objects.get().pk)


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
    assert texts(deal, before) == ["The payment of ₹1,200.00 was refunded in full."]
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
