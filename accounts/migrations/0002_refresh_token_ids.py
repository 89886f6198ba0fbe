"""A login session stores the ids of its refresh tokens, instead of the tables of the app `token_blacklist`.

The release before this one can run beside this migration: the columns have defaults in the database, and the tables of
the app stay until `manage.py drop_token_blacklist`. Only their foreign key to the user goes. This release does not know
the tables, so the key would forbid it to delete users.
"""

from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

OUTSTANDING = 'token_blacklist_outstandingtoken'


def detach_from_users(state: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if OUTSTANDING not in schema_editor.connection.introspection.table_names():
        return

    class OutstandingToken(models.Model):
        id = models.BigAutoField(primary_key=True)
        user = models.ForeignKey('accounts.User', models.DO_NOTHING, null=True, related_name='+')
        jti = models.CharField(unique=True, max_length=255)
        token = models.TextField()
        created_at = models.DateTimeField(null=True)
        expires_at = models.DateTimeField()

        class Meta:
            apps = state
            app_label = 'accounts'
            db_table = OUTSTANDING

    old = OutstandingToken._meta.get_field('user')
    new = models.ForeignKey('accounts.User', models.DO_NOTHING, null=True, related_name='+', db_constraint=False)
    new.set_attributes_from_name('user')
    new.model = OutstandingToken
    new.remote_field.model = old.remote_field.model
    schema_editor.alter_field(OutstandingToken, old, new)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='loginsession',
            name='refresh_id',
            field=models.CharField(blank=True, db_default='', editable=False, max_length=32),
        ),
        migrations.AddField(
            model_name='loginsession',
            name='previous_refresh_id',
            field=models.CharField(blank=True, db_default='', editable=False, max_length=32),
        ),
        migrations.AddField(
            model_name='loginsession',
            name='refreshed_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RunPython(detach_from_users, migrations.RunPython.noop),
    ]
