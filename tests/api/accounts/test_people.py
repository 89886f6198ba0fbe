"""Finding people: `GET /api/people`, and the field `findable` with which a user opts out."""

import re
import unicodedata
import uuid
from itertools import chain

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import rate_limits as buckets
from accounts.models import SYSTEM_USER_ID, User
from accounts.names import words_of
from accounts.people_search import (
    _findable_by,
    found_by_staff,
    names_with_words,
    people_with_words,
    users_with_address,
)
from foundation.rate_limits import Bucket
from tests.api.shapes import refused, succeeded
from tests.factories import login, make_staff, make_user
from tests.harness.people import Person
from tests.harness.rest import Api
from tests.people import user_of

PEOPLE = "/api/people"


def search(person: Person, q: str, **params: object) -> dict:
    answer = person.api.get(PEOPLE, {"q": q, **params})
    return succeeded(answer, "results", "next", "previous")


def names(person: Person, q: str, **params: object) -> list[str]:
    return [one["name"] for one in search(person, q, **params)["results"]]


def ids(person: Person, q: str) -> list[str]:
    return [one["id"] for one in search(person, q)["results"]]


# --- By name ---


def test_results_show_the_public_fields_of_users(brand, influencer):
    assert search(brand, "mira") == {
        "success": True,
        "results": [{"id": influencer.id, "name": "Mira", "role": "influencer"}],
        "next": None,
        "previous": None,
    }


@pytest.mark.parametrize(
    ("name", "q"),
    [
        ("Anaya Rao", "an"),
        ("Anaya Rao", "RA"),
        ("Anaya Rao", "rao anaya"),
        ("Anaya Rao", "an anaya a"),
        ("ANNA", "anna"),
        ("Anna", "ANNA"),
        ("O'Neill", "o'neill"),
        ("O'Neill", "O\u2019Neill"),
        ("O'Neill", "neil"),
        ("Jean-Luc", "jean luc"),
        ("Jean-Luc", "luc"),
        ("सोनम", "सो"),
        ("क्ष", "क्\u200dष"),
        ("李小龍", "李小"),
        ("Ａｎｎ", "ann"),  # noqa: RUF001
        ("Ann", "ＡＮ"),  # noqa: RUF001
        ("Straße", "STRASS"),
        ("Strasse", "straß"),
        ("ΝΙΚΟΣ", "νικος"),
        ("İpek", "ipek"),
        ("Ilker", "\u0131lk"),
        ("Zo\xeb", "zoe\u0308"),
        ("Zoe\u0308", "ZO\xcb"),
        ("\u845b\U000e0100飾", "\u845b飾"),
        ("50% Off_White", "50% off_"),
        ("50% Off_White", "white, 50"),
        ("back\\slash", "back\\slash"),
        ("Anaya Rao", "(an%)"),
        ("Agent 007", "00"),
        ("x" * 100, "x" * 100),
        ("Mira", " \ufeff mira\u3000"),
    ],
)
def test_every_word_of_the_query_is_a_prefix_of_a_word_of_the_name(brand, name, q):
    make_user("influencer", name=name)
    stored = unicodedata.normalize("NFC", name)
    assert names(brand, q) == [stored]
    assert names(brand, unicodedata.normalize("NFD", q)) == [stored]


@pytest.mark.parametrize(
    "q",
    ["naya", "rao x", "anayaa", "an ra mi", "a%o", "a_n", "an%ya", "r_o", "a\\naya", "ráo", "anaya@", "[a]naya", "a*o"],
)
def test_a_text_inside_a_word_finds_nobody(brand, q):
    make_user("influencer", name="Anaya Rao")
    assert names(brand, q) == []


@pytest.mark.parametrize("q", ["--", "…!", "'\"", "👩‍🍳", "\u200b\u200b", "();", "%_", "%%", "__", "\\\\"])
def test_a_query_without_words_finds_nobody(brand, influencer, q):
    assert names(brand, q) == []


def test_nobody_is_listed_twice(brand):
    make_user("influencer", name="Ana Anand Ananya Ana")
    assert names(brand, "an") == ["Ana Anand Ananya Ana"]
    assert names(brand, "ana ana an") == ["Ana Anand Ananya Ana"]


def test_results_are_ordered_by_exact_word_then_name_then_age(brand):
    for name in ["Annabel Zed", "Zoe Ann", "ann Bo", "Ann Álva", "Anna Ann", "Rao Ann"]:
        make_user("influencer", name=name)
    first, second = (make_user("influencer", name="Ann").pk for _ in range(2))
    assert names(brand, "ann") == [
        "Ann", "Ann", "ann Bo", "Ann Álva", "Anna Ann", "Rao Ann", "Zoe Ann", "Annabel Zed",
    ]  # fmt: skip
    assert ids(brand, "ann")[:2] == [str(first), str(second)]


def test_the_order_of_words_does_not_change_the_order_of_results(brand):
    for name in ["Dan Bea Ama", "Ada Cas Bel", "Bob Dag Ann", "Abe Bix Dot"]:
        make_user("influencer", name=name)
    assert names(brand, "b d a") == names(brand, "d a b") == ["Abe Bix Dot", "Dan Bea Ama", "Bob Dag Ann"]


# --- Pages ---


def test_pages_lead_through_everybody_and_back(brand):
    everybody = [f"Ann {letter * times} Annis" for letter in "xyz" for times in (1, 2, 3)]
    for name in reversed(everybody):
        make_user("influencer", name=name)
    seen, cursors, page = [], [], search(brand, "ann", limit=2)
    while True:
        seen.append([one["name"] for one in page["results"]])
        cursors.append(page["previous"])
        if page["next"] is None:
            break
        page = search(brand, "ann", limit=2, cursor=page["next"])
    assert list(chain.from_iterable(seen)) == everybody
    assert [len(one) for one in seen] == [2, 2, 2, 2, 1]
    assert cursors[0] is None
    for before in reversed(seen[:-1]):
        page = search(brand, "ann", limit=2, cursor=page["previous"])
        assert [one["name"] for one in page["results"]] == before
    assert page["previous"] is None


def test_the_default_page_and_the_largest(brand):
    for number in range(51):
        make_user("influencer", name=f"Ann {number}")
    assert len(names(brand, "ann")) == 50
    assert len(names(brand, "ann", limit=200)) == 51


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "1.5", ""])
def test_a_limit_out_of_range(brand, limit):
    refused(brand.api.get(PEOPLE, {"q": "ann", "limit": limit}), 400, "invalid", "limit")


@pytest.mark.parametrize("q", ["ann", "ann@example.com"])
@pytest.mark.parametrize("cursor", ["", "x", "W2ZhbHNlXQ.x", "\x00"])
def test_an_invalid_cursor(brand, q, cursor):
    refused(brand.api.get(PEOPLE, {"q": q, "cursor": cursor}), 400, "invalid", "cursor")


# --- Valid and invalid queries ---


@pytest.mark.parametrize("params", [{}, {"q": ""}, {"q": " \ufeff\u3000"}, {"q": "x" * 101}])
def test_too_little_or_too_much(brand, params):
    refused(brand.api.get(PEOPLE, params), 400, "invalid", "q")


@pytest.mark.parametrize("q", ["a\x00", "an\x00na", "\x00ann@example.com"])
def test_nul_is_refused(brand, q):
    refused(brand.api.get(PEOPLE, {"q": q}), 400, "invalid", "q")


def test_lengths_count_code_points_after_trimming(brand):
    assert names(brand, "🙂🙂") == []
    assert names(brand, f"  {'😀' * 100}\ufeff") == []
    refused(brand.api.get(PEOPLE, {"q": "😀" * 101}), 400, "invalid", "q")


@pytest.mark.parametrize(("q", "name"), [("m", "Mira"), ("  M\ufeff ", "Mira"), ("É", "E\u0301mile"), ("王", "王小明")])
def test_one_character_is_enough(brand, q, name):
    user = make_user("influencer", name=name)
    make_user("influencer", name="Someone Else")
    assert ids(brand, q) == [str(user.pk)]
    assert names(brand, "@") == []


def test_people_are_found_through_the_index_of_words(brand):
    User.objects.bulk_create(
        User(email=f"p{number}@example.com", name=f"Person {number} Anaya", role="influencer", password="!")
        for number in range(2000)
    )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # the tables of a test are short
    for q in ("person 19", "an", "a"):
        rows = people_with_words(words_of(q)).filter(_findable_by(user_of(brand), "user__")).order_by("key", "user")
        plan = rows[:51].explain()
        assert "name_word_once" in plan or "SEARCH accounts_nameword USING" in plan
        assert "Seq Scan" not in plan
    for plan in (names_with_words(["person", "19"]).explain(), users_with_address("p19@").explain()):
        assert "Seq Scan" not in plan
        assert not re.search(r"SCAN \w+$", plan, re.MULTILINE), plan
    assert len(found_by_staff("person")) == 1000
    assert len(found_by_staff("p19@EXAMPLE")) == 1


def test_the_last_of_two_parameters_counts(brand, influencer):
    answer = brand.api.get(f"{PEOPLE}?q=nobody&q=mira")
    assert [one["id"] for one in succeeded(answer, "results", "next", "previous")["results"]] == [influencer.id]


def test_invalid_utf8_finds_nobody(brand, influencer):
    answer = brand.api.get(f"{PEOPLE}?q=%ff%fe%ed%a0%80")
    assert succeeded(answer, "results", "next", "previous")["results"] == []


def test_the_maximum_number_of_words(brand):
    letters = "abcdefghijklmnopqrstuvwxyz0123456789éàüñøçåæîôõâðþ"
    name = " ".join(letters)
    make_user("influencer", name=name)
    assert len(name) == 99
    assert names(brand, name) == names(brand, name[::-1]) == [name]
    assert names(brand, name[:-1] + "ß") == []


# --- By address ---


@pytest.mark.parametrize(
    "q", ["mira@example.com", " MIRA@Example.COM ", "ＭＩＲＡ＠example.com"]  # noqa: RUF001
)  # fmt: skip
def test_a_whole_address_finds_its_owner(brand, q):
    user = make_user("influencer", name="Somebody Else", email="mira@example.com")
    assert ids(brand, q) == [str(user.pk)]


@pytest.mark.parametrize("q", ["mira@", "@example.com", "mira@example", "ira@example.com", "mira@example.com x", "@@"])
def test_part_of_an_address_finds_nobody(brand, q):
    make_user("influencer", name="Mira Example", email="mira@example.com")
    assert ids(brand, q) == []


def test_addresses_and_names_are_searched_separately(brand):
    make_user("influencer", name="ann@example.com", email="other@example.com")
    assert names(brand, "ann@example.com") == []
    assert names(brand, "other") == []
    assert names(brand, "ann example") == ["ann@example.com"]


# --- Who can find whom ---


@pytest.fixture
def hidden(brand) -> dict[str, str]:
    """The addresses of users named Ann whom nobody can find, by reason."""
    people = {
        "unfindable": {"findable": False},
        "blocked": {"is_blocked": True},
        "inactive": {"is_active": False},
        "staff": {"is_staff": True},
    }
    return {reason: make_user("influencer", name="Ann", **fields).email for reason, fields in people.items()}


def test_hidden_users_are_never_found(brand, hidden, settings):
    for settings.PEOPLE_SEARCH in ("other_role", "everybody"):
        assert names(brand, "ann") == []
        assert [names(brand, address) for address in hidden.values()] == [[]] * len(hidden)


def test_the_system_user_is_never_found(brand, settings):
    User.objects.filter(pk=SYSTEM_USER_ID).update(is_active=True, name="Stoory")
    for settings.PEOPLE_SEARCH in ("other_role", "everybody"):
        assert names(brand, "stoory") == []
        assert names(brand, "system@stoory.invalid") == []


def test_each_role_finds_the_other(brand, influencer, stranger):
    other_brand = make_user("brand_owner", name="Miranda")
    assert names(brand, "mira") == ["Mira"]
    assert names(stranger, "mira") == ["Miranda"]
    assert names(brand, other_brand.email) == []
    assert names(stranger, other_brand.email) == ["Miranda"]


def test_staff_find_the_same_users_as_their_role(operator, brand, influencer):
    assert names(operator, "mira") == ["Mira"]
    assert names(operator, "anaya") == []


def test_everybody_finds_both_roles_except_themselves(brand, influencer, settings):
    settings.PEOPLE_SEARCH = "everybody"
    make_user("brand_owner", name="Mira Anaya")
    assert names(brand, "mira") == ["Mira", "Mira Anaya"]
    assert names(influencer, "mira") == ["Mira Anaya"]
    assert names(brand, "anaya") == ["Mira Anaya"]
    assert names(brand, brand.email) == []
    assert names(influencer, brand.email) == ["Anaya"]


def test_search_can_be_switched_off(brand, influencer, settings):
    settings.PEOPLE_SEARCH = "off"
    for params in ({"q": "mira"}, {"q": influencer.email}, {"q": "x"}, {}):
        refused(brand.api.get(PEOPLE, params), 404, "not_found")
    refused(Api().get(PEOPLE, {"q": "mira"}), 401, "token_missing")


def test_searching_for_a_hidden_user_takes_the_same_queries_as_for_nobody(brand, hidden):
    make_user("brand_owner", name="Ann", email="same.role@example.com")
    own = brand.email
    answers, work = set(), set()
    for address in [*hidden.values(), "same.role@example.com", own, "system@stoory.invalid", "nobody@example.com"]:
        with CaptureQueriesContext(connection) as captured:
            answers.add(brand.api.get(PEOPLE, {"q": address}).content)
        work.add(tuple(one["sql"].replace(address, "…") for one in captured if "email" in one["sql"].split("WHERE")[1]))
    assert answers == {b'{"success":true,"results":[],"next":null,"previous":null}'}
    assert len(work) == 1


# --- Rate limits ---


@pytest.fixture
def two_searches(monkeypatch, rate_limits):
    monkeypatch.setattr(buckets, "PEOPLE_SEARCHES", Bucket("people_searches", 2, 0.1))


@pytest.mark.usefixtures("two_searches")
def test_searches_of_a_user_share_one_limit(brand, influencer):
    assert brand.api.get(PEOPLE, {"q": "mira"}).status_code == 200
    assert brand.api.get(PEOPLE, {"q": ""}).status_code == 400
    for q in ("mira", "nobody@example.com", "x"):
        answer = brand.api.get(PEOPLE, {"q": q})
        body = refused(answer, 429, "rate_limited", extra={"retry_after"})
        assert 0 < body["retry_after"] <= int(answer["Retry-After"]) <= 11
    assert influencer.api.get(PEOPLE, {"q": "anaya"}).status_code == 200
    assert brand.api.get("/api/auth/me").status_code == 200


@pytest.mark.usefixtures("two_searches")
def test_searches_are_unlimited_if_limits_are_off(brand, settings):
    settings.RATE_LIMITS = False
    for _ in range(5):
        assert brand.api.get(PEOPLE, {"q": "mira"}).status_code == 200


# --- Opting out ---


def test_users_can_hide_and_show_themselves(brand, influencer):
    for findable, found in ((False, []), (True, ["Mira"])):
        body = succeeded(influencer.api.patch("/api/auth/me", {"findable": findable}), "user")
        assert body["user"] == influencer.reads("/api/auth/me")["user"]
        assert body["user"]["findable"] is findable
        assert names(brand, "mira") == names(brand, influencer.email) == found


@pytest.mark.parametrize("body", [{}, {"findable": None}, {"unknown": 1}, {"email": "x@example.com", "role": "x"}])
def test_omitted_fields_stay_unchanged(influencer, body):
    influencer.api.patch("/api/auth/me", {"findable": False})
    before = influencer.reads("/api/auth/me")
    assert succeeded(influencer.api.patch("/api/auth/me", body), "user") == before
    assert before["user"]["findable"] is False


@pytest.mark.parametrize("findable", ["true", 1, 0, "", [], {}, 1.0])
def test_findable_is_true_or_false(influencer, findable):
    refused(influencer.api.patch("/api/auth/me", {"findable": findable}), 400, "invalid", "findable")
    assert influencer.reads("/api/auth/me")["user"]["findable"] is True


def test_hiding_changes_nobody_else_and_ends_no_session(brand, influencer, stranger):
    other = login(user_of(influencer))
    influencer.api.patch("/api/auth/me", {"findable": False})
    assert Api(other).get("/api/auth/me").json()["user"]["findable"] is False
    assert stranger.reads("/api/auth/me")["user"]["findable"] is True


def test_new_accounts_can_be_found_and_renamed_ones_by_their_new_name(brand):
    given = {"email": "new@example.com", "password": "correct-Horse-7", "name": "Neha Kaul", "role": "influencer"}
    body = Api().post("/api/auth/register", given).json()
    assert body["user"]["findable"] is True
    assert ids(brand, "kaul neh") == [body["user"]["id"]]
    user = User.objects.get(pk=uuid.UUID(body["user"]["id"]))
    user.name = "Nisha Kaul"
    user.save()
    assert (names(brand, "neha"), names(brand, "nisha ka")) == ([], ["Nisha Kaul"])


def test_staff_see_whether_they_can_be_found(db):
    assert Api(login(make_staff())).get("/api/auth/me").json()["user"]["findable"] is True
