"""What an enabled rule sees."""

from __future__ import annotations

from django.db import models


class Look(models.Model):
    """What an enabled rule sees when it looks at a company (A8): no table, but the columns of a query (verdicts.py) that guards speak of."""

    record_id = models.BigIntegerField(primary_key=True)  # of the sale, or of the contact
    company_id = models.BigIntegerField()
    trigger = models.CharField(max_length=20)
    precedence = models.IntegerField()
    category_id = models.BigIntegerField()  # where the company is
    group_key = models.CharField(max_length=30)
    uses_lead_status = models.BooleanField()
    version = models.IntegerField()
    our_contact_id = models.BigIntegerField(null=True)
    rule_id = models.BigIntegerField()
    target_id = models.BigIntegerField()  # where the rule wants it
    target_is_deleted = models.BooleanField()
    asks = models.BooleanField()
    sale_id = models.BigIntegerField(null=True)
    contact_id = models.BigIntegerField(null=True)
    lead_status_id = models.BigIntegerField(null=True)
    sale_is_archived = models.BooleanField()
    rules_run = models.BooleanField()

    class Meta:
        managed = False
        db_table = "look"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.trigger} {self.record_id}"
