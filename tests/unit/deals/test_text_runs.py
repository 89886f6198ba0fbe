"""Lines of receipts: which characters are shaped together, in which order, and where a line ends."""

# ruff: noqa: RUF001 (letters of other scripts)

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deals.receipts.fonts import ARABIC, DIRECTION_MARKS, SANS, printable
from deals.receipts.text_runs import Run, direction_of, lines

WIDE = 1_000_000.0


def width(run: Run) -> float:
    """Return a width of 1 for each character that is not a mark."""
    return sum(not unicodedata.category(sign).startswith("M") for sign in run.text)


def line(text: str, *, rtl: bool = False) -> list[Run]:
    """Return the only line of a text."""
    (found,) = lines(text, rtl=rtl, width=WIDE, measure=width)
    return found


def texts(runs: list[Run]) -> list[str]:
    return [run.text for run in runs]


def test_scripts_are_shaped_apart():
    runs = line("Snack हिन्दी box")
    assert [(run.text, run.script, run.font) for run in runs] == [
        ("Snack ", "other", SANS),
        ("हिन्दी ", "devanagari", SANS),
        ("box", "other", SANS),
    ]


def test_arabic_has_its_own_font_and_direction():
    runs = line("Snack محمد box")
    assert texts(runs) == ["Snack ", "محمد", " ", "box"]
    assert [run.is_rtl for run in runs] == [False, True, False, False]
    assert runs[1].font == ARABIC


def test_runs_of_a_line_from_right_to_left_are_reversed():
    shown = texts(line("محمد 123 Snack box علي", rtl=True))
    assert shown == ["علي", " ", "Snack box", " ", "123", "محمد "]


@pytest.mark.parametrize("rtl", [False, True])
def test_a_number_after_an_arabic_word_is_on_its_left(rtl):
    assert texts(line("محمد 5", rtl=rtl)) == ["5", "محمد "]


def test_a_joiner_stays_in_its_word():
    for text in ("क्\u200dष", "می\u200cخواهم"):
        for rtl in (False, True):
            assert texts(line(text, rtl=rtl)) == [text]


def test_lines_end_between_words():
    found = lines("one two three four", rtl=False, width=9, measure=width)
    assert [texts(one) for one in found] == [["one two"], ["three"], ["four"]]


def test_each_line_is_ordered_alone():
    found = lines("محمد علي Snack box", rtl=True, width=9, measure=width)
    assert [texts(one) for one in found] == [["محمد علي"], ["Snack box"]]


def test_a_long_word_is_divided_between_syllables():
    found = lines("क्षिक्षिक्षि", rtl=False, width=3, measure=width)
    assert "".join(run.text for one in found for run in one) == "क्षिक्षिक्षि"
    assert len(found) > 1
    assert all(one[0].text.startswith("क्षि") for one in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Mira", False), ("123 محمد", True), ("123", True), ("", True), ("א", True), ("(हिन्दी)", False)],
)
def test_a_text_runs_in_the_direction_of_its_first_letter(text, expected):
    assert direction_of(text, otherwise=True) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n\tb\u00a0 c", "a b c"),
        ("\u202eevil\u202c\x00", "evil"),
        ("🎉🎉 x 🎉", "\ufffd x \ufffd"),
        ("👩\u200d👩\u200d👧 x", "\ufffd x"),
        ("©\ufe0f", "©"),
        ("e\u0301", "é"),
        ("क्\u200dष", "क्\u200dष"),
        ("தமிழ்", "\ufffd"),
        ("\ud800", ""),
        ("", ""),
    ],
)
def test_a_text_becomes_printable(text, expected):
    assert printable(text) == expected


@given(text=st.text(max_size=60), rtl=st.booleans(), most=st.integers(1, 12))
def test_no_character_is_lost(text, rtl, most):
    found = lines(text, rtl=rtl, width=most, measure=width)
    shown = sorted("".join(run.text for one in found for run in one).replace(" ", ""))
    kept = (sign for sign in printable(text) if sign != " " and sign not in DIRECTION_MARKS)
    assert shown == sorted(kept)
