"""Reads of users and their login sessions."""

import uuid
from collections.abc import Iterable

from accounts.models import SYSTEM_USER_ID, LoginSession, User
from foundation.ids import parse_id


def find_user(user_id: object) -> User | None:
    """The user with this id, whatever a client wrote for it; never the system user."""
    parsed = parse_id(user_id)
    if parsed is None or parsed == SYSTEM_USER_ID:
        return None
    return User.objects.filter(pk=parsed).first()


def dead_sessions(session_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the sessions that have ended or expired, or whose user is blocked, inactive or gone."""
    asked = set(session_ids)
    if not asked:
        return set()
    alive = LoginSession.objects.live().filter(pk__in=asked, user__is_blocked=False, user__is_active=True)
    return asked - set(alive.values_list("pk", flat=True))
