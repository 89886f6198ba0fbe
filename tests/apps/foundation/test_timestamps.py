"""Timestamps written by PostgreSQL are parsed with the same result as in Django."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.db import DataError, connection, transaction

from foundation.database.pipeline import execute
from foundation.database.postgresql.base import TimestampLoader

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("on_postgresql")]

TIMESTAMPTZ = psycopg.postgres.types["timestamptz"].oid


def read(text: str) -> datetime:
    with connection.cursor() as cursor:
        assert cursor.adapters.get_loader(TIMESTAMPTZ, psycopg.pq.Format.TEXT) is TimestampLoader
        cursor.execute("SELECT %s::timestamptz", [text])
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-02 03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02 03:04:05.6Z", datetime(2026, 1, 2, 3, 4, 5, 600_000, tzinfo=UTC)),
        ("2026-01-02 03:04:05.000007+05:30", datetime(2026, 1, 1, 21, 34, 5, 7, tzinfo=UTC)),
        ("0001-01-01 00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31 23:59:59.999999Z", datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_a_timestamp_is_read_in_utc(text, expected):
    found = read(text)
    assert (found, found.tzinfo) == (expected, UTC)


@pytest.mark.parametrize("text", ["infinity", "-infinity", "0002-01-01 BC", "10000-01-01"])
def test_timestamps_beyond_pythons_range_are_refused(text):
    with pytest.raises(DataError):
        read(text)


def test_a_session_with_another_date_style_is_refused():
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL DateStyle TO German")
        cursor.execute("SELECT now()")
        with pytest.raises(NotImplementedError):
            cursor.fetchone()


def test_a_pipeline_reads_the_same_timestamp():
    ((found,),) = execute("SELECT $1::timestamptz", [b"2026-01-02 03:04:05.678Z"])
    assert (found, found.tzinfo) == (datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC), UTC)


def test_in_another_time_zone_djangos_parser_is_used(monkeypatch):
    monkeypatch.setattr(connection, "timezone", ZoneInfo("Asia/Kolkata"))
    loader = connection.get_connection_params()["context"].get_loader(TIMESTAMPTZ, psycopg.pq.Format.TEXT)
    assert loader.timezone == ZoneInfo("Asia/Kolkata")
