"""Reading and writing many rows at once, where a query set would cost more than the database does.

On PostgreSQL rows are written as one JSON document a statement, whose text is always the same, so that it is prepared
once; and statements can leave together (`pipeline`). Elsewhere Django's own ways are taken.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache, reduce
from operator import itemgetter, or_
from typing import Any, TypeVar

import orjson
from django.db import connection
from django.db.models import Field, JSONField, Model, Q, Sum
from django.db.models.base import ModelState

from foundation.pipeline import execute

M = TypeVar("M", bound=Model)
R = TypeVar("R")

Row = Mapping[str, Any]
"""The values of a row by attribute: `{"user_id": …}`, not `{"user": …}`."""


# --- Reading ---


def select_many(
    model: type[Model],
    names: tuple[str, ...],
    *,
    by: str,
    among: Iterable[Any],
    order_by: str,
    lock: bool = False,
) -> Iterable[tuple[Any, ...]]:
    """These attributes of the rows whose attribute `by` is one of those given; locked, if asked for, in their order."""
    if connection.vendor == "postgresql":
        return _select(model, names, by, among, order_by, lock=lock)
    rows = model._default_manager.filter(**{f"{by}__in": list(among)})
    return list((rows.select_for_update() if lock else rows).order_by(order_by).values_list(*names))


def select_by_pair(
    model: type[Model], name: str, *, by: tuple[str, str], among: Collection[tuple[Any, Any]]
) -> Iterable[tuple[Any]]:
    """This attribute of the rows whose two attributes `by` are together one of the pairs given."""
    if connection.vendor == "postgresql":
        return execute(_selection_by_pair(model, name, by), map(_array, zip(*among, strict=True)))
    # Of two lists the database would have to look for each combination.
    pairs = [Q(**dict(zip(by, pair, strict=True))) for pair in among]
    return list(model._default_manager.filter(reduce(or_, pairs)).values_list(name))


def lock_many(model: type[M], keys: Iterable[Any]) -> Iterable[M]:
    """The rows with these primary keys, locked in the order of the keys."""
    if connection.vendor != "postgresql":
        return list(model._default_manager.select_for_update().filter(pk__in=list(keys)).order_by("pk"))
    names, documents, key = _attributes(model), _documents(model), model._meta.pk.attname

    def make(row: tuple[Any, ...]) -> M:
        instance, values = _blank(model), dict(zip(names, row, strict=True))
        for name in documents:
            if values[name] is not None:
                values[name] = orjson.loads(values[name])
        vars(instance).update(values)
        instance._state.adding, instance._state.db = False, connection.alias
        return instance

    return _select(model, names, key, keys, key, lock=True, make=make)


def _select(
    model: type[Model],
    names: tuple[str, ...],
    by: str,
    among: Iterable[Any],
    order_by: str,
    *,
    lock: bool,
    make: Callable[[tuple[Any, ...]], R] = tuple,
) -> Iterable[R]:
    return execute(_selection(model, names, by, order_by, lock), [_array(among)], make)


def sum_many(model: type[Model], name: str, *, by: str, among: Iterable[Any], unless: str) -> Iterable[tuple[Any, int]]:
    """The attribute `by`, each one of `among`, with the sum of a number over its rows. Left out are rows where the
    number is 0 and those that have a value for `unless`."""
    if connection.vendor == "postgresql":
        return execute(_summation(model, name, by, unless), [_array(among)])
    rows = model._default_manager.filter(**{f"{by}__in": list(among), f"{name}__gt": 0, unless: None})
    return list(rows.order_by().values_list(by).annotate(Sum(name)))


def newest_of_each(
    model: type[Model], name: str, *, by: str, among: Iterable[Any], unless: str, order_by: tuple[str, ...], most: int
) -> Iterable[tuple[Any, Any]]:
    """The attribute `by`, each one of `among`, with an attribute of each of its rows that stand highest in this order;
    `most` of them. Left out are rows that have a value for `unless`."""
    if connection.vendor == "postgresql":
        return execute(_newest(model, name, by, unless, order_by, most), [_array(among)])
    rows = model._default_manager.filter(**{unless: None}).order_by(*(f"-{one}" for one in order_by))
    return [(key, value) for key in among for value in rows.filter(**{by: key}).values_list(name, flat=True)[:most]]


# --- Writing ---


def new_instance(model: type[M], **given: Any) -> M:
    """What `model(**given)` makes, of attributes (`user_id=…`) and related instances (`user=…`): no value is converted,
    and no signal sent."""
    instance = _blank(model)
    constants, makers, relations = _defaults(model, tuple(given))
    values = vars(instance)
    values.update(constants)
    for name, make in makers:
        values[name] = make()
    for name, attribute in relations:
        related = instance._state.fields_cache[name] = given.pop(name)
        values[attribute] = related.pk
    values.update(given)
    return instance


def _blank(model: type[M]) -> M:
    instance = model.__new__(model)
    instance._state = ModelState()
    return instance


def insert_many(model: type[Model], rows: Sequence[Row]) -> None:
    """Insert rows that have a value for every column. No signals are sent. Raises what `bulk_create` does."""
    if connection.vendor != "postgresql":
        model._default_manager.bulk_create([model(**row) for row in rows])
    elif rows:
        execute(_insertion(model), [_document(rows)])


def insert_instances(instances: Sequence[Model]) -> None:
    """Insert new instances that have their primary keys. No signals are sent. Raises what `bulk_create` does."""
    if not instances:
        return
    model = type(instances[0])
    if connection.vendor != "postgresql":
        model._default_manager.bulk_create(instances)
        return
    names = _attributes(model)
    values = itemgetter(*names)
    insert_many(model, [dict(zip(names, values(vars(one)), strict=True)) for one in instances])
    for one in instances:
        one._state.adding, one._state.db = False, connection.alias


def update_many(model: type[Model], rows: Sequence[Row]) -> None:
    """Set some columns of rows that exist; each is given with its primary key and these columns."""
    if not rows:
        return
    names = tuple(rows[0])
    if connection.vendor == "postgresql":
        execute(_update_from_document(model, names), [_document(rows), str(len(rows))])
        return
    fields = [model._meta.get_field(name) for name in names]
    with connection.cursor() as cursor:
        cursor.executemany(_update_one(model, names), [_prepared(row, fields) for row in rows])


def _document(rows: Sequence[Row]) -> str:
    return orjson.dumps(rows, default=str).decode()


def _array(values: Iterable[Any]) -> str:
    """As PostgreSQL reads an array (https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO)."""
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: Any) -> str:
    if not isinstance(value, str):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


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
def _defaults(
    model: type[Model], given: tuple[str, ...]
) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]], list[tuple[str, str]]]:
    """Of what is not given to a new instance: the attributes that are always the same at first, and the makers of the
    others. Of what is given: each relation with the attribute behind it."""
    fields = model._meta.local_concrete_fields
    missing = [field for field in fields if not {field.name, field.attname} & set(given)]
    made = [field for field in missing if callable(field.default)]
    constants = {field.attname: field.get_default() for field in missing if field not in made}
    relations = [(field.name, field.attname) for field in fields if field.is_relation and field.name in given]
    return constants, [(field.attname, field._get_default) for field in made], relations


@lru_cache
def _documents(model: type[Model]) -> tuple[str, ...]:
    """The columns that hold JSON."""
    return tuple(field.attname for field in model._meta.local_concrete_fields if isinstance(field, JSONField))


def _column(model: type[Model], name: str) -> str:
    return connection.ops.quote_name(model._meta.get_field(name).column)


def _kind(model: type[Model], name: str) -> str:
    """The type of a column, without its length."""
    return model._meta.get_field(name).db_type(connection).partition("(")[0]


@lru_cache
def _selection(model: type[Model], names: tuple[str, ...], by: str, order_by: str, lock: bool) -> str:
    columns = ", ".join(_column(model, name) for name in names)
    table = connection.ops.quote_name(model._meta.db_table)
    return (
        f"SELECT {columns} FROM {table} WHERE {_column(model, by)} = ANY($1)"  # noqa: S608 (names of ours)
        f" ORDER BY {_column(model, order_by)}{' FOR UPDATE' if lock else ''}"
    )


@lru_cache
def _selection_by_pair(model: type[Model], name: str, by: tuple[str, str]) -> str:
    table = connection.ops.quote_name(model._meta.db_table)
    columns = [_column(model, one) for one in by]
    arrays = ", ".join(f"${number}::{_kind(model, one)}[]" for number, one in enumerate(by, start=1))
    return (
        f"SELECT {table}.{_column(model, name)} FROM unnest({arrays}) AS given(one, other)"  # noqa: S608
        f" JOIN {table} ON {table}.{columns[0]} = given.one AND {table}.{columns[1]} = given.other"
    )


@lru_cache
def _summation(model: type[Model], name: str, by: str, unless: str) -> str:
    number, key = _column(model, name), _column(model, by)
    return (
        f"SELECT {key}, sum({number}) FROM {connection.ops.quote_name(model._meta.db_table)}"  # noqa: S608
        f" WHERE {key} = ANY($1) AND {number} > 0 AND {_column(model, unless)} IS NULL GROUP BY {key}"
    )


@lru_cache
def _newest(model: type[Model], name: str, by: str, unless: str, order_by: tuple[str, ...], most: int) -> str:
    order = ", ".join(f"{_column(model, one)} DESC" for one in order_by)
    return (
        f"SELECT given.key, found.value FROM unnest($1::{_kind(model, by)}[]) AS given(key) CROSS JOIN LATERAL ("  # noqa: S608
        f"SELECT {_column(model, name)} AS value FROM {connection.ops.quote_name(model._meta.db_table)}"
        f" WHERE {_column(model, by)} = given.key AND {_column(model, unless)} IS NULL"
        f" ORDER BY {order} LIMIT {most}) AS found"
    )


@lru_cache
def _insertion(model: type[Model]) -> str:
    table = connection.ops.quote_name(model._meta.db_table)
    columns = ", ".join(_column(model, name) for name in _attributes(model))
    given = f"json_populate_recordset(NULL::{table}, $1)"
    return f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {given}"  # noqa: S608 (names of ours)


@lru_cache
def _update_from_document(model: type[Model], names: tuple[str, ...]) -> str:
    table, key, columns = _quoted(model, names)
    values = ", ".join(f"{column} = given.{column}" for column in columns)
    # A limit is taken for a tenth of what is there, which the function alone is not: by it the planner sees that an
    # index costs less than the whole table.
    given = f"(SELECT * FROM json_populate_recordset(NULL::{table}, $1) LIMIT $2) AS given"  # noqa: S608
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
