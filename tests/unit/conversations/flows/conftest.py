"""A deal with an offer on the table, for decisions of the flow."""

import pytest

from conversations.flows import Facts, Flow, Offer, OfferKind, Role, get_flow


@pytest.fixture
def deal() -> Flow:
    return get_flow("deal", 1)


@pytest.fixture
def offer() -> Offer:
    return Offer(
        kind=OfferKind.COUNTER,
        amount=150_000,
        currency="INR",
        round=1,
        proposer=Role.INFLUENCER,
        id="second",
    )


@pytest.fixture
def facts(offer: Offer) -> Facts:
    return Facts(state_version=7, brand_owner="Acme", influencer="Asha", last_offer=offer)
