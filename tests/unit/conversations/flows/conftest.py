"""A deal with an offer on the table, for decisions of the flow."""

from dataclasses import replace

import pytest

from conversations.flows import Facts, Flow, Offer, OfferKind, Role, get_flow


@pytest.fixture
def deal() -> Flow:
    return get_flow("deal", 2)


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
    first = replace(offer, kind=OfferKind.OFFER, amount=100_000, round=0, proposer=Role.BRAND_OWNER, id="first")
    return Facts(state_version=7, brand_owner="Acme", influencer="Asha", last_offer=offer, earlier_offers=(first,))
