"""Factories for the objects that tests start with."""

from itertools import count
from typing import Any

from accounts import services
from accounts.models import User
from accounts.services import LoginResult
from tests.harness.people import PASSWORD

_numbers = count(1)


def make_user(role: str = "influencer", **fields: Any) -> User:
    """Create a user with the password `PASSWORD`, unless another password is passed."""
    number = next(_numbers)
    given = {"email": f"{role}{number}@example.com", "name": f"{role.title()} {number}", "password": PASSWORD}
    return User.objects.create_user(**given | fields, role=role)


def make_staff(**fields: Any) -> User:
    return make_user("brand_owner", **{"is_staff": True, "is_superuser": True} | fields)


def log_in(user: User) -> LoginResult:
    return services.log_in(email=user.email, password=PASSWORD)


def login(user: User) -> str:
    """Start a login session and return its access token."""
    return log_in(user).access
