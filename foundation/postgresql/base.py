"""Django's database backend for PostgreSQL, whose pool does not ask the server before each use of a connection."""

import select
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection, OperationalError
from psycopg_pool import ConnectionPool


def check_open(connection: Connection[Any]) -> None:
    """Raises `OperationalError` where the server has closed an idle connection, and closes it here too: then there is
    something to read, which is seen without a round trip."""
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    if poll.poll(0):
        connection.close()
        raise OperationalError("The connection was closed.")


class DatabaseWrapper(base.DatabaseWrapper):
    @property
    def pool(self) -> ConnectionPool | None:
        """As Django's, which offers a round trip or nothing as its check."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if not options or self.alias == base.NO_DB_ALIAS:
            return None
        if self.alias not in self._connection_pools:
            made = ConnectionPool(
                kwargs=self.get_connection_params() | {"autocommit": True},
                open=False,
                configure=self._configure_connection,
                check=check_open,
                **options,
            )
            # Of several threads that come at once the first one's is taken.
            self._connection_pools.setdefault(self.alias, made)
        return self._connection_pools[self.alias]
