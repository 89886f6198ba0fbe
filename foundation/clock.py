"""The clock of the project: everything that stores or compares a time uses it, so that a test can move it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_offset = timedelta()


def now() -> datetime:
    """The present moment, aware, in UTC, cut to milliseconds: what is stored is what clients are shown."""
    moment = datetime.now(UTC)
    if _offset:
        moment += _offset
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@contextmanager
def moved(by: timedelta) -> Iterator[None]:
    """Move the clock for the length of the block; for tests."""
    global _offset  # noqa: PLW0603
    before = _offset
    _offset = before + by
    try:
        yield
    finally:
        _offset = before


@lru_cache
def rfc3339(moment: datetime) -> str:
    """`2024-01-01T00:00:00.000Z`: RFC 3339 in UTC with milliseconds. Cached: payloads of one request repeat moments."""
    text = moment.isoformat(timespec="milliseconds")
    if not text.endswith("+00:00"):
        text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text[:-6] + "Z"
