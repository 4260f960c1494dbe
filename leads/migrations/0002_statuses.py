"""The lead statuses a new database starts with."""

from django.db import migrations

from leads.initial import make_statuses


def forwards(apps, schema_editor):
    make_statuses(apps.get_model)


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
