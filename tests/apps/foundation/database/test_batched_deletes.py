"""Deleting in batches: sizes, pauses, and commits that do not wait for the disk."""

import pytest
from django.db import connection

from foundation.database import batched_deletes
from foundation.database.batched_deletes import batch, delete_in_batches, next_limit


@pytest.mark.parametrize(
    ("limit", "seconds", "following"),
    [
        (500, 0.0, 1000),
        (500, 0.01, 1000),
        (500, 0.05, 500),
        (500, 0.1, 250),
        (500, 10, 50),
        (5_000, 0.001, 5_000),
        (50, 3.0, 50),
    ],
)
def test_sizes_follow_from_durations(limit, seconds, following):
    assert next_limit(limit, seconds) == following


@pytest.mark.django_db
def test_batches_grow_until_they_take_their_time(monkeypatch):
    """A table in which a row takes 40 microseconds, without waiting for real."""
    now, sizes, rows = [0.0], [], 100_000

    def delete(limit):
        nonlocal rows
        deleted = min(limit, rows)
        rows -= deleted
        sizes.append(deleted)
        now[0] += deleted * 40e-6
        return deleted

    monkeypatch.setattr(batched_deletes.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(batched_deletes.time, "sleep", lambda seconds: None)
    assert delete_in_batches(delete) == 100_000
    assert max(sizes) * 40e-6 <= 2 * batched_deletes.BATCH_SECONDS
    assert len(sizes) < 120


@pytest.mark.django_db
def test_other_writers_get_a_pause_after_each_batch(monkeypatch):
    pauses, now = [], [0.0]
    monkeypatch.setattr(batched_deletes.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(batched_deletes.time, "sleep", pauses.append)
    batches = [5, 5, 0]

    def delete(limit):
        now[0] += 0.08
        return batches.pop(0)

    assert delete_in_batches(delete) == 10
    assert pauses == pytest.approx([0.02, 0.02])


# Commits


def setting() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit" if connection.vendor == "postgresql" else "PRAGMA synchronous")
        return str(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fault", [None, RuntimeError])
def test_only_commits_of_batches_do_not_wait_for_the_disk(fault):
    with connection.cursor() as cursor:
        cursor.execute(
            "SET synchronous_commit = on" if connection.vendor == "postgresql" else "PRAGMA synchronous = FULL"
        )
    before, inside, batches = setting(), [], [1, 1, 0]

    def delete(limit: int) -> int:
        with batch():
            inside.append(setting())
            if fault is not None:
                raise fault
            return batches.pop(0)

    if fault is None:
        assert delete_in_batches(delete) == 2
    else:
        with pytest.raises(fault):
            delete_in_batches(delete)
    assert set(inside) == {"off" if connection.vendor == "postgresql" else "1"}
    assert setting() == before
