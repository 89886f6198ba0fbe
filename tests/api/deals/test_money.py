"""Money over REST: what was paid and refunded, disputes, withdrawals, and closing with a decision."""

import pytest
from django.contrib.auth.models import Permission

from tests.api.shapes import refused, succeeded
from tests.deals import Deal, make_deal
from tests.factories import make_staff
from tests.harness.people import Person
from tests.harness.tasks import run_due_tasks
from tests.people import person, user_of
from tests.unchanged import nothing_happens

STANDS = {"conversation", "available_actions"}


@pytest.fixture(autouse=True)
def hints(sent_hints):
    return sent_hints


@pytest.fixture
def deal(db) -> Deal:
    return make_deal("work_in_progress")


@pytest.fixture
def payer(deal) -> Person:
    return person(deal.brand_owner)


def pays(who: Person, deal: Deal, kind: str, **more: object):
    order = deal.now.payment_orders.get()
    return who.api.post(f"/api/payments/sandbox/{order.pk}/pay", {"type": f"payment.{kind}"} | more)


def summary(who: Person, deal: Deal) -> dict:
    return succeeded(who.api.get(f"/api/conversations/{deal.conversation.pk}/deal"), "deal")["deal"]


def closes(who: Person, deal: Deal, **body: object):
    return who.api.post(f"/api/conversations/{deal.conversation.pk}/close", body)


def test_the_sandbox_plays_refunds_and_disputes(deal, payer):
    influencer = person(deal.influencer)
    succeeded(pays(payer, deal, "refunded", amount="200.00"), "payment", "conversation")
    succeeded(pays(payer, deal, "refund_failed", amount="200.00"), "payment", "conversation")
    body = succeeded(pays(payer, deal, "dispute_opened"), "payment", "conversation")
    assert (body["conversation"]["flow_state"], body["payment"]["status"]) == ("payment_disputed", "paid")
    shown = summary(influencer, deal)
    assert (shown["paid_amount"], shown["refunded_amount"], shown["dispute"]) == ("1200.00", "0.00", "open")
    action = {"action": "submit_work", "data": {"deliverables": "x", "description": "y"}}
    actions = f"/api/conversations/{deal.conversation.pk}/actions"
    refused(influencer.api.post(actions, action), 409, "wrong_state", extra=STANDS)
    succeeded(pays(payer, deal, "dispute_won"), "payment", "conversation")
    succeeded(pays(payer, deal, "refunded", amount=1200), "payment", "conversation")
    shown = summary(influencer, deal)
    assert (shown["payment_status"], shown["refunded_amount"], shown["dispute"]) == ("refunded", "1200.00", "won")
    assert influencer.sees(str(deal.conversation.pk))["flow_state"] == "chat_closed"


@pytest.mark.parametrize("amount", ["0", "-1", "1200.01", "1e2", "", [], {}, True])
def test_a_wrong_amount_of_a_refund(deal, payer, hints, amount):
    with nothing_happens(hints):
        refused(pays(payer, deal, "refunded", amount=amount), 400, "invalid", "amount")


def test_an_unknown_event_of_the_sandbox(deal, payer, hints):
    with nothing_happens(hints):
        refused(pays(payer, deal, "stolen"), 400, "invalid", "type")


def test_a_paid_conversation_is_closed_with_a_decision(deal, payer, operator, hints):
    for body in ({}, {"money": None}, {"money": "burn"}, {"money": 7}, {"money": ["keep"]}):
        with nothing_happens(hints):
            refused(closes(operator, deal, **body), 400, "invalid", "money")
    with nothing_happens(hints):
        refused(closes(payer, deal, money="keep"), 403, "forbidden")
    succeeded(closes(operator, deal, money="refund", reason="As agreed"), "conversation", "message")
    run_due_tasks()
    assert summary(person(deal.influencer), deal)["payment_status"] == "refunded"


def test_a_refund_needs_the_permission(deal, hints):
    plain = person(make_staff(is_superuser=False))
    with nothing_happens(hints):
        refused(closes(plain, deal, money="refund"), 403, "forbidden")
    user_of(plain).user_permissions.set(Permission.objects.filter(codename="refund_paymentorder"))
    succeeded(closes(plain, deal, money="refund"), "conversation", "message")


def test_conflicts_come_before_the_decision(deal, operator):
    refused(closes(operator, deal, state_version=1), 409, "stale_action", extra=STANDS)
    succeeded(closes(operator, deal, money="keep"), "conversation", "message")
    refused(closes(operator, deal), 409, "conversation_closed", extra=STANDS)


def test_an_unpaid_conversation_is_closed_without_a_decision(operator):
    for body in ({}, {"money": "burn"}):
        answer = succeeded(closes(operator, make_deal("payment_pending"), **body), "conversation", "message")
        assert answer["conversation"]["chat_status"] == "closed"


def test_an_offer_is_withdrawn_and_the_answer_is_a_conflict(db):
    deal = make_deal("influencer_price_response")
    brand, influencer = person(deal.brand_owner), person(deal.influencer)
    conversation = str(deal.conversation.pk)
    (offered,) = brand.sees(conversation)["available_actions"]
    assert (offered["action"], offered["role"], offered["inputs"]) == ("withdraw_offer", "brand_owner", [])
    version = offered["state_version"]
    body = {"action": "withdraw_offer", "state_version": version}
    answer = succeeded(brand.api.post(f"/api/conversations/{conversation}/actions", body), "conversation", "message")
    assert answer["conversation"]["flow_state"] == "brand_owner_pricing"
    late = {"action": "accept_price", "state_version": version}
    late_answer = influencer.api.post(f"/api/conversations/{conversation}/actions", late)
    conflict = refused(late_answer, 409, "stale_action", extra=STANDS)
    assert conflict["conversation"]["flow_state"] == "brand_owner_pricing"
    (withdrawn,) = summary(influencer, deal)["offers"]
    assert withdrawn["withdrawn_at"] is not None
    assert withdrawn["accepted_at"] is None
