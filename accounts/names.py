"""Search keys of names. A search finds the beginnings of words and ignores case and Unicode composition.

Python prepares both the stored keys and the search terms. The database needs no rules for case, Unicode or languages,
so SQLite and PostgreSQL find the same users.
"""

import re
import unicodedata

LONGEST_KEY = 2500
"""The length limit of a key, in bytes; PostgreSQL cannot index more than 2,700. A name of 100 characters has at most
400 bytes, or 1,800 if each character is replaced by six characters. Keys of such names can lose their last words."""

_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""The code points with the property Default_Ignorable_Code_Point, for example joiners and variation selectors."""

_DOTTED_I = re.compile("i\u0307+")
_APOSTROPHES = "\u02bb\u02bc"
"""Apostrophes that Unicode classes as letters. Most keyboards type a punctuation mark instead, so both end a word."""


def folded(text: str) -> str:
    """Return the same text for all texts that differ only in case, composition or compatibility characters.

    This is NFKC_Casefold of the Unicode standard (section 3.13), except that the Turkish dotted and dotless i are
    treated as the Latin i.
    """
    decomposed = _IGNORABLE.sub("", unicodedata.normalize("NFD", text)).casefold()
    lower = unicodedata.normalize("NFKD", decomposed).casefold().replace("\u0131", "i")
    return unicodedata.normalize("NFKC", _DOTTED_I.sub("i", lower))


def words_of(text: str) -> list[str]:
    """Return the folded words of a name or a search term: runs of letters, marks and numbers."""
    return "".join(character if _is_of_a_word(character) else " " for character in folded(text)).split()


def _is_of_a_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN" and character not in _APOSTROPHES


def keys_of(name: str) -> set[bytes]:
    """Return the search keys of a name, one for each word: the word, then all words of the name, each after a space.

    Keys are bytes, because bytes have the same order in every locale. Sorting by key sorts users by the matching word,
    exact matches first, then by name.
    """
    words = words_of(name)
    return {" ".join([word, *words]).encode()[:LONGEST_KEY] for word in words}


def search_text(text: str) -> str:
    """Return the folded text on one line, with single spaces. A text contains a search term if its search text contains
    the search text of the term."""
    return " ".join(folded(text).split())


def keys_from(prefix: str) -> tuple[bytes, bytes]:
    """Return `(first, end)`: a key of a word with this prefix is at least `first` and less than `end`."""
    first = prefix.encode()
    return first, first + b"\xff"  # a byte that never occurs in UTF-8


def in_key(prefix: str) -> bytes:
    """Return the bytes that every key contains if a word of its name begins with `prefix`."""
    return b" " + prefix.encode()
