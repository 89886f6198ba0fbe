"""How names are found: by the beginnings of their words, without regard to case and composition.

All of it is done here, in Python, when a name is written and when it is looked for: no database has to know about case,
Unicode or a language, and all of them find the same people.
"""

import re
import unicodedata

LONGEST_KEY = 2500
"""Bytes. PostgreSQL indexes no more than 2,700. A name of 100 characters has up to 400, but 1,800 where each of them
stands for six others: of such a name the last words may be cut off."""

_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Code points with the property Default_Ignorable_Code_Point, joiners and variation selectors among them."""

_DOTTED_I = re.compile("i\u0307+")
_APOSTROPHES = "\u02bb\u02bc"
"""Letters by their category; most keyboards write a punctuation mark instead."""


def folded(text: str) -> str:
    """What is the same for two texts that differ in case, composition or compatibility characters only.

    As NFKC_Casefold of the Unicode standard (section 3.13). The Turkish dotted and dotless i, which share a letter with
    the others in the other case, are one with them.
    """
    decomposed = _IGNORABLE.sub("", unicodedata.normalize("NFD", text)).casefold()
    lower = unicodedata.normalize("NFKD", decomposed).casefold().replace("\u0131", "i")
    return unicodedata.normalize("NFKC", _DOTTED_I.sub("i", lower))


def words_of(text: str) -> list[str]:
    """The words of a name, or of what is looked for, folded: runs of letters, marks and numbers."""
    return "".join(character if _is_of_a_word(character) else " " for character in folded(text)).split()


def _is_of_a_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN" and character not in _APOSTROPHES


def keys_of(name: str) -> set[bytes]:
    """What a name is found by, one key for each of its words: the word, then all words of the name, each after a space.

    They are bytes, which compare alike everywhere, whatever the locale. In their order people are sorted by the word
    that was looked for, those who have exactly this word first, then by their name.
    """
    words = words_of(name)
    return {" ".join([word, *words]).encode()[:LONGEST_KEY] for word in words}


def keys_from(prefix: str) -> tuple[bytes, bytes]:
    """The keys of the words that begin with `prefix` are those from the first up to the second, which is none."""
    first = prefix.encode()
    return first, first + b"\xff"  # a byte that UTF-8 does not have


def in_key(prefix: str) -> bytes:
    """What is in each key of a name that has a word which begins with `prefix`."""
    return b" " + prefix.encode()
