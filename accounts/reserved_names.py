"""Names that nobody can take, because they would look like the system or its operators."""

# ruff: noqa: RUF001 (letters of other scripts)

import re
import unicodedata
from functools import cache

import regex
from django.conf import settings

from foundation.confusables import skeleton

RESERVED = ("system", "stoory", "admin", "support")
"""Reserved on every server; the setting `RESERVED_NAMES` adds others."""

_NEITHER_LETTER_NOR_NUMBER = regex.compile(r"[^\p{L}\p{M}\p{N}]|\p{Script=Inherited}")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_SMALL_CAPITALS = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡxʏᴢ"
_LETTERS_IN_SHAPES = (0x1F150, 0x1F170, 0x1F1E6)
"""The first of the white letters in black circles, in black squares, and of the regional indicators."""
_SPELLINGS = {
    **dict(zip(map(ord, _SMALL_CAPITALS), _ALPHABET, strict=True)),
    **{first + place: letter for first in _LETTERS_IN_SHAPES for place, letter in enumerate(_ALPHABET)},
    **dict(zip(map(ord, "5$@437!"), "ssaaetl", strict=True)),
}
"""Further spellings of Latin letters, which are no confusable characters of UTS 39."""
_ROUNDS = 3
"""The skeleton of a capital can change again in lower case: M has none, m is like r and n together."""


def is_reserved(name: str) -> bool:
    """Return whether a name is reserved, or consists of reserved names, in any look-alike or spaced spelling."""
    pattern = _pattern((*RESERVED, *settings.RESERVED_NAMES))
    return any(pattern.fullmatch(key) for key in _keys(name))


@cache
def _pattern(reserved: tuple[str, ...]) -> re.Pattern[str]:
    keys = {key for name in reserved for key in _keys(name)} - {""}
    return re.compile(f"(?:{'|'.join(map(re.escape, sorted(keys)))})+")


def _keys(name: str) -> set[str]:
    """Return what all spellings of a name have in common, in each case: some letters look alike only in capitals."""
    return {_key(spelling) for spelling in (name, name.upper(), name.lower())}


def _key(name: str) -> str:
    key = unicodedata.normalize("NFKC", name.translate(_SPELLINGS))
    for _ in range(_ROUNDS):
        key = unicodedata.normalize("NFKC", skeleton(key).translate(_SPELLINGS)).casefold()
    letters = _NEITHER_LETTER_NOR_NUMBER.sub("", unicodedata.normalize("NFD", key))
    return letters.replace("i", "l")  # I, 1 and | look like l
