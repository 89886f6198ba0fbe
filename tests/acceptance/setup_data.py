"""Data that only these tests need in a running installation; this code runs there, in `manage.py shell`."""

from datetime import timedelta

from accounts.models import LoginSession, User
from accounts.tokens import AccessToken, issue
from tests.harness.people import PASSWORD

OPERATOR = "operator@example.com"


def make_short_tokens(user_id: str, seconds: int, number: int) -> list[str]:
    """Create access tokens that expire soon, each for its own login session."""
    user = User.objects.get(pk=user_id)
    return [_short(issue(LoginSession.of(user)).access, timedelta(seconds=seconds)) for _ in range(number)]


def _short(encoded: str, lifetime: timedelta) -> str:
    token = AccessToken(encoded)
    token.set_exp(lifetime=lifetime)
    return str(token)


def make_operator() -> None:
    User.objects.create_superuser(OPERATOR, PASSWORD, name="Operator")
