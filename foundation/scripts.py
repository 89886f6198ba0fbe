"""The restriction level "Highly Restrictive" of UTS 39, for words of names.

A word is in one script, or in one of the combinations that languages use: Latin with Japanese, Chinese or Korean. The
identifier profile is: letters of scripts in modern use, and no compatibility variants of other letters.
"""

# ruff: noqa: RUF001 (letters of other scripts)

import unicodedata
from functools import lru_cache

import regex

_RECOMMENDED = (
    "Arab Armn Beng Bopo Cyrl Deva Ethi Geor Grek Gujr Guru Hang Hani Hebr Hira Kana Khmr Knda Laoo Latn Mlym Mymr "
    "Orya Sinh Taml Telu Thaa Thai Tibt"
)
_LIMITED_USE = (
    "Adlm Bali Bamu Batk Cakm Cans Cham Cher Hmnp Java Kali Lana Lepc Limb Lisu Mand Mtei Newa Nkoo Olck Osge Plrd "
    "Rohg Saur Sund Sylo Syrc Tale Talu Tavt Tfng Vaii Wcho Yiii"
)
_IN_SCRIPT = {
    script: regex.compile(rf"\p{{Script_Extensions={script}}}") for script in f"{_RECOMMENDED} {_LIMITED_USE}".split()
}
"""The scripts in modern use, from tables 5 and 7 of UAX 31."""

_SYSTEMS = {
    "Hani": ("Hanb", "Jpan", "Kore"),
    "Hira": ("Jpan",),
    "Kana": ("Jpan",),
    "Hang": ("Kore",),
    "Bopo": ("Hanb",),
}
"""The writing systems of a script (UTS 39, section 5.1)."""

_OF_ANY_SCRIPT = regex.compile(r"[\p{Script_Extensions=Zyyy}\p{Script_Extensions=Zinh}]")
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}\u200c\u200d'’.‐\-_·:֊・]+")
_OF_A_WORD = regex.compile(r"[\p{L}\p{M}\p{Nd}]")
_ORDINALS = "ªº"
"""Compatibility characters of ordinary names (Mª José)."""


def suspicious_word(text: str) -> str | None:
    """Return the first word of the text, in NFC, that is not "Highly Restrictive", or None."""
    return next((found[0] for found in _WORD.finditer(text) if not _is_highly_restrictive(found[0])), None)


def _is_highly_restrictive(word: str) -> bool:
    if word.isascii():
        return True
    sets = [_writing_systems(one) for one in word if not _OF_ANY_SCRIPT.match(one)]
    if not all(sets) or any(_is_variant(one) for one in word):
        return False
    others = [one for one in sets if "Latn" not in one]
    return not others or bool(frozenset.intersection(*sets)) or _goes_with_latin(others)


def _goes_with_latin(sets: list[frozenset[str]]) -> bool:
    return not frozenset.intersection(*sets).isdisjoint({"Hanb", "Jpan", "Kore"})


def _is_variant(character: str) -> bool:
    """Return whether a letter, mark or digit is a compatibility variant of another, for example wide or bold."""
    if character in _ORDINALS or not _OF_A_WORD.match(character):
        return False
    return unicodedata.normalize("NFKC", character) != character


@lru_cache(maxsize=4096)
def _writing_systems(character: str) -> frozenset[str]:
    """Return the scripts in modern use, and the writing systems, that a character belongs to."""
    found = [script for script, pattern in _IN_SCRIPT.items() if pattern.match(character)]
    return frozenset(found).union(*(_SYSTEMS.get(script, ()) for script in found))
