"""`GET /api/conversations?search=`: any part of a title or of the other participant's name."""

# ruff: noqa: RUF001 (letters of other scripts)

import importlib
import unicodedata
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from accounts.models import User
from accounts.services import update_account
from conversations.models import Conversation, SearchText, SearchWord
from conversations.search import texts_with
from conversations.search_index import index_missing
from stoory.bench_data import conversations_of, people
from tests.api.shapes import refused
from tests.harness.people import Person
from tests.harness.tasks import run_due_tasks
from tests.people import user_of

CONVERSATIONS = "/api/conversations"
TITLE = "50% off: Café_Über\\Straße 東京タワー दीवाली Reels"


def found(who: Person, term: str) -> list[str]:
    return [one["title"] for one in who.reads(CONVERSATIONS, search=term)["results"]]


@pytest.fixture
def titled(brand, influencer) -> str:
    brand.opens_bid_with(influencer, title="Something else")
    brand.opens_bid_with(influencer, title=TITLE)
    return TITLE


HITS = {
    "start": "50%",
    "percent sign": "%",
    "underscore": "_",
    "backslash": "\\",
    "inside a word": "afé",
    "capitals": "CAFÉ_ÜBER",
    "decomposed": unicodedata.normalize("NFD", "Café_Über"),
    "sharp s": "STRASSE",
    "across words": "über\\straße 東京",
    "one Han character": "京",
    "part of a Han word": "京タワ",
    "Hindi": "दीवाली",
    "Hindi part": "वाली",
    "wide": "Ｃａｆé",
    "white space around": "\u3000\u00a0 reels\u2003",
    "white space inside": "दीवाली \t\u2003 reels",
    "one digit": "5",
    "invisible characters": "ca\u00adf\u200bé",
}
MISSES = ["60%", "%%", "__", "\\\\", "cafe", "reels दीवाली", "x", "offoff", "京東", "^", "50.", "elseSomething"]


@pytest.mark.parametrize("term", HITS.values(), ids=HITS)
def test_terms_that_find_a_title(brand, influencer, titled, term):
    assert found(brand, term) == found(influencer, term) == [titled]


@pytest.mark.parametrize("term", MISSES)
def test_terms_that_find_nothing(brand, titled, term):
    assert found(brand, term) == []


NAMES = ["José Álvarez", "दिव्या शर्मा", "Ἀθηνᾶ", "İbrahim Çelik", "Müller & Söhne", "王小明", "O’Brien 100%"]


@pytest.mark.parametrize("name", NAMES)
def test_each_part_of_the_other_name_in_any_form(brand, influencer, name):
    brand.opens_bid_with(influencer, title="Snacks")
    assert influencer.api.patch("/api/auth/me", {"name": name}).status_code == 200
    run_due_tasks()
    for form in ("NFC", "NFD"):
        for term in (name, name.upper(), name.lower(), name[1:], name[:2], name[-1]):
            assert found(brand, unicodedata.normalize(form, term)) == ["Snacks"], (form, term)
    assert found(influencer, name) == [], "one's own name matches every conversation"


def test_a_name_and_a_title_are_not_one_text(brand, influencer):
    brand.opens_bid_with(influencer, title="Snacks")
    assert found(brand, "snacks mira") == found(brand, "snacksmira") == []
    assert found(brand, "mira") == ["Snacks"]


def test_a_frequent_term(brand, influencer, monkeypatch):
    monkeypatch.setattr("conversations.search.MOST_FOUND", 2)
    for number in range(5):
        brand.opens_bid_with(influencer, title=f"Snack {number}")
    assert found(brand, "snack") == [f"Snack {number}" for number in (4, 3, 2, 1, 0)]
    assert found(brand, "snack 3") == ["Snack 3"]


def test_own_conversations_only(brand, influencer, stranger):
    brand.opens_bid_with(influencer, title="Snacks")
    assert found(stranger, "Snacks") == []


@pytest.mark.parametrize("term", ["", " ", "\u3000\u2003", "x" * 101, "😀" * 101])
def test_a_term_has_1_to_100_characters(brand, term):
    refused(brand.api.get(CONVERSATIONS, {"search": term}), 400, "invalid", "search")


def test_terms_of_the_extreme_lengths(brand, influencer):
    title = "😀" * 200
    brand.opens_bid_with(influencer, title=title)
    for term in ("😀", "😀" * 100, f" {'😀' * 100} "):
        assert found(brand, term) == [title]
    assert found(brand, "\u00ad") == []


def test_pages_and_filters(brand, influencer):
    for number in range(5):
        brand.opens_bid_with(influencer, title=f"Snack {number}")
    page = brand.reads(CONVERSATIONS, search="snack", limit=2)
    assert [one["title"] for one in page["results"]] == ["Snack 4", "Snack 3"]
    rest = brand.reads(CONVERSATIONS, search="snack", limit=200, cursor=page["next"])
    assert [one["title"] for one in rest["results"]] == ["Snack 2", "Snack 1", "Snack 0"]
    assert brand.reads(CONVERSATIONS, search="snack", type="direct")["results"] == []


# The index


def indexed() -> dict[Any, set[bytes]]:
    rows: dict[Any, set[bytes]] = {}
    for one in SearchText.objects.all():
        rows.setdefault((one.conversation_id, one.user_id), set()).add(bytes(one.text))
    for word in SearchWord.objects.all():
        rows.setdefault(word.conversation_id, set()).add(bytes(word.key))
    return rows


def test_a_new_name_is_found_in_all_conversations(brand, influencer, stranger, monkeypatch):
    monkeypatch.setattr("conversations.search_index.CHUNK", 2)
    for number in range(5):
        brand.opens_bid_with(influencer, title=f"Snack {number}")
    brand.opens_bid_with(stranger, title="Other")
    update_account(user=user_of(influencer), name="Zoë")
    run_due_tasks()
    assert len(found(brand, "zoe\u0308")) == 5
    assert found(brand, "mira") == []
    User.objects.filter(pk=stranger.pk).update(name="Zoran")
    run_due_tasks()
    assert found(brand, "zoran") == ["Other"]


@pytest.mark.django_db(transaction=True)
def test_conversations_without_an_index_are_indexed(brand, influencer, monkeypatch):
    monkeypatch.setattr("conversations.search_index.CHUNK", 2)
    for title in ("Snack box", "दीवाली", TITLE):
        brand.opens_bid_with(influencer, title=title, source_id=f"offer {title[:3]}")
    brand.opens_chat_with(influencer)
    expected = indexed()
    migration = importlib.import_module("conversations.migrations.0003_search_index")
    monkeypatch.setattr(migration, "BATCH", 2)
    for _ in range(2):
        with connection.schema_editor() as editor:
            migration.index_conversations(apps, editor)
        assert indexed() == expected
        SearchText.objects.all().delete()
        SearchWord.objects.all().delete()
    assert index_missing() == 4
    assert index_missing() == 0
    assert indexed() == expected


def test_the_search_reads_one_part_of_an_index(brand):
    reader, *others = people(401)
    conversations_of([(reader, other) for other in others])
    crowd = people(801)[401:]
    conversations_of(list(zip(crowd[::2], crowd[1::2], strict=True)))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # the tables of a test are short
    plan = texts_with(user_id=reader.pk, term="bench 39").explain()
    assert "search_text" in plan
    assert "Seq Scan" not in plan
    assert "SCAN" not in plan
    assert texts_with(user_id=reader.pk, term="bench 39").count() == len({39, *range(390, 400)})
    assert Conversation.objects.count() == 600
