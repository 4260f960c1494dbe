"""The forms of Settings, Workflow."""

from workflow.forms.rules import RULES, RulesForm, lock_settings

__all__ = ["RULES", "RulesForm", "lock_settings"]
