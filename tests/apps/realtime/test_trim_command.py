"""The command that drops old events."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from foundation import clock
from messaging.models import Message
from messaging.opening import open_direct
from realtime.models import Room, RoomEvent
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def trim() -> str:
    out = StringIO()
    call_command("trim_events", stdout=out)
    return out.getvalue()


def test_expired_events_are_deleted_and_messages_stay(settings):
    one, two = make_user("brand_owner"), make_user("influencer")
    chat = open_direct(opener=one, other_id=str(two.pk)).conversation
    Message.objects.create(conversation=chat, sender=one, message="Hello")
    assert trim().startswith("0 ")
    old = RoomEvent.objects.filter(room__name=chat.room)
    number = old.update(created_at=clock.now() - settings.EVENT_RETENTION - timedelta(seconds=1))
    assert trim().startswith(f"{number} ")
    assert not old.exists()
    room = Room.objects.get(name=chat.room)
    assert room.floor == room.last_seq
    assert Message.objects.get().message == "Hello"
