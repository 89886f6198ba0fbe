"""Identifiers: made here as UUID version 7 (RFC 9562), so that rows made one after the other lie together."""

import uuid
from functools import lru_cache

import uuid_utils


def uuid7() -> uuid.UUID:
    return uuid.UUID(int=uuid_utils.uuid7().int)


def parse_id(value: object) -> uuid.UUID | None:
    """The UUID that a client wrote, or None where it wrote anything else. Only the canonical 36 characters."""
    if isinstance(value, uuid.UUID):
        return value
    return _parsed(value) if isinstance(value, str) and len(value) == 36 else None


@lru_cache(maxsize=1_024)
def _parsed(text: str) -> uuid.UUID | None:
    """Kept: who writes an id has it read several times, and writes it again."""
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        return None
    return parsed if str(parsed) == text.lower() else None
