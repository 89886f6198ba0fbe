"""Texts that look alike have the same skeleton."""

# ruff: noqa: RUF001 (letters of other scripts)

import pytest

from foundation.confusables import _prototypes, skeleton

PAIRS = [
    ("paypal", "раураl"),
    ("scope", "ѕсоре"),
    ("Circle", "Сirсlе"),
    ("1l|I", "llll"),
    ("rn", "m"),
    ("ǉeto", "ljeto"),
]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_texts_that_look_alike(one, other):
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(("one", "other"), [("anna", "hanna"), ("И", "N"), ("नील", "नीला"), ("王", "玉")])
def test_texts_that_look_different(one, other):
    assert skeleton(one) != skeleton(other)


def test_ignorable_characters_and_composition_do_not_matter():
    assert skeleton("é\u200da\u00ad") == skeleton("e\u0301a")


def test_skeletons_are_settled():
    rows = _prototypes()
    assert len(rows) > 5000
    skeletons = [skeleton(skeleton(chr(one))) for one in rows]
    assert [one for one in skeletons if skeleton(one) != one] == []
