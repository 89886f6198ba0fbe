"""Deleting many rows in short transactions, so that nothing else waits for long."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.models import Model

FIRST_BATCH = 500
LARGEST_BATCH = 5_000
SMALLEST_BATCH = 50
BATCH_SECONDS = 0.05
"""The duration of a batch at which its size is kept: a quarter of the limit for every batch, because a disk can be
busy."""
PAUSE_SHARE = 0.25
"""The pause after a batch, as a share of its duration. SQLite has one writer, and others need a chance."""


@contextmanager
def batch() -> Iterator[None]:
    """Open the transaction of a batch. Its commit does not wait for the disk: after a crash, the rows of the last
    batches can be there again, and are deleted again."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL synchronous_commit = off")
        yield


@contextmanager
def _lazy_sqlite() -> Iterator[None]:
    """The same for SQLite, where a transaction cannot change it. Commits of other connections still reach the disk."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous")
        (before,) = cursor.fetchone()
        cursor.execute("PRAGMA synchronous = NORMAL")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA synchronous = {int(before)}")


def delete_in_batches(delete: Callable[[int], int], *, first: int = FIRST_BATCH) -> int:
    """Call `delete(limit)` until it returns 0. Each call deletes about `limit` rows in a transaction of its own, from
    `batch()`, and returns how many. Returns the sum.

    `limit` follows from the duration of the last batch: it at most doubles after a short batch, and shrinks as much as
    needed after a long one.
    """
    total, limit = 0, first
    with _lazy_sqlite():
        while True:
            begin = time.perf_counter()
            deleted = delete(limit)
            seconds = time.perf_counter() - begin
            if not deleted:
                return total
            total += deleted
            limit = next_limit(limit, seconds)
            time.sleep(seconds * PAUSE_SHARE)


def next_limit(limit: int, seconds: float) -> int:
    """Return the size of the batch after one of `limit` rows that took `seconds`."""
    factor = min(2.0, BATCH_SECONDS / max(seconds, 0.001))
    return max(SMALLEST_BATCH, min(LARGEST_BATCH, round(limit * factor)))


def delete_rows(model: type[Model], keys: Sequence[Any]) -> int:
    """Delete the rows with these primary keys, to which no other rows refer. No signals are sent. Returns their
    number."""
    if not keys:
        return 0
    with batch():
        return model._default_manager.filter(pk__in=keys)._raw_delete(DEFAULT_DB_ALIAS)


def delete_up_to(model: type[Model], *, by: str, order: str, ends: Mapping[int, int]) -> int:
    """Delete the rows of a model whose number `by` is a key of `ends` and whose number `order` is at most its value.
    `by` and `order` are the columns of the primary key, in this order. No signals are sent. Returns the number of rows.
    """
    if not ends:
        return 0
    quote = connection.ops.quote_name
    names = {"table": quote(model._meta.db_table), "by": quote(by), "order": quote(order)}
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_BY_TID.format(**names), [list(ends), list(ends.values())])
        else:
            cursor.executemany(_BY_RANGE.format(**names), list(ends.items()))
        return cursor.rowcount


# The subquery with OFFSET is planned alone, so it always uses the index of the primary key, however large the table is.
_BY_TID = """\
DELETE FROM {table} WHERE ctid = ANY(ARRAY(
    SELECT found.place FROM unnest(%s::bigint[], %s::bigint[]) AS wanted(id, last),
    LATERAL (SELECT ctid AS place FROM {table} WHERE {by} = wanted.id AND {order} <= wanted.last OFFSET 0) AS found
))"""
_BY_RANGE = "DELETE FROM {table} WHERE {by} = %s AND {order} <= %s"
