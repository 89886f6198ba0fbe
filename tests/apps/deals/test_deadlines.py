"""Inactive conversations are reminded, closed or approved once, even if several schedulers run."""

import io
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connections, transaction

from conversations.flows.errors import ConversationClosed, StaleAction, UnknownAction, WrongState
from conversations.locking import lock_conversation
from conversations.models import Conversation, Transition
from deals import deadlines
from deals.deadlines import run_deadlines
from foundation import clock, errors
from foundation.clock import moved
from messaging.models import Message
from operators.interventions import intervene
from operators.requests import InterventionRequest
from tests.deals import WORK, make_deal, open_deal
from tests.factories import make_staff
from tests.harness.processes import Process
from tests.harness.servers import embedded
from tests.unchanged import nothing_happens

pytestmark = pytest.mark.django_db(transaction=True)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

DEADLINES = {
    # state: days until the deadline, and the resulting state
    "influencer_responding": (7, "chat_closed", "expired"),
    "brand_owner_details": (7, "chat_closed", "expired"),
    "influencer_reviewing": (7, "chat_closed", "expired"),
    "brand_owner_pricing": (7, "chat_closed", "expired"),
    "influencer_price_response": (3, "chat_closed", "expired"),
    "brand_owner_negotiation": (3, "chat_closed", "expired"),
    "influencer_price_input": (3, "chat_closed", "expired"),
    "brand_owner_price_response": (3, "chat_closed", "expired"),
    "influencer_final_response": (3, "chat_closed", "expired"),
    "payment_pending": (7, "chat_closed", "expired"),
    "work_submitted": (7, "real_time", "approved_automatically"),
}
REMINDED_DAYS = {"payment_completed": 1, "work_in_progress": 3, "work_revision_requested": 3}


def reminders(deal):
    return Message.objects.filter(conversation=deal.conversation, message__startswith="Reminder")


def intervene_in(deal, action, **given):
    return intervene(
        operator=make_staff(), conversation_id=deal.conversation.pk, action=action, data=InterventionRequest(**given)
    )


@pytest.mark.parametrize("state", DEADLINES)
def test_an_inactive_state_is_reminded_at_half_time_and_ends_when_due(state, hints):
    deal = make_deal(state)
    days, target, reason = DEADLINES[state]
    assert deal.now.due_at - deal.now.updated_at == days * DAY
    with moved(days * DAY / 2 - HOUR), nothing_happens(hints):
        assert run_deadlines() == 0
    with moved(days * DAY / 2 + HOUR):
        assert run_deadlines() == 1
        assert (deal.now.flow_state, reminders(deal).count()) == (state, 1)
    with moved(days * DAY - HOUR), nothing_happens(hints):
        assert run_deadlines() == 0
    with moved(days * DAY + HOUR):
        assert run_deadlines() == 1
        assert run_deadlines() == 0
    assert deal.now.flow_state == target
    assert Transition.objects.filter(conversation=deal.conversation, action=reason).count() == 1
    assert (deal.now.due_at, deal.now.remind_at) == (None, None)


@pytest.mark.parametrize("state", REMINDED_DAYS)
def test_a_state_with_reminders_only_reminds_repeatedly(state):
    deal = make_deal(state)
    assert deal.now.due_at is None
    for times in range(1, 4):
        with moved(times * REMINDED_DAYS[state] * DAY + HOUR):
            assert run_deadlines() == 1
            assert run_deadlines() == 0
        assert (deal.now.flow_state, reminders(deal).count()) == (state, times)


@pytest.mark.parametrize("state", ["real_time", "chat_closed"])
def test_states_without_an_awaited_role_have_no_deadline(state, hints):
    make_deal(state)
    with moved(1000 * DAY), nothing_happens(hints):
        assert run_deadlines() == 0


def test_a_reminder_is_a_message_to_the_awaited_party_and_changes_no_state(deal):
    version, steps = deal.now.state_version, Transition.objects.count()
    with moved(4 * DAY):
        run_deadlines()
    message = reminders(deal).get()
    assert (message.sender.role, message.receiver, message.transition) == ("system", deal.influencer, None)
    assert message.action_data == deal.now.current_action_data
    assert (deal.now.state_version, Transition.objects.count()) == (version, steps)
    deal.act("accept_connection", state_version=version)


def test_a_server_down_past_the_deadline_sends_no_reminder(deal):
    with moved(30 * DAY):
        assert run_deadlines() == 1
    assert deal.now.is_closed
    assert reminders(deal).count() == 0


def test_after_the_deadline_all_actions_are_refused(deal, hints):
    with moved(8 * DAY):
        run_deadlines()
        with nothing_happens(hints), pytest.raises(ConversationClosed):
            deal.act("accept_connection", by=deal.influencer, state_version=1)


def test_an_action_starts_a_new_deadline(deal):
    with moved(6 * DAY):
        deal.act("accept_connection")
    with moved(8 * DAY):
        assert run_deadlines() == 0
    with moved(10 * DAY):
        assert run_deadlines() == 1
        assert reminders(deal).count() == 1
    with moved(14 * DAY):
        assert run_deadlines() == 1
        assert deal.now.is_closed


# Several schedulers, and users who act at the same time


def test_three_schedulers_handle_each_deadline_once():
    deals = [open_deal() for _ in range(12)]

    def schedule(_):
        try:
            return sum(run_deadlines() for _ in range(6))
        finally:
            connections.close_all()

    with moved(8 * DAY), ThreadPoolExecutor(3) as threads:
        assert sum(threads.map(schedule, range(3))) == len(deals)
    for deal in deals:
        steps = Transition.objects.filter(conversation=deal.conversation)
        assert [step.action for step in steps] == ["conversation_opened", "expired"]
        assert Message.objects.filter(conversation=deal.conversation).count() == 2


def test_a_scheduler_skips_locked_conversations(deal):
    other = open_deal()
    if not connections["default"].features.has_select_for_update_skip_locked:
        pytest.skip("SQLite has one writer, so no row can be locked by another transaction")

    def schedule():
        try:
            return run_deadlines()
        finally:
            connections.close_all()

    with moved(8 * DAY), ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            lock_conversation(deal.conversation.pk)
            assert threads.submit(schedule).result(30) == 1
        assert (deal.now.flow_state, other.now.flow_state) == ("influencer_responding", "chat_closed")
        assert threads.submit(schedule).result(30) == 1
    assert deal.now.is_closed


def test_a_concurrent_deadline_and_click_have_one_winner():
    deals = [open_deal() for _ in range(10)]

    def click(deal):
        try:
            return deal.act("accept_connection", by=deal.influencer, state_version=1).conversation.flow_state
        except ConversationClosed:
            return "chat_closed"
        finally:
            connections.close_all()

    def schedule(_):
        try:
            run_deadlines()
        finally:
            connections.close_all()

    with moved(8 * DAY), ThreadPoolExecutor(4) as threads:
        scheduled = threads.submit(schedule, 0)
        ended = list(threads.map(click, deals))
        scheduled.result(30)
    for deal, state in zip(deals, ended, strict=True):
        assert deal.now.flow_state == state
        assert (deal.now.state_version, Transition.objects.filter(conversation=deal.conversation).count()) == (2, 2)


def test_a_failing_deadline_does_not_stop_the_others(deal):
    other = open_deal()
    Conversation.objects.filter(pk=deal.conversation.pk).update(flow_name="gone")
    with moved(8 * DAY):
        assert run_deadlines() == 1
        assert run_deadlines() == 0
    assert other.now.is_closed
    assert deal.now.flow_state == "influencer_responding"


def test_a_round_is_bounded(monkeypatch):
    monkeypatch.setattr(deadlines, "CONVERSATIONS_PER_ROUND", 2)
    for _ in range(5):
        open_deal()
    with moved(8 * DAY):
        assert [run_deadlines() for _ in range(4)] == [2, 2, 1, 0]


# Operators


def test_a_pause_stops_deadlines_and_a_resume_continues_them(deal, hints):
    with moved(2 * DAY):
        intervene_in(deal, "pause", reason="Looking into it")
    assert (deal.now.due_at, deal.now.remind_at, deal.now.automation_enabled) == (None, None, False)
    with moved(60 * DAY):
        with nothing_happens(hints):
            assert run_deadlines() == 0
        intervene_in(deal, "resume")
        left = deal.now.due_at - clock.now()
        assert timedelta(days=4, hours=23) < left <= 5 * DAY
    with moved(60 * DAY + 2 * DAY):
        assert run_deadlines() == 1
        assert reminders(deal).count() == 1
    with moved(60 * DAY + 5 * DAY + HOUR):
        assert run_deadlines() == 1
    assert deal.now.is_closed


def test_outdated_clicks_and_interventions_are_refused(deal, hints):
    intervene_in(deal, "pause")
    intervene_in(deal, "resume")
    assert deal.now.state_version == 3
    for attempt in (
        lambda: deal.act("accept_connection", by=deal.influencer, state_version=1),
        lambda: intervene_in(deal, "close", state_version=1),
    ):
        with pytest.raises(StaleAction):
            attempt()
    assert deal.now.flow_state == "influencer_responding"


def test_a_pause_refuses_actions_but_not_texts(deal):
    intervene_in(deal, "pause")
    conversation = deal.now
    assert (conversation.chat_status, conversation.flow_state) == ("real_time", "influencer_responding")
    assert (conversation.awaiting_role, conversation.current_action_data) == ("influencer", None)
    with pytest.raises(WrongState):
        deal.act("accept_connection")
    intervene_in(deal, "resume")
    assert (deal.now.chat_status, deal.now.current_action_data["state_version"]) == ("automated", 3)
    deal.act("accept_connection")


def test_the_reason_of_a_closing_is_stored_and_sent(deal):
    acted = intervene_in(deal, "close", reason="Spam")
    step = Transition.objects.filter(conversation=deal.conversation).last()
    assert (step.action, step.data, step.actor.is_staff) == ("closed_by_operator", {"reason": "Spam"}, True)
    assert "Spam" in acted.message.message
    assert acted.message.sender.role == "system"
    assert deal.now.is_closed


@pytest.mark.parametrize(
    ("before", "action", "why"),
    [
        ([], "resume", WrongState),
        (["pause"], "pause", WrongState),
        (["close"], "close", ConversationClosed),
        (["close"], "pause", ConversationClosed),
        ([], "dance", UnknownAction),
    ],
)
def test_refused_interventions(deal, hints, before, action, why):
    operator = make_staff()
    for done in before:
        intervene_in(deal, done)
    with nothing_happens(hints), pytest.raises(why):
        intervene(operator=operator, conversation_id=deal.conversation.pk, action=action, data=InterventionRequest())


def test_only_operators_can_intervene(deal, hints):
    for user, why in ((deal.influencer, errors.Forbidden), (open_deal().influencer, errors.NotFound)):
        with nothing_happens(hints), pytest.raises(why):
            intervene(operator=user, conversation_id=deal.conversation.pk, action="close", data=InterventionRequest())


def test_work_approved_automatically_opens_the_free_chat():
    deal = make_deal("work_in_progress")
    deal.act("submit_work", WORK)
    with moved(8 * DAY):
        run_deadlines()
    steps = list(Transition.objects.filter(conversation=deal.conversation))[-2:]
    assert [(step.action, step.actor.role) for step in steps] == [
        ("approved_automatically", "system"),
        ("free_chat_opened", "system"),
    ]


# The command


def test_the_command_does_one_round(deal):
    out = io.StringIO()
    with moved(8 * DAY):
        call_command("run_deadlines", once=True, stdout=out)
    assert out.getvalue() == "1 conversations\n"
    assert deal.now.is_closed


def test_the_command_runs_until_it_is_stopped(tmp_path):
    with embedded(tmp_path, DEADLINE_SECONDS="0.1") as installation:
        command = [sys.executable, "manage.py", "run_deadlines"]
        process = Process(*command, log=tmp_path / "log", environment=installation.settings()).start()
        process.wait_until(lambda: "Checking deadlines" in process.written())
        assert process.stop() == 0
