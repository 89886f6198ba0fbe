"""Disputes: they interrupt a deal, and end in it or after it."""

from datetime import timedelta
from itertools import permutations

import pytest

from conversations.flows.errors import WrongState
from conversations.models import Conversation, Transition
from deals.deadlines import run_deadlines
from deals.models import Refund
from deals.selectors import deal_summary
from deals.upgrading import upgrade
from foundation.clock import moved
from messaging.conversation_selectors import conversation_for
from messaging.requests import SendMessageRequest
from messaging.sending import send_message
from operators.interventions import intervene
from operators.requests import InterventionRequest
from tests.apps.deals.payments.test_refunds import WORKING, last_seq, order_of, texts
from tests.deals import make_deal
from tests.factories import make_staff
from tests.payments import LOST, OPENED, REFUNDED, SUCCEEDED, WON, close, event, send
from tests.unchanged import nothing_happens

pytestmark = pytest.mark.django_db


def dispute_of(deal):
    return deal_summary(deal.now).dispute


def operate(deal, action):
    intervene(operator=make_staff(), conversation_id=deal.conversation.pk, action=action, data=InterventionRequest())


@pytest.mark.parametrize("state", WORKING)
def test_a_dispute_before_the_work_is_approved_interrupts_the_deal(state, sent_hints):
    deal = make_deal(state)
    before = last_seq(deal)
    send(event(order_of(deal), OPENED))
    now = deal.now
    assert (now.flow_state, now.awaiting_role, now.chat_status) == ("payment_disputed", None, "real_time")
    assert (now.due_at, now.remind_at, now.current_action_data) == (None, None, None)
    assert Transition.objects.filter(conversation=deal.conversation).last().action == "dispute_opened"
    assert texts(deal, before) == [
        "The payment of INR 1200.00 is disputed. The deal waits until the dispute is decided."
    ]
    assert dispute_of(deal) == "open"
    for user, action in ((deal.influencer, "start_work"), (deal.brand_owner, "approve_work")):
        assert conversation_for(user=user, conversation_id=now.pk).available_actions == []
        with nothing_happens(sent_hints), pytest.raises(WrongState):
            deal.act(action, by=user)
    send_message(sender=deal.influencer, data=SendMessageRequest(conversation_id=str(now.pk), message="Why?"))


@pytest.mark.parametrize("state", WORKING)
def test_a_won_dispute_leads_back_with_the_rest_of_the_deadline(state):
    deal = make_deal(state)
    due_at, remind_at = deal.now.due_at, deal.now.remind_at
    order = order_of(deal)
    with moved(timedelta(hours=10)):
        send(event(order, OPENED))
    with moved(timedelta(days=40)):
        assert run_deadlines() == 0
        before = last_seq(deal)
        send(event(order, WON))
        assert texts(deal, before) == ["The dispute is over, and it did not take back the payment. The deal goes on."]
    now = deal.now
    assert now.flow_state == state
    assert now.current_action_data["state_version"] == now.state_version
    assert now.awaiting_role == ("brand_owner" if state == "work_submitted" else "influencer")
    shift = timedelta(days=40) - timedelta(hours=10)
    for moment, at in ((due_at, now.due_at), (remind_at, now.remind_at)):
        assert (at is None) == (moment is None)
        assert moment is None or abs(at - moment - shift) < timedelta(minutes=1)
    assert dispute_of(deal) == "won"
    assert deal.conversation.deal.interrupted_state == ""


@pytest.mark.parametrize("state", WORKING)
def test_a_lost_dispute_closes_the_deal(state):
    deal = make_deal(state)
    order = order_of(deal)
    send(event(order, OPENED))
    before = last_seq(deal)
    send(event(order, LOST))
    assert deal.now.flow_state == "chat_closed"
    assert Transition.objects.filter(conversation=deal.conversation).last().action == "dispute_lost"
    assert texts(deal, before) == ["The dispute took back the payment, so this conversation is closed."]
    assert (dispute_of(deal), order_of(deal).undecided_since) == ("lost", None)


@pytest.mark.parametrize("state", ["real_time", "chat_closed"])
def test_a_dispute_after_the_work_was_approved_is_told(state):
    deal = make_deal(state)
    order, before, version = order_of(deal), last_seq(deal), deal.now.state_version
    for kind in (OPENED, WON, LOST):
        send(event(order, kind))
    assert (deal.now.flow_state, deal.now.state_version) == (state, version)
    assert texts(deal, before) == [
        "The payment of INR 1200.00 is disputed.",
        "The dispute is over, and it did not take back the payment.",
        "The dispute took back the payment.",
    ]


ENDS = {(): "payment_completed", (OPENED,): "payment_disputed", (OPENED, WON): "payment_completed"}
ENDS[OPENED, LOST] = "chat_closed"


@pytest.mark.parametrize(
    ("kinds", "ended"),
    [(order, ended) for kinds, ended in ENDS.items() for order in permutations([SUCCEEDED, *kinds])],
)
def test_the_order_of_the_reports_changes_nothing(kinds, ended):
    deal = make_deal("payment_pending")
    order, before = deal.order(), last_seq(deal)
    for kind in kinds:
        send(event(order, kind))
        send(event(order, kind))
    assert deal.now.flow_state == ended
    told = " ".join(texts(deal, before))
    known_dispute = OPENED in kinds[: kinds.index(SUCCEEDED)] and WON not in kinds[: kinds.index(SUCCEEDED)]
    if known_dispute or LOST in kinds[: kinds.index(SUCCEEDED)]:
        assert "can start" not in told
    assert Refund.objects.count() == 0


def test_a_dispute_told_before_its_payment_takes_effect_with_it():
    deal = make_deal("payment_pending")
    order, before = deal.order(), last_seq(deal)
    send(event(order, OPENED))
    assert (deal.now.flow_state, dispute_of(deal), texts(deal, before)) == ("payment_pending", None, [])
    send(event(order))
    steps = Transition.objects.filter(conversation=deal.conversation).order_by("-state_version")
    assert [step.action for step in steps[:2]] == ["dispute_opened", "payment_verified"]
    assert (deal.now.flow_state, dispute_of(deal)) == ("payment_disputed", "open")
    send(event(order, WON))
    assert deal.now.flow_state == "payment_completed"
    assert deal.now.remind_at is not None


def test_a_full_refund_during_a_dispute_closes_the_deal():
    deal = make_deal("work_submitted")
    order = order_of(deal)
    send(event(order, OPENED))
    send(event(order, REFUNDED))
    assert (deal.now.flow_state, deal.conversation.deal.interrupted_state) == ("chat_closed", "")


@pytest.mark.parametrize("begin", [("pause", OPENED), (OPENED, "pause")])
@pytest.mark.parametrize("end", [("resume", WON), (WON, "resume")])
def test_a_pause_and_a_dispute_hold_the_deadline_together(begin, end):
    deal = make_deal("work_submitted")
    due_at, order = deal.now.due_at, order_of(deal)
    for number, step in enumerate([*begin, *end], start=1):
        with moved(timedelta(days=number)):
            operate(deal, step) if step in {"pause", "resume"} else send(event(order, step))
        assert (deal.now.due_at is None) is (number < 4)
    assert (deal.now.flow_state, deal.now.paused) == ("work_submitted", False)
    assert abs(deal.now.due_at - due_at - timedelta(days=3)) < timedelta(minutes=1)


def test_an_operator_can_close_a_disputed_deal():
    deal = make_deal("work_submitted")
    order = order_of(deal)
    send(event(order, OPENED))
    close(deal, money="keep")
    assert (deal.now.flow_state, deal.conversation.deal.interrupted_state) == ("chat_closed", "")
    send(event(order, WON))
    assert deal.now.flow_state == "chat_closed"


def test_a_disputed_late_payment_is_left_to_an_operator():
    deal = make_deal("payment_pending")
    order = deal.order()
    close(deal)
    send(event(order, OPENED))
    send(event(order))
    assert not Refund.objects.exists()
    assert order_of(deal).undecided_since is not None
    send(event(order, LOST))
    assert order_of(deal).undecided_since is None


def test_a_disputed_deal_of_version_1_is_interrupted_when_it_is_upgraded():
    deal = make_deal("work_submitted")
    Conversation.objects.filter(pk=deal.conversation.pk).update(flow_version=1)
    before = last_seq(deal)
    send(event(order_of(deal), OPENED))
    assert deal.now.flow_state == "work_submitted"
    assert texts(deal, before) == ["The payment of INR 1200.00 is disputed."]
    deal.conversation = Conversation.objects.get(pk=deal.conversation.pk)
    assert upgrade(conversation_id=deal.conversation.pk, flow=make_deal().conversation.flow)
    assert deal.now.flow_state == "payment_disputed"
