"""Bulk queries: read and write many rows at once, where a query set would cost more than the database itself.

On PostgreSQL rows are written as one JSON document a statement, whose text is always the same, so that it is prepared
once; and statements can be sent together (`pipeline`). On other databases Django's own methods are used.
"""

import struct
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from operator import itemgetter
from typing import Any, TypeVar
from uuid import UUID

import orjson
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Field, Model, OuterRef, Subquery, Sum
from django.db.models.base import ModelState
from django.db.models.signals import post_save
from django.db.transaction import TransactionManagementError
from psycopg.pq import Format

from foundation.database.fields import field_of
from foundation.database.pipeline import execute, is_postgresql
from foundation.database.statements import (
    attributes,
    documents,
    insertion,
    insertion_with_text,
    newest,
    selection,
    selection_by_pair,
    summation,
    update_from_document,
    update_one,
    upsertion,
)

M = TypeVar("M", bound=Model)

_SECOND_IS_BINARY = (Format.TEXT, Format.BINARY)
_TEXT_OID = 25
_ARRAY_HEAD, _LENGTH = struct.Struct("!5i").pack, struct.Struct("!i").pack
"""Of a binary array: dimensions, whether there are nulls, the type, the length and the first index; of each element
its length."""

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
    """These attributes of the rows whose attribute `by` is one of `among`; with `lock`, locked in this order."""
    if is_postgresql():
        _check_can_lock(lock)
        return execute(selection(model, names, by, order_by, lock), [_array(among)])
    rows = model._default_manager.filter(**{f"{by}__in": list(among)})
    return list((rows.select_for_update() if lock else rows).order_by(order_by).values_list(*names))


def select_by_pair(
    model: type[Model], names: tuple[str, ...], *, by: tuple[str, str], among: Collection[tuple[Any, Any]]
) -> Iterable[tuple[Any, ...]]:
    """These attributes of the rows whose two attributes `by` are one of the pairs in `among`, which is not empty."""
    columns = list(zip(*among, strict=True))
    if is_postgresql():
        return execute(selection_by_pair(model, names, by), [_array(column) for column in columns])
    rows = model._default_manager.filter(
        **{f"{name}__in": set(column) for name, column in zip(by, columns, strict=True)}
    )
    return [row[2:] for row in rows.values_list(*by, *names) if row[:2] in among]


def fetch_many(model: type[M], *, by: str, among: Iterable[Any], order_by: str, lock: bool = False) -> Iterable[M]:
    """As `select_many`, with whole rows: the instances that the manager would return. No signals are sent."""
    if is_postgresql():
        _check_can_lock(lock)
        make = partial(_instance, model, documents(model))
        return execute(selection(model, attributes(model), by, order_by, lock), [_array(among)], make)
    rows = model._default_manager.filter(**{f"{by}__in": list(among)}).order_by(order_by)
    return list(rows.select_for_update() if lock else rows)


def _check_can_lock(lock: bool) -> None:
    """A lock that is taken outside of a transaction ends with the statement. Raises as `select_for_update` does."""
    if lock and not connection.in_atomic_block:
        raise TransactionManagementError("Rows are locked inside of a transaction.")


def _instance(model: type[M], json: tuple[str, ...], row: tuple[Any, ...]) -> M:
    instance = _blank(model)
    values = vars(instance)
    values.update(zip(attributes(model), row, strict=True))
    for name in json:
        if values[name] is not None:
            values[name] = orjson.loads(values[name])
    instance._state.adding, instance._state.db = False, DEFAULT_DB_ALIAS
    return instance


def sum_many(model: type[Model], name: str, *, by: str, among: Iterable[Any], unless: str) -> Iterable[tuple[Any, int]]:
    """The attribute `by`, each one of `among`, with the sum of a number over its rows. Left out are rows where the
    number is 0 and those that have a value for `unless`."""
    if is_postgresql():
        return execute(summation(model, name, by, unless), [_array(among)])
    rows = model._default_manager.filter(**{f"{by}__in": list(among), f"{name}__gt": 0, unless: None})
    return list(rows.order_by().values_list(by).annotate(Sum(name)))


def newest_of_each(
    model: type[Model], name: str, *, by: str, among: Iterable[Any], unless: str, order_by: tuple[str, ...], limit: int
) -> Iterable[tuple[Any, Any]]:
    """The attribute `by`, each one of `among`, with an attribute of each of its rows that are first in this order;
    `limit` of them. Left out are rows that have a value for `unless`."""
    if is_postgresql():
        return execute(newest(model, name, by, unless, order_by, limit), [_array(among)])
    rows = model._default_manager.filter(**{unless: None}).order_by(*(f"-{one}" for one in order_by))
    return [(key, value) for key in among for value in rows.filter(**{by: key}).values_list(name, flat=True)[:limit]]


def last_of_each(
    model: type[Model], name: str, *, by: str, among: Iterable[Any], order_by: str
) -> Iterable[tuple[Any, Any]]:
    """The foreign key `by`, each one of `among` that has rows, with an attribute, which is never null, of the row that
    stands highest in this order."""
    if is_postgresql():
        return execute(newest(model, name, by, None, (order_by,), 1), [_array(among)])
    last = model._default_manager.filter(**{by: OuterRef("pk")}).order_by(f"-{order_by}").values(name)[:1]
    owners = _related(model, by)._default_manager.filter(pk__in=list(among))
    return [row for row in owners.values_list("pk", Subquery(last)) if row[1] is not None]


def _related(model: type[Model], name: str) -> type[Model]:
    related = field_of(model, name).related_model
    assert related is not None
    return related


# --- Writing ---


def new_instance(model: type[M], **attributes: Any) -> M:
    """What `model(**attributes)` makes, of attributes (`user_id=…`) and related instances (`user=…`): no value is
    converted, and no signal sent."""
    instance = _blank(model)
    constants, makers, relations = _defaults(model, tuple(attributes))
    values = vars(instance)
    values |= constants
    for name, make in makers:
        values[name] = make()
    for name, attribute in relations:
        related = instance._state.fields_cache[name] = attributes.pop(name)
        values[attribute] = related.pk
    values |= attributes
    return instance


def _blank(model: type[M]) -> M:
    instance = model.__new__(model)
    instance._state = ModelState()
    return instance


def insert_many(model: type[Model], rows: Sequence[Row]) -> None:
    """Insert rows that have a value for every column. No signals are sent. Raises what `bulk_create` does."""
    if not is_postgresql():
        model._default_manager.bulk_create([model(**row) for row in rows])
    elif rows:
        execute(insertion(model, attributes(model)), [_document(rows)])


def insert_with_text(model: type[Model], rows: Sequence[Row], **text: Sequence[str]) -> None:
    """As `insert_many`, with the values of one column apart (`data=[…]`): of a long text that is within a document
    PostgreSQL reads each character twice."""
    ((name, values),) = text.items()
    if not is_postgresql():
        insert_many(model, [{**row, name: value} for row, value in zip(rows, values, strict=True)])
    elif rows:
        statement = insertion_with_text(model, attributes(model), name)
        execute(statement, [_document(rows), _text_array(values)], formats=_SECOND_IS_BINARY)


def upsert_many(
    model: type[Model], rows: Sequence[Row], *, unique: tuple[str, ...], update: tuple[str, ...] = ()
) -> None:
    """Insert rows, all with the same attributes. Where the attributes `unique` show that one is there already, those of
    `update` are set in it, or nothing is done. No two rows may be the same one. No signals are sent."""
    if not rows:
        return
    if is_postgresql():
        execute(upsertion(model, tuple(rows[0]), unique, update), [_document(rows)])
        return
    conflicts = {"update_conflicts": True, "unique_fields": unique, "update_fields": update}
    instances = [model(**row) for row in rows]
    model._default_manager.bulk_create(instances, **(conflicts if update else {"ignore_conflicts": True}))


def insert_instances(instances: Sequence[Model]) -> None:
    """Insert new instances that have their primary keys. No signals are sent. Raises what `bulk_create` does."""
    if not instances:
        return
    model = type(instances[0])
    if not is_postgresql():
        model._default_manager.bulk_create(instances)
        return
    names = attributes(model)
    values = itemgetter(*names)
    insert_many(model, [dict(zip(names, values(vars(one)), strict=True)) for one in instances])
    for one in instances:
        one._state.adding, one._state.db = False, DEFAULT_DB_ALIAS


def send_post_save(instances: Iterable[Model]) -> None:
    """Send the signal that each of them would have sent, had it been saved by itself."""
    for one in instances:
        post_save.send(type(one), instance=one, created=True, raw=False, using=DEFAULT_DB_ALIAS, update_fields=None)


def update_many(model: type[Model], rows: Sequence[Row]) -> None:
    """Set some columns of rows that exist; each row has its primary key and these columns."""
    if not rows:
        return
    names = tuple(rows[0])
    if is_postgresql():
        execute(update_from_document(model, names), [_document(rows), b"%d" % len(rows)])
        return
    fields = [field_of(model, name) for name in names]
    with connection.cursor() as cursor:
        cursor.executemany(update_one(model, names), [_prepared(row, fields) for row in rows])


def _document(rows: Sequence[Row]) -> bytes:
    return orjson.dumps(rows, default=str)


def _array(values: Iterable[Any]) -> bytes:
    """As PostgreSQL reads an array (https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO)."""
    return f"{{{','.join(map(_element, values))}}}".encode()


def _text_array(values: Sequence[str]) -> bytes:
    """As PostgreSQL sends and receives an array of texts: `array_recv` of its `arrayfuncs.c`."""
    parts = [_ARRAY_HEAD(1, 0, _TEXT_OID, len(values), 1)]
    for value in values:
        encoded = value.encode()
        parts += (_LENGTH(len(encoded)), encoded)
    return b"".join(parts)


def _element(value: Any) -> str:
    if isinstance(value, UUID):
        return value.hex  # costs less than str(), and PostgreSQL reads it as well
    if not isinstance(value, str):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _prepared(row: Row, fields: "list[Field[Any, Any]]") -> list[Any]:
    """The primary key is last in the statement."""
    values = {field.attname: field.get_db_prep_save(row[field.attname], connection) for field in fields}
    key = next(field.attname for field in fields if field.primary_key)
    return [*(value for name, value in values.items() if name != key), values[key]]


@lru_cache
def _defaults(
    model: type[Model], names: tuple[str, ...]
) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]], list[tuple[str, str]]]:
    """Of the fields that are not in `names`: the attributes with a constant default, and the functions that make the
    other defaults. Of those in `names`: each relation with the attribute behind it."""
    fields = model._meta.local_concrete_fields
    missing = [field for field in fields if not {field.name, field.attname} & set(names)]
    made = [field for field in missing if callable(field.default)]
    constants = {field.attname: field.get_default() for field in missing if field not in made}
    relations = [(field.name, field.attname) for field in fields if field.is_relation and field.name in names]
    makers = [(field.attname, field._get_default) for field in made]  # type: ignore[attr-defined]  # missing in the stubs
    return constants, makers, relations
