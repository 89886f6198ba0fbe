"""`manage.py bench_data` creates in bulk the same rows that the services create one by one."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.forms import model_to_dict

from accounts.models import User
from accounts.services import Identity, authenticate_token
from conversations.models import Conversation, Participant, Transition
from foundation.json import from_json
from messaging.opening import open_direct
from messaging.requests import SendMessageRequest
from messaging.sending import send_message
from realtime.event_log import read
from tests.factories import make_user

pytestmark = pytest.mark.django_db

OWN = {"id", "unique_key", "conversation", "actor", "user", "last_activity_at", "conversation_id", "timestamp", "seq"}


def make(pairs: int, out: Path) -> tuple[list[Identity], list[str]]:
    call_command("bench_data", pairs=pairs, out=out, verbosity=0)
    tokens = (out / "tokens.txt").read_text().splitlines()
    return [authenticate_token(token) for token in tokens], (out / "rooms.txt").read_text().splitlines()


def test_tokens_belong_to_the_people_of_the_conversations(tmp_path: Path) -> None:
    identities, rooms = make(3, tmp_path)
    assert len(identities) == 6
    assert len({one.user.pk for one in identities}) == 6
    for number, room in enumerate(rooms):
        both = {identities[2 * number].user.pk, identities[2 * number + 1].user.pk}
        assert set(Participant.objects.filter(conversation_id=room).values_list("user_id", flat=True)) == both


def test_only_the_owner_reads_the_tokens(tmp_path: Path) -> None:
    make(1, tmp_path)
    assert (tmp_path / "tokens.txt").stat().st_mode & 0o777 == 0o600


def test_nobody_can_log_in_as_a_created_user(tmp_path: Path) -> None:
    (first, _), _ = make(1, tmp_path)
    assert first.user.password.count("$") >= 2
    assert not first.user.check_password("")


def test_a_second_run_opens_missing_conversations_only(tmp_path: Path) -> None:
    before, rooms = make(2, tmp_path / "first")
    after, more = make(4, tmp_path / "second")
    assert more[:2] == rooms
    assert [one.user for one in after[:4]] == [one.user for one in before]
    assert Conversation.objects.count() == 4
    assert User.objects.filter(email__startswith="bench-").count() == 8
    assert not {one.session_id for one in before} & {one.session_id for one in after}


def _content(row: object) -> dict[str, object]:
    return {key: value for key, value in model_to_dict(row).items() if key not in OWN}


def _without_own(data: object) -> object:
    if not isinstance(data, dict):
        return data
    return {key: _without_own(value) for key, value in data.items() if key not in OWN}


def _as_it_stands(conversation: Conversation) -> list[object]:
    places = conversation.participants.order_by("user_id")
    steps = Transition.objects.filter(conversation=conversation)
    events = [(one.seq, one.event, _without_own(from_json(one.data))) for one in read(conversation.room, after=0)]
    return [_content(conversation), [_content(one) for one in places], [_content(one) for one in steps], events]


def test_a_conversation_equals_one_that_the_service_opened(tmp_path: Path) -> None:
    _, (room,) = make(1, tmp_path)
    ordinary = open_direct(opener=make_user(), other_id=make_user().pk).conversation
    assert _as_it_stands(Conversation.objects.get(pk=room)) == _as_it_stands(ordinary)


def test_the_service_finds_the_conversation_of_a_pair(tmp_path: Path) -> None:
    (first, second), (room,) = make(1, tmp_path)
    opened = open_direct(opener=second.user, other_id=first.user.pk)
    assert not opened.created
    assert str(opened.conversation.pk) == room
    sent = send_message(sender=first.user, data=SendMessageRequest(conversation_id=room, message="Hello!"))
    assert [one.seq for one in read(opened.conversation.room, after=0)] == [1, 2, 3]
    assert sent.message.receiver_id == second.user.pk


def test_no_pairs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        call_command("bench_data", pairs=0, out=tmp_path)
