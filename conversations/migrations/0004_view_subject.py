from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0003_payment_order_action'),
    ]

    operations = [
        migrations.AddField(
            model_name='conversationview',
            name='subject',
            field=models.CharField(blank=True, db_default='', max_length=36),
        ),
    ]
