"""Statements that leave for PostgreSQL together and are answered together: one round trip, however many they are.

By libpq's pipeline mode (https://www.postgresql.org/docs/current/libpq-pipeline-mode.html) through `psycopg.pq`: of
psycopg's cursors each statement of a pipeline costs many times what it costs here, and waits by itself.
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

_ANSWERED = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


class _Session:
    """What is kept of a session of the database from one round trip to the next."""

    def __init__(self, adapters: AdaptersMap) -> None:
        self.prepared: dict[str, bytes] = {}
        """The names of statements by their text."""
        self._rows = Transformer(adapters)

    def rows_of(self, result: PGresult) -> list[tuple[Any, ...]]:
        self._rows.set_pgresult(result)
        return self._rows.load_rows(0, result.ntuples, tuple)


_sessions: "WeakKeyDictionary[Connection[Any], _Session]" = WeakKeyDictionary()


def _session_of(connection: Connection[Any]) -> _Session:
    session = _sessions.get(connection)
    if session is None:
        # Of its adapters: what knows the connection would keep it alive.
        session = _sessions[connection] = _Session(connection.adapters)
    return session


class Asked(Iterable[R]):
    """The rows that answer a statement. Iterated over, it is sent if it still waits."""

    def __init__(self, make: Callable[[tuple[Any, ...]], R]) -> None:
        self._make = make
        self.rows: list[tuple[Any, ...]] | None = None
        """As PostgreSQL gave them, once it did."""

    def __iter__(self) -> Iterator[R]:
        if self.rows is None and (pipeline := _open.get()) is not None:
            pipeline.flush()
        assert self.rows is not None
        return map(self._make, self.rows)


Formats = Sequence[int] | None
"""`psycopg.pq.Format` of each value; None where all are text."""

Statement = tuple[str, Sequence[bytes], Formats, Asked[Any]]
"""What is to be executed, with `$1`, `$2` …; their values, and the formats of these; and what is told of the answer."""


class Pipeline:
    """What waits to be sent on the connection of this thread."""

    def __init__(self, database: BaseDatabaseWrapper) -> None:
        self._database = database
        self.waiting: list[Statement] = []

    def flush(self, *, commit: bool = False) -> None:
        """Send what waits, with a COMMIT if asked for. Raises Django's errors."""
        waiting, self.waiting = self.waiting, []
        self._database.ensure_connection()
        with self._database.wrap_database_errors:
            connection = self._database.connection
            commit = commit and (bool(waiting) or connection.pgconn.transaction_status == TransactionStatus.INTRANS)
            if waiting or commit:
                session = _session_of(connection)
                exchange = _Exchange(connection, session.prepared)
                results = exchange.carry_out(waiting, commit)
                for (_, _, _, asked), result in zip(waiting, results, strict=True):
                    asked.rows = session.rows_of(result) if result.ntuples else []

    def before_others(self, execute: Callable[..., Any], *args: Any) -> Any:
        """What Django itself executes comes after what waits."""
        if self.waiting:
            self.flush()
        return execute(*args)


_open: ContextVar[Pipeline | None] = ContextVar("pipeline", default=None)


@cache
def is_postgresql() -> bool:
    """Whether the database is PostgreSQL. It stays what it is, and asking Django costs more than many an answer."""
    return _database().vendor == "postgresql"


def _database() -> BaseDatabaseWrapper:
    """Looked for once: `django.db.connection` looks for it at each attribute."""
    return connections[DEFAULT_DB_ALIAS]


@contextmanager
def pipelined(*, commit: bool = False) -> Iterator[None]:
    """Statements inside wait for each other, and leave together when an answer is needed, before anything else is
    executed, or at the end of the block, where at the latest what fails is raised. Of a block that raises nothing
    is sent any more.

    With `commit` the end of the block is the end of the transaction, and COMMIT leaves with the rest, unless Django is
    about to roll back. On other databases than PostgreSQL nothing waits.
    """
    if not is_postgresql():
        yield
        return
    pipeline = _open.get()
    if pipeline is not None:
        with _part_of(pipeline):
            yield
        return
    database = _database()
    pipeline = Pipeline(database)
    token = _open.set(pipeline)
    try:
        with database.execute_wrapper(pipeline.before_others):
            yield
            pipeline.flush(commit=commit and not database.needs_rollback)
    finally:
        _open.reset(token)


@contextmanager
def pipelined_transaction() -> Iterator[None]:
    """A transaction in a pipeline, whose COMMIT leaves with its last statements; inside another one a savepoint."""
    is_whole = not _database().in_atomic_block
    with transaction.atomic(), pipelined(commit=is_whole):
        yield


@contextmanager
def _part_of(pipeline: Pipeline) -> Iterator[None]:
    try:
        yield
        pipeline.flush()
    except BaseException:
        pipeline.waiting.clear()
        raise


@overload
def execute(text: str, values: Sequence[bytes], *, formats: Formats = None) -> Asked[tuple[Any, ...]]: ...


@overload
def execute(
    text: str, values: Sequence[bytes], make: Callable[[tuple[Any, ...]], R], *, formats: Formats = None
) -> Asked[R]: ...


def execute(
    text: str, values: Sequence[bytes], make: Callable[[tuple[Any, ...]], Any] = tuple, *, formats: Formats = None
) -> Asked[Any]:
    """One statement with `$1`, `$2` … and their values as PostgreSQL reads them; `make` is given each row of the
    answer."""
    asked = Asked(make)
    pipeline = _open.get()
    if pipeline is not None:
        pipeline.waiting.append((text, values, formats, asked))
    else:
        alone = Pipeline(_database())
        alone.waiting.append((text, values, formats, asked))
        alone.flush()
    return asked


class _Exchange:
    """One round trip. What breaks it off closes the connection: its answers could be taken for others."""

    def __init__(self, connection: Connection[Any], prepared: dict[str, bytes]) -> None:
        self._libpq, self._is_manual = connection.pgconn, not connection.autocommit
        self._prepares = connection.prepare_threshold is not None
        self._prepared = prepared
        self._sent = 0
        self._preparing: dict[int, str] = {}
        """Which of the things that were sent prepare a statement."""

    def carry_out(self, statements: Sequence[Statement], commit: bool) -> list[PGresult]:
        """The results of the statements. Raises psycopg's error of the first one that failed."""
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
        """One for each thing that was sent."""
        libpq = self._libpq
        results: list[PGresult] = []
        for _ in range(self._sent + 1):
            if libpq.is_busy():
                self._wait()
            result = libpq.get_result()
            if result is None:
                raise self._loss(results)
            results.append(result)
            libpq.get_result()  # None, without waiting
        results.pop()  # of the end of the pipeline
        return results

    def _wait(self) -> None:
        """Until there is a result that can be had without waiting. What was sent may not have left whole."""
        poll = select.poll()
        while self._libpq.is_busy():
            unsent = self._libpq.flush()
            poll.register(self._libpq.socket, select.POLLIN | (select.POLLOUT if unsent else 0))
            poll.poll()
            self._libpq.consume_input()

    def _loss(self, results: list[PGresult]) -> Exception:
        if results and results[-1].status == ExecStatus.FATAL_ERROR:
            return error_from_result(results[-1])
        return OperationalError("The connection to the database was lost.")

    def _checked(self, results: list[PGresult]) -> list[PGresult]:
        """The results of what was executed."""
        for place, text in self._preparing.items():
            if results[place].status != ExecStatus.COMMAND_OK:
                del self._prepared[text]
        for result in results:
            if result.status not in _ANSWERED:
                raise error_from_result(result)
        if not self._preparing:
            return results
        return [result for place, result in enumerate(results) if place not in self._preparing]


@lru_cache
def _name(text: str) -> bytes:
    return b"stoory_" + blake2b(text.encode(), digest_size=8).hexdigest().encode()
