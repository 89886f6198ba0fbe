"""Texts that look alike, by the confusable characters of UTS 39."""

import unicodedata
from functools import cache
from pathlib import Path

import regex

TABLE = Path(__file__).with_name("confusables.txt")
_IGNORED = regex.compile(r"\p{Default_Ignorable_Code_Point}")


def skeleton(text: str) -> str:
    """Return the skeleton of a text (UTS 39, section 4). Texts with the same skeleton look alike."""
    visible = _IGNORED.sub("", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFD", visible.translate(_prototypes()))


@cache
def _prototypes() -> dict[int, str]:
    lines = TABLE.read_text(encoding="ascii").splitlines()
    pairs = (line.split(";") for line in lines if not line.startswith("#"))
    return {int(code_point, 16): _text(prototype) for code_point, prototype in pairs}


def _text(code_points: str) -> str:
    return "".join(chr(int(one, 16)) for one in code_points.split())
