from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('workflow', '0007_hand_over'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='categorydecision',
            name='decision_waiting_of',
        ),
        migrations.AddIndex(
            model_name='categorydecision',
            index=models.Index(condition=models.Q(('outcome', 'waiting')), fields=['asked_of', '-created_at', '-id'], name='decision_waiting_of_recent'),
        ),
        migrations.AddIndex(
            model_name='categorydecision',
            index=models.Index(condition=models.Q(('outcome', 'waiting')), fields=['-created_at', '-id'], name='decision_waiting_recent'),
        ),
        migrations.AddIndex(
            model_name='categorydecision',
            index=models.Index(condition=models.Q(('retries__isnull', False)), fields=['retries'], name='decision_retries'),
        ),
        migrations.AddIndex(
            model_name='categorydecision',
            index=models.Index(condition=models.Q(('undoes__isnull', False)), fields=['undoes'], name='decision_undoes'),
        ),
    ]
