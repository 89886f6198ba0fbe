"""The receiver of a system message, and the name of its sender."""

import pytest

from accounts.models import SYSTEM_USER_ID
from conversations.flows import Role
from conversations.flows.decisions import SystemMessage as SystemText
from conversations.locking import lock_conversation
from conversations.selectors import participants_of
from messaging.opening import open_direct
from messaging.system_messages import post_system_message, write_system_message
from realtime import unit_of_work
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_an_operators_message_goes_to_the_awaited_party(deal):
    posted = post_system_message(conversation_id=deal.conversation.pk, text="Maintenance")
    assert (posted.sender_id, posted.receiver_id) == (SYSTEM_USER_ID, deal.awaited.pk)
    assert (posted.message_type, posted.is_automated, posted.action_required) == ("system", True, False)
    assert posted.action_data is None


def test_in_a_closed_deal_the_receiver_is_the_opener(deal):
    deal.act("reject")
    assert deal.now.is_closed
    assert post_system_message(conversation_id=deal.conversation.pk, text="…").receiver == deal.brand_owner


def test_in_a_direct_conversation_the_receiver_is_the_first_participant():
    opened = open_direct(opener=make_user(), other_id=make_user().pk).conversation
    posted = post_system_message(conversation_id=opened.pk, text="Maintenance")
    assert posted.receiver_id == participants_of(opened)[0].user_id


def test_a_message_of_a_flow_is_sent_by_one_role_to_the_other(deal):
    prompt = deal.now.current_action_data
    content = SystemText(text="An offer", sender=Role.INFLUENCER, receiver=Role.BRAND_OWNER, action_data=prompt)
    with unit_of_work():
        conversation = lock_conversation(deal.conversation.pk)
        written = write_system_message(
            conversation=conversation, participants=participants_of(conversation), content=content
        )
    assert (written.sender_id, written.receiver_id) == (deal.influencer.pk, deal.brand_owner.pk)
    assert (written.action_required, written.action_data) == (True, prompt)


def test_two_messages_in_one_transaction_are_both_unread(deal):
    content = SystemText(text="Twice", sender=Role.SYSTEM, receiver=Role.BRAND_OWNER, action_data=None)
    with unit_of_work():
        conversation = lock_conversation(deal.conversation.pk)
        participants = participants_of(conversation)
        before = {one.user_id: one.unread_count for one in participants}
        for _ in range(2):
            write_system_message(conversation=conversation, participants=participants, content=content)
    now = {one.user_id: one.unread_count for one in participants_of(conversation)}
    assert now == {user_id: count + 2 for user_id, count in before.items()}
