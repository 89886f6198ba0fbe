"""Identifiers. Rows have UUIDs of version 7 (RFC 9562), so that consecutive rows are adjacent in the index. Identifiers
that must not be guessed are random."""

import secrets
import uuid
from functools import lru_cache

from uuid_utils.compat import uuid7

__all__ = ["parse_id", "random_id", "uuid7"]

RANDOM_BYTES = 24


def random_id() -> str:
    """Return 192 random bits as 32 characters of base64url. OWASP ASVS 5.0, 7.2.3 requires 128 bits."""
    return secrets.token_urlsafe(RANDOM_BYTES)


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
