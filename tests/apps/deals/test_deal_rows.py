"""The row `Deal`: which conversations have a deal, what it contains, and when it is written."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.models import Conversation
from deals.models import Deal, Offer
from deals.opening import open_conversation_as
from deals.requests import OpenConversationRequest
from messaging.conversation_selectors import conversation_for
from messaging.opening import open_direct
from operators.interventions import intervene
from operators.requests import InterventionRequest
from tests.deals import make_deal, open_deal
from tests.factories import make_staff, make_user

pytestmark = pytest.mark.django_db


def intervene_in(deal, action):
    intervene(operator=make_staff(), conversation_id=deal.conversation.pk, action=action, data=InterventionRequest())


def row_of(deal):
    return Deal.objects.get(pk=deal.conversation.pk)


@pytest.mark.parametrize("conversation_type", ["bid", "campaign"])
def test_a_conversation_whose_flow_has_actions_has_a_deal(conversation_type):
    deal = open_deal(conversation_type, proposed_amount="18000")
    row = row_of(deal)
    assert (row.proposed_amount, row.last_offer, row.revisions_used) == (1_800_000, None, 0)
    assert (row.due_left, row.remind_left) == (None, None)


def test_a_direct_conversation_has_none():
    opener, other = make_user("brand_owner"), make_user("influencer")
    by_message = open_direct(opener=opener, other_id=other.pk).conversation
    data = OpenConversationRequest(conversation_type="direct", user_id=str(other.pk))
    assert open_conversation_as(opener=opener, data=data).conversation == by_message
    assert not Deal.objects.exists()


def test_an_existing_conversation_keeps_its_deal():
    deal = open_deal(source_id="box-1", proposed_amount="100")
    data = OpenConversationRequest(
        conversation_type="bid",
        influencer_id=str(deal.influencer.pk),
        source_id="box-1",
        proposed_amount="200",
    )
    opened = open_conversation_as(opener=deal.brand_owner, data=data)
    assert (opened.created, opened.conversation) == (False, deal.conversation)
    assert [row.proposed_amount for row in Deal.objects.all()] == [10_000]


def test_a_refused_opening_creates_neither_conversation_nor_deal():
    opener, other = make_user("brand_owner"), make_user("brand_owner")
    data = OpenConversationRequest(conversation_type="bid", influencer_id=str(other.pk), proposed_amount="100")
    with pytest.raises(Exception, match="can open this conversation"):
        open_conversation_as(opener=opener, data=data)
    assert (Conversation.objects.count(), Deal.objects.count()) == (0, 0)


def test_a_deal_contains_the_offers_and_revisions():
    deal = make_deal("work_revision_requested")
    row = row_of(deal)
    assert row.last_offer == Offer.objects.filter(conversation=deal.conversation).last()
    assert row.revisions_used == 1


def test_a_pause_stores_the_rest_of_the_deadline_in_the_deal():
    deal = open_deal()
    due_at, remind_at = deal.now.due_at, deal.now.remind_at
    intervene_in(deal, "pause")
    assert (deal.now.due_at, deal.now.remind_at) == (None, None)
    row = row_of(deal)
    assert timedelta() < row.remind_left < row.due_left
    intervene_in(deal, "resume")
    assert (row_of(deal).due_left, row_of(deal).remind_left) == (None, None)
    assert abs(deal.now.due_at - due_at) < timedelta(minutes=1)
    assert abs(deal.now.remind_at - remind_at) < timedelta(minutes=1)


def test_a_deal_is_written_only_if_an_action_changes_it():
    deal = open_deal()
    with CaptureQueriesContext(connection) as captured:
        deal.act("accept_connection")
    assert [one["sql"] for one in captured if one["sql"].startswith('UPDATE "deals_deal"')] == []
    deal.play_to("brand_owner_pricing")
    with CaptureQueriesContext(connection) as captured:
        deal.act("send_price_offer", {"price": "1000.00"})
    assert len([one["sql"] for one in captured if one["sql"].startswith('UPDATE "deals_deal"')]) == 1


def test_a_deal_is_deleted_with_its_conversation():
    deal = make_deal("influencer_price_response")
    Conversation.objects.get(pk=deal.conversation.pk).delete()
    assert not Deal.objects.exists()


def test_the_next_action_creates_a_missing_deal():
    """A conversation lacks a deal if it was opened before its flow had actions."""
    deal = open_deal()
    Deal.objects.all().delete()
    deal.act("accept_connection")
    assert (row_of(deal).last_offer, row_of(deal).revisions_used) == (None, 0)


def test_a_conversation_without_a_deal_can_be_read_and_operated():
    deal = open_deal()
    Deal.objects.all().delete()
    shown = conversation_for(user=deal.influencer, conversation_id=deal.conversation.pk)
    assert [one["action"] for one in shown.available_actions] == ["accept_connection", "reject_connection"]
    intervene_in(deal, "pause")
    assert row_of(deal).due_left is not None
