"""Reads of users and their login sessions."""

import uuid
from collections.abc import Iterable, Iterator

from django.db.models import Exists, OuterRef

from accounts.models import SYSTEM_USER_ID, LoginSession, NameWord, User
from accounts.reserved_names import is_reserved
from foundation.ids import parse_id

CHUNK = 500


def find_user(user_id: object) -> User | None:
    """Return the user with this id, or None. The id can be any value from a client. Never returns the system user."""
    parsed = parse_id(user_id)
    if parsed is None or parsed == SYSTEM_USER_ID:
        return None
    return User.objects.filter(pk=parsed).first()


def dead_sessions(session_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Return the ids of sessions that have ended or expired, or whose user is blocked, inactive or deleted."""
    asked = set(session_ids)
    if not asked:
        return set()
    alive = LoginSession.objects.live().filter(pk__in=asked, user__is_blocked=False, user__is_active=True)
    return asked - set(alive.values_list("pk", flat=True))


def user_of_session(session_id: uuid.UUID) -> User | None:
    """Return the user of a login session, or None if the session has ended or the user cannot log in."""
    session = LoginSession.objects.live().select_related("user").filter(pk=session_id).first()
    return None if session is None or session.has_ended or not session.user.may_log_in else session.user


def users_with_reserved_names() -> Iterator[User]:
    """Yield the users whose stored name is reserved, oldest first."""
    for user in User.objects.exclude(pk=SYSTEM_USER_ID).order_by("pk").iterator(chunk_size=CHUNK):
        if is_reserved(user.name):
            yield user


def users_with_wrong_words() -> list[uuid.UUID]:
    """Return the ids of users whose search words differ from their names, including deleted users with search words."""
    users = User.objects.exclude(pk=SYSTEM_USER_ID).order_by("pk")
    wrong: set[uuid.UUID] = set()
    chunk = list(users[:CHUNK].values_list("pk", flat=True))
    while chunk:
        for rows in NameWord.objects.faults_of(chunk):
            wrong |= {one.user_id for one in rows}
        chunk = list(users.filter(pk__gt=chunk[-1])[:CHUNK].values_list("pk", flat=True))
    gone = NameWord.objects.exclude(Exists(User.objects.filter(pk=OuterRef("user_id"))))
    return sorted(wrong | set(gone.values_list("user_id", flat=True)))
