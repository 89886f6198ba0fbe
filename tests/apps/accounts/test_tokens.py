"""The user of a token, and every reason why a token is invalid."""

import base64
import json
import uuid
from datetime import timedelta

import jwt
import pytest
from django.conf import settings as project_settings
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accounts import services
from accounts.errors import TokenExpired, UserBlocked
from accounts.models import LoginSession, User
from accounts.services import authenticate_token
from accounts.tokens import AccessToken
from foundation.clock import moved, now
from foundation.database.pipeline import is_postgresql
from foundation.errors import DomainError, TokenInvalid, TokenMissing, TokenRevoked
from tests.factories import log_in, make_user

pytestmark = pytest.mark.django_db

KEY = project_settings.SIMPLE_JWT["SIGNING_KEY"]


@pytest.fixture
def user():
    return make_user()


@pytest.fixture
def session(user):
    return log_in(user)


def claims(token: str) -> dict:
    return jwt.decode(token, options={"verify_signature": False})


def forged(token: str, key: str = KEY, algorithm: str = "HS256", **changed) -> str:
    payload = {name: value for name, value in (claims(token) | changed).items() if value is not None}
    return jwt.encode(payload, key, algorithm)


def test_a_token_identifies_its_user(user, session, django_assert_num_queries):
    with django_assert_num_queries(0 if is_postgresql() else 2):
        identity = authenticate_token(session.access)
        assert identity.user.email == user.email
    assert identity.user == user
    assert identity.session_id == session.session_id
    lifetime = project_settings.SIMPLE_JWT["ACCESS_TOKEN_LIFETIME"]
    assert abs(identity.expires_at - now() - lifetime) < timedelta(minutes=1)


@pytest.mark.parametrize("token", [None, ""])
def test_no_token(token):
    with pytest.raises(TokenMissing):
        authenticate_token(token)


@pytest.mark.parametrize("token", [0, True, [], {}, b"x", "x", "a.b.c", "..", "\ud800", "é.é.é", "Bearer x"])
def test_nonsense(token):
    with pytest.raises(TokenInvalid):
        authenticate_token(token)


def test_an_expired_token(session):
    with moved(project_settings.SIMPLE_JWT["ACCESS_TOKEN_LIFETIME"] - timedelta(minutes=1)):
        authenticate_token(session.access)
    with moved(project_settings.SIMPLE_JWT["ACCESS_TOKEN_LIFETIME"]), pytest.raises(TokenExpired):
        authenticate_token(session.access)


def test_tokens_are_valid_on_machines_with_different_clocks(session):
    """The time of issue is not compared with the clock of the process that verifies the token."""
    assert {"iat", "nbf"}.isdisjoint(claims(session.access) | claims(session.refresh))


def test_a_long_expired_token(session):
    with pytest.raises(TokenExpired):
        authenticate_token(forged(session.access, exp=1))


def test_the_lifetime_of_a_token_follows_the_moved_clock(user):
    with moved(timedelta(days=3)):
        later = log_in(user)
        authenticate_token(later.access)
    with moved(timedelta(days=3, minutes=59)):
        authenticate_token(later.access)


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "other"},
        {"iss": None},
        {"aud": "other"},
        {"aud": None},
        {"exp": None},
        {"jti": None},
        {"token_type": "refresh"},
        {"token_type": None},
        {"session": None},
        {"session": "nonsense"},
        {"session": 7},
        {"session": str(uuid.uuid4())},
    ],
)
def test_a_wrong_or_missing_claim(session, changed):
    with pytest.raises(TokenInvalid):
        authenticate_token(forged(session.access, **changed))


@pytest.mark.parametrize("changed", [{"user_id": str(uuid.uuid4())}, {"user_id": None}])
def test_a_session_of_another_user(session, changed):
    with pytest.raises(TokenRevoked):
        authenticate_token(forged(session.access, **changed))


def test_another_key(session):
    with pytest.raises(TokenInvalid):
        authenticate_token(forged(session.access, key="k" * 64))


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_with_the_right_key(session, algorithm):
    with pytest.raises(TokenInvalid):
        authenticate_token(forged(session.access, key=KEY * 2, algorithm=algorithm))


def test_no_signature(session):
    unsigned = jwt.encode(claims(session.access), None, algorithm="none")
    head, body, signature = session.access.split(".")
    none_head = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=").decode()
    for token in (unsigned, f"{head}.{body}.", f"{none_head}.{body}.{signature}", f"{none_head}.{body}."):
        with pytest.raises(TokenInvalid):
            authenticate_token(token)


def test_a_refresh_token_as_access_token(session):
    with pytest.raises(TokenInvalid):
        authenticate_token(session.refresh)


def test_a_token_without_session(user):
    with pytest.raises(TokenInvalid):
        authenticate_token(str(AccessToken.for_user(user)))


def test_an_ended_session(session):
    services.log_out(refresh=session.refresh)
    with pytest.raises(TokenRevoked):
        authenticate_token(session.access)


def test_a_deleted_user(user, session):
    user.delete()
    with pytest.raises(TokenInvalid):
        authenticate_token(session.access)


@pytest.mark.parametrize("state", [{"is_blocked": True}, {"is_active": False}])
def test_a_user_who_cannot_log_in(user, session, state):
    User.objects.filter(pk=user.pk).update(**state)
    with pytest.raises(UserBlocked):
        authenticate_token(session.access)


def test_a_password_changed_without_the_model(user, session):
    user.set_password("another-Horse-8")
    User.objects.filter(pk=user.pk).update(password=user.password)
    assert LoginSession.objects.get(pk=session.session_id).ended_at is None
    with pytest.raises(TokenRevoked):
        authenticate_token(session.access)


def test_tokens_contain_nothing_about_the_password(user, session):
    for token in (session.access, session.refresh):
        assert claims(token).keys() == {"token_type", "exp", "jti", "user_id", "session", "aud", "iss"}


def test_the_role_comes_from_the_database(user, session):
    User.objects.filter(pk=user.pk).update(role="brand_owner")
    assert authenticate_token(session.access).user.role == "brand_owner"
    assert "role" not in claims(session.access)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(st.text(), st.binary(), st.integers(), st.lists(st.text()), st.from_regex(r"[\w-]{1,9}(\.[\w-]{1,9}){2}"))
)
@example("." * 10_000)
def test_any_invalid_token_is_refused_without_another_error(token):
    with pytest.raises(DomainError):
        authenticate_token(token)
