"""Bulk queries: read and write many rows at once, where a query set would cost more than the database itself.

On PostgreSQL, a statement receives its rows as one JSON document. Its text is therefore always the same, and it is
prepared once. Statements can be sent together (`pipeline`). On other databases, Django's own methods are used.

Arguments have the same meaning in all functions: `by` is the attribute by which rows are found, and `among` its values.
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
"""The head of a binary array (dimensions, null flag, element type, length, first index), and the length of an element.
"""

Row = Mapping[str, Any]
"""The values of a row by attribute name: `{"user_id": …}`, not `{"user": …}`."""


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
    """Return the attributes `names` of the rows whose attribute `by` is in `among`, in ascending order of `order_by`.

    With `lock`, the rows are locked in this order. Raises `TransactionManagementError` if `lock` is set outside of a
    transaction.
    """
    if is_postgresql():
        _check_can_lock(lock)
        return execute(selection(model, names, by, order_by, lock), [_array(among)])
    rows = model._default_manager.filter(**{f"{by}__in": list(among)})
    return list((rows.select_for_update() if lock else rows).order_by(order_by).values_list(*names))


def select_by_pair(
    model: type[Model], names: tuple[str, ...], *, by: tuple[str, str], among: Collection[tuple[Any, Any]]
) -> Iterable[tuple[Any, ...]]:
    """Return the attributes `names` of the rows whose two attributes `by` are a pair in `among`. `among` must not be
    empty."""
    columns = list(zip(*among, strict=True))
    if is_postgresql():
        return execute(selection_by_pair(model, names, by), [_array(column) for column in columns])
    rows = model._default_manager.filter(
        **{f"{name}__in": set(column) for name, column in zip(by, columns, strict=True)}
    )
    return [row[2:] for row in rows.values_list(*by, *names) if row[:2] in among]


def fetch_many(model: type[M], *, by: str, among: Iterable[Any], order_by: str, lock: bool = False) -> Iterable[M]:
    """Like `select_many`, but return model instances, as the manager would. No signals are sent."""
    if is_postgresql():
        _check_can_lock(lock)
        make = partial(_instance, model, documents(model))
        return execute(selection(model, attributes(model), by, order_by, lock), [_array(among)], make)
    rows = model._default_manager.filter(**{f"{by}__in": list(among)}).order_by(order_by)
    return list(rows.select_for_update() if lock else rows)


def _check_can_lock(lock: bool) -> None:
    """Raise an error if a lock would end with its statement, as `select_for_update` does."""
    if lock and not connection.in_atomic_block:
        raise TransactionManagementError("Rows can only be locked inside a transaction.")


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
    """Return each value of `by` in `among` with the sum of the number `name` over its rows. Rows are ignored if the
    number is 0 or if the attribute `unless` is not null. Values of `by` without remaining rows are omitted."""
    if is_postgresql():
        return execute(summation(model, name, by, unless), [_array(among)])
    rows = model._default_manager.filter(**{f"{by}__in": list(among), f"{name}__gt": 0, unless: None})
    return list(rows.order_by().values_list(by).annotate(Sum(name)))


def newest_of_each(
    model: type[Model], name: str, *, by: str, among: Iterable[Any], unless: str, order_by: tuple[str, ...], limit: int
) -> Iterable[tuple[Any, Any]]:
    """Return pairs of a value of `by` in `among` and the attribute `name` of one of its rows. Each value has at most
    `limit` rows: the first in descending order of `order_by`. Rows are ignored if the attribute `unless` is not null.
    """
    if is_postgresql():
        return execute(newest(model, name, by, unless, order_by, limit), [_array(among)])
    rows = model._default_manager.filter(**{unless: None}).order_by(*(f"-{one}" for one in order_by))
    return [(key, value) for key in among for value in rows.filter(**{by: key}).values_list(name, flat=True)[:limit]]


def last_of_each(
    model: type[Model], name: str, *, by: str, among: Iterable[Any], order_by: str
) -> Iterable[tuple[Any, Any]]:
    """Return each value of the foreign key `by` in `among` with the attribute `name` of its row that has the highest
    `order_by`. `name` must never be null. Values of `by` without rows are missing."""
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
    """Return `model(**attributes)`, without converting values or sending signals. The arguments are attributes
    (`user_id=…`) and related instances (`user=…`)."""
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
    """Insert rows that have a value for every column. No signals are sent. Raises the same errors as `bulk_create`."""
    if not is_postgresql():
        model._default_manager.bulk_create([model(**row) for row in rows])
    elif rows:
        execute(insertion(model, attributes(model)), [_document(rows)])


def insert_with_text(model: type[Model], rows: Sequence[Row], **text: Sequence[str]) -> None:
    """Like `insert_many`, but with the values of one text column in a separate argument (`data=[…]`), one for each row.
    PostgreSQL would read each character of a long text twice if it were in the JSON document."""
    ((name, values),) = text.items()
    if not is_postgresql():
        insert_many(model, [{**row, name: value} for row, value in zip(rows, values, strict=True)])
    elif rows:
        statement = insertion_with_text(model, attributes(model), name)
        execute(statement, [_document(rows), _text_array(values)], formats=_SECOND_IS_BINARY)


def upsert_many(
    model: type[Model], rows: Sequence[Row], *, unique: tuple[str, ...], update: tuple[str, ...] = ()
) -> None:
    """Insert rows, which all have the same attributes. If a row with the same `unique` attributes exists, set its
    attributes `update`; without `update`, leave it unchanged. No two of the rows may have the same `unique` attributes.
    No signals are sent."""
    if not rows:
        return
    if is_postgresql():
        execute(upsertion(model, tuple(rows[0]), unique, update), [_document(rows)])
        return
    conflicts = {"update_conflicts": True, "unique_fields": unique, "update_fields": update}
    instances = [model(**row) for row in rows]
    model._default_manager.bulk_create(instances, **(conflicts if update else {"ignore_conflicts": True}))


def insert_instances(instances: Sequence[Model]) -> None:
    """Insert new instances of one model that have primary keys. No signals are sent. Raises the same errors as
    `bulk_create`."""
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
    """Send `post_save` for each instance, as `save` would have done."""
    for one in instances:
        post_save.send(type(one), instance=one, created=True, raw=False, using=DEFAULT_DB_ALIAS, update_fields=None)


def update_many(model: type[Model], rows: Sequence[Row]) -> None:
    """Set some columns of existing rows. Each item of `rows` has the primary key, and all items have the same
    columns."""
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
    """Encode an array as text (https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO)."""
    return f"{{{','.join(map(_element, values))}}}".encode()


def _text_array(values: Sequence[str]) -> bytes:
    """Encode an array of texts in PostgreSQL's binary format (`array_recv` in its `arrayfuncs.c`)."""
    parts = [_ARRAY_HEAD(1, 0, _TEXT_OID, len(values), 1)]
    for value in values:
        encoded = value.encode()
        parts += (_LENGTH(len(encoded)), encoded)
    return b"".join(parts)


def _element(value: Any) -> str:
    if isinstance(value, UUID):
        return value.hex  # faster than str(), and PostgreSQL accepts it
    if not isinstance(value, str):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _prepared(row: Row, fields: "list[Field[Any, Any]]") -> list[Any]:
    """Return the values in the order of the statement: the primary key is last."""
    values = {field.attname: field.get_db_prep_save(row[field.attname], connection) for field in fields}
    key = next(field.attname for field in fields if field.primary_key)
    return [*(value for name, value in values.items() if name != key), values[key]]


@lru_cache
def _defaults(
    model: type[Model], names: tuple[str, ...]
) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]], list[tuple[str, str]]]:
    """Return the constant defaults and the default functions, by attribute, of the fields that are not in `names`.
    Return also the names and the attributes of the relations in `names`."""
    fields = model._meta.local_concrete_fields
    missing = [field for field in fields if not {field.name, field.attname} & set(names)]
    made = [field for field in missing if callable(field.default)]
    constants = {field.attname: field.get_default() for field in missing if field not in made}
    relations = [(field.name, field.attname) for field in fields if field.is_relation and field.name in names]
    makers = [(field.attname, field._get_default) for field in made]  # type: ignore[attr-defined]  # missing in the stubs
    return constants, makers, relations
