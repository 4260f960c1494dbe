"""Many rows made in one test."""

from __future__ import annotations

from django.db import connection


def know_sizes() -> None:
    """What autovacuum would tell PostgreSQL by and by: else it takes the tables for empty, and may compare every row with every other, for minutes."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
