"""The command that compares unread counts with the messages."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from conversations.models import Participant
from messaging.editing import delete_message
from messaging.models import Message
from messaging.opening import open_direct
from messaging.read_marks import mark_read
from messaging.requests import MarkReadRequest
from messaging.unread_counts import WrongCount, wrong_counts
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def places() -> list[Participant]:
    """Two participants of a conversation after many operations."""
    one, two = make_user("brand_owner"), make_user("influencer")
    chat = open_direct(opener=one, other_id=str(two.pk)).conversation
    sent = [Message.objects.create(conversation=chat, sender=one, message=f"Number {n}") for n in range(4)]
    mark_read(user=two, conversation_id=chat.pk, data=MarkReadRequest(up_to=str(sent[1].pk)))
    Message.objects.create(conversation=chat, sender=two, message="An answer")
    delete_message(user=one, message_id=sent[3].pk)
    return list(chat.participants.order_by("pk"))


def verify(*options: str) -> str:
    out = StringIO()
    call_command("verify_unread", *options, stdout=out)
    return out.getvalue()


def test_normal_use_keeps_the_counts_right(places):
    assert {place.unread_count for place in places} == {1}
    assert "All unread counts are correct" in verify()


def test_a_wrong_count_is_reported_and_repaired(places):
    wrong = places[0]
    Participant.objects.filter(pk=wrong.pk).update(unread_count=7)
    assert wrong_counts() == [WrongCount(wrong.pk, 7, 1)]
    with pytest.raises(CommandError, match="1 unread counts are wrong"):
        verify()
    assert Participant.objects.get(pk=wrong.pk).unread_count == 7
    assert "1 repaired" in verify("--repair")
    assert Participant.objects.get(pk=wrong.pk).unread_count == 1
    assert wrong_counts() == []
