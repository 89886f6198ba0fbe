"""Names and titles: NFC, one line, no invisible characters."""

# ruff: noqa: RUF001 (letters of other scripts)

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.labels import clean_label, isolated, label_error, normalized
from foundation.schemas import Label
from foundation.text import trimmed

NEEDED = {
    "Hindi, conjunct without ligature": "क्\u200dष",
    "Hindi, explicit virama": "क्\u200cष",
    "Malayalam": "അവന്\u200d",
    "Sinhala": "ශ්\u200dරී",
    "Persian": "نامه\u200cای",
    "Arabic with a mark between": "بَ\u200cب",
}
UNSEEN = {
    "joiner between Latin letters": "An\u200dna",
    "non-joiner between Latin letters": "An\u200cna",
    "joiner after a Hindi vowel": "की\u200dर",
    "joiner at the start": "\u200dAnna",
    "two joiners": "क्\u200d\u200dष",
    "non-joiner at the end of Arabic": "نامه\u200c",
    "emoji sequence": "👩\u200d💻",
    "zero-width space": "An\u200bna",
    "word joiner": "An\u2060na",
    "byte order mark": "An\ufeffna",
    "soft hyphen": "An\u00adna",
    "override": "\u202egnp.exe",
    "isolate": "\u2067Anna\u2069",
    "mark of direction": "Anna\u200f",
    "Arabic mark of direction": "Anna\u061c",
    "tag": "Anna\U000e0041",
    "variation selector after a letter": "a\ufe0f",
    "Mongolian selector": "a\u180b",
    "grapheme joiner": "a\u034fb",
    "Hangul filler": "Anna \u3164",
    "Braille blank": "An\u2800na",
    "annotation": "a\ufff9b",
    "private use": "Anna \ue000",
    "noncharacter": "Anna\ufdd0",
}


@pytest.mark.parametrize("value", NEEDED.values(), ids=NEEDED)
def test_joiners_stay_where_a_script_needs_them(value):
    assert label_error(value) is None
    assert clean_label(value) == unicodedata.normalize("NFC", value)


@pytest.mark.parametrize("value", UNSEEN.values(), ids=UNSEEN)
def test_characters_that_nobody_sees_are_refused(value):
    assert "invisible character" in label_error(normalized(value))
    assert label_error(clean_label(value)) is None
    assert len(clean_label(value)) < len(value)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029", "\t", "\x07", "\x7f"])
def test_a_label_is_one_line(end):
    assert label_error(f"Anna{end}{end}System") == "This must be a single line."
    assert clean_label(f"Anna{end}{end}System") == "Anna System"


@pytest.mark.parametrize("value", ["e\u0301", "Å", "한", "वि\u0928\u093c"])
def test_labels_are_in_nfc(value):
    for form in ("NFC", "NFD"):
        assert normalized(unicodedata.normalize(form, value)) == unicodedata.normalize("NFC", value)


def test_the_selector_that_keyboards_add_to_emoji_is_left_out():
    assert normalized("Diwali ❤\ufe0f 1\ufe0f\u20e3") == "Diwali ❤ 1\u20e3"


@given(st.text())
def test_cleaned_labels_are_valid(value):
    found = clean_label(value)
    assert label_error(found) is None
    assert clean_label(found) == found == trimmed(normalized(found))


def test_labels_that_are_too_long_are_not_normalized(monkeypatch):
    monkeypatch.setattr("foundation.labels.normalized", lambda value: pytest.fail("normalized"))
    with pytest.raises(Exception, match="At most 10 characters"):
        Label(10)._checked("a" + "\u0301\u0316" * 20)


def test_isolated_labels_are_cut():
    assert isolated("Anna") == "\u2068Anna\u2069"
    assert isolated("x" * 100) == f"\u2068{'x' * 100}\u2069"
    assert isolated("x" * 101) == f"\u2068{'x' * 99}…\u2069"
