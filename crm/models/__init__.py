from crm.models.attempts import Attempts
from crm.models.bulk_edits import BulkEdit
from crm.models.categories import CategoryGroup, CompanyCategory
from crm.models.companies import Company, Contact, move_companies
from crm.models.lists import ListItem, SaleReason, SaleStage
from crm.models.notifications import Notification, NotificationChoice
from crm.models.remarks import FollowUp, Note
from crm.models.sales import Sale, SaleTransition
from crm.models.settings_log import SettingsChange
from crm.models.submissions import Submission
from crm.models.users import User

__all__ = [
    "Attempts",
    "BulkEdit",
    "CategoryGroup",
    "Company",
    "CompanyCategory",
    "Contact",
    "FollowUp",
    "ListItem",
    "Note",
    "Notification",
    "NotificationChoice",
    "Sale",
    "SaleReason",
    "SaleStage",
    "SaleTransition",
    "SettingsChange",
    "Submission",
    "User",
    "move_companies",
]
