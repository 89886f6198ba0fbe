"""The clock, and the form of times on the wire."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from foundation.clock import moved, now, rfc3339


def test_now_is_aware_and_cut_to_milliseconds():
    assert now().tzinfo is UTC
    assert now().microsecond % 1000 == 0


def test_moved_for_the_length_of_the_block():
    before = now()
    with moved(timedelta(days=2)):
        assert timedelta(days=2) <= now() - before < timedelta(days=2, minutes=1)
        with moved(timedelta(hours=-1)):
            assert timedelta(days=1, hours=23) <= now() - before < timedelta(days=1, hours=23, minutes=1)
    assert now() - before < timedelta(minutes=1)


def test_put_back_when_the_block_fails():
    before = now()
    with pytest.raises(RuntimeError), moved(timedelta(days=2)):
        raise RuntimeError
    assert now() - before < timedelta(minutes=1)


def test_the_form_on_the_wire():
    assert rfc3339(datetime(2024, 1, 2, 3, 4, 5, 67_000, UTC)) == "2024-01-02T03:04:05.067Z"
    india = timezone(timedelta(hours=5, minutes=30))
    assert rfc3339(datetime(2024, 1, 1, 5, 30, tzinfo=india)) == "2024-01-01T00:00:00.000Z"
