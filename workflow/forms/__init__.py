"""The forms of Settings, Workflow."""

from workflow.forms.rules import RulesForm, lock_settings

__all__ = ["RulesForm", "lock_settings"]
