"""What this app puts into the shell."""

from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.help import HELPS
from crm.http import Request
from crm.imports.told import KIND as IMPORT_FINISHED
from crm.item_uses import CompaniesOfCategory, SalesInStage, SalesWithReason
from crm.list_filters import FILTERS, VIEWS
from crm.models import CompanyCategory, FollowUp, SaleReason, SaleStage, User
from crm.overview import follow_ups_due, my_pipeline, stalled_sales
from crm.personal_data import PERSONAL_DATA
from crm.slots import NavItem, Panel, SettingsArea, SettingsScreen, register


def what_a_user_leaves(request: Request, user: Any) -> str:
    """Before somebody can no longer work with companies: how many follow-ups pass on."""
    return render_to_string("crm/user_leaves_follow_ups.html", {"count": FollowUp.objects.waiting_of([user.pk]).count()}, request)


register(
    NavItem("home", _("Overview"), _("Overview"), "crm:overview", "home", 10),
    NavItem("companies", _("Companies"), _("Companies"), "crm:companies", "buildings", 20, "crm.view_company"),
    NavItem("contacts", _("Contacts"), _("Contacts"), "crm:contacts", "users", 30, "crm.view_contact", on_phone=False),
    NavItem("sales", _("Sales"), _("Sales"), "crm:sales", "coin", 40, "crm.view_sale"),
    SettingsScreen("company-categories", _("Company – Category"), "crm:category-list", "list", 10, is_list=True),
    SettingsScreen("users", _("Users"), "crm:user-list", "users", 80),
    SettingsScreen("log", _("Settings log"), "crm:settings-log", "history", 90),
    SettingsArea(
        "company-categories",
        _("Company – Category"),
        CompanyCategory,
        lambda pk: reverse("crm:category-list-item", args=[pk]),
        labels={"group": _("Category group"), "lead_status_enabled": _("Lead status")},
    ),
    SettingsArea("sale-stages", _("Sale – Stage"), SaleStage, lambda pk: reverse("crm:stage-list-item", args=[pk])),
    SettingsArea("sale-reasons", _("Sale – Reason"), SaleReason, lambda pk: reverse("crm:reason-list-item", args=[pk])),
    SettingsArea(
        "users",
        _("Users"),
        User,
        lambda pk: reverse("crm:user-edit", args=[pk]),
        labels={
            "role": _("Role"),
            "companies_to": _("Who becomes our contact for their companies"),
            "is_superuser": _("Superuser"),
            "is_staff": _("Can open Django’s admin"),
            "permissions": _("Rights of their own"),
        },
        relations={"companies_to": User},
        choices={"role": dict(User.Role.choices)},
        events={"is_active": (_("Deactivated"), _("Reactivated")), "password_link": ("", _("A link to choose a password was made"))},
    ),
    *HELPS,
    IMPORT_FINISHED,
    SettingsScreen("sale-stages", _("Sale – Stage"), "crm:stage-list", "list", 30, is_list=True),
    SettingsScreen("sale-reasons", _("Sale – Reason"), "crm:reason-list", "list", 40, is_list=True),
    *FILTERS,
    *VIEWS,
    Panel("overview", 20, follow_ups_due),
    Panel("user-leaves", 20, what_a_user_leaves),
    Panel("overview", 40, stalled_sales),
    Panel("overview", 50, my_pipeline),
    *PERSONAL_DATA,
    CompaniesOfCategory(),
    SalesInStage(),
    SalesWithReason(),
)
