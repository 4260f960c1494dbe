"""The app between companies and rules."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LeadsConfig(AppConfig):
    """Lead statuses, lead forms, inquiries and their distribution."""

    name = "leads"
    verbose_name = _("Leads")

    def ready(self) -> None:
        from leads import hooks, receivers  # noqa: F401, PLC0415  (models must be loaded first)
