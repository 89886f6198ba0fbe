"""Lines of text as runs of one font, one script and one direction, in the order in which they are displayed.

fpdf2 shapes a line with one script and orders a paragraph before it divides it into lines. Both are wrong for a line
that mixes Devanagari with Arabic, so lines are divided here.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from fpdf.bidi import BidiParagraph
from fpdf.enums import TextDirection

from deals.receipts.fonts import ARABIC, DIRECTION_MARKS, JOINERS, SANS, font_of, printable

_SCRIPTS = {
    "arabic": re.compile("[\u0600-\u06ff\u0750-\u077f\u0870-\u08ff\ufb50-\ufdff\ufe70-\ufefc]"),
    "devanagari": re.compile("[\u0900-\u097f\u1cd0-\u1cff\ua8e0-\ua8ff]"),
}
_OTHER = "other"


@dataclass(frozen=True)
class Run:
    """Characters that are shaped together, in logical order. An odd `level` means that they run from right to left."""

    text: str
    font: str
    script: str
    level: int

    @property
    def is_rtl(self) -> bool:
        return self.level % 2 == 1


Measure = Callable[[Run], float]


def lines(text: str, *, rtl: bool, width: float, measure: Measure) -> list[list[Run]]:
    """Return the lines of a text that is at most `width` wide. `rtl` is the direction of the paragraph."""
    found: list[list[Run]] = []
    line: list[Run] = []
    for word in _words(_letters(printable(text), rtl)):
        for part in _parts(word, width, measure):
            if line and _width(_trimmed(line + part), measure) > width:
                found.append(line)
                line = []
            line = line + part
    return [_displayed(_trimmed(one)) for one in (*found, line) if _trimmed(one)]


def direction_of(text: str, *, otherwise: bool) -> bool:
    """Return whether a text runs from right to left, by its first letter. `otherwise` is for texts without letters."""
    for character in text:
        if unicodedata.bidirectional(character) in {"L", "R", "AL"}:
            return unicodedata.bidirectional(character) != "L"
    return otherwise


def _letters(text: str, rtl: bool) -> list[Run]:
    """Return a run for each character."""
    found: list[Run] = []
    font, script = SANS, _OTHER
    base = TextDirection.RTL if rtl else TextDirection.LTR
    for character in BidiParagraph(text, base_direction=base, preserve_bn_chars=True).get_characters():
        sign, level = character.character, character.embedding_level
        if sign in JOINERS:
            level = found[-1].level if found else level
        else:
            script = _script_of(sign) or script
            font = font_of(sign, ARABIC if script == "arabic" else SANS) or font
        found.append(Run(sign, font, script, level))
    return found


def _script_of(character: str) -> str | None:
    """Return the script of a character, or None if it has the script of the characters around it."""
    for script, pattern in _SCRIPTS.items():
        if pattern.match(character):
            return script
    return _OTHER if character.isalpha() else None


def _words(letters: Sequence[Run]) -> Iterator[list[Run]]:
    """Yield the words, each with the spaces after it."""
    word: list[Run] = []
    for letter in letters:
        if word and word[-1].text == " " and letter.text != " ":
            yield word
            word = []
        word.append(letter)
    yield word


def _parts(word: list[Run], width: float, measure: Measure) -> Iterator[list[Run]]:
    """Yield a word, or its parts if it is wider than a line."""
    rest = word
    while len(rest) > 1 and _width(_trimmed(rest), measure) > width:
        cut = _cut(rest, width, measure)
        yield rest[:cut]
        rest = rest[cut:]
    yield rest


def _cut(word: Sequence[Run], width: float, measure: Measure) -> int:
    """Return how many characters of a word fit in a line; at least one. Marks stay with their letter."""
    fitting = 1
    for cut in range(1, len(word)):
        if not _begins_cluster(word, cut):
            continue
        if _width(word[:cut], measure) > width:
            break
        fitting = cut
    return fitting


def _begins_cluster(word: Sequence[Run], index: int) -> bool:
    before, after = word[index - 1].text, word[index].text
    is_joined = before in JOINERS or after in JOINERS or unicodedata.combining(before) == 9  # a virama joins
    return not is_joined and not unicodedata.category(after).startswith("M")


def _trimmed(letters: Sequence[Run]) -> list[Run]:
    end = len(letters)
    while end and letters[end - 1].text == " ":
        end -= 1
    return list(letters[:end])


def _width(letters: Sequence[Run], measure: Measure) -> float:
    return sum(measure(run) for run in _joined(letters))


def _joined(letters: Sequence[Run]) -> list[Run]:
    """Return the runs of a line, in logical order."""
    found = []
    for (font, script, level), some in groupby(letters, key=lambda one: (one.font, one.script, one.level)):
        text = "".join(one.text for one in some if one.text not in DIRECTION_MARKS)
        found.append(Run(text, font, script, level))
    return [run for run in found if run.text]


def _displayed(letters: Sequence[Run]) -> list[Run]:
    """Return the runs of a line from left to right (rule L2 of the Unicode Bidirectional Algorithm)."""
    runs = _joined(letters)
    for level in range(max((run.level for run in runs), default=0), 0, -1):
        runs = list(_reversed_from(level, runs))
    return runs


def _reversed_from(level: int, runs: Sequence[Run]) -> Iterator[Run]:
    """Yield the runs with each sequence of this level or higher levels reversed."""
    for is_reversed, some in groupby(runs, key=lambda run: run.level >= level):
        found = list(some)
        yield from found[::-1] if is_reversed else found
