"""What this app adds to the screens below, one module for each thing it knows."""

from leads.hooks import inquiries, notifications, statuses

__all__ = ["inquiries", "notifications", "statuses"]
