"""Withdrawing a request or an offer while the other party is awaited."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from conversations.flows import configure
from conversations.flows.errors import ConversationClosed, StaleAction, WrongRole, WrongState
from conversations.models import Transition
from deals.models import Acceptance, Offer, Withdrawal
from deals.offers import chain_errors
from foundation.errors import DomainError, Invalid
from messaging.conversation_selectors import conversation_for
from messaging.models import Message
from operators.interventions import intervene
from operators.requests import InterventionRequest
from tests.deals import make_deal
from tests.factories import make_staff
from tests.unchanged import nothing_happens

pytestmark = pytest.mark.django_db(transaction=True)

PLACES = [
    # state, the party that withdraws, its action, the next state
    ("influencer_responding", "brand_owner", "withdraw_request", "chat_closed"),
    ("influencer_reviewing", "brand_owner", "withdraw_request", "chat_closed"),
    ("influencer_price_response", "brand_owner", "withdraw_offer", "brand_owner_pricing"),
    ("brand_owner_price_response", "influencer", "withdraw_counter_offer", "influencer_price_input"),
    ("influencer_final_response", "brand_owner", "withdraw_offer", "brand_owner_price_response"),
]


def listed(deal, user):
    shown = conversation_for(user=user, conversation_id=deal.conversation.pk)
    return [one["action"] for one in shown.available_actions]


def parties(deal, role):
    both = {"brand_owner": deal.brand_owner, "influencer": deal.influencer}
    return both.pop(role), *both.values()


@pytest.mark.parametrize(("state", "role", "action", "target"), PLACES)
def test_the_party_that_is_not_awaited_withdraws(state, role, action, target):
    deal = make_deal(state)
    own, other = parties(deal, role)
    assert listed(deal, own) == [action]
    assert action not in listed(deal, other)
    version = deal.now.state_version
    acted = deal.act(action, by=own, state_version=version)
    assert deal.now.flow_state == target
    step = Transition.objects.get(conversation=deal.conversation, state_version=version + 1)
    assert (step.action, step.actor) == (action, own)
    message = Message.objects.get(transition=step)
    assert (message, message.sender, message.receiver) == (acted.message, own, other)
    assert deal.act(action, by=own, state_version=version).repeated is True


@pytest.mark.parametrize(("state", "role", "action", "target"), PLACES)
def test_the_awaited_party_cannot_withdraw(state, role, action, target, sent_hints):
    deal = make_deal(state)
    _, other = parties(deal, role)
    with nothing_happens(sent_hints), pytest.raises(WrongRole):
        deal.act(action, by=other)


@pytest.mark.parametrize("state", ["brand_owner_details", "payment_pending", "work_submitted", "chat_closed"])
def test_nothing_is_withdrawn_in_other_states(state, sent_hints):
    deal = make_deal(state)
    for user, action in ((deal.brand_owner, "withdraw_request"), (deal.influencer, "withdraw_counter_offer")):
        with nothing_happens(sent_hints), pytest.raises((WrongState, ConversationClosed)):
            deal.act(action, by=user)


def test_a_withdrawn_offer_is_not_the_last_offer_any_more():
    deal = make_deal("influencer_final_response")
    deal.act("withdraw_offer", by=deal.brand_owner)
    rows = list(Offer.objects.filter(conversation=deal.conversation))
    row = deal.now.deal
    assert (row.last_offer, row.withdrawn_offer, row.offers_withdrawn) == (rows[1], rows[2], 1)
    assert Withdrawal.objects.get().offer == rows[2]
    assert deal.now.current_action_data["title"] == "Counter-offer: INR 1500.00"
    deal.act("accept_counter_offer")
    assert Acceptance.objects.get().offer == rows[1]
    assert deal.order().offer.price == "1500.00"


def test_without_another_offer_a_new_one_begins_the_prices_again():
    deal = make_deal("influencer_price_response")
    deal.act("withdraw_offer", by=deal.brand_owner)
    assert deal.now.deal.last_offer is None
    deal.act("send_price_offer", {"price": "900"})
    newest = deal.now.deal.last_offer
    assert (newest.number, newest.round, newest.answers, newest.price) == (2, 0, None, "900.00")
    assert deal.now.deal.withdrawn_offer is None


def test_a_withdrawn_counter_offer_has_used_its_round():
    deal = make_deal("brand_owner_price_response")
    for round_, price in ((2, "1600"), (3, "1700")):
        deal.act("withdraw_counter_offer", by=deal.influencer)
        assert deal.now.current_action_data["subtitle"].startswith("The last offer is INR 1000.00.")
        with pytest.raises(Invalid):
            deal.act("send_counter_offer", {"price": "1000.00"})
        deal.act("send_counter_offer", {"price": price})
        assert deal.now.deal.last_offer.round == round_
    assert listed(deal, deal.influencer) == []
    with pytest.raises(WrongState):
        deal.act("withdraw_counter_offer", by=deal.influencer)
    assert deal.now.deal.offers_withdrawn == 0
    deal.act("reject_counter_offer")
    assert deal.now.flow_state == "chat_closed"


def test_offers_are_withdrawn_as_often_as_there_are_rounds():
    deal = make_deal("influencer_price_response")
    for number in range(3):
        deal.act("withdraw_offer", by=deal.brand_owner)
        deal.act("send_price_offer", {"price": f"{1000 + number}"})
    assert listed(deal, deal.brand_owner) == []
    with pytest.raises(WrongState):
        deal.act("withdraw_offer", by=deal.brand_owner)


def test_a_deployment_without_rounds_has_no_withdrawals_of_offers():
    try:
        configure({"deal": {"rounds": 0}})
        deal = make_deal("influencer_price_response")
        assert listed(deal, deal.brand_owner) == []
    finally:
        configure({})


def test_both_offers_of_a_final_answer_can_be_withdrawn():
    deal = make_deal("influencer_final_response")
    deal.act("withdraw_offer", by=deal.brand_owner)
    deal.act("withdraw_counter_offer", by=deal.influencer)
    assert deal.now.deal.last_offer.price == "1000.00"
    deal.act("send_counter_offer", {"price": "1100"})
    newest = deal.now.deal.last_offer
    assert (newest.number, newest.round, deal.conversation.deal.withdrawn_offer) == (4, 2, None)
    assert list(chain_errors()) == []
    sql("DELETE FROM deals_withdrawal WHERE offer_id = %s", db_id(Offer.objects.get(number=2)))
    assert [error.message for error in chain_errors()] == ["offer 4 does not follow the offer before it"]


def test_a_paused_deal_lists_no_withdrawal(sent_hints):
    deal = make_deal("influencer_price_response")
    intervene(operator=make_staff(), conversation_id=deal.conversation.pk, action="pause", data=InterventionRequest())
    assert listed(deal, deal.brand_owner) == []
    with nothing_happens(sent_hints), pytest.raises(WrongState):
        deal.act("withdraw_offer", by=deal.brand_owner)


ANSWERS = {
    "influencer_responding": ["accept_connection", "reject_connection"],
    "influencer_reviewing": ["accept_project", "reject_project"],
    "influencer_price_response": ["accept_price", "negotiate_price", "reject_price"],
    "brand_owner_price_response": ["accept_counter_offer", "reject_counter_offer"],
    "influencer_final_response": ["accept_final_offer", "reject_final_offer"],
}
RACES = [(*place, answer) for place in PLACES for answer in ANSWERS[place[0]]]


@pytest.mark.parametrize(("state", "role", "action", "target", "answer"), RACES)
def test_of_a_withdrawal_and_an_answer_exactly_one_wins(state, role, action, target, answer):
    deal = make_deal(state)
    own, other = parties(deal, role)
    version = deal.now.state_version

    def attempt(pair):
        user, name = pair
        try:
            deal.act(name, by=user, state_version=version)
        except (StaleAction, WrongState, ConversationClosed) as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        outcomes = list(threads.map(attempt, [(own, action), (other, answer)]))
    assert sum(one is None for one in outcomes) == 1
    taken = Transition.objects.get(conversation=deal.conversation, state_version=version + 1)
    assert taken.action == (action if outcomes[0] is None else answer)
    assert Acceptance.objects.count() + Withdrawal.objects.count() <= 1


def test_two_withdrawals_at_once_are_one():
    deal = make_deal("influencer_price_response")

    def withdraw(_):
        try:
            return deal.act("withdraw_offer", by=deal.brand_owner).repeated
        except DomainError:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(withdraw, range(8)), key=str) == [False, *[None] * 7]
    assert Withdrawal.objects.count() == 1


# The chain of offers


def db_id(row):
    return row.pk.hex if connection.vendor == "sqlite" else row.pk


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.fixture
def chain():
    deal = make_deal("influencer_price_response")
    deal.act("withdraw_offer", by=deal.brand_owner)
    deal.act("send_price_offer", {"price": "900"})
    return deal


def test_withdrawals_are_part_of_the_chain(chain):
    first, second = Offer.objects.filter(conversation=chain.conversation)
    assert second.previous_hash == first.withdrawal.hash != first.hash
    out = io.StringIO()
    call_command("verify_offers", stdout=out)
    assert out.getvalue() == "2 offers are unchanged.\n"


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DELETE FROM deals_withdrawal", "offer 2 does not follow the offer before it"),
        (
            "UPDATE deals_withdrawal SET created_at = '2020-01-01 00:00:00+00:00'",
            "the withdrawal of offer 1 was changed",
        ),
        ("UPDATE deals_withdrawal SET hash = 'x'", "the withdrawal of offer 1 was changed"),
    ],
)
def test_a_changed_or_deleted_withdrawal_is_found(chain, statement, message):
    sql(statement)
    assert message in [error.message for error in chain_errors()]
    with pytest.raises(CommandError):
        call_command("verify_offers", stdout=io.StringIO())


def test_a_forged_withdrawal_of_an_accepted_offer_is_found(chain):
    chain.act("accept_price")
    offer = chain.now.deal.last_offer
    Withdrawal.objects.create(offer=offer, withdrawer=chain.brand_owner, previous_hash=offer.hash, hash="x")
    messages = [error.message for error in chain_errors()]
    assert "offer 2 was accepted and withdrawn" in messages
    assert "the newest offer is not the last offer of the deal" in messages
