"""Identifiers: UUID version 7 (RFC 9562) for rows, so that consecutive rows are neighbours in the index; and random
ones, where they must not be guessed."""

import os
import secrets
import uuid
from functools import lru_cache

import uuid_utils

_RANDOM_BYTES, _RANDOM_LENGTH = 24, 32
_BATCH_SIZE = 64
_made: list[str] = []
"""Random ids in stock: each call of the system's random generator releases the GIL."""
os.register_at_fork(after_in_child=_made.clear)


_set_int, _set_is_safe = (vars(uuid.UUID)[name].__set__ for name in ("int", "is_safe"))
"""Set the slots of a UUID: its constructor tries all forms of arguments each time."""


def uuid7() -> uuid.UUID:
    made = uuid.UUID.__new__(uuid.UUID)
    _set_int(made, uuid_utils.uuid7().int)
    _set_is_safe(made, uuid.SafeUUID.unknown)
    return made


def random_id() -> str:
    """192 random bits (OWASP ASVS 5.0, 7.2.3 asks for 128), as 32 characters of base64url."""
    try:
        return _made.pop()
    except IndexError:
        text = secrets.token_urlsafe(_RANDOM_BYTES * _BATCH_SIZE)
        first, *others = (text[start : start + _RANDOM_LENGTH] for start in range(0, len(text), _RANDOM_LENGTH))
        _made.extend(others)
        return first


def parse_id(value: object) -> uuid.UUID | None:
    """The UUID that a client wrote, or None where it wrote anything else. Only the canonical 36 characters."""
    if isinstance(value, uuid.UUID):
        return value
    return _parsed(value) if isinstance(value, str) and len(value) == 36 else None


@lru_cache(maxsize=4_096)
def _parsed(text: str) -> uuid.UUID | None:
    """Cached: an id is parsed several times a request, and sent again with the next."""
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        return None
    return parsed if str(parsed) == text.lower() else None
