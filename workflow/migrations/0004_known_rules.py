"""Rules that were made before the settings log kept each of their changes are known from now on."""

from django.conf import settings
from django.db import migrations
from django.utils.translation import gettext, override

AREA = "lead-categorization"
COLUMNS = ("trigger", "lead_status_id", "target_category_id", "ask_user", "is_enabled")


def forwards(apps, schema_editor):
    log = apps.get_model("crm", "SettingsChange").objects
    known = set(log.filter(area=AREA, item_id__isnull=False).values_list("item_id", flat=True))
    for rule in apps.get_model("workflow", "AutomationRule").objects.exclude(pk__in=known).select_related("lead_status").order_by("pk"):
        with override(settings.LANGUAGE_CODE):
            title = f"{gettext(rule.get_trigger_display())} {rule.lead_status.name if rule.lead_status else ''}".strip()
            item = gettext("Rule: {title}").format(title=title)[:120]
        after = {**{name: getattr(rule, name) for name in COLUMNS}, "archived": rule.archived_at is not None}
        log.create(area=AREA, item=item, item_id=rule.pk, before={}, after=after)


class Migration(migrations.Migration):
    dependencies = [("workflow", "0003_ledger_without_constraints"), ("crm", "0004_settings_change_item")]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
