"""Writing many rows at once, as fast as the database takes them."""

from collections.abc import Sequence

from django.db import connection
from django.db.models import Model

FEW = 4
"""Up to so many rows a plain INSERT is faster."""


def insert_many(rows: Sequence[Model]) -> None:
    """`bulk_create`, with COPY where PostgreSQL offers it. Primary keys are set already; no signals are sent."""
    if not rows:
        return
    model = type(rows[0])
    if connection.vendor != "postgresql" or len(rows) <= FEW:
        model._default_manager.bulk_create(rows)
        return
    fields = model._meta.local_concrete_fields
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in fields)
    statement = f"COPY {quote(model._meta.db_table)} ({columns}) FROM STDIN"
    # The cursor of psycopg itself: COPY is not part of Django's.
    with connection.cursor() as cursor, cursor.cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields])
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias
