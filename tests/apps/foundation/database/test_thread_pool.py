"""A database thread keeps its connection while it has work, returns it when idle, and never reuses a broken
connection."""

import asyncio
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, ProgrammingError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from foundation.database import executor, thread_pool
from foundation.database.executor import in_database
from foundation.database.thread_pool import DatabaseThreads
from tests.harness.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

END = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid = %s"


@pytest.fixture(autouse=True)
def _threads_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "_threads", DatabaseThreads(1))
    monkeypatch.setattr(thread_pool, "IDLE_SECONDS", 5)


@pytest.fixture
def taken() -> Iterator[list[BaseDatabaseWrapper]]:
    """An entry for each connection taken from the pool."""
    seen: list[BaseDatabaseWrapper] = []

    def note(connection: BaseDatabaseWrapper, **_: Any) -> None:
        seen.append(connection)

    connection_created.connect(note)
    yield seen
    connection_created.disconnect(note)


def ask(statement: str = "SELECT 1") -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def wait_until_given_back(one: BaseDatabaseWrapper) -> None:
    wait_until(lambda: one.connection is None)


async def test_consecutive_work_uses_one_connection(taken):
    assert [await in_database(ask) for _ in range(5)] == [1] * 5
    assert len(taken) == 1


async def test_an_idle_thread_returns_its_connection(taken, monkeypatch):
    monkeypatch.setattr(thread_pool, "IDLE_SECONDS", 0.01)
    assert await in_database(ask) == 1
    await asyncio.to_thread(wait_until_given_back, taken[0])
    assert await in_database(ask) == 1
    assert len(taken) == 2


async def test_after_an_error_another_connection_is_taken(taken):
    with pytest.raises((OperationalError, ProgrammingError)):
        await in_database(ask, "SELECT there_is_no_such_column")
    assert await in_database(ask) == 1
    assert len(taken) == 2


async def test_an_error_on_closing_does_not_stop_work(taken, monkeypatch):
    with pytest.raises((OperationalError, ProgrammingError)):
        await in_database(ask, "SELECT there_is_no_such_column")
    closing = taken[0]._close

    def closed_with_an_error() -> None:
        closing()
        raise OperationalError

    monkeypatch.setattr(taken[0], "_close", closed_with_an_error)
    assert await asyncio.wait_for(in_database(ask), 30) == 1
    assert len(taken) == 2


async def test_a_connection_closed_by_the_server_is_not_reused(on_postgresql, taken):
    pid = await in_database(ask, "SELECT pg_backend_pid()")
    parameters = connections["default"].get_connection_params() | {"autocommit": True}
    with psycopg.connect(**parameters) as operator:
        assert operator.execute(END, [pid]).fetchone() == (True,)
    assert await in_database(ask, "SELECT pg_backend_pid()") != pid
    assert len(taken) == 2
