"""Creates users in a running installation; this code runs in its `manage.py shell`."""

from datetime import timedelta

from django.db import transaction

from accounts.models import LoginSession, User
from accounts.tokens import issue
from foundation import clock


@transaction.atomic
def create_users(wanted: list[tuple[str, str]]) -> list[dict[str, str]]:
    """Create logged-in users, by role and name, in the form that `Person` expects."""
    first = User.objects.count()
    return [_create(role, number, name) for number, (role, name) in enumerate(wanted, first)]


def _create(role: str, number: int, name: str) -> dict[str, str]:
    """Create a user without a password, because hashing a password is slow."""
    user = User.objects.create_user(f"{role}{number}@example.com", role=role, name=name)
    session = LoginSession.of(user)
    with clock.moved(-timedelta(days=1)):
        expired = issue(session).access
    tokens = issue(session)
    return {
        "id": str(user.pk),
        "email": user.email,
        "name": name,
        "role": role,
        "access": tokens.access,
        "refresh": tokens.refresh,
        "expired": expired,
    }
