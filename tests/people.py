"""The users of tests that run in the application's own process."""

import pytest

from accounts.models import User
from tests.factories import log_in, make_staff, make_user
from tests.harness.people import Person
from tests.harness.rest import Api


def person(user: User) -> Person:
    """Return this user, logged in."""
    session = log_in(user)
    who = {"id": str(user.pk), "email": user.email, "name": user.name, "role": user.role}
    return Person(**who, access=session.access, refresh=session.refresh, api=Api(session.access))


def user_of(person: Person) -> User:
    return User.objects.get(pk=person.pk)


@pytest.fixture
def brand(db: None) -> Person:
    return person(make_user("brand_owner", name="Anaya"))


@pytest.fixture
def influencer(db: None) -> Person:
    return person(make_user("influencer", name="Mira"))


@pytest.fixture
def stranger(db: None) -> Person:
    return person(make_user("influencer", name="Dev"))


@pytest.fixture
def operator(db: None) -> Person:
    """A staff member who takes part in no conversation."""
    return person(make_staff(name="Operator"))
