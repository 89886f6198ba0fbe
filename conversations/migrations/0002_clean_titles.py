"""Brings stored titles into NFC, on one line, and takes out invisible characters.

It works in batches, beside servers of this and the previous release.
"""

from django.db import migrations

from foundation.labels import clean_label

BATCH = 500


def clean_titles(apps, schema_editor):
    conversations = apps.get_model("conversations", "Conversation").objects.using(schema_editor.connection.alias)
    titled = conversations.exclude(title="").order_by("pk").values_list("pk", "title")
    batch = list(titled[:BATCH])
    while batch:
        for pk, stored in batch:
            title = clean_label(stored)[:200]
            if title != stored:
                conversations.filter(pk=pk, title=stored).update(title=title)
        batch = list(titled.filter(pk__gt=batch[-1][0])[:BATCH])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("conversations", "0001_initial")]

    operations = [migrations.RunPython(clean_titles, migrations.RunPython.noop, elidable=True)]
