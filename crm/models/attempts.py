"""Attempts to log in that are not over yet (crm/throttle.py)."""

from django.db import models


class LoginAttempts(models.Model):
    """How often somebody at one network address has tried to log in to one account, lately. `key` is a digest of both."""

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveSmallIntegerField()
    last_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return str(self.count)
