"""Checks of text that users write."""

import unicodedata

BYTE_ORDER_MARK = "\ufeff"
BLANK_MESSAGE = "A text with at least one visible character is needed."
HALF_PAIR = "Half of a surrogate pair is not a character."
_INVISIBLE = {"Cc", "Cf", "Zs", "Zl", "Zp"}


def trimmed(value: str) -> str:
    """Return the text without Unicode white space and U+FEFF at both ends."""
    while True:
        shorter = value.strip().strip(BYTE_ORDER_MARK)
        if shorter == value:
            return value
        value = shorter


def has_half_pair(value: str) -> bool:
    """Return whether a text contains half of a surrogate pair, which no encoding of Unicode can represent."""
    return not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value)


def error_message(value: str, *, max_length: int) -> str | None:
    """Return a message that says why a trimmed text is invalid, or None if it is valid. Lengths are in code points."""
    if "\x00" in value:
        return "The NUL character is not allowed."
    if len(value) > max_length:
        return f"At most {max_length:,} characters."
    if has_half_pair(value):
        return HALF_PAIR
    return BLANK_MESSAGE if is_blank(value) else None


def is_blank(value: str) -> bool:
    """Return whether the text has no visible character."""
    return all(unicodedata.category(character) in _INVISIBLE for character in value)
