"""Identifiers: made here as UUID version 7 (RFC 9562), so that rows made one after the other lie together."""

import uuid

import uuid_utils


def uuid7() -> uuid.UUID:
    return uuid.UUID(int=uuid_utils.uuid7().int)


def parse_id(value: object) -> uuid.UUID | None:
    """The UUID that a client wrote, or None where it wrote anything else. Only the canonical 36 characters."""
    if isinstance(value, uuid.UUID):
        return value
    if not isinstance(value, str) or len(value) != 36:
        return None
    try:
        parsed = uuid.UUID(value)
    except ValueError:
        return None
    return parsed if str(parsed) == value.lower() else None
