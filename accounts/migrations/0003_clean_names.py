"""Brings stored names into NFC, on one line, and takes out invisible characters.

It works in batches, beside servers of this and the previous release. A name that changes in the meantime is left alone.
"""

from django.db import migrations, transaction

from accounts.names import keys_of
from foundation.labels import clean_label

BATCH = 500


def clean_names(apps, schema_editor):
    users = apps.get_model("accounts", "User").objects.using(schema_editor.connection.alias).order_by("pk")
    words = apps.get_model("accounts", "NameWord").objects.using(schema_editor.connection.alias)
    batch = list(users.values_list("pk", "name", "email")[:BATCH])
    while batch:
        for pk, stored, email in batch:
            name = (clean_label(stored) or email.partition("@")[0])[:100]
            if name != stored:
                _rename(users, words, pk, stored, name)
        batch = list(users.filter(pk__gt=batch[-1][0]).values_list("pk", "name", "email")[:BATCH])


def _rename(users, words, pk, stored, name):
    with transaction.atomic(using=users.db):
        if users.filter(pk=pk, name=stored).update(name=name):
            words.filter(user_id=pk).delete()
            words.bulk_create([words.model(user_id=pk, key=key) for key in sorted(keys_of(name))])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0002_refresh_token_ids")]

    operations = [migrations.RunPython(clean_names, migrations.RunPython.noop, elidable=True)]
