"""What people are found by, for those who are there already: in many small transactions, and again if it was broken off."""

from django.db import migrations

from accounts.names import keys_of

CHUNK = 500


def write_words(apps, schema_editor):
    database = schema_editor.connection.alias
    users = apps.get_model('accounts', 'User').objects.using(database).order_by('pk').values_list('pk', 'name')
    words = apps.get_model('accounts', 'NameWord')
    chunk = list(users[:CHUNK])
    while chunk:
        rows = [words(user_id=pk, key=key) for pk, name in chunk for key in sorted(keys_of(name))]
        words.objects.using(database).bulk_create(rows, ignore_conflicts=True)
        last, _ = chunk[-1]
        chunk = list(users.filter(pk__gt=last)[:CHUNK])


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('accounts', '0003_people_search'),
    ]

    operations = [
        migrations.RunPython(write_words, migrations.RunPython.noop, elidable=True),
    ]
