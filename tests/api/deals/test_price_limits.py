"""Prices that the payment provider cannot charge are refused where they are proposed."""

import asyncio
import uuid

import pytest

from deals import socket_commands
from deals.checks import check_payment_provider
from deals.requests import ConversationActionRequest
from foundation.errors import Invalid
from realtime import Caller
from tests.api.shapes import refused, succeeded
from tests.deals import Deal, make_deal
from tests.harness.people import Person
from tests.people import person
from tests.unchanged import nothing_happens

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stripe_server")]

KWD = {"min": "0.010", "max": "99999.990", "step": "0.010"}
OFFERS = {
    "brand_owner_pricing": "send_price_offer",
    "influencer_price_input": "send_counter_offer",
    "brand_owner_price_response": "make_final_offer",
}
REFUSED = [
    ("KWD", "1.005"),
    ("KWD", "0.001"),
    ("KWD", "0.009"),
    ("KWD", "99999.999"),
    ("KWD", "100000"),
    ("USD", "0.49"),
    ("USD", 0.01),
    ("USD", "1000000"),
    ("JPY", "49"),
    ("JPY", 49),
    ("HUF", "174.99"),
    ("MGA", "1000.20"),
    ("ISK", "1000000"),
    ("INR", "10000000"),
]
CHARGED = [("KWD", "1.010"), ("KWD", 0.01), ("USD", "0.50"), ("USD", "999999.99"), ("JPY", 50), ("HUF", "175.5")]


@pytest.fixture(autouse=True)
def hints(sent_hints):
    return sent_hints


def opening(by: Person, influencer: Person, **given):
    return by.api.post("/api/conversations", {"conversation_type": "bid", "influencer_id": influencer.id, **given})


def offers(by: Person, deal: Deal, price):
    body = {"action": OFFERS[deal.now.flow_state], "data": {"price": price}}
    return by.api.post(f"/api/conversations/{deal.conversation.pk}/actions", body)


def by_socket(deal: Deal, price):
    user = deal.awaited
    caller = Caller("sid", user.pk, user, uuid.uuid4())
    given = ConversationActionRequest(
        conversation_id=str(deal.conversation.pk), action=OFFERS[deal.now.flow_state], data={"price": price}
    )
    return asyncio.run(socket_commands.conversation_action(caller, given))


# Opening


@pytest.mark.parametrize("kind", ["bid", "campaign"])
@pytest.mark.parametrize("currency", ["KPW", "IQD", "CLF", "SYP"])
def test_a_deal_in_a_currency_that_is_not_taken_cannot_be_opened(brand, influencer, hints, kind, currency):
    with nothing_happens(hints):
        answer = opening(brand, influencer, conversation_type=kind, currency=currency, proposed_amount="5")
        problem = refused(answer, 400, "invalid", "currency")
    assert currency in problem["errors"]["currency"][0]


def test_the_default_currency_is_checked_too(brand, influencer, hints, settings):
    settings.DEFAULT_CURRENCY = "KPW"
    with nothing_happens(hints):
        refused(opening(brand, influencer), 400, "invalid", "currency")
    assert [error.id for error in check_payment_provider()] == ["conversations.P004"]


def test_nothing_is_charged_in_a_direct_conversation(brand, influencer):
    given = {"conversation_type": "direct", "user_id": influencer.id, "currency": "KPW"}
    answer = succeeded(brand.api.post("/api/conversations", given), "conversation", status=201)
    assert answer["conversation"]["conversation_type"] == "direct"


@pytest.mark.parametrize(("currency", "amount"), REFUSED)
def test_a_proposed_amount_that_cannot_be_charged_is_refused(brand, influencer, hints, currency, amount):
    with nothing_happens(hints):
        answer = opening(brand, influencer, currency=currency, proposed_amount=amount)
        problem = refused(answer, 400, "invalid", "proposed_amount")
    assert f"A price in {currency} must be from" in problem["errors"]["proposed_amount"][0]


@pytest.mark.parametrize(("currency", "amount"), CHARGED)
def test_a_proposed_amount_that_can_be_charged(brand, influencer, currency, amount):
    answer = succeeded(
        opening(brand, influencer, currency=currency, proposed_amount=amount), "conversation", status=201
    )
    assert answer["conversation"]["currency"] == currency


def test_a_provider_without_limits_takes_every_currency(brand, influencer, settings):
    for provider in ("sandbox", "none"):
        settings.PAYMENT_PROVIDER = provider
        opened = opening(brand, influencer, currency="IQD", proposed_amount="0.001")
        assert succeeded(opened, "conversation", status=201)["conversation"]["currency"] == "IQD"


# Offers


@pytest.mark.parametrize("state", OFFERS)
def test_an_offer_that_cannot_be_charged_is_refused_with_the_limits(state, hints):
    deal = make_deal(state, currency="KWD")
    by = person(deal.awaited)
    for price in ("1.005", "0.009", "99999.999", "100000"):
        with nothing_happens(hints):
            problem = refused(offers(by, deal, price), 400, "invalid", "price")
        message = "A price in KWD must be from 0.010 to 99999.990, in steps of 0.010."
        assert problem["errors"]["price"] == [message]
        with nothing_happens(hints), pytest.raises(Invalid) as refusal:
            by_socket(deal, price)
        assert refusal.value.errors == {"price": [message]}
    assert offers(by, deal, "1.010").status_code == 200


@pytest.mark.parametrize(("currency", "price"), REFUSED)
def test_offers_in_each_kind_of_currency(currency, price, hints):
    deal = make_deal("brand_owner_pricing", currency=currency)
    by = person(deal.awaited)
    with nothing_happens(hints):
        refused(offers(by, deal, price), 400, "invalid", "price")


@pytest.mark.parametrize("state", OFFERS)
def test_the_limits_are_in_the_available_actions_and_the_prompt(state):
    deal = make_deal(state, currency="KWD")
    seen = person(deal.awaited).sees(str(deal.conversation.pk))
    (action,) = [one for one in seen["available_actions"] if one["action"] == OFFERS[state]]
    assert action["inputs"][0].items() >= KWD.items()
    prompt = seen["current_action_data"]
    shown = prompt.get("inputs") or next(one["inputs"] for one in prompt["buttons"] if one["id"] == OFFERS[state])
    assert shown[0].items() >= KWD.items()


@pytest.mark.parametrize("state", OFFERS)
def test_no_offer_can_be_made_in_a_currency_that_is_no_longer_taken(state, hints, settings):
    settings.PAYMENT_PROVIDER = "sandbox"
    deal = make_deal(state, currency="IQD")
    settings.PAYMENT_PROVIDER = "stripe"
    by = person(deal.awaited)
    with nothing_happens(hints):
        problem = refused(offers(by, deal, "1000"), 400, "invalid", "price")
    assert problem["errors"]["price"] == ["Prices in IQD cannot be charged."]
    seen = by.sees(str(deal.conversation.pk))
    (action,) = [one for one in seen["available_actions"] if one["action"] == OFFERS[state]]
    assert action["inputs"][0]["min"] == "0.001"


def test_an_offer_can_be_accepted_with_its_price_whatever_the_limits_are_now(settings):
    settings.PAYMENT_PROVIDER = "sandbox"
    deal = make_deal("influencer_price_response", currency="IQD")
    settings.PAYMENT_PROVIDER = "stripe"
    price = deal.now.deal.last_offer.price
    assert deal.act("accept_price", {"price": price}).conversation.flow_state == "payment_pending"


def test_a_repeated_offer_is_recognized_whatever_the_limits_are_now(settings):
    settings.PAYMENT_PROVIDER = "sandbox"
    deal = make_deal("brand_owner_pricing", currency="KWD")
    version, by = deal.now.state_version, deal.brand_owner
    deal.act("send_price_offer", {"price": "0.001"}, by=by, state_version=version)
    settings.PAYMENT_PROVIDER = "stripe"
    assert deal.act("send_price_offer", {"price": "0.001"}, by=by, state_version=version).repeated
