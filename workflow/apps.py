"""The top app: what moves companies."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkflowConfig(AppConfig):
    """Rules, decisions and the confirmation dialog."""

    name = "workflow"
    verbose_name = _("Workflow")

    def ready(self) -> None:
        from workflow import hooks, receivers  # noqa: F401, PLC0415  (models must be loaded first)
