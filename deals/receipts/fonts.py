"""The fonts of receipts, from `static/vendor`: Noto Sans for Latin, Greek, Cyrillic and Devanagari, and for Arabic."""

import unicodedata
from functools import cache
from pathlib import Path

from django.conf import settings
from fontTools.ttLib import TTFont

VENDOR = Path(settings.BASE_DIR) / "static" / "vendor"
SANS, ARABIC = "noto-sans", "noto-sans-arabic"
FILES = {
    SANS: VENDOR / SANS / "400Regular" / "NotoSans_400Regular.ttf",
    ARABIC: VENDOR / ARABIC / "400Regular" / "NotoSansArabic_400Regular.ttf",
}

JOINERS = "\u200c\u200d"
DIRECTION_MARKS = "\u200e\u200f"
VARIATION_SELECTORS = {chr(point) for point in range(0xFE00, 0xFE10)}
REPLACEMENT = "\ufffd"
_INVISIBLE = {"Cc", "Cf", "Cs"}


@cache
def characters(font: str) -> frozenset[int]:
    """Return the code points of the characters that a font has."""
    with TTFont(FILES[font], lazy=True) as file:
        return frozenset(file.getBestCmap() or ())


def font_of(character: str, preferred: str) -> str | None:
    """Return a font that has this character, or None."""
    point = ord(character)
    others = (font for font in FILES if font != preferred)
    return next((font for font in (preferred, *others) if point in characters(font)), None)


def printable(text: str) -> str:
    """Return the text in one line, without control characters.

    U+FFFD replaces each sequence of characters that no font has, for example an emoji.
    """
    found: list[str] = []
    for character in " ".join(unicodedata.normalize("NFC", text).split()):
        if unicodedata.category(character) in _INVISIBLE or character in VARIATION_SELECTORS:
            if character in DIRECTION_MARKS or (character in JOINERS and found[-1:] != [REPLACEMENT]):
                found.append(character)
        elif font_of(character, SANS):
            found.append(character)
        elif found[-1:] != [REPLACEMENT]:
            found.append(REPLACEMENT)
    return "".join(found)
