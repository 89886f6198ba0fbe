"""The SQL of `bulk`. The text of a statement does not depend on its values, so it is prepared and planned once."""

from functools import lru_cache

from django.db import connection
from django.db.models import JSONField, Model

from foundation.database.fields import field_of


@lru_cache
def attributes(model: type[Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in model._meta.local_concrete_fields)


@lru_cache
def documents(model: type[Model]) -> tuple[str, ...]:
    """Return the attributes that contain JSON."""
    return tuple(field.attname for field in model._meta.local_concrete_fields if isinstance(field, JSONField))


def _column(model: type[Model], name: str) -> str:
    column = field_of(model, name).column
    assert column is not None
    return connection.ops.quote_name(column)


def _column_type(model: type[Model], name: str) -> str:
    """Return the type of a column, without its length."""
    column_type = field_of(model, name).db_type(connection)
    assert column_type is not None
    return column_type.partition("(")[0]


@lru_cache
def selection(model: type[Model], names: tuple[str, ...], by: str, order_by: str, lock: bool) -> str:
    columns = ", ".join(_column(model, name) for name in names)
    table = connection.ops.quote_name(model._meta.db_table)
    return (
        f"SELECT {columns} FROM {table} WHERE {_column(model, by)} = ANY($1)"  # noqa: S608 (names of models)
        f" ORDER BY {_column(model, order_by)}{' FOR UPDATE' if lock else ''}"
    )


@lru_cache
def selection_by_pair(model: type[Model], names: tuple[str, ...], by: tuple[str, str]) -> str:
    table = connection.ops.quote_name(model._meta.db_table)
    wanted = ", ".join(f"{table}.{_column(model, name)}" for name in names)
    columns = [_column(model, one) for one in by]
    arrays = ", ".join(f"${number}::{_column_type(model, one)}[]" for number, one in enumerate(by, start=1))
    return (
        f"SELECT {wanted} FROM unnest({arrays}) AS input(one, other)"  # noqa: S608 (names of models)
        f" JOIN {table} ON {table}.{columns[0]} = input.one AND {table}.{columns[1]} = input.other"
    )


@lru_cache
def summation(model: type[Model], name: str, by: str, unless: str) -> str:
    number, key = _column(model, name), _column(model, by)
    return (
        f"SELECT {key}, sum({number}) FROM {connection.ops.quote_name(model._meta.db_table)}"  # noqa: S608
        f" WHERE {key} = ANY($1) AND {number} > 0 AND {_column(model, unless)} IS NULL GROUP BY {key}"
    )


@lru_cache
def newest(model: type[Model], name: str, by: str, unless: str | None, order_by: tuple[str, ...], limit: int) -> str:
    order = ", ".join(f"{_column(model, one)} DESC" for one in order_by)
    wanted = f" AND {_column(model, unless)} IS NULL" if unless else ""
    return (
        f"SELECT input.key, found.value FROM unnest($1::{_column_type(model, by)}[]) AS input(key) CROSS JOIN LATERAL ("  # noqa: S608
        f"SELECT {_column(model, name)} AS value FROM {connection.ops.quote_name(model._meta.db_table)}"
        f" WHERE {_column(model, by)} = input.key{wanted}"
        f" ORDER BY {order} LIMIT {limit}) AS found"
    )


@lru_cache
def insertion(model: type[Model], names: tuple[str, ...]) -> str:
    table = connection.ops.quote_name(model._meta.db_table)
    columns = ", ".join(_column(model, name) for name in names)
    rows = f"json_populate_recordset(NULL::{table}, $1)"
    return f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {rows}"  # noqa: S608 (names of models)


@lru_cache
def insertion_with_text(model: type[Model], names: tuple[str, ...], text: str) -> str:
    table = connection.ops.quote_name(model._meta.db_table)
    others = [name for name in names if name != text]
    columns = ", ".join(_column(model, name) for name in [*others, text])
    definitions = ", ".join(f"{_column(model, name)} {_column_type(model, name)}" for name in others)
    rows = f"ROWS FROM (json_to_recordset($1) AS ({definitions}), unnest($2::text[])) AS input({columns})"
    return f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {rows}"  # noqa: S608 (names of models)


@lru_cache
def upsertion(model: type[Model], names: tuple[str, ...], unique: tuple[str, ...], update: tuple[str, ...]) -> str:
    keys = ", ".join(_column(model, name) for name in unique)
    values = ", ".join(f"{column} = EXCLUDED.{column}" for column in (_column(model, name) for name in update))
    return f"{insertion(model, names)} ON CONFLICT ({keys}) DO {f'UPDATE SET {values}' if values else 'NOTHING'}"


@lru_cache
def update_from_document(model: type[Model], names: tuple[str, ...]) -> str:
    table, key, columns = _quoted(model, names)
    values = ", ".join(f"{column} = input.{column}" for column in columns)
    # With a parameter as LIMIT, the planner expects a tenth of the function's rows. These are so few that it uses the
    # index instead of scanning the table.
    rows = f"(SELECT * FROM json_populate_recordset(NULL::{table}, $1) LIMIT $2) AS input"  # noqa: S608
    return f"UPDATE {table} SET {values} FROM {rows} WHERE {table}.{key} = input.{key}"  # noqa: S608 (names of models)


@lru_cache
def update_one(model: type[Model], names: tuple[str, ...]) -> str:
    table, key, columns = _quoted(model, names)
    values = ", ".join(f"{column} = %s" for column in columns)
    return f"UPDATE {table} SET {values} WHERE {key} = %s"  # noqa: S608 (names of models)


def _quoted(model: type[Model], names: tuple[str, ...]) -> tuple[str, str, list[str]]:
    """Return the table, its primary key and the other columns, all quoted."""
    key = model._meta.pk.attname
    columns = [_column(model, name) for name in names if name != key]
    return connection.ops.quote_name(model._meta.db_table), _column(model, key), columns
