"""Accounts over REST: the whole contract of `/api/auth/…`."""

import uuid
from datetime import datetime

import pytest
from django.conf import settings as project_settings
from django.http import HttpResponse

from accounts.models import SYSTEM_USER_ID, LoginSession, User
from foundation.clock import moved
from foundation.database.pipeline import is_postgresql
from tests.factories import PASSWORD, log_in, login, make_staff, make_user
from tests.harness.rest import Api, InProcess
from tests.people import person

pytestmark = pytest.mark.django_db

ANN = {"email": "ann@example.com", "password": "correct-Horse-7", "name": "Ann", "role": "influencer"}
USER_KEYS = {"id", "email", "name", "role", "findable", "created_at"}


def assert_refused(response: HttpResponse, status: int, code: str, *fields: str) -> dict:
    body = response.json()
    assert (response.status_code, body["code"]) == (status, code), body
    assert response["Content-Type"] == "application/problem+json"
    assert body["success"] is False
    assert body["status"] == status
    assert body["message"] == body["detail"]
    assert ("WWW-Authenticate" in response) is (status == 401)
    assert set(body.get("errors", {})) == set(fields)
    return body


def register(**changed) -> HttpResponse:
    return Api().post("/api/auth/register", ANN | changed)


# --- Register ---


def test_register():
    response = register()
    body = response.json()
    assert response.status_code == 201
    assert set(body) == {"success", "user", "access", "refresh"}
    assert body["success"] is True
    assert set(body["user"]) == USER_KEYS
    assert uuid.UUID(body["user"]["id"]).version == 7
    assert datetime.fromisoformat(body["user"]["created_at"])
    assert body["user"]["created_at"].endswith("Z")
    assert (body["user"]["email"], body["user"]["name"], body["user"]["role"]) == (
        "ann@example.com",
        "Ann",
        "influencer",
    )
    assert response["Cache-Control"] == "no-store"
    assert Api(body["access"]).get("/api/auth/me").json()["user"] == body["user"]


@pytest.mark.parametrize("role", ["staff", "system", "admin", "", None, 1])
def test_other_roles_cannot_be_registered(role):
    assert_refused(register(role=role), 400, "invalid", "role")
    assert not User.objects.filter(email=ANN["email"]).exists()


def test_other_fields_cannot_be_set():
    response = register(
        id=str(SYSTEM_USER_ID), is_staff=True, isSuperuser=True, is_blocked=True, created_at="2000-01-01T00:00:00Z"
    )
    user = User.objects.get(email=ANN["email"])
    assert response.status_code == 201
    assert (user.is_staff, user.is_superuser, user.is_blocked, user.created_at.year > 2000) == (
        False,
        False,
        False,
        True,
    )
    assert user.pk != SYSTEM_USER_ID


@pytest.mark.parametrize("field", list(ANN))
def test_every_field_is_required(field):
    given = {key: value for key, value in ANN.items() if key != field}
    assert_refused(Api().post("/api/auth/register", given), 400, "invalid", field)


def test_all_errors_are_reported_together():
    response = register(email="x", password=None, name=" ", role="king")
    assert_refused(response, 400, "invalid", "email", "password", "name", "role")


@pytest.mark.parametrize("password", ["short", "password", "12345678901", "ann@example.com", "", "x" * 257])
def test_weak_or_endless_passwords(password):
    body = assert_refused(register(password=password), 400, "invalid", "password")
    assert not password or password not in body["errors"]["password"]


def test_a_taken_address():
    register()
    assert_refused(register(email="ANN@example.com"), 400, "invalid", "email")


# --- Log in ---


def test_log_in():
    user = make_user()
    response = Api().post("/api/auth/token", {"email": user.email.upper(), "password": PASSWORD})
    body = response.json()
    assert response.status_code == 200
    assert set(body) == {"success", "user", "access", "refresh"}
    assert body["user"]["id"] == str(user.pk)
    assert response["Cache-Control"] == "no-store"
    assert not response.cookies


def test_wrong_address_and_wrong_password_get_the_same_answer():
    user = make_user()
    wrong = Api().post("/api/auth/token", {"email": user.email, "password": "wrong"})
    unknown = Api().post("/api/auth/token", {"email": "nobody@example.com", "password": PASSWORD})
    assert_refused(wrong, 401, "not_authenticated")
    assert wrong.content == unknown.content


def test_a_blocked_user():
    user = make_user(is_blocked=True)
    assert_refused(Api().post("/api/auth/token", {"email": user.email, "password": PASSWORD}), 403, "user_blocked")
    assert_refused(Api().post("/api/auth/token", {"email": user.email, "password": "x"}), 401, "not_authenticated")


def test_the_system_user_cannot_log_in():
    email = User.objects.get(pk=SYSTEM_USER_ID).email
    assert_refused(Api().post("/api/auth/token", {"email": email, "password": "!"}), 401, "not_authenticated")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"x"', b"7", b'{"email": 1, "password": []}', b"\xff", b'{"email": "\\ud800"}']
)
@pytest.mark.parametrize("path", ["register", "token", "token/refresh", "logout"])
def test_bad_bodies(path, body):
    response = Api().post(f"/api/auth/{path}", body)
    assert response.status_code == 400
    assert response.json()["code"] == "invalid"


def test_a_form_is_rejected_as_json():
    response = Api().post("/api/auth/token", b"email=a", content_type="application/x-www-form-urlencoded")
    assert_refused(response, 415, "unsupported_media_type")


def test_a_body_that_is_too_large():
    assert_refused(register(name="x" * (project_settings.MAX_JSON_BODY + 1)), 413, "payload_too_large")


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", "register"), ("get", "token"), ("delete", "logout"), ("post", "me"), ("get", "password")],
)
def test_other_methods(method, path):
    assert_refused(getattr(Api(login(make_user())), method)(f"/api/auth/{path}"), 405, "method_not_allowed")


def test_a_trailing_slash_changes_nothing():
    assert Api().post("/api/auth/register/", ANN).status_code == 201
    given = {"email": ANN["email"], "password": ANN["password"]}
    token = Api().post("/api/auth/token/", given).json()["access"]
    assert Api(token).get("/api/auth/me/").status_code == 200


# --- The current user ---


def test_me(django_assert_num_queries):
    user = make_user()
    api = Api(login(user))
    with django_assert_num_queries(0 if is_postgresql() else 2):
        body = api.get("/api/auth/me").json()
    assert set(body) == {"success", "user"}
    assert set(body["user"]) == USER_KEYS
    assert body["user"]["id"] == str(user.pk)


def test_no_token():
    assert_refused(Api().get("/api/auth/me"), 401, "token_missing")


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "bearer", "Basic YTpi", "Token x", "x"])
def test_no_bearer_token(header):
    assert_refused(Api().get("/api/auth/me", headers={"Authorization": header}), 401, "token_missing")


@pytest.mark.parametrize("header", ["Bearer x", "bearer a.b.c", "Bearer a b", "Bearer é"])
def test_a_malformed_token(header):
    assert_refused(Api().get("/api/auth/me", headers={"Authorization": header}), 401, "token_invalid")


def test_the_scheme_is_case_insensitive():
    header = {"Authorization": f"bEaReR   {login(make_user())}"}
    assert Api().get("/api/auth/me", headers=header).status_code == 200


def test_an_expired_token():
    token = login(make_user())
    with moved(project_settings.SIMPLE_JWT["ACCESS_TOKEN_LIFETIME"]):
        assert_refused(Api(token).get("/api/auth/me"), 401, "token_expired")


def test_a_token_in_the_address_or_a_cookie_is_ignored():
    token = login(make_user())
    transport = InProcess()
    transport.client.cookies["access"] = token
    transport.client.cookies["Authorization"] = f"Bearer {token}"
    assert_refused(
        Api(transport=transport).get(f"/api/auth/me?token={token}&access_token={token}"), 401, "token_missing"
    )


def test_the_admins_login_does_not_apply_to_the_api():
    transport = InProcess()
    transport.client.force_login(make_staff())
    assert_refused(Api(transport=transport).get("/api/auth/me"), 401, "token_missing")


def test_a_blocked_user_with_a_valid_token():
    user = make_user()
    token = login(user)
    User.objects.filter(pk=user.pk).update(is_blocked=True)
    assert_refused(Api(token).get("/api/auth/me"), 403, "user_blocked")


def test_auth_endpoints_ignore_tokens():
    assert Api("nonsense").post("/api/auth/register", ANN).status_code == 201


# --- Renew ---


def test_renew():
    first = log_in(make_user())
    response = Api().post("/api/auth/token/refresh", {"refresh": first.refresh})
    body = response.json()
    assert response.status_code == 200
    assert set(body) == {"success", "access", "refresh"}
    assert response["Cache-Control"] == "no-store"
    assert Api(body["access"]).get("/api/auth/me").status_code == 200
    assert Api().post("/api/auth/token/refresh", {"refresh": first.refresh}).json() == body
    assert Api().post("/api/auth/token/refresh", {"refresh": body["refresh"]}).status_code == 200


def test_renewing_with_a_copy_ends_the_session():
    first = log_in(make_user())
    fresh = Api().post("/api/auth/token/refresh", {"refresh": first.refresh}).json()
    LoginSession.objects.update(expires_at="2100-01-01T00:00:00Z")
    with moved(project_settings.SIMPLE_JWT["ACCESS_TOKEN_LIFETIME"] / 2):
        assert_refused(Api().post("/api/auth/token/refresh", {"refresh": first.refresh}), 401, "token_revoked")
        assert_refused(Api(fresh["access"]).get("/api/auth/me"), 401, "token_revoked")


@pytest.mark.parametrize("refresh", [None, 7, "", [], "x" * 5000])
def test_renewing_with_a_token_that_is_not_a_text(refresh):
    assert_refused(Api().post("/api/auth/token/refresh", {"refresh": refresh}), 400, "invalid", "refresh")


def test_renewing_with_an_invalid_token():
    assert_refused(Api().post("/api/auth/token/refresh", {"refresh": "x"}), 401, "token_invalid")
    access = login(make_user())
    assert_refused(Api().post("/api/auth/token/refresh", {"refresh": access}), 401, "token_invalid")


# --- Log out ---


def test_log_out():
    user = make_user()
    here, there = log_in(user), log_in(user)
    response = Api().post("/api/auth/logout", {"refresh": here.refresh})
    assert (response.status_code, response.json()) == (200, {"success": True})
    assert_refused(Api(here.access).get("/api/auth/me"), 401, "token_revoked")
    assert_refused(Api().post("/api/auth/token/refresh", {"refresh": here.refresh}), 401, "token_revoked")
    assert Api(there.access).get("/api/auth/me").status_code == 200


def test_log_out_everywhere():
    user = make_user()
    here, there = log_in(user), log_in(user)
    response = Api().post("/api/auth/logout", {"refresh": here.refresh, "everywhere": True})
    assert response.status_code == 200
    for session in (here, there):
        assert_refused(Api(session.access).get("/api/auth/me"), 401, "token_revoked")


def test_logging_out_again_succeeds():
    session = log_in(make_user())
    for _ in range(2):
        assert Api().post("/api/auth/logout", {"refresh": session.refresh}).status_code == 200


def test_logging_out_requires_a_refresh_token():
    assert_refused(Api().post("/api/auth/logout", {}), 400, "invalid", "refresh")
    assert_refused(Api().post("/api/auth/logout", {"refresh": "x"}), 401, "token_invalid")
    assert_refused(Api().post("/api/auth/logout", {"refresh": login(make_user())}), 401, "token_invalid")


# --- Change the password ---

NEW = "another-Horse-8"


def test_change_the_password():
    user = make_user()
    here, there = log_in(user), log_in(user)
    given = {"current_password": PASSWORD, "new_password": NEW}
    body = Api(here.access).post("/api/auth/password", given).json()
    assert set(body) == {"success", "user", "access", "refresh"}
    assert Api(body["access"]).get("/api/auth/me").status_code == 200
    assert_refused(Api(there.access).get("/api/auth/me"), 401, "token_revoked")
    assert_refused(Api(here.access).get("/api/auth/me"), 401, "token_revoked")
    old = Api().post("/api/auth/token", {"email": user.email, "password": PASSWORD})
    assert_refused(old, 401, "not_authenticated")
    assert Api().post("/api/auth/token", {"email": user.email, "password": NEW}).status_code == 200


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"current_password": "wrong", "new_password": NEW}, "current_password"),
        ({"current_password": PASSWORD, "new_password": "short"}, "new_password"),
        ({"current_password": PASSWORD}, "new_password"),
        ({"new_password": NEW}, "current_password"),
    ],
)
def test_changing_the_password_is_refused(given, field):
    session = log_in(make_user())
    assert_refused(Api(session.access).post("/api/auth/password", given), 400, "invalid", field)
    assert Api(session.access).get("/api/auth/me").status_code == 200


def test_changing_the_password_requires_a_token():
    response = Api().post("/api/auth/password", {"current_password": PASSWORD, "new_password": NEW})
    assert_refused(response, 401, "token_missing")


@pytest.mark.parametrize("path", ["/api/auth/logout", "/api/auth/logout/"])
def test_a_logout_with_the_refresh_token_of_another_user(path):
    own, other = person(make_user()), person(make_user())
    assert_refused(own.api.post(path, {"refresh": other.refresh, "everywhere": True}), 403, "forbidden")
    assert other.reads("/api/auth/me")["user"]["id"] == other.id
    assert own.api.post(path, {"refresh": own.refresh}).status_code == 200
    assert Api().post(path, {"refresh": other.refresh}, headers={"Authorization": "Basic x"}).status_code == 200
