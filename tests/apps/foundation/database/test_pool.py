"""The connection pool never lends a connection that the server has closed."""

import psycopg
import pytest
from django.db import connection

from foundation.database.postgresql.base import is_open

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("on_postgresql")]

END_OTHERS = """
    SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def count(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def test_connections_closed_by_the_server_are_not_lent():
    count("SELECT 1")
    pool = connection.pool
    connection.close()
    idle = [pool.getconn() for _ in range(6)]
    assert all(map(is_open, idle))
    for one in idle:
        pool.putconn(one)
    with psycopg.connect(**connection.get_connection_params() | {"autocommit": True}) as operator:
        assert operator.execute(END_OTHERS).fetchone()[0] >= len(idle)
    assert not any(map(is_open, idle))
    assert count("SELECT 1") == 1
