"""The clock of the project. All code that stores or compares times uses it, so that a test can move it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_offset = timedelta()


def now() -> datetime:
    """Return the current time as an aware datetime in UTC.

    The time is truncated to milliseconds, so that stored times are equal to the times that clients receive.
    """
    moment = datetime.now(UTC)
    if _offset:
        moment += _offset
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@contextmanager
def moved(by: timedelta) -> Iterator[None]:
    """Move the clock within the block, for tests. A positive `by` moves it into the future."""
    global _offset  # noqa: PLW0603
    before = _offset
    _offset = before + by
    try:
        yield
    finally:
        _offset = before


@lru_cache
def rfc3339(moment: datetime) -> str:
    """Return an aware datetime in the format of RFC 3339, in UTC with milliseconds: `2024-01-01T00:00:00.000Z`.

    Cached, because the payloads of one request repeat the same times.
    """
    text = moment.isoformat(timespec="milliseconds")
    if not text.endswith("+00:00"):
        text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text[:-6] + "Z"
