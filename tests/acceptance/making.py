"""Makes people in a running installation; runs there, in `manage.py shell`."""

from datetime import timedelta

from django.db import transaction

from accounts.models import LoginSession, User
from accounts.tokens import AccessToken, issue
from foundation import clock

PASSWORD = "correct-Horse-7"
OPERATOR = "operator@example.com"


@transaction.atomic
def make_pairs(number: int) -> list[list[dict[str, str]]]:
    """Pairs of people who are logged in, one of each role."""
    first = User.objects.count()
    roles = ("brand_owner", "influencer")
    return [[_make(role, n, f"{role} {n}") for role in roles] for n in range(first, first + number)]


@transaction.atomic
def make_people(wanted: list[tuple[str, str]]) -> list[dict[str, str]]:
    """People who are logged in, by role and name."""
    first = User.objects.count()
    return [_make(role, number, name) for number, (role, name) in enumerate(wanted, first)]


def _make(role: str, number: int, name: str) -> dict[str, str]:
    """Somebody without a password: that would take its time."""
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
        "token": tokens.access,
        "refresh": tokens.refresh,
        "expired": expired,
    }


def make_short_tokens(user_id: str, seconds: int, number: int) -> list[str]:
    """Access tokens that expire soon, each of a login session of its own."""
    user = User.objects.get(pk=user_id)
    return [_short(issue(LoginSession.of(user)).access, timedelta(seconds=seconds)) for _ in range(number)]


def _short(encoded: str, lifetime: timedelta) -> str:
    token = AccessToken(encoded)
    token.set_exp(lifetime=lifetime)
    return str(token)


def make_operator() -> None:
    User.objects.create_superuser(OPERATOR, PASSWORD, name="Operator")
