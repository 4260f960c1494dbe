from leads.models.distribution import Assignment, Distribution, DistributionSeat
from leads.models.forms import LeadForm, LeadFormField
from leads.models.inquiries import Inquiry, Visit
from leads.models.inquiry_changes import InquiryChange
from leads.models.leads import Lead, LeadStatusChange
from leads.models.statuses import LeadStatus

__all__ = [
    "Assignment",
    "Distribution",
    "DistributionSeat",
    "Inquiry",
    "InquiryChange",
    "Lead",
    "LeadForm",
    "LeadFormField",
    "LeadStatus",
    "LeadStatusChange",
    "Visit",
]
