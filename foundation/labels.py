"""Names and titles: texts on one line that other people's sentences and lists contain.

They are stored in NFC, without characters that change how the text around them is displayed, or that nobody sees.
"""

import unicodedata

import regex

from foundation.text import BLANK, trimmed

LONGEST_IN_SENTENCE = 100
"""The number of code points that a sentence shows of a name or title."""

_NEEDED_JOINER = (
    r"(?<=\p{Canonical_Combining_Class=9})[\u200c\u200d]"
    r"|(?<=[\p{Joining_Type=L}\p{Joining_Type=D}]\p{Joining_Type=T}*)\u200c"
    r"(?=\p{Joining_Type=T}*[\p{Joining_Type=R}\p{Joining_Type=D}])"
)
"""A zero-width joiner or non-joiner where a script needs it: the rules CONTEXTJ of RFC 5892, appendix A.1 and A.2."""

_HIDDEN = rf"[\p{{Default_Ignorable_Code_Point}}\p{{Bidi_Control}}\p{{Cf}}\p{{Co}}\p{{Noncharacter_Code_Point}}{BLANK}]"
_LINE = r"[\p{Cc}\p{Zl}\p{Zp}]"
_not_allowed = regex.compile(rf"(?:{_NEEDED_JOINER})(*SKIP)(*FAIL)|{_HIDDEN}")
_lines = regex.compile(rf"{_LINE}+")
_emoji_selector = regex.compile(r"(?<=\p{Emoji})\ufe0f")


def normalized(value: str) -> str:
    """Return the text in NFC. Emoji keyboards write a variation selector after some symbols; it is left out."""
    return unicodedata.normalize("NFC", _emoji_selector.sub("", value))


def label_error(value: str) -> str | None:
    """Return a message that says why a normalized text cannot be a name or title, or None."""
    if _lines.search(value):
        return "This must be a single line."
    if found := _not_allowed.search(value):
        return f"The invisible character U+{ord(found[0]):04X} is not allowed."
    return None


def clean_label(value: str) -> str:
    """Return a stored name or title without what `label_error` refuses. The result can be empty."""
    value = _lines.sub(" ", normalized(value))
    while _not_allowed.search(value):
        value = unicodedata.normalize("NFC", _not_allowed.sub("", value))
    return trimmed(value)


def isolated(value: str) -> str:
    """Return a name or title for a sentence of plain text: at most `LONGEST_IN_SENTENCE` code points between U+2068
    and U+2069, so that its direction does not change the order of the words around it."""
    shown = value if len(value) <= LONGEST_IN_SENTENCE else f"{value[: LONGEST_IN_SENTENCE - 1]}…"
    return f"\u2068{shown}\u2069"
