"""The chain of offers reveals changes that were made without the application."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from conversations.models import Conversation
from deals.models import Acceptance, Deal, Offer
from deals.offers import chain_errors, hash_of
from foundation.ids import uuid7
from tests.deals import make_deal

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def deal(db, sent_hints):
    make_deal("influencer_price_response")
    return make_deal("payment_pending")


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def db_id(row):
    return row.pk.hex if connection.vendor == "sqlite" else row.pk


def offer(deal, number):
    return Offer.objects.get(conversation=deal.conversation, number=number)


def test_the_applications_own_offers_are_valid(deal):
    out = io.StringIO()
    call_command("verify_offers", stdout=out)
    assert out.getvalue() == "4 offers are unchanged.\n"
    assert list(chain_errors()) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("amount", 1),
        ("currency", "USD"),
        ("kind", "offer"),
        ("round", 7),
        ("proposer_role", "influencer"),
        ("lapses_at", None),
        ("answers_id", None),
        ("created_at", "2020-01-01 00:00:00+00:00"),
        ("previous_hash", "0" * 64),
        ("hash", "0" * 64),
    ],
)
def test_a_changed_offer_is_found(deal, column, value):
    sql(f"UPDATE deals_offer SET {column} = %s WHERE id = %s", value, db_id(offer(deal, 3)))
    assert {fault.conversation_id for fault in chain_errors()} == {deal.conversation.pk}
    with pytest.raises(CommandError):
        call_command("verify_offers", stdout=io.StringIO())


def test_an_offer_changed_with_its_hash_is_found_by_its_successors(deal):
    for number, shown in ((1, "does not follow"), (3, "does not match its acceptance")):
        changed = offer(deal, number)
        changed.amount = 5
        sql("UPDATE deals_offer SET amount = 5, hash = %s WHERE id = %s", hash_of(changed), db_id(changed))
        assert any(shown in error.message for error in chain_errors())


def test_a_deleted_offer_is_found(deal):
    middle = offer(deal, 2)
    sql("UPDATE deals_offer SET answers_id = NULL WHERE answers_id = %s", db_id(middle))
    sql("DELETE FROM deals_offer WHERE id = %s", db_id(middle))
    assert [error.message for error in chain_errors()] == ["offer 2 is missing"]


def test_an_inserted_offer_is_found(deal):
    last = offer(deal, 3)
    forged = Offer(
        pk=uuid7(),
        conversation=deal.conversation,
        number=4,
        kind="final",
        amount=1,
        currency="INR",
        round=1,
        proposer=deal.brand_owner,
        proposer_role="brand_owner",
        previous_hash=last.hash,
    )
    forged.hash = hash_of(forged)
    forged.save()
    assert [error.message for error in chain_errors()] == [
        "offer 3 was accepted, but another offer follows it",
        "the newest offer is not the last offer of the deal",
    ]


def test_a_changed_current_offer_is_found(deal):
    Deal.objects.filter(pk=deal.conversation.pk).update(last_offer=offer(deal, 1))
    assert [error.message for error in chain_errors()] == ["the newest offer is not the last offer of the deal"]


def test_deleting_a_conversation_deletes_its_offers(deal):
    deal.order()
    Conversation.objects.get(pk=deal.conversation.pk).delete()
    assert not Offer.objects.filter(conversation=deal.conversation.pk).exists()
    assert not Acceptance.objects.exists()


def test_offers_without_a_deal_are_found(deal):
    Deal.objects.filter(pk=deal.conversation.pk).delete()
    assert [error.message for error in chain_errors()] == ["there are offers but no deal"]


def test_a_deal_with_an_offer_of_another_deal_is_found(deal):
    Deal.objects.filter(pk=make_deal("influencer_responding").conversation.pk).update(last_offer=offer(deal, 3))
    assert [error.message for error in chain_errors()] == ["the newest offer is not the last offer of the deal"]
