"""What counts as text that a person wrote."""

import unicodedata

BYTE_ORDER_MARK = "\ufeff"
_INVISIBLE = {"Cc", "Cf", "Zs", "Zl", "Zp"}


def trimmed(value: str) -> str:
    """Without Unicode white space and U+FEFF at both ends."""
    while True:
        shorter = value.strip().strip(BYTE_ORDER_MARK)
        if shorter == value:
            return value
        value = shorter


def fault_of(value: str, *, longest: int) -> str | None:
    """Why a trimmed text cannot be taken, or None. Lengths count code points."""
    if "\x00" in value:
        return "The NUL character is not allowed."
    if len(value) > longest:
        return f"At most {longest:,} characters."
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        return "Half of a surrogate pair is not a character."
    if not any(unicodedata.category(character) not in _INVISIBLE for character in value):
        return "A text with at least one visible character is needed."
    return None
