"""Login sessions: how they are renewed, and each way in which they end."""

import io
import threading
from datetime import timedelta

import pytest
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts import services
from accounts.errors import TokenExpired, UserBlocked
from accounts.models import SYSTEM_USER_ID, LoginSession, User
from accounts.selectors import dead_sessions
from accounts.services import authenticate_token, refresh
from accounts.signals import sessions_ended
from foundation.clock import moved
from foundation.errors import DomainError, Forbidden, TokenInvalid, TokenMissing, TokenRevoked
from foundation.ids import uuid7
from tests.factories import PASSWORD, log_in, make_user

pytestmark = pytest.mark.django_db(transaction=True)

NEW = "another-Horse-8"


@pytest.fixture
def told():
    """The announcements of ended sessions: `(ids, user, reason)`."""
    heard = []

    def hear(session_ids, user_id, reason, **_):
        heard.append((set(session_ids), user_id, reason))

    sessions_ended.connect(hear)
    yield heard
    sessions_ended.disconnect(hear)


@pytest.fixture
def user():
    return make_user()


@pytest.fixture
def two(user):
    return log_in(user), log_in(user)


def ids(*sessions) -> set:
    return {one.session_id for one in sessions}


def is_alive(session) -> bool:
    try:
        authenticate_token(session.access)
    except DomainError:
        return False
    return not dead_sessions([session.session_id])


# --- Renewing ---


def test_renewing_gives_a_new_pair_of_the_same_session(user):
    first = log_in(user)
    second = refresh(refresh=first.refresh)
    assert second.refresh != first.refresh
    assert authenticate_token(second.access).session_id == first.session_id
    assert is_alive(first)
    third = refresh(refresh=second.refresh)
    assert authenticate_token(third.access).user == user


def test_a_session_lives_as_long_as_its_newest_refresh_token(user):
    first = log_in(user)
    with moved(timedelta(days=13)):
        second = refresh(refresh=first.refresh)
    with moved(timedelta(days=15)):
        assert dead_sessions([first.session_id]) == set()
        with pytest.raises(TokenExpired):
            refresh(refresh=first.refresh)
        refresh(refresh=second.refresh)
    with moved(timedelta(days=40)):
        assert dead_sessions([first.session_id]) == ids(first)


SECOND = timedelta(seconds=1)


def test_a_lost_answer_is_given_again(user, told):
    """In another process too, because only the database is asked."""
    first = log_in(user)
    second = refresh(refresh=first.refresh)
    for later in (timedelta(0), SECOND / 2, 11 * SECOND, 59 * SECOND):
        with moved(later):
            assert refresh(refresh=first.refresh) == second
    third = refresh(refresh=second.refresh)
    assert third != second
    with moved(30 * SECOND):
        assert refresh(refresh=second.refresh) == third
    assert told == []


@pytest.mark.parametrize("later", [61 * SECOND, timedelta(hours=2), timedelta(days=13)])
def test_reuse_of_a_refresh_token_ends_the_session(user, told, caplog, later):
    stolen, other = log_in(user), log_in(user)
    fresh = refresh(refresh=stolen.refresh)
    with moved(later), pytest.raises(TokenRevoked):
        refresh(refresh=stolen.refresh, address="192.0.2.7")
    with pytest.raises(TokenRevoked):
        authenticate_token(fresh.access)
    with pytest.raises(TokenRevoked):
        refresh(refresh=fresh.refresh)
    assert told == [(ids(stolen), user.pk, "refresh_token_reused")]
    assert is_alive(other)
    (line,) = [one.msg for one in caplog.records if one.levelname == "WARNING"]
    assert (line["event"], line["client_address"]) == ("refresh_token_reused", "192.0.2.7")
    assert (line["user_id"], line["session_id"]) == (str(user.pk), str(stolen.session_id))


@pytest.mark.parametrize("renewals", [2, 3])
def test_reuse_after_the_successor_was_used_ends_the_session_at_once(user, told, renewals):
    first = log_in(user)
    newest = first.refresh
    for _ in range(renewals):
        newest = refresh(refresh=newest).refresh
    with pytest.raises(TokenRevoked):
        refresh(refresh=first.refresh)
    assert told == [(ids(first), user.pk, "refresh_token_reused")]


@pytest.mark.parametrize(("grace", "later", "repeated"), [(0, 0, False), (5, 4, True), (5, 6, False), (600, 599, True)])
def test_the_grace_period_is_a_setting(user, settings, grace, later, repeated):
    settings.REFRESH_GRACE = grace * SECOND
    first = log_in(user)
    second = refresh(refresh=first.refresh)
    with moved(later * SECOND):
        if repeated:
            assert refresh(refresh=first.refresh) == second
        else:
            with pytest.raises(TokenRevoked):
                refresh(refresh=first.refresh)


def test_a_repeated_pair_works_like_the_first(user):
    first = log_in(user)
    refresh(refresh=first.refresh)
    again = refresh(refresh=first.refresh)
    assert authenticate_token(again.access).session_id == first.session_id
    assert refresh(refresh=again.refresh).access


@pytest.mark.parametrize("end", ["log out", "block", "password"])
def test_an_ended_session_repeats_no_answer(user, end):
    first = log_in(user)
    second = refresh(refresh=first.refresh)
    if end == "log out":
        services.log_out(refresh=second.refresh)
    elif end == "block":
        services.block(user=user)
    else:
        user.set_password(NEW)
        user.save()
    with pytest.raises((TokenRevoked, UserBlocked)):
        refresh(refresh=first.refresh)


def test_a_token_that_the_session_does_not_know_ends_it(user, told):
    one, two = log_in(user), log_in(user)
    LoginSession.objects.filter(pk=one.session_id).update(refresh_id="0" * 32)
    with pytest.raises(TokenRevoked):
        refresh(refresh=one.refresh)
    assert [ended for ended, _, _ in told] == [ids(one)]
    assert is_alive(two)


def of_the_release_before(session) -> None:
    """Make a session as the release before wrote it: without ids, but with the expiry of its newest token."""
    LoginSession.objects.filter(pk=session.session_id).update(refresh_id="", previous_refresh_id="", refreshed_at=None)


def test_a_session_of_the_release_before_goes_on(user, told):
    first = log_in(user)
    of_the_release_before(first)
    assert is_alive(first)
    second = refresh(refresh=first.refresh)
    assert refresh(refresh=first.refresh) == second
    assert refresh(refresh=second.refresh)
    assert told == []


def test_a_used_token_of_the_release_before_ends_its_session(user, told):
    first = log_in(user)
    with moved(SECOND):
        refresh(refresh=first.refresh)
    of_the_release_before(first)
    with pytest.raises(TokenRevoked):
        refresh(refresh=first.refresh)
    assert [ended for ended, _, _ in told] == [ids(first)]


@pytest.mark.parametrize(
    ("token", "refusal"), [(None, TokenMissing), ("", TokenMissing), ("x", TokenInvalid), (7, TokenInvalid)]
)
def test_invalid_refresh_tokens(token, refusal):
    with pytest.raises(refusal):
        refresh(refresh=token)


def test_an_access_token_cannot_renew_a_session(user):
    with pytest.raises(TokenInvalid):
        refresh(refresh=log_in(user).access)


def test_a_blocked_user_cannot_renew_a_session(user):
    session = log_in(user)
    User.objects.filter(pk=user.pk).update(is_blocked=True)
    with pytest.raises(UserBlocked):
        refresh(refresh=session.refresh)


def test_the_stored_ids_cannot_be_used_to_log_in(user):
    session = log_in(user)
    refresh(refresh=session.refresh)
    stored = LoginSession.objects.values().get(pk=session.session_id)
    held = [value for value in stored.values() if isinstance(value, str)]
    for value in held:
        with pytest.raises((TokenInvalid, TokenMissing)):
            refresh(refresh=value)


def in_threads(*works) -> list:
    """Run all functions at the same time; return what each returned or raised."""
    gate, results = threading.Barrier(len(works)), [None] * len(works)

    def run(number, work):
        gate.wait(10)
        try:
            results[number] = work()
        except DomainError as refusal:
            results[number] = type(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_concurrent_renewals_return_the_same_pair(user, told):
    session = log_in(user)
    results = in_threads(*[lambda: refresh(refresh=session.refresh)] * 6)
    assert len(set(results)) == 1
    assert authenticate_token(results[0].access).session_id == session.session_id
    assert told == []


def test_concurrent_renewals_logouts_and_a_block_end_all_sessions(user):
    sessions = [log_in(user) for _ in range(3)]
    in_threads(
        *[lambda one=one: refresh(refresh=one.refresh) for one in sessions],
        *[lambda one=one: services.log_out(refresh=one.refresh, everywhere=True) for one in sessions],
        lambda: services.block(user=User.objects.get(pk=user.pk)),
    )
    assert dead_sessions(ids(*sessions)) == ids(*sessions)
    assert not LoginSession.objects.filter(ended_at=None).exists()


# --- Ending ---


def test_logging_out_ends_one_session(user, two, told):
    services.log_out(refresh=two[0].refresh)
    assert [is_alive(one) for one in two] == [False, True]
    assert told == [(ids(two[0]), user.pk, "logged_out")]


def test_logging_out_everywhere_ends_all_sessions_of_the_user(user, two, told):
    stranger = log_in(make_user())
    services.log_out(refresh=two[0].refresh, everywhere=True)
    assert [is_alive(one) for one in (*two, stranger)] == [False, False, True]
    assert told == [(ids(*two), user.pk, "logged_out_everywhere")]


def test_logging_out_twice_is_announced_once(two, told):
    services.log_out(refresh=two[0].refresh)
    services.log_out(refresh=two[0].refresh)
    services.log_out(refresh=two[0].refresh, everywhere=True)
    assert len(told) == 1
    assert is_alive(two[1])


@pytest.mark.parametrize("everywhere", [False, True])
@pytest.mark.parametrize("age", [timedelta(0), timedelta(hours=2)], ids=["valid", "expired"])
def test_nobody_logs_out_another_user(two, told, everywhere, age):
    stranger, ended = log_in(make_user()), log_in(make_user())
    services.log_out(refresh=ended.refresh)
    told.clear()
    with moved(age):
        for access in (stranger.access, ended.access):
            with pytest.raises(Forbidden):
                services.log_out(refresh=two[0].refresh, everywhere=everywhere, access=access)
    assert told == []
    assert [is_alive(one) for one in (*two, stranger)] == [True, True, True]


@pytest.mark.parametrize("age", [timedelta(0), timedelta(hours=2)], ids=["valid", "expired"])
@pytest.mark.parametrize("held", ["own", "other session", "none", "broken", "refresh"])
def test_a_logout_needs_no_access_token(two, told, held, age):
    access = {
        "own": two[0].access,
        "other session": two[1].access,
        "broken": "x.y.z",
        "refresh": log_in(make_user()).refresh,
    }
    with moved(age):
        services.log_out(refresh=two[0].refresh, access=access.get(held))
    assert [ended for ended, _, _ in told] == [ids(two[0])]


def test_a_changed_password_ends_every_session_and_begins_one(user, two, told):
    result = services.change_password(
        user=user, current_password=PASSWORD, new_password=NEW, session_id=two[0].session_id
    )
    assert is_alive(result)
    assert not is_alive(two[0])
    assert not is_alive(two[1])
    assert told == [(ids(*two), user.pk, "password_changed")]
    for old in (two[0].refresh, two[1].refresh):
        with pytest.raises(TokenRevoked):
            refresh(refresh=old)
    refresh(refresh=result.refresh)
    assert services.log_in(email=user.email, password=NEW).user == user


def test_an_ended_session_cannot_change_the_password(user, two):
    services.log_out(refresh=two[0].refresh)
    with pytest.raises(TokenRevoked):
        services.change_password(user=user, current_password=PASSWORD, new_password=NEW, session_id=two[0].session_id)
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)
    assert is_alive(two[1])


def set_in_the_shell(user):
    user.set_password(NEW)
    user.save()


def set_in_the_admin(user):
    form = AdminPasswordChangeForm(user, {"password1": NEW, "password2": NEW, "usable_password": "true"})
    assert form.is_valid(), form.errors
    form.save()


def set_by_command(user):
    inputs = iter([NEW, NEW])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("getpass.getpass", lambda prompt="": next(inputs))
        call_command("changepassword", user.email, stdout=io.StringIO())


@pytest.mark.parametrize("change", [set_in_the_shell, set_in_the_admin, set_by_command])
def test_a_password_set_elsewhere_ends_all_sessions(user, two, told, change):
    change(User.objects.get(pk=user.pk))
    assert [is_alive(one) for one in two] == [False, False]
    assert told == [(ids(*two), user.pk, "password_changed")]


def test_rehashing_a_password_ends_no_session(user, two, told, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher", *settings.PASSWORD_HASHERS]
    third = services.log_in(email=user.email, password=PASSWORD)
    assert User.objects.get(pk=user.pk).password.startswith("scrypt")
    assert told == []
    assert dead_sessions(ids(*two)) == set()
    assert all(is_alive(one) for one in (*two, third))
    assert services.refresh(refresh=two[0].refresh).access


def test_blocking_ends_all_sessions_and_unblocking_restores_none(user, two, told):
    services.block(user=user)
    assert told == [(ids(*two), user.pk, "blocked")]
    with pytest.raises(UserBlocked):
        authenticate_token(two[0].access)
    services.unblock(user=user)
    with pytest.raises(TokenRevoked):
        authenticate_token(two[0].access)
    assert is_alive(log_in(user))


def test_deactivating_ends_all_sessions(user, two, told):
    user.is_active = False
    user.save()
    assert told == [(ids(*two), user.pk, "deactivated")]


def test_deleting_ends_all_sessions(user, two, told):
    user_id = user.pk
    user.delete()
    assert told == [(ids(*two), user_id, "deleted")]
    assert dead_sessions(ids(*two)) == ids(*two)


def test_a_rolled_back_end_is_not_announced(user, two, told):
    with transaction.atomic():
        services.block(user=user)
        assert told == []
        transaction.set_rollback(True)
    assert told == []
    assert [is_alive(one) for one in two] == [True, True]


def test_a_failing_listener_stops_neither_the_logout_nor_other_listeners(two, caplog):
    heard = []

    def fail(**_):
        raise ZeroDivisionError

    def hear(reason, **_):
        heard.append(reason)

    sessions_ended.connect(fail)
    sessions_ended.connect(hear)
    try:
        services.log_out(refresh=two[0].refresh)
    finally:
        sessions_ended.disconnect(fail)
        sessions_ended.disconnect(hear)
    assert heard == ["logged_out"]
    assert not is_alive(two[0])
    assert "ZeroDivisionError" in caplog.text


def test_an_ordinary_save_ends_no_session(user, two, told):
    user.name = "Someone"
    with CaptureQueriesContext(connection) as captured:
        user.save()
    assert not [one["sql"] for one in captured if LoginSession._meta.db_table in one["sql"]]
    assert told == []


def test_the_system_user_is_not_blocked():
    with pytest.raises(Forbidden):
        services.block(user=User.objects.get(pk=SYSTEM_USER_ID))


# --- Checks whether sessions have ended ---


def test_ended_sessions_are_found_in_one_query(django_assert_num_queries):
    blocked, inactive, gone, alive = (make_user() for _ in range(4))
    sessions = {person: log_in(person) for person in (blocked, inactive, gone, alive)}
    ended = log_in(alive)
    services.log_out(refresh=ended.refresh)
    User.objects.filter(pk=blocked.pk).update(is_blocked=True)
    User.objects.filter(pk=inactive.pk).update(is_active=False)
    User.objects.filter(pk=gone.pk).delete()
    unknown = uuid7()
    with django_assert_num_queries(1):
        dead = dead_sessions([*ids(*sessions.values(), ended), unknown])
    assert dead == ids(ended, sessions[blocked], sessions[inactive], sessions[gone]) | {unknown}
    with django_assert_num_queries(0):
        assert dead_sessions([]) == set()


# --- Deletion of old sessions ---


def test_only_old_sessions_are_deleted(user):
    old = log_in(user)
    refresh(refresh=old.refresh)
    with moved(timedelta(days=20)):
        young = log_in(user)
        call_command("forget_sessions", stdout=io.StringIO())
        assert LoginSession.objects.count() == 2
        refresh(refresh=young.refresh)
    with moved(timedelta(days=14) + services.SESSION_RETENTION):
        said = io.StringIO()
        call_command("forget_sessions", stdout=said)
        assert said.getvalue() == "1 deleted.\n"
        assert [session.pk for session in LoginSession.objects.all()] == [young.session_id]
