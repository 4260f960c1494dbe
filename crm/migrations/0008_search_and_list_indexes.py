import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from crm import search_index


def install(apps, schema_editor):
    """Where the database cannot have the index, searching reads every row; `migrate` tries again each time (docs/operations.md)."""
    search_index.install(schema_editor.connection.alias)


def remove(apps, schema_editor):
    search_index.remove(schema_editor.connection.alias)


class Migration(migrations.Migration):

    dependencies = [
        ('crm', '0007_notes_and_follow_ups'),
    ]

    operations = [
        migrations.AlterField(
            model_name='company',
            name='category',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='companies', to='crm.companycategory', verbose_name='category'),
        ),
        migrations.AlterField(
            model_name='company',
            name='our_contact',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='companies', to=settings.AUTH_USER_MODEL, verbose_name='our contact'),
        ),
        migrations.AddIndex(
            model_name='company',
            index=models.Index(fields=['category', 'name', 'id'], name='company_of_category'),
        ),
        migrations.AddIndex(
            model_name='company',
            index=models.Index(fields=['our_contact', 'name', 'id'], name='company_of_our_contact'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(fields=['last_name', 'first_name', 'id'], name='contact_last_name_order'),
        ),
        # After whatever makes a table anew on SQLite: its triggers go with the old one.
        migrations.RunPython(install, remove),
    ]
