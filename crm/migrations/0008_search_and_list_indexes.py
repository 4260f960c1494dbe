from django.db import migrations

from crm import search


def install(apps, schema_editor):
    """Where the database cannot have the index, searching reads every row; `migrate` tries again each time (docs/operations.md)."""
    search.install(schema_editor.connection.alias)


def remove(apps, schema_editor):
    search.remove(schema_editor.connection.alias)


class Migration(migrations.Migration):

    dependencies = [
        ('crm', '0006_user_links_made'),
    ]

    operations = [
        migrations.RunPython(install, remove),
    ]
