"""What this app adds to the screens below, one module for each thing it knows."""

from leads.hooks import distribution, forms, inquiries, notifications, privacy, statuses

__all__ = ["distribution", "forms", "inquiries", "notifications", "privacy", "statuses"]
