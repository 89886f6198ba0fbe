"""Failed attempts are rate limited; successful logins are not."""

import pytest
from django.conf import settings as project_settings

from accounts import rate_limits
from foundation.rate_limits import Bucket
from tests.factories import PASSWORD, login, make_staff, make_user
from tests.harness.rest import Api, InProcess

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rate_limits")]

FAILURES = project_settings.LOGIN_FAILURES_PER_MINUTE
OF_ADDRESS = project_settings.LOGIN_FAILURES_PER_MINUTE_OF_ADDRESS
REGISTRATIONS = project_settings.REGISTRATIONS_PER_MINUTE_OF_ADDRESS


def attempt(email: str, password: str = "wrong", address: str = "192.0.2.1"):
    return Api(transport=InProcess(REMOTE_ADDR=address)).post("/api/auth/token", {"email": email, "password": password})


def fail(email: str, times: int, address: str = "192.0.2.1") -> None:
    for _ in range(times):
        assert attempt(email, address=address).status_code == 401


def assert_limited(response) -> None:
    assert response.status_code == 429
    assert response.json()["code"] == "rate_limited"
    assert 1 <= int(response["Retry-After"]) <= 61
    assert 0 < response.json()["retry_after"] <= int(response["Retry-After"])


def test_failures_are_limited_for_an_account_from_an_address():
    user, other = make_user(), make_user()
    fail(user.email, FAILURES)
    assert_limited(attempt(user.email))
    assert_limited(attempt(f" {user.email.upper()} "))
    assert_limited(attempt(user.email, PASSWORD))
    assert attempt(other.email, PASSWORD).status_code == 200
    assert attempt(user.email, PASSWORD, address="192.0.2.2").status_code == 200


def test_unknown_accounts_are_limited_alike():
    fail("nobody@example.com", FAILURES)
    assert_limited(attempt("nobody@example.com"))


def test_successful_logins_are_never_limited():
    user = make_user()
    for _ in range(FAILURES * 3):
        assert attempt(user.email, PASSWORD).status_code == 200


def test_invalid_requests_do_not_count_as_attempts():
    user = make_user()
    for _ in range(FAILURES * 2):
        assert attempt(user.email, password=None).status_code == 400
    assert attempt(user.email, PASSWORD).status_code == 200


def test_failures_are_limited_for_an_address():
    for number in range(OF_ADDRESS // FAILURES):
        fail(f"nobody{number}@example.com", FAILURES)
    user = make_user()
    assert_limited(attempt(user.email, PASSWORD))
    assert attempt(user.email, PASSWORD, address="192.0.2.2").status_code == 200


def test_ipv6_addresses_of_one_network_share_a_limit():
    user = make_user()
    for number in range(FAILURES):
        fail(user.email, 1, address=f"2001:db8::{number:x}")
    assert_limited(attempt(user.email, address="2001:db8::ffff"))
    assert attempt(user.email, address="2001:db8:0:1::1").status_code == 401


def test_a_header_of_the_client_does_not_change_its_address():
    user = make_user()
    for number in range(FAILURES):
        given = {"email": user.email, "password": "wrong"}
        Api().post("/api/auth/token", given, headers={"X-Forwarded-For": f"198.51.100.{number}"})
    assert_limited(attempt(user.email, address="127.0.0.1"))


def test_guessing_the_current_password_is_limited():
    api = Api(login(make_user()))
    given = {"current_password": "wrong", "new_password": "another-Horse-8"}
    for _ in range(FAILURES):
        assert api.post("/api/auth/password", given).status_code == 400
    assert_limited(api.post("/api/auth/password", given | {"current_password": PASSWORD}))


def test_the_admins_login_and_the_api_share_a_limit(client):
    staff = make_staff()

    def enter(password: str) -> int:
        return client.post("/admin/login/", {"username": staff.email, "password": password}).status_code

    for _ in range(FAILURES):
        assert enter("wrong") == 200
    assert enter(PASSWORD) == 200  # the same form again
    assert "_auth_user_id" not in client.session
    assert_limited(attempt(staff.email, PASSWORD, address="127.0.0.1"))


def test_registrations_are_limited_for_an_address():
    given = {"email": "x", "password": "x", "name": "x", "role": "x"}
    for _ in range(REGISTRATIONS):
        assert Api().post("/api/auth/register", given).status_code == 400
    assert_limited(Api().post("/api/auth/register", given))
    assert Api(transport=InProcess(REMOTE_ADDR="192.0.2.9")).post("/api/auth/register", given).status_code == 400


@pytest.fixture
def two_requests(monkeypatch):
    monkeypatch.setattr(rate_limits, "REQUESTS", Bucket("requests", 2, 0.1))


@pytest.mark.usefixtures("two_requests")
def test_requests_of_a_user_share_one_limit(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1"  # not used: each process counts in memory
    one, two = Api(login(make_user())), Api(login(make_user()))
    assert one.get("/api/conversations").status_code == 200
    assert one.post("/api/messages", {}).status_code == 400
    for path in ("/api/conversations", "/api/auth/me", "/api/notifications/unread-count"):
        assert_limited(one.get(path))
    assert two.get("/api/conversations").status_code == 200


@pytest.mark.usefixtures("two_requests")
def test_anonymous_requests_do_not_count():
    for _ in range(5):
        assert Api().get("/api/conversations").status_code == 401
        assert Api().get("/api/schema").status_code == 200


def test_limits_can_be_switched_off(settings):
    settings.RATE_LIMITS = False
    fail("nobody@example.com", FAILURES * 2)
    make_user(email="nobody@example.com")
    assert attempt("nobody@example.com", PASSWORD).status_code == 200
