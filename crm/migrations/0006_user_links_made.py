from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('crm', '0005_user_deactivated_at'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='links_made',
            field=models.PositiveIntegerField(default=0, editable=False, verbose_name='password links made'),
        ),
    ]
