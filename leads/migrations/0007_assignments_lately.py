from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0006_inquiry_changes")]

    operations = [
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(fields=["distribution", "at", "to_user", "reason"], name="assignment_lately"),
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(fields=["distribution", "-id"], name="assignment_order"),
        ),
    ]
