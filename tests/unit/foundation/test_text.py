"""Valid and invalid texts."""

import sys
import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from foundation.text import error_message, trimmed


@pytest.mark.parametrize("white", [" ", "\t", "\r\n", "\u00a0", "\u2003", "\u3000", "\u2028", "\ufeff", " \ufeff "])
def test_white_space_is_trimmed_at_both_ends_only(white):
    assert trimmed(f"{white}a{white}b{white}") == f"a{white}b"


@given(st.text())
def test_trimming_twice_is_trimming_once(value):
    assert trimmed(trimmed(value)) == trimmed(value)


@given(st.text(max_size=50))
def test_texts_are_kept_exactly(value):
    assert trimmed(value) in value


@pytest.mark.parametrize("value", ["", " ", "\u200b", "\u200d\u2060", "\u00ad", "\u202e", "\x01", "\u2066\u2069"])
def test_invisible_characters_are_not_a_text(value):
    assert error_message(value, max_length=10) == "A text with at least one visible character is needed."


@pytest.mark.parametrize("value", ["a", "0", "😀", "👨‍👩‍👧", "नमस्ते", "\u200ba"])
def test_visible_characters_are_a_text(value):
    assert error_message(value, max_length=20) is None


IGNORED = [
    "\u034f",  # COMBINING GRAPHEME JOINER
    "\u061c",
    "\u115f\u1160",  # Hangul fillers
    "\u17b4\u17b5",
    "\u180b\u180e\u180f",
    "\u2800",  # BRAILLE PATTERN BLANK
    "\u3164",
    "\ufe0f",
    "\uffa0",
    "\ufff9\ufffa\ufffb",
    "\ufffc",
    "\U00013441",
    "\U00016fe4",
    "\U0001bca0",
    "\U0001d159",
    "\U0001d173",
    "\U000e0001",
    "\U000e0041",
    "\U000e0100",
    "\ue000",
    "\uf8ff",
    "\U0010fffd",
    "\ufdd0",
    "\uffff",
    "\U0001fffe",
    "\u0378",  # not assigned
    "\U000e0fff",
]


@pytest.mark.parametrize("value", IGNORED, ids=lambda value: f"{ord(value[0]):04X}")
def test_blank_ignorable_private_and_unassigned_characters_are_not_a_text(value):
    for written in (value, value * 3, f"{value} {value}", f"\u200b{value}\u2060"):
        assert error_message(written, max_length=20) == "A text with at least one visible character is needed."
        assert error_message(f"{written}x", max_length=20) is None


def test_every_character_that_unicode_hides_is_not_a_text():
    hidden = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{White_Space}\p{Co}\p{Noncharacter_Code_Point}\p{Cn}]")
    characters = [chr(one) for one in range(1, sys.maxunicode + 1) if not 0xD800 <= one < 0xE000]
    assert [one for one in characters if hidden.match(one) and error_message(one, max_length=1) is None] == []


def test_letters_numbers_marks_and_symbols_of_every_script_are_a_text():
    characters = [chr(one) for one in range(sys.maxunicode + 1) if unicodedata.category(chr(one))[0] in "LNMPS"]
    refused = [one for one in characters if error_message(one, max_length=1)]
    shown = [one for one in refused if not regex.match(r"\p{Default_Ignorable_Code_Point}", one)]
    blank = "\u2800\ufffc\U00013441\U00013442\U00016fe4\U0001d159"
    assert shown == [one for one in blank if one in characters]  # Python 3.11 does not know all of them


def test_length_is_counted_in_code_points():
    assert error_message("😀" * 10, max_length=10) is None
    assert error_message("😀" * 11, max_length=10) == "At most 10 characters."


def test_nul_and_lone_surrogates_are_rejected():
    assert error_message("a\x00b", max_length=10) == "The NUL character is not allowed."
    assert "surrogate" in error_message("a\ud800", max_length=10)
