"""Each refund has a task of its own: the refunds that wait get theirs, and the task that looked for them goes."""

from django.db import migrations


def enqueue(apps, schema_editor):
    refunds = apps.get_model("deals", "Refund").objects.using(schema_editor.connection.alias)
    tasks = apps.get_model("tasks", "StoredTask").objects.using(schema_editor.connection.alias)
    tasks.filter(kind="deals.request_refunds").delete()
    waiting = refunds.filter(accepted_at=None, dropped_at=None).values_list("pk", flat=True)
    for pk in waiting.iterator():
        kind = "deals.request_refund"
        new = tasks.model(kind=kind, key=f"{kind}:{pk}", args={"args": [str(pk)], "kwargs": {}})
        tasks.bulk_create([new], ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("deals", "0003_order_refused_at"), ("tasks", "0001_initial")]

    operations = [
        migrations.RunPython(enqueue, migrations.RunPython.noop),
        migrations.RemoveIndex(model_name="refund", name="refund_due"),
        migrations.RemoveField(model_name="refund", name="attempts"),
        migrations.RemoveField(model_name="refund", name="due_at"),
    ]
