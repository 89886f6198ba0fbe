"""Identifiers. Rows have UUIDs of version 7 (RFC 9562), so that consecutive rows are adjacent in the index. Identifiers
that must not be guessed are random."""

import os
import secrets
import uuid
from functools import lru_cache

from uuid_utils.compat import uuid7

__all__ = ["parse_id", "random_id", "uuid7"]

RANDOM_LENGTH = 32
BATCH = 64
_unused: list[str] = []
# A forked process must not create the same ids as its parent.
os.register_at_fork(after_in_child=_unused.clear)


def random_id() -> str:
    """Return 192 random bits as 32 characters of base64url. OWASP ASVS 5.0, 7.2.3 requires 128 bits.

    Ids are created in batches, because reading random bytes from the system releases the GIL, and the event loop then
    waits until another thread gives it back.
    """
    try:
        return _unused.pop()
    except IndexError:
        _unused.extend(_random_ids())
        return random_id()


def _random_ids() -> list[str]:
    text = secrets.token_urlsafe(RANDOM_LENGTH * 3 // 4 * BATCH)
    return [text[start : start + RANDOM_LENGTH] for start in range(0, len(text), RANDOM_LENGTH)]


def parse_id(value: object) -> uuid.UUID | None:
    """Parse a UUID from a client. Return None unless it is a UUID in the canonical form of 36 characters."""
    if isinstance(value, uuid.UUID):
        return value
    return _parsed(value) if isinstance(value, str) and len(value) == 36 else None


@lru_cache(maxsize=4_096)
def _parsed(text: str) -> uuid.UUID | None:
    """Parse a UUID. Cached, because clients send the same ids again and again."""
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        return None
    return parsed if str(parsed) == text.lower() else None
