"""The lowest app. It also makes the two groups of users, and sees to the search index."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

ADMINISTRATOR = "Administrator"
SALESPERSON = "Salesperson"

# What a salesperson may do; an administrator may do everything.
SALESPERSON_MAY = {
    "crm": ["view_company", "add_company", "change_company", "view_contact", "add_contact", "change_contact", "view_sale", "add_sale", "change_sale"],
    "leads": ["view_lead", "add_lead", "change_lead", "view_inquiry", "change_inquiry"],
    "workflow": ["view_categorydecision"],
}


def make_groups(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Give each of our apps' permissions to the groups, after Django has made the permissions themselves."""
    from django.contrib.auth.models import Group, Permission  # noqa: PLC0415

    if sender.label not in SALESPERSON_MAY:
        return
    permissions = Permission.objects.using(using).filter(content_type__app_label=sender.label)
    administrators, _created = Group.objects.using(using).get_or_create(name=ADMINISTRATOR)
    administrators.permissions.add(*permissions)
    salespeople, _created = Group.objects.using(using).get_or_create(name=SALESPERSON)
    salespeople.permissions.add(*permissions.filter(codename__in=SALESPERSON_MAY[sender.label]))


class CrmConfig(AppConfig):
    """Users, categories, companies, contacts, sales."""

    name = "crm"
    verbose_name = _("CRM")

    def ready(self) -> None:
        post_migrate.connect(make_groups)
        from crm import hooks, receivers, search_index  # noqa: F401, PLC0415  (models must be loaded first)

        post_migrate.connect(search_index.repair)
