"""Writes `foundation/confusables.txt`, the table of look-alike characters of UTS 39, from ICU.

ICU is not a dependency of the project. To use the table of a newer version of Unicode, install PyICU with its own ICU
in a separate environment, and run this script there, from the root of the project:

    python3 -m venv /tmp/icu && /tmp/icu/bin/pip install --only-binary :all: icukit-pyicu
    /tmp/icu/bin/python scripts/confusables.py
"""

import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import icu

TABLE = Path(__file__).parents[1] / "foundation" / "confusables.txt"
HEADER = """\
# The confusable characters of UTS 39, from ICU {icu}, Unicode {unicode}: a code point, and the text that looks like it.
# Written by scripts/confusables.py. Characters that Unicode decomposes or ignores by default are left out.
"""


def rows() -> Iterator[tuple[str, str]]:
    """Yield each character that has a prototype, and the prototype."""
    checker = icu.SpoofChecker()
    for code_point in range(sys.maxunicode + 1):
        character = chr(code_point)
        if unicodedata.category(character) == "Cs" or unicodedata.normalize("NFD", character) != character:
            continue
        if icu.Char.hasBinaryProperty(character, icu.UProperty.DEFAULT_IGNORABLE_CODE_POINT):
            continue
        prototype = checker.getSkeleton(0, character)
        if prototype != character:
            yield character, prototype


def hexadecimal(text: str) -> str:
    return " ".join(f"{ord(character):X}" for character in text)


def main() -> None:
    lines = [f"{hexadecimal(character)};{hexadecimal(prototype)}\n" for character, prototype in rows()]
    header = HEADER.format(icu=icu.ICU_VERSION, unicode=icu.UNICODE_VERSION)
    TABLE.write_text(header + "".join(lines), encoding="ascii")


if __name__ == "__main__":
    main()
