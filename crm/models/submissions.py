"""What makes a form that creates something safe to send twice."""

from django.db import models


class Submission(models.Model):
    """One filled-in form. The key travels in the form; the second submit finds the first one's result."""

    key = models.UUIDField(primary_key=True)
    result_url = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return str(self.key)
