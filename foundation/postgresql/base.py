"""Django's database backend for PostgreSQL, which looks at a connection from the pool instead of asking the server."""

import select
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection


def is_open(connection: Connection[Any]) -> bool:
    """Whether the server has left an idle connection open. Of one that it has closed there is something to read, which
    is seen without a round trip."""
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    return not poll.poll(0)


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection[Any]:
        """As Django's. What the server has closed is given back, for the pool to replace it: the pool's own checks wait
        longer after each one that they find, until the time for all of them is up."""
        connection = super().get_new_connection(conn_params)
        while self.pool and not is_open(connection):
            connection.close()
            self.pool.putconn(connection)
            connection = super().get_new_connection(conn_params)
        return connection
