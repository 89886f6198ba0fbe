"""Users in the admin."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import SYSTEM_USER_ID, LoginSession, User
from accounts.selectors import dead_sessions
from tests.factories import PASSWORD, log_in, make_staff, make_user

pytestmark = pytest.mark.django_db

PEOPLE = "admin:accounts_user_changelist"
NEW = "another-Horse-8"


def page_of(user) -> str:
    return reverse("admin:accounts_user_change", args=[getattr(user, "pk", user)])


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(make_staff())
    return client


@pytest.fixture
def helper() -> Client:
    """A staff member who can change users and is not a superuser."""
    staff = make_staff(is_superuser=False)
    names = ["view_user", "change_user", "delete_user", "add_user"]
    staff.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(staff)
    return client


def form_of(user, **changed) -> dict:
    """Return what the page of a user submits if only these fields are changed."""
    sessions = {f"login_sessions-{name}_FORMS": "0" for name in ("TOTAL", "INITIAL")}
    names = ("findable", "is_blocked", "is_active", "is_staff", "is_superuser")
    flags = {name: "on" for name in names if getattr(user, name)}
    given = sessions | flags | {"email": user.email, "name": user.name, "role": user.role} | changed
    return {name: value for name, value in given.items() if value is not None}


def act(client: Client, action: str, *users) -> None:
    given = {"action": action, "_selected_action": [getattr(user, "pk", user) for user in users]}
    assert client.post(reverse(PEOPLE), given).status_code == 302


def test_logging_in_by_address():
    staff = make_staff()
    client = Client()
    client.post("/admin/login/", {"username": staff.email.upper(), "password": PASSWORD})
    assert client.get(reverse(PEOPLE)).status_code == 200


def test_a_blocked_staff_member_loses_access_at_once():
    staff = make_staff()
    client = Client()
    client.force_login(staff)
    User.objects.filter(pk=staff.pk).update(is_blocked=True)
    assert client.get(reverse(PEOPLE)).status_code == 302
    client.post("/admin/login/", {"username": staff.email, "password": PASSWORD})
    assert client.get(reverse(PEOPLE)).status_code == 302


def test_people_are_found_and_filtered(admin):
    ann = make_user("influencer", name="Ann Unusual", email="rare@example.com")
    bob = make_user("brand_owner", name="Bob Blocked", is_blocked=True)

    def listed(**query) -> set:
        return set(admin.get(reverse(PEOPLE), query).context["cl"].result_list)

    assert {ann, bob} <= listed()
    assert listed(q="unusual") == listed(q="rare@") == listed(q=str(ann.pk)) == {ann}
    assert bob not in listed(role="influencer")
    assert listed(is_blocked__exact="1") == {bob}
    assert {user.pk for user in listed(role="system")} == {SYSTEM_USER_ID}


def test_the_list_takes_the_same_number_of_queries_for_any_number_of_people(admin, django_assert_max_num_queries):
    for _ in range(30):
        make_user()
    with django_assert_max_num_queries(8):
        admin.get(reverse(PEOPLE))


def test_no_hash_is_shown(admin):
    user = make_user()
    for path in (page_of(user), reverse(PEOPLE), reverse("admin:auth_user_password_change", args=[user.pk])):
        page = admin.get(path).content.decode()
        assert user.name in page or user.email in page
        assert user.password not in page
        assert user.password.split("$")[-1] not in page
        assert "md5" not in page


def test_live_sessions_are_shown_and_cannot_be_written(admin):
    user = make_user()
    session, ended = log_in(user), log_in(user)
    LoginSession.objects.filter(pk=ended.session_id).end_of(user.pk, "logged_out")
    page = admin.get(page_of(user)).content.decode()
    assert str(session.session_id) in page
    assert str(ended.session_id) not in page
    assert 'name="login_sessions-0-reason"' not in page


def test_ending_all_sessions_from_the_page_of_a_user(admin):
    user = make_user()
    sessions = {log_in(user).session_id, log_in(user).session_id}
    assert "End all sessions" in admin.get(page_of(user)).content.decode()
    response = admin.post(page_of(user), form_of(user, _end_sessions="End all sessions"))
    assert (response.status_code, response["Location"]) == (302, page_of(user))
    assert dead_sessions(sessions) == sessions


@pytest.mark.parametrize(("action", "reason"), [("block", "blocked"), ("end_sessions", "ended_by_staff")])
def test_actions_end_sessions(admin, action, reason):
    users = make_user(), make_user()
    sessions = {log_in(user).session_id for user in users}
    act(admin, action, *users)
    assert set(LoginSession.objects.values_list("reason", flat=True)) == {reason}
    assert dead_sessions(sessions) == sessions
    assert User.objects.filter(is_blocked=True).count() == (2 if action == "block" else 0)


def test_unblocking(admin):
    user = make_user(is_blocked=True)
    act(admin, "unblock", user)
    assert log_in(user)


def test_the_checkbox_ends_sessions(admin):
    user = make_user()
    session = log_in(user)
    assert admin.post(page_of(user), form_of(user, is_blocked="on")).status_code == 302
    assert LoginSession.objects.get(pk=session.session_id).reason == "blocked"


def test_deactivating_ends_sessions(admin):
    user = make_user()
    session = log_in(user)
    assert admin.post(page_of(user), form_of(user, is_active=None)).status_code == 302
    assert LoginSession.objects.get(pk=session.session_id).reason == "deactivated"


def test_setting_a_password_ends_sessions(admin):
    user = make_user()
    session = log_in(user)
    given = {"usable_password": "true", "password1": NEW, "password2": NEW, "set-password": "1"}
    response = admin.post(reverse("admin:auth_user_password_change", args=[user.pk]), given)
    assert response.status_code == 302
    assert User.objects.get(pk=user.pk).check_password(NEW)
    assert LoginSession.objects.get(pk=session.session_id).reason == "password_changed"


def test_adding_a_user(admin):
    given = {"email": "New@Example.com", "name": "New", "role": "influencer", "usable_password": "true"}
    response = admin.post(reverse("admin:accounts_user_add"), given | {"password1": NEW, "password2": NEW})
    assert response.status_code == 302, response.context["errors"]
    user = User.objects.get(email="new@example.com")
    assert (user.role, user.check_password(NEW)) == ("influencer", True)


def test_a_taken_address_in_another_spelling_is_a_form_error(admin):
    taken, user = make_user(), make_user()
    response = admin.post(page_of(user), form_of(user, email=taken.email.upper()))
    assert response.status_code == 200
    assert response.context["adminform"].form.errors["email"]


def test_deleting_many_users_announces_the_end_of_their_sessions(admin, django_capture_on_commit_callbacks):
    user = make_user()
    log_in(user)
    with django_capture_on_commit_callbacks() as told:
        given = {"action": "delete_selected", "_selected_action": [user.pk], "post": "yes"}
        admin.post(reverse(PEOPLE), given)
    assert len(told) == 1
    assert not User.objects.filter(pk=user.pk).exists()


# --- Users who cannot be changed ---


@pytest.mark.parametrize("action", ["block", "end_sessions", "delete_selected"])
def test_the_system_user_cannot_be_changed(admin, action):
    admin.post(reverse(PEOPLE), {"action": action, "_selected_action": [SYSTEM_USER_ID], "post": "yes"})
    system = User.objects.get(pk=SYSTEM_USER_ID)
    assert not system.is_blocked
    response = admin.post(page_of(system), form_of(system, name="Changed", role="influencer"))
    assert response.status_code == 403
    assert admin.post(reverse("admin:auth_user_password_change", args=[system.pk]), {}).status_code == 403
    assert User.objects.get(pk=SYSTEM_USER_ID).name == system.name


def test_staff_cannot_make_themselves_superusers(helper):
    user = make_user()
    helper.post(page_of(user), form_of(user, is_staff="on", is_superuser="on", name="Changed"))
    user.refresh_from_db()
    assert (user.name, user.is_staff, user.is_superuser) == ("Changed", False, False)


def test_staff_cannot_change_superusers(helper):
    root = make_staff()
    assert helper.post(page_of(root), form_of(root, email="mine@example.com")).status_code == 403
    assert helper.get(reverse("admin:auth_user_password_change", args=[root.pk])).status_code == 403
    act(helper, "block", root)
    root.refresh_from_db()
    assert (root.is_blocked, root.email != "mine@example.com") == (False, True)
