#!/usr/bin/env bash
# Believed: a datetime that the database wrote with `db_default=Now()`, read with the ORM and given to a filter, finds
#   its row. Only rows written less than a millisecond apart could be confused, because SQLite's clock has milliseconds.
# Is so: on SQLite, `exact` never finds the row. `Now()` writes three decimals ("12:00:00.123"), a datetime from Python
#   is written with six ("12:00:00.123000") or, at a full second, with none. SQLite compares them as text. So equal
#   times are unequal, and the shorter text is less: `lt` finds the row with its own time. A row that was stored from
#   Python with that time is not due at that time. `Now() + timedelta(0)` is also unequal to `Now()`, because Django
#   adds in Python.
# Versions: Django 5.2.19, SQLite 3.40.1, Python 3.11. With PostgreSQL, `exact` finds the row.
# Seen: in a queue in which some due times were written by the database and others by Python.
# Why it matters: a page that starts before the time of the last row (`created__lt=last.created`) repeats that row, an
#   update that expects the time read before changes nothing, and `distinct` returns the same time twice. A test with
#   PostgreSQL does not show it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check Django==5.2.19
"$folder/venv/bin/python" - <<'PYTHON'
from datetime import timedelta

import django
from django.conf import settings
from django.db import connection, models
from django.db.models.functions import Now

settings.configure(USE_TZ=True, DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
django.setup()


class Row(models.Model):
    due_at = models.DateTimeField(db_default=Now())

    class Meta:
        app_label = "rows"


def text(row: Row) -> str:
    """Return the time of this row as SQLite stores it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT CAST(due_at AS TEXT) FROM rows_row WHERE id = %s", [row.pk])
        return cursor.fetchone()[0]


def finds(row: Row, **condition: object) -> bool:
    """Return whether this condition is true for this row."""
    return Row.objects.filter(pk=row.pk, **condition).exists()


with connection.schema_editor() as editor:
    editor.create_model(Row)
by_database = Row.objects.create()
by_database.refresh_from_db()
while not by_database.due_at.microsecond:
    by_database = Row.objects.create()
    by_database.refresh_from_db()
time = by_database.due_at
from_python = Row.objects.create(due_at=time)
from_python.refresh_from_db()
print("written by the database:", text(by_database))
print("written from Python:    ", text(from_python))
assert from_python.due_at == by_database.due_at
due = models.Subquery(Row.objects.filter(pk=by_database.pk).values("due_at"))
later = models.ExpressionWrapper(Now() + timedelta(0), output_field=models.DateTimeField())
seen = {
    "the database's row, exact": finds(by_database, due_at=time),
    "the database's row, lt": finds(by_database, due_at__lt=time),
    "Python's row, exact": finds(from_python, due_at=time),
    "Python's row, lte the database's time": finds(from_python, due_at__lte=due),
    "Now() equals Now() + 0": Row.objects.annotate(now=Now(), later=later).filter(now=models.F("later")).exists(),
}
for condition, outcome in seen.items():
    print(f"{condition}: {outcome}")
distinct = Row.objects.filter(due_at__in=[due, time]).values("due_at").distinct()
print("distinct times:", list(distinct.values_list("due_at", flat=True)))
assert list(seen.values()) == [False, True, True, False, False]
assert len(distinct) == 2
PYTHON
