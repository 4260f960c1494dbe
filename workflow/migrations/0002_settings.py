"""The one row that every save of the Workflow tab locks."""

from django.db import migrations


def forwards(apps, schema_editor):
    apps.get_model("workflow", "WorkflowSettings").objects.get_or_create(pk=1)


class Migration(migrations.Migration):
    dependencies = [("workflow", "0001_initial")]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
