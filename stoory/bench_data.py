"""Any number of users with direct conversations, for measurements. `manage.py bench_data` creates them.

This module inserts in bulk the rows that `accounts` and `messaging.opening.open_direct` insert one by one.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.models import LoginSession, Role, User
from accounts.tokens import SESSION_CLAIM, AccessToken
from conversations import flows
from conversations.models import Conversation, Participant, Transition
from conversations.search_index import index_conversations
from conversations.transitions import set_state, transition_of
from foundation import clock
from foundation.database.bulk import send_post_save
from realtime import lock_rooms, unit_of_work

TYPE = "direct"
CHUNK = 500
MIN_LIFETIME = timedelta(hours=12)

Pair = tuple[User, User]


@dataclass(frozen=True)
class BenchData:
    """Conversations, and the access tokens of both users of each conversation, pair after pair."""

    conversations: list[Conversation]
    tokens: list[str]


def make(pairs: int) -> BenchData:
    """Return the first `pairs` conversations, with new login sessions of their users. Creates missing rows."""
    found = people(2 * pairs)
    return BenchData(conversations_of(list(zip(found[::2], found[1::2], strict=True))), log_in(found))


def write(data: BenchData, directory: Path) -> None:
    """Write the files `tokens.txt` and `rooms.txt`, which only their owner can read.

    Line k of `rooms.txt`, counted from 0, is the id of conversation k. Lines 2k and 2k + 1 of `tokens.txt` are the
    tokens of its users.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for name, lines in (("tokens.txt", data.tokens), ("rooms.txt", [str(one.pk) for one in data.conversations])):
        path = directory / name
        path.touch(mode=0o600)
        path.write_text("".join(f"{line}\n" for line in lines))


def people(count: int) -> list[User]:
    """Return the first `count` users, and create missing users. Nobody knows their passwords."""
    emails = [f"bench-{number:06}@example.com" for number in range(count)]
    there = User.objects.in_bulk(emails, field_name="email")
    password = make_password(secrets.token_urlsafe())
    User.objects.bulk_create(
        [
            User(email=email, name=f"Bench {number}", password=password, role=_role(number))
            for number, email in enumerate(emails)
            if email not in there
        ],
        batch_size=CHUNK,
    )
    there = User.objects.in_bulk(emails, field_name="email")
    return [there[email] for email in emails]


def _role(number: int) -> str:
    return Role.INFLUENCER if number % 2 else Role.BRAND_OWNER


def conversations_of(pairs: Sequence[Pair]) -> list[Conversation]:
    """Return the direct conversation of each pair, and open missing conversations."""
    by_key = {_key(pair): pair for pair in pairs}
    there = set(Conversation.objects.filter(unique_key__in=by_key).values_list("unique_key", flat=True))
    missing = [pair for key, pair in by_key.items() if key not in there]
    for start in range(0, len(missing), CHUNK):
        _open(missing[start : start + CHUNK])
    found = Conversation.objects.in_bulk(list(by_key), field_name="unique_key")
    return [found[_key(pair)] for pair in pairs]


def _key(pair: Pair) -> str:
    return ":".join([TYPE, *sorted(str(user.pk) for user in pair)])


def _open(pairs: Sequence[Pair]) -> None:
    flow = flows.flow_for(TYPE)
    decision = flows.opening(flow, TYPE, flows.Facts(currency=settings.DEFAULT_CURRENCY))
    conversations = [_conversation(flow, decision, pair) for pair in pairs]
    with unit_of_work():
        Conversation.objects.bulk_create(conversations)
        Participant.objects.bulk_create(
            Participant(conversation=one, user=user, role=role.value, last_activity_at=one.created_at)
            for one, pair in zip(conversations, pairs, strict=True)
            for user, role in zip(sorted(pair, key=lambda user: user.pk), flow.parties, strict=True)
        )
        index_conversations([one.pk for one in conversations])
        lock_rooms(*(one.room for one in conversations))
        _record(
            [
                transition_of(conversation=conversation, change=change, actor=opener)
                for conversation, (opener, _) in zip(conversations, pairs, strict=True)
                for change in decision.state_changes
            ]
        )


def _record(transitions: list[Transition]) -> None:
    """Insert all transitions in one statement, and send `post_save` for each."""
    Transition.objects.bulk_create(transitions)
    send_post_save(transitions)


def _conversation(flow: flows.Flow, decision: flows.Decision, pair: Pair) -> Conversation:
    conversation = Conversation(
        conversation_type=TYPE,
        currency=settings.DEFAULT_CURRENCY,
        unique_key=_key(pair),
        flow_name=flow.name,
        flow_version=flow.version,
    )
    set_state(conversation, decision.conversation_state, decision.facts.state_version)
    return conversation


@transaction.atomic
def log_in(users: Sequence[User]) -> list[str]:
    """Begin a login session for each user. Returns their access tokens, which are valid for at least `MIN_LIFETIME`."""
    lifetime = max(settings.ACCESS_TOKEN_LIFETIME, MIN_LIFETIME)
    sessions = [LoginSession.of(user, expires_at=clock.now() + lifetime) for user in users]
    LoginSession.objects.bulk_create(sessions, batch_size=CHUNK)
    return [_token(session, lifetime) for session in sessions]


def _token(session: LoginSession, lifetime: timedelta) -> str:
    token = AccessToken.for_user(session.user)
    token.set_exp(from_time=token.current_time, lifetime=lifetime)
    token[SESSION_CLAIM] = str(session.pk)
    return str(token)
