from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("crm", "0016_attempts")]

    operations = [
        migrations.AddField(
            model_name="contact",
            name="erased_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="erased"),
        ),
        migrations.AddConstraint(
            model_name="contact",
            constraint=models.CheckConstraint(condition=models.Q(("erased_at", None), ("archived_at__isnull", False), _connector="OR"), name="erased_contact_is_archived"),
        ),
    ]
