"""Checks of text that users write.

The properties of characters are those of the package `regex`, because its version of Unicode is the same with every
version of Python.
"""

import regex

BYTE_ORDER_MARK = "\ufeff"
BLANK_MESSAGE = "A text with at least one visible character is needed."
HALF_PAIR = "Half of a surrogate pair is not a character."

BLANK = r"\u2800\ufffc\U00013441\U00013442\U00016fe4\U0001d159"
"""Assigned characters that are displayed as nothing: BRAILLE PATTERN BLANK, OBJECT REPLACEMENT CHARACTER, EGYPTIAN
HIEROGLYPH FULL BLANK and HALF BLANK, KHITAN SMALL SCRIPT FILLER, MUSICAL SYMBOL NULL NOTEHEAD."""

_VISIBLE = regex.compile(rf"[^\p{{C}}\p{{Z}}\p{{White_Space}}\p{{Default_Ignorable_Code_Point}}{BLANK}]")
"""`\\p{C}` includes controls, format characters, private-use and unassigned characters, and noncharacters."""
_SURROGATE = regex.compile(r"\p{Cs}")


def trimmed(value: str) -> str:
    """Return the text without Unicode white space and U+FEFF at both ends."""
    while True:
        shorter = value.strip().strip(BYTE_ORDER_MARK)
        if shorter == value:
            return value
        value = shorter


def has_half_pair(value: str) -> bool:
    """Return whether a text contains half of a surrogate pair, which no encoding of Unicode can represent."""
    return not value.isascii() and _SURROGATE.search(value) is not None


def is_visible(value: str) -> bool:
    """Return whether at least one character of the text is displayed: an assigned one that is not blank."""
    return _VISIBLE.search(value) is not None


def error_message(value: str, *, max_length: int) -> str | None:
    """Return a message that says why a trimmed text is invalid, or None if it is valid. Lengths are in code points."""
    if "\x00" in value:
        return "The NUL character is not allowed."
    if len(value) > max_length:
        return f"At most {max_length:,} characters."
    if has_half_pair(value):
        return HALF_PAIR
    return None if is_visible(value) else BLANK_MESSAGE
