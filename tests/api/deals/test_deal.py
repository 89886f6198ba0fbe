"""The REST endpoint of a deal: offers, the agreed price and the payment."""

import pytest

from tests.api.shapes import refused, succeeded
from tests.deals import make_deal
from tests.harness.people import Person
from tests.people import person

OFFER = {
    "number",
    "kind",
    "amount",
    "currency",
    "round",
    "proposer_role",
    "lapses_at",
    "accepted_at",
    "withdrawn_at",
    "created_at",
}


@pytest.fixture(autouse=True)
def hints(sent_hints):
    return sent_hints


def deal_of(who: Person, conversation_id: str):
    answer = who.api.get(f"/api/conversations/{conversation_id}/deal")
    return succeeded(answer, "deal")["deal"]


def test_a_conversation_without_offers_has_an_empty_ledger(brand: Person, influencer: Person) -> None:
    empty = {
        "currency": "INR",
        "offers": [],
        "agreed_price": None,
        "payment_status": None,
        "order_id": None,
        "paid_amount": "0.00",
        "refunded_amount": "0.00",
        "dispute": None,
        "stages": [],
        "reached": None,
    }
    assert deal_of(brand, brand.opens_bid_with(influencer)) | {"stages": [], "reached": None} == empty
    assert deal_of(brand, brand.opens_chat_with(influencer)) == empty


def test_the_stages_are_all_those_of_the_flow(brand: Person, influencer: Person) -> None:
    conversation = brand.opens_bid_with(influencer)
    stages = deal_of(brand, conversation)["stages"]
    assert [one["label"] for one in stages] == ["Contact", "Project", "Price", "Payment", "Work", "Done"]
    assert [one["position"] for one in stages] == [1, 2, 3, 4, 5, 6]
    assert brand.sees(conversation)["stage"] == stages[0]
    influencer.acts(conversation, "accept_connection")
    assert brand.sees(conversation)["stage"] == stages[1] == {"key": "project", "label": "Project", "position": 2}
    assert deal_of(brand, conversation)["stages"] == stages


@pytest.mark.parametrize(
    ("state", "closing", "reached"),
    [
        ("influencer_responding", "reject_connection", "contact"),
        ("influencer_reviewing", "reject_project", "project"),
        ("influencer_price_response", "reject_price", "price"),
        ("real_time", "close_conversation", "done"),
    ],
)
def test_a_closed_deal_keeps_the_stage_that_it_reached(db: None, state: str, closing: str, reached: str) -> None:
    deal = make_deal(state)
    conversation, who = str(deal.conversation.pk), person(deal.influencer)
    before = deal_of(who, conversation)
    assert before["stages"][before["reached"] - 1]["key"] == reached
    who.acts(conversation, closing)
    assert who.sees(conversation)["stage"]["position"] is None
    assert deal_of(who, conversation)["reached"] == before["reached"]


def test_offers_are_listed_in_order_with_the_accepted_one(db: None) -> None:
    deal = make_deal("payment_pending")
    found = deal_of(person(deal.influencer), str(deal.conversation.pk))
    assert all(set(offer) == OFFER for offer in found["offers"])
    shown = [(one["number"], one["kind"], one["amount"], one["proposer_role"]) for one in found["offers"]]
    assert shown == [
        (1, "offer", "1000.00", "brand_owner"),
        (2, "counter", "1500.00", "influencer"),
        (3, "final", "1200.00", "brand_owner"),
    ]
    assert [one["accepted_at"] is not None for one in found["offers"]] == [False, False, True]
    assert (found["agreed_price"], found["payment_status"]) == ("1200.00", None)


def test_both_parties_see_the_same_without_the_payers_data(db: None) -> None:
    deal = make_deal("payment_pending")
    deal.order()
    seen = [deal_of(person(who), str(deal.conversation.pk)) for who in (deal.brand_owner, deal.influencer)]
    assert seen[0] == seen[1]
    assert seen[0]["payment_status"] == "open"
    money = {"payment_status", "order_id", "paid_amount", "refunded_amount", "dispute"}
    assert set(seen[0]) == {"currency", "offers", "agreed_price", "stages", "reached"} | money


def test_a_payment_is_shown(db: None) -> None:
    deal = make_deal("payment_completed")
    found = deal_of(person(deal.influencer), str(deal.conversation.pk))
    assert (found["payment_status"], found["paid_amount"], found["refunded_amount"]) == ("paid", "1200.00", "0.00")


def test_strangers_get_404_and_operators_can_view(
    brand: Person, influencer: Person, stranger: Person, operator: Person
) -> None:
    conversation = brand.opens_bid_with(influencer)
    refused(stranger.api.get(f"/api/conversations/{conversation}/deal"), 404, "not_found")
    assert deal_of(operator, conversation)["offers"] == []
