"""Groups of categories, and what a new database starts with."""

from django.db import migrations

from crm.initial import make_lists


def forwards(apps, schema_editor):
    make_lists(apps.get_model)


class Migration(migrations.Migration):
    dependencies = [("crm", "0001_initial")]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
