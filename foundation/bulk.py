"""Reading and writing many rows at once, where a query set would cost more than the database does.

On PostgreSQL rows are written as one JSON document a statement, whose text is always the same, by cursors that leave
binding to the server: so it prepares what comes often. Elsewhere Django's own ways are taken.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

import orjson
from django.db import connection
from django.db.models import Field, JSONField, Model, Sum
from psycopg import Cursor

M = TypeVar("M", bound=Model)

Row = Mapping[str, Any]
"""The values of a row by attribute: `{"user_id": …}`, not `{"user": …}`."""


@contextmanager
def pipelined() -> Iterator[None]:
    """Statements inside do not wait for the answers of those before them, where the database can do that. What fails
    is raised by the end of the block at the latest."""
    if connection.vendor != "postgresql":
        yield
        return
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


# --- Reading ---


def select_many(
    model: type[Model], names: tuple[str, ...], *, where: str, among: Iterable[Any], order_by: str, lock: bool = False
) -> list[tuple[Any, ...]]:
    """These attributes of the rows whose attribute `where` is one of `among`; locked, if asked for, in their order."""
    if connection.vendor == "postgresql":
        cursor = _execute(_selection(model, names, where, order_by, lock), list(among))
        return cursor.fetchall()
    rows = model._default_manager.filter(**{f"{where}__in": list(among)}).order_by(order_by)
    return list((rows.select_for_update() if lock else rows).values_list(*names))


def lock_many(model: type[M], keys: Iterable[Any]) -> list[M]:
    """The rows with these primary keys, locked in the order of the keys."""
    if connection.vendor != "postgresql":
        return list(model._default_manager.select_for_update().filter(pk__in=list(keys)).order_by("pk"))
    names, key = _attributes(model), model._meta.pk.attname
    documents = [names.index(name) for name in _documents(model)]
    found = []
    for row in select_many(model, names, where=key, among=keys, order_by=key, lock=True):
        values = list(row)
        for at in documents:
            if values[at] is not None:
                values[at] = orjson.loads(values[at])
        found.append(model.from_db(connection.alias, names, values))
    return found


def sum_many(model: type[Model], name: str, *, by: str, among: Iterable[Any], unless: str) -> dict[Any, int]:
    """The sums of a number over the rows whose attribute `by` is one of `among`, by that attribute. Left out are rows
    where the number is 0 and those that have a value for `unless`."""
    if connection.vendor == "postgresql":
        return dict(_execute(_summation(model, name, by, unless), list(among)).fetchall())
    rows = model._default_manager.filter(**{f"{by}__in": list(among), f"{name}__gt": 0, unless: None})
    return dict(rows.order_by().values_list(by).annotate(Sum(name)))


# --- Writing ---


def insert_many(model: type[Model], rows: Sequence[Row]) -> None:
    """Insert rows that have a value for every column. No signals are sent. Raises what `bulk_create` does."""
    if connection.vendor == "postgresql":
        _insert(model, rows)
    else:
        model._default_manager.bulk_create([model(**row) for row in rows])


def insert_instances(instances: Sequence[Model]) -> None:
    """Insert new instances that have their primary keys. No signals are sent. Raises what `bulk_create` does."""
    if not instances:
        return
    model = type(instances[0])
    if connection.vendor != "postgresql":
        model._default_manager.bulk_create(instances)
        return
    _insert(model, [vars(one) for one in instances])
    for one in instances:
        one._state.adding, one._state.db = False, connection.alias


def update_many(model: type[Model], rows: Sequence[Row]) -> None:
    """Set some columns of rows that exist; each is given with its primary key and these columns."""
    if not rows:
        return
    names = tuple(rows[0])
    if connection.vendor == "postgresql":
        _execute(_update_from_document(model, names), _document(rows))
        return
    fields = [model._meta.get_field(name) for name in names]
    with connection.cursor() as cursor:
        cursor.executemany(_update_one(model, names), [_prepared(row, fields) for row in rows])


def _insert(model: type[Model], rows: Sequence[Row]) -> None:
    if rows:
        names = _attributes(model)
        _execute(_insertion(model), _document([{name: row[name] for name in names} for row in rows]))


def _document(rows: Sequence[Row]) -> str:
    return orjson.dumps(rows, default=str).decode()


def _execute(statement: str, parameter: Any) -> Cursor[tuple[Any, ...]]:
    connection.ensure_connection()
    with connection.wrap_database_errors:
        return Cursor(connection.connection).execute(statement, [parameter])


def _prepared(row: Row, fields: list[Field]) -> list[Any]:
    """The primary key stands last in the statement."""
    values = {field.attname: field.get_db_prep_save(row[field.attname], connection) for field in fields}
    key = next(field.attname for field in fields if field.primary_key)
    return [*(value for name, value in values.items() if name != key), values[key]]


# --- Statements ---


@lru_cache
def _attributes(model: type[Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in model._meta.local_concrete_fields)


@lru_cache
def _documents(model: type[Model]) -> tuple[str, ...]:
    """The columns that hold JSON."""
    return tuple(field.attname for field in model._meta.local_concrete_fields if isinstance(field, JSONField))


def _column(model: type[Model], name: str) -> str:
    return connection.ops.quote_name(model._meta.get_field(name).column)


@lru_cache
def _selection(model: type[Model], names: tuple[str, ...], where: str, order_by: str, lock: bool) -> str:
    columns = ", ".join(_column(model, name) for name in names)
    table = connection.ops.quote_name(model._meta.db_table)
    return (
        f"SELECT {columns} FROM {table} WHERE {_column(model, where)} = ANY(%s)"  # noqa: S608 (names of ours)
        f" ORDER BY {_column(model, order_by)}{' FOR UPDATE' if lock else ''}"
    )


@lru_cache
def _summation(model: type[Model], name: str, by: str, unless: str) -> str:
    number, key = _column(model, name), _column(model, by)
    return (
        f"SELECT {key}, sum({number}) FROM {connection.ops.quote_name(model._meta.db_table)}"  # noqa: S608
        f" WHERE {key} = ANY(%s) AND {number} > 0 AND {_column(model, unless)} IS NULL GROUP BY {key}"
    )


@lru_cache
def _insertion(model: type[Model]) -> str:
    table = connection.ops.quote_name(model._meta.db_table)
    columns = ", ".join(_column(model, name) for name in _attributes(model))
    given = f"json_populate_recordset(NULL::{table}, %s)"
    return f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {given}"  # noqa: S608 (names of ours)


@lru_cache
def _update_from_document(model: type[Model], names: tuple[str, ...]) -> str:
    table, key, columns = _quoted(model, names)
    values = ", ".join(f"{column} = given.{column}" for column in columns)
    given = f"json_populate_recordset(NULL::{table}, %s) AS given"
    return f"UPDATE {table} SET {values} FROM {given} WHERE {table}.{key} = given.{key}"  # noqa: S608 (names of ours)


@lru_cache
def _update_one(model: type[Model], names: tuple[str, ...]) -> str:
    table, key, columns = _quoted(model, names)
    values = ", ".join(f"{column} = %s" for column in columns)
    return f"UPDATE {table} SET {values} WHERE {key} = %s"  # noqa: S608 (names of ours)


def _quoted(model: type[Model], names: tuple[str, ...]) -> tuple[str, str, list[str]]:
    """The table, its primary key, and the other columns."""
    key = model._meta.pk.attname
    columns = [_column(model, name) for name in names if name != key]
    return connection.ops.quote_name(model._meta.db_table), _column(model, key), columns
