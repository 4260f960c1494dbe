"""What has been tried lately and may not be tried more often (crm/throttle.py)."""

from django.db import models


class Attempts(models.Model):
    """How often somebody has done a limited thing since a moment. `key` is a digest of what, and of their network address: it cannot be read back."""

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveSmallIntegerField()
    since = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return str(self.count)
