"""Valid and invalid texts."""

import pytest
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


def test_length_is_counted_in_code_points():
    assert error_message("😀" * 10, max_length=10) is None
    assert error_message("😀" * 11, max_length=10) == "At most 10 characters."


def test_nul_and_lone_surrogates_are_rejected():
    assert error_message("a\x00b", max_length=10) == "The NUL character is not allowed."
    assert "surrogate" in error_message("a\ud800", max_length=10)
