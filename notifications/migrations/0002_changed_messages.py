"""Deletes the notifications of deleted messages, and writes the words of edited messages into theirs.

It works in batches, beside servers of this and the previous release.
"""

from django.db import migrations

BATCH = 500
MAX_BODY_LENGTH = 200


def follow_messages(apps, schema_editor):
    alias = schema_editor.connection.alias
    notifications = apps.get_model("notifications", "Notification").objects.using(alias)
    messages = apps.get_model("messaging", "Message").objects.using(alias)
    changed = messages.exclude(edited_at=None, deleted_at=None).order_by("pk")
    batch = list(changed.values_list("pk", "message", "deleted_at")[:BATCH])
    while batch:
        notifications.filter(message__in=[pk for pk, _, deleted_at in batch if deleted_at]).delete()
        for pk, text, deleted_at in batch:
            if text and not deleted_at:
                notifications.filter(message=pk).exclude(body=text[:MAX_BODY_LENGTH]).update(body=text[:MAX_BODY_LENGTH])
        batch = list(changed.filter(pk__gt=batch[-1][0]).values_list("pk", "message", "deleted_at")[:BATCH])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("notifications", "0001_initial"), ("messaging", "0001_initial")]

    operations = [migrations.RunPython(follow_messages, migrations.RunPython.noop, elidable=True)]
