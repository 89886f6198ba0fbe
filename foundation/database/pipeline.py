"""Pipelines: send any number of statements to PostgreSQL in one round trip.

Pipelines use libpq's pipeline mode (https://www.postgresql.org/docs/current/libpq-pipeline-mode.html) through
`psycopg.pq`. With psycopg's cursors, each statement of a pipeline would be many times slower and wait separately.
"""

import select
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Any, TypeVar, overload
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import Connection, OperationalError
from psycopg.adapt import AdaptersMap, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

R = TypeVar("R")

_SUCCESS = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


class _ConnectionState:
    """The data of a connection that is kept between round trips."""

    def __init__(self, adapters: AdaptersMap) -> None:
        self.prepared: dict[str, bytes] = {}
        """The names of the prepared statements, by their text."""
        self._rows = Transformer(adapters)

    def rows_of(self, result: PGresult) -> list[tuple[Any, ...]]:
        self._rows.set_pgresult(result)
        return self._rows.load_rows(0, result.ntuples, tuple)


_states: "WeakKeyDictionary[Connection[Any], _ConnectionState]" = WeakKeyDictionary()


def _state_of(connection: Connection[Any]) -> _ConnectionState:
    state = _states.get(connection)
    if state is None:
        # The state has only the adapters, because a reference to the connection would keep the connection alive.
        state = _states[connection] = _ConnectionState(connection.adapters)
    return state


class PendingRows(Iterable[R]):
    """The rows of a statement that can still be queued. Iterating over the rows then sends the statement."""

    def __init__(self, make: Callable[[tuple[Any, ...]], R]) -> None:
        self._make = make
        self.rows: list[tuple[Any, ...]] | None = None
        """The rows from PostgreSQL. None until they are received."""

    def __iter__(self) -> Iterator[R]:
        if self.rows is None and (pipeline := _current.get()) is not None:
            pipeline.flush()
        assert self.rows is not None
        return map(self._make, self.rows)


Formats = Sequence[int] | None
"""The `psycopg.pq.Format` of each value, or None if all values are text."""

Statement = tuple[str, Sequence[bytes], Formats, PendingRows[Any]]
"""The text with `$1`, `$2` …; the values and their formats; and the rows of the result."""


class Pipeline:
    """The statements that are queued for the connection of this thread."""

    def __init__(self, database: BaseDatabaseWrapper) -> None:
        self._database = database
        self.queued: list[Statement] = []

    def flush(self, *, commit: bool = False) -> None:
        """Send the queued statements, with a COMMIT if `commit` is set. Raises Django's database errors."""
        queued, self.queued = self.queued, []
        self._database.ensure_connection()
        with self._database.wrap_database_errors:
            connection = self._database.connection
            commit = commit and (bool(queued) or connection.pgconn.transaction_status == TransactionStatus.INTRANS)
            if queued or commit:
                state = _state_of(connection)
                round_trip = _RoundTrip(connection, state.prepared)
                results = round_trip.run(queued, commit)
                for (_, _, _, pending), result in zip(queued, results, strict=True):
                    pending.rows = state.rows_of(result) if result.ntuples else []

    def flush_first(self, execute: Callable[..., Any], *args: Any) -> Any:
        """Send the queued statements before a statement that Django executes."""
        if self.queued:
            self.flush()
        return execute(*args)


_current: ContextVar[Pipeline | None] = ContextVar("pipeline", default=None)


@cache
def is_postgresql() -> bool:
    """Return whether the database is PostgreSQL. Cached, because Django's `vendor` is slow."""
    return _database().vendor == "postgresql"


def _database() -> BaseDatabaseWrapper:
    """Return the connection of this thread. `django.db.connection` would look it up for each attribute."""
    return connections[DEFAULT_DB_ALIAS]


@contextmanager
def pipelined(*, commit: bool = False) -> Iterator[None]:
    """Queue the statements of the block, and send them together.

    They are sent when the rows of a statement are read, before Django executes a statement, and at the end of the
    block. Database errors are raised when the statements are sent. If the block raises an exception, statements that
    are still queued are dropped.

    With `commit`, the end of the block is the end of the transaction: COMMIT is sent with the last statements, unless
    Django is about to roll back. On other databases than PostgreSQL, nothing is queued.
    """
    if not is_postgresql():
        yield
        return
    pipeline = _current.get()
    if pipeline is not None:
        with _nested(pipeline):
            yield
        return
    database = _database()
    pipeline = Pipeline(database)
    token = _current.set(pipeline)
    try:
        with database.execute_wrapper(pipeline.flush_first):
            yield
            pipeline.flush(commit=commit and not database.needs_rollback)
    finally:
        _current.reset(token)


@contextmanager
def pipelined_transaction() -> Iterator[None]:
    """Open a transaction with a pipeline. COMMIT is sent with the last statements. Within another transaction, open a
    savepoint instead."""
    is_outermost = not _database().in_atomic_block
    with transaction.atomic(), pipelined(commit=is_outermost):
        yield


@contextmanager
def _nested(pipeline: Pipeline) -> Iterator[None]:
    try:
        yield
        pipeline.flush()
    except BaseException:
        pipeline.queued.clear()
        raise


@overload
def execute(text: str, values: Sequence[bytes], *, formats: Formats = None) -> PendingRows[tuple[Any, ...]]: ...


@overload
def execute(
    text: str, values: Sequence[bytes], make: Callable[[tuple[Any, ...]], R], *, formats: Formats = None
) -> PendingRows[R]: ...


def execute(
    text: str, values: Sequence[bytes], make: Callable[[tuple[Any, ...]], Any] = tuple, *, formats: Formats = None
) -> PendingRows[Any]:
    """Send a statement, or queue it in a pipeline. Returns its rows.

    `text` has the placeholders `$1`, `$2` …, and `values` are their values as PostgreSQL reads them, in `formats`.
    `make(row)` converts each row of the result. Without a pipeline, database errors are raised here.
    """
    pending = PendingRows(make)
    pipeline = _current.get()
    if pipeline is not None:
        pipeline.queued.append((text, values, formats, pending))
    else:
        alone = Pipeline(_database())
        alone.queued.append((text, values, formats, pending))
        alone.flush()
    return pending


class _RoundTrip:
    """One round trip. If it is interrupted, the connection is closed; otherwise, the next round trip would read the
    results of this round trip."""

    def __init__(self, connection: Connection[Any], prepared: dict[str, bytes]) -> None:
        self._libpq, self._is_manual = connection.pgconn, not connection.autocommit
        self._prepares = connection.prepare_threshold is not None
        self._prepared = prepared
        self._sent = 0
        self._preparing: dict[int, str] = {}
        """The texts of the statements that were prepared in this round trip, by the index of their command."""

    def run(self, statements: Sequence[Statement], commit: bool) -> list[PGresult]:
        """Return the results of the statements. Raises psycopg's error for the first statement that failed."""
        begin = self._is_manual and self._libpq.transaction_status == TransactionStatus.IDLE
        try:
            self._libpq.enter_pipeline_mode()
            if begin:
                self._command(b"BEGIN")
            for text, values, formats, _ in statements:
                self._statement(text, values, formats)
            if commit:
                self._command(b"COMMIT")
            self._libpq.pipeline_sync()
            results = self._results()
            self._libpq.exit_pipeline_mode()
        except BaseException:
            self._libpq.finish()
            raise
        return self._checked(results)[begin : begin + len(statements)]

    def _command(self, text: bytes) -> None:
        self._libpq.send_query_params(text, None)
        self._sent += 1

    def _statement(self, text: str, values: Sequence[bytes], formats: Formats) -> None:
        if not self._prepares:
            self._libpq.send_query_params(text.encode(), values, param_formats=formats)
        else:
            name = self._prepared.get(text) or self._prepare(text)
            self._libpq.send_query_prepared(name, values, formats)
        self._sent += 1

    def _prepare(self, text: str) -> bytes:
        name = self._prepared[text] = _name(text)
        self._libpq.send_prepare(name, text.encode())
        self._preparing[self._sent] = text
        self._sent += 1
        return name

    def _results(self) -> list[PGresult]:
        """Return one result for each command that was sent."""
        libpq = self._libpq
        results: list[PGresult] = []
        for _ in range(self._sent + 1):
            if libpq.is_busy():
                self._wait()
            result = libpq.get_result()
            if result is None:
                raise self._connection_lost(results)
            results.append(result)
            libpq.get_result()  # returns None at once: the results of this statement are complete
        results.pop()  # belongs to the sync at the end of the pipeline, not to a statement
        return results

    def _wait(self) -> None:
        """Wait for a result, and send the bytes that are still in the buffer."""
        poll = select.poll()
        while self._libpq.is_busy():
            unsent = self._libpq.flush()
            poll.register(self._libpq.socket, select.POLLIN | (select.POLLOUT if unsent else 0))
            poll.poll()
            self._libpq.consume_input()

    def _connection_lost(self, results: list[PGresult]) -> Exception:
        if results and results[-1].status == ExecStatus.FATAL_ERROR:
            return error_from_result(results[-1])
        return OperationalError("The connection to the database was lost.")

    def _checked(self, results: list[PGresult]) -> list[PGresult]:
        """Return the results without the results of PREPARE. Raises the first error."""
        for index, text in self._preparing.items():
            if results[index].status != ExecStatus.COMMAND_OK:
                del self._prepared[text]
        for result in results:
            if result.status not in _SUCCESS:
                raise error_from_result(result)
        if not self._preparing:
            return results
        return [result for index, result in enumerate(results) if index not in self._preparing]


@lru_cache
def _name(text: str) -> bytes:
    return b"stoory_" + blake2b(text.encode(), digest_size=8).hexdigest().encode()
