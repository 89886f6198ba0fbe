"""Identifiers: UUID version 7 (RFC 9562) for rows, so that consecutive rows are neighbours in the index; and random
ones, where they must not be guessed."""

import secrets
import uuid
from functools import lru_cache

from uuid_utils.compat import uuid7

__all__ = ["parse_id", "random_id", "uuid7"]

RANDOM_BYTES = 24


def random_id() -> str:
    """192 random bits (OWASP ASVS 5.0, 7.2.3 asks for 128), as 32 characters of base64url."""
    return secrets.token_urlsafe(RANDOM_BYTES)


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
