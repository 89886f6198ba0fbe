"""The pages in another language, from catalogues that a deployment adds."""

import re
import struct
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation
from pytest_django.fixtures import Settings

from stoory import demo
from tests.pages import PAGES

UNTRANSLATED = re.compile(r"\W*|Stoory|OpenAPI|· Stoory|" + "|".join(person.name for person in demo.PEOPLE))
"""Names, and texts without letters. Text in code elements is ignored."""

HEADER = "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=n != 1;\n"


def catalogue(texts: dict[str, str]) -> bytes:
    """Return a compiled catalogue in the format of `compilemessages`."""
    pairs = sorted((key.encode(), value.encode()) for key, value in ({"": HEADER} | texts).items())
    tables, place = [b"", b""], 28 + 16 * len(pairs)
    data = b""
    for column in (0, 1):
        for pair in pairs:
            tables[column] += struct.pack("<II", len(pair[column]), place + len(data))
            data += pair[column] + b"\0"
    sizes = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
    return sizes + tables[0] + tables[1] + data


@pytest.fixture
def german(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.mo").write_bytes(catalogue({"Already here?": "Schon da gewesen?"}))
    (folder / "djangojs.mo").write_bytes(catalogue({"Choose a conversation": "Wähle ein Gespräch"}))
    settings.LOCALE_PATHS = [tmp_path]
    settings.LANGUAGE_CODE = "de"


@pytest.mark.usefixtures("german")
def test_pages_and_scripts_take_their_texts_from_the_catalogues() -> None:
    page = Client().get("/register").content.decode()
    assert '<html lang="de">' in page
    assert "Schon da gewesen?" in page
    texts = Client().get("/texts.js").content.decode()
    assert "Choose a conversation" in texts
    assert "W\\u00e4hle ein Gespr\\u00e4ch" in texts


def test_without_a_catalogue_they_are_english() -> None:
    page = Client().get("/register").content.decode()
    assert '<html lang="en">' in page
    assert "Already here?" in page
    assert "gettext" in Client().get("/texts.js").content.decode()


class Words(HTMLParser):
    """The texts of a page, without the texts in code elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "link", "input", "img"}:
            self._inside.append(tag)
        self.found += [
            value for name, value in attrs if name in {"aria-label", "title", "alt", "placeholder"} and value
        ]

    def handle_endtag(self, tag: str) -> None:
        assert self._inside.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"code", "script"} & set(self._inside):
            self.found.append(data.strip())


@pytest.mark.django_db
@pytest.mark.parametrize("path", [*PAGES, "/nowhere"])
def test_every_text_of_a_page_can_be_translated(path: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DEBUG = path != "/nowhere"  # in development Django shows its own page here
    demo.make()
    monkeypatch.setattr(translation._trans, "gettext", lambda text: re.sub(r"[^<>]+(?![^<]*>)", r"⟦\g<0>⟧", text))
    found = Words(Client().get(path).content.decode()).found
    assert sum("⟦" in text for text in found) > 2
    assert [text for text in found if "⟦" not in text and not UNTRANSLATED.fullmatch(text)] == []
