"""Accounts: e-mail addresses, logins, the system user, and commands."""

import io
import threading

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from accounts import services
from accounts.errors import NotAuthenticated, UserBlocked
from accounts.models import SYSTEM_USER_ID, LoginSession, User
from accounts.payloads import PersonPayload, UserPayload
from accounts.selectors import find_user
from foundation.clock import rfc3339
from foundation.errors import Invalid
from foundation.ids import uuid7
from tests.factories import PASSWORD, log_in, make_user

pytestmark = pytest.mark.django_db

ANN = {"email": "ann@example.com", "password": "correct-Horse-7", "name": "Ann", "role": "influencer"}


# --- Addresses ---


def test_an_address_is_always_stored_in_one_spelling():
    assert make_user(email=" Ann@Example.com ").email == "ann@example.com"
    assert User.objects.create(email="BOB@example.com", name="Bob").email == "bob@example.com"
    assert User.objects.get_by_natural_key("ANN@EXAMPLE.COM ").name


def test_the_database_rejects_addresses_that_differ_in_case_only():
    user, other = make_user(), make_user()
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=user.pk).update(email=other.email.upper())
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=user.pk).update(email=other.email)


# --- Registering ---


def test_registering_logs_in():
    result = services.register(**ANN)
    assert services.authenticate_token(result.access).user == result.user
    assert (result.user.role, result.user.is_staff, result.user.is_superuser) == ("influencer", False, False)
    assert services.log_in(email=ANN["email"], password=ANN["password"]).user == result.user


@pytest.mark.parametrize("email", ["ann@example.com", " ANN@Example.com"])
def test_an_address_has_one_account(email):
    services.register(**ANN)
    with pytest.raises(Invalid) as refused:
        services.register(**ANN | {"email": email})
    assert list(refused.value.errors) == ["email"]
    assert User.objects.filter(email=ANN["email"]).count() == 1


@pytest.mark.parametrize("password", ["short", "password", "12345678901", "ann@example.com"])
def test_weak_passwords_are_refused(password):
    with pytest.raises(Invalid) as refused:
        services.register(**ANN | {"password": password})
    assert list(refused.value.errors) == ["password"]
    assert find_user(None) is None
    assert not User.objects.filter(email=ANN["email"]).exists()


@pytest.mark.django_db(transaction=True)
def test_concurrent_registrations_of_one_address_create_one_account():
    outcomes = []

    def register():
        try:
            outcomes.append(services.register(**ANN).user.email)
        except Invalid:
            outcomes.append(None)
        finally:
            connection.close()

    threads = [threading.Thread(target=register) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes, key=bool) == [None] * 4 + [ANN["email"]]
    assert LoginSession.objects.count() == 1


# --- Logging in ---


def test_logging_in_by_any_spelling_of_the_address():
    user = make_user(email="ann@example.com")
    assert services.log_in(email=" ANN@example.com", password=PASSWORD).user == user


@pytest.mark.parametrize(("email", "password"), [("ann@example.com", "wrong"), ("nobody@example.com", PASSWORD)])
def test_wrong_address_and_wrong_password_look_alike(email, password, monkeypatch):
    make_user(email="ann@example.com")
    hashed = []
    monkeypatch.setattr(
        "django.contrib.auth.hashers.MD5PasswordHasher.encode",
        lambda self, password, salt: hashed.append(password) or f"md5${salt}$0",
    )
    with pytest.raises(NotAuthenticated) as refused:
        services.log_in(email=email, password=password)
    assert refused.value.body() == {
        "success": False,
        "code": "not_authenticated",
        "message": "Wrong e-mail or password.",
    }
    assert hashed == [password]


@pytest.mark.parametrize("state", [{"is_blocked": True}, {"is_active": False}])
def test_a_block_is_reported_only_with_the_right_password(state):
    user = make_user(**state)
    with pytest.raises(UserBlocked):
        log_in(user)
    with pytest.raises(NotAuthenticated):
        services.log_in(email=user.email, password="wrong")
    assert not LoginSession.objects.exists()


def test_users_without_a_password_cannot_log_in():
    user = make_user(password=None)
    for password in ("", "!", user.password):
        with pytest.raises(NotAuthenticated):
            services.log_in(email=user.email, password=password)


# --- The system user ---


def test_the_system_user_exists_and_cannot_log_in():
    system = User.objects.get(pk=SYSTEM_USER_ID)
    assert (system.role, system.may_log_in, system.has_usable_password()) == ("system", False, False)
    for password in ("", "!"):
        with pytest.raises(NotAuthenticated):
            services.log_in(email=system.email, password=password)


@pytest.mark.django_db(transaction=True)
def test_flush_and_migrate_restore_the_system_user():
    make_user()
    call_command("flush", interactive=False, verbosity=0)
    assert [user.pk for user in User.objects.all()] == [SYSTEM_USER_ID]
    User.objects.filter(pk=SYSTEM_USER_ID).update(name="Renamed")
    call_command("migrate", verbosity=0)
    assert User.objects.get(pk=SYSTEM_USER_ID).name == "Renamed"


# --- Reading ---


def test_finding_a_user():
    user = make_user()
    assert find_user(user.pk) == find_user(str(user.pk)) == find_user(str(user.pk).upper()) == user
    for unknown in (SYSTEM_USER_ID, str(SYSTEM_USER_ID), uuid7(), "nonsense", None, 7, []):
        assert find_user(unknown) is None


def test_addresses_are_hidden_from_others():
    user = make_user(name="Ann")
    assert PersonPayload.model_validate(user).model_dump() == {
        "id": str(user.pk),
        "name": "Ann",
        "role": "influencer",
    }
    assert UserPayload.model_validate(user).model_dump() == {
        "id": str(user.pk),
        "email": user.email,
        "name": "Ann",
        "role": "influencer",
        "findable": True,
        "created_at": rfc3339(user.created_at),
    }


# --- Commands ---


def test_a_superuser_needs_only_an_address(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", email="Root@Example.com", interactive=False, stdout=io.StringIO())
    root = User.objects.get(email="root@example.com")
    assert (root.is_staff, root.is_superuser, root.name) == (True, True, "root")
    assert log_in(root).user == root


def test_a_new_role_can_be_stored():
    make_user("agency", email="agency@example.com")
    assert User.objects.get(email="agency@example.com").role == "agency"
