"""The settings log knows which item a change was of."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("crm", "0003_transitions_without_constraints")]
    operations = [
        migrations.AddField(model_name="settingschange", name="item_id", field=models.BigIntegerField(null=True)),
        migrations.AddIndex(model_name="settingschange", index=models.Index(fields=["area", "item_id"], name="settings_change_of_item")),
    ]
