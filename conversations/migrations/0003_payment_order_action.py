from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0002_deals'),
    ]

    operations = [
        migrations.AddField(
            model_name='paymentorder',
            name='action',
            field=models.CharField(default='', max_length=64),
            preserve_default=False,
        ),
    ]
