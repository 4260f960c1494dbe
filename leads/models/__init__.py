from leads.models.leads import Lead, LeadStatusChange
from leads.models.statuses import LeadStatus

__all__ = ["Lead", "LeadStatus", "LeadStatusChange"]
