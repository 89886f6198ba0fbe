"""The keys by which names are found."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.names import LONGEST_KEY, folded, in_key, keys_from, keys_of, words_of

FORMS = ["NFC", "NFD", "NFKC", "NFKD"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Anaya Rao", ["anaya", "rao"]),
        ("ANNA", ["anna"]),
        ("O'Neill", ["o", "neill"]),
        ("O\u2019Neill", ["o", "neill"]),
        ("O\u02bcNeill", ["o", "neill"]),
        ("Jean-Luc", ["jean", "luc"]),
        ("  Mira\t(Studio)  ", ["mira", "studio"]),
        ("सोनम वर्मा", ["सोनम", "वर्मा"]),
        ("李小龍", ["李小龍"]),
        ("Ａｎｎ", ["ann"]),  # noqa: RUF001
        ("Straße", ["strasse"]),
        ("ΝΙΚΟΣ Νίκος", ["νικοσ", "νίκοσ"]),
        ("Zoe\u0308", ["zo\xeb"]),
        ("Ǆemal ﬁona", ["džemal", "fiona"]),
        ("İpek IŞIL \u0131ş\u0131k", ["ipek", "işil", "işik"]),
        ("Agent 007", ["agent", "007"]),
        ("C-3PO²", ["c", "3po2"]),
        ("\u845b\U000e0100", ["\u845b"]),
        ("snake_case", ["snake", "case"]),
        ("50% a\\b", ["50", "a", "b"]),
        ("👩‍🍳", []),
        ("…", []),
        ("", []),
    ],
)
def test_the_words_of_a_name(name, words):
    assert words_of(name) == words


@pytest.mark.parametrize("joiner", ["\u200c", "\u200d", "\xad", "\u2060", "\ufe0f", "\u034f"])
def test_invisible_characters_neither_separate_nor_change_words(joiner):
    assert words_of(f"क्{joiner}ष") == words_of("क्ष")
    assert words_of(f"{joiner}An{joiner}n") == ["ann"]


@given(st.text())
@example("İ\u0307\u0323")
@example("\u0345\u03b1\u0313")
@example("\u0131\u0307")
def test_folding_twice_is_folding_once(text):
    assert folded(folded(text)) == folded(text)


@given(st.text(), st.sampled_from(FORMS))
@example("\u1fb3\u0313", "NFD")
def test_composition_makes_no_difference(text, form):
    assert folded(unicodedata.normalize(form, text)) == folded(text)


@pytest.mark.parametrize("change", [str.upper, str.lower, str.title, str.casefold, str.swapcase])
def test_case_makes_no_difference_to_any_character(change):
    different = [
        character
        for character in map(chr, [*range(0xD800), *range(0xE000, 0x110000)])
        if change(character) != character and folded(change(character)) != folded(character)
    ]
    assert different == []


@given(st.text(max_size=100))
@example("\u3316" * 100)
@example("\ufdfa" * 100)
@example(" ".join("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMN"))
def test_keys_are_short_enough_for_an_index_and_begin_with_their_word(name):
    keys = keys_of(name)
    assert {key.partition(b" ")[0].decode() for key in keys} == set(words_of(name))
    assert all(len(key) <= LONGEST_KEY for key in keys)


@given(st.text(max_size=30), st.text(min_size=1, max_size=10))
@example("Anna Rao", "an")
@example("Anna Rao", "ra")
@example("\U0010fffd", "\U0010fffd")
def test_keys_find_names_by_prefixes(name, prefix):
    for wanted in words_of(prefix) + [word[:2] for word in words_of(name)]:
        begins = [word for word in words_of(name) if word.startswith(wanted)]
        first, last = keys_from(wanted)
        found = {key for key in keys_of(name) if first <= key < last}
        assert {key.partition(b" ")[0].decode() for key in found} == set(begins)
        assert all((in_key(wanted) in key) is bool(begins) for key in keys_of(name))
