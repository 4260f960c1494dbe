from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0002_statuses")]
    operations = [
        migrations.AddField("leadstatuschange", "is_replacement", models.BooleanField(default=False)),
    ]
