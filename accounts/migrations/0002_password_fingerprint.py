from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='loginsession',
            name='password_fingerprint',
            field=models.CharField(blank=True, db_default='', editable=False, max_length=64),
        ),
    ]
