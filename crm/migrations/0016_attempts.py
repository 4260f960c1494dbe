from django.db import migrations


class Migration(migrations.Migration):
    """What is counted for logging in is counted for public forms too."""

    dependencies = [
        ('crm', '0015_notification_once'),
    ]

    operations = [
        migrations.RenameModel('LoginAttempts', 'Attempts'),
        migrations.RenameField('Attempts', 'last_at', 'since'),
    ]
