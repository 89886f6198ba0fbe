"""Actions: stored rows, published events, refused actions, and repeated clicks."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from accounts.models import SYSTEM_USER_ID
from conversations import flows
from conversations.flows.errors import (
    ConversationClosed,
    StaleAction,
    TextNotAccepted,
    UnknownAction,
    WrongRole,
    WrongState,
)
from conversations.models import Transition
from deals.actions import result_of, results_of, take_action
from deals.models import Acceptance, Delivery, Offer, Revision
from deals.requests import ActionRequest
from foundation import errors
from messaging.conflicts import describe_conflict
from messaging.models import Message
from messaging.requests import SendMessageRequest
from messaging.sending import send_message
from operators.interventions import intervene
from operators.requests import InterventionRequest
from realtime.models import RoomEvent
from tests.deals import PATH, WORK, make_deal
from tests.factories import make_staff, make_user
from tests.unchanged import nothing_happens

pytestmark = pytest.mark.django_db(transaction=True)

STEP = ["conversation_state_changed", "conversation_updated", "new_message"]


def events_of(deal, after=0):
    rows = RoomEvent.objects.filter(room__name=deal.conversation.room, seq__gt=after).order_by("seq")
    return list(rows.values_list("event", flat=True))


# --- Writes and events of an action ---


def test_an_action_creates_a_transition_and_a_message_to_the_other_party(deal):
    acted = deal.act("accept_connection")
    step = Transition.objects.get(conversation=deal.conversation, action="accept_connection")
    assert (step.actor, step.state_version, step.data) == (deal.influencer, 2, {})
    assert step.from_state["flow_state"] == "influencer_responding"
    assert step.to_state == {
        "flow_state": "brand_owner_details",
        "chat_status": "automated",
        "awaiting_role": "brand_owner",
    }
    message = Message.objects.get(transition=step)
    assert message == acted.message
    assert (message.sender, message.receiver) == (deal.influencer, deal.brand_owner)
    assert (message.message_type, message.is_automated, message.action_required) == ("system", True, True)
    assert message.action_data == deal.now.current_action_data
    assert message.action_data["role"] == "brand_owner"


def test_the_events_of_an_action_are_ordered(deal):
    before = len(events_of(deal))
    deal.act("accept_connection")
    assert events_of(deal, before) == STEP


def test_an_automatic_transition_has_events_and_no_message():
    deal = make_deal("work_submitted")
    before = len(events_of(deal))
    acted = deal.act("approve_work")
    assert events_of(deal, before) == [*STEP, *STEP[:2]]
    steps = list(Transition.objects.filter(conversation=deal.conversation))[-2:]
    assert [(step.action, step.actor_id) for step in steps] == [
        ("approve_work", deal.brand_owner.pk),
        ("free_chat_opened", SYSTEM_USER_ID),
    ]
    assert acted.conversation.flow_state == "real_time"
    assert acted.conversation.automation_enabled is False
    assert acted.message.action_data is None
    assert acted.message.action_required is False


def test_a_whole_deal_is_recorded_step_by_step():
    deal = make_deal("chat_closed")
    steps = Transition.objects.filter(conversation=deal.conversation)
    assert [step.state_version for step in steps] == list(range(1, len(PATH) + 3))
    versions = [step.to_state["flow_state"] for step in steps]
    assert [step.from_state["flow_state"] for step in steps[1:]] == versions[:-1]
    assert [event for event in events_of(deal) if event == "new_message"] == ["new_message"] * (len(PATH) + 1)
    assert deal.now.is_closed


def test_offers_form_a_chain_and_the_acceptance_names_the_last():
    deal = make_deal("payment_pending")
    offers = list(Offer.objects.filter(conversation=deal.conversation))
    assert [(one.number, one.kind, one.amount, one.round) for one in offers] == [
        (1, "offer", 100_000, 0),
        (2, "counter", 150_000, 1),
        (3, "final", 120_000, 1),
    ]
    assert [one.answers for one in offers] == [None, *offers[:2]]
    assert [one.proposer for one in offers] == [deal.brand_owner, deal.influencer, deal.brand_owner]
    assert all(one.lapses_at for one in offers)
    acceptance = Acceptance.objects.get(offer__conversation=deal.conversation)
    assert (acceptance.offer, acceptance.accepter) == (offers[-1], deal.influencer)


def test_delivered_work_and_revisions_are_stored():
    deal = make_deal("real_time")
    deliveries = Delivery.objects.filter(conversation=deal.conversation)
    assert [(one.number, one.deliverables, one.deliverer) for one in deliveries] == [
        (1, WORK["deliverables"], deal.influencer),
        (2, WORK["deliverables"], deal.influencer),
    ]
    revision = Revision.objects.get(conversation=deal.conversation)
    assert (revision.number, revision.feedback, revision.requester) == (1, "Louder, please", deal.brand_owner)


@pytest.mark.parametrize("model", [Transition, Offer, Acceptance, Delivery, Revision])
def test_facts_are_immutable(model):
    make_deal("real_time")
    fact = model.objects.first()
    for change in (fact.save, fact.delete, model.objects.all().delete, lambda: model.objects.update(pk=fact.pk)):
        with pytest.raises(TypeError):
            change()


def test_past_prompts_are_shown_as_completed(deal):
    first = Message.objects.get(conversation=deal.conversation)
    acted = deal.act("accept_connection")
    shown = result_of(acted, deal.influencer)
    assert shown.conversation.current_action_data.get("completed") is None
    assert shown.message.action_data.get("completed") is None
    deal.act("send_project_details", {"details": "Tea"})
    assert result_of(acted, deal.influencer).message.action_data["completed"] is True
    first.refresh_from_db()
    assert "completed" not in first.action_data


# Refused actions change nothing

REFUSED = [
    # state, user, action, data, version relative to the current version, error code
    ("influencer_responding", "influencer", "dance", None, 0, UnknownAction),
    ("influencer_responding", "brand_owner", "accept_connection", None, 0, WrongRole),
    ("influencer_responding", "brand_owner", "send_counter_offer", {"price": "1"}, 0, WrongRole),
    ("influencer_responding", "influencer", "accept_price", None, 0, WrongState),
    ("brand_owner_details", "influencer", "accept_connection", None, 0, WrongState),
    ("brand_owner_details", "influencer", "reject_connection", None, -1, StaleAction),
    ("brand_owner_details", "brand_owner", "send_project_details", {"details": "Tea"}, -1, StaleAction),
    ("brand_owner_details", "brand_owner", "send_project_details", {"details": "Tea"}, 1, StaleAction),
    ("brand_owner_details", "brand_owner", "send_project_details", {"details": " "}, 0, errors.Invalid),
    ("brand_owner_details", "brand_owner", "send_project_details", {"details": "x" * 5001}, 0, errors.Invalid),
    ("brand_owner_details", "brand_owner", "send_project_details", "Tea", 0, errors.Invalid),
    ("brand_owner_pricing", "brand_owner", "send_price_offer", {"price": "0"}, 0, errors.Invalid),
    ("brand_owner_pricing", "brand_owner", "send_price_offer", {"price": "-5"}, 0, errors.Invalid),
    ("brand_owner_pricing", "brand_owner", "send_price_offer", {"price": "1e5"}, 0, errors.Invalid),
    ("brand_owner_pricing", "brand_owner", "send_price_offer", {"price": "1.005"}, 0, errors.Invalid),
    ("brand_owner_pricing", "brand_owner", "send_price_offer", {"price": "100000000"}, 0, errors.Invalid),
    ("brand_owner_pricing", "brand_owner", "send_price_offer", {"price": "NaN"}, 0, errors.Invalid),
    ("influencer_price_response", "influencer", "accept_price", {"price": "999"}, 0, StaleAction),
    ("influencer_price_input", "influencer", "send_counter_offer", {"price": "1000"}, 0, errors.Invalid),
    ("payment_pending", "influencer", "proceed_to_payment", None, 0, WrongRole),
    ("payment_completed", "brand_owner", "proceed_to_payment", None, 0, WrongState),
    ("work_in_progress", "influencer", "submit_work", {"deliverables": "Reels"}, 0, errors.Invalid),
    ("work_submitted", "brand_owner", "reject_final_work", None, 0, WrongState),
    ("work_submitted", "brand_owner", "request_revision", {}, 0, errors.Invalid),
    ("real_time", "influencer", "close_conversation", {"reason": "x" * 501}, 0, errors.Invalid),
    ("chat_closed", "influencer", "close_conversation", None, 0, ConversationClosed),
    ("chat_closed", "influencer", "accept", None, 0, ConversationClosed),
]


@pytest.mark.parametrize(("where", "who", "action", "data", "version_offset", "why"), REFUSED)
def test_a_refused_action_changes_nothing_and_sends_nothing(hints, where, who, action, data, version_offset, why):
    deal = make_deal(where)
    version = deal.now.state_version + version_offset
    with nothing_happens(hints), pytest.raises(why) as refusal:
        deal.act(action, data, by=getattr(deal, who), state_version=version)
    if why.status == 409:
        describe_conflict(refusal.value, getattr(deal, who), deal.conversation.pk)
        shown = refusal.value.extra["conversation"]
        assert (shown.flow_state, shown.state_version) == (where, version - version_offset)
        assert refusal.value.extra["available_actions"] == shown.available_actions


@pytest.mark.parametrize("make", [make_user, make_staff])
def test_only_parties_act(hints, deal, make):
    user = make()
    with nothing_happens(hints), pytest.raises((errors.NotFound, errors.Forbidden)):
        deal.act("accept_connection", by=user)


@pytest.mark.parametrize("conversation_id", ["", "nothing", "00000000-0000-0000-0000-000000000001", 7])
def test_an_unknown_conversation(hints, deal, conversation_id):
    with nothing_happens(hints), pytest.raises(errors.NotFound):
        take_action(user=deal.influencer, conversation_id=conversation_id, data=ActionRequest(action="accept"))


def test_a_failed_action_is_rolled_back(hints, deal, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("no message can be stored")

    monkeypatch.setattr("messaging.system_messages.store_messages", fail)
    with nothing_happens(hints), pytest.raises(RuntimeError):
        deal.act("accept_connection")


# The same click again


@pytest.mark.parametrize(
    ("where", "action", "data"),
    [
        ("influencer_responding", "accept_connection", None),
        ("influencer_responding", "accept", {}),
        ("influencer_responding", "reject_connection", {"reason": "No time"}),
        ("brand_owner_negotiation", "handle_negotiation", {"action": "agree"}),
        ("influencer_price_input", "send_counter_offer", {"price": 1500}),
        ("work_in_progress", "submit_work", WORK),
        ("work_submitted", "approve_work", None),
        ("real_time", "close_conversation", None),
    ],
)
def test_a_repeated_click_succeeds_and_changes_nothing(hints, where, action, data):
    deal = make_deal(where)
    actor, version = deal.awaited, deal.now.state_version
    first = deal.act(action, data, by=actor, state_version=version)
    with nothing_happens(hints):
        again = deal.act(action, data, by=actor, state_version=version)
    assert (first.repeated, again.repeated) == (False, True)
    assert again.message == first.message
    assert result_of(again, actor).repeated is True


def test_a_repeated_click_returns_the_current_conversation(deal):
    deal.act("accept_connection", by=deal.influencer, state_version=1)
    deal.act("send_project_details", {"details": "Tea"})
    again = deal.act("accept_connection", by=deal.influencer, state_version=1)
    assert result_of(again, deal.influencer).conversation.flow_state == "influencer_reviewing"


def test_an_alias_and_the_current_name_are_the_same_click(hints, deal):
    deal.act("accept_connection", by=deal.influencer, state_version=1)
    with nothing_happens(hints):
        assert deal.act("accept", by=deal.influencer, state_version=1).repeated


def test_a_click_with_other_data_is_not_a_repeat(hints):
    deal = make_deal("influencer_price_input")
    version = deal.now.state_version
    deal.act("send_counter_offer", {"price": "1500"}, by=deal.influencer, state_version=version)
    for price in ("1500.01", "0"):
        with nothing_happens(hints), pytest.raises(StaleAction):
            deal.act("send_counter_offer", {"price": price}, by=deal.influencer, state_version=version)


def test_a_click_without_a_version_applies_to_the_current_state(hints, deal):
    deal.act("accept_connection", by=deal.influencer)
    with nothing_happens(hints), pytest.raises(WrongState):
        deal.act("accept_connection", by=deal.influencer)


# Texts written by participants


@pytest.fixture
def guided():
    """Settings under which users cannot write texts while the flow leads the conversation."""
    flows.configure({"deal": {"text_while_automated": False}})
    yield
    flows.configure({})


def test_text_is_refused_while_automated_if_a_deployment_forbids_it(guided, deal, hints):
    given = SendMessageRequest(conversation_id=str(deal.conversation.pk), message="Hello")
    with nothing_happens(hints), pytest.raises(TextNotAccepted):
        send_message(sender=deal.influencer, data=given)
    intervene(operator=make_staff(), conversation_id=deal.conversation.pk, action="pause", data=InterventionRequest())
    assert send_message(sender=deal.influencer, data=given).created
    free = make_deal("payment_completed")
    given = SendMessageRequest(conversation_id=str(free.conversation.pk), message="Hello")
    assert send_message(sender=free.influencer, data=given).created


def test_a_text_changes_no_state(deal):
    version = deal.now.state_version
    send_message(
        sender=deal.influencer, data=SendMessageRequest(conversation_id=str(deal.conversation.pk), message="accept")
    )
    assert (deal.now.state_version, deal.now.flow_state) == (version, "influencer_responding")
    deal.act("accept_connection", state_version=version)


# Concurrency


@pytest.mark.parametrize("with_version", [True, False])
def test_a_hundred_concurrent_clicks_are_one_step_and_one_message(deal, with_version):
    version = 1 if with_version else None

    def click(_):
        try:
            return deal.act("accept_connection", by=deal.influencer, state_version=version).repeated
        except WrongState as refusal:
            return refusal.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(click, range(100)))
    assert answers.count(False) == 1
    assert answers.count(True if with_version else "wrong_state") == 99
    assert Transition.objects.filter(conversation=deal.conversation).count() == 2
    assert Message.objects.filter(conversation=deal.conversation).count() == 2
    assert events_of(deal) == STEP * 2


def test_of_two_concurrent_actions_one_is_first():
    deal = make_deal("real_time")

    def close(user):
        try:
            return deal.act("close_conversation", by=user).repeated
        except ConversationClosed as refusal:
            return refusal.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(close, [deal.brand_owner, deal.influencer] * 5))
    assert sorted(map(str, answers)) == sorted(["False"] + ["conversation_closed"] * 9)


def test_the_responses_of_a_batch_are_read_together():
    deals = [make_deal() for _ in range(3)]
    applied = [(deal.act("accept_connection"), deal.influencer) for deal in deals]
    with CaptureQueriesContext(connection) as for_one:
        results_of(applied[:1])
    with CaptureQueriesContext(connection) as for_all:
        shown = results_of(applied)
    assert len(for_all) == len(for_one)
    assert [one.conversation.id for one in shown] == [deal.conversation.pk for deal in deals]
    assert results_of([]) == []
