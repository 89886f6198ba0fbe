"""What operators decide about payments, and the payments whose money is undecided."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import Permission
from django.db import connections

from conversations.participant_removal import remove_participant
from deals.models import PaymentDecision, PaymentOrder, Refund
from deals.payments import ProviderFailed
from deals.payments.decisions import keep_payment, refund_payment
from deals.payments.sandbox import Sandbox
from foundation.errors import Forbidden, Invalid, NotFound
from operators.interventions import intervene
from operators.requests import InterventionRequest
from tests.apps.deals.payments.test_refunds import WORKING, amounts, last_seq, order_of, texts
from tests.deals import WORK, make_deal
from tests.factories import make_staff
from tests.harness.tasks import run_due_tasks
from tests.payments import OPENED, REFUND_FAILED, REFUNDED, close, event, refund, send
from tests.unchanged import nothing_happens

pytestmark = pytest.mark.django_db


def staff(*codenames):
    user = make_staff(is_superuser=False)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


def decisions(deal):
    return list(PaymentDecision.objects.filter(order__conversation=deal.conversation).values_list("outcome", "cause"))


# Refunds by operators


@pytest.mark.parametrize("state", [*WORKING, "real_time", "chat_closed"])
def test_an_operator_refunds_a_part(state):
    deal, operator = make_deal(state), staff("refund_paymentorder")
    before = last_seq(deal)
    refund(order_of(deal), 20_000, operator=operator)
    assert (deal.now.flow_state, amounts(deal)) == (state, ("1200.00", "200.00", "paid"))
    assert Refund.objects.get().requester == operator
    assert texts(deal, before) == [
        "An operator decided to refund ₹200.00.",
        "₹200.00 of the payment was refunded. ₹1,000.00 remains.",
    ]
    assert decisions(deal) == [("refund", "")]


def test_an_operator_refunds_all_that_remains():
    deal, operator = make_deal("work_submitted"), staff("refund_paymentorder")
    for amount in (20_000, None):
        refund_payment(operator=operator, order_id=str(order_of(deal).pk), amount=amount)
        run_due_tasks()
    assert (deal.now.flow_state, amounts(deal)) == ("chat_closed", ("1200.00", "1200.00", "refunded"))
    assert [one.amount for one in Refund.objects.all()] == [20_000, 100_000]


@pytest.mark.parametrize("amount", [0, -1, 120_001])
def test_more_than_remains_is_not_refunded(amount, sent_hints):
    deal, operator = make_deal("work_submitted"), make_staff()
    with nothing_happens(sent_hints), pytest.raises(Invalid):
        refund_payment(operator=operator, order_id=order_of(deal).pk, amount=amount)


def test_an_unpaid_or_refunded_order_is_not_refunded(sent_hints):
    deal, operator = make_deal("payment_pending"), make_staff()
    order = deal.order()
    for kinds in ([], ["payment.succeeded", REFUNDED]):
        for kind in kinds:
            send(event(order, kind))
        with nothing_happens(sent_hints), pytest.raises(Invalid):
            refund_payment(operator=operator, order_id=order.pk)


def test_requested_refunds_are_not_refunded_twice(monkeypatch, sent_hints):
    def fail(*_):
        raise ProviderFailed("away")

    monkeypatch.setattr(Sandbox, "refund", fail)
    deal, operator = make_deal("work_submitted"), make_staff()
    refund(order_of(deal), 100_000, operator=operator)
    assert amounts(deal) == ("1200.00", "0.00", "paid")
    with nothing_happens(sent_hints), pytest.raises(Invalid, match=r"200\.00"):
        refund_payment(operator=operator, order_id=order_of(deal).pk, amount=20_001)


def test_only_operators_with_the_permission_decide(sent_hints):
    deal = make_deal("work_submitted")
    for user in (deal.brand_owner, deal.influencer, staff(), staff("change_conversation", "view_paymentorder")):
        for decide in (refund_payment, keep_payment):
            with nothing_happens(sent_hints), pytest.raises(Forbidden):
                decide(operator=user, order_id=order_of(deal).pk)
    for order_id in ("nothing", "00000000-0000-0000-0000-000000000001"):
        with pytest.raises(NotFound):
            refund_payment(operator=make_staff(), order_id=order_id)


@pytest.mark.django_db(transaction=True)
def test_operators_at_the_same_time_refund_no_more_than_was_paid():
    deal, operator = make_deal("work_submitted"), make_staff()

    def refund_a_part(_):
        try:
            refund_payment(operator=operator, order_id=order_of(deal).pk, amount=50_000)
        except Invalid as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(refund_a_part, range(4)))
    assert sum(outcome is None for outcome in outcomes) == 2
    run_due_tasks()
    assert amounts(deal) == ("1200.00", "1000.00", "paid")


# Closing


@pytest.mark.parametrize("state", [*WORKING, "real_time"])
def test_a_paid_conversation_is_closed_with_a_decision(state, sent_hints):
    deal, operator = make_deal(state), make_staff()
    for money in (None, "burn", "", 1, True, {}, ["keep"]):
        with nothing_happens(sent_hints), pytest.raises(Invalid) as refusal:
            close(deal, operator=operator, money=money)
        assert refusal.value.errors.keys() == {"money"}
    before = last_seq(deal)
    close(deal, money="keep")
    assert (deal.now.flow_state, amounts(deal)) == ("chat_closed", ("1200.00", "0.00", "paid"))
    assert texts(deal, before) == [
        "An operator has closed this conversation.",
        "An operator decided not to refund the remaining ₹1,200.00 of the payment.",
    ]
    assert decisions(deal) == [("keep", "")]


@pytest.mark.parametrize("refunded", [None, "200.00"])
def test_closing_refunds_what_remains(refunded):
    deal = make_deal("work_in_progress")
    if refunded:
        send(event(order_of(deal), REFUNDED, amount=refunded))
    close(deal, money="refund", reason="As agreed")
    assert (deal.now.flow_state, amounts(deal)) == ("chat_closed", ("1200.00", "1200.00", "refunded"))
    assert Refund.objects.get().amount == (100_000 if refunded else 120_000)
    assert decisions(deal) == [("refund", "")]


def test_closing_with_a_refund_needs_the_permission(sent_hints):
    deal, operator = make_deal("work_in_progress"), staff()
    data = InterventionRequest(money="refund")
    with nothing_happens(sent_hints), pytest.raises(Forbidden):
        intervene(operator=operator, conversation_id=deal.conversation.pk, action="close", data=data)
    data = InterventionRequest(money="keep")
    intervene(operator=operator, conversation_id=deal.conversation.pk, action="close", data=data)
    assert deal.now.is_closed


@pytest.mark.parametrize("money", [None, "refund", "keep", "burn", 7])
@pytest.mark.parametrize("state", ["influencer_responding", "payment_pending", "refunded"])
def test_without_a_payment_the_decision_is_ignored(state, money):
    deal = make_deal("real_time" if state == "refunded" else state)
    if state == "refunded":
        send(event(order_of(deal), REFUNDED))
    operator, data = staff(), InterventionRequest(money=money)
    intervene(operator=operator, conversation_id=deal.conversation.pk, action="close", data=data)
    assert deal.now.is_closed
    assert decisions(deal) == []


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_other_interventions_ignore_the_decision(action):
    deal = make_deal("work_in_progress")
    for name in ("pause", action)[: 1 + (action == "resume")]:
        data = InterventionRequest(money="burn")
        intervene(operator=staff(), conversation_id=deal.conversation.pk, action=name, data=data)
    assert deal.now.paused is (action == "pause")


# Undecided payments


def play_to_the_last_rejection(deal):
    for _ in range(2):
        deal.act("request_revision", {"feedback": "Louder"})
        deal.act("resubmit_work", WORK)
    deal.act("request_revision", {"feedback": "Louder"})
    deal.act("resubmit_work", WORK)


def test_rejected_final_work_leaves_the_payment_undecided():
    deal = make_deal("work_submitted")
    play_to_the_last_rejection(deal)
    deal.act("reject_final_work")
    assert deal.now.is_closed
    assert order_of(deal).undecided_since is not None
    assert decisions(deal) == [("undecided", "reject_final_work")]
    assert texts(deal, last_seq(deal) - 1) == [
        "An operator decides what happens to the payment, of which ₹1,200.00 remains."
    ]
    keep_payment(operator=make_staff(), order_id=order_of(deal).pk)
    assert order_of(deal).undecided_since is None
    with pytest.raises(Invalid):
        keep_payment(operator=make_staff(), order_id=order_of(deal).pk)


@pytest.mark.parametrize("who", ["brand_owner", "influencer"])
@pytest.mark.parametrize("state", [*WORKING, "payment_disputed"])
def test_the_removal_of_a_party_leaves_the_payment_undecided(state, who):
    deal = make_deal("work_submitted" if state == "payment_disputed" else state)
    if state == "payment_disputed":
        send(event(order_of(deal), OPENED))
    remove_participant(conversation_id=deal.conversation.pk, user_id=getattr(deal, who).pk)
    assert order_of(deal).undecided_since is not None
    assert decisions(deal) == [("undecided", "participant_removed")]


@pytest.mark.parametrize("state", ["influencer_responding", "payment_pending", "real_time", "chat_closed"])
def test_a_removal_without_a_running_payment_leaves_nothing_undecided(state):
    deal = make_deal(state)
    remove_participant(conversation_id=deal.conversation.pk, user_id=deal.influencer.pk)
    assert decisions(deal) == []


def test_a_closing_of_the_free_chat_by_a_party_leaves_nothing_undecided():
    deal = make_deal("chat_closed")
    assert (deal.now.is_closed, decisions(deal)) == (True, [])


def test_a_refund_from_the_list_decides_the_payment_when_nothing_remains():
    deal, operator = make_deal("work_in_progress"), make_staff()
    order = order_of(deal)
    send(event(order, REFUNDED, amount="300.00"))
    send(event(order, REFUND_FAILED, amount="300.00"))
    refund(order, 30_000, operator=operator)
    assert order_of(deal).undecided_since is not None
    refund(order, operator=operator)
    assert order_of(deal).undecided_since is None
    assert PaymentOrder.objects.get().status == "refunded"
