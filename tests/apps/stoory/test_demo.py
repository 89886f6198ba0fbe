"""The demo data: realistic, in many states, and valid by every rule of the application."""

import re

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django.fixtures import Settings

from accounts.models import User
from conversations.models import Conversation
from foundation import clock
from messaging.models import Message
from messaging.unread_counts import count_unread
from notifications.models import Notification
from stoory import demo


@pytest.fixture
def made(db: None) -> None:
    demo.make()


def test_conversations_are_in_many_states(made: None) -> None:
    states = set(Conversation.objects.values_list("flow_state", flat=True))
    assert {"influencer_responding", "influencer_price_input", "payment_pending", "work_submitted"} <= states
    assert {"real_time", "chat_closed"} <= states
    assert set(Conversation.objects.values_list("conversation_type", flat=True)) == {"direct", "bid", "campaign"}


def test_a_refund_and_a_dispute_are_played(made: None) -> None:
    assert Conversation.objects.filter(flow_state="payment_disputed").exists()
    assert Message.objects.filter(message="INR 1500.00 of the payment was refunded. INR 4500.00 remains.").exists()


def test_messages_are_in_the_past_and_in_order(made: None) -> None:
    for conversation in Conversation.objects.all():
        moments = list(conversation.messages.order_by("seq").values_list("created_at", flat=True))
        assert moments == sorted(moments)
        assert moments[-1] <= clock.now()
        assert conversation.due_at is None or conversation.due_at > clock.now()


def test_unread_counts_and_notifications_agree_with_the_messages(made: None) -> None:
    counts = {}
    for conversation in Conversation.objects.all():
        for place in conversation.participants.all():
            assert place.unread_count == count_unread(place)
            counts[place.user_id] = counts.get(place.user_id, 0) + place.unread_count
    assert 0 < sum(counts.values()) < Message.objects.count()
    for user_id, unread in counts.items():
        assert Notification.objects.filter(user_id=user_id, read_at=None).count() <= unread


def test_the_two_sides_of_the_demo_page_can_make_a_deal(made: None) -> None:
    roles = [User.objects.get(email=person.email).role for person in demo.DEAL_PEOPLE]
    assert roles == ["brand_owner", "influencer"]


def test_the_demo_data_is_created_once(db: None, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.DEBUG = True
    call_command("demo")
    before = Message.objects.count()
    assert "already" not in capsys.readouterr().out
    call_command("demo")
    assert Message.objects.count() == before
    assert "already" in capsys.readouterr().out


@pytest.mark.parametrize("exists", [False, True])
def test_the_accounts_are_listed_with_their_password(
    db: None, settings: Settings, capsys: pytest.CaptureFixture[str], exists: bool
) -> None:
    settings.DEBUG = True
    if exists:
        demo.make()
    call_command("demo")
    said = capsys.readouterr().out
    for person in demo.PEOPLE:
        assert person.email in said
        assert person.name in said
    assert f"{demo.ADMIN}" in said
    for email in re.findall(r"\S+@example\.com", said):
        assert User.objects.get(email=email).check_password(re.search(r"password (\S+)", said)[1])


def test_the_command_is_refused_in_production(db: None, settings: Settings) -> None:
    settings.DEBUG = False
    with pytest.raises(CommandError):
        call_command("demo")
    assert not demo.exists()
