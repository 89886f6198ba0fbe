"""Identifiers: of rows, made here as UUID version 7 (RFC 9562), so that rows made one after the other lie together; and
random ones, for what nobody may guess."""

import os
import secrets
import uuid
from functools import lru_cache

import uuid_utils

_RANDOM_BYTES, _RANDOM_LENGTH = 24, 32
_AT_ONCE = 64
_made: list[str] = []
"""Random ids for later: each time that the system is asked for randomness, every other thread may go first."""
os.register_at_fork(after_in_child=_made.clear)


_set_int, _set_is_safe = (vars(uuid.UUID)[name].__set__ for name in ("int", "is_safe"))
"""Set what a UUID is made of: its constructor goes through all forms that it takes each time."""


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
        text = secrets.token_urlsafe(_RANDOM_BYTES * _AT_ONCE)
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
    """Kept: who writes an id has it read several times, and writes it again."""
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        return None
    return parsed if str(parsed) == text.lower() else None
