"""What this app puts into the shell."""

from django.utils.translation import gettext_lazy as _

from crm.slots import NavItem, SettingsScreen, register

register(
    NavItem("home", _("Overview"), _("Overview"), "crm:overview", "home", 10),
    NavItem("companies", _("Companies"), _("Companies"), "crm:companies", "buildings", 20, "crm.view_company"),
    NavItem("contacts", _("Contacts"), _("Contacts"), "crm:contacts", "users", 30, "crm.view_contact", on_phone=False),
    NavItem("sales", _("Sales"), _("Sales"), "crm:sales", "coin", 40, "crm.view_sale"),
    SettingsScreen("company-categories", _("Company – Category"), "crm:category-list", "list", 10, is_list=True),
)
