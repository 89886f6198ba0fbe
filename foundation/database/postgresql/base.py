"""Django's database backend for PostgreSQL, which looks at a connection from the pool instead of asking the server, and
reads moments in the way that costs least."""

import select
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import BaseTzLoader
from psycopg import Connection
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap
from psycopg.pq import TransactionStatus


class MomentLoader(BaseTzLoader):  # type: ignore[misc]  # no class in the stubs
    """Reads a `timestamptz` of a session in UTC. Django's own takes it apart with a regular expression, for many times
    the cost of what is done with it."""

    timezone = UTC

    def load(self, data: Buffer) -> datetime:
        try:
            return datetime.fromisoformat(str(data, "ascii"))
        except ValueError:  # what Python has no words for, or in another style
            return super().load(data)


@cache
def _with_quick_moments(adapters: AdaptersMap) -> AdaptersMap:
    quick = AdaptersMap(adapters)
    quick.register_loader("timestamptz", MomentLoader)
    return quick


def is_open(connection: Connection[Any]) -> bool:
    """Whether the server has left an idle connection open. Of one that it has closed there is something to read, which
    is seen without a round trip."""
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    return not poll.poll(0)


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params()
        if self.timezone is UTC:
            params["context"] = _with_quick_moments(params["context"])
        return params

    def ensure_connection(self) -> None:
        """As Django's, without its guard against event loops where nothing is done: what is done next has its own."""
        if self.connection is None:
            super().ensure_connection()

    def _set_autocommit(self, autocommit: bool) -> None:
        """As Django's, where it is not so already, as it is of a connection that comes from the pool."""
        if self.connection.autocommit is not autocommit:
            super()._set_autocommit(autocommit)  # type: ignore[misc]  # missing in the stubs

    def _commit(self) -> None:
        """As Django's, where there is something to commit: the COMMIT of a pipeline leaves with its last statements."""
        if self.connection is not None and self.connection.pgconn.transaction_status != TransactionStatus.IDLE:
            super()._commit()  # type: ignore[misc]  # missing in the stubs

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection[Any]:
        """As Django's. What the server has closed is given back, for the pool to replace it: the pool's own checks wait
        longer after each one that they find, until the time for all of them is up."""
        connection = super().get_new_connection(conn_params)
        while self.pool and not is_open(connection):
            connection.close()
            self.pool.putconn(connection)
            connection = super().get_new_connection(conn_params)
        return connection
